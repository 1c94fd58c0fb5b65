//! The von Neumann ratio ηᵉ of slopes to the variance: [η](super::eta) for unevenly spaced epochs.
//!
//! (T/(n − 1))² Σ ((xᵢ₊₁ − xᵢ)/(tᵢ₊₁ − tᵢ))² / ((n − 1) s²), with xᵢ the n fluxes in time order, tᵢ their times, T the
//! time from the first to the last and s² the sample variance. With even spacing, it equals η. A single pair of
//! neighbouring epochs can dominate it. The factor is not that of Kim et al. 2014, which depends on the unit of time,
//! but that of Malanchev et al. 2021, [doi:10.1093/mnras/stab316](https://doi.org/10.1093/mnras/stab316).
//!
//! - Depends on: flux, time, order in time.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: with constant fluxes (0/0), and if a time repeats.
//! - Reference: Kim et al. 2014, A&A 566, A43,
//!   [doi:10.1051/0004-6361/201323252](https://doi.org/10.1051/0004-6361/201323252).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[1.0, 2.0, 3.0]).with_time(&[0.0, 4.0, 8.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(tape_analysis::statistics::eta_e::EtaE).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(1.0)]);
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Value, WholeLightCurve};

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "von Neumann ratio of slopes to the variance, for unevenly spaced epochs".into(),
    formula: "T² Σ ((x[i+1] − x[i])/(t[i+1] − t[i]))² / ((n − 1)³ s²); x: flux, t: time in order, T: last \
              time − first, n: number of epochs, s²: sample variance"
        .into(),
    min_epochs: 2,
    reference: "Kim et al. 2014, A&A 566, A43, doi:10.1051/0004-6361/201323252".into(),
    ..Info::new("eta_e", Inputs::TIME_FLUX)
});

/// The von Neumann ratio of slopes; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct EtaE;

impl WholeLightCurve for EtaE {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        out[0] = eta_e(light_curve).into();
    }
}

fn eta_e(light_curve: &LightCurve<'_>) -> f64 {
    let (moments, time) = (light_curve.moments(), light_curve.time());
    let (&[first, .., last], true) = (time, light_curve.intervals().min > 0.0) else { return f64::NAN };
    if moments.m2 == 0.0 {
        return f64::NAN;
    }
    let spacing = (last - first) / (moments.n - 1.0);
    // (n − 1) s² is the sum of squared deviations.
    spacing * spacing * light_curve.slopes().squares / moments.m2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_even_spacing_it_equals_eta() {
        let time: Vec<f64> = (0..100_u32).map(|i| 0.25 * f64::from(i)).collect();
        let flux: Vec<f64> = (0..100).map(|i| if i % 2 == 0 { -1.0 } else { 1.0 }).collect();
        assert!((eta_e(&LightCurve::new(&flux).with_time(&time)) - 4.0 * 99.0 / 100.0).abs() < 1e-13);
    }

    #[test]
    fn a_short_gap_counts_by_its_slope() {
        // Slopes 1 and 2 over gaps 1 and 1/2; T = 3/2; squared deviations of 0, 1, 2 sum to 2.
        let light_curve = LightCurve::new(&[0.0, 1.0, 2.0]).with_time(&[0.0, 1.0, 1.5]);
        assert_eq!(eta_e(&light_curve), 0.75 * 0.75 * 5.0 / 2.0);
    }

    #[test]
    fn a_repeated_time_or_a_constant_source_gives_nan() {
        assert!(eta_e(&LightCurve::new(&[0.0, 1.0, 2.0]).with_time(&[0.0, 1.0, 1.0])).is_nan());
        assert!(eta_e(&LightCurve::new(&[0.1; 3]).with_time(&[0.0, 1.0, 2.0])).is_nan());
    }
}
