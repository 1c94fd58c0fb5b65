//! The range between two mirrored quantiles of the flux.
//!
//! Q(1 − p) − Q(p), with Q the [quantile](crate::statistics#quantiles) of the flux; p is 0.25 in
//! `inter_percentile_range_25`, the interquartile range, and 0.1 in `inter_percentile_range_10`. Normal fluxes give
//! 1.349 and 2.563 standard deviations.
//!
//! - Parameter: `percent`, 100 p from 0 to below 50.
//! - Depends on: flux.
//! - Unit: that of the flux.
//! - Minimum number of observations: 1; null with fewer.
//! - NaN: never.
//! - Reference: D'Isanto et al. 2016, MNRAS 457, 3119,
//!   [doi:10.1093/mnras/stw157](https://doi.org/10.1093/mnras/stw157).
//!
//! ```
//! use tape_analysis::statistics::inter_percentile_range::InterPercentileRange;
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[4.0, 1.0, 3.0, 2.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(InterPercentileRange::new(25.0)?).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(2.0)]);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use tape_core::{DeviceKernel, Info, Inputs, LightCurve, Statistic, Value, WholeLightCurve};

use crate::error::Error;
use crate::kind::Kind;
use crate::parameter::{Parameter, percent};
use crate::quantile::{device, fraction, inter_quantile};

const PERCENT: Parameter = percent("percent", "percent of the epochs to exclude at each end", "25");

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "inter_percentile_range",
    summary: "range of the flux without the lowest and highest percent",
    columns: "inter_percentile_range_{percent}",
    parameters: &[PERCENT],
    registered: &["percent=10", "percent=25"],
    build: |arguments| Ok(Statistic::whole(InterPercentileRange::new(arguments.float(&PERCENT)?)?)),
};

/// The range between two mirrored quantiles; see the [module](self).
#[derive(Clone, Debug)]
pub struct InterPercentileRange {
    info: Info,
    fraction: f32,
}

impl InterPercentileRange {
    /// Creates the range without `percent` percent of the epochs at each end.
    ///
    /// # Errors
    /// [`Error::BadValue`] if `percent` is negative, or 50 or more.
    pub fn new(percent: f64) -> Result<Self, Error> {
        let percent = KIND.check(&PERCENT, percent)?;
        let info = Info {
            summary: format!("range of the flux without the lowest and highest {percent}%").into(),
            formula: format!(
                "Q(1 − p) − Q(p), p = {percent}%; Q: quantile of the flux, at 1/2 + n p of its n ordered values"
            )
            .into(),
            reference: "D'Isanto et al. 2016, MNRAS 457, 3119, doi:10.1093/mnras/stw157".into(),
            ..Info::new(format!("inter_percentile_range_{percent}"), Inputs::FLUX)
        };
        Ok(Self { info, fraction: fraction(percent) })
    }
}

impl WholeLightCurve for InterPercentileRange {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        out[0] = inter_quantile(light_curve.sorted_flux(), self.fraction).into();
    }

    fn kernel(&self) -> Option<&'static DeviceKernel> {
        Some(device::range(self.fraction))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evenly_spaced_fluxes_give_the_fraction_between_the_quantiles() {
        // Quantile p of 0, …, 99 lies at 100 p − 1/2.
        let flux: Vec<f64> = (0..100_u32).map(f64::from).collect();
        for (percent, want) in [(25.0, 50.0), (10.0, 80.0), (40.0, 20.0), (2.5, 95.0)] {
            let mut out = [Value::Null];
            InterPercentileRange::new(percent).expect("allowed").evaluate(&LightCurve::new(&flux), &mut out);
            // The position of a quantile has single precision.
            assert!(matches!(out[0], Value::Float(range) if (range - want).abs() < 1e-5), "{out:?}");
        }
    }

    #[test]
    fn outliers_are_ignored() {
        let mut flux = [5.0; 40];
        (flux[1], flux[2]) = (1e9, -1e9);
        let mut out = [Value::Null];
        InterPercentileRange::new(10.0).expect("allowed").evaluate(&LightCurve::new(&flux), &mut out);
        assert_eq!(out, [Value::Float(0.0)]);
    }
}
