//! The p-value of a constant source: the probability that pure noise gives a chi² at least this large.
//!
//! Q((n − 1)/2, χ²/2), with χ² = Σ((xᵢ − m)/σᵢ)² about the mean m weighted by 1/σᵢ², xᵢ the n fluxes, σᵢ their errors
//! and Q the regularised incomplete gamma function, the upper tail of a χ² distribution of n − 1 degrees of freedom. It
//! is uniform between 0 and 1 if the source is constant and its errors are normal and correctly estimated.
//!
//! - Depends on: flux, error.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: where χ² is NaN, which only happens with errors beyond 10^±154.
//! - Reference: Sokolovsky et al. 2017, MNRAS 464, 274,
//!   [doi:10.1093/mnras/stw2262](https://doi.org/10.1093/mnras/stw2262).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 2.0, 3.0]).with_error(&[1.0; 3]);
//! let mut out = [Value::Null];
//! Statistic::fold(tape_analysis::statistics::chi2_p_value::Chi2PValue).evaluate(&light_curve, &mut out);
//! assert!(matches!(out[0], Value::Float(p) if (p - (-1.0_f64).exp()).abs() < 1e-15));
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, Info, Inputs, Value, WeightedMoments, count};

use crate::device::COUNT_AND_WEIGHTED_MOMENTS;
use crate::gamma::upper;
use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "probability that a constant source has a chi² at least this large".into(),
    formula: "Q((n − 1)/2, χ²/2), χ² = Σ ((x − m)/σ)²; x: flux, σ: error, m: mean weighted by 1/σ², Q: regularised \
              incomplete gamma function, n: number of epochs"
        .into(),
    min_epochs: 2,
    reference: "Sokolovsky et al. 2017, MNRAS 464, 274, doi:10.1093/mnras/stw2262".into(),
    ..Info::new("chi2_p_value", Inputs::FLUX_ERROR)
});

/// The p-value of a constant source; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Chi2PValue;

impl Fold for Chi2PValue {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!((f64, WeightedMoments), |epochs| (count(epochs.len()), *epochs.weighted()), COUNT_AND_WEIGHTED_MOMENTS);

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        let (n, weighted) = <(f64, WeightedMoments)>::read(state);
        out[0] = upper(0.5 * (n - 1.0), 0.5 * weighted.m2).into();
    }
}

#[cfg(test)]
mod tests {
    use crate::state::tests::whole_and_pieces;

    #[test]
    fn constant_fluxes_give_one() {
        assert!(whole_and_pieces("chi2_p_value", &[7.0; 6], &[0.5, 1.0, 2.0, 0.5, 1.0, 2.0]).iter().all(|&p| p == 1.0));
    }

    #[test]
    fn two_epochs_are_a_normal_deviate() {
        // They differ by two standard deviations of their difference: erfc(2/sqrt(2)).
        for p in whole_and_pieces("chi2_p_value", &[10.0, 20.0], &[3.0, 4.0]) {
            assert!((p - 0.045_500_263_896_358_41).abs() < 1e-15, "{p}");
        }
    }

    #[test]
    fn five_epochs_of_chi2_two() {
        // Four degrees of freedom: (1 + χ²/2) exp(−χ²/2).
        for p in whole_and_pieces("chi2_p_value", &[-1.0, 0.0, 0.0, 0.0, 1.0], &[1.0; 5]) {
            assert!((p - 2.0 * (-1.0_f64).exp()).abs() < 1e-15, "{p}");
        }
    }
}
