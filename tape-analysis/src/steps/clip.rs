//! Clipping of outliers: removes epochs whose flux is far from the median.
//!
//! An epoch is removed if |x − m| > k s, with m the median of the remaining fluxes and s their population standard
//! deviation. This is repeated until no epoch is removed, up to a number of iterations.
//!
//! - Parameters: `sigma`, k above 0; `iterations`, the maximum number of iterations.
//! - Depends on: flux.
//! - Minimum number of observations: none; with fewer than three epochs and k above 1, no epoch is removed.
//! - NaN: epochs without a flux are removed before this step.
//! - Reference: the definition of `astropy.stats.sigma_clip`, Astropy Collaboration 2022, ApJ 935, 167,
//!   [doi:10.3847/1538-4357/ac7c74](https://doi.org/10.3847/1538-4357/ac7c74).

use std::sync::Arc;

use tape_core::{Epochs, Inputs, LightCurveStep};

use super::StepKind;
use crate::error::Error;
use crate::parameter::{Allowed, POSITIVE, Parameter};

const SIGMA: Parameter =
    Parameter { name: "sigma", summary: "standard deviations from the median", allowed: POSITIVE, default: Some("3") };
const ITERATIONS: Parameter = Parameter {
    name: "iterations",
    summary: "maximum number of iterations",
    allowed: Allowed::IntBetween(1, 1000),
    default: Some("5"),
};

/// Registration by name.
pub(super) static KIND: StepKind = StepKind {
    name: "clip",
    summary: "removes epochs with a flux more than sigma standard deviations from the median",
    parameters: &[SIGMA, ITERATIONS],
    build: |arguments| Ok(Arc::new(Clip::new(arguments.float(&SIGMA)?, arguments.int(&ITERATIONS)?)?)),
};

/// Clipping of outliers; see the [module](self).
#[derive(Clone, Debug)]
pub struct Clip {
    name: String,
    sigma: f64,
    iterations: usize,
}

impl Clip {
    /// Creates the step that removes epochs beyond `sigma` standard deviations, in at most `iterations` iterations.
    ///
    /// # Errors
    /// [`Error::BadValue`] if `sigma` is not above zero and finite.
    pub fn new(sigma: f64, iterations: usize) -> Result<Self, Error> {
        if !SIGMA.admits(sigma) {
            return Err(SIGMA.refused(KIND.name, &sigma.to_string()));
        }
        Ok(Self { name: format!("clip:sigma={sigma}:iterations={iterations}"), sigma, iterations })
    }
}

impl LightCurveStep for Clip {
    fn name(&self) -> &str {
        &self.name
    }

    fn inputs(&self) -> Inputs {
        Inputs::FLUX
    }

    fn apply(&self, epochs: &mut Epochs<'_>) {
        let mut left: Vec<f64> = Vec::with_capacity(epochs.flux.len());
        for _ in 0..self.iterations {
            left.clear();
            left.extend(epochs.flux.iter().zip(&*epochs.keep).filter_map(|(flux, keep)| keep.then_some(*flux)));
            let Some((median, deviation)) = centre_and_width(&mut left) else { return };
            let far = |flux: f64| (flux - median).abs() > self.sigma * deviation;
            let mut clipped = false;
            for (flux, keep) in epochs.flux.iter().zip(&mut *epochs.keep).filter(|(_, keep)| **keep) {
                *keep = !far(*flux);
                clipped |= !*keep;
            }
            if !clipped {
                return;
            }
        }
    }
}

/// Returns the median and the population standard deviation of the fluxes, or `None` if there are none. Sorts the
/// fluxes first, so that the result does not depend on the order of the epochs.
#[expect(clippy::cast_precision_loss, reason = "a light curve has fewer epochs than 2^53")]
fn centre_and_width(flux: &mut [f64]) -> Option<(f64, f64)> {
    flux.sort_unstable_by(f64::total_cmp);
    let n = flux.len();
    let upper = *flux.get(n / 2)?;
    let mean = flux.iter().sum::<f64>() / n as f64;
    let deviation = (flux.iter().map(|flux| (flux - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
    let median = if n % 2 == 1 { upper } else { flux[n / 2 - 1] / 2.0 + upper / 2.0 };
    Some((median, deviation))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(flux: &[f64], sigma: f64, iterations: usize) -> Vec<bool> {
        let (mut flux, mut keep) = (flux.to_vec(), vec![true; flux.len()]);
        let step = Clip::new(sigma, iterations).expect("allowed");
        step.apply(&mut Epochs { time: &mut [], flux: &mut flux, error: &mut [], keep: &mut keep });
        keep
    }

    #[test]
    fn outliers_are_removed_iteration_by_iteration() {
        // With the largest value, the median is 2 and the deviation 28.3; without it, 1.5 and 2.74, so that 10 is an
        // outlier too.
        let flux = [0.0, 1.0, 2.0, 1.0, 0.0, 2.0, 1.0, 2.0, 10.0, 100.0, 2.0];
        let first = [true, true, true, true, true, true, true, true, true, false, true];
        let second = [true, true, true, true, true, true, true, true, false, false, true];
        assert_eq!(kept(&flux, 2.5, 1), first);
        assert_eq!(kept(&flux, 2.5, 2), second);
        assert_eq!(kept(&flux, 2.5, 5), second);
        // A single value and equal values have no outliers.
        assert_eq!(kept(&[4.0], 1.0, 5), [true]);
        assert_eq!(kept(&[4.0; 3], 1e-9, 5), [true; 3]);
        assert_eq!(kept(&[], 3.0, 5), [true; 0]);
    }

    #[test]
    fn sigma_must_be_a_finite_number_above_zero() {
        for sigma in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = Clip::new(sigma, 5).expect_err("sigma is out of range").to_string();
            assert!(error.contains("'sigma' of 'clip'") && error.contains("above 0"), "{error}");
        }
        let error = crate::steps::make("clip:sigma=0").expect_err("the parameter is refused").to_string();
        assert!(error.contains("'sigma' of 'clip' is '0', but must be a number above 0"), "{error}");
        let error = crate::steps::make("clip:width=3").expect_err("the parameter is refused").to_string();
        assert!(error.contains("'clip' has no parameter 'width'"), "{error}");
    }
}
