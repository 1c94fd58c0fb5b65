//! The normalised excess variance: the variance in excess of the errors, relative to the squared mean.
//!
//! (s² − ⟨σ²⟩)/m², with s² the sample variance of the flux, ⟨σ²⟩ the mean of the squared errors and m the mean flux. It
//! is negative if the errors are overestimated. Sánchez et al. subtract the errors epoch by epoch, which differs only
//! by n in place of n − 1.
//!
//! - Depends on: flux, error.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: if mean and numerator are both zero; infinite if only the mean is.
//! - Reference: Sánchez et al. 2017, ApJ 849, 110,
//!   [doi:10.3847/1538-4357/aa9188](https://doi.org/10.3847/1538-4357/aa9188).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 2.0, 3.0]).with_error(&[0.5, 0.5, 0.5]);
//! let mut out = [Value::Null];
//! Statistic::fold(tape_analysis::statistics::excess_variance::ExcessVariance).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(0.75 / 4.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, Info, Inputs, LightCurve, Moments, Value, sums};

use crate::device::MOMENTS_AND_ERRORS;
use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "variance in excess of the errors, relative to the squared mean".into(),
    formula: "(s² − ⟨σ²⟩)/m²; s²: sample variance of the flux, σ: error, m: mean flux".into(),
    min_epochs: 2,
    reference: "Sánchez et al. 2017, ApJ 849, 110, doi:10.3847/1538-4357/aa9188".into(),
    ..Info::new("excess_variance", Inputs::FLUX_ERROR)
});

/// The normalised excess variance; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct ExcessVariance;

impl Fold for ExcessVariance {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!((Moments, f64), |epochs| (*epochs.moments(), squared_errors(epochs)), MOMENTS_AND_ERRORS);

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        let (moments, squares) = <(Moments, f64)>::read(state);
        out[0] = ((moments.variance() - squares / moments.n) / (moments.mean * moments.mean)).into();
    }
}

/// Returns the sum of the squared errors.
pub(super) fn squared_errors(epochs: &LightCurve<'_>) -> f64 {
    let [squares] = sums([epochs.error()], |[error]| [error * error]);
    squares
}

#[cfg(test)]
mod tests {
    use crate::state::tests::whole_and_pieces;

    #[test]
    fn a_constant_source_gives_minus_the_squared_errors() {
        for excess in whole_and_pieces("excess_variance", &[10.0; 4], &[1.0, 2.0, 1.0, 2.0]) {
            assert!((excess + 2.5 / 100.0).abs() < 1e-17, "{excess}");
        }
    }

    #[test]
    fn two_levels_beyond_their_errors() {
        for excess in whole_and_pieces("excess_variance", &[8.0, 12.0, 8.0, 12.0], &[1.0; 4]) {
            assert!((excess - (16.0 / 3.0 - 1.0) / 100.0).abs() < 1e-15, "{excess}");
        }
    }
}
