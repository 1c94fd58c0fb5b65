//! Kernels of quantiles. A device returns the fluxes on both sides of a quantile, and the CPU interpolates between
//! them.
//!
//! The ranks of these fluxes come from a product that a device may round differently. The kernel therefore also returns
//! the rank it used. If it differs from the CPU's rank, the CPU computes the light curve instead.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use tape_core::{DeviceKernel, Method, OnDevice};

use super::place;

/// Largest ratio of the ends of a range to the range. Beyond it, the range has lost too many digits.
const MOST_CANCELLED: f64 = 7.0;

const SELECTION: &str = concat!(include_str!("../device/order.wgsl"), include_str!("beside.wgsl"));

/// The tolerance is relative. It covers some rounding errors of the two ends, which are not much larger than the range.
const RANGE: DeviceKernel = DeviceKernel {
    name: "inter_quantile",
    wgsl: include_str!("range.wgsl"),
    method: Method::Whole,
    len: 7,
    error: false,
    double: false,
    tolerance: |precision, _| 32.0 * precision.epsilon(),
    scale: |_, want, out| out[0] = want[0].abs(),
    restore: |numbers, of, out| restored(&numbers[..7], of, &mut out[0]),
};

const RANGE_AND_MEDIAN: DeviceKernel = DeviceKernel {
    name: "inter_quantile_by_median",
    wgsl: include_str!("range_and_median.wgsl"),
    len: 8,
    restore: |numbers, of, out| {
        let median = of.reference + numbers[7];
        let is_range = restored(&numbers[..7], of, &mut out[0]);
        out[0] /= median;
        is_range && median != 0.0 && numbers[7].abs() <= 4.0 * median.abs()
    },
    ..RANGE
};

const TWO_RANGES: DeviceKernel = DeviceKernel {
    name: "inter_quantile_ratio",
    wgsl: include_str!("two_ranges.wgsl"),
    len: 14,
    tolerance: |precision, _| 64.0 * precision.epsilon(),
    restore: |numbers, of, out| {
        let (mut inner, mut outer) = (0.0, 0.0);
        let are_ranges = restored(&numbers[..7], of, &mut inner) && restored(&numbers[7..14], of, &mut outer);
        out[0] = inner / outer;
        are_ranges && outer > 0.0
    },
    ..RANGE
};

/// Returns the kernel of the range from a quantile to the mirrored quantile.
pub(crate) fn range(fraction: f32) -> &'static DeviceKernel {
    made_once(&RANGE, &[("FRACTION", fraction)])
}

/// Returns the kernel of the range relative to the median.
pub(crate) fn range_and_median(fraction: f32) -> &'static DeviceKernel {
    made_once(&RANGE_AND_MEDIAN, &[("FRACTION", fraction)])
}

/// Returns the kernel of the ratio of two ranges.
pub(crate) fn two_ranges(inner: f32, outer: f32) -> &'static DeviceKernel {
    made_once(&TWO_RANGES, &[("FRACTION", inner), ("OUTER", outer)])
}

/// Returns a kernel with constants in its source. Kernels are leaked, one for each set of constants, because drivers
/// identify kernels by name and keep them.
fn made_once(of: &DeviceKernel, constants: &[(&str, f32)]) -> &'static DeviceKernel {
    static MADE: LazyLock<Mutex<BTreeMap<String, &'static DeviceKernel>>> = LazyLock::new(Mutex::default);
    let text: String = constants.iter().map(|(name, value)| format!("const {name}: f32 = {value:?}f;\n")).collect();
    let name = format!("{} {}", of.name, constants.iter().map(|(_, value)| format!("{value} ")).collect::<String>());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    made.entry(name.clone()).or_insert_with(|| {
        let wgsl = String::leak([&text, SELECTION, of.wgsl].concat());
        let kernel = DeviceKernel { name: String::leak(name), wgsl, ..*of };
        Box::leak(Box::new(kernel))
    })
}

/// Computes a range from `numbers`: the fraction and, for each end, the rank below the quantile and the two fluxes
/// around it. Returns false if a rank differs from the CPU's or the range has lost digits.
#[expect(clippy::cast_possible_truncation, reason = "the device computed it in single precision")]
fn restored(numbers: &[f64], of: OnDevice, out: &mut f64) -> bool {
    let fraction = numbers[0] as f32;
    let quantile = |fraction: f32, at: &[f64]| {
        let (below, weight) = place(fraction, of.n);
        let value = if weight == 0.0 { at[1] } else { at[1] + weight * (at[2] - at[1]) };
        (value, at[0] == tape_core::count(below))
    };
    let ((low, is_low), (high, is_high)) =
        (quantile(fraction, &numbers[1..4]), quantile(1.0 - fraction, &numbers[4..7]));
    *out = high - low;
    is_low && is_high && low.abs().max(high.abs()) <= MOST_CANCELLED * *out
}
