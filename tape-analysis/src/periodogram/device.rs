//! Powers computed on a device.
//!
//! A device computes the sums of one harmonic in single precision. The power is their ratio to a determinant, which is
//! 1/4 for evenly distributed phases; the smaller it is, the fewer digits the power has. The kernel marks frequencies
//! with a small determinant, and the CPU recomputes them epoch by epoch: all of them for powers, and for peaks those
//! that might be among the highest. NaN, which stands for a missing value, is recomputed too.

use tape_core::{Series, SpectrumKernel, count};

use super::grid::Grid;
use super::peaks::{self, Peak};
use super::{LombScargle, Model, MultibandLombScargle};

/// The kernel of the power of one harmonic in the normalisation [`Standard`](super::Normalisation::Standard). The
/// tolerance is absolute: the rounding error of sums over blocks of up to 128 neighbours, amplified by the smallest
/// determinant.
pub static KERNEL: SpectrumKernel = SpectrumKernel {
    name: "lomb_scargle",
    wgsl: include_str!("device.wgsl"),
    tolerance: |n| f64::from(f32::EPSILON) * (64.0 + count(n.min(128)) + count(n) / 128.0),
};

/// The mark of a power without significant digits.
const NONE: f64 = -2.0;

/// Maximum error of a marked power that has significant digits.
const SLACK: f64 = 0.02;

/// Returns the approximate value of a marked power.
fn about(value: f64) -> f64 {
    if value < 0.0 { -1.0 - value } else { value }
}

impl LombScargle {
    /// Returns the input of a device for the powers of a grid, or `None` if there is more than one harmonic, or all
    /// fluxes or all times are equal.
    #[must_use]
    pub fn series(&self, grid: &Grid) -> Option<Series> {
        let deviation = self.epochs.variance.sqrt();
        (self.terms == 1 && self.varies()).then(|| Series {
            time: self.epochs.time.clone(),
            weight: self.epochs.weight.clone(),
            weighted_flux: self.epochs.weighted_flux.iter().map(|flux| flux / deviation).collect(),
            first: grid.first,
            step: grid.step,
            number: grid.number,
        })
    }

    /// Returns the powers of a grid from the output of [`KERNEL`] for its [`series`](Self::series).
    ///
    /// # Panics
    /// If the number of values is not the number of frequencies.
    #[must_use]
    pub fn power_from(&self, grid: &Grid, values: &[f32]) -> Vec<f64> {
        assert_eq!(values.len(), grid.number, "one value for each frequency");
        let power = |part| self.normalisation.of(part, self.epochs.chi2);
        self.parts_from(grid, values).into_iter().map(power).collect()
    }

    /// Like [`peaks`](Self::peaks), but takes the output of [`KERNEL`].
    ///
    /// # Panics
    /// See [`power_from`](Self::power_from).
    #[must_use]
    pub fn peaks_from(&self, grid: &Grid, number: usize, values: &[f32]) -> Vec<Peak> {
        assert_eq!(values.len(), grid.number, "one value for each frequency");
        if !self.varies() {
            return vec![];
        }
        let mut parts: Vec<f64> = values.iter().copied().map(f64::from).collect();
        self.replace(grid, &mut parts, |value| value.is_nan() || value == NONE);
        if parts.iter().any(|part| *part < 0.0) {
            let guess: Vec<f64> = parts.iter().copied().map(about).collect();
            let found =
                peaks::highest(grid, &guess, 1.0 / self.epochs.baseline, number + Self::MORE, &self.cancellation);
            let all_are_high = found.len() < number + Self::MORE;
            let least = found.last().filter(|_| !all_are_high).map_or(0.0, |peak| peak.power);
            self.replace(grid, &mut parts, |value| value < 0.0 && about(value) + SLACK >= least);
            parts.iter_mut().for_each(|part| *part = about(*part));
        }
        self.peaks_of(grid, number, &parts)
    }

    /// Returns the fraction of χ² that is explained at each frequency, within the tolerance.
    fn parts_from(&self, grid: &Grid, values: &[f32]) -> Vec<f64> {
        let mut parts = values.iter().copied().map(f64::from).collect::<Vec<_>>();
        self.replace(grid, &mut parts, |value| value.is_nan() || value < 0.0);
        parts
    }

    fn replace(&self, grid: &Grid, parts: &mut [f64], which: impl Fn(f64) -> bool) {
        for (i, part) in parts.iter_mut().enumerate().filter(|(_, part)| which(**part)) {
            if self.cancellation.is_cancelled() {
                return;
            }
            *part = self.part_at(grid.frequency(i));
        }
    }
}

impl MultibandLombScargle {
    /// Returns the input of a device for the powers of a grid, band by band.
    #[must_use]
    pub fn series(&self, grid: &Grid) -> Vec<Series> {
        self.bands.iter().filter_map(|band| band.series(grid)).collect()
    }

    /// Like [`peaks`](Self::peaks), but takes the output of a device for each of the [`series`](Self::series).
    ///
    /// # Panics
    /// If the number of values is not the number of frequencies for each band.
    #[must_use]
    pub fn peaks_from(
        &self,
        grid: &Grid,
        model: &Model,
        candidates: usize,
        number: usize,
        values: &[&[f32]],
    ) -> Vec<Peak> {
        assert_eq!(values.len(), self.bands.len(), "one set of values for each band");
        let mut values = values.iter();
        let powers = self.mean_of_bands(grid, |band, part| {
            if let Some(values) = values.next() {
                part.copy_from_slice(&band.parts_from(grid, values));
            }
        });
        self.peaks_of(grid, model, candidates, number, &powers)
    }
}
