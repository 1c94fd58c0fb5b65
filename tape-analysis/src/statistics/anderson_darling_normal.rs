//! The Anderson-Darling statistic of normality: the deviation of the fluxes from a normal distribution with their mean
//! and variance.
//!
//! A² = (1 + 4/n − 25/n²) (−n − Σ ((2i − 1) ln Φ(zᵢ) + (2(n − i) + 1) ln(1 − Φ(zᵢ)))/n), where i runs from 1 to n,
//! zᵢ = (xᵢ − m)/s, xᵢ are the n fluxes in ascending order, m their mean, s their sample standard deviation, and Φ is
//! the normal distribution. The leading factor makes the critical value the same for all n: normal fluxes exceed
//! 0.752 in 5% of cases.
//!
//! - Depends on: flux.
//! - Unit: none.
//! - Minimum number of observations: 4; null with fewer.
//! - NaN: with constant fluxes (0/0).
//! - Precision: that of sums in f64; the relative or absolute error of the logarithms of Φ is at most 10⁻¹⁵.
//! - Reference: Stephens 1974, JASA 69, 730,
//!   [doi:10.1080/01621459.1974.10480196](https://doi.org/10.1080/01621459.1974.10480196).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 1.0, 1.0, 1.0, 1.0, 9.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(tape_analysis::statistics::anderson_darling_normal::AndersonDarlingNormal)
//!     .evaluate(&light_curve, &mut out);
//! assert!(matches!(out[0], Value::Float(a2) if a2 > 0.752), "{out:?}");
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Value, WholeLightCurve, count};

use crate::normal::LnTails;

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "Anderson-Darling statistic of normality, with mean and variance estimated".into(),
    formula: "(1 + 4/n − 25/n²) (−n − Σ ((2i − 1) ln Φ(z[i]) + (2(n − i) + 1) ln(1 − Φ(z[i])))/n), z = (x − \
              m)/s; x: flux in ascending order, m: mean, s: standard deviation, n: number of epochs"
        .into(),
    min_epochs: 4,
    reference: "Stephens 1974, JASA 69, 730, doi:10.1080/01621459.1974.10480196".into(),
    ..Info::new("anderson_darling_normal", Inputs::FLUX)
});

/// The Anderson-Darling statistic of normality; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct AndersonDarlingNormal;

impl WholeLightCurve for AndersonDarlingNormal {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        out[0] = anderson_darling(light_curve).into();
    }
}

fn anderson_darling(light_curve: &LightCurve<'_>) -> f64 {
    let moments = light_curve.moments();
    let (n, mean) = (moments.n, moments.mean);
    if moments.m2 == 0.0 {
        return f64::NAN;
    }
    let per_deviation = moments.variance().sqrt().recip();
    let tails = LnTails::get();
    let mut sum = [0.0; 2];
    for (i, flux) in light_curve.sorted_flux().iter().enumerate() {
        let below = count(2 * i + 1);
        let [left, right] = tails.at((flux - mean) * per_deviation);
        sum[0] += below * left;
        sum[1] += (2.0 * n - below) * right;
    }
    (1.0 + 4.0 / n - 25.0 / (n * n)) * (-n - (sum[0] + sum[1]) / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_levels_have_the_value_of_the_formula() {
        // z = ±sqrt(3)/2 twice each, and Φ(sqrt(3)/2) = p.
        let p: f64 = 0.806_761_884_614_383_6;
        let want = 7.0 / 16.0 * (-4.0 - (8.0 * (1.0 - p).ln() + 24.0 * p.ln()) / 4.0);
        let got = anderson_darling(&LightCurve::new(&[1.0, -1.0, 1.0, -1.0]));
        assert!((got - want).abs() < 1e-12, "{got}, not {want}");
    }

    #[test]
    fn an_outlier_at_thirty_deviations_is_finite() {
        let mut flux = vec![0.0; 1000];
        flux[7] = 1.0;
        let got = anderson_darling(&LightCurve::new(&flux));
        assert!(got.is_finite() && got > 300.0, "{got}");
    }

    #[test]
    fn scale_and_offset_of_the_flux_do_not_matter() {
        let flux: Vec<f64> = (0..50_u32).map(|i| f64::from(i * i)).collect();
        let moved: Vec<f64> = flux.iter().map(|x| 7.0 - 3.0 * x).collect();
        let [a, b] = [&flux, &moved].map(|flux| anderson_darling(&LightCurve::new(flux)));
        assert!((a - b).abs() < 1e-12, "{a}, {b}");
    }

    #[test]
    fn a_constant_source_gives_nan() {
        assert!(anderson_darling(&LightCurve::new(&[0.1; 10])).is_nan());
    }
}
