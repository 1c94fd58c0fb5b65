//! The excess kurtosis of the flux: positive if outliers are more frequent than in a normal distribution.
//!
//! G₂ = n(n + 1)/((n − 1)(n − 2)(n − 3)) Σ(xᵢ − m)⁴/s⁴ − 3(n − 1)²/((n − 2)(n − 3)), with xᵢ the n fluxes, m their
//! mean and s their sample standard deviation. It is unbiased for normal fluxes.
//!
//! - Depends on: flux.
//! - Unit: none.
//! - Minimum number of observations: 4; null with fewer.
//! - NaN: with constant fluxes (0/0).
//! - Partial results are combined as in Pébay 2008, Sandia report SAND2008-6212,
//!   [doi:10.2172/1028931](https://doi.org/10.2172/1028931).
//! - Reference: Joanes & Gill 1998, The Statistician 47, 183,
//!   [doi:10.1111/1467-9884.00122](https://doi.org/10.1111/1467-9884.00122).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[-1.0, 1.0, -1.0, 1.0]);
//! let mut out = [Value::Null];
//! Statistic::fold(tape_analysis::statistics::kurtosis::Kurtosis).evaluate(&light_curve, &mut out);
//! assert!(matches!(out[0], Value::Float(kurtosis) if (kurtosis + 6.0).abs() < 1e-14));
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, HigherMoments, Info, Inputs, Value};

use crate::device::HIGHER_MOMENTS;
use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "excess kurtosis of the flux".into(),
    formula: "n(n + 1)/((n − 1)(n − 2)(n − 3)) Σ(x − m)⁴/s⁴ − 3(n − 1)²/((n − 2)(n − 3)); x: flux, m: mean, \
              s: standard deviation, n: number of epochs"
        .into(),
    min_epochs: 4,
    reference: "Joanes & Gill 1998, The Statistician 47, 183, doi:10.1111/1467-9884.00122".into(),
    ..Info::new("kurtosis", Inputs::FLUX)
});

/// The excess kurtosis; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Kurtosis;

impl Fold for Kurtosis {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!(HigherMoments, |epochs| *epochs.higher_moments(), HIGHER_MOMENTS);

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        let higher = HigherMoments::read(state);
        let (n, square) = (higher.moments.n, higher.moments.variance());
        let scale = n * (n + 1.0) / ((n - 1.0) * (n - 2.0) * (n - 3.0));
        let normal = 3.0 * (n - 1.0) * (n - 1.0) / ((n - 2.0) * (n - 3.0));
        out[0] = (scale * (higher.m4 / square / square) - normal).into();
    }
}

#[cfg(test)]
mod tests {
    use crate::state::tests::whole_and_pieces;

    #[test]
    fn a_sine_is_flatter_than_normal() {
        // Moments 1/2 and 3/8 of the amplitude: kurtosis −3/2 in the limit of many epochs.
        let sine = crate::testing::sine(10_000, 5.0);
        let kurtosis = crate::testing::value("kurtosis", &sine.time, &sine.flux, &sine.error)[0];
        assert!((kurtosis + 1.5).abs() < 1e-3, "{kurtosis}");
    }

    #[test]
    fn one_of_five_stands_out() {
        for kurtosis in whole_and_pieces("kurtosis", &[0.0, 0.0, 5.0, 0.0, 0.0], &[1.0; 5]) {
            // s² = 5, Σ(x − m)⁴ = 256 + 4: 30/24 · 260/25 − 8.
            assert!((kurtosis - 5.0).abs() < 1e-13, "{kurtosis}");
        }
    }

    #[test]
    fn a_constant_source_gives_nan() {
        assert!(whole_and_pieces("kurtosis", &[0.1; 6], &[1.0; 6]).iter().all(|value| value.is_nan()));
    }
}
