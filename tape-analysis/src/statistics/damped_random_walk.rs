//! The damped random walk of maximum likelihood, a model of quasar variability with a damping time and an amplitude.
//!
//! The flux is the sum of a mean, a walk, and noise with the measured errors. The walk has standard deviation σ and
//! correlation e^(−|Δt|/τ) between two times, so that the structure function tends to sqrt(2) σ. τ and σ maximise the
//! likelihood, which is maximised over the mean too; there is no prior. The likelihood takes one pass over the epochs
//! (a Kalman filter). Outputs `damped_random_walk_tau`, `damped_random_walk_sigma`, the standard deviations of their
//! natural logarithms `damped_random_walk_ln_tau_sigma` and `damped_random_walk_ln_sigma_sigma`, from the curvature of
//! the likelihood at its maximum, and `damped_random_walk_log_likelihood`.
//!
//! If the light curve is thirty times as long as τ, the true value is within one of these standard deviations in two
//! thirds of cases, and within two in nine out of ten, because the likelihood has longer tails than a normal
//! distribution.
//!
//! Light curves shorter than about ten times τ underestimate τ. In long light curves, most of the uncertainty is in τ:
//! see Kozłowski 2017, [doi:10.1051/0004-6361/201629890](https://doi.org/10.1051/0004-6361/201629890).
//!
//! - Depends on: flux, error, time.
//! - Unit: days for τ, that of the flux for σ.
//! - Minimum number of observations: 6; null with fewer.
//! - Null if the likelihood has no maximum in τ between a tenth of the shortest interval and ten times the duration, as
//!   for a trend, or if all times or all fluxes are equal. Uncorrelated noise may still have a maximum, with a small σ.
//! - Reference: Kelly, Bechtold & Siemiginowska 2009, ApJ 698, 895,
//!   [doi:10.1088/0004-637X/698/1/895](https://doi.org/10.1088/0004-637X/698/1/895).
//!
//! ```
//! use tape_core::{LightCurve, Value};
//! // Steps up and down, each held for several epochs: their duration distinguishes τ from noise.
//! let time: Vec<f64> = (0..60).map(f64::from).collect();
//! let flux: Vec<f64> = (0..60).map(|i| [0.0, 1.3, 0.7, -1.1, -0.2, 1.9, 0.4, -1.5, 0.1, -0.6][i / 6]).collect();
//! let light_curve = LightCurve::new(&flux).with_error(&[0.1; 60]).with_time(&time);
//! let mut out = [Value::Null; 5];
//! tape_analysis::make("damped_random_walk")?.evaluate(&light_curve, &mut out);
//! let Value::Float(tau) = out[0] else { panic!("there is no maximum") };
//! assert!(tau > 2.0 && tau < 30.0);
//! # Ok::<(), tape_analysis::Error>(())
//! ```

use std::sync::LazyLock;

use tape_core::{Info, Inputs, LightCurve, Output, Statistic, Value, WholeLightCurve};

use crate::kind::Kind;
use crate::models::random_walk::likeliest;

const OUTPUTS: [&str; 5] = [
    "damped_random_walk_tau",
    "damped_random_walk_sigma",
    "damped_random_walk_ln_tau_sigma",
    "damped_random_walk_ln_sigma_sigma",
    "damped_random_walk_log_likelihood",
];

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "damped random walk of maximum likelihood: damping time, amplitude, and their standard deviations".into(),
    formula: "τ and σ of the covariance σ² exp(−|Δt|/τ) that maximise the likelihood L of the flux, with noise of the \
              errors and the best mean; standard deviations of ln τ and ln σ from the curvature of ln L; ln L"
        .into(),
    outputs: OUTPUTS.map(Output::float).to_vec(),
    min_epochs: 6,
    reference: "Kelly, Bechtold & Siemiginowska 2009, ApJ 698, 895, doi:10.1088/0004-637X/698/1/895".into(),
    // The point where the search stops depends on the last digits of the likelihood.
    tolerance: |_| 1e-3,
    ..Info::new("damped_random_walk", Inputs::ALL)
});

pub(crate) static KIND: Kind = Kind {
    name: "damped_random_walk",
    summary: "damped random walk of maximum likelihood: damping time, amplitude, and their standard deviations",
    columns: "damped_random_walk_ followed by tau, sigma, ln_tau_sigma, ln_sigma_sigma and log_likelihood",
    parameters: &[],
    registered: &[],
    build: |_| Ok(Statistic::whole(DampedRandomWalk)),
};

/// The damped random walk of maximum likelihood; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct DampedRandomWalk;

impl WholeLightCurve for DampedRandomWalk {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        let Some(walk) = likeliest(light_curve) else { return out.fill(Value::Null) };
        let ([ln_tau, ln_sigma], [of_tau, of_sigma]) = (walk.parameters, walk.deviations);
        let values = [ln_tau.exp(), ln_sigma.exp(), of_tau, of_sigma, walk.log_likelihood];
        out.iter_mut().zip(values).for_each(|(out, value)| *out = value.into());
    }
}

#[cfg(test)]
mod tests {
    use tape_core::count;

    use crate::testing::{Epochs, Noise, value};

    /// Simulates a walk with `n` epochs within `days` days.
    fn walk(noise: &mut Noise, n: usize, days: f64, [tau, sigma, error]: [f64; 3]) -> Epochs {
        let Epochs { time, mut flux, error } = noise.light_curve(n, days, error, |_| 20.0);
        let mut now = sigma * noise.normal();
        for i in 0..n {
            if i > 0 {
                let kept: f64 = (-(time[i] - time[i - 1]) / tau).exp();
                now = kept * now + sigma * (1.0 - kept * kept).sqrt() * noise.normal();
            }
            flux[i] += now;
        }
        Epochs { time, flux, error }
    }

    /// Returns, for each parameter, the fractions of `trials` within one and two standard deviations of the truth.
    fn covered(noise: &mut Noise, trials: usize, truth: [f64; 3]) -> [[f64; 2]; 2] {
        let mut within = [[0; 2]; 2];
        for _ in 0..trials {
            let Epochs { time, flux, error } = walk(noise, 250, 2000.0, truth);
            let found = value("damped_random_walk", &time, &flux, &error);
            for parameter in 0..2 {
                let off = (found[parameter].ln() - truth[parameter].ln()).abs() / found[parameter + 2];
                for (times, within) in [1.0, 2.0].into_iter().zip(&mut within[parameter]) {
                    *within += usize::from(off < times);
                }
            }
        }
        within.map(|parameter| parameter.map(|n| count(n) / count(trials)))
    }

    #[test]
    fn walks_are_recovered_within_the_documented_intervals() {
        // The documented fractions are 68 % and about 90 %; the counting errors of 150 trials are 3.8 % and 2.4 %.
        let mut noise = Noise::new(4);
        for truth in [[20.0, 0.3, 0.03], [60.0, 0.15, 0.05]] {
            for [one, two] in covered(&mut noise, 150, truth) {
                assert!((0.58..0.80).contains(&one) && (0.84..0.98).contains(&two), "{truth:?}: {one} and {two}");
            }
        }
    }

    #[test]
    fn equal_times_or_equal_fluxes_give_null() {
        let flux: Vec<f64> = (0..8_u32).map(f64::from).collect();
        assert!(value("damped_random_walk", &[3.0; 8], &flux, &[1.0; 8])[0].is_nan());
        assert!(value("damped_random_walk", &flux, &[3.0; 8], &[1.0; 8])[0].is_nan());
    }
}
