//! An inter-percentile range of the flux relative to its median.
//!
//! (Q(1 − p) − Q(p))/median(x), with Q the [quantile](crate::statistics#quantiles) of the flux; p is 0.05 in
//! `percent_difference_magnitude_percentile_5`. It has the sign of the median.
//!
//! - Parameter: `percent`, 100 p from 0 to below 50.
//! - Depends on: flux.
//! - Unit: none.
//! - Minimum number of observations: 1; null with fewer.
//! - NaN: if range and median are both zero; infinite if only the median is.
//! - Reference: D'Isanto et al. 2016, MNRAS 457, 3119,
//!   [doi:10.1093/mnras/stw157](https://doi.org/10.1093/mnras/stw157).
//!
//! ```
//! use tape_analysis::statistics::percent_difference_magnitude_percentile::PercentDifferenceMagnitudePercentile;
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[4.0, 1.0, 3.0, 2.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(PercentDifferenceMagnitudePercentile::new(5.0)?).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(3.0 / 2.5)]);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use tape_core::{DeviceKernel, Info, Inputs, LightCurve, Statistic, Value, WholeLightCurve};

use crate::error::Error;
use crate::kind::Kind;
use crate::parameter::{Parameter, percent};
use crate::quantile::{device, fraction, inter_quantile};

const PERCENT: Parameter = percent("percent", "percent of the epochs to exclude at each end", "5");

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "percent_difference_magnitude_percentile",
    summary: "inter-percentile range of the flux relative to its median",
    columns: "percent_difference_magnitude_percentile_{percent}",
    parameters: &[PERCENT],
    registered: &["percent=5"],
    build: |arguments| Ok(Statistic::whole(PercentDifferenceMagnitudePercentile::new(arguments.float(&PERCENT)?)?)),
};

/// An inter-percentile range relative to the median; see the [module](self).
#[derive(Clone, Debug)]
pub struct PercentDifferenceMagnitudePercentile {
    info: Info,
    fraction: f32,
}

impl PercentDifferenceMagnitudePercentile {
    /// Creates the range without `percent` percent of the epochs at each end, relative to the median.
    ///
    /// # Errors
    /// [`Error::BadValue`] if `percent` is negative, or 50 or more.
    pub fn new(percent: f64) -> Result<Self, Error> {
        let percent = KIND.check(&PERCENT, percent)?;
        let info = Info {
            summary: format!("range of the flux without the lowest and highest {percent}%, relative to its median")
                .into(),
            formula: format!(
                "(Q(1 − p) − Q(p))/median(x), p = {percent}%; x: flux, Q: its quantile, at 1/2 + n p of its \
                      n ordered values"
            )
            .into(),
            reference: "D'Isanto et al. 2016, MNRAS 457, 3119, doi:10.1093/mnras/stw157".into(),
            ..Info::new(format!("percent_difference_magnitude_percentile_{percent}"), Inputs::FLUX)
        };
        Ok(Self { info, fraction: fraction(percent) })
    }
}

impl WholeLightCurve for PercentDifferenceMagnitudePercentile {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        out[0] = (inter_quantile(light_curve.sorted_flux(), self.fraction) / light_curve.median()).into();
    }

    fn kernel(&self) -> Option<&'static DeviceKernel> {
        Some(device::range_and_median(self.fraction))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::value;

    const NAME: &str = "percent_difference_magnitude_percentile_5";

    #[test]
    fn evenly_spaced_fluxes() {
        let flux: Vec<f64> = (0..101_u32).map(f64::from).collect();
        let ratio = value(NAME, &[0.0; 101], &flux, &[1.0; 101])[0];
        assert!((ratio - 90.9 / 50.0).abs() < 1e-6, "{ratio}");
    }

    #[test]
    fn it_has_the_sign_of_the_median() {
        assert_eq!(value(NAME, &[0.0; 4], &[-4.0, -1.0, -3.0, -2.0], &[1.0; 4]), [-3.0 / 2.5]);
    }

    #[test]
    fn a_constant_source_gives_zero() {
        assert_eq!(value(NAME, &[0.0; 4], &[0.1; 4], &[1.0; 4]), [0.0]);
    }
}
