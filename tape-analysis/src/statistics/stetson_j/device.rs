//! The device kernel of J.
//!
//! A device takes the same steps as the plain loop, but its J can differ for two reasons. The iteration may stop a step
//! earlier or later if a step equals the limit up to rounding, and if p is close to zero, its root has half the digits
//! of p. The kernel therefore returns an error bound with J, and the CPU computes the light curves whose bound exceeds
//! the tolerance.

use tape_core::{DeviceKernel, Method, Precision};

/// The tolerance is absolute: 10⁻⁵ in single and 10⁻¹⁰ in double precision, for any number of epochs.
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
