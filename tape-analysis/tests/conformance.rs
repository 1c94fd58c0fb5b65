//! Properties of every statistic in the registry: it depends on exactly the inputs that it declares, returns null if
//! there are too few epochs, and a value if there are just enough.
//!
//! Some of the tested statistics are deliberately wrong, to check that the tests reject them.

use tape_analysis::make;
use tape_core::{Chunk, IdType, Info, Inputs, LightCurve, Segment, Statistic, Value, count};

/// Returns the statistics of the registry, and some with other parameters.
fn registry() -> Vec<Statistic> {
    let others = [
        "beyond_n_std:n=0.5",
        "biweight_location:c=3",
        "lafler_kinman:period=0.7",
        "lomb_scargle",
        "lomb_scargle:maximum_period=3:samples_per_peak=8:normalisation=psd",
        "lomb_scargle:terms=2:minimum_period=0.5",
        "magnitude_percentage_ratio:inner=30:outer=0",
    ];
    let others = others.into_iter().map(|name| make(name).expect(name));
    tape_analysis::registry().iter().cloned().chain(others).collect()
}

/// Returns the fits of models, which may be null for a light curve with enough epochs.
fn models() -> Vec<Statistic> {
    ["bazin_fit", "damped_random_walk", "linexp_fit", "villar_fit"].map(|name| make(name).expect(name)).to_vec()
}

/// A light curve with its own columns.
#[derive(Clone)]
struct Epochs {
    time: Vec<f64>,
    flux: Vec<f64>,
    error: Vec<f64>,
}

/// A generator of uniform numbers in 0..1 (linear congruential).
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).expect("32 bits")) / f64::from(u32::MAX)
    }

    fn column(&mut self, n: usize, low: f64, high: f64) -> Vec<f64> {
        (0..n).map(|_| low + (high - low) * self.uniform()).collect()
    }

    /// Returns unevenly spaced times in ascending order.
    fn times(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|i| 60_000.0 + 3.0 * count(i) + 2.0 * self.uniform()).collect()
    }

    fn epochs(&mut self, n: usize) -> Epochs {
        let mut flux = self.column(n, 50.0, 60.0);
        // Outliers, for the statistics of epochs beyond two standard deviations.
        for flux in &mut flux {
            *flux += if self.uniform() < 0.06 { 25.0 } else { 0.0 };
        }
        Epochs { time: self.times(n), flux, error: self.column(n, 0.5, 2.0) }
    }
}

impl Epochs {
    fn outputs(&self, statistic: &Statistic) -> Vec<Value> {
        evaluate(statistic, &LightCurve::new(&self.flux).with_error(&self.error).with_time(&self.time))
    }

    /// Evaluates the statistic without the columns that it does not declare, because no plan would read them.
    fn outputs_of_declared(&self, statistic: &Statistic) -> Vec<Value> {
        let inputs = statistic.info().inputs;
        let mut light_curve = LightCurve::new(&self.flux);
        if inputs.error {
            light_curve = light_curve.with_error(&self.error);
        }
        if inputs.columns().time {
            light_curve = light_curve.with_time(&self.time);
        }
        evaluate(statistic, &light_curve)
    }

    /// Returns the epochs in another order.
    fn shuffled(&self) -> Self {
        let n = self.flux.len();
        let order: Vec<usize> = (0..n).map(|i| (i * 7 + 3) % n).collect();
        let [time, flux, error] =
            [&self.time, &self.flux, &self.error].map(|column| order.iter().map(|&i| column[i]).collect());
        Self { time, flux, error }
    }
}

fn evaluate(statistic: &Statistic, light_curve: &LightCurve<'_>) -> Vec<Value> {
    let mut out = vec![Value::Bool(true); statistic.info().outputs.len()];
    statistic.evaluate(light_curve, &mut out);
    out
}

