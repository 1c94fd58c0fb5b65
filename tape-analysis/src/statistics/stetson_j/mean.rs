//! The arithmetic on one light curve: its robust mean, step by step, and J around it.

use tape_core::count;

use crate::dispatch::{LANES, Lanes};

/// Copies the fluxes into `x`, filled up with the first; writes n/(4 (n − 1) σ²) over `w`, filled up with zeros; and returns
/// the weighted mean.
#[inline(always)]
pub(super) fn start<L: Lanes>(flux: &[f64], error: &[f64], x: &mut [[f64; LANES]], w: &mut [[f64; LANES]]) -> Mean {
    let n = count(flux.len());
    let factor = L::splat(0.25 * (n / (n - 1.0)));
    let first = L::splat(flux[0]);
    let (mut shift, mut weight) = (L::splat(0.0), L::splat(0.0));
    let columns = flux.chunks(LANES).zip(error[..flux.len()].chunks(LANES));
    for ((x, w), (flux_of, error_of)) in x.iter_mut().zip(w).zip(columns) {
        let (fluxes, errors) = (L::load_or(flux_of, flux[0]), L::load_or(error_of, f64::INFINITY));
        let weights = L::div(factor, L::mul(errors, errors));
        L::store(fluxes, x);
        L::store(weights, w);
        shift = L::add(shift, L::mul(weights, L::sub(fluxes, first)));
        weight = L::add(weight, weights);
    }
    let mut mean = Mean::at(flux[0]);
    mean.advance(L::sum(shift) / L::sum(weight));
    mean
}

/// How far the mean weighted by w/(1 + (δ/2)²) lies from `mean`.
#[inline(always)]
pub(super) fn step<L: Lanes>(x: &[[f64; LANES]], w: &[[f64; LANES]], mean: Mean) -> f64 {
    let (high, low, one) = (L::splat(mean.high), L::splat(mean.low), L::splat(1.0));
    let (mut shift, mut weight) = (L::splat(0.0), L::splat(0.0));
    for (x, w) in x.iter().zip(w) {
        let (deviation, w) = (L::sub(L::sub(L::load(x), high), low), L::load(w));
        let robust = L::div(w, L::add(one, L::mul(L::mul(w, deviation), deviation)));
        shift = L::add(shift, L::mul(robust, deviation));
        weight = L::add(weight, robust);
    }
    L::sum(shift) / L::sum(weight)
}

/// The robust mean, to twice the digits of a float.
#[derive(Clone, Copy)]
pub(super) struct Mean {
    /// The mean.
    high: f64,
    /// What it was rounded by.
    low: f64,
}

impl Mean {
    pub(super) const fn at(high: f64) -> Self {
        Self { high, low: 0.0 }
    }

    /// Moves by `step`, and returns how far the mean moved.
    #[inline(always)]
    pub(super) fn advance(&mut self, step: f64) -> f64 {
        let (last, step) = (self.high, self.low + step);
        let mean = last + step;
        // What the sum was rounded by, exactly (Knuth's two-sum).
        let of_step = mean - last;
        *self = Self { high: mean, low: (last - (mean - of_step)) + (step - of_step) };
        (mean - last).abs()
    }

    /// Whether the iteration stops here. `moved / mean` is negative with the mean.
    #[inline(always)]
    pub(super) fn stops(self, moved: f64) -> bool {
        self.high == 0.0 || (moved / self.high < 1e-6 && moved < 1e-6)
    }

    /// Whether [`Mean::stops`] is worth its division.
    #[inline(always)]
    pub(super) fn may_stop(self, moved: f64) -> bool {
        (self.high == 0.0) | (moved < 1e-6)
    }
}

/// J, given the mean.
#[inline(always)]
pub(super) fn index<L: Lanes>(x: &[[f64; LANES]], w: &[[f64; LANES]], mean: Mean, n: usize) -> f64 {
    let (high, low, one, four) = (L::splat(mean.high), L::splat(mean.low), L::splat(1.0), L::splat(4.0));
    let mut total = L::splat(0.0);
    for (x, w) in x.iter().zip(w) {
        let deviation = L::sub(L::sub(L::load(x), high), low);
        let delta2 = L::mul(L::mul(L::mul(four, L::load(w)), deviation), deviation);
        total = L::add(total, L::signed_sqrt(L::sub(delta2, one)));
    }
    // Each lane that was filled up gave −1.
    (L::sum(total) + count(x.len() * LANES - n)) / count(n)
}
