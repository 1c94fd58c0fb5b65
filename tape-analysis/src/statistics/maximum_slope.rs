//! The steepest slope between neighbouring epochs.
//!
//! max |(xᵢ₊₁ − xᵢ)/(tᵢ₊₁ − tᵢ)|, with xᵢ the fluxes in time order and tᵢ their times. The errors of two epochs in
//! quick succession give a steep slope.
//!
//! - Depends on: flux, time, order in time.
//! - Unit: that of the flux per day.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: if a time repeats.
//! - Reference: D'Isanto et al. 2016, MNRAS 457, 3119,
//!   [doi:10.1093/mnras/stw157](https://doi.org/10.1093/mnras/stw157).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 2.0, 0.0]).with_time(&[0.0, 4.0, 8.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(tape_analysis::statistics::maximum_slope::MaximumSlope).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(0.5)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Value, WholeLightCurve};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "steepest slope between neighbouring epochs".into(),
    formula: "max |(x[i+1] − x[i])/(t[i+1] − t[i])|; x: flux, t: time in order".into(),
    min_epochs: 2,
    reference: "D'Isanto et al. 2016, MNRAS 457, 3119, doi:10.1093/mnras/stw157".into(),
    ..Info::new("maximum_slope", Inputs::TIME_FLUX)
});

/// The steepest slope between neighbouring epochs; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct MaximumSlope;

impl WholeLightCurve for MaximumSlope {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let repeats = light_curve.intervals().min <= 0.0;
        out[0] = if repeats { f64::NAN } else { light_curve.slopes().steepest }.into();
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::value;

    #[test]
    fn a_fall_counts_like_a_rise() {
        assert_eq!(value("maximum_slope", &[0.0, 1.0, 1.5, 4.0], &[0.0, 1.0, -1.0, 5.0], &[1.0; 4]), [4.0]);
    }

    #[test]
    fn a_repeated_time_gives_nan() {
        assert!(value("maximum_slope", &[0.0, 1.0, 1.0], &[0.0, 1.0, 1.0], &[1.0; 3])[0].is_nan());
        assert!(value("maximum_slope", &[0.0, 1.0, 1.0], &[0.0, 1.0, 2.0], &[1.0; 3])[0].is_nan());
    }

    #[test]
    fn a_constant_source_is_flat() {
        assert_eq!(value("maximum_slope", &[0.0, 1.0, 2.0], &[0.1; 3], &[1.0; 3]), [0.0]);
    }
}
