//! Stetson's index K: the shape of the distribution of the residuals, regardless of their size.
//!
//! K = Σ |dᵢ| / sqrt(n Σ dᵢ²) with dᵢ = (xᵢ − m)/σᵢ, with xᵢ the n fluxes, σᵢ their errors and m the mean weighted by
//! 1/σᵢ². Two levels give 1, a sine 0.900, normal fluxes 0.798, one outlier among many almost 0.
//!
//! - Depends on: flux, error.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: with constant fluxes (0/0).
//! - Reference: Stetson 1996, PASP 108, 851, [doi:10.1086/133808](https://doi.org/10.1086/133808).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[8.0, 12.0, 8.0, 12.0]).with_error(&[1.0; 4]);
//! let mut out = [Value::Null];
//! Statistic::whole(tape_analysis::statistics::stetson_k::StetsonK).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(1.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Value, WholeLightCurve, count, sums};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "Stetson's K: shape of the distribution of the residuals".into(),
    formula: "Σ |d| / sqrt(n Σ d²), d = (x − m)/σ; x: flux, σ: error, m: mean weighted by 1/σ², n: number of \
              epochs"
        .into(),
    min_epochs: 2,
    reference: "Stetson 1996, PASP 108, 851, doi:10.1086/133808".into(),
    ..Info::new("stetson_k", Inputs::FLUX_ERROR)
});

/// Stetson's K; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct StetsonK;

impl WholeLightCurve for StetsonK {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let weighted = light_curve.weighted();
        let columns = [light_curve.flux(), light_curve.inverse_error()];
        let [sum] = sums(columns, |[flux, inverse_error]| [(flux - weighted.mean).abs() * inverse_error]);
        out[0] = (sum / (count(light_curve.len()) * weighted.m2).sqrt()).into();
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{sine, value};

    #[test]
    fn a_sine_gives_two_roots_of_two_over_pi() {
        // ⟨|sin|⟩ = 2/π and ⟨sin²⟩ = 1/2.
        let sine = sine(10_000, 3.0);
        let k = value("stetson_k", &sine.time, &sine.flux, &sine.error)[0];
        assert!((k - 8.0_f64.sqrt() / std::f64::consts::PI).abs() < 1e-6, "{k}");
    }

    #[test]
    fn one_outlier_of_many() {
        // d = 99/100 once and 1/100 otherwise: 1.98/sqrt(100 · 0.99).
        let mut flux = [0.0; 100];
        flux[13] = 1.0;
        let k = value("stetson_k", &[0.0; 100], &flux, &[1.0; 100])[0];
        assert!((k - 1.98 / 99.0_f64.sqrt()).abs() < 1e-14, "{k}");
    }

    #[test]
    fn a_constant_source_gives_nan() {
        assert!(value("stetson_k", &[0.0; 4], &[0.1; 4], &[1.0, 0.3, 0.2, 7.0])[0].is_nan());
    }
}
