//! The trigonometric sums of one frequency, epoch by epoch.

use std::f64::consts::TAU;

use rustfft::num_complex::Complex64;

use super::epochs::Epochs;

/// What the fit of some harmonics to a light curve needs at one frequency f.
#[derive(Clone, Debug)]
pub(super) struct Sums {
    /// Σ w exp(2πi m f t) for m = 1, 2, … twice the number of harmonics.
    pub(super) weight: Vec<Complex64>,
    /// Σ w y exp(2πi m f t) for m = 1, 2, … the number of harmonics.
    pub(super) flux: Vec<Complex64>,
}

impl Sums {
    /// Zero.
    pub(super) fn zero(terms: usize) -> Self {
        Self { weight: vec![Complex64::ZERO; 2 * terms], flux: vec![Complex64::ZERO; terms] }
    }

    /// The sums at a frequency, cycles a day.
    pub(super) fn at(epochs: &Epochs, terms: usize, frequency: f64) -> Self {
        let mut sums = Self::zero(terms);
        for ((&time, &weight), &flux) in epochs.time.iter().zip(&epochs.weight).zip(&epochs.weighted_flux) {
            let turn = phasor(frequency * time);
            let mut power = Complex64::ONE;
            for m in 0..2 * terms {
                power *= turn;
                sums.weight[m] += power * weight;
                if m < terms {
                    sums.flux[m] += power * flux;
                }
            }
        }
        sums
    }
}

/// exp(2πi cycles).
pub(super) fn phasor(cycles: f64) -> Complex64 {
    let (sin, cos) = (TAU * (cycles - cycles.round())).sin_cos();
    Complex64::new(cos, sin)
}
