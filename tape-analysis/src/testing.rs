//! Helpers for the analytic tests of statistics.

use tape_core::{Fold, LightCurve, Object, Statistic, Value, count};

/// A light curve that owns its columns.
pub(crate) struct Epochs {
    pub(crate) time: Vec<f64>,
    pub(crate) flux: Vec<f64>,
    pub(crate) error: Vec<f64>,
}

/// Creates one period of a sine in `n` even steps, with errors of one.
pub(crate) fn sine(n: usize, amplitude: f64) -> Epochs {
    let phase = |i| (count(i) + 0.5) / count(n);
    Epochs {
        time: (0..n).map(count).collect(),
        flux: (0..n).map(|i| amplitude * (2.0 * std::f64::consts::PI * phase(i)).sin()).collect(),
        error: vec![1.0; n],
    }
}

/// Returns the outputs of a statistic.
pub(crate) fn value(name: &str, time: &[f64], flux: &[f64], error: &[f64]) -> Vec<f64> {
    let statistic = crate::make(name).expect("an allowed name");
    let mut out = vec![Value::Null; statistic.info().outputs.len()];
    statistic.evaluate(&LightCurve::new(flux).with_error(error).with_time(time), &mut out);
    out.into_iter().map(float).collect()
}

/// Returns the value of a statistic that depends on the flux only.
pub(crate) fn value_of(name: &str, flux: &[f64]) -> f64 {
    let mut out = [Value::Null];
    crate::make(name).expect("an allowed name").evaluate(&LightCurve::new(flux), &mut out);
    float(out[0])
}

/// Returns the value of an object statistic for an object with these bands, or `None` if it is null.
pub(crate) fn of_bands(name: &str, bands: &[(&str, &Epochs)]) -> Option<f64> {
    let mut light_curves = Vec::new();
    for (band, Epochs { time, flux, error }) in bands {
        light_curves.push(LightCurve::new(flux).with_error(error).with_time(time).with_band(band));
    }
    let mut out = [Value::Bool(true)];
    crate::make(name).expect(name).evaluate_object(&Object::new(&light_curves), &mut out);
    (out[0] != Value::Null).then(|| float(out[0]))
}

/// Returns the outputs of a fold for a whole light curve, and for each way of cutting it in two, with either half
/// first.
pub(crate) fn pieces(name: &str, time: &[f64], flux: &[f64], error: &[f64]) -> Vec<Vec<f64>> {
    let statistic = crate::find(name).expect("a registered name");
    let Statistic::Fold(fold) = &statistic else { panic!("{name} is not a fold") };
    let state = |rows: std::ops::Range<usize>| state(&**fold, &time[rows.clone()], &flux[rows.clone()], &error[rows]);
    let cuts = (1..flux.len()).flat_map(|cut| {
        let halves = [state(0..cut), state(cut..flux.len())];
        [finish(&**fold, &[&halves[0], &halves[1]]), finish(&**fold, &[&halves[1], &halves[0]])]
    });
    std::iter::once(value(name, time, flux, error)).chain(cuts).collect()
}

/// Returns the state of some epochs.
pub(crate) fn state(fold: &dyn Fold, time: &[f64], flux: &[f64], error: &[f64]) -> Vec<f64> {
    let mut state = vec![f64::NAN; fold.state_len()];
    fold.lift(&LightCurve::new(flux).with_error(error).with_time(time), &mut state);
    state
}

/// Returns the outputs of the combined states.
pub(crate) fn finish(fold: &dyn Fold, states: &[&[f64]]) -> Vec<f64> {
    let mut total = vec![0.0; fold.state_len()];
    for state in states {
        fold.combine(&mut total, state);
    }
    let mut out = vec![Value::Null; fold.info().outputs.len()];
    fold.finish(&total, &mut out);
    out.into_iter().map(float).collect()
}

fn float(value: Value) -> f64 {
    match value {
        Value::Float(value) => value,
        Value::Int(value) => u32::try_from(value).expect("a small number").into(),
        Value::Null => f64::NAN,
        Value::Bool(_) => panic!("{value:?} is not a number"),
    }
}

/// A reproducible source of noise for model light curves.
pub(crate) struct Noise(rand_pcg::Pcg64Mcg);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(rand::SeedableRng::seed_from_u64(seed))
    }

    /// Returns a uniform random number between 0 and 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        rand::RngExt::random(&mut self.0)
    }

    /// Returns a normal random number with mean 0 and standard deviation 1 (Box–Muller transform).
    pub(crate) fn normal(&mut self) -> f64 {
        let (radius, angle) = ((-2.0 * (1.0 - self.uniform()).ln()).sqrt(), std::f64::consts::TAU * self.uniform());
        radius * angle.cos()
    }

    /// Creates `n` epochs of a model flux with noise, at random times within `days` days and with equal errors.
    pub(crate) fn light_curve(&mut self, n: usize, days: f64, error: f64, flux: impl Fn(f64) -> f64) -> Epochs {
        let mut time: Vec<f64> = (0..n).map(|_| 60_000.0 + days * self.uniform()).collect();
        time.sort_by(f64::total_cmp);
        let flux = time.iter().map(|&t| flux(t) + error * self.normal()).collect();
        Epochs { time, flux, error: vec![error; n] }
    }
}

/// Checks that a fit recovers the parameters of a model from light curves of 80 epochs within 150 days, with unit errors.
///
/// Each parameter must be within six standard deviations (from the curvature of χ²) of the truth, and about two thirds
/// of them within one. The last output, χ² per degree of freedom, must be near 1.
pub(crate) fn recovered<const P: usize>(name: &str, truth: [f64; P], model: impl Fn(&[f64; P], f64) -> f64) {
    let trials = 60;
    let (mut noise, mut near) = (Noise::new(1), [0; P]);
    for trial in 0..trials {
        let Epochs { time, flux, error } = noise.light_curve(80, 150.0, 1.0, |t| model(&truth, t));
        let found = value(name, &time, &flux, &error);
        for (i, deviation) in deviations(&truth, &time, &model).into_iter().enumerate() {
            let off = (found[i] - truth[i]).abs() / deviation;
            assert!(off < 6.0, "{name}, trial {trial}, output {i}: {} is not {} ± {deviation}", found[i], truth[i]);
            near[i] += u32::from(off < 1.0);
        }
        assert!((0.4..1.8).contains(&found[P]), "{name}, trial {trial}: chi² of {}", found[P]);
    }
    for (i, near) in near.into_iter().enumerate() {
        // The expected fraction is 68.3 %, with a counting error of 6 %.
        let share = f64::from(near) / f64::from(trials);
        assert!((0.5..0.87).contains(&share), "{name}, output {i}: a fraction of {share} is within one deviation");
    }
}

/// Returns the standard deviations of parameters for errors of 1, from the inverse of the Fisher matrix.
fn deviations<const P: usize>(truth: &[f64; P], times: &[f64], model: &impl Fn(&[f64; P], f64) -> f64) -> [f64; P] {
    let slope = |time: f64, i: usize| {
        let step = 1e-4 * truth[i].abs().min(1.0);
        let at = |by: f64| {
            let mut moved = *truth;
            moved[i] += by;
            model(&moved, time)
        };
        (at(step) - at(-step)) / (2.0 * step)
    };
    let fisher = nalgebra::SMatrix::<f64, P, P>::from_fn(|i, j| times.iter().map(|&t| slope(t, i) * slope(t, j)).sum());
    let inverse = fisher.try_inverse().expect("the parameters are independent");
    std::array::from_fn(|i| inverse[(i, i)].sqrt())
}