/// Returns true if values are equal up to the order of sums.
fn same(a: &[Value], b: &[Value]) -> bool {
    a.iter().zip(b).all(|pair| match pair {
        (Value::Float(a), Value::Float(b)) => (a - b).abs() <= 1e-10 * a.abs().max(b.abs()).max(1e-3),
        (a, b) => a == b,
    })
}

/// Checks that the statistic depends on an input exactly if it declares it.
fn inputs_are_real(statistic: &Statistic) -> Result<(), String> {
    let Info { name, inputs, .. } = statistic.info();
    let mut random = Random(11);
    // The number of epochs is coprime to the step of a shuffle.
    let mut light_curves: Vec<(Epochs, Epochs)> = (0..12).map(|_| (random.epochs(41), random.epochs(41))).collect();
    // In some light curves, errors explain most of the scatter, for statistics that are zero otherwise.
    for (a, b) in &mut light_curves[8..] {
        a.error.iter_mut().chain(&mut b.error).for_each(|error| *error *= 5.0);
    }
    let matters = |change: &dyn Fn(&Epochs, &Epochs) -> Epochs| {
        light_curves.iter().any(|(a, b)| !same(&a.outputs(statistic), &change(a, b).outputs(statistic)))
    };
    let cases = [
        ("flux", inputs.flux, matters(&|a, b| Epochs { flux: b.flux.clone(), ..a.clone() })),
        ("error", inputs.error, matters(&|a, b| Epochs { error: b.error.clone(), ..a.clone() })),
        ("time", inputs.time, matters(&|a, b| Epochs { time: b.time.clone(), ..a.clone() })),
        ("order", inputs.order, matters(&|a, _| a.shuffled())),
    ];
    for (input, declared, real) in cases {
        if declared != real {
            return Err(format!("{name} declares {input}: {declared}; {input} matters: {real}"));
        }
    }
    for (epochs, _) in &light_curves {
        let (all, declared) = (epochs.outputs(statistic), epochs.outputs_of_declared(statistic));
        if all != declared {
            return Err(format!("{name} returns {declared:?} for its declared columns, and {all:?} for all columns"));
        }
    }
    Ok(())
}

/// Checks that the result is null with too few epochs, and finite with just enough.
fn fewest_epochs_are_real(statistic: &Statistic) -> Result<(), String> {
    let Info { name, min_epochs, .. } = statistic.info();
    let epochs = Random(5).epochs(20);
    let first = |n: usize| Epochs {
        time: epochs.time[..n].to_vec(),
        flux: epochs.flux[..n].to_vec(),
        error: epochs.error[..n].to_vec(),
    };
    for n in 0..12 {
        let out = first(n).outputs(statistic);
        let right = out.iter().all(|value| match value {
            Value::Null => n < *min_epochs,
            Value::Float(value) => n >= *min_epochs && value.is_finite(),
            Value::Int(_) | Value::Bool(_) => n >= *min_epochs,
        });
        if !right {
            return Err(format!("{name} returns {out:?} for {n} epochs, but declares a minimum of {min_epochs}"));
        }
    }
    Ok(())
}

