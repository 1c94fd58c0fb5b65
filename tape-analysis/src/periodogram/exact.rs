//! The trigonometric sums at one frequency, epoch by epoch.

use std::f64::consts::TAU;

use rustfft::num_complex::Complex64;

use super::epochs::Epochs;
use crate::dispatch::{Kernel, LANES, Lanes, Level};

/// The sums for a fit of harmonics to a light curve at one frequency f.
#[derive(Clone, Debug)]
pub(super) struct Sums {
    /// Σ w exp(2πi m f t) for m from 1 to twice the number of harmonics.
    pub(super) weight: Vec<Complex64>,
    /// Σ w y exp(2πi m f t) for m from 1 to the number of harmonics.
    pub(super) flux: Vec<Complex64>,
}

impl Sums {
    /// Returns sums of zero.
    pub(super) fn zero(terms: usize) -> Self {
        Self { weight: vec![Complex64::ZERO; 2 * terms], flux: vec![Complex64::ZERO; terms] }
    }

    /// Computes the sums at a frequency, cycles per day.
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

/// Returns exp(2πi `cycles`).
pub(super) fn phasor(cycles: f64) -> Complex64 {
    let (sin, cos) = (TAU * (cycles - cycles.round())).sin_cos();
    Complex64::new(cos, sin)
}

/// Computes Σ w e^{iωt}, Σ w e^{2iωt} and Σ w y e^{iωt} at a frequency, cycles per day, like [`Sums::at`] but with
/// eight epochs at a time.
pub(super) fn single(level: Level, epochs: &Epochs, frequency: f64) -> [Complex64; 3] {
    level.run(Single { epochs, frequency }).unwrap_or_else(|| {
        let sums = Sums::at(epochs, 1, frequency);
        [sums.weight[0], sums.weight[1], sums.flux[0]]
    })
}

struct Single<'a> {
    epochs: &'a Epochs,
    frequency: f64,
}

impl Kernel for Single<'_> {
    /// Three sums, or `None` if there are too many cycles to round them to integers.
    type Output = Option<[Complex64; 3]>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Self::Output {
        let zero = L::splat(0.0);
        let [mut c, mut s, mut yc, mut ys, mut cc, mut ss, mut cs] = [zero; 7];
        for start in (0..self.epochs.len()).step_by(LANES) {
            let time = L::load_or(&self.epochs.time[start..], 0.0);
            let weight = L::load_or(&self.epochs.weight[start..], 0.0);
            let flux = L::load_or(&self.epochs.weighted_flux[start..], 0.0);
            let cycles = L::mul(L::splat(self.frequency), time);
            // 1.5 · 2⁵²: adding it rounds to an integer.
            let rounder = L::splat(6_755_399_441_055_744.0);
            let part = L::sub(cycles, L::sub(L::add(cycles, rounder), rounder));
            if L::less(L::splat(0.5), L::abs(part)) != 0 {
                return None;
            }
            let [cos, sin] = turn::<L>(part);
            let (weight_cos, weight_sin) = (L::mul(weight, cos), L::mul(weight, sin));
            c = L::add(c, weight_cos);
            s = L::add(s, weight_sin);
            yc = L::add(yc, L::mul(flux, cos));
            ys = L::add(ys, L::mul(flux, sin));
            cc = L::add(cc, L::mul(weight_cos, cos));
            ss = L::add(ss, L::mul(weight_sin, sin));
            cs = L::add(cs, L::mul(weight_cos, sin));
        }
        let sum = |real, imaginary| Complex64::new(L::sum(real), L::sum(imaginary));
        Some([sum(c, s), sum(L::sub(cc, ss), L::add(cs, cs)), sum(yc, ys)])
    }
}

/// Returns the cosine and sine of at most half a turn, by their series at a quarter of the angle, which is then doubled
/// twice.
#[inline(always)]
fn turn<L: Lanes>(part: L::Vector) -> [L::Vector; 2] {
    let x = L::mul(part, L::splat(TAU / 4.0));
    let square = L::mul(x, x);
    let (mut cos, mut sin) = (series::<L>(square, 1.0), L::mul(x, series::<L>(square, 2.0)));
    for _ in 0..2 {
        let twice = L::add(sin, sin);
        (cos, sin) = (L::sub(L::splat(1.0), L::mul(twice, sin)), L::mul(twice, cos));
    }
    [cos, sin]
}

/// Returns 1 − x²/(a (a + 1)) + x⁴/(a … (a + 3)) − …, which is cos x for a = 1 and sin x/x for a = 2. Starts at the
/// highest power.
#[inline(always)]
fn series<L: Lanes>(square: L::Vector, a: f64) -> L::Vector {
    let mut sum = L::splat(1.0);
    for k in (0..8_u32).rev() {
        let divisor = (a + f64::from(2 * k)) * (a + f64::from(2 * k + 1));
        sum = L::sub(L::splat(1.0), L::mul(sum, L::mul(square, L::splat(1.0 / divisor))));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vector_sums_agree_with_a_plain_loop_at_every_level() {
        for n in [1, 2, 7, 8, 9, 16, 250] {
            let time: Vec<f64> = (0..n).map(|i| f64::from(i) * 1.37 + (f64::from(i) * 0.9).sin()).collect();
            let flux: Vec<f64> = time.iter().map(|t| (t * 0.7).sin() + 0.1 * t).collect();
            let error: Vec<f64> = (0..n).map(|i| 0.1 + f64::from(i % 5)).collect();
            let epochs = Epochs::new(&time, &flux, &error);
            let scale = 1.0 + epochs.variance.sqrt();
            // The last frequency has too many cycles for a float to hold a fraction of one.
            for frequency in [0.0, 1e-9, 0.25, 0.731, 17.3, 4321.1, 1e16] {
                let want = Sums::at(&epochs, 1, frequency);
                for level in Level::available() {
                    let got = single(level, &epochs, frequency);
                    for (got, want) in got.into_iter().zip([want.weight[0], want.weight[1], want.flux[0]]) {
                        let off = (got - want).norm();
                        assert!(off < 2e-14 * scale, "{n} epochs at {frequency}, {level}: {got}, not {want}");
                    }
                }
            }
        }
    }
}
