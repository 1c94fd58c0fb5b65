//! A parabola fitted to the fluxes, weighted by their errors: level and slope at the mean time, curvature, their
//! errors, and chi² per degree of freedom.
//!
//! xᵢ = a + b (tᵢ − t̄) + c (tᵢ − t̄)², fitted with the weights wᵢ = 1/σᵢ², where t̄ is the mean time weighted by wᵢ.
//! The polynomials p₁ = t − t̄ and p₂ = p₁² − α p₁ − β, which are orthogonal with these weights, keep all digits of
//! large times. Outputs `parabola_fit_level` (a), `parabola_fit_slope` (b), `parabola_fit_curvature` (c), their
//! standard deviations with the suffix `_sigma`, and `parabola_fit_reduced_chi2`, χ²/(n − 3).
//!
//! - Depends on: flux, error, time.
//! - Unit: that of the flux for the level, per day for the slope, per day squared for the curvature; none for chi².
//! - Minimum number of observations: 4; null with fewer.
//! - NaN: if there are fewer than three different times.
//! - Reference: Hogg, Bovy & Lang 2010, arXiv:1008.4686,
//!   [doi:10.48550/arXiv.1008.4686](https://doi.org/10.48550/arXiv.1008.4686).
//!
//! ```
//! use tape_core::{LightCurve, Value};
//! let (time, flux) = ([60_001.0, 60_002.0, 60_003.0, 60_004.0, 60_005.0], [5.0, 2.0, 1.0, 2.0, 5.0]);
//! let light_curve = LightCurve::new(&flux).with_error(&[1.0; 5]).with_time(&time);
//! let mut out = [Value::Null; 7];
//! tape_analysis::make("parabola_fit")?.evaluate(&light_curve, &mut out);
//! assert_eq!([out[0], out[2], out[4]], [Value::Float(1.0), Value::Float(0.0), Value::Float(1.0)]);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Output, Value, WholeLightCurve, count};

const OUTPUTS: [&str; 7] = [
    "parabola_fit_level",
    "parabola_fit_level_sigma",
    "parabola_fit_slope",
    "parabola_fit_slope_sigma",
    "parabola_fit_curvature",
    "parabola_fit_curvature_sigma",
    "parabola_fit_reduced_chi2",
];

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "parabola fit weighted by the errors: level, slope, curvature, their errors, chi² per degree of freedom"
        .into(),
    formula:
        "a, b and c of a + b(t − t̄) + c(t − t̄)² with weights 1/error², their standard deviations, χ²/(n − 3); t: time, \
              t̄: weighted mean of the times, n: number of epochs"
            .into(),
    outputs: OUTPUTS.map(Output::float).to_vec(),
    min_epochs: 4,
    reference: "Hogg, Bovy & Lang 2010, arXiv:1008.4686, doi:10.48550/arXiv.1008.4686".into(),
    tolerance: |_| 1e-9,
    ..Info::new("parabola_fit", Inputs { order: false, ..Inputs::ALL })
});

/// A parabola fit weighted by the errors; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct ParabolaFit;

impl WholeLightCurve for ParabolaFit {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let (time, flux, error) = (light_curve.time(), light_curve.flux(), light_curve.error());
        // Times and fluxes count from the first epoch, so that the mean of large times is not rounded.
        let (first_time, first_flux) = (time[0], flux[0]);
        let weighted =
            |value: &dyn Fn(usize) -> f64| -> f64 { (0..time.len()).map(|i| value(i) / (error[i] * error[i])).sum() };
        let weight = weighted(&|_| 1.0);
        let mean = weighted(&|i| time[i] - first_time) / weight;
        let level = weighted(&|i| flux[i] - first_flux) / weight;
        let p1 = |i: usize| (time[i] - first_time) - mean;
        let x = |i: usize| (flux[i] - first_flux) - level;
        let norm1 = weighted(&|i| p1(i) * p1(i));
        let (alpha, beta) = (weighted(&|i| p1(i).powi(3)) / norm1, norm1 / weight);
        let p2 = |i: usize| p1(i) * p1(i) - alpha * p1(i) - beta;
        let norm2 = weighted(&|i| p2(i) * p2(i));
        // With only two distinct times, many parabolas fit equally well, and the norm of p₂ is pure rounding.
        if norm2.is_nan() || norm2 <= 1e-20 * weight * beta * beta {
            return out.fill(f64::NAN.into());
        }
        let (slope, curvature) = (weighted(&|i| p1(i) * x(i)) / norm1, weighted(&|i| p2(i) * x(i)) / norm2);
        let rest = |i: usize| x(i) - slope * p1(i) - curvature * p2(i);
        let values = [
            first_flux + level - curvature * beta,
            (1.0 / weight + beta * beta / norm2).sqrt(),
            slope - curvature * alpha,
            (1.0 / norm1 + alpha * alpha / norm2).sqrt(),
            curvature,
            norm2.sqrt().recip(),
            weighted(&|i| rest(i) * rest(i)) / (count(time.len()) - 3.0),
        ];
        out.iter_mut().zip(values).for_each(|(out, value)| *out = value.into());
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Epochs, Noise, value};

    #[test]
    fn a_parabola_at_large_times_keeps_all_digits() {
        let time: Vec<f64> = (0..12_u32).map(|i| 60_000.0 + f64::from(i * i) / 16.0).collect();
        let flux: Vec<f64> = time.iter().map(|t| 3.0 - 2.0 * (t - 60_000.0) + 0.5 * (t - 60_000.0).powi(2)).collect();
        let found = value("parabola_fit", &time, &flux, &[0.5; 12]);
        let mean = time.iter().map(|t| t - 60_000.0).sum::<f64>() / 12.0;
        let wanted = [3.0 - 2.0 * mean + 0.5 * mean * mean, -2.0 + mean, 0.5];
        for (found, wanted) in found.iter().step_by(2).zip(wanted) {
            assert!((found - wanted).abs() < 1e-12, "{found} is not {wanted}");
        }
        assert!(found[6] < 1e-20, "{found:?}");
    }

    #[test]
    fn errors_match_the_scatter_of_noise() {
        let mut noise = Noise::new(6);
        let mut light_curve = || {
            let Epochs { time, error, .. } = noise.light_curve(40, 10.0, 2.0, |_| 0.0);
            // True values at the mean time: level 5, slope 1, curvature 1/2.
            let mean = time.iter().sum::<f64>() / 40.0;
            let flux =
                time.iter().map(|t| 5.0 + (t - mean) + 0.5 * (t - mean).powi(2) + 2.0 * noise.normal()).collect();
            Epochs { time, flux, error }
        };
        let (mut near, trials) = ([0; 3], 200);
        for _ in 0..trials {
            let Epochs { time, flux, error } = light_curve();
            let found = value("parabola_fit", &time, &flux, &error);
            for (i, truth) in [5.0, 1.0, 0.5].into_iter().enumerate() {
                near[i] += u32::from((found[2 * i] - truth).abs() < found[2 * i + 1]);
            }
        }
        // The expected fraction is 68.3 %, with a counting error of 3.3 %.
        for near in near {
            assert!((0.58..0.78).contains(&(f64::from(near) / f64::from(trials))), "{near} of {trials}");
        }
    }

    #[test]
    fn two_different_times_give_nan() {
        assert!(value("parabola_fit", &[1.1, 1.1, 2.3, 2.3], &[0.0, 1.0, 2.0, 3.0], &[1.0; 4])[4].is_nan());
    }
}
