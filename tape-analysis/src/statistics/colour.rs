//! The colour of an object: the difference of its levels in two bands.
//!
//! level(x_first) − level(x_second), where the level is the median, the minimum or the maximum of the fluxes x of a
//! band. It is a colour in the usual sense if the survey has magnitudes; the maximum is then the faintest epoch. The
//! epochs of the two bands need not be close in time.
//!
//! It has one result for each object, in a row without a band.
//!
//! - Parameters: `first` and `second`, the bands; `of`, the level. Column `colour_median_g_r`.
//! - Depends on: flux of both bands.
//! - Unit: that of the flux.
//! - Minimum number of observations: 1 in each band; null with fewer.
//! - NaN: never.
//! - Reference: Malanchev et al. 2021, MNRAS 502, 5147,
//!   [doi:10.1093/mnras/stab316](https://doi.org/10.1093/mnras/stab316).
//!
//! ```
//! use tape_analysis::statistics::colour::{Colour, Level};
//! use tape_core::{LightCurve, Object, Statistic, Value};
//! let light_curves = [LightCurve::new(&[20.0, 20.5, 19.5]).with_band("g"), LightCurve::new(&[19.25]).with_band("r")];
//! let mut out = [Value::Null];
//! Statistic::object(Colour::new("g", "r", Level::Median)?).evaluate_object(&Object::new(&light_curves), &mut out);
//! assert_eq!(out, [Value::Float(0.75)]);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use tape_core::{Info, Inputs, LightCurve, Object, Quantity, Statistic, Value, WholeObject};

use crate::error::Error;
use crate::kind::Kind;
use crate::pairs::{FIRST, SECOND, two_bands};
use crate::parameter::{Allowed, Parameter};

const OF: Parameter = Parameter {
    name: "of",
    summary: "level of the flux in each band",
    allowed: Allowed::Choice(&["median", "minimum", "maximum"]),
    default: Some("median"),
};

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "colour",
    summary: "difference between the levels of the flux in two bands",
    columns: "colour_{of}_{first}_{second}",
    parameters: &[FIRST, SECOND, OF],
    registered: &["of=median", "of=minimum", "of=maximum"],
    build: |arguments| {
        let level = match arguments.text(&OF)? {
            "minimum" => Level::Minimum,
            "maximum" => Level::Maximum,
            _ => Level::Median,
        };
        Ok(Statistic::object(Colour::new(arguments.text(&FIRST)?, arguments.text(&SECOND)?, level)?))
    },
};

/// The level of the flux in a band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The median flux.
    Median,
    /// The minimum flux.
    Minimum,
    /// The maximum flux.
    Maximum,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Median => "median",
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
        }
    }

    fn of(self, light_curve: &LightCurve<'_>) -> f64 {
        match self {
            Self::Median => light_curve.median(),
            Self::Minimum => light_curve.extremes().min,
            Self::Maximum => light_curve.extremes().max,
        }
    }
}

/// A colour; see the [module](self).
#[derive(Clone, Debug)]
pub struct Colour {
    info: Info,
    level: Level,
}

impl Colour {
    /// Creates the level in the first band minus that in the second.
    ///
    /// # Errors
    /// [`Error::BadValue`] if the bands are the same, or one has no label.
    pub fn new(first: &str, second: &str, level: Level) -> Result<Self, Error> {
        let name = level.name();
        let info = Info {
            summary: format!("{name} flux in {first} minus that in {second}").into(),
            formula: format!("{name}(x) − {name}(y); x, y: flux in {first} and {second}").into(),
            bands: two_bands(&KIND, first, second)?,
            reference: "Malanchev et al. 2021, MNRAS 502, 5147, doi:10.1093/mnras/stab316".into(),
            quantity: Some(Quantity::Magnitude),
            ..Info::new(format!("colour_{name}_{first}_{second}"), Inputs::FLUX)
        };
        Ok(Self { info, level })
    }
}

impl WholeObject for Colour {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, object: &Object<'_>, out: &mut [Value]) {
        let [Some(first), Some(second)] = [0, 1].map(|i| object.band(&self.info.bands[i])) else { return };
        out[0] = (self.level.of(first) - self.level.of(second)).into();
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Epochs, of_bands};

    fn epochs(flux: &[f64]) -> Epochs {
        Epochs { time: vec![0.0; flux.len()], flux: flux.to_vec(), error: vec![1.0; flux.len()] }
    }

    #[test]
    fn each_level_in_either_direction() {
        let (g, i) = (epochs(&[21.0, 20.0, 23.0]), epochs(&[19.0, 18.5]));
        let bands = [("g", &g), ("i", &i)];
        for (level, want) in [("median", 2.25), ("minimum", 1.5), ("maximum", 4.0)] {
            assert_eq!(of_bands(&format!("colour:first=g:second=i:of={level}"), &bands), Some(want));
            assert_eq!(of_bands(&format!("colour:first=i:second=g:of={level}"), &bands), Some(-want));
        }
    }

    #[test]
    fn without_the_other_band_it_is_null() {
        let (g, r) = (epochs(&[21.0]), epochs(&[]));
        assert_eq!(of_bands("colour", &[("g", &g), ("r", &r)]), None);
        assert_eq!(of_bands("colour", &[("g", &g)]), None);
    }

    #[test]
    fn an_unknown_level_is_refused() {
        let error = crate::make("colour:of=mode").expect_err("no such level").to_string();
        assert!(error.contains("must be one of median, minimum, maximum"), "{error}");
    }
}
