//! The scale Qₙ: the spread of the flux from its pairwise differences, robust against outliers and skewed
//! distributions.
//!
//! dₙ 2.2191 times the k-th smallest of |xᵢ − xⱼ|, i < j, with k = h(h − 1)/2, h = ⌊n/2⌋ + 1 and xᵢ the n fluxes: about
//! the first quartile of all differences. 2.2191 = 1/(sqrt(2) Φ⁻¹(5/8)) makes it the standard deviation of normal
//! fluxes (the paper's 2.2219 is a misprint). dₙ corrects for small n: 0.399, 0.994, 0.512, 0.844, 0.611, 0.857, 0.669
//! and 0.872 for n from 2 to 9, and for larger n, n/(n + 1.4) if n is odd and n/(n + 3.8) if n is even (Croux &
//! Rousseeuw 1992, [doi:10.1007/978-3-662-26811-7_58](https://doi.org/10.1007/978-3-662-26811-7_58)).
//!
//! The k-th smallest difference is found by bisection in about sixty steps at most. Each step counts the pairs below in
//! one pass over the sorted fluxes. The result is exact, and needs no memory beyond the sorted fluxes.
//!
//! - Depends on: flux.
//! - Unit: that of the flux.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: never.
//! - Reference: Rousseeuw & Croux 1993, JASA 88, 1273,
//!   [doi:10.1080/01621459.1993.10476408](https://doi.org/10.1080/01621459.1993.10476408).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 2.0, 4.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(tape_analysis::statistics::qn_scale::QnScale).evaluate(&light_curve, &mut out);
//! // The smallest of the differences 1, 2 and 3.
//! assert!(matches!(out[0], Value::Float(scale) if (scale - 0.994 * 2.2191444659850757).abs() < 1e-15));
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Value, WholeLightCurve, count};

/// 1/(sqrt(2) Φ⁻¹(5/8)).
const NORMAL: f64 = 2.219_144_465_985_076;

/// Factors that make the scale unbiased for 2 to 9 normal fluxes.
const FEW: [f64; 8] = [0.399, 0.994, 0.512, 0.844, 0.611, 0.857, 0.669, 0.872];

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "robust scale of the flux from its pairwise differences".into(),
    formula:
        "d 2.2191 |x[i] − x[j]|₍ₖ₎, the k-th smallest over i < j, k = h(h − 1)/2, h = ⌊n/2⌋ + 1; x: flux, d: factor \
              for few epochs, n: number of epochs"
            .into(),
    min_epochs: 2,
    reference: "Rousseeuw & Croux 1993, JASA 88, 1273, doi:10.1080/01621459.1993.10476408".into(),
    ..Info::new("qn_scale", Inputs::FLUX)
});

/// The scale Qₙ; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct QnScale;

impl WholeLightCurve for QnScale {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let sorted = light_curve.sorted_flux();
        let half = (sorted.len() / 2 + 1) as u64;
        let difference = smallest_difference(sorted, half * (half - 1) / 2);
        out[0] = (few(sorted.len()) * NORMAL * difference).into();
    }
}

/// Returns the factor dₙ for `n` fluxes.
fn few(n: usize) -> f64 {
    let known = n.checked_sub(2).and_then(|at| FEW.get(at));
    known.copied().unwrap_or_else(|| count(n) / (count(n) + if n % 2 == 1 { 1.4 } else { 3.8 }))
}

/// Returns the k-th smallest difference between two of the ascending values, with k counted from 1.
fn smallest_difference(sorted: &[f64], k: u64) -> f64 {
    let (Some(&first), Some(&last)) = (sorted.first(), sorted.last()) else { return 0.0 };
    // The bit patterns of floats that are not negative have the order of the floats.
    let (mut low, mut high) = (0, (last - first).to_bits());
    while low < high {
        let middle = low.midpoint(high);
        if pairs_within(sorted, f64::from_bits(middle)) < k {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    f64::from_bits(low)
}

/// Counts the pairs of ascending values that differ by no more than `most`.
fn pairs_within(sorted: &[f64], most: f64) -> u64 {
    let (mut from, mut pairs) = (0, 0);
    for (to, x) in sorted.iter().enumerate() {
        while x - sorted[from] > most {
            from += 1;
        }
        pairs += (to - from) as u64;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::value_of;

    #[test]
    fn differences_of_each_rank_agree_with_a_sort() {
        let mut sorted: Vec<f64> = (0..60_u32).map(|i| f64::from(i * i % 61) * 0.1).chain([2.2; 6]).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let pairs = (0..sorted.len()).flat_map(|j| (0..j).map(move |i| (i, j)));
        let mut all: Vec<f64> = pairs.map(|(i, j)| sorted[j] - sorted[i]).collect();
        all.sort_unstable_by(f64::total_cmp);
        for (rank, want) in (1..).zip(&all) {
            assert_eq!(smallest_difference(&sorted, rank), *want, "{rank}");
        }
    }

    #[test]
    fn evenly_spaced_fluxes_give_a_multiple_of_their_step() {
        // Of the differences between ten levels, nine are one step and eight are two, so the fifteenth smallest is two
        // steps.
        let ladder: Vec<f64> = (0..10_u32).map(|i| 5.0 * f64::from(i)).collect();
        assert_eq!(value_of("qn_scale", &ladder), 10.0 / 13.8 * NORMAL * 10.0);
        assert_eq!(value_of("qn_scale", &ladder[..9]), 0.872 * NORMAL * 10.0);
        assert_eq!(value_of("qn_scale", &[1.0, 4.0]), 0.399 * NORMAL * 3.0);
    }

    #[test]
    fn almost_half_of_the_fluxes_may_be_outliers() {
        let mut flux: Vec<f64> = (0..21_u32).map(f64::from).collect();
        flux[11..].iter_mut().zip(0..10_u32).for_each(|(x, i)| *x = 1e9 * f64::from(i + 1).powi(2));
        assert!(value_of("qn_scale", &flux) < 30.0);
    }

    #[test]
    fn a_constant_source_gives_zero() {
        assert_eq!(value_of("qn_scale", &[0.1; 7]), 0.0);
    }
}
