//! The median of the absolute deviations of the flux from its median: a scatter that outliers do not move.
//!
//! median |xᵢ − median(x)|, with xᵢ the fluxes. Normal fluxes give 0.674 standard deviations; no factor is applied.
//!
//! - Depends on: flux.
//! - Unit: that of the flux.
//! - Fewest epochs: 1; null with fewer.
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

/// Tolerance: relative, some roundings. Where the median lies far from what was subtracted, as outliers move that, the
/// deviations from it have lost digits, and the CPU takes the light curve.
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

/// Computes the deviation for a light curve with at least one epoch.
pub(super) fn median_absolute_deviation(light_curve: &LightCurve<'_>) -> f64 {
    let (sorted, median) = (light_curve.sorted_flux(), light_curve.median());
    let last = sorted.len() - 1;
    let [low, high] = [last / 2, last - last / 2].map(|rank| nearest(sorted, median, rank));
    0.5 * (low + high)
}

/// The deviation of that rank, from 0 on, among those of ascending values from `centre`.
///
/// The values that deviate the least lie side by side. Of all windows of that length, the one wanted has the least of the
/// greater deviations at its two ends: as windows move up, that at the lower end falls and that at the upper end rises.
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
    fn a_deviation_of_each_rank_is_that_of_a_sort() {
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
    fn a_constant_source_has_none() {
        assert_eq!(crate::testing::value("median_absolute_deviation", &[0.0; 4], &[0.1; 4], &[1.0; 4]), [0.0]);
    }
}
