//! The skewness of the flux: positive if the tail to high fluxes is longer.
//!
//! G₁ = n/((n − 1)(n − 2)) Σ(xᵢ − m)³/s³, with xᵢ the n fluxes, m their mean and s their sample standard deviation.
//! For magnitudes, a positive skewness means a longer tail to the faint side.
//!
//! - Depends on: flux.
//! - Unit: none.
//! - Minimum number of observations: 3; null with fewer.
//! - NaN: with constant fluxes (0/0).
//! - Partial results are combined as in Pébay 2008, Sandia report SAND2008-6212,
//!   [doi:10.2172/1028931](https://doi.org/10.2172/1028931).
//! - Reference: Joanes & Gill 1998, The Statistician 47, 183,
//!   [doi:10.1111/1467-9884.00122](https://doi.org/10.1111/1467-9884.00122).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 2.0, 3.0]);
//! let mut out = [Value::Null];
//! Statistic::fold(tape_analysis::statistics::skew::Skew).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(0.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, HigherMoments, Info, Inputs, Value};

use crate::device::HIGHER_MOMENTS;
use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "skewness of the flux".into(),
    formula: "n/((n − 1)(n − 2)) Σ(x − m)³/s³; x: flux, m: mean, s: standard deviation, n: number of epochs".into(),
    min_epochs: 3,
    reference: "Joanes & Gill 1998, The Statistician 47, 183, doi:10.1111/1467-9884.00122".into(),
    ..Info::new("skew", Inputs::FLUX)
});

/// The skewness; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Skew;

impl Fold for Skew {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!(HigherMoments, |epochs| *epochs.higher_moments(), HIGHER_MOMENTS);

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        let higher = HigherMoments::read(state);
        let (n, square) = (higher.moments.n, higher.moments.variance());
        out[0] = (n / ((n - 1.0) * (n - 2.0)) * (higher.m3 / square / square.sqrt())).into();
    }
}

#[cfg(test)]
mod tests {
    use crate::state::tests::whole_and_pieces;

    #[test]
    fn one_of_three_stands_out() {
        // s² = 3, Σ(x − m)³ = 8 − 2: 3/2 · 6/(3 sqrt(3)) = sqrt(3).
        for skew in whole_and_pieces("skew", &[0.0, 3.0, 0.0], &[1.0; 3]) {
            assert!((skew - 3.0_f64.sqrt()).abs() < 1e-14, "{skew}");
        }
        for skew in whole_and_pieces("skew", &[0.0, -3.0, 0.0], &[1.0; 3]) {
            assert!((skew + 3.0_f64.sqrt()).abs() < 1e-14, "{skew}");
        }
    }

    #[test]
    fn a_sine_is_symmetric() {
        let sine = crate::testing::sine(100, 5.0);
        assert!(crate::testing::value("skew", &sine.time, &sine.flux, &sine.error)[0].abs() < 1e-14);
    }

    #[test]
    fn a_constant_source_gives_nan() {
        assert!(whole_and_pieces("skew", &[0.1; 6], &[1.0; 6]).iter().all(|value| value.is_nan()));
    }
}
