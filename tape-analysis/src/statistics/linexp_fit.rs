//! A fit of a line times an exponential to a transient: the simplest function that rises and falls.
//!
//! f(t) = A (t − t₀)/τ e^(−(t − t₀)/τ) + B, fitted by least squares weighted by 1/σ²: the best of Levenberg–Marquardt
//! fits from five starting points. Its maximum, A/e above B, is at t₀ + τ. Before t₀, it falls below B without bound,
//! so it suits transients that start near the first epoch. Outputs `linexp_fit_amplitude` (A), `linexp_fit_baseline`
//! (B), `linexp_fit_reference_time` (t₀), `linexp_fit_fall_time` (τ) and `linexp_fit_reduced_chi2`.
//!
//! - Depends on: flux, error, time. Epochs are used in time order, so that rows in any order give the same fit. Values
//!   must be fluxes, not magnitudes, because a transient is a maximum here.
//! - Unit: that of the flux for amplitude and baseline, days for times, none for chi².
//! - Minimum number of observations: 5; null with fewer.
//! - Null if no fit converges, or all times or all fluxes are equal.
//! - Reference: the form is that of `LinexpFit` in the `light-curve` package, Malanchev et al. 2021, MNRAS 502, 5147,
//!   [doi:10.1093/mnras/stab316](https://doi.org/10.1093/mnras/stab316).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let time: Vec<f64> = (0..40).map(f64::from).collect();
//! let linexp = |t: &f64| 30.0 * (t + 1.0) / 8.0 * (-(t + 1.0) / 8.0).exp() + 2.0;
//! let flux: Vec<f64> = time.iter().map(linexp).collect();
//! let light_curve = LightCurve::new(&flux).with_error(&[0.1; 40]).with_time(&time);
//! let mut out = [Value::Null; 5];
//! tape_analysis::make("linexp_fit")?.evaluate(&light_curve, &mut out);
//! let Value::Float(fall_time) = out[3] else { panic!("the fit does not converge") };
//! assert!((fall_time - 8.0).abs() < 1e-6);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Output, Quantity, Statistic, Value, WholeLightCurve};

use crate::kind::Kind;
use crate::models::least_squares::Model;
use crate::models::transient::{STARTS, fit, put};

const OUTPUTS: [&str; 5] = [
    "linexp_fit_amplitude",
    "linexp_fit_baseline",
    "linexp_fit_reference_time",
    "linexp_fit_fall_time",
    "linexp_fit_reduced_chi2",
];

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "fit of a line times an exponential: a rise and a fall with one time scale".into(),
    formula: "A (t − t₀)/τ exp(−(t − t₀)/τ) + B, fitted with weights 1/error²; t: time".into(),
    outputs: OUTPUTS.map(Output::float).to_vec(),
    min_epochs: 5,
    reference: "Malanchev et al. 2021, MNRAS 502, 5147, doi:10.1093/mnras/stab316".into(),
    // The point where a fit stops depends on the last digits of its sums.
    tolerance: |_| 1e-3,
    quantity: Some(Quantity::Flux),
    ..Info::new("linexp_fit", Inputs::ALL)
});

pub(crate) static KIND: Kind = Kind {
    name: "linexp_fit",
    summary: "fit of a line times an exponential: a rise and a fall with one time scale",
    columns: "linexp_fit_ followed by amplitude, baseline, reference_time, fall_time and reduced_chi2",
    parameters: &[],
    registered: &[],
    build: |_| Ok(Statistic::whole(LinexpFit)),
};

/// A fit of a line times an exponential; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct LinexpFit;

/// The model. Its parameters are amplitude, baseline, reference time, and the logarithm of the fall time.
struct Linexp;

impl Model<4> for Linexp {
    fn at(&self, time: f64, &[amplitude, baseline, reference, ln_fall]: &[f64; 4]) -> (f64, [f64; 4]) {
        let fall = ln_fall.exp();
        let x = (time - reference) / fall;
        let (shape, slope) = (x * (-x).exp(), (1.0 - x) * (-x).exp());
        (amplitude * shape + baseline, [shape, 1.0, -amplitude * slope / fall, -amplitude * slope * x])
    }
}

impl WholeLightCurve for LinexpFit {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let starts = STARTS.map(|(_, fall)| [std::f64::consts::E, 0.0, -fall, f64::ln(fall)]);
        let fitted = fit(&Linexp, light_curve, &starts);
        put(fitted, light_curve.len(), out, |&[amplitude, baseline, reference, ln_fall], scale| {
            [
                amplitude * scale.range,
                baseline * scale.range + scale.flux,
                reference * scale.duration + scale.time,
                ln_fall.exp() * scale.duration,
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
        assert!(worst_derivative(&Linexp, &[-0.1, 0.0, 0.05, 0.4, 0.9], &[2.3, -0.1, 0.02, f64::ln(0.2)]) < 1e-7);
    }

    #[test]
    fn parameters_of_noisy_transients_are_recovered() {
        recovered("linexp_fit", [90.0, 4.0, 59_998.0, 20.0], |&[amplitude, baseline, reference, fall], t| {
            let x = (t - reference) / fall;
            amplitude * x * (-x).exp() + baseline
        });
    }
}
