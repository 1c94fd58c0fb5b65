//! Compares periodograms on the device with the CPU's.

use std::f64::consts::TAU;

use libtest_mimic::{Failed, Trial};
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;
use tape_analysis::periodogram::{Grid, KERNEL, LombScargle, Method};
use tape_core::{Chunk, IdType, Segment, SpectrumKernel, Value};
use tape_gpu::{Choice, Gpu};

use crate::broken::all_caught;

type Test = fn(&Gpu) -> Result<(), Failed>;

const ALL: &[(&str, Test)] = &[
    ("powers agree with the CPU", powers),
    ("a wrong kernel of powers is detected", a_broken_kernel_is_caught),
    ("the periods of a chunk agree with the CPU", periods_of_a_chunk),
];

pub(crate) fn trials() -> Vec<Trial> {
    ALL.iter().map(|&(name, test)| Trial::test(name, move || test(&Gpu::open(&Choice::Any)?))).collect()
}

/// A light curve, and the grid to search.
struct Case {
    name: String,
    time: Vec<f64>,
    flux: Vec<f64>,
    error: Vec<f64>,
    grid: Grid,
}

/// Lengths near the number of epochs that lanes share, and near the tiles of frequencies.
const LENGTHS: &[usize] = &[3, 4, 5, 31, 127, 128, 129, 256, 257, 1030];
const NUMBERS: &[usize] = &[1, 127, 129, 511, 512, 513, 1300];

fn cases() -> Vec<Case> {
    let mut random = Pcg64::seed_from_u64(20_261_123);
    let mut all = vec![];
    for (i, &n) in LENGTHS.iter().enumerate() {
        let number = NUMBERS[i % NUMBERS.len()];
        all.push(case(&mut random, format!("{n} epochs, {number} frequencies"), n, number, |t| t));
    }
    for &number in NUMBERS {
        all.push(case(&mut random, format!("{number} frequencies"), 40, number, |t| t));
    }
    let mut push = |name: &str, shape: fn(f64) -> f64| all.push(case(&mut random, name.to_owned(), 150, 1300, shape));
    push("at night", |t| t.floor() + 0.1 * (t - t.floor()));
    push("modified Julian dates", |t| t + 60_000.0);
    push("seconds apart", |t| 60_000.0 + t / 86_400.0);
    push("on a lattice", f64::round);
    push("for centuries", |t| t * 1000.0);
    let last = all.len() - 1;
    all[last].grid = Grid { first: 10.0, ..all[last].grid };
    flux_shapes(&mut random, &mut all);
    all
}

fn flux_shapes(random: &mut Pcg64, all: &mut Vec<Case>) {
    let mut push = |name: &str, flux: fn(f64) -> f64, error: fn(f64) -> f64| {
        let mut one = case(random, name.to_owned(), 100, 600, |t| t);
        one.flux.iter_mut().for_each(|x| *x = flux(*x));
        one.error.iter_mut().for_each(|x| *x = error(*x));
        all.push(one);
    };
    push("a huge offset", |x| x + 1e9, |e| e);
    push("tiny and negative", |x| -1e-12 * x, |e| 1e-12 * e);
    push("beyond single precision", |x| 1e60 * x, |e| 1e60 * e);
    push("an outlier", |x| if x > 19.4 { 1e4 * x } else { x }, |e| e);
    push("one error of a thousandth", |x| x, |e| if e < 0.12 { 1e-3 * e } else { e });
    push("constant", |_| 17.3, |e| e);
}

/// Creates a sine with noise, at random times.
fn case(random: &mut Pcg64, name: String, n: usize, number: usize, time: fn(f64) -> f64) -> Case {
    let time: Vec<f64> = (0..n).map(|_| time(random.random_range(0.0..700.0))).collect();
    let error: Vec<f64> = (0..n).map(|_| random.random_range(0.1..0.4)).collect();
    let noise =
        |sigma: &f64, random: &mut Pcg64| -> f64 { sigma * Distribution::<f64>::sample(&StandardNormal, random) };
    let flux = time.iter().zip(&error).map(|(t, e)| 18.0 + (TAU * t / 3.21).sin() + noise(e, random)).collect();
    let baseline = time.iter().copied().fold(f64::MIN, f64::max) - time.iter().copied().fold(f64::MAX, f64::min);
    Case { name, time, flux, error, grid: Grid { first: 1.0 / baseline, step: 0.2 / baseline, number } }
}

