//! The fluxes split in two parts by Otsu's method: difference of the means, scatter of each part, and fraction of
//! epochs in the lower part.
//!
//! The split of the fluxes in ascending order maximises the variance between the parts, k(n − k)(m₂ − m₁)²/n²; of
//! several maxima, the first is taken. The lower part has k of the n epochs and mean m₁, the upper part the others and
//! mean m₂. Outputs `otsu_mean_diff` = m₂ − m₁, `otsu_std_lower` and `otsu_std_upper`, the sample standard deviations
//! (0 for a single epoch), and `otsu_lower_to_all_ratio` = k/n. An eclipsing binary has a small and distant lower part.
//!
//! - Depends on: flux.
//! - Unit: that of the flux; none for the fraction.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: with constant fluxes, which have no split.
//! - Reference: Otsu 1979, IEEE Transactions on Systems, Man, and Cybernetics 9, 62,
//!   [doi:10.1109/TSMC.1979.4310076](https://doi.org/10.1109/TSMC.1979.4310076).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[9.0, 1.0, 8.0, 10.0]);
//! let mut out = [Value::Null, Value::Null, Value::Null, Value::Null];
//! Statistic::whole(tape_analysis::statistics::otsu_split::OtsuSplit).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(8.0), Value::Float(0.0), Value::Float(1.0), Value::Float(0.25)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Moments, Output, Value, WholeLightCurve, count};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "fluxes split in two by Otsu's method: difference of means, both scatters, fraction in the lower part"
        .into(),
    formula: "k maximises k(n − k)(m₂ − m₁)²; m₂ − m₁, s₁, s₂, k/n; m₁, s₁: mean and standard deviation of \
              the k lowest of n fluxes, m₂, s₂: of the others"
        .into(),
    outputs: ["otsu_mean_diff", "otsu_std_lower", "otsu_std_upper", "otsu_lower_to_all_ratio"]
        .map(Output::float)
        .to_vec(),
    min_epochs: 2,
    reference: "Otsu 1979, IEEE Transactions on Systems, Man, and Cybernetics 9, 62, doi:10.1109/TSMC.1979.4310076"
        .into(),
    ..Info::new("otsu_split", Inputs::FLUX)
});

/// The split by Otsu's method; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct OtsuSplit;

impl WholeLightCurve for OtsuSplit {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let values = split(light_curve).map_or([f64::NAN; 4], |k| {
            let (lower, upper) = light_curve.sorted_flux().split_at(k);
            let [lower, upper] = [lower, upper].map(Moments::of);
            let share = lower.n / (lower.n + upper.n);
            [upper.mean - lower.mean, deviation(lower), deviation(upper), share]
        });
        for (out, value) in out.iter_mut().zip(values) {
            *out = value.into();
        }
    }
}

/// Returns the number of epochs in the lower part, or `None` if all fluxes are equal.
///
/// With S the sum of the k lowest deviations from the mean of all, the variance between the parts is S²/(k(n − k)).
fn split(light_curve: &LightCurve<'_>) -> Option<usize> {
    let &Moments { n, mean, m2 } = light_curve.moments();
    if m2 == 0.0 {
        return None;
    }
    let (mut sum, mut greatest, mut at) = (0.0, f64::NEG_INFINITY, None);
    for (i, pair) in light_curve.sorted_flux().windows(2).enumerate() {
        sum += pair[0] - mean;
        let k = count(i + 1);
        let between = sum * sum / (k * (n - k));
        // Equal fluxes stay in the same part.
        if between > greatest && pair[0] < pair[1] {
            (greatest, at) = (between, Some(i + 1));
        }
    }
    at
}

/// Returns the sample standard deviation, or 0 for a single epoch.
fn deviation(part: Moments) -> f64 {
    if part.n < 2.0 { 0.0 } else { part.variance().sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::value;

    fn otsu(flux: &[f64]) -> Vec<f64> {
        value("otsu_split", &vec![0.0; flux.len()], flux, &vec![1.0; flux.len()])
    }

    #[test]
    fn two_levels_are_the_two_parts() {
        assert_eq!(otsu(&[5.0, 1.0, 5.0, 5.0, 1.0, 5.0, 5.0, 5.0]), [4.0, 0.0, 0.0, 0.25]);
    }

    #[test]
    fn the_lower_of_two_equal_splits_is_taken() {
        assert_eq!(otsu(&[-1.0, 0.0, 1.0])[3], 1.0 / 3.0);
    }

    #[test]
    fn the_split_agrees_with_a_search() {
        let mut flux: Vec<f64> =
            (0..60_u32).map(|i| f64::from(i * i % 61) + if i % 3 == 0 { 80.0 } else { 0.0 }).collect();
        flux.sort_unstable_by(f64::total_cmp);
        let mean = |part: &[f64]| part.iter().sum::<f64>() / count(part.len());
        let between = |k: usize| {
            let (lower, upper) = flux.split_at(k);
            count(k) * count(flux.len() - k) * (mean(upper) - mean(lower)).powi(2)
        };
        let best = (1..flux.len()).max_by(|&a, &b| between(a).total_cmp(&between(b)));
        assert_eq!(split(&LightCurve::new(&flux)), best);
    }

    #[test]
    fn a_constant_source_gives_nan() {
        assert!(otsu(&[0.1; 7]).iter().all(|value| value.is_nan()));
    }
}
