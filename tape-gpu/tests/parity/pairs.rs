//! Compares sums over pairs of epochs on the device with the CPU's.

use libtest_mimic::{Failed, Trial};
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;
use tape_analysis::structure_function::{Binning, Method, PerBin, StructureFunction};
use tape_core::{Chunk, IdType, LightCurve, ManyRows, PairKernel, Pairwise, Segment, Statistic, Value};
use tape_gpu::{Choice, Gpu};

use crate::broken::all_caught;

type Test = fn(&Gpu) -> Result<(), Failed>;

const ALL: &[(&str, Test)] = &[
    ("counts of pairs are exact, and sums agree with the CPU", counts_and_sums),
    ("a wrong kernel over pairs is detected", a_broken_kernel_is_caught),
    ("structure functions of a chunk agree with the CPU", structure_functions_of_a_chunk),
];

pub(crate) fn trials() -> Vec<Trial> {
    ALL.iter().map(|&(name, test)| Trial::test(name, move || test(&Gpu::open(&Choice::Any)?))).collect()
}

struct Case {
    name: String,
    time: Vec<f64>,
    flux: Vec<f64>,
    error: Vec<f64>,
}

/// Edges of the bins, days. No interval in the cases is within a millionth of the last one.
const EDGES: [f64; 7] = [0.0, 0.02, 1.0, 3.5, 50.0, 400.0, 690.3];

fn cases() -> Vec<Case> {
    let mut random = Pcg64::seed_from_u64(8_266_118);
    let mut all: Vec<Case> = [3, 4, 5, 63, 64, 65, 130, 257, 700]
        .into_iter()
        .map(|n| case(&mut random, format!("{n} epochs"), n, |t| 60_000.0 + t))
        .collect();
    for (name, time) in [
        ("at the same times", (|t| 60_000.0 + (t / 20.0).floor()) as fn(f64) -> f64),
        ("on the edges", |t| 60_000.0 + 0.5 * t.round()),
        ("seconds apart", |t| 2_460_000.5 + t / 86_400.0),
        ("of both signs", |t| (t - 350.0).round() / 64.0),
    ] {
        all.push(case(&mut random, name.to_owned(), 150, time));
    }
    for (name, flux) in [
        ("a huge offset", (|x| x + 1e9) as fn(f64) -> f64),
        ("tiny and negative", |x| -1e-9 * x),
        ("beyond single precision", |x| 1e30 * x),
        ("constant", |_| 17.3),
        ("an outlier", |x| if x > 20.0 { 1e5 } else { x }),
    ] {
        let mut one = case(&mut random, name.to_owned(), 90, |t| 60_000.0 + t);
        one.flux.iter_mut().for_each(|x| *x = flux(*x));
        all.push(one);
    }
    all
}

fn case(random: &mut Pcg64, name: String, n: usize, time: fn(f64) -> f64) -> Case {
    let mut time: Vec<f64> = (0..n).map(|_| time(random.random_range(0.0..690.0))).collect();
    time.sort_by(f64::total_cmp);
    let error: Vec<f64> = (0..n).map(|_| random.random_range(0.1..0.4)).collect();
    let noise = |random: &mut Pcg64| -> f64 { Distribution::<f64>::sample(&StandardNormal, random) };
    let flux = (0..n).map(|_| 18.0 + noise(random)).collect();
    Case { name, time, flux, error }
}

impl Case {
    fn light_curve(&self) -> LightCurve<'_> {
        LightCurve::new(&self.flux).with_error(&self.error).with_time(&self.time)
    }

    /// Computes number, Δt, Δx² and σ² of the pairs of each bin with a plain loop.
    fn plain(&self) -> Vec<[f64; 4]> {
        let mut bins = vec![[0.0; 4]; EDGES.len() - 1];
        for j in 0..self.time.len() {
            for i in 0..j {
                let (dt, change) = (self.time[j] - self.time[i], self.flux[j] - self.flux[i]);
                let Some(bin) = EDGES.windows(2).position(|edge| dt > 0.0 && edge[0] <= dt && dt < edge[1]) else {
                    continue;
                };
                let sum = [1.0, dt, change * change, self.error[i].powi(2) + self.error[j].powi(2)];
                bins[bin].iter_mut().zip(sum).for_each(|(to, more)| *to += more);
            }
        }
        bins
    }
}

