//! The biweight scale: a standard deviation that is robust against outliers.
//!
//! sqrt(n Σ(xᵢ − M)²(1 − uᵢ²)⁴)/|Σ(1 − uᵢ²)(1 − 5uᵢ²)| over the epochs with |uᵢ| < 1, uᵢ = (xᵢ − M)/(c MAD), with xᵢ
//! the n fluxes, M their median and MAD their median absolute deviation; n counts all epochs. c = 9 is about six
//! standard deviations. If more than half of the fluxes are equal, MAD and the scale are zero.
//!
//! - Parameter: `c`, above 0.
//! - Depends on: flux.
//! - Unit: that of the flux.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: if c is so small that all epochs are ignored.
//! - Reference: Beers, Flynn & Gebhardt 1990, AJ 100, 32, [doi:10.1086/115487](https://doi.org/10.1086/115487).
//!
//! ```
//! use tape_analysis::statistics::biweight_scale::BiweightScale;
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 1e6]);
//! let mut out = [Value::Null];
//! Statistic::whole(BiweightScale::new(9.0)?).evaluate(&light_curve, &mut out);
//! assert!(matches!(out[0], Value::Float(scale) if scale < 2.0));
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use tape_core::{Info, Inputs, LightCurve, Statistic, Value, WholeLightCurve, sums};

use super::biweight_location::Deviations;
use crate::error::Error;
use crate::kind::Kind;
use crate::parameter::{POSITIVE, Parameter};

const C: Parameter = Parameter {
    name: "c",
    summary: "median absolute deviations beyond which epochs are ignored",
    allowed: POSITIVE,
    default: Some("9"),
};

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "biweight_scale",
    summary: "biweight scale of the flux: a standard deviation that is robust against outliers",
    columns: "biweight_scale_{c}",
    parameters: &[C],
    registered: &["c=9"],
    build: |arguments| Ok(Statistic::whole(BiweightScale::new(arguments.float(&C)?)?)),
};

/// The biweight scale; see the [module](self).
#[derive(Clone, Debug)]
pub struct BiweightScale {
    info: Info,
    c: f64,
}

impl BiweightScale {
    /// Creates the scale of the fluxes within `c` median absolute deviations of the median.
    ///
    /// # Errors
    /// [`Error::BadValue`] if `c` is not above zero and finite.
    pub fn new(c: f64) -> Result<Self, Error> {
        let c = KIND.check(&C, c)?;
        let info = Info {
            summary: KIND.summary.into(),
            formula: format!(
                "sqrt(n Σ(x − M)²(1 − u²)⁴)/|Σ(1 − u²)(1 − 5u²)| over |u| < 1, u = (x − M)/({c} MAD); x: flux, M: median, \
                 MAD: median absolute deviation, n: number of epochs"
            )
            .into(),
            min_epochs: 2,
            reference: "Beers, Flynn & Gebhardt 1990, AJ 100, 32, doi:10.1086/115487".into(),
            ..Info::new(format!("biweight_scale_{c}"), Inputs::FLUX)
        };
        Ok(Self { info, c })
    }
}

impl WholeLightCurve for BiweightScale {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let (median, n) = (light_curve.median(), light_curve.moments().n);
        let Deviations { all, scale } = Deviations::of(light_curve, self.c);
        let [squares, weight] = sums([all], |[x]| {
            let u = (x - median) / scale;
            let inner = 1.0 - u * u;
            let term = (x - median) * inner * inner;
            [term * term, inner * (1.0 - 5.0 * u * u)]
        });
        out[0] = (if scale == 0.0 { 0.0 } else { (n * squares).sqrt() / weight.abs() }).into();
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::value_of;

    #[test]
    fn eleven_fluxes_with_two_outliers_agree_with_astropy() {
        // From astropy 8.0.2, `biweight_scale(x, c)`.
        let flux = [12.1, 11.8, 12.4, 12.0, 11.9, 15.0, 12.2, 12.3, 11.7, 9.7, 12.9];
        for (name, want) in
            [("biweight_scale:c=9", 0.410_614_893_061_021_5), ("biweight_scale:c=5", 0.368_902_688_314_979_8)]
        {
            let got = value_of(name, &flux);
            assert!((got - want).abs() < 1e-14, "{name}: {got}");
        }
    }

    #[test]
    fn with_a_large_c_it_is_the_scatter_about_the_median() {
        // sqrt(3 (1 + 49))/3.
        let scale = value_of("biweight_scale:c=1e9", &[1.0, 2.0, 9.0]);
        assert!((scale - 150.0_f64.sqrt() / 3.0).abs() < 1e-12, "{scale}");
    }

    #[test]
    fn if_most_fluxes_are_equal_it_is_zero() {
        assert_eq!(value_of("biweight_scale", &[0.1, 0.1, 0.1, 7.0, -3.0]), 0.0);
    }

    #[test]
    fn it_is_nan_if_all_epochs_are_ignored() {
        assert!(value_of("biweight_scale:c=0.001", &[-2.0, -1.0, 1.0, 2.0]).is_nan());
    }
}
