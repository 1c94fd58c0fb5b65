//! The periodogram of all bands of an object together, after VanderPlas & Ivezić 2015, ApJ 812, 18,
//! [doi:10.1088/0004-637X/812/1/18](https://doi.org/10.1088/0004-637X/812/1/18).
//!
//! On a grid, it is their fast periodogram, in which each band has its own sine: the mean of the powers of the bands,
//! weighted by the χ² of each band around its mean. A single sine for each band cannot follow the shape of a light
//! curve, and often prefers an alias. Therefore, the highest peaks are only candidates. Each is refined and ranked by
//! the power of a full [`Model`].

use tape_core::Cancellation;

use super::exact::Sums;
use super::grid::Grid;
use super::peaks::{self, Peak};
use super::power::{normal_matrix, reduction, right_side};
use super::{LombScargle, Method};

/// The model fitted to the bands of an object, in addition to a constant for each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Model {
    /// Number of harmonics shared by all bands.
    pub base_terms: usize,
    /// Number of harmonics of each band.
    pub band_terms: usize,
    /// Cost of the harmonics of each band: χ² increases by the square of each coefficient, times this factor and the
    /// sum of the band's weights 1/σ². Without it, the harmonics of the bands would leave nothing for the shared ones.
    pub regularisation: f64,
}

/// The multi-band Lomb–Scargle periodogram; see the [module](super).
#[derive(Clone, Debug)]
pub struct MultibandLombScargle {
    pub(super) bands: Vec<LombScargle>,
}

impl MultibandLombScargle {
    /// Combines bands. Skips bands in which all fluxes or all times are equal, because they have no information about a
    /// period.
    #[must_use]
    pub fn new(bands: impl IntoIterator<Item = LombScargle>) -> Self {
        let mut bands: Vec<LombScargle> = bands.into_iter().filter(LombScargle::varies).collect();
        // Shared harmonics have the same phase in all bands, so the bands need the same origin of times.
        let start = bands.iter().map(|band| band.epochs.start).fold(f64::INFINITY, f64::min);
        bands.iter_mut().for_each(|band| band.epochs.start_at(start));
        Self { bands }
    }

    /// Returns the number of bands that vary.
    #[must_use]
    pub fn bands(&self) -> usize {
        self.bands.len()
    }

    /// Returns the longest baseline of a band, days, or 0 without bands.
    #[must_use]
    pub fn baseline(&self) -> f64 {
        self.bands.iter().map(|band| band.epochs.baseline).fold(0.0, f64::max)
    }

    /// Returns the cancellation of the bands, which is the same for all.
    fn cancellation(&self) -> Cancellation {
        self.bands.first().map(|band| band.cancellation.clone()).unwrap_or_default()
    }

    /// Returns χ² of the bands around their means.
    fn chi2(&self) -> f64 {
        self.bands.iter().map(|band| band.epochs.chi2).sum()
    }

    /// Returns the powers of a grid: the mean over the bands, each with its number of terms, weighted by χ². NaN
    /// without bands.
    #[must_use]
    pub fn power(&self, grid: &Grid, method: Method) -> Vec<f64> {
        self.mean_of_bands(grid, |band, part| band.parts(grid, method, part))
    }

    /// Returns the mean over the bands, weighted by χ², of the values that `of_band` writes.
    pub(super) fn mean_of_bands(&self, grid: &Grid, mut of_band: impl FnMut(&LombScargle, &mut [f64])) -> Vec<f64> {
        let mut out = vec![0.0; grid.number];
        let mut part = vec![0.0; grid.number];
        let chi2 = self.chi2();
        for band in &self.bands {
            if self.cancellation().is_cancelled() {
                break;
            }
            of_band(band, &mut part);
            let share = band.epochs.chi2 / chi2;
            out.iter_mut().zip(&part).for_each(|(out, part)| *out += share * part);
        }
        out
    }

    /// Returns the fraction of χ² that a model explains at a frequency, cycles per day. NaN without bands.
    #[must_use]
    pub fn power_at(&self, model: &Model, frequency: f64) -> f64 {
        let (base, own) = (2 * model.base_terms, 2 * model.band_terms);
        let size = base + own * self.bands.len();
        let (mut matrix, mut right) = (vec![0.0; size * size], vec![0.0; size]);
        for (number, LombScargle { epochs, .. }) in self.bands.iter().enumerate() {
            let sums = Sums::at(epochs, model.base_terms.max(model.band_terms), frequency);
            let weight = epochs.chi2 / epochs.variance;
            let first = base + own * number;
            // Rows of the shared harmonics and of those of this band in the matrix, and in the matrix of the band.
            let places: Vec<(usize, usize)> =
                (0..base).map(|i| (i, i)).chain((0..own).map(|i| (first + i, i))).collect();
            let (of_band, side) = (normal_matrix(&sums), right_side(&sums));
            for &(row, i) in &places {
                right[row] += weight * side[i];
                for &(column, j) in &places {
                    matrix[row * size + column] += weight * of_band[i * side.len() + j];
                }
            }
            for i in first..first + own {
                matrix[i * size + i] += weight * model.regularisation;
            }
        }
        reduction(&mut matrix, &mut right) / self.chi2()
    }

    /// Returns the `number` highest peaks by the power of a model, the highest first, among the `candidates` highest
    /// peaks of the grid.
    #[must_use]
    pub fn peaks(&self, grid: &Grid, model: &Model, candidates: usize, number: usize) -> Vec<Peak> {
        self.peaks_of(grid, model, candidates, number, &self.power(grid, Method::Automatic))
    }

    /// Like [`MultibandLombScargle::peaks`], but takes the powers of the grid.
    pub(super) fn peaks_of(
        &self,
        grid: &Grid,
        model: &Model,
        candidates: usize,
        number: usize,
        powers: &[f64],
    ) -> Vec<Peak> {
        let width = 1.0 / self.baseline();
        let cancellation = self.cancellation();
        let candidates = peaks::highest(grid, powers, width, candidates.max(number), &cancellation);
        let limits = [grid.first, grid.last()];
        let refined = |peak| {
            cancellation.proceed()?;
            Some(peaks::refine(peak, grid.step, limits, |frequency| self.power_at(model, frequency)))
        };
        let mut peaks: Vec<Peak> = candidates.into_iter().map_while(refined).collect();
        peaks::order(&mut peaks, width, number);
        peaks
    }
}