/// Returns an error that names the first case with wrong powers.
fn compare(gpu: &Gpu, kernel: &'static SpectrumKernel) -> Result<(), String> {
    let (mut asked, mut answered) = (0, 0);
    for case in cases() {
        let periodogram = LombScargle::new(&case.time, &case.flux, &case.error);
        let Some(series) = periodogram.series(&case.grid) else { continue };
        let values = gpu.upload_series(&[series]).and_then(|series| gpu.values(kernel, &series));
        let values = values.map_err(|error| error.to_string())?;
        let want = periodogram.power(&case.grid, Method::Direct);
        let tolerance = (kernel.tolerance)(case.time.len());
        for (i, (&got, want)) in values.of(0).iter().zip(&want).enumerate() {
            let got = f64::from(got);
            asked += 1;
            // Negative values mean that the power has few or no significant digits.
            let (got, allowed) =
                if got < 0.0 { (-1.0 - got, if got == -2.0 { 1.0 } else { 0.005 }) } else { (got, tolerance) };
            answered += usize::from(allowed == tolerance);
            let off = (got - want).abs();
            if off.is_nan() || off > allowed {
                return Err(format!("{}, frequency {i}: {got} instead of {want}, a difference of {off:e}", case.name));
            }
        }
        if values.of(0).len() != want.len() {
            return Err(format!("{}: {} values of {}", case.name, values.of(0).len(), want.len()));
        }
    }
    if 10 * answered < 9 * asked {
        return Err(format!("only {answered} of {asked} powers are within the tolerance"));
    }
    Ok(())
}

fn powers(gpu: &Gpu) -> Result<(), Failed> {
    Ok(compare(gpu, &KERNEL)?)
}

fn a_broken_kernel_is_caught(gpu: &Gpu) -> Result<(), Failed> {
    let breaks = [
        ("broken", "sums.flux_sin + flux * turn.y", "sums.flux_sin + flux * turn.y * 1.001"),
        ("broken again", "a.cos_sin + b.cos_sin", "a.cos_sin"),
        ("broken a third time", "- sums.cos * sums.sin", "- 1.01 * sums.cos * sums.sin"),
    ];
    all_caught(KERNEL.wgsl, &breaks, |name, wgsl| {
        compare(gpu, Box::leak(Box::new(SpectrumKernel { name, wgsl, tolerance: KERNEL.tolerance })))
    })
}

fn periods_of_a_chunk(gpu: &Gpu) -> Result<(), Failed> {
    let statistic = tape_analysis::make("lomb_scargle:minimum_period=1.3:peaks=3")?;
    let mut chunk = Chunk::new(IdType::Int64);
    for case in cases().into_iter().filter(|case| case.name != "for centuries" && case.time.len() < 300) {
        let first = chunk.flux.len();
        chunk.time.extend(case.time);
        chunk.flux.extend(case.flux);
        chunk.error.extend(case.error);
        chunk.segments.push(Segment { object: 0, band: 0, rows: first..chunk.flux.len() });
    }
    let outputs = statistic.info().outputs.len();
    let mut out = vec![Value::Int(-1); outputs * chunk.segments.len()];
    let evaluated = gpu.evaluate_chunk(&statistic, &chunk, &mut out)?.ok_or("it has a kernel")?;
    if evaluated.by_device < 15 || evaluated.by_cpu == 0 {
        return Err(format!("{evaluated:?}, although most vary and one is constant").into());
    }
    let mut wanted = vec![Value::Null; outputs];
    for (segment, got) in chunk.segments.iter().zip(out.chunks_exact(outputs)) {
        statistic.evaluate(&chunk.light_curve(segment, ""), &mut wanted);
        for (got, want) in got.iter().zip(&wanted) {
            let close = match (got, want) {
                (Value::Float(got), Value::Float(want)) => {
                    (got - want).abs() <= 1e-6 * want.abs() || got.is_nan() && want.is_nan()
                }
                (got, want) => got == want,
            };
            if !close {
                return Err(format!("{got:?} instead of {want:?} for {} epochs", segment.rows.len()).into());
            }
        }
    }
    Ok(())
}
