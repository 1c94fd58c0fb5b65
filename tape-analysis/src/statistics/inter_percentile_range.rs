//! The range between two quantiles of the flux that mirror each other.
//!
//! Q(1 − p) − Q(p), with Q the [quantile](crate::statistics#quantiles) of the flux; p is 0.25 in
//! `inter_percentile_range_25`, the interquartile range, and 0.1 in `inter_percentile_range_10`. Normal fluxes give
//! 1.349 and 2.563 standard deviations.
//!
//! - Depends on: flux.
//! - Unit: that of the flux.
//! - Fewest epochs: 1; null with fewer.
//! - NaN: never.
//! - Reference: D'Isanto et al. 2016, MNRAS 457, 3119,
//!   [doi:10.1093/mnras/stw157](https://doi.org/10.1093/mnras/stw157).
//!
//! ```
//! use tape_analysis::statistics::inter_percentile_range::InterPercentileRange;
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[4.0, 1.0, 3.0, 2.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(InterPercentileRange::new(25)).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(2.0)]);
//! ```

use tape_core::{Info, Inputs, LightCurve, Value, WholeLightCurve};

use crate::quantile::inter_quantile;

/// The range between two quantiles that mirror each other; see the [module](self).
#[derive(Clone, Debug)]
pub struct InterPercentileRange {
    info: Info,
    fraction: f32,
}

impl InterPercentileRange {
    /// The range without so many percent at either end.
    #[must_use]
    pub fn new(percent: u8) -> Self {
        let info = Info {
            summary: format!("range of the flux without the lowest and the highest {percent}%").into(),
            formula: format!(
                "Q(1 − p) − Q(p), p = {percent}%; Q: quantile of the flux, at 1/2 + n p of its n ordered values"
            )
            .into(),
            reference: "D'Isanto et al. 2016, MNRAS 457, 3119, doi:10.1093/mnras/stw157".into(),
            ..Info::new(format!("inter_percentile_range_{percent}"), Inputs::FLUX)
        };
        Self { info, fraction: f32::from(percent) / 100.0 }
    }
}

impl WholeLightCurve for InterPercentileRange {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        out[0] = inter_quantile(light_curve.sorted_flux(), self.fraction).into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_even_ladder_it_is_the_share_between() {
        // Quantile p of 0, …, 99 lies at 100 p − 1/2.
        let flux: Vec<f64> = (0..100_u32).map(f64::from).collect();
        for (percent, want) in [(25, 50.0), (10, 80.0), (40, 20.0)] {
            let mut out = [Value::Null];
            InterPercentileRange::new(percent).evaluate(&LightCurve::new(&flux), &mut out);
            // The place is kept to single precision.
            assert!(matches!(out[0], Value::Float(range) if (range - want).abs() < 1e-5), "{out:?}");
        }
    }

    #[test]
    fn outliers_do_not_count() {
        let mut flux = [5.0; 40];
        (flux[1], flux[2]) = (1e9, -1e9);
        let mut out = [Value::Null];
        InterPercentileRange::new(10).evaluate(&LightCurve::new(&flux), &mut out);
        assert_eq!(out, [Value::Float(0.0)]);
    }
}
