//! Generalised Lomb–Scargle periodograms of a light curve, and of all bands of an object.
//!
//! [`LombScargle`] computes the power at any frequency or on a [`Grid`], the highest peaks, and the probability that
//! noise has such a peak ([`false_alarm_probability`]). [`MultibandLombScargle`] combines all bands. [`phase_fold`]
//! sorts epochs by phase. The corresponding statistics are [`lomb_scargle`](crate::statistics::lomb_scargle) and
//! [`lomb_scargle_multiband`](crate::statistics::lomb_scargle_multiband).
//!
//! # Power
//!
//! The power at a frequency f is the fraction of χ² that the model Σ aₘ cos 2πmft + bₘ sin 2πmft + c explains, relative
//! to a constant c, with weights 1/σ², or equal weights without errors; m runs from 1 to the number of terms. The
//! powers of a grid are computed by non-uniform Fourier transforms or, if that is cheaper, epoch by epoch ([`Method`]).
//! Both agree to 1e-8 of the total χ². Frequencies at which the fit is nearly degenerate, and the tops of peaks, are
//! always computed epoch by epoch.
//!
//! The power is NaN if all fluxes or all times are equal. Epochs may be in any order, and times may repeat.
//!
//! - Zechmeister & Kürster 2009, A&A 496, 577,
//!   [doi:10.1051/0004-6361:200811296](https://doi.org/10.1051/0004-6361:200811296), with the normalisations of astropy
//!   (VanderPlas 2018, ApJS 236, 16, [doi:10.3847/1538-4365/aab766](https://doi.org/10.3847/1538-4365/aab766)).
//! - Transforms in place of sums: Press & Rybicki 1989, ApJ 338, 277,
//!   [doi:10.1086/167197](https://doi.org/10.1086/167197); Barnett, Magland & af Klinteberg 2019, SIAM J. Sci. Comput.
//!   41, C479, [doi:10.1137/18M120885X](https://doi.org/10.1137/18M120885X).
//!
//! ```
//! use tape_analysis::periodogram::{Grid, LombScargle};
//! let time: Vec<f64> = (0..60).map(f64::from).map(|i| 0.83 * i + 0.3 * i.sin()).collect();
//! let flux: Vec<f64> = time.iter().map(|t| 15.0 + (std::f64::consts::TAU * t / 0.57).sin()).collect();
//! let periodogram = LombScargle::new(&time, &flux, &[]);
//! let grid = Grid::of_periods(0.2, 5.0, periodogram.baseline(), 5.0).unwrap();
//! let peak = periodogram.peaks(&grid, 1)[0];
//! assert!((1.0 / peak.frequency - 0.57).abs() < 1e-6 && peak.power > 0.999);
//! ```

use std::fmt;

use rustfft::num_complex::Complex64;
use tape_core::{Cancellation, count};

use self::epochs::Epochs;
use self::exact::Sums;
use self::power::LEAST_DETERMINANT;
use crate::dispatch::Level;

mod device;
mod direct;
mod epochs;
mod exact;
mod false_alarm;
mod fast;
mod grid;
mod kernel;
mod multiband;
mod peaks;
mod phase;
mod power;

pub use device::KERNEL;
pub use false_alarm::false_alarm_probability;
pub use grid::{Grid, MOST_FREQUENCIES};
pub use multiband::{Model, MultibandLombScargle};
pub use peaks::Peak;
pub use phase::{phase_fold, phases};

/// The generalised Lomb–Scargle periodogram of one light curve.
#[derive(Clone, Debug)]
pub struct LombScargle {
    epochs: Epochs,
    terms: usize,
    normalisation: Normalisation,
    cancellation: Cancellation,
}

/// The normalisation of a power.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Normalisation {
    /// The fraction of χ² that the fit explains, from 0 to 1.
    #[default]
    Standard,
    /// The fraction that the fit explains, divided by the remaining fraction.
    Model,
    /// Minus the logarithm of the fraction that the fit does not explain.
    Log,
    /// Half of the χ² that the fit explains.
    Psd,
}

/// The method of computing the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The cheaper of the two other methods.
    Automatic,
    /// Epoch by epoch, with a recurrence over frequencies.
    Direct,
    /// By non-uniform Fourier transforms.
    Fast,
}

impl Normalisation {
    /// All normalisations.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Model, Self::Log, Self::Psd];

