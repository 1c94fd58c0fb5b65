//! The mean flux.
//!
//! Σ xᵢ / n, with xᵢ the fluxes and n their number.
//!
//! - Depends on: flux.
//! - Unit: that of the flux.
//! - Minimum number of observations: 1; null with fewer.
//! - NaN: never. Epochs with values that are not finite never reach a kernel.
//! - Partial means are combined as in Chan, Golub & LeVeque 1983, The American Statistician 37, 242,
//!   [doi:10.1080/00031305.1983.10483115](https://doi.org/10.1080/00031305.1983.10483115).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let mut out = [Value::Null];
//! Statistic::fold(tape_analysis::statistics::mean::Mean).evaluate(&LightCurve::new(&[1.0, 2.0, 6.0]), &mut out);
//! assert_eq!(out, [Value::Float(3.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, Info, Inputs, Moments, Value};

use crate::device::MOMENTS;
use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "mean flux".into(),
    formula: "Σ x / n; x: flux, n: number of epochs".into(),
    reference: "Chan, Golub & LeVeque 1983, The American Statistician 37, 242, doi:10.1080/00031305.1983.10483115"
        .into(),
    ..Info::new("mean", Inputs::FLUX)
});

/// The mean flux; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Mean;

impl Fold for Mean {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!(Moments, |epochs| *epochs.moments(), MOMENTS);

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        out[0] = Moments::read(state).mean.into();
    }
}

#[cfg(test)]
mod tests {
    use crate::state::tests::whole_and_pieces;

    #[test]
    fn symmetric_fluxes_give_their_centre() {
        for mean in whole_and_pieces("mean", &[-3.0, -1.0, 1.0, 3.0], &[1.0; 4]) {
            assert_eq!(mean, 0.0);
        }
    }

    #[test]
    fn one_epoch_is_its_own_mean() {
        assert_eq!(whole_and_pieces("mean", &[7.25], &[1.0]), [7.25]);
    }
}
