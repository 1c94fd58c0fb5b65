//! A fit of Villar's function to a transient: a logistic rise, a linear plateau, and an exponential fall.
//!
//! f(t) = (A + β(t − t₀))/(1 + e^(−(t − t₀)/τ_rise)) + B for t < t₀ + γ, and (A + βγ) e^(−(t − t₀ − γ)/τ_fall)/(1 +
//! e^(−(t − t₀)/τ_rise)) + B after that, fitted by least squares weighted by 1/σ²: the best of Levenberg–Marquardt fits
//! from fifteen starting points. Outputs `villar_fit_amplitude` (A), `villar_fit_baseline` (B),
//! `villar_fit_reference_time` (t₀), `villar_fit_rise_time`, `villar_fit_fall_time`, `villar_fit_plateau_slope` (β),
//! `villar_fit_plateau_duration` (γ) and `villar_fit_reduced_chi2`.
//!
//! - Depends on: flux, error, time. Epochs are used in time order, so that rows in any order give the same fit. Values
//!   must be fluxes, not magnitudes, because a transient is a maximum here.
//! - Unit: that of the flux for amplitude and baseline, that of the flux per day for the slope, days for times, none
//!   for chi².
//! - Minimum number of observations: 8; null with fewer.
//! - Null if no fit converges, or all times or all fluxes are equal.
//! - Reference: Villar et al. 2019, ApJ 884, 83,
//!   [doi:10.3847/1538-4357/ab418c](https://doi.org/10.3847/1538-4357/ab418c); the baseline is added here.
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let time: Vec<f64> = (0..120).map(f64::from).collect();
//! let villar = |t: &f64| {
//!     let (since, plateau) = (t - 20.0, 30.0);
//!     let line = 50.0 - 0.4 * since.min(plateau);
//!     line * (-(since - plateau).max(0.0) / 15.0).exp() / (1.0 + (-since / 2.0).exp())
//! };
//! let flux: Vec<f64> = time.iter().map(villar).collect();
//! let light_curve = LightCurve::new(&flux).with_error(&[0.1; 120]).with_time(&time);
//! let mut out = [Value::Null; 8];
//! tape_analysis::make("villar_fit")?.evaluate(&light_curve, &mut out);
//! let Value::Float(plateau_duration) = out[6] else { panic!("the fit does not converge") };
//! assert!((plateau_duration - 30.0).abs() < 0.1);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Output, Quantity, Statistic, Value, WholeLightCurve};

use crate::kind::Kind;
use crate::models::least_squares::Model;
use crate::models::transient::{STARTS, fit, logistic, put};

const OUTPUTS: [&str; 8] = [
    "villar_fit_amplitude",
    "villar_fit_baseline",
    "villar_fit_reference_time",
    "villar_fit_rise_time",
    "villar_fit_fall_time",
    "villar_fit_plateau_slope",
    "villar_fit_plateau_duration",
    "villar_fit_reduced_chi2",
];

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "fit of Villar's function: a logistic rise, a plateau and an exponential fall".into(),
    formula: "s (A + β(t − t₀)) + B before t₀ + γ, s (A + βγ) exp(−(t − t₀ − γ)/τ_fall) + B after it, s = 1/(1 + \
              exp(−(t − t₀)/τ_rise)), fitted with weights 1/error²; t: time"
        .into(),
    outputs: OUTPUTS.map(Output::float).to_vec(),
    min_epochs: 8,
    reference: "Villar et al. 2019, ApJ 884, 83, doi:10.3847/1538-4357/ab418c".into(),
    // The point where a fit stops depends on the last digits of its sums.
    tolerance: |_| 1e-2,
    quantity: Some(Quantity::Flux),
    ..Info::new("villar_fit", Inputs::ALL)
});

pub(crate) static KIND: Kind = Kind {
    name: "villar_fit",
    summary: "fit of Villar's function: a logistic rise, a plateau and an exponential fall",
    columns: "villar_fit_ followed by amplitude, baseline, reference_time, rise_time, fall_time, plateau_slope, \
              plateau_duration and reduced_chi2",
    parameters: &[],
    registered: &[],
    build: |_| Ok(Statistic::whole(VillarFit)),
};

/// A fit of Villar's function; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct VillarFit;

/// The model. Its parameters are amplitude, baseline, reference time, the logarithms of rise and fall time, the slope
/// of the plateau, and the logarithm of its duration.
struct Villar;

impl Model<7> for Villar {
    fn at(&self, time: f64, parameters: &[f64; 7]) -> (f64, [f64; 7]) {
        let &[amplitude, baseline, reference, ln_rise, ln_fall, slope, ln_plateau] = parameters;
        let (rise, fall, plateau) = (ln_rise.exp(), ln_fall.exp(), ln_plateau.exp());
        let since = time - reference;
        let (step, step_slope) = logistic(since / rise);
        let (on_plateau, after) = (since.min(plateau), (since - plateau).max(0.0));
        let falling = (-after / fall).exp();
        let line = amplitude + slope * on_plateau;
        // Derivatives with respect to t₀ and γ: they shift the line on the plateau, and the fall after it.
        let (of_reference, of_plateau) = if after > 0.0 {
            (step * line * falling / fall, step * falling * (slope + line / fall))
        } else {
            (-step * slope, 0.0)
        };
        let slopes = [
            step * falling,
            1.0,
            of_reference - step_slope / rise * line * falling,
            -step_slope * since / rise * line * falling,
            step * line * falling * after / fall,
            step * on_plateau * falling,
            of_plateau * plateau,
        ];
        (step * line * falling + baseline, slopes)
    }
}

impl WholeLightCurve for VillarFit {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let starts = STARTS.map(|(rise, fall)| {
            [0.02, 0.1, 0.3].map(|plateau| [1.0, 0.0, -rise, f64::ln(rise), f64::ln(fall), 0.0, f64::ln(plateau)])
        });
        let fitted = fit(&Villar, light_curve, starts.as_flattened());
        put(fitted, light_curve.len(), out, |parameters, scale| {
            let &[amplitude, baseline, reference, ln_rise, ln_fall, slope, ln_plateau] = parameters;
            [
                amplitude * scale.range,
                baseline * scale.range + scale.flux,
                reference * scale.duration + scale.time,
                ln_rise.exp() * scale.duration,
                ln_fall.exp() * scale.duration,
                slope * scale.range / scale.duration,
                ln_plateau.exp() * scale.duration,
            ]
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::least_squares::worst_derivative;
    use crate::testing::recovered;

    #[test]
    fn derivatives_match_finite_differences() {
        let parameters = [1.3, -0.1, 0.02, f64::ln(0.03), f64::ln(0.2), -0.7, f64::ln(0.25)];
        assert!(worst_derivative(&Villar, &[-0.3, -0.01, 0.0, 0.05, 0.2, 0.4, 0.9], &parameters) < 1e-7);
    }

    #[test]
    fn parameters_of_noisy_plateaus_are_recovered() {
        let truth = [90.0, 5.0, 60_030.0, 3.0, 12.0, -0.4, 60.0];
        recovered("villar_fit", truth, |&[amplitude, baseline, reference, rise, fall, slope, plateau], t| {
            let since = t - reference;
            let line = amplitude + slope * since.min(plateau);
            line * (-(since - plateau).max(0.0) / fall).exp() / (1.0 + (-since / rise).exp()) + baseline
        });
    }
}
