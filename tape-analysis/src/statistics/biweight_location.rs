//! The biweight location: a mean that is robust against outliers.
//!
//! M + Σ(xᵢ − M)(1 − uᵢ²)²/Σ(1 − uᵢ²)² over the epochs with |uᵢ| < 1, uᵢ = (xᵢ − M)/(c MAD), with xᵢ the fluxes, M
//! their median and MAD their median absolute deviation. Epochs further than c MAD from the median are ignored; c = 6
//! is about four standard deviations. If more than half of the fluxes are equal, MAD is zero and the location is their
//! value.
//!
//! - Parameter: `c`, above 0.
//! - Depends on: flux.
//! - Unit: that of the flux.
//! - Minimum number of observations: 1; null with fewer.
//! - NaN: if c is so small that all epochs are ignored.
//! - Reference: Beers, Flynn & Gebhardt 1990, AJ 100, 32, [doi:10.1086/115487](https://doi.org/10.1086/115487).
//!
//! ```
//! use tape_analysis::statistics::biweight_location::BiweightLocation;
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 2.0, 3.0, 1e6]);
//! let mut out = [Value::Null];
//! Statistic::whole(BiweightLocation::new(6.0)?).evaluate(&light_curve, &mut out);
//! assert!(matches!(out[0], Value::Float(location) if (location - 2.0).abs() < 0.1));
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use tape_core::{Info, Inputs, LightCurve, Statistic, Value, WholeLightCurve, sums};

use super::median_absolute_deviation::median_absolute_deviation;
use crate::error::Error;
use crate::kind::Kind;
use crate::parameter::{POSITIVE, Parameter};

const C: Parameter = Parameter {
    name: "c",
    summary: "median absolute deviations beyond which epochs are ignored",
    allowed: POSITIVE,
    default: Some("6"),
};

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "biweight_location",
    summary: "biweight location of the flux: a mean that is robust against outliers",
    columns: "biweight_location_{c}",
    parameters: &[C],
    registered: &["c=6"],
    build: |arguments| Ok(Statistic::whole(BiweightLocation::new(arguments.float(&C)?)?)),
};

/// The biweight location; see the [module](self).
#[derive(Clone, Debug)]
pub struct BiweightLocation {
    info: Info,
    c: f64,
}

impl BiweightLocation {
    /// Creates the location of the fluxes within `c` median absolute deviations of the median.
    ///
    /// # Errors
    /// [`Error::BadValue`] if `c` is not above zero and finite.
    pub fn new(c: f64) -> Result<Self, Error> {
        let c = KIND.check(&C, c)?;
        let info = Info {
            summary: KIND.summary.into(),
            formula: format!(
                "M + Σ(x − M)(1 − u²)²/Σ(1 − u²)² over |u| < 1, u = (x − M)/({c} MAD); x: flux, M: median, MAD: median \
                 absolute deviation"
            )
            .into(),
            reference: "Beers, Flynn & Gebhardt 1990, AJ 100, 32, doi:10.1086/115487".into(),
            ..Info::new(format!("biweight_location_{c}"), Inputs::FLUX)
        };
        Ok(Self { info, c })
    }
}

impl WholeLightCurve for BiweightLocation {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let median = light_curve.median();
        let Deviations { all, scale } = Deviations::of(light_curve, self.c);
        let [total, weight] = sums([all], |[x]| {
            let u = (x - median) / scale;
            let weight = (1.0 - u * u) * (1.0 - u * u);
            [(x - median) * weight, weight]
        });
        out[0] = (if scale == 0.0 { median } else { median + total / weight }).into();
    }
}

/// The fluxes that a biweight uses, in ascending order, and the distance from the median at which fluxes are ignored.
pub(super) struct Deviations<'a> {
    pub(super) all: &'a [f64],
    pub(super) scale: f64,
}

impl<'a> Deviations<'a> {
    pub(super) fn of(light_curve: &'a LightCurve<'_>, c: f64) -> Self {
        let (sorted, median) = (light_curve.sorted_flux(), light_curve.median());
        let scale = c * median_absolute_deviation(light_curve);
        let from = sorted.partition_point(|x| median - x >= scale);
        let to = sorted.partition_point(|x| x - median < scale);
        Self { all: sorted.get(from..to).unwrap_or_default(), scale }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::value_of;

    #[test]
    fn eleven_fluxes_with_two_outliers_agree_with_astropy() {
        // From astropy 8.0.2, `biweight_location(x, c)`.
        let flux = [12.1, 11.8, 12.4, 12.0, 11.9, 15.0, 12.2, 12.3, 11.7, 9.7, 12.9];
        for (name, want) in
            [("biweight_location:c=6", 12.118_348_139_758_094), ("biweight_location:c=4", 12.091_043_806_382_286)]
        {
            let got = value_of(name, &flux);
            assert!((got - want).abs() < 1e-13, "{name}: {got}");
        }
    }

    #[test]
    fn with_a_large_c_it_is_the_mean() {
        let location = value_of("biweight_location:c=1e9", &[1.0, 2.0, 9.0]);
        assert!((location - 4.0).abs() < 1e-12, "{location}");
    }

    #[test]
    fn if_most_fluxes_are_equal_it_is_their_value() {
        assert_eq!(value_of("biweight_location", &[0.1, 0.1, 0.1, 7.0, -3.0]), 0.1);
        assert_eq!(value_of("biweight_location", &[0.3]), 0.3);
    }
}
