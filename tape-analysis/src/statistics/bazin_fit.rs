//! A fit of Bazin's function to a transient: a logistic rise and an exponential fall.
//!
//! f(t) = A e^(−(t − t₀)/τ_fall)/(1 + e^(−(t − t₀)/τ_rise)) + B, fitted by least squares weighted by 1/σ²: the best of
//! Levenberg–Marquardt fits from five starting points. Outputs `bazin_fit_amplitude` (A), `bazin_fit_baseline` (B),
//! `bazin_fit_reference_time` (t₀), `bazin_fit_rise_time`, `bazin_fit_fall_time` and `bazin_fit_reduced_chi2`.
//!
//! - Depends on: flux, error, time. Epochs are used in time order, so that rows in any order give the same fit. Values
//!   must be fluxes, not magnitudes, because a transient is a maximum here.
//! - Unit: that of the flux for amplitude and baseline, days for times, none for chi².
//! - Minimum number of observations: 6; null with fewer.
//! - Null if no fit converges, or all times or all fluxes are equal.
//! - Reference: Bazin et al. 2009, A&A 499, 653,
//!   [doi:10.1051/0004-6361/200911847](https://doi.org/10.1051/0004-6361/200911847).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let time: Vec<f64> = (0..60).map(f64::from).collect();
//! let bazin = |t: &f64| 50.0 * (-(t - 20.0) / 12.0).exp() / (1.0 + (-(t - 20.0) / 2.0).exp()) + 3.0;
//! let flux: Vec<f64> = time.iter().map(bazin).collect();
//! let light_curve = LightCurve::new(&flux).with_error(&[0.1; 60]).with_time(&time);
//! let mut out = [Value::Null; 6];
//! tape_analysis::make("bazin_fit")?.evaluate(&light_curve, &mut out);
//! let Value::Float(fall_time) = out[4] else { panic!("the fit does not converge") };
//! assert!((fall_time - 12.0).abs() < 1e-6);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Output, Quantity, Statistic, Value, WholeLightCurve};

use crate::kind::Kind;
use crate::models::least_squares::Model;
use crate::models::transient::{STARTS, fit, logistic, put};

const OUTPUTS: [&str; 6] = [
    "bazin_fit_amplitude",
    "bazin_fit_baseline",
    "bazin_fit_reference_time",
    "bazin_fit_rise_time",
    "bazin_fit_fall_time",
    "bazin_fit_reduced_chi2",
];

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "fit of Bazin's function: a logistic rise and an exponential fall".into(),
    formula: "A exp(−(t − t₀)/τ_fall)/(1 + exp(−(t − t₀)/τ_rise)) + B, fitted with weights 1/error²; t: time".into(),
    outputs: OUTPUTS.map(Output::float).to_vec(),
    min_epochs: 6,
    reference: "Bazin et al. 2009, A&A 499, 653, doi:10.1051/0004-6361/200911847".into(),
    // The point where a fit stops depends on the last digits of its sums.
    tolerance: |_| 1e-3,
    quantity: Some(Quantity::Flux),
    ..Info::new("bazin_fit", Inputs::ALL)
});

pub(crate) static KIND: Kind = Kind {
    name: "bazin_fit",
    summary: "fit of Bazin's function: a logistic rise and an exponential fall",
    columns: "bazin_fit_ followed by amplitude, baseline, reference_time, rise_time, fall_time and reduced_chi2",
    parameters: &[],
    registered: &[],
    build: |_| Ok(Statistic::whole(BazinFit)),
};

/// A fit of Bazin's function; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct BazinFit;

/// The model. Its parameters are amplitude, baseline, reference time, and the logarithms of rise and fall time.
struct Bazin;

impl Model<5> for Bazin {
    fn at(&self, time: f64, &[amplitude, baseline, reference, ln_rise, ln_fall]: &[f64; 5]) -> (f64, [f64; 5]) {
        let (rise, fall, since) = (ln_rise.exp(), ln_fall.exp(), time - reference);
        let (step, step_slope) = logistic(since / rise);
        // Long before the rise, the exponential overflows while its factor is zero.
        let shape = if step == 0.0 { 0.0 } else { step * (-since / fall).exp() };
        let rising = if step == 0.0 { 0.0 } else { amplitude * shape * (step_slope / step) };
        let falling = amplitude * shape;
        let slopes = [shape, 1.0, falling / fall - rising / rise, -rising * since / rise, falling * since / fall];
        (amplitude * shape + baseline, slopes)
    }
}

impl WholeLightCurve for BazinFit {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let starts = STARTS.map(|(rise, fall)| [1.2, 0.0, -rise, f64::ln(rise), f64::ln(fall)]);
        let fitted = fit(&Bazin, light_curve, &starts);
        put(fitted, light_curve.len(), out, |&[amplitude, baseline, reference, ln_rise, ln_fall], scale| {
            [
                amplitude * scale.range,
                baseline * scale.range + scale.flux,
                reference * scale.duration + scale.time,
                ln_rise.exp() * scale.duration,
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
        let times = [-0.9, -0.1, -0.01, 0.0, 0.05, 0.4, 0.9];
        assert!(worst_derivative(&Bazin, &times, &[1.3, -0.1, 0.02, f64::ln(0.03), f64::ln(0.2)]) < 1e-7);
    }

    #[test]
    fn parameters_of_noisy_supernovae_are_recovered() {
        recovered("bazin_fit", [80.0, 5.0, 60_040.0, 3.0, 25.0], |&[amplitude, baseline, reference, rise, fall], t| {
            let since = t - reference;
            amplitude * (-since / fall).exp() / (1.0 + (-since / rise).exp()) + baseline
        });
    }

    #[test]
    fn equal_times_or_equal_fluxes_give_null() {
        for (time, flux) in
            [([1.0; 8], [1.0, 2.0, 3.0, 1.0, 2.0, 5.0, 1.0, 1.0]), ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [3.0; 8])]
        {
            let mut out = [Value::Bool(true); 6];
            BazinFit.evaluate(&LightCurve::new(&flux).with_error(&[1.0; 8]).with_time(&time), &mut out);
            assert_eq!(out, [Value::Null; 6]);
        }
    }
}
