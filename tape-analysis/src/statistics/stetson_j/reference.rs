//! Stetson's J as a plain loop over the epochs that follows the definition: the reference for the kernel.

use tape_core::count;

/// Returns J of one light curve.
#[must_use]
pub fn stetson_j_scalar(flux: &[f64], error: &[f64]) -> f64 {
    if flux.len() < 2 {
        return f64::NAN;
    }
    let factor = (count(flux.len()) / (count(flux.len()) - 1.0)).sqrt();
    let mean = robust_mean(flux, error, factor);
    let mut total = 0.0;
    for (x, sigma) in flux.iter().zip(error) {
        let delta = factor * (x - mean) / sigma;
        let p = delta * delta - 1.0;
        total += if p == 0.0 { 0.0 } else { p.signum() * p.abs().sqrt() };
    }
    total / count(flux.len())
}

/// Returns the robust mean of J, where `factor` is sqrt(n/(n − 1)).
pub(in crate::statistics) fn robust_mean(flux: &[f64], error: &[f64], factor: f64) -> f64 {
    let (mut total, mut weight) = (0.0, 0.0);
    for (x, sigma) in flux.iter().zip(error) {
        let w = 1.0 / (sigma * sigma);
        total += w * x;
        weight += w;
    }
    let mut mean = total / weight;
    for _ in 0..20 {
        (total, weight) = (0.0, 0.0);
        for (x, sigma) in flux.iter().zip(error) {
            let chi = (factor * (x - mean) / sigma).abs();
            let w = 1.0 / (sigma * sigma) / (1.0 + (chi / 2.0) * (chi / 2.0));
            total += w * x;
            weight += w;
        }
        let last = mean;
        mean = total / weight;
        let moved = (mean - last).abs();
        if mean == 0.0 || (moved / mean < 1e-6 && moved < 1e-6) {
            break;
        }
    }
    mean
}
