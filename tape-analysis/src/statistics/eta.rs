//! The von Neumann ratio η of successive differences to the variance: small for smooth light curves.
//!
//! Σ (xᵢ₊₁ − xᵢ)² / ((n − 1) s²), with xᵢ the fluxes in time order, n their number and s² their sample variance. White
//! noise gives 2, a slow trend almost 0, an alternation almost 4. Only the order of the times matters, not the gaps
//! between them.
//!
//! - Depends on: flux, order in time.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: with constant fluxes (0/0).
//! - Reference: von Neumann 1941, Annals of Mathematical Statistics 12, 367,
//!   [doi:10.1214/aoms/1177731677](https://doi.org/10.1214/aoms/1177731677).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 2.0, 3.0]).with_time(&[0.0, 1.0, 2.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(tape_analysis::statistics::eta::Eta).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(1.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Value, WholeLightCurve, sums};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "von Neumann ratio of successive differences to the variance".into(),
    formula: "Σ (x[i+1] − x[i])² / ((n − 1) s²); x: flux in time order, n: number of epochs, s²: sample variance"
        .into(),
    min_epochs: 2,
    reference: "von Neumann 1941, Annals of Mathematical Statistics 12, 367, doi:10.1214/aoms/1177731677".into(),
    ..Info::new("eta", Inputs { order: true, ..Inputs::FLUX })
});

/// The von Neumann ratio; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Eta;

impl WholeLightCurve for Eta {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        out[0] = eta(light_curve).into();
    }
}

pub(super) fn eta(light_curve: &LightCurve<'_>) -> f64 {
    let flux = light_curve.flux();
    let columns = [&flux[1..], &flux[..flux.len() - 1]];
    let [successive] = sums(columns, |[next, now]| [(next - now) * (next - now)]);
    if successive == 0.0 {
        // All fluxes are equal, so the variance is zero up to the rounding of the mean.
        return f64::NAN;
    }
    // (n − 1) s² is the sum of squared deviations.
    successive / light_curve.moments().m2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alternation_gives_almost_four() {
        // n − 1 steps of 2 against a sum of squared deviations of n.
        let flux: Vec<f64> = (0..100).map(|i| if i % 2 == 0 { -1.0 } else { 1.0 }).collect();
        assert!((eta(&LightCurve::new(&flux)) - 4.0 * 99.0 / 100.0).abs() < 1e-14);
    }

    #[test]
    fn a_trend_gives_twelve_over_n_times_n_plus_one() {
        let flux: Vec<f64> = (0..1000_u32).map(f64::from).collect();
        assert!((eta(&LightCurve::new(&flux)) - 12.0 / (1000.0 * 1001.0)).abs() < 1e-18);
    }

    #[test]
    fn a_constant_source_gives_nan() {
        for level in [2.5, 0.1, -1e30, 0.0] {
            assert!(eta(&LightCurve::new(&[level; 10])).is_nan(), "{level}");
        }
    }
}
