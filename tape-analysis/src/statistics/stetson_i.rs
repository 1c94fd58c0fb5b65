//! The index I of Welch and Stetson, a measure of correlated variability in two bands.
//!
//! I = sqrt(1/(n(n − 1))) Σ (bₖ − b̄)/σ_bₖ (vₖ − v̄)/σ_vₖ over the n pairs of epochs that are at most one window apart,
//! with b and v the fluxes in the two bands, σ their errors, and b̄ and v̄ the means of all epochs of the band,
//! weighted by 1/σ². Noise gives 0 with a scatter of about 1, a variable star much more. In time order, each epoch is
//! paired with the first epoch of the other band that is close enough and has no partner.
//!
//! It has one result for each object, in a row without a band.
//!
//! - Parameters: `first` and `second`, the bands; `window`, days, 0 or more. Column `stetson_i_g_r_window0.05`.
//! - Depends on: flux, error and time of both bands, in time order.
//! - Unit: none.
//! - Minimum number of observations: 1 in each band, and 2 pairs; null with fewer.
//! - NaN: if the weights of a band sum to zero or infinity (errors beyond 10^±154).
//! - Reference: Welch & Stetson 1993, AJ 105, 1813, [doi:10.1086/116556](https://doi.org/10.1086/116556).
//!
//! ```
//! use tape_analysis::statistics::stetson_i::StetsonI;
//! use tape_core::{LightCurve, Object, Statistic, Value};
//! let light_curve = |band| LightCurve::new(&[1.0, 3.0]).with_error(&[0.5; 2]).with_time(&[0.0, 1.0]).with_band(band);
//! let light_curves = ["g", "r"].map(light_curve);
//! let mut out = [Value::Null];
//! Statistic::object(StetsonI::new("g", "r", 0.01)?).evaluate_object(&Object::new(&light_curves), &mut out);
//! assert_eq!(out, [Value::Float(8.0 / 2.0_f64.sqrt())]);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use tape_core::{Info, Inputs, LightCurve, Object, Statistic, Value, WholeObject, count};

use crate::error::Error;
use crate::kind::Kind;
use crate::pairs::{FIRST, Pairs, SECOND, WINDOW, two_bands};

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "stetson_i",
    summary: "Welch and Stetson's I: correlated variability in two bands",
    columns: "stetson_i_{first}_{second}_window{window}",
    parameters: &[FIRST, SECOND, WINDOW],
    registered: &["first=g:second=r:window=0.05"],
    build: |arguments| {
        let (first, second) = (arguments.text(&FIRST)?, arguments.text(&SECOND)?);
        Ok(Statistic::object(StetsonI::new(first, second, arguments.float(&WINDOW)?)?))
    },
};

/// Welch and Stetson's I; see the [module](self).
#[derive(Clone, Debug)]
pub struct StetsonI {
    info: Info,
    window: f64,
}

impl StetsonI {
    /// Creates the index of two bands. Epochs at most `window` days apart form pairs.
    ///
    /// # Errors
    /// [`Error::BadValue`] if the bands are the same, one has no label, or the window is negative or not finite.
    pub fn new(first: &str, second: &str, window: f64) -> Result<Self, Error> {
        let window = KIND.check(&WINDOW, window)?;
        let info = Info {
            summary: KIND.summary.into(),
            formula: format!(
                "sqrt(1/(n(n − 1))) Σ (b − b̄)/σ_b (v − v̄)/σ_v over the n pairs of epochs at most {window} days apart; b, \
                 v: flux in {first} and {second}, σ: error, b̄, v̄: means weighted by 1/σ²"
            )
            .into(),
            bands: two_bands(&KIND, first, second)?,
            reference: "Welch & Stetson 1993, AJ 105, 1813, doi:10.1086/116556".into(),
            ..Info::new(format!("stetson_i_{first}_{second}_window{window}"), Inputs::ALL)
        };
        Ok(Self { info, window })
    }
}

impl WholeObject for StetsonI {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, object: &Object<'_>, out: &mut [Value]) {
        let [Some(first), Some(second)] = [0, 1].map(|i| object.band(&self.info.bands[i])) else { return };
        let Pairs { pairs } = Pairs::of(first, second, self.window);
        let deviation = |light_curve: &LightCurve<'_>, at: usize| {
            (light_curve.flux()[at] - light_curve.weighted().mean) / light_curve.error()[at]
        };
        let sum: f64 = pairs.iter().map(|[i, j]| deviation(first, *i) * deviation(second, *j)).sum();
        let n = count(pairs.len());
        out[0] = if pairs.len() < 2 { Value::Null } else { (sum / (n * (n - 1.0)).sqrt()).into() };
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Epochs, of_bands};

    fn epochs(time: &[f64], flux: &[f64], error: f64) -> Epochs {
        Epochs { time: time.to_vec(), flux: flux.to_vec(), error: vec![error; flux.len()] }
    }

    #[test]
    fn anticorrelated_bands_give_a_negative_value() {
        let time = [0.0, 1.0, 2.0, 3.0];
        let (g, r) = (epochs(&time, &[9.0, 11.0, 9.0, 11.0], 0.5), epochs(&time, &[8.0, 4.0, 8.0, 4.0], 0.25));
        // Four pairs of −2 · 8 over sqrt(4 · 3).
        let got = of_bands("stetson_i", &[("g", &g), ("r", &r)]).expect("a value");
        assert!((got + 64.0 / 12.0_f64.sqrt()).abs() < 1e-13, "{got}");
    }

    #[test]
    fn epochs_without_a_partner_count_only_for_the_mean() {
        let g = epochs(&[0.0, 1.0, 7.0], &[1.0, 3.0, 5.0], 1.0);
        let r = epochs(&[0.01, 1.02], &[2.0, 4.0], 1.0);
        // Means 3 and 3: (−2)(−1) + 0 over sqrt(2).
        assert_eq!(of_bands("stetson_i", &[("g", &g), ("r", &r)]), Some(2.0 / 2.0_f64.sqrt()));
        assert_eq!(of_bands("stetson_i:window=0.015", &[("g", &g), ("r", &r)]), None, "one pair");
        assert_eq!(of_bands("stetson_i:first=r:second=g", &[("g", &g), ("r", &r)]), Some(2.0 / 2.0_f64.sqrt()));
    }

    #[test]
    fn without_the_other_band_it_is_null() {
        let g = epochs(&[0.0, 1.0], &[1.0, 3.0], 1.0);
        assert_eq!(of_bands("stetson_i", &[("g", &g), ("i", &g)]), None);
        assert_eq!(of_bands("stetson_i", &[("g", &g), ("r", &epochs(&[], &[], 1.0))]), None);
    }

    #[test]
    fn a_band_is_not_compared_with_itself() {
        let error = crate::make("stetson_i:first=r:second=r").expect_err("the same").to_string();
        assert!(error.contains("'second' of 'stetson_i' is 'r', but must be a band other than the first"), "{error}");
    }
}
