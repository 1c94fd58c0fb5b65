//! Stetson's index L, a measure of correlated variability in two bands that is robust against outliers.
//!
//! L = sqrt(π/2) J K with J = Σ wₖ sgn(Pₖ) sqrt(|Pₖ|)/Σ wₖ and K = Σ|δ|/n / sqrt(Σδ²/n), where δ = sqrt(m/(m − 1)) (x −
//! x̄)/σ for each of the m epochs of a band, and K is taken over the n epochs of both. A pair of epochs, one of each
//! band and at most one window apart, has P = δ_b δ_v and w = 1. An epoch without a partner has P = δ² − 1 and the
//! weight `single`, by default 0. The mean x̄ of a band is the robust mean of [`stetson_j`](super::stetson_j). Pairs
//! are those of [`stetson_i`](super::stetson_i).
//!
//! Stetson also multiplies by the fraction of images in which the star was measured. Light curves do not contain this
//! fraction, so the factor is 1 here.
//!
//! It has one result for each object, in a row without a band.
//!
//! - Parameters: `first` and `second`, the bands; `window`, days, 0 or more; `single`, the weight of an epoch without a
//!   partner, 0 to 1. Column `stetson_l_g_r_window0.05_single0`.
//! - Depends on: flux, error and time of both bands, in time order.
//! - Unit: none.
//! - Minimum number of observations: 2 in each band, and one pair if epochs without a partner have zero weight; null
//!   with fewer.
//! - NaN: with constant fluxes in both bands (K is 0/0), and where J is NaN.
//! - Reference: Stetson 1996, PASP 108, 851, [doi:10.1086/133808](https://doi.org/10.1086/133808).
//!
//! ```
//! use tape_analysis::statistics::stetson_l::StetsonL;
//! use tape_core::{LightCurve, Object, Statistic, Value};
//! let light_curve = |band| LightCurve::new(&[8.0, 12.0]).with_error(&[1.0; 2]).with_time(&[0.0, 1.0]).with_band(band);
//! let light_curves = ["g", "r"].map(light_curve);
//! let mut out = [Value::Null];
//! Statistic::object(StetsonL::new("g", "r", 0.01, 0.0)?).evaluate_object(&Object::new(&light_curves), &mut out);
//! // Each δ is ±sqrt(8), and K is 1.
//! assert!(matches!(out[0], Value::Float(l) if (l - (4.0 * std::f64::consts::PI).sqrt()).abs() < 1e-14));
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use std::f64::consts::FRAC_PI_2;
use std::ops::Bound;

use tape_core::{Info, Inputs, LightCurve, Object, Statistic, Value, WholeObject, count};

use super::stetson_j::reference::robust_mean;
use crate::error::Error;
use crate::kind::Kind;
use crate::pairs::{FIRST, Pairs, SECOND, WINDOW, two_bands};
use crate::parameter::{Allowed, Parameter};

const SINGLE: Parameter = Parameter {
    name: "single",
    summary: "weight of an epoch without a partner, relative to a pair",
    allowed: Allowed::Float(Bound::Included(0.0), Bound::Included(1.0)),
    default: Some("0"),
};

/// Registration of the statistic by name.
pub(crate) static KIND: Kind = Kind {
    name: "stetson_l",
    summary: "Stetson's L: correlated variability in two bands, robust against outliers",
    columns: "stetson_l_{first}_{second}_window{window}_single{single}",
    parameters: &[FIRST, SECOND, WINDOW, SINGLE],
    registered: &["first=g:second=r:window=0.05:single=0"],
    build: |arguments| {
        let (first, second) = (arguments.text(&FIRST)?, arguments.text(&SECOND)?);
        let (window, single) = (arguments.float(&WINDOW)?, arguments.float(&SINGLE)?);
        Ok(Statistic::object(StetsonL::new(first, second, window, single)?))
    },
};

/// Stetson's L; see the [module](self).
#[derive(Clone, Debug)]
pub struct StetsonL {
    info: Info,
    window: f64,
    single: f64,
}

impl StetsonL {
    /// Creates the index of two bands. Epochs at most `window` days apart form pairs, and an epoch without a
    /// partner has the weight `single`.
    ///
    /// # Errors
    /// [`Error::BadValue`] if the bands are the same, one has no label, the window is negative or not finite, or the
    /// weight is not from 0 to 1.
    pub fn new(first: &str, second: &str, window: f64, single: f64) -> Result<Self, Error> {
        let (window, single) = (KIND.check(&WINDOW, window)?, KIND.check(&SINGLE, single)?);
        let info = Info {
            summary: KIND.summary.into(),
            formula: format!(
                "sqrt(π/2) Σ w sgn(P) sqrt(|P|)/Σ w · Σ|δ|/n/sqrt(Σδ²/n), δ = sqrt(m/(m − 1)) (x − x̄)/σ, P = δ δ′ and w = 1 \
                 for epochs of {first} and {second} at most {window} days apart, P = δ² − 1 and w = {single} for others; \
                 x: flux, σ: error, x̄: robust mean, m, n: number of epochs of the band, and of both"
            )
            .into(),
            min_epochs: 2,
            bands: two_bands(&KIND, first, second)?,
            reference: "Stetson 1996, PASP 108, 851, doi:10.1086/133808".into(),
            ..Info::new(format!("stetson_l_{first}_{second}_window{window}_single{single}"), Inputs::ALL)
        };
        Ok(Self { info, window, single })
    }
}

