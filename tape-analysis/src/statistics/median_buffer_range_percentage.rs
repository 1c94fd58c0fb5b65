//! The fraction of epochs whose flux is close to the median, relative to the amplitude.
//!
//! |{i: |xᵢ − median(x)| < q (max x − min x)/2}|/n, with xᵢ the n fluxes; q is 0.1 in
//! `median_buffer_range_percentage_10`. It is large with outliers and small for a sine.
//!
//! - Parameter: `percent`, 100 q above 0.
//! - Depends on: flux.
//! - Unit: none.
//! - Minimum number of observations: 1; null with fewer.
//! - NaN: never; constant fluxes give 0.
//! - Reference: D'Isanto et al. 2016, MNRAS 457, 3119,
//!   [doi:10.1093/mnras/stw157](https://doi.org/10.1093/mnras/stw157).
//!
//! ```
//! use tape_analysis::statistics::median_buffer_range_percentage::MedianBufferRangePercentage;
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[0.0, 9.0, 10.0, 11.0, 40.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(MedianBufferRangePercentage::new(10.0)?).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(0.6)]);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use tape_core::{Info, Inputs, LightCurve, Statistic, Value, WholeLightCurve, count};

use crate::error::Error;
use crate::kind::Kind;
use crate::parameter::{POSITIVE, Parameter};

const PERCENT: Parameter =
    Parameter { name: "percent", summary: "percent of the amplitude", allowed: POSITIVE, default: Some("10") };

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "median_buffer_range_percentage",
    summary: "fraction of epochs with a flux close to the median, relative to the amplitude",
    columns: "median_buffer_range_percentage_{percent}",
    parameters: &[PERCENT],
    registered: &["percent=10"],
    build: |arguments| Ok(Statistic::whole(MedianBufferRangePercentage::new(arguments.float(&PERCENT)?)?)),
};

/// The fraction of epochs near the median; see the [module](self).
#[derive(Clone, Debug)]
pub struct MedianBufferRangePercentage {
    info: Info,
    fraction: f64,
}

impl MedianBufferRangePercentage {
    /// Creates the fraction of epochs within `percent` percent of the amplitude from the median.
    ///
    /// # Errors
    /// [`Error::BadValue`] if `percent` is not above zero and finite.
    pub fn new(percent: f64) -> Result<Self, Error> {
        let percent = KIND.check(&PERCENT, percent)?;
        let info = Info {
            summary: format!("fraction of epochs with a flux within {percent}% of the amplitude from the median")
                .into(),
            formula: format!(
                "|{{i: |x[i] − median(x)| < q (max x − min x)/2}}|/n, q = {percent}%; x: flux, n: number of epochs"
            )
            .into(),
            reference: "D'Isanto et al. 2016, MNRAS 457, 3119, doi:10.1093/mnras/stw157".into(),
            ..Info::new(format!("median_buffer_range_percentage_{percent}"), Inputs::FLUX)
        };
        Ok(Self { info, fraction: percent / 100.0 })
    }
}

impl WholeLightCurve for MedianBufferRangePercentage {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let (sorted, median) = (light_curve.sorted_flux(), light_curve.median());
        let near = self.fraction * 0.5 * light_curve.extremes().range();
        let below = sorted.partition_point(|x| median - x >= near);
        let within = sorted.partition_point(|x| x - median < near);
        out[0] = (count(within.saturating_sub(below)) / count(sorted.len())).into();
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{sine, value};

    const NAME: &str = "median_buffer_range_percentage_10";

    #[test]
    fn a_sine_is_rarely_close_to_its_median() {
        // |sin| < 1/10 for 2/π asin(1/10) of the phases.
        let sine = sine(10_000, 2.0);
        let fraction = value(NAME, &sine.time, &sine.flux, &sine.error)[0];
        assert!((fraction - 0.1_f64.asin() * std::f64::consts::FRAC_2_PI).abs() < 1e-3, "{fraction}");
    }

    #[test]
    fn the_limit_is_excluded() {
        assert_eq!(value(NAME, &[0.0; 4], &[0.0, 10.0, 11.0, 20.0], &[1.0; 4]), [0.5]);
        assert_eq!(value(NAME, &[0.0; 5], &[0.0, 10.0, 10.0, 11.0, 20.0], &[1.0; 5]), [0.4]);
    }

    #[test]
    fn a_constant_source_gives_zero() {
        assert_eq!(value(NAME, &[0.0; 4], &[0.1; 4], &[1.0; 4]), [0.0]);
    }
}
