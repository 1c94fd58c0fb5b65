//! The chi² per degree of freedom of a constant source.
//!
//! Σ ((xᵢ − m)/σᵢ)² / (n − 1), with xᵢ the fluxes, σᵢ their errors, m the mean weighted by 1/σᵢ² and n the number of
//! epochs.
//!
//! - Depends on: flux, error.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: if the weights sum to zero or infinity (errors beyond 10^±154).
//! - Reference: Sokolovsky et al. 2017, MNRAS 464, 274,
//!   [doi:10.1093/mnras/stw2262](https://doi.org/10.1093/mnras/stw2262).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 2.0, 3.0]).with_error(&[1.0, 1.0, 1.0]);
//! let mut out = [Value::Null];
//! Statistic::fold(tape_analysis::statistics::reduced_chi2::ReducedChi2).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(1.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, Info, Inputs, Value, WeightedMoments, count};

use crate::device::COUNT_AND_WEIGHTED_MOMENTS;
use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "chi² per degree of freedom of a constant source".into(),
    formula: "Σ ((x − m)/σ)² / (n − 1); x: flux, σ: error, m: mean weighted by 1/σ², n: number of epochs".into(),
    min_epochs: 2,
    reference: "Sokolovsky et al. 2017, MNRAS 464, 274, doi:10.1093/mnras/stw2262".into(),
    ..Info::new("reduced_chi2", Inputs::FLUX_ERROR)
});

/// The reduced chi²; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct ReducedChi2;

impl Fold for ReducedChi2 {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!((f64, WeightedMoments), |epochs| (count(epochs.len()), *epochs.weighted()), COUNT_AND_WEIGHTED_MOMENTS);

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        let (n, weighted) = <(f64, WeightedMoments)>::read(state);
        out[0] = (weighted.m2 / (n - 1.0)).into();
    }
}

#[cfg(test)]
mod tests {
    use crate::state::tests::whole_and_pieces;

    #[test]
    fn two_levels_at_two_sigma() {
        for chi2 in whole_and_pieces("reduced_chi2", &[8.0, 12.0, 8.0, 12.0], &[1.0; 4]) {
            assert!((chi2 - 16.0 / 3.0).abs() < 1e-14, "{chi2}");
        }
    }

    #[test]
    fn a_constant_source_gives_zero() {
        for chi2 in whole_and_pieces("reduced_chi2", &[3.0; 5], &[0.5, 0.25, 1.0, 2.0, 0.125]) {
            assert_eq!(chi2, 0.0);
        }
    }
}
