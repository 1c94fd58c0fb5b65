//! The sample standard deviation of the flux.
//!
//! sqrt(Σ (xᵢ − m)² / (n − 1)), with xᵢ the fluxes, m their mean and n their number.
//!
//! - Depends on: flux.
//! - Unit: that of the flux.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: never. Epochs with values that are not finite never reach a kernel.
//! - The state is (n, mean, sum of squared deviations), which are combined as in Chan, Golub & LeVeque 1983, The
//!   American Statistician 37, 242,
//!   [doi:10.1080/00031305.1983.10483115](https://doi.org/10.1080/00031305.1983.10483115).
//!
//! ```
//! use tape_analysis::statistics::standard_deviation::StandardDeviation;
//! use tape_core::{LightCurve, Statistic, Value};
//! let mut out = [Value::Null];
//! Statistic::fold(StandardDeviation).evaluate(&LightCurve::new(&[1.0, 3.0, 5.0]), &mut out);
//! assert_eq!(out, [Value::Float(2.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, Info, Inputs, Moments, Value};

use crate::device::MOMENTS;
use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "sample standard deviation of the flux".into(),
    formula: "sqrt(Σ (x − m)² / (n − 1)); x: flux, m: its mean, n: number of epochs".into(),
    min_epochs: 2,
    reference: "Chan, Golub & LeVeque 1983, The American Statistician 37, 242, doi:10.1080/00031305.1983.10483115"
        .into(),
    ..Info::new("standard_deviation", Inputs::FLUX)
});

/// The sample standard deviation; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct StandardDeviation;

impl Fold for StandardDeviation {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!(Moments, |epochs| *epochs.moments(), MOMENTS);

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        let moments = Moments::read(state);
        out[0] = (moments.m2 / (moments.n - 1.0)).sqrt().into();
    }
}

#[cfg(test)]
mod tests {
    use crate::state::tests::whole_and_pieces;

    #[test]
    fn two_levels_half_a_step_around_the_mean() {
        for deviation in whole_and_pieces("standard_deviation", &[-1.0, 1.0, -1.0, 1.0], &[1.0; 4]) {
            assert!((deviation - (4.0_f64 / 3.0).sqrt()).abs() < 1e-15, "{deviation}");
        }
    }

    #[test]
    fn a_small_scatter_on_a_large_mean_keeps_its_digits() {
        // A sum of squares would be 4e16, whose last digit is worth 8; the last digit of a mean is worth 1.5e-8.
        for deviation in whole_and_pieces("standard_deviation", &[1e8 - 1.0, 1e8, 1e8 + 1.0, 1e8], &[1.0; 4]) {
            assert!((deviation - (2.0_f64 / 3.0).sqrt()).abs() < 1.5e-8, "{deviation}");
        }
    }

    #[test]
    fn one_epoch_gives_nan() {
        assert!(whole_and_pieces("standard_deviation", &[7.0], &[1.0]).iter().all(|value| value.is_nan()));
    }
}
