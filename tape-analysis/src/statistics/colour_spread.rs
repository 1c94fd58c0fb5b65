//! The spread of an object's mean fluxes over its bands.
//!
//! sqrt(Σ(mₖ − ⟨m⟩)²/k), with mₖ the mean flux in each of the object's k bands, weighted by 1/σ² with the errors σ, and
//! ⟨m⟩ the mean of the mₖ. It is zero for a source with the same mean flux in every band.
//!
//! It has one result for each object, in a row without a band.
//!
//! - Depends on: flux and error of all bands in the run.
//! - Unit: that of the flux.
//! - Minimum number of observations: 1 in each of two bands; null with fewer. Bands without epochs are ignored.
//! - NaN: if the weights of a band sum to zero or infinity (errors beyond 10^±154).
//! - Reference: Malanchev et al. 2021, MNRAS 502, 5147,
//!   [doi:10.1093/mnras/stab316](https://doi.org/10.1093/mnras/stab316).
//!
//! ```
//! use tape_core::{LightCurve, Object, Statistic, Value};
//! let light_curves = [("g", &[21.0]), ("r", &[19.0])]
//!     .map(|(band, flux)| LightCurve::new(flux).with_error(&[0.1]).with_band(band));
//! let mut out = [Value::Null];
//! let spread = Statistic::object(tape_analysis::statistics::colour_spread::ColourSpread);
//! spread.evaluate_object(&Object::new(&light_curves), &mut out);
//! assert_eq!(out, [Value::Float(1.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, Moments, Object, Quantity, Value, WholeObject};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "standard deviation of the mean fluxes in the bands".into(),
    formula: "sqrt(Σ(m − ⟨m⟩)²/k); m: mean flux in each of k bands, weighted by 1/σ², σ: error".into(),
    reference: "Malanchev et al. 2021, MNRAS 502, 5147, doi:10.1093/mnras/stab316".into(),
    quantity: Some(Quantity::Magnitude),
    ..Info::new("colour_spread", Inputs::FLUX_ERROR)
});

/// The spread over the bands; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct ColourSpread;

impl WholeObject for ColourSpread {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, object: &Object<'_>, out: &mut [Value]) {
        let bands = object.light_curves().iter().filter(|light_curve| !light_curve.is_empty());
        let means: Vec<f64> = bands.map(|light_curve| light_curve.weighted().mean).collect();
        let Moments { n, m2, .. } = Moments::of(&means);
        out[0] = if means.len() < 2 { Value::Null } else { (m2 / n).sqrt().into() };
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Epochs, of_bands};

    #[test]
    fn three_bands() {
        // From light-curve 0.13.3, `ColorSpread(["g", "r", "i"])`.
        let g = Epochs { time: vec![0.0; 2], flux: vec![20.0, 21.0], error: vec![0.1, 0.2] };
        let r = Epochs { time: vec![0.0; 3], flux: vec![19.0, 19.5, 18.0], error: vec![0.3, 0.1, 0.2] };
        let i = Epochs { time: vec![0.0], flux: vec![17.25], error: vec![0.1] };
        let got = of_bands("colour_spread", &[("g", &g), ("i", &i), ("r", &r)]).expect("a value");
        assert!((got - 1.2235881979308232).abs() < 1e-14, "{got}");
        let empty = Epochs { time: vec![], flux: vec![], error: vec![] };
        assert_eq!(of_bands("colour_spread", &[("g", &g), ("i", &i), ("r", &r), ("u", &empty)]), Some(got));
    }

    #[test]
    fn one_band_gives_null() {
        let g = Epochs { time: vec![0.0; 2], flux: vec![20.0, 21.0], error: vec![0.1, 0.2] };
        let empty = Epochs { time: vec![], flux: vec![], error: vec![] };
        assert_eq!(of_bands("colour_spread", &[("g", &g), ("r", &empty)]), None);
    }
}