#[test]
fn declared_inputs_are_correct() {
    // The number of bins depends on the times, so `bins` has its own tests of the minimum number of epochs.
    let bins = make("bins:window=20:offset=-3:of=reduced_chi2+linear_fit+eta_e").expect("allowed");
    let all = registry().into_iter().chain(models()).chain([bins]);
    let wrong: Vec<String> = all.filter_map(|statistic| inputs_are_real(&statistic).err()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn declared_minimum_numbers_of_epochs_are_correct() {
    let wrong: Vec<String> =
        registry().iter().filter_map(|statistic| fewest_epochs_are_real(statistic).err()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Checks that constant fluxes and equal times do not give huge values that are due to rounding. NaN is allowed.
#[test]
fn constant_light_curves_give_no_huge_values() {
    for statistic in &registry() {
        let name = &statistic.info().name;
        for (n, level) in [(6, 0.1), (41, -7.7), (41, 1e5 / 3.0)] {
            let Epochs { time, error, .. } = Random(3).epochs(n);
            for time in [time, vec![60_000.1; n]] {
                let out = Epochs { time, flux: vec![level; n], error: error.clone() }.outputs(statistic);
                let calm = out.iter().all(|value| match value {
                    Value::Float(value) => value.is_nan() || value.abs() < 1e5,
                    Value::Int(_) => true,
                    Value::Null | Value::Bool(_) => false,
                });
                assert!(calm, "{name}: {out:?} for {n} fluxes of {level}");
            }
        }
    }
}

/// Checks that a statistic that takes whole chunks returns the values of single light curves, including nulls for short
/// ones.
#[test]
fn whole_chunks_agree_with_single_light_curves() {
    let lengths = [5, 0, 1, 41, 2, 7, 1, 300];
    let Epochs { time, flux, error } = Random(9).epochs(lengths.iter().sum());
    let mut chunk = Chunk { time, flux, error, ..Chunk::new(IdType::Int64) };
    let mut start = 0;
    for (object, length) in lengths.into_iter().enumerate() {
        chunk.segments.push(Segment { object, band: 0, rows: start..start + length });
        start += length;
    }
    for statistic in &registry() {
        let mut of_chunk = vec![Value::Null; lengths.len() * statistic.info().outputs.len()];
        if statistic.evaluate_chunk(&chunk, &mut of_chunk) {
            let alone = |segment| evaluate(statistic, &chunk.light_curve(segment, "g"));
            let alone: Vec<Value> = chunk.segments.iter().flat_map(alone).collect();
            assert_eq!(of_chunk, alone, "{}", statistic.info().name);
        }
    }
}

fn liar(name: &'static str, inputs: Inputs, f: fn(&LightCurve<'_>) -> f64) -> Statistic {
    Statistic::from_fn(name, inputs, f)
}

#[test]
fn wrong_declarations_of_inputs_are_rejected() {
    let sum = |column: &[f64]| column.iter().sum::<f64>();
    let liars = [
        liar("hides_flux", Inputs::TIME, |lc| lc.flux()[0] * 0.0 + lc.extremes().max),
        liar("claims_flux", Inputs::FLUX, |lc| count(lc.len())),
        liar("hides_error", Inputs::FLUX, |lc| lc.moments().mean + lc.error().iter().copied().fold(0.0, f64::max)),
        liar("claims_error", Inputs::FLUX_ERROR, |lc| lc.moments().mean),
        liar("hides_time", Inputs { order: true, ..Inputs::FLUX }, |lc| lc.flux()[0] * lc.time()[7]),
        liar("claims_time", Inputs { order: false, ..Inputs::TIME_FLUX }, |lc| lc.median()),
        liar("hides_order", Inputs::FLUX, |lc| lc.flux()[0]),
        liar("claims_order", Inputs { order: true, ..Inputs::FLUX }, |lc| lc.median()),
        // The value of the errors does not matter, but their number does.
        liar("peeks", Inputs::FLUX, |lc| lc.moments().mean * count(lc.error().len())),
    ];
    for liar in liars {
        assert!(inputs_are_real(&liar).is_err(), "{} passed", liar.info().name);
    }
    let honest = Statistic::from_fn("honest", Inputs::FLUX_ERROR, move |lc| sum(lc.flux()) + sum(lc.error()));
    assert_eq!(inputs_are_real(&honest), Ok(()));
}

#[test]
fn a_wrong_minimum_number_of_epochs_is_rejected() {
    let with_fewest = |min_epochs, f: fn(&LightCurve<'_>) -> f64| {
        let info = Info { min_epochs, ..Info::new("liar", Inputs::FLUX) };
        Statistic::from_fn_outputs(info, move |lc, out| out[0] = f(lc).into())
    };
    assert!(fewest_epochs_are_real(&with_fewest(1, |lc| lc.moments().variance())).is_err());
    assert_eq!(fewest_epochs_are_real(&with_fewest(2, |lc| lc.moments().variance())), Ok(()));
}