    /// Returns the name, as in astropy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Model => "model",
            Self::Log => "log",
            Self::Psd => "psd",
        }
    }

    /// Returns the power from the fraction of χ² that is explained, where `chi2` is χ² of a constant.
    fn of(self, part: f64, chi2: f64) -> f64 {
        match self {
            Self::Standard => part,
            Self::Model => part / (1.0 - part),
            Self::Log => -(-part).ln_1p(),
            Self::Psd => 0.5 * chi2 * part,
        }
    }

    /// Returns the fraction of χ² that is explained from the power.
    fn standard(self, power: f64, chi2: f64) -> f64 {
        match self {
            Self::Standard => power,
            Self::Model => power / (1.0 + power),
            Self::Log => -(-power).exp_m1(),
            Self::Psd => 2.0 * power / chi2,
        }
    }
}

impl fmt::Display for Normalisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl LombScargle {
    /// Number of additional peaks to refine.
    const MORE: usize = 5;

    /// Creates the periodogram of times in days, fluxes, and errors in the unit of the flux. If `error` is empty, all
    /// epochs have equal weight. All values must be finite, and errors positive.
    ///
    /// # Panics
    /// If the numbers of times, fluxes and errors (if any) are different.
    #[must_use]
    pub fn new(time: &[f64], flux: &[f64], error: &[f64]) -> Self {
        assert_eq!(time.len(), flux.len(), "one flux for each time");
        assert!(error.is_empty() || error.len() == flux.len(), "one error for each flux, or none");
        let (epochs, normalisation) = (Epochs::new(time, flux, error), Normalisation::Standard);
        Self { epochs, terms: 1, normalisation, cancellation: Cancellation::never() }
    }

    /// Sets the number of harmonics, at least one.
    #[must_use]
    pub fn with_terms(mut self, terms: usize) -> Self {
        self.terms = terms.max(1);
        self
    }

    /// Sets the normalisation.
    #[must_use]
    pub fn with_normalisation(mut self, normalisation: Normalisation) -> Self {
        self.normalisation = normalisation;
        self
    }

    /// Sets the cancellation. After cancellation, methods return at once, and powers and peaks are meaningless.
    #[must_use]
    pub fn with_cancellation(mut self, cancellation: Cancellation) -> Self {
        self.cancellation = cancellation;
        self
    }

    /// Returns the power at a frequency, in cycles per day, computed epoch by epoch.
    #[must_use]
    pub fn power_at(&self, frequency: f64) -> f64 {
        let part = self.part_at(frequency);
        self.normalisation.of(part, self.epochs.chi2)
    }

    /// Returns the fraction of χ² that is explained at a frequency.
    fn part_at(&self, frequency: f64) -> f64 {
        if !self.varies() {
            return f64::NAN;
        }
        let explained = if self.terms == 1 {
            let [weight, twice, flux] = exact::single(Level::best(), &self.epochs, frequency);
            match power::single(weight, twice, flux) {
                (explained, determinant) if determinant >= LEAST_DETERMINANT => explained,
                _ => power::explained(&Sums { weight: vec![weight, twice], flux: vec![flux] }),
            }
        } else {
            power::explained(&Sums::at(&self.epochs, self.terms, frequency))
        };
        explained / self.epochs.variance
    }

    /// Returns the powers of a grid, or NaNs if all fluxes or all times are equal.
    #[must_use]
    pub fn power(&self, grid: &Grid, method: Method) -> Vec<f64> {
        let mut out = vec![f64::NAN; grid.number];
        if self.varies() {
            self.parts(grid, method, &mut out);
        }
        for power in &mut out {
            *power = self.normalisation.of(*power, self.epochs.chi2);
        }
        out
    }

    /// Returns the `number` highest peaks, the highest first, or fewer if there are not enough. Each is refined between
    /// grid points. Two peaks are at least one peak's width 1/T apart, for a baseline of T.
    ///
    /// A few more peaks are refined than requested, because the grid may miss the top of the highest peak by more than
    /// that of the next.
    #[must_use]
    pub fn peaks(&self, grid: &Grid, number: usize) -> Vec<Peak> {
        if !self.varies() {
            return vec![];
        }
        let mut parts = vec![f64::NAN; grid.number];
        self.parts(grid, Method::Automatic, &mut parts);
        self.peaks_of(grid, number, &parts)
    }

