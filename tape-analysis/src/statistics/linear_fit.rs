//! A straight line fitted to the fluxes, weighted by their errors: slope, its error, and chi² per degree of freedom.
//!
//! xᵢ = c + b tᵢ with residuals of standard deviation σᵢ: b = Σ wᵢ(tᵢ − t̄)(xᵢ − x̄)/S, σ_b = 1/sqrt(S), χ² = Σ wᵢ(xᵢ
//! − x̄ − b(tᵢ − t̄))²/(n − 2), with wᵢ = 1/σᵢ², t̄ and x̄ the means weighted by wᵢ, and S = Σ wᵢ(tᵢ − t̄)². Outputs
//! `linear_fit_slope`, `linear_fit_slope_sigma` and `linear_fit_reduced_chi2`.
//!
//! - Depends on: flux, error, time.
//! - Unit: that of the flux per day for slope and error, none for chi².
//! - Minimum number of observations: 3; null with fewer.
//! - NaN: if all times are equal.
//! - Reference: Hogg, Bovy & Lang 2010, arXiv:1008.4686,
//!   [doi:10.48550/arXiv.1008.4686](https://doi.org/10.48550/arXiv.1008.4686).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 3.0, 2.0])
//!     .with_error(&[1.0; 3])
//!     .with_time(&[0.0, 1.0, 2.0]);
//! let mut out = [Value::Null, Value::Null, Value::Null];
//! Statistic::fold(tape_analysis::statistics::linear_fit::LinearFit).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(0.5), Value::Float(2.0_f64.sqrt().recip()), Value::Float(1.5)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, Info, Inputs, Line, Output, Value, count};

use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "line fit weighted by the errors: slope, its error, chi² per degree of freedom".into(),
    formula: "b = Σ w(t − t̄)(x − x̄)/S, 1/sqrt(S), Σ w(x − x̄ − b(t − t̄))²/(n − 2), S = Σ w(t − t̄)²; x: \
              flux, t: time, w = 1/error², x̄, t̄: means weighted by w, n: number of epochs"
        .into(),
    outputs: ["linear_fit_slope", "linear_fit_slope_sigma", "linear_fit_reduced_chi2"].map(Output::float).to_vec(),
    min_epochs: 3,
    reference: "Hogg, Bovy & Lang 2010, arXiv:1008.4686, doi:10.48550/arXiv.1008.4686".into(),
    ..Info::new("linear_fit", Inputs { order: false, ..Inputs::ALL })
});

/// A line fit weighted by the errors; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct LinearFit;

impl Fold for LinearFit {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!((f64, Line), |epochs| (count(epochs.len()), *epochs.weighted_line()));

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        let (n, line) = <(f64, Line)>::read(state);
        let undefined = line.spread == 0.0;
        let values = [line.slope, line.spread.sqrt().recip(), line.residual / (n - 2.0)];
        for (out, value) in out.iter_mut().zip(values) {
            *out = if undefined { f64::NAN } else { value }.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::pieces;

    #[test]
    fn a_steep_line_has_no_residuals() {
        let time: Vec<f64> = (0..8_u32).map(|i| 60_000.0 + f64::from(i)).collect();
        let flux: Vec<f64> = time.iter().map(|t| 1e6 * (t - 60_000.0)).collect();
        for fit in pieces("linear_fit", &time, &flux, &[0.5; 8]) {
            assert!((fit[0] - 1e6).abs() < 1e-8, "{fit:?}");
            // Spread 42, and weights of 4.
            assert!((fit[1] - 168.0_f64.sqrt().recip()).abs() < 1e-15, "{fit:?}");
            assert!(fit[2] < 1e-16, "{fit:?}");
        }
    }

    #[test]
    fn an_epoch_with_a_large_error_hardly_changes_the_line() {
        for fit in pieces("linear_fit", &[0.0, 1.0, 2.0, 3.0], &[0.0, 1.0, 2.0, 1e3], &[1.0, 1.0, 1.0, 1e9]) {
            assert!((fit[0] - 1.0).abs() < 1e-12, "{fit:?}");
        }
    }

    #[test]
    fn equal_times_give_nan() {
        for fit in pieces("linear_fit", &[5.1; 4], &[0.0, 1.0, 2.0, 3.0], &[1.0; 4]) {
            assert!(fit.iter().all(|value| value.is_nan()), "{fit:?}");
        }
    }
}
