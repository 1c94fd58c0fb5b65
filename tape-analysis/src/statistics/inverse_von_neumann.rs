//! The inverse of von Neumann's ratio: large if neighbouring epochs are similar.
//!
//! 1/η = Σ(xᵢ − m)²/Σ(xᵢ₊₁ − xᵢ)², with xᵢ the fluxes in time order and m their mean. Uncorrelated epochs give about
//! 1/2, slow variations a large value. It is the better of the two indices that Sokolovsky et al. recommend for any
//! survey.
//!
//! - Depends on: flux, in time order.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: with constant fluxes (0/0).
//! - Reference: Sokolovsky et al. 2017, MNRAS 464, 274,
//!   [doi:10.1093/mnras/stw2262](https://doi.org/10.1093/mnras/stw2262).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[-1.0, 0.0, 1.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(tape_analysis::statistics::inverse_von_neumann::InverseVonNeumann).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(1.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Value, WholeLightCurve};

use super::eta::eta;

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "inverse of von Neumann's ratio: large if neighbouring epochs are similar".into(),
    formula: "Σ (x − m)²/Σ (x[i+1] − x[i])²; x: flux in time order, m: mean".into(),
    min_epochs: 2,
    reference: "Sokolovsky et al. 2017, MNRAS 464, 274, doi:10.1093/mnras/stw2262".into(),
    ..Info::new("inverse_von_neumann", Inputs { order: true, ..Inputs::FLUX })
});

/// The inverse of von Neumann's ratio; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct InverseVonNeumann;

impl WholeLightCurve for InverseVonNeumann {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        out[0] = eta(light_curve).recip().into();
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::value;

    const NAME: &str = "inverse_von_neumann";

    #[test]
    fn an_alternation_gives_the_smallest_value() {
        // Σ x² = n, and n − 1 steps of 2.
        let flux = [1.0, -1.0].repeat(50);
        assert_eq!(value(NAME, &[0.0; 100], &flux, &[1.0; 100]), [100.0 / 396.0]);
    }

    #[test]
    fn a_slow_sine_gives_a_large_value() {
        // Σ x² = n/2 and steps of 2 sin(π/n) cos φ, without the steepest, between the last and the first.
        let sine = crate::testing::sine(1000, 3.0);
        let want = 500.0 / (499.0 * 4.0 * (std::f64::consts::PI / 1000.0).sin().powi(2));
        let got = value(NAME, &sine.time, &sine.flux, &sine.error)[0];
        assert!((got / want - 1.0).abs() < 1e-10, "{got}, {want}");
    }

    #[test]
    fn a_constant_source_gives_nan() {
        assert!(value(NAME, &[0.0; 5], &[0.1; 5], &[1.0; 5])[0].is_nan());
    }
}
