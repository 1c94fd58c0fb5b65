//! Shared code of fits of transients: starting points, outputs, and scales of time and flux in which all parameters are
//! close to one.

use tape_core::{LightCurve, Value, count};

use super::least_squares::{Epochs, Fit, Model, best};

/// Scales of a light curve. A fit uses the time since the brightest epoch in units of the duration, and the flux above
/// the median in units of the range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) time: f64,
    pub(crate) duration: f64,
    pub(crate) flux: f64,
    pub(crate) range: f64,
}

/// Rise and fall times from which fits start, in units of the duration, from a spike to a transient as long as the
/// light curve.
pub(crate) const STARTS: [(f64, f64); 5] = [(0.005, 0.02), (0.02, 0.08), (0.05, 0.2), (0.15, 0.3), (0.02, 0.5)];

/// Fits a model to a light curve from all `starts`, which are in units of the scale. Returns `None` if all times or all
/// fluxes are equal, or no fit converges.
pub(crate) fn fit<const P: usize>(
    model: &impl Model<P>,
    light_curve: &LightCurve<'_>,
    starts: &[[f64; P]],
) -> Option<(Fit<P>, Scale)> {
    let scale = Scale::of(light_curve)?;
    let time: Vec<f64> = light_curve.time().iter().map(|time| (time - scale.time) / scale.duration).collect();
    let flux: Vec<f64> = light_curve.flux().iter().map(|flux| (flux - scale.flux) / scale.range).collect();
    let error: Vec<f64> = light_curve.error().iter().map(|error| error / scale.range).collect();
    let cancellation = &light_curve.cancellation();
    let fit = best(model, Epochs { time: &time, flux: &flux, error: &error, cancellation }, starts)?;
    Some((fit, scale))
}

impl Scale {
    fn of(light_curve: &LightCurve<'_>) -> Option<Self> {
        let (time, flux) = (light_curve.time(), light_curve.flux());
        let brightest = flux.iter().zip(time).max_by(|a, b| a.0.total_cmp(b.0).then(b.1.total_cmp(a.1)))?;
        let extent = |column: &[f64]| {
            let min = column.iter().copied().fold(f64::INFINITY, f64::min);
            column.iter().copied().fold(f64::NEG_INFINITY, f64::max) - min
        };
        let (duration, range) = (extent(time), extent(flux));
        let sorted = light_curve.sorted_flux();
        let scale = Self { time: *brightest.1, duration, flux: sorted[sorted.len() / 2], range };
        (duration > 0.0 && range > 0.0).then_some(scale)
    }
}

/// Writes the parameters and then χ² per degree of freedom to the outputs, or nulls if there is no fit.
pub(crate) fn put<const P: usize, const N: usize>(
    fitted: Option<(Fit<P>, Scale)>,
    n: usize,
    out: &mut [Value],
    parameters: impl Fn(&[f64; P], Scale) -> [f64; N],
) {
    let Some((fit, scale)) = fitted else { return out.fill(Value::Null) };
    let reduced = fit.chi2 / (count(n) - count(P));
    let values = parameters(&fit.parameters, scale).into_iter().chain([reduced]);
    out.iter_mut().zip(values).for_each(|(out, value)| *out = value.into());
}

/// Returns 1/(1 + e⁻ˣ) and its derivative.
pub(crate) fn logistic(x: f64) -> (f64, f64) {
    let value = 1.0 / (1.0 + (-x).exp());
    (value, value * (1.0 - value))
}
