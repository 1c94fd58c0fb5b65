//! J on a device.
//!
//! A device takes the same steps as the plain loop. Two things can make its J another: the iteration may stop a step earlier
//! or later where a step is as large as the limit within rounding, and where p is near zero its root has half the digits of
//! p. The kernel therefore gives a bound beside J, and the CPU takes the light curves whose bound is above the tolerance.

use tape_core::{DeviceKernel, Method, Precision};

/// Tolerance: 10⁻⁵ in single precision and 10⁻¹⁰ in double, absolute, whatever the number of epochs.
pub(super) static KERNEL: DeviceKernel = DeviceKernel {
    name: "stetson_j",
    wgsl: include_str!("device.wgsl"),
    method: Method::Whole,
    len: 4,
    error: true,
    double: true,
    tolerance: |precision, _| tolerance(precision),
    scale: |_, _, out| out[0] = 1.0,
    restore: |numbers, of, out| {
        out[0] = numbers[0];
        numbers[1] <= tolerance(of.precision)
    },
};

const fn tolerance(precision: Precision) -> f64 {
    match precision {
        Precision::Single => 1e-5,
        Precision::Double => 1e-10,
    }
}