fn function(method: Method) -> Result<PerBin, Failed> {
    Ok(PerBin::new(StructureFunction::new(method).binned(Binning::Edges(EDGES.to_vec()))?))
}

/// Returns an error that names the first bin with wrong sums.
fn compare(gpu: &Gpu, kernel: &'static PairKernel) -> Result<(), String> {
    let statistic = function(Method::Basic).map_err(|error| format!("{error:?}"))?;
    let mut answered = 0;
    for case in cases() {
        let name = &case.name;
        let bins = statistic.bins(&case.light_curve()).ok_or_else(|| format!("{name}: no ticks"))?;
        let sums = gpu.upload_pairs(std::slice::from_ref(&bins)).and_then(|pairs| gpu.pair_sums(kernel, &pairs));
        let Some(sums) = sums.map_err(|error| error.to_string())?.pop().flatten() else { continue };
        if !statistic.rows_from(&bins, &sums, &mut vec![]) {
            continue;
        }
        answered += 1;
        for (bin, (got, [n, dt, squares, variance])) in sums.iter().zip(case.plain()).enumerate() {
            if f64::from(got.pairs) != n {
                return Err(format!("{name}, bin {bin}: {} pairs instead of {n}", got.pairs));
            }
            let tolerance = (kernel.tolerance)(case.time.len());
            let scale = squares + variance;
            for (got, want, unit) in [(got.dt, dt, dt), (got.terms[0], squares, scale), (got.terms[1], variance, scale)]
            {
                if (got - want).abs() > tolerance * unit || got.is_nan() {
                    let off = (got - want).abs() / unit;
                    return Err(format!("{name}, bin {bin}: {got} instead of {want}, a difference of {off:e}"));
                }
            }
        }
    }
    if answered < 14 { Err(format!("only {answered} light curves have a result")) } else { Ok(()) }
}

fn counts_and_sums(gpu: &Gpu) -> Result<(), Failed> {
    Ok(compare(gpu, function(Method::Basic)?.kernel())?)
}

fn a_broken_kernel_is_caught(gpu: &Gpu) -> Result<(), Failed> {
    let right = function(Method::Basic)?;
    let right = right.kernel();
    let breaks = [
        ("pairs, broken", "change * change", "change * change * 1.0005"),
        ("pairs, broken again", ", variance);", ", 0.999 * variance);"),
    ];
    all_caught(right.wgsl, &breaks, |name, wgsl| {
        compare(gpu, Box::leak(Box::new(PairKernel { name, wgsl, tolerance: right.tolerance })))
    })
}

fn structure_functions_of_a_chunk(gpu: &Gpu) -> Result<(), Failed> {
    let mut chunk = Chunk::new(IdType::Int64);
    for case in cases() {
        let first = chunk.flux.len();
        chunk.time.extend(case.time);
        chunk.flux.extend(case.flux);
        chunk.error.extend(case.error);
        chunk.segments.push(Segment { object: 0, band: 0, rows: first..chunk.flux.len() });
    }
    for method in [Method::Basic, Method::Bauer2009a, Method::Bauer2009b] {
        let statistic = function(method)?;
        let rows = gpu.rows_of_chunk(&Statistic::rows(function(method)?), &chunk)?;
        let (rows, evaluated) = rows.ok_or("it has a kernel")?;
        if evaluated.by_device < 14 || evaluated.by_cpu == 0 {
            return Err(format!("{method:?}: {evaluated:?}, although most fit the device and some do not").into());
        }
        for (segment, got) in chunk.segments.iter().zip(&rows) {
            let mut want = vec![];
            statistic.rows(&chunk.light_curve(segment, ""), &mut want);
            let close = |(got, want): (&Value, &Value)| match (got, want) {
                // SF² is a difference of nearly equal numbers.
                (Value::Float(got), Value::Float(want)) => (got - want).abs() <= 1e-4 * (1.0 + want.abs()),
                (got, want) => got == want,
            };
            if got.len() != want.len() || !got.iter().zip(&want).all(close) {
                return Err(format!("{method:?}: {got:?} instead of {want:?}").into());
            }
        }
    }
    match gpu.rows_of_chunk(&Statistic::rows(function(Method::Macleod2012)?), &chunk)? {
        None => Ok(()),
        Some(_) => Err("quartiles have no kernel".into()),
    }
}
