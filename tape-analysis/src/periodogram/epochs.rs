//! Normalised epochs for the sums of a periodogram: times since the first epoch, weights that sum to one, and fluxes
//! minus their mean.

use tape_core::count;

/// The epochs of a light curve in one band.
#[derive(Clone, Debug)]
pub(super) struct Epochs {
    /// Origin of the times, days.
    pub(super) start: f64,
    /// Days since `start`.
    pub(super) time: Vec<f64>,
    /// Weights, which sum to one.
    pub(super) weight: Vec<f64>,
    /// Weight times the flux minus the weighted mean.
    pub(super) weighted_flux: Vec<f64>,
    /// Weighted variance of the flux.
    pub(super) variance: f64,
    /// χ² of the weighted mean.
    pub(super) chi2: f64,
    /// Time from the earliest to the latest epoch, days.
    pub(super) baseline: f64,
}

impl Epochs {
    /// Normalises epochs with weights 1/error², or with equal weights without errors.
    pub(super) fn new(time: &[f64], flux: &[f64], error: &[f64]) -> Self {
        let least = error.iter().copied().fold(f64::INFINITY, f64::min);
        // Divide by the smallest error, so that no square overflows.
        let mut weight: Vec<f64> =
            if error.is_empty() { vec![1.0; flux.len()] } else { error.iter().map(|e| (least / e).powi(2)).collect() };
        let total: f64 = weight.iter().sum();
        weight.iter_mut().for_each(|weight| *weight /= total);
        let mean = mean_of(&weight, flux);
        let constant = flux.iter().all(|x| *x == flux[0]);
        let deviation = |x: &f64| if constant { 0.0 } else { x - mean };
        let weighted_flux: Vec<f64> = weight.iter().zip(flux).map(|(w, x)| w * deviation(x)).collect();
        let variance: f64 = weighted_flux.iter().zip(flux).map(|(wy, x)| wy * deviation(x)).sum();
        let unit = if error.is_empty() { 1.0 } else { least * least };
        let start = time.iter().copied().fold(f64::INFINITY, f64::min);
        let time: Vec<f64> = time.iter().map(|time| time - start).collect();
        let baseline = time.iter().copied().fold(0.0, f64::max);
        Self { start, time, weight, weighted_flux, variance, chi2: variance * total / unit, baseline }
    }

    /// Returns true if a period can be searched for. False if all fluxes or all times are equal.
    pub(super) fn vary(&self) -> bool {
        self.variance > 0.0 && self.variance.is_finite() && self.baseline > 0.0 && self.baseline.is_finite()
    }

    /// Moves the origin of the times to an earlier `start`, so that phases are comparable with those of other light
    /// curves.
    pub(super) fn start_at(&mut self, start: f64) {
        let earlier = self.start - start;
        self.time.iter_mut().for_each(|time| *time += earlier);
        self.start = start;
    }

    /// Returns the number of epochs.
    pub(super) fn len(&self) -> usize {
        self.time.len()
    }

    /// Returns Davies' effective length of the series, sqrt(4π var t) with the weighted variance, days.
    pub(super) fn effective_baseline(&self) -> f64 {
        let mean = mean_of(&self.weight, &self.time);
        let variance: f64 = self.weight.iter().zip(&self.time).map(|(w, t)| w * (t - mean).powi(2)).sum();
        (4.0 * std::f64::consts::PI * variance).sqrt()
    }
}

/// Returns the mean with weights that sum to one. Sums differences from the first value, so that large values keep
/// digits.
fn mean_of(weight: &[f64], values: &[f64]) -> f64 {
    let Some(&origin) = values.first() else { return f64::NAN };
    origin + weight.iter().zip(values).map(|(weight, x)| weight * (x - origin)).sum::<f64>()
}

/// Returns the average Nyquist frequency of `n` epochs over a baseline, as defined by astropy.
pub(super) fn average_nyquist(n: usize, baseline: f64) -> f64 {
    0.5 * count(n) / baseline
}
