//! The maximum deviation of the flux from its median.
//!
//! max |xᵢ − median(x)|, with xᵢ the fluxes. The name is from the literature, where it is relative to the median;
//! here, as in D'Isanto et al. 2016, [doi:10.1093/mnras/stw157](https://doi.org/10.1093/mnras/stw157), it is not.
//!
//! - Depends on: flux.
//! - Unit: that of the flux.
//! - Minimum number of observations: 1; null with fewer.
//! - NaN: never.
//! - Reference: Richards et al. 2011, ApJ 733, 10,
//!   [doi:10.1088/0004-637X/733/1/10](https://doi.org/10.1088/0004-637X/733/1/10).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 2.0, 7.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(tape_analysis::statistics::percent_amplitude::PercentAmplitude).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(5.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{DeviceKernel, Info, Inputs, LightCurve, Method, Value, WholeLightCurve};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "maximum deviation of the flux from its median".into(),
    formula: "max |x − median(x)|; x: flux".into(),
    reference: "Richards et al. 2011, ApJ 733, 10, doi:10.1088/0004-637X/733/1/10".into(),
    ..Info::new("percent_amplitude", Inputs::FLUX)
});

/// The tolerance is relative, some rounding errors. If the median is far from the reference that was subtracted, the
/// CPU computes the light curve instead.
static KERNEL: DeviceKernel = DeviceKernel {
    name: "percent_amplitude",
    wgsl: concat!(include_str!("../device/order.wgsl"), include_str!("percent_amplitude.wgsl")),
    method: Method::Whole,
    len: 3,
    error: false,
    double: false,
    tolerance: |precision, _| 16.0 * precision.epsilon(),
    scale: |_, want, out| out[0] = want[0],
    restore: |numbers, _, out| {
        let [least, most, median] = [numbers[0], numbers[1], numbers[2]];
        out[0] = (most - median).max(median - least);
        median.abs() <= 7.0 * out[0]
    },
};

/// The maximum deviation from the median; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct PercentAmplitude;

impl WholeLightCurve for PercentAmplitude {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let (extremes, median) = (light_curve.extremes(), light_curve.median());
        out[0] = (extremes.max - median).max(median - extremes.min).into();
    }

    fn kernel(&self) -> Option<&'static DeviceKernel> {
        Some(&KERNEL)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::value;

    #[test]
    fn the_maximum_may_be_on_either_side() {
        assert_eq!(value("percent_amplitude", &[0.0; 3], &[1.0, 2.0, 7.0], &[1.0; 3]), [5.0]);
        assert_eq!(value("percent_amplitude", &[0.0; 3], &[-7.0, -2.0, -1.0], &[1.0; 3]), [5.0]);
    }

    #[test]
    fn a_constant_source_gives_zero() {
        assert_eq!(value("percent_amplitude", &[0.0; 3], &[0.1; 3], &[1.0; 3]), [0.0]);
    }
}
