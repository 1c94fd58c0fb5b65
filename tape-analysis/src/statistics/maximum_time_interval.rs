//! The longest interval between neighbouring epochs.
//!
//! max (tᵢ₊₁ − tᵢ), with tᵢ the times in order. It describes the survey, not the source.
//!
//! - Depends on: time, order in time.
//! - Unit: days.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: never.
//! - Reference: Malanchev et al. 2021, MNRAS 502, 5147,
//!   [doi:10.1093/mnras/stab316](https://doi.org/10.1093/mnras/stab316).
//!
//! ```
//! use tape_analysis::statistics::maximum_time_interval::MaximumTimeInterval;
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0; 3]).with_time(&[0.0, 1.0, 4.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(MaximumTimeInterval).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(3.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Value, WholeLightCurve};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "longest interval between neighbouring epochs".into(),
    formula: "max (t[i+1] − t[i]); t: time in order".into(),
    min_epochs: 2,
    reference: "Malanchev et al. 2021, MNRAS 502, 5147, doi:10.1093/mnras/stab316".into(),
    ..Info::new("maximum_time_interval", Inputs { order: true, ..Inputs::TIME })
});

/// The longest interval between neighbouring epochs; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct MaximumTimeInterval;

impl WholeLightCurve for MaximumTimeInterval {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        out[0] = light_curve.intervals().max.into();
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::value;

    #[test]
    fn the_longest_of_many() {
        let time: Vec<f64> = (0..30_u32).map(|i| f64::from(i * i)).collect();
        assert_eq!(value("maximum_time_interval", &time, &[1.0; 30], &[1.0; 30]), [57.0]);
    }

    #[test]
    fn equal_times_give_zero() {
        assert_eq!(value("maximum_time_interval", &[7.0; 5], &[1.0; 5], &[1.0; 5]), [0.0]);
    }
}
