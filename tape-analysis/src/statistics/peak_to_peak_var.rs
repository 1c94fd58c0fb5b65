//! The peak-to-peak variability: the range of the flux beyond the errors, relative to its level.
//!
//! (a − b)/(a + b) with a = max (xᵢ − σᵢ) and b = min (xᵢ + σᵢ), with xᵢ the fluxes and σᵢ their errors. It is
//! negative if all error bars overlap. Values must be fluxes: it has no meaning for magnitudes.
//!
//! - Depends on: flux, error.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: if a flux is negative.
//! - Reference: Aller, Aller & Hughes 1992, ApJ 399, 16, [doi:10.1086/171898](https://doi.org/10.1086/171898).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[2.0, 5.0, 8.0]).with_error(&[1.0; 3]);
//! let mut out = [Value::Null];
//! Statistic::fold(tape_analysis::statistics::peak_to_peak_var::PeakToPeakVar).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(0.4)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Extremes, Fold, Info, Inputs, LightCurve, Value, count};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "range of the flux beyond the errors, relative to its level".into(),
    formula: "(a − b)/(a + b), a = max (x − σ), b = min (x + σ); x: flux, not negative, σ: error".into(),
    min_epochs: 2,
    reference: "Aller, Aller & Hughes 1992, ApJ 399, 16, doi:10.1086/171898".into(),
    ..Info::new("peak_to_peak_var", Inputs::FLUX_ERROR)
});

/// The peak-to-peak variability; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct PeakToPeakVar;

impl Fold for PeakToPeakVar {
    fn info(&self) -> &Info {
        &INFO
    }

    fn state_len(&self) -> usize {
        4
    }

    fn lift(&self, epochs: &LightCurve<'_>, state: &mut [f64]) {
        let columns = [epochs.flux(), epochs.error()];
        let low = Extremes::of(columns, |[x, e]| x + e).min;
        let high = Extremes::of(columns, |[x, e]| x - e).max;
        let all = [count(epochs.len()), low, high, epochs.extremes().min];
        state.copy_from_slice(&if epochs.is_empty() { [0.0; 4] } else { all });
    }

    fn combine(&self, state: &mut [f64], other: &[f64]) {
        if state[0] == 0.0 {
            state.copy_from_slice(other);
        } else if other[0] > 0.0 {
            state[0] += other[0];
            state[1] = state[1].min(other[1]);
            state[2] = state[2].max(other[2]);
            state[3] = state[3].min(other[3]);
        }
    }

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        let &[_, low, high, min] = state else { return };
        out[0] = if min < 0.0 { f64::NAN } else { (high - low) / (high + low) }.into();
    }
}

#[cfg(test)]
mod tests {
    use crate::state::tests::whole_and_pieces;

    #[test]
    fn a_constant_source_is_within_its_errors() {
        for ratio in whole_and_pieces("peak_to_peak_var", &[10.0; 4], &[1.0, 2.0, 1.0, 2.0]) {
            assert_eq!(ratio, -0.1);
        }
    }

    #[test]
    fn the_peak_is_the_highest_flux_minus_its_error() {
        for ratio in whole_and_pieces("peak_to_peak_var", &[1.0, 9.0, 7.0, 2.0], &[0.5, 5.0, 1.0, 0.5]) {
            assert_eq!(ratio, 4.5 / 7.5);
        }
    }

    #[test]
    fn a_negative_flux_gives_nan() {
        assert!(whole_and_pieces("peak_to_peak_var", &[1.0, -0.1, 2.0], &[1.0; 3]).iter().all(|value| value.is_nan()));
    }
}
