//! The fraction of epochs whose flux is more than a number of standard deviations from the mean.
//!
//! |{i: |xᵢ − m| > k s}|/n, with xᵢ the n fluxes, m their mean and s their sample standard deviation; k is 1 in
//! `beyond_1_std`, 2.5 in `beyond_2.5_std`. Normal fluxes give 0.317 and 0.046.
//!
//! - Parameter: `n`, k above 0.
//! - Depends on: flux.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: never; constant fluxes give 0.
//! - Reference: D'Isanto et al. 2016, MNRAS 457, 3119,
//!   [doi:10.1093/mnras/stw157](https://doi.org/10.1093/mnras/stw157).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[0.0, 0.0, 0.0, 4.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(tape_analysis::statistics::beyond_n_std::BeyondNStd::new(1.0)?).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(0.25)]);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use tape_core::{Info, Inputs, LightCurve, Statistic, Value, WholeLightCurve, count};

use crate::error::Error;
use crate::kind::Kind;
use crate::parameter::{POSITIVE, Parameter};

const N: Parameter =
    Parameter { name: "n", summary: "standard deviations from the mean", allowed: POSITIVE, default: Some("1") };

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "beyond_n_std",
    summary: "fraction of epochs with a flux more than n standard deviations from the mean",
    columns: "beyond_{n}_std",
    parameters: &[N],
    registered: &["n=1", "n=2"],
    build: |arguments| Ok(Statistic::whole(BeyondNStd::new(arguments.float(&N)?)?)),
};

/// The fraction of epochs far from the mean; see the [module](self).
#[derive(Clone, Debug)]
pub struct BeyondNStd {
    info: Info,
    deviations: f64,
}

impl BeyondNStd {
    /// Creates the fraction of epochs beyond `deviations` standard deviations.
    ///
    /// # Errors
    /// [`Error::BadValue`] if `deviations` is not above zero and finite.
    pub fn new(deviations: f64) -> Result<Self, Error> {
        let deviations = KIND.check(&N, deviations)?;
        let info = Info {
            summary: format!("fraction of epochs with a flux more than {deviations} standard deviations from the mean")
                .into(),
            formula: format!(
                "|{{i: |x[i] − m| > {deviations} s}}|/n; x: flux, m: mean, s: standard deviation, n: number of epochs"
            )
            .into(),
            min_epochs: 2,
            reference: "D'Isanto et al. 2016, MNRAS 457, 3119, doi:10.1093/mnras/stw157".into(),
            ..Info::new(format!("beyond_{deviations}_std"), Inputs::FLUX)
        };
        Ok(Self { info, deviations })
    }
}

impl WholeLightCurve for BeyondNStd {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        out[0] = beyond(light_curve, self.deviations).into();
    }
}

fn beyond(light_curve: &LightCurve<'_>, deviations: f64) -> f64 {
    let moments = light_curve.moments();
    let far = deviations * moments.variance().sqrt();
    let sorted = light_curve.sorted_flux();
    let below = sorted.partition_point(|x| moments.mean - x > far);
    let above = sorted.len() - sorted.partition_point(|x| x - moments.mean <= far);
    count(below + above) / moments.n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outliers_on_both_sides_count() {
        let mut flux = [10.0; 40];
        (flux[3], flux[17], flux[20]) = (0.0, 20.0, 20.0);
        assert_eq!([1.0, 2.0].map(|k| beyond(&LightCurve::new(&flux), k)), [0.075, 0.075]);
    }

    #[test]
    fn a_sine_stays_within_two_deviations() {
        // |sin| > 1/sqrt(2) for half of the phases; of 1000 epochs, four are at the limit up to rounding.
        let sine = crate::testing::sine(1000, 1.0);
        let light_curve = LightCurve::new(&sine.flux);
        assert!((beyond(&light_curve, 1.0) - 0.5).abs() < 0.005);
        assert_eq!(beyond(&light_curve, 2.0), 0.0);
    }

    #[test]
    fn a_constant_source_gives_zero() {
        assert_eq!(beyond(&LightCurve::new(&[0.1; 10]), 1.0), 0.0);
    }
}
