//! A straight line fitted to the fluxes without weights: slope, its error, and the scatter about the line.
//!
//! b = Σ (tᵢ − t̄)(xᵢ − x̄)/S, σ_b = N/sqrt(S) and N = sqrt(Σ (xᵢ − x̄ − b(tᵢ − t̄))²/(n − 2)), with xᵢ the n fluxes,
//! tᵢ their times, x̄ and t̄ the means, and S = Σ (tᵢ − t̄)². Outputs `linear_trend`, `linear_trend_sigma` and
//! `linear_trend_noise`.
//!
//! - Depends on: flux, time.
//! - Unit: that of the flux per day for slope and error, that of the flux for the scatter.
//! - Minimum number of observations: 3; null with fewer.
//! - NaN: if all times are equal.
//! - Reference: Hogg, Bovy & Lang 2010, arXiv:1008.4686,
//!   [doi:10.48550/arXiv.1008.4686](https://doi.org/10.48550/arXiv.1008.4686).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 3.0, 2.0]).with_time(&[0.0, 1.0, 2.0]);
//! let mut out = [Value::Null, Value::Null, Value::Null];
//! Statistic::fold(tape_analysis::statistics::linear_trend::LinearTrend).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(0.5), Value::Float((1.5_f64 / 2.0).sqrt()), Value::Float(1.5_f64.sqrt())]);
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, Info, Inputs, Line, Output, Value};

use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "line fit without weights: slope, its error, scatter about the line".into(),
    formula: "b = Σ (t − t̄)(x − x̄)/S, N/sqrt(S), N = sqrt(Σ (x − x̄ − b(t − t̄))²/(n − 2)), S = Σ (t − \
              t̄)²; x: flux, t: time, x̄, t̄: means, n: number of epochs"
        .into(),
    outputs: ["linear_trend", "linear_trend_sigma", "linear_trend_noise"].map(Output::float).to_vec(),
    min_epochs: 3,
    reference: "Hogg, Bovy & Lang 2010, arXiv:1008.4686, doi:10.48550/arXiv.1008.4686".into(),
    ..Info::new("linear_trend", Inputs { order: false, ..Inputs::TIME_FLUX })
});

/// A line fit without weights; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct LinearTrend;

impl Fold for LinearTrend {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!(Line, |epochs| *epochs.line());

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        let line = Line::read(state);
        let undefined = line.spread == 0.0;
        let square = line.residual / (line.weight - 2.0);
        let values = [line.slope, (square / line.spread).sqrt(), square.sqrt()];
        for (out, value) in out.iter_mut().zip(values) {
            *out = if undefined { f64::NAN } else { value }.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::pieces;

    #[test]
    fn an_alternation_about_a_line() {
        // 0, 1, 0, 1 over 0, 1, 2, 3: b = 1/5, and residuals that sum to 1 − 1/5.
        for trend in pieces("linear_trend", &[0.0, 1.0, 2.0, 3.0], &[0.0, 1.0, 0.0, 1.0], &[1.0; 4]) {
            let want = [0.2, (0.4_f64 / 5.0).sqrt(), 0.4_f64.sqrt()];
            assert!(trend.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-15), "{trend:?}");
        }
    }

    #[test]
    fn a_constant_source_is_flat() {
        for trend in pieces("linear_trend", &[0.0, 1.0, 2.5, 3.0], &[0.1; 4], &[1.0; 4]) {
            assert_eq!(trend, [0.0; 3]);
        }
    }

    #[test]
    fn equal_times_give_nan() {
        for trend in pieces("linear_trend", &[5.1; 4], &[0.0, 1.0, 2.0, 3.0], &[1.0; 4]) {
            assert!(trend.iter().all(|value| value.is_nan()), "{trend:?}");
        }
    }
}
