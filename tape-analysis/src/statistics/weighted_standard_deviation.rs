//! The standard deviation of the flux with epochs weighted by their errors.
//!
//! sqrt(W/(W² − Σwᵢ²) Σwᵢ(xᵢ − m)²), with wᵢ = 1/σᵢ², W their sum and m the mean weighted by wᵢ. Its square is unbiased
//! for any weights; with equal errors, it is the sample standard deviation.
//!
//! - Depends on: flux, error.
//! - Unit: that of the flux.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: if the weights sum to zero or infinity (errors beyond 10^±154).
//! - Reference: Sokolovsky et al. 2017, MNRAS 464, 274,
//!   [doi:10.1093/mnras/stw2262](https://doi.org/10.1093/mnras/stw2262).
//!
//! ```
//! use tape_analysis::statistics::weighted_standard_deviation::WeightedStandardDeviation;
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 2.0, 3.0]).with_error(&[0.5; 3]);
//! let mut out = [Value::Null];
//! Statistic::fold(WeightedStandardDeviation).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(1.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Fold, Info, Inputs, Value, WeightedMoments};

use crate::state::{State, fold_over};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "standard deviation of the flux, weighted by the errors".into(),
    formula: "sqrt(W/(W² − Σ w²) Σ w(x − m)²), w = 1/σ², W = Σ w; x: flux, σ: error, m: mean weighted by w".into(),
    min_epochs: 2,
    reference: "Sokolovsky et al. 2017, MNRAS 464, 274, doi:10.1093/mnras/stw2262".into(),
    ..Info::new("weighted_standard_deviation", Inputs::FLUX_ERROR)
});

/// The weighted standard deviation; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct WeightedStandardDeviation;

impl Fold for WeightedStandardDeviation {
    fn info(&self) -> &Info {
        &INFO
    }

    fold_over!(Spread, |epochs| Spread { moments: *epochs.weighted(), pairs: pairs(epochs.inverse_error()) });

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        let Spread { moments, pairs } = Spread::read(state);
        out[0] = (0.5 * moments.m2 / pairs).sqrt().into();
    }
}

/// Weighted moments, and the sum of the products of the weights of all pairs of epochs, divided by the total weight.
/// Twice this sum is W − Σw²/W, which would lose all digits if computed directly and one epoch outweighs all others.
struct Spread {
    moments: WeightedMoments,
    pairs: f64,
}

impl State for Spread {
    const LEN: usize = WeightedMoments::LEN + 1;

    fn read(state: &[f64]) -> Self {
        let (moments, pairs) = <(WeightedMoments, f64)>::read(state);
        Self { moments, pairs }
    }

    fn write(self, state: &mut [f64]) {
        (self.moments, self.pairs).write(state);
    }

    fn merge(self, other: Self) -> Self {
        let moments = self.moments.combine(other.moments);
        if moments.weight == 0.0 {
            return Self { moments, pairs: 0.0 };
        }
        let [a, b] = [self.moments, other.moments].map(|side| side.weight / moments.weight);
        Self { moments, pairs: self.pairs * a + other.pairs * b + self.moments.weight * b }
    }
}

/// Returns Σ wᵢ wⱼ / Σ wᵢ over the pairs i < j.
fn pairs(inverse_error: &[f64]) -> f64 {
    let (_, pairs) = inverse_error.iter().fold((0.0, 0.0), |(before, pairs), e| {
        let weight = before + e * e;
        (weight, (pairs + e * e) * (before / weight))
    });
    pairs
}

#[cfg(test)]
mod tests {
    use crate::state::tests::whole_and_pieces;

    const NAME: &str = "weighted_standard_deviation";

    #[test]
    fn two_weights() {
        // w = 1 and 1/4: m = 2, Σ w(x − m)² = 1 + 4, W − Σ w²/W = 5/4 − 17/20.
        for deviation in whole_and_pieces(NAME, &[1.0, 6.0], &[1.0, 2.0]) {
            assert!((deviation - 12.5_f64.sqrt()).abs() < 1e-14, "{deviation}");
        }
    }

    #[test]
    fn with_equal_errors_it_is_the_standard_deviation() {
        for error in [1e-3, 7.0] {
            for deviation in whole_and_pieces(NAME, &[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], &[error; 8]) {
                assert!((deviation - (32.0_f64 / 7.0).sqrt()).abs() < 1e-14, "{deviation}");
            }
        }
    }

    #[test]
    fn an_epoch_that_outweighs_all_others_is_the_mean() {
        // m = 1, and W − Σ w²/W is twice the weight of the two others: Σ w(x − m)² = 1 + 4 over 4.
        for deviation in whole_and_pieces(NAME, &[1.0, 2.0, 3.0], &[1e-9, 1.0, 1.0]) {
            assert!((deviation - 1.25_f64.sqrt()).abs() < 1e-9, "{deviation}");
        }
    }
}