    /// Like [`LombScargle::peaks`], but takes the fraction of χ² that is explained at each frequency.
    fn peaks_of(&self, grid: &Grid, number: usize, parts: &[f64]) -> Vec<Peak> {
        let limits = [grid.first, grid.last()];
        let width = 1.0 / self.epochs.baseline;
        let refined = |peak| {
            self.cancellation.proceed()?;
            Some(peaks::refine(peak, grid.step, limits, |frequency| self.part_at(frequency)))
        };
        let highest = peaks::highest(grid, parts, width, number + Self::MORE, &self.cancellation);
        let mut peaks: Vec<Peak> = highest.into_iter().map_while(refined).collect();
        peaks::order(&mut peaks, width, number);
        for peak in &mut peaks {
            peak.power = self.normalisation.of(peak.power, self.epochs.chi2);
        }
        peaks
    }

    /// Returns the probability that pure noise has a peak of at least this power, in the normalisation of this
    /// periodogram, somewhere on the grid; see [`false_alarm_probability`]. NaN with more than one harmonic, for which
    /// it is not known.
    #[must_use]
    pub fn false_alarm_probability(&self, power: f64, grid: &Grid) -> f64 {
        if self.terms > 1 {
            return f64::NAN;
        }
        let part = self.normalisation.standard(power, self.epochs.chi2);
        let (n, bandwidth) = (self.epochs.len(), grid.last() - grid.first);
        false_alarm_probability(part, n, bandwidth, self.epochs.effective_baseline())
    }

    /// Returns true if a period can be searched for. False if all fluxes or all times are equal.
    #[must_use]
    pub fn varies(&self) -> bool {
        self.epochs.vary()
    }

    /// Returns the time from the earliest to the latest epoch, days.
    #[must_use]
    pub fn baseline(&self) -> f64 {
        self.epochs.baseline
    }

    /// Computes the fraction of χ² that is explained at each frequency of a grid.
    fn parts(&self, grid: &Grid, method: Method, out: &mut [f64]) {
        let single = self.terms == 1;
        let direct = match method {
            Method::Automatic => single && direct_is_cheaper(self.epochs.len(), grid.number),
            Method::Direct => true,
            Method::Fast => false,
        };
        let one = |index: usize, [weight, twice, flux]: [Complex64; 3]| {
            let (explained, determinant) = power::single(weight, twice, flux);
            if determinant < LEAST_DETERMINANT {
                return self.part_at(grid.frequency(index));
            }
            explained / self.epochs.variance
        };
        match (direct, single) {
            (true, true) => {
                direct::sums(Level::best(), &self.epochs, grid, |i, sums| {
                    out[i] = one(i, sums);
                    self.cancellation.proceed()
                });
            }
            (true, false) => {
                for (i, out) in out.iter_mut().enumerate().take_while(|_| !self.cancellation.is_cancelled()) {
                    *out = self.part_at(grid.frequency(i));
                }
            }
            (false, true) => fast::blocks(&self.epochs, 1, grid, &self.cancellation, |range, sums| {
                let (start, number) = (range.start, range.len());
                let sums = sums.weight[0].iter().zip(&sums.weight[1]).zip(&sums.flux[0]).take(number);
                for (i, ((weight, twice), flux)) in sums.enumerate() {
                    out[start + i] = one(start + i, [*weight, *twice, *flux]);
                }
                self.cancellation.proceed()
            }),
            (false, false) => fast::blocks(&self.epochs, self.terms, grid, &self.cancellation, |range, block| {
                let mut sums = Sums::zero(self.terms);
                for (i, out) in out[range].iter_mut().enumerate() {
                    if i.is_multiple_of(ASK) {
                        self.cancellation.proceed()?;
                    }
                    sums.weight.iter_mut().zip(&block.weight).for_each(|(to, from)| *to = from[i]);
                    sums.flux.iter_mut().zip(&block.flux).for_each(|(to, from)| *to = from[i]);
                    *out = power::explained(&sums) / self.epochs.variance;
                }
                Some(())
            }),
        }
    }
}

/// Number of fits of several harmonics between checks for cancellation. One fit takes some microseconds.
const ASK: usize = 64;

/// Returns true if direct sums are estimated to be faster. The constants are nanoseconds measured on one machine; their
/// ratios are similar on other machines.
fn direct_is_cheaper(epochs: usize, frequencies: usize) -> bool {
    let (n, number) = (count(epochs), count(frequencies));
    (12.0 + 0.8 * n) * number < 16.0 * number + 200.0 * n + 5000.0
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_peaks;
