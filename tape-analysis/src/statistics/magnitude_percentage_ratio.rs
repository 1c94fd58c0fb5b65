//! The ratio of an inner to an outer inter-percentile range of the flux: a measure of how peaked its distribution is.
//!
//! (Q(1 − a) − Q(a))/(Q(1 − b) − Q(b)), with Q the [quantile](crate::statistics#quantiles) of the flux; a is 0.4 and
//! b 0.05 in `magnitude_percentage_ratio_40_5`. Normal fluxes give 0.154, uniform ones 0.222.
//!
//! - Parameters: `inner` and `outer`, 100 a and 100 b from 0 to below 50.
//! - Depends on: flux.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: if the outer range is zero (0/0).
//! - Reference: D'Isanto et al. 2016, MNRAS 457, 3119,
//!   [doi:10.1093/mnras/stw157](https://doi.org/10.1093/mnras/stw157).
//!
//! ```
//! use tape_analysis::statistics::magnitude_percentage_ratio::MagnitudePercentageRatio;
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[4.0, 1.0, 3.0, 2.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(MagnitudePercentageRatio::new(25.0, 5.0)?).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(2.0 / 3.0)]);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use tape_core::{DeviceKernel, Info, Inputs, LightCurve, Statistic, Value, WholeLightCurve};

use crate::error::Error;
use crate::kind::Kind;
use crate::parameter::{Parameter, percent};
use crate::quantile::{device, fraction, inter_quantile};

const INNER: Parameter = percent("inner", "percent of the epochs to exclude at each end of the inner range", "40");
const OUTER: Parameter = percent("outer", "percent of the epochs to exclude at each end of the outer range", "5");

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "magnitude_percentage_ratio",
    summary: "ratio of an inner to an outer inter-percentile range of the flux",
    columns: "magnitude_percentage_ratio_{inner}_{outer}",
    parameters: &[INNER, OUTER],
    registered: &["inner=40:outer=5"],
    build: |arguments| {
        let (inner, outer) = (arguments.float(&INNER)?, arguments.float(&OUTER)?);
        Ok(Statistic::whole(MagnitudePercentageRatio::new(inner, outer)?))
    },
};

/// The ratio of two inter-percentile ranges; see the [module](self).
#[derive(Clone, Debug)]
pub struct MagnitudePercentageRatio {
    info: Info,
    inner: f32,
    outer: f32,
}

impl MagnitudePercentageRatio {
    /// Creates the ratio of the range without `inner` percent of the epochs at each end to that without `outer`
    /// percent.
    ///
    /// # Errors
    /// [`Error::BadValue`] if `inner` or `outer` is negative, or 50 or more.
    pub fn new(inner: f64, outer: f64) -> Result<Self, Error> {
        let (inner, outer) = (KIND.check(&INNER, inner)?, KIND.check(&OUTER, outer)?);
        let info = Info {
            summary: format!("range of the flux without {inner}% at each end, relative to that without {outer}%")
                .into(),
            formula: format!(
                "(Q(1 − a) − Q(a))/(Q(1 − b) − Q(b)), a = {inner}%, b = {outer}%; Q: quantile of the \
                      flux, at 1/2 + n p of its n ordered values"
            )
            .into(),
            min_epochs: 2,
            reference: "D'Isanto et al. 2016, MNRAS 457, 3119, doi:10.1093/mnras/stw157".into(),
            ..Info::new(format!("magnitude_percentage_ratio_{inner}_{outer}"), Inputs::FLUX)
        };
        Ok(Self { info, inner: fraction(inner), outer: fraction(outer) })
    }
}

impl WholeLightCurve for MagnitudePercentageRatio {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let sorted = light_curve.sorted_flux();
        out[0] = (inter_quantile(sorted, self.inner) / inter_quantile(sorted, self.outer)).into();
    }

    fn kernel(&self) -> Option<&'static DeviceKernel> {
        Some(device::two_ranges(self.inner, self.outer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(flux: &[f64]) -> f64 {
        let mut out = [Value::Null];
        MagnitudePercentageRatio::new(40.0, 5.0).expect("allowed").evaluate(&LightCurve::new(flux), &mut out);
        let Value::Float(ratio) = out[0] else { panic!("{out:?}") };
        ratio
    }

    #[test]
    fn evenly_spaced_fluxes_give_the_value_of_a_uniform_distribution() {
        let flux: Vec<f64> = (0..100_u32).map(f64::from).collect();
        assert!((ratio(&flux) - 20.0 / 90.0).abs() < 1e-6);
    }

    #[test]
    fn two_levels_give_one() {
        assert_eq!(ratio(&[1.0, 2.0].repeat(20)), 1.0);
    }

    #[test]
    fn a_constant_source_gives_nan() {
        assert!(ratio(&[0.1; 10]).is_nan());
    }
}
