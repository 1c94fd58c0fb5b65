//! The median of the absolute deviations of the flux from its median: a robust measure of scatter.
//!
//! median |xᵢ − median(x)|, with xᵢ the fluxes. Normal fluxes give 0.674 standard deviations; no factor is applied.
//!
//! - Depends on: flux.
//! - Unit: that of the flux.
//! - Minimum number of observations: 1; null with fewer.
//! - NaN: never.
//! - Reference: Richards et al. 2011, ApJ 733, 10,
//!   [doi:10.1088/0004-637X/733/1/10](https://doi.org/10.1088/0004-637X/733/1/10).
//!
//! ```
//! use tape_analysis::statistics::median_absolute_deviation::MedianAbsoluteDeviation;
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 2.0, 4.0, 9.0, 99.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(MedianAbsoluteDeviation).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(3.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{DeviceKernel, Info, Inputs, LightCurve, Method, Value, WholeLightCurve};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "median of the absolute deviations of the flux from its median".into(),
    formula: "median |x − median(x)|; x: flux".into(),
    reference: "Richards et al. 2011, ApJ 733, 10, doi:10.1088/0004-637X/733/1/10".into(),
    ..Info::new("median_absolute_deviation", Inputs::FLUX)
});

/// The tolerance is relative, some rounding errors. If outliers move the reference that was subtracted far from the
/// median, the deviations have lost digits, and the CPU computes the light curve instead.
static KERNEL: DeviceKernel = DeviceKernel {
    name: "median_absolute_deviation",
    wgsl: concat!(include_str!("../device/order.wgsl"), include_str!("median_absolute_deviation.wgsl")),
    method: Method::Whole,
    len: 2,
    error: false,
    double: false,
    tolerance: |precision, _| 16.0 * precision.epsilon(),
    scale: |_, want, out| out[0] = want[0],
    restore: |numbers, _, out| {
        out[0] = numbers[0];
        numbers[1].abs() <= 7.0 * numbers[0]
    },
};

/// The median absolute deviation; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct MedianAbsoluteDeviation;

impl WholeLightCurve for MedianAbsoluteDeviation {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        out[0] = median_absolute_deviation(light_curve).into();
    }

    fn kernel(&self) -> Option<&'static DeviceKernel> {
        Some(&KERNEL)
    }
}

/// Computes the median absolute deviation of a light curve with at least one epoch.
pub(super) fn median_absolute_deviation(light_curve: &LightCurve<'_>) -> f64 {
    let (sorted, median) = (light_curve.sorted_flux(), light_curve.median());
    let last = sorted.len() - 1;
    let [low, high] = [last / 2, last - last / 2].map(|rank| nearest(sorted, median, rank));
    0.5 * (low + high)
}

/// Returns the absolute deviation from `centre` with the given rank, counted from 0, among ascending values.
///
/// The values with the smallest deviations are neighbours. Among all windows of `rank + 1` values, the result is the
/// minimum of the larger deviation at the two ends: as the window moves up, the deviation at its lower end falls and
/// that at its upper end rises.
fn nearest(sorted: &[f64], centre: f64, rank: usize) -> f64 {
    let upper = &sorted[rank..];
    let (mut from, mut to) = (0, upper.len());
    while from < to {
        let middle = from.midpoint(to);
        if centre - sorted[middle] > upper[middle] - centre {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    let rising = upper.get(from).map_or(f64::INFINITY, |x| x - centre);
    let falling = if from > 0 { centre - sorted[from - 1] } else { f64::INFINITY };
    rising.min(falling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_of_each_rank_agree_with_a_sort() {
        let mut sorted: Vec<f64> = (0..101_u32).map(|i| f64::from(i * i % 101)).chain([7.0; 5]).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        for centre in [0.0, 7.0, 13.5, 100.0] {
            let mut deviations: Vec<f64> = sorted.iter().map(|x| (x - centre).abs()).collect();
            deviations.sort_unstable_by(f64::total_cmp);
            for (rank, want) in deviations.into_iter().enumerate() {
                assert_eq!(nearest(&sorted, centre, rank), want, "rank {rank} about {centre}");
            }
        }
    }

    #[test]
    fn two_levels_deviate_by_half_a_step() {
        let deviation = crate::testing::value("median_absolute_deviation", &[0.0; 4], &[1.0, 3.0, 1.0, 3.0], &[1.0; 4]);
        assert_eq!(deviation, [1.0]);
    }

    #[test]
    fn a_constant_source_gives_zero() {
        assert_eq!(crate::testing::value("median_absolute_deviation", &[0.0; 4], &[0.1; 4], &[1.0; 4]), [0.0]);
    }
}
