//! The robust median statistic: the mean deviation from the median in units of the errors.
//!
//! Σ |xᵢ − median(x)|/σᵢ / (n − 1), with xᵢ the n fluxes and σᵢ their errors. A constant source has a value
//! below one.
//!
//! - Depends on: flux, error.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: never.
//! - Reference: Enoch, Brown & Burgasser 2003, AJ 126, 1006, [doi:10.1086/376598](https://doi.org/10.1086/376598).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 2.0, 3.0]).with_error(&[0.5, 0.5, 0.25]);
//! let mut out = [Value::Null];
//! Statistic::whole(tape_analysis::statistics::roms::Roms).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(3.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Value, WholeLightCurve, count, sums};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "robust median statistic: mean deviation from the median in units of the errors".into(),
    formula: "Σ |x − median(x)|/σ / (n − 1); x: flux, σ: error, n: number of epochs".into(),
    min_epochs: 2,
    reference: "Enoch, Brown & Burgasser 2003, AJ 126, 1006, doi:10.1086/376598".into(),
    ..Info::new("roms", Inputs::FLUX_ERROR)
});

/// The robust median statistic; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Roms;

impl WholeLightCurve for Roms {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let median = light_curve.median();
        let columns = [light_curve.flux(), light_curve.inverse_error()];
        let [sum] = sums(columns, |[flux, inverse_error]| [(flux - median).abs() * inverse_error]);
        out[0] = (sum / count(light_curve.len() - 1)).into();
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::value;

    #[test]
    fn two_levels_at_two_sigma() {
        let flux: Vec<f64> = (0..20).map(|i| if i % 2 == 0 { 8.0 } else { 12.0 }).collect();
        assert_eq!(value("roms", &[0.0; 20], &flux, &[1.0; 20]), [40.0 / 19.0]);
    }

    #[test]
    fn a_constant_source_gives_zero() {
        assert_eq!(value("roms", &[0.0; 4], &[0.1; 4], &[1.0; 4]), [0.0]);
    }
}
