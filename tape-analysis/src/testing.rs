//! What the analytic cases of many statistics need.

use tape_core::{Fold, LightCurve, Object, Statistic, Value, count};

/// A light curve with columns of its own.
pub(crate) struct Epochs {
    pub(crate) time: Vec<f64>,
    pub(crate) flux: Vec<f64>,
    pub(crate) error: Vec<f64>,
}

/// One period of a sine in `n` even steps, with errors of one.
pub(crate) fn sine(n: usize, amplitude: f64) -> Epochs {
    let phase = |i| (count(i) + 0.5) / count(n);
    Epochs {
        time: (0..n).map(count).collect(),
        flux: (0..n).map(|i| amplitude * (2.0 * std::f64::consts::PI * phase(i)).sin()).collect(),
        error: vec![1.0; n],
    }
}

/// The outputs of a statistic of the registry.
pub(crate) fn value(name: &str, time: &[f64], flux: &[f64], error: &[f64]) -> Vec<f64> {
    let statistic = crate::find(name).expect("a registered name");
    let mut out = vec![Value::Null; statistic.info().outputs.len()];
    statistic.evaluate(&LightCurve::new(flux).with_error(error).with_time(time), &mut out);
    out.into_iter().map(float).collect()
}

/// The value of a statistic with parameters that depends on the flux alone.
pub(crate) fn value_of(name: &str, flux: &[f64]) -> f64 {
    let mut out = [Value::Null];
    crate::make(name).expect("an allowed name").evaluate(&LightCurve::new(flux), &mut out);
    float(out[0])
}

/// The value of a statistic of objects for one with these bands; none where it is null.
pub(crate) fn of_bands(name: &str, bands: &[(&str, &Epochs)]) -> Option<f64> {
    let mut light_curves = Vec::new();
    for (band, Epochs { time, flux, error }) in bands {
        light_curves.push(LightCurve::new(flux).with_error(error).with_time(time).with_band(band));
    }
    let mut out = [Value::Bool(true)];
    crate::make(name).expect(name).evaluate_object(&Object::new(&light_curves), &mut out);
    (out[0] != Value::Null).then(|| float(out[0]))
}

/// The outputs of a fold for a light curve at once, and for each way of cutting it in two, either half first.
pub(crate) fn pieces(name: &str, time: &[f64], flux: &[f64], error: &[f64]) -> Vec<Vec<f64>> {
    let statistic = crate::find(name).expect("a registered name");
    let Statistic::Fold(fold) = &statistic else { panic!("{name} is no fold") };
    let state = |rows: std::ops::Range<usize>| state(&**fold, &time[rows.clone()], &flux[rows.clone()], &error[rows]);
    let cuts = (1..flux.len()).flat_map(|cut| {
        let halves = [state(0..cut), state(cut..flux.len())];
        [finish(&**fold, &[&halves[0], &halves[1]]), finish(&**fold, &[&halves[1], &halves[0]])]
    });
    std::iter::once(value(name, time, flux, error)).chain(cuts).collect()
}

/// The state of some epochs.
pub(crate) fn state(fold: &dyn Fold, time: &[f64], flux: &[f64], error: &[f64]) -> Vec<f64> {
    let mut state = vec![f64::NAN; fold.state_len()];
    fold.lift(&LightCurve::new(flux).with_error(error).with_time(time), &mut state);
    state
}

/// The outputs of some states together.
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
        Value::Bool(_) => panic!("{value:?} is no number"),
    }
}
