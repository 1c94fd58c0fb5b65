//! The normalised excess variance and its error: the variance in excess of the errors, relative to the squared mean.
//!
//! σ²ₙₓₛ = (s² − ⟨σ²⟩)/m², with s² the sample variance of the n fluxes, ⟨σ²⟩ the mean of the squared errors and m the
//! mean flux, and err(σ²ₙₓₛ) = sqrt(2/n ⟨σ²⟩²/m⁴ + 4/n ⟨σ²⟩ F²/m²), with F² = σ²ₙₓₛ, or 0 if that is negative. The
//! error covers the measurements only; a stochastic source scatters more from one light curve to the next. Outputs
//! `normalised_excess_variance` and `normalised_excess_variance_error`; the first equals
//! [`excess_variance`](super::excess_variance).
//!
//! - Depends on: flux, error.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: if mean and numerator are both zero; infinite if only the mean is.
//! - Reference: Vaughan et al. 2003, MNRAS 345, 1271, equation 11,
//!   [doi:10.1046/j.1365-2966.2003.07042.x](https://doi.org/10.1046/j.1365-2966.2003.07042.x).
//!
//! ```
//! use tape_analysis::statistics::normalised_excess_variance::NormalisedExcessVariance;
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[8.0, 12.0]).with_error(&[2.0, 2.0]);
//! let mut out = [Value::Null; 2];
//! Statistic::fold(NormalisedExcessVariance).evaluate(&light_curve, &mut out);
//! assert_eq!(out[0], Value::Float(0.04));
//! assert!(matches!(out[1], Value::Float(error) if (error - 0.0048_f64.sqrt()).abs() < 1e-16));
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, Info, Inputs, Moments, Output, Value};

use super::excess_variance::squared_errors;
use crate::device::MOMENTS_AND_ERRORS;
use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "variance in excess of the errors, relative to the squared mean, and its error".into(),
    formula:
        "v = (s² − ⟨σ²⟩)/m², sqrt(2/n ⟨σ²⟩²/m⁴ + 4/n ⟨σ²⟩ max(v, 0)/m²); s²: sample variance of the flux, σ: error, \
              m: mean flux, n: number of epochs"
            .into(),
    outputs: ["normalised_excess_variance", "normalised_excess_variance_error"].map(Output::float).to_vec(),
    min_epochs: 2,
    reference: "Vaughan et al. 2003, MNRAS 345, 1271, doi:10.1046/j.1365-2966.2003.07042.x".into(),
    ..Info::new("normalised_excess_variance", Inputs::FLUX_ERROR)
});

/// The normalised excess variance with its error; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct NormalisedExcessVariance;

impl Fold for NormalisedExcessVariance {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!((Moments, f64), |epochs| (*epochs.moments(), squared_errors(epochs)), MOMENTS_AND_ERRORS);

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        let (moments, squares) = <(Moments, f64)>::read(state);
        let (n, level) = (moments.n, moments.mean * moments.mean);
        let noise = squares / n;
        let excess = (moments.variance() - noise) / level;
        let share = noise / level;
        out[0] = excess.into();
        out[1] = (2.0 / n * share * share + 4.0 / n * share * excess.max(0.0)).sqrt().into();
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::pieces;

    const NAME: &str = "normalised_excess_variance";

    #[test]
    fn a_constant_source_has_the_error_of_pure_noise() {
        // ⟨σ²⟩ = 2.5, m = 10: the excess is −0.025, its error sqrt(2/4) 0.025.
        for out in pieces(NAME, &[0.0, 1.0, 2.0, 3.0], &[10.0; 4], &[1.0, 2.0, 1.0, 2.0]) {
            assert!((out[0] + 0.025).abs() < 1e-17, "{out:?}");
            assert!((out[1] - 0.5_f64.sqrt() * 0.025).abs() < 1e-17, "{out:?}");
        }
    }

    #[test]
    fn without_noise_it_is_the_squared_fractional_amplitude() {
        // s² = 16/3, m = 10, and negligible errors.
        for out in pieces(NAME, &[0.0, 1.0, 2.0, 3.0], &[8.0, 12.0, 8.0, 12.0], &[1e-9; 4]) {
            assert!((out[0] - 16.0 / 300.0).abs() < 1e-15, "{out:?}");
            // 2 sqrt(⟨σ²⟩/n) F/m.
            let want = 1e-9 * (16.0_f64 / 300.0).sqrt() / 10.0;
            assert!((out[1] - want).abs() < 1e-14 * want, "{out:?}");
        }
    }
}
