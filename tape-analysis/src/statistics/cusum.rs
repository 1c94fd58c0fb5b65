//! The range of the cumulative sums of the flux: large if the flux stays away from its mean for a long time.
//!
//! max S − min S with Sⱼ = Σᵢ≤ⱼ (xᵢ − m)/(n s), with xᵢ the n fluxes in time order, m their mean and s their sample
//! standard deviation. White noise gives about 1.25/sqrt(n).
//!
//! - Depends on: flux, order in time.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: with constant fluxes (0/0).
//! - Reference: Kim et al. 2014, A&A 566, A43,
//!   [doi:10.1051/0004-6361/201323252](https://doi.org/10.1051/0004-6361/201323252).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[2.0, 2.0, 0.0, 0.0]).with_time(&[1.0, 2.0, 3.0, 4.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(tape_analysis::statistics::cusum::Cusum).evaluate(&light_curve, &mut out);
//! // The sums are 1, 2, 1, 0, and s is sqrt(4/3).
//! assert!(matches!(out[0], Value::Float(range) if (range - 2.0 / (4.0 * (4.0_f64 / 3.0).sqrt())).abs() < 1e-15));
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Value, WholeLightCurve};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "range of the cumulative sums of the flux".into(),
    formula: "max S − min S, S[j] = Σ (x[i] − m)/(n s) over i ≤ j; x: flux in time order, m: mean, s: \
              standard deviation, n: number of epochs"
        .into(),
    min_epochs: 2,
    reference: "Kim et al. 2014, A&A 566, A43, doi:10.1051/0004-6361/201323252".into(),
    ..Info::new("cusum", Inputs { order: true, ..Inputs::FLUX })
});

/// The range of the cumulative sums; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Cusum;

impl WholeLightCurve for Cusum {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        out[0] = cusum(light_curve).into();
    }
}

fn cusum(light_curve: &LightCurve<'_>) -> f64 {
    let moments = light_curve.moments();
    if moments.m2 == 0.0 {
        return f64::NAN;
    }
    let (mut sum, mut low, mut high) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
    for flux in light_curve.flux() {
        sum += flux - moments.mean;
        low = if sum < low { sum } else { low };
        high = if sum > high { sum } else { high };
    }
    (high - low) / (moments.n * moments.variance().sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_in_the_middle_gives_almost_half() {
        // The sums climb to n/2 of a deviation of sqrt(n/(n − 1)) and come back to zero.
        let flux: Vec<f64> = (0..100).map(|i| if i < 50 { 1.0 } else { -1.0 }).collect();
        let want = 0.5 / (100.0_f64 / 99.0).sqrt();
        assert!((cusum(&LightCurve::new(&flux)) - want).abs() < 1e-14);
    }

    #[test]
    fn an_alternation_stays_within_one_step() {
        let flux: Vec<f64> = (0..100).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let want = 0.01 / (100.0_f64 / 99.0).sqrt();
        assert!((cusum(&LightCurve::new(&flux)) - want).abs() < 1e-14);
    }

    #[test]
    fn a_constant_source_gives_nan() {
        assert!(cusum(&LightCurve::new(&[0.1; 10])).is_nan());
    }
}
