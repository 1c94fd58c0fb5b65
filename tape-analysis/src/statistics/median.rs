//! The median flux.
//!
//! The middle of the n fluxes in ascending order, or the mean of the two in the middle if n is even.
//!
//! - Depends on: flux.
//! - Unit: that of the flux.
//! - Minimum number of observations: 1; null with fewer.
//! - NaN: never.
//! - Reference: D'Isanto et al. 2016, MNRAS 457, 3119,
//!   [doi:10.1093/mnras/stw157](https://doi.org/10.1093/mnras/stw157).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[5.0, 1.0, 2.0, 4.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(tape_analysis::statistics::median::Median).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(3.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{DeviceKernel, Info, Inputs, LightCurve, Method, Value, WholeLightCurve};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "median flux".into(),
    formula: "middle of the fluxes in ascending order, or mean of the two in the middle".into(),
    reference: "D'Isanto et al. 2016, MNRAS 457, 3119, doi:10.1093/mnras/stw157".into(),
    ..Info::new("median", Inputs::FLUX)
});

/// The tolerance is relative, some rounding errors. If the median is much closer to zero than to the mean, it has lost
/// digits, and the CPU computes it instead.
static KERNEL: DeviceKernel = DeviceKernel {
    name: "median",
    wgsl: concat!(include_str!("../device/order.wgsl"), include_str!("median.wgsl")),
    method: Method::Whole,
    len: 2,
    error: false,
    double: false,
    tolerance: |precision, _| 4.0 * precision.epsilon(),
    scale: |_, want, out| out[0] = want[0].abs(),
    restore: |numbers, of, out| {
        out[0] = of.reference + numbers[0];
        numbers[0].abs() <= 4.0 * out[0].abs()
    },
};

/// The median flux; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Median;

impl WholeLightCurve for Median {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        out[0] = light_curve.median().into();
    }

    fn kernel(&self) -> Option<&'static DeviceKernel> {
        Some(&KERNEL)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::value;

    #[test]
    fn outliers_are_ignored() {
        assert_eq!(value("median", &[0.0, 1.0, 2.0], &[1e300, 3.0, -1e300], &[1.0; 3]), [3.0]);
    }

    #[test]
    fn one_and_two_epochs() {
        assert_eq!(value("median", &[0.0], &[7.0], &[1.0]), [7.0]);
        assert_eq!(value("median", &[0.0, 1.0], &[7.0, 8.0], &[1.0; 2]), [7.5]);
    }
}