impl WholeObject for StetsonL {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, object: &Object<'_>, out: &mut [Value]) {
        let [Some(first), Some(second)] = [0, 1].map(|i| object.band(&self.info.bands[i])) else { return };
        let pairs = Pairs::of(first, second, self.window);
        let deltas = [residuals(first), residuals(second)];
        let (mut sum, mut weight) = (0.0, 0.0);
        for &[i, j] in &pairs.pairs {
            sum += signed_root(deltas[0][i] * deltas[1][j]);
            weight += 1.0;
        }
        for (side, deltas) in deltas.iter().enumerate() {
            let partners = pairs.has_partner(side, deltas.len());
            for (delta, _) in deltas.iter().zip(partners).filter(|(_, has_partner)| !has_partner) {
                sum += self.single * signed_root(delta * delta - 1.0);
                weight += self.single;
            }
        }
        let all = || deltas.iter().flatten();
        let n = count(all().count());
        let k =
            all().map(|delta| delta.abs()).sum::<f64>() / (n * all().map(|delta| delta * delta).sum::<f64>()).sqrt();
        out[0] = if weight == 0.0 { Value::Null } else { (FRAC_PI_2.sqrt() * sum / weight * k).into() };
    }
}

/// Returns the δ of each epoch.
fn residuals(light_curve: &LightCurve<'_>) -> Vec<f64> {
    let (flux, error) = (light_curve.flux(), light_curve.error());
    let n = count(flux.len());
    let factor = (n / (n - 1.0)).sqrt();
    let mean = robust_mean(flux, error, factor);
    flux.iter().zip(error).map(|(x, sigma)| factor * (x - mean) / sigma).collect()
}

fn signed_root(p: f64) -> f64 {
    if p == 0.0 { 0.0 } else { p.signum() * p.abs().sqrt() }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use crate::testing::{Epochs, of_bands};

    fn epochs(time: &[f64], flux: &[f64]) -> Epochs {
        Epochs { time: time.to_vec(), flux: flux.to_vec(), error: vec![1.0; flux.len()] }
    }

    #[test]
    fn two_levels_correlated_and_anticorrelated() {
        let time: Vec<f64> = (0..6_u32).map(f64::from).collect();
        let flux = [5.0, 9.0].repeat(3);
        let against: Vec<f64> = flux.iter().map(|x| 14.0 - x).collect();
        // Each δ is ±2 sqrt(6/5), and K is 1.
        let want = (PI / 2.0).sqrt() * 2.0 * 1.2_f64.sqrt();
        for (other, sign) in [(&flux, 1.0), (&against, -1.0)] {
            let (g, r) = (epochs(&time, &flux), epochs(&time, other));
            let got = of_bands("stetson_l", &[("g", &g), ("r", &r)]).expect("a value");
            assert!((got - sign * want).abs() < 1e-13, "{got}, not {}", sign * want);
        }
    }

    #[test]
    fn without_pairs_it_uses_single_epochs_or_is_null() {
        let (g, r) = (epochs(&[0.0, 1.0], &[8.0, 12.0]), epochs(&[100.0, 101.0], &[8.0, 12.0]));
        let bands = [("g", &g), ("r", &r)];
        assert_eq!(of_bands("stetson_l", &bands), None);
        // Each δ² is 8, as in J of two such epochs.
        let got = of_bands("stetson_l:single=0.5", &bands).expect("a value");
        assert!((got - (PI / 2.0 * 7.0).sqrt()).abs() < 1e-13, "{got}");
    }

    #[test]
    fn single_epochs_have_the_given_weight() {
        let g = epochs(&[0.0, 1.0], &[8.0, 12.0]);
        let r = epochs(&[0.0, 50.0], &[8.0, 12.0]);
        // One pair of 8, and two single epochs of 7: (sqrt(8) + sqrt(7)/2)/(1 + 1/2).
        let got = of_bands("stetson_l:single=0.25", &[("g", &g), ("r", &r)]).expect("a value");
        let want = (PI / 2.0).sqrt() * (8.0_f64.sqrt() + 0.5 * 7.0_f64.sqrt()) / 1.5;
        assert!((got - want).abs() < 1e-13, "{got}, not {want}");
    }

    #[test]
    fn one_outlier_counts_less_than_a_variation() {
        let time: Vec<f64> = (0..20_u32).map(f64::from).collect();
        let mut outlier = vec![10.0; 20];
        outlier[7] = 30.0;
        let outlier = epochs(&time, &outlier);
        let l = of_bands("stetson_l", &[("g", &outlier), ("r", &outlier)]).expect("a value");
        let i = of_bands("stetson_i", &[("g", &outlier), ("r", &outlier)]).expect("a value");
        assert!(l < 0.5 && i > 10.0, "L {l}, I {i}");
    }
}
