//! The mean flux weighted by 1/error².
//!
//! Σ wᵢ xᵢ / Σ wᵢ, with xᵢ the fluxes, σᵢ their errors and wᵢ = 1/σᵢ².
//!
//! - Depends on: flux, error.
//! - Unit: that of the flux.
//! - Minimum number of observations: 1; null with fewer.
//! - NaN: if the weights sum to zero or infinity (errors beyond 10^±154).
//! - Reference: Sokolovsky et al. 2017, MNRAS 464, 274,
//!   [doi:10.1093/mnras/stw2262](https://doi.org/10.1093/mnras/stw2262).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 6.0]).with_error(&[0.5, 1.0]);
//! let mut out = [Value::Null];
//! Statistic::fold(tape_analysis::statistics::weighted_mean::WeightedMean).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(2.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, Info, Inputs, Value, WeightedMoments};

use crate::device::WEIGHTED_MOMENTS;
use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "mean flux weighted by 1/error²".into(),
    formula: "Σ w x / Σ w; x: flux, σ: error, w = 1/σ²".into(),
    reference: "Sokolovsky et al. 2017, MNRAS 464, 274, doi:10.1093/mnras/stw2262".into(),
    ..Info::new("weighted_mean", Inputs::FLUX_ERROR)
});

/// The weighted mean; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct WeightedMean;

impl Fold for WeightedMean {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!(WeightedMoments, |epochs| *epochs.weighted(), WEIGHTED_MOMENTS);

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        out[0] = WeightedMoments::read(state).mean.into();
    }
}

#[cfg(test)]
mod tests {
    use crate::state::tests::whole_and_pieces;

    #[test]
    fn half_the_error_gives_four_times_the_weight() {
        for mean in whole_and_pieces("weighted_mean", &[0.0, 5.0, 0.0, 5.0], &[0.5, 1.0, 0.5, 1.0]) {
            assert!((mean - 1.0).abs() < 1e-15, "{mean}");
        }
    }
}
