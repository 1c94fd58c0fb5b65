//! The arithmetic on one light curve: the steps of its robust mean, and J around it.

use tape_core::count;

use super::twofold::{self, Twofold};
use crate::dispatch::{LANES, Lanes};

/// Eight epochs of the first half of a light curve and eight of the second, so that one division serves two epochs.
///
/// For light curves side by side, it is one epoch of each half of eight light curves.
#[derive(Clone, Copy)]
pub(super) struct Pairs {
    /// Fluxes, padded with the first flux of the light curve.
    pub(super) x: [[f64; LANES]; 2],
    /// Weights n/(4 (n − 1) σ²), padded with zeros.
    pub(super) w: [[f64; LANES]; 2],
}

/// Largest ratio of the last step to the smallest. Above it, the mean is recomputed with more digits, which happens for
/// one in 6,000 light curves. Below it, the rounding error of J is about 10⁻¹⁴ at most.
const MOST_GROWTH: f64 = 32.0;

impl Pairs {
    pub(super) const EMPTY: Self = Self { x: [[0.0; LANES]; 2], w: [[0.0; LANES]; 2] };
}

/// Returns the number of epochs in the first half of `n` epochs.
pub(super) const fn half(n: usize) -> usize {
    n.div_ceil(2)
}

/// Returns the number of [`Pairs`] for a light curve of `n` epochs.
pub(super) const fn vectors(n: usize) -> usize {
    half(n).div_ceil(LANES)
}

/// Fills `pairs` and returns the mean weighted by 1/σ².
#[inline(always)]
pub(super) fn start<L: Lanes>(flux: &[f64], error: &[f64], pairs: &mut [Pairs]) -> Mean<L> {
    let n = count(flux.len());
    let factor = L::splat(0.25 * (n / (n - 1.0)));
    let first = L::splat(flux[0]);
    let (mut shift, mut weight) = (L::splat(0.0), L::splat(0.0));
    let (flux_of, error_of) = (flux.split_at(half(flux.len())), error[..flux.len()].split_at(half(flux.len())));
    for (i, Pairs { x, w }) in pairs.iter_mut().enumerate() {
        for (half, (flux_of, error_of)) in [(flux_of.0, error_of.0), (flux_of.1, error_of.1)].into_iter().enumerate() {
            let from = (i * LANES).min(flux_of.len());
            let fluxes = L::load_or(&flux_of[from..], flux[0]);
            let errors = L::load_or(&error_of[from..], f64::INFINITY);
            let weights = L::div(factor, L::mul(errors, errors));
            L::store(fluxes, &mut x[half]);
            L::store(weights, &mut w[half]);
            shift = L::add(shift, L::mul(weights, L::sub(fluxes, first)));
            weight = L::add(weight, weights);
        }
    }
    let mut mean = Mean::<L>::at(flux[0], 0.0);
    mean.advance(L::div(L::splat(L::sum(shift)), L::splat(L::sum(weight))));
    // This was not a step of the iteration.
    mean.steps = Steps::none();
    mean
}

/// Returns the contributions of `pairs` to the weighted deviation from `mean` and to the weight, with weights
/// w/(1 + (δ/2)²).
#[inline(always)]
pub(super) fn robust<L: Lanes>(pairs: &Pairs, mean: Mean<L>) -> (L::Vector, L::Vector) {
    let one = L::splat(1.0);
    let Pairs { x: [x0, x1], w: [w0, w1] } = pairs;
    let (w0, w1) = (L::load(w0), L::load(w1));
    let deviation0 = L::sub(L::sub(L::load(x0), mean.high), mean.low);
    let deviation1 = L::sub(L::sub(L::load(x1), mean.high), mean.low);
    let q0 = L::add(one, L::mul(L::mul(w0, deviation0), deviation0));
    let q1 = L::add(one, L::mul(L::mul(w1, deviation1), deviation1));
    let inverse = L::div(one, L::mul(q0, q1));
    let (robust0, robust1) = (L::mul(w0, L::mul(q1, inverse)), L::mul(w1, L::mul(q0, inverse)));
    (L::add(L::mul(robust0, deviation0), L::mul(robust1, deviation1)), L::add(robust0, robust1))
}

/// Computes the mean with robust weights minus `mean`, which is equal in all lanes.
#[inline(always)]
pub(super) fn step<L: Lanes>(pairs: &[Pairs], mean: Mean<L>) -> L::Vector {
    let (mut shift, mut weight) = (L::splat(0.0), L::splat(0.0));
    for pairs in pairs {
        let (shift_of, weight_of) = robust::<L>(pairs, mean);
        shift = L::add(shift, shift_of);
        weight = L::add(weight, weight_of);
    }
    L::div(L::splat(L::sum(shift)), L::splat(L::sum(weight)))
}

/// Robust means, one in each lane, with twice the digits of a float.
pub(super) struct Mean<L: Lanes> {
    /// The mean.
    pub(super) high: L::Vector,
    /// The rounding error of `high`.
    pub(super) low: L::Vector,
    /// Sizes of the steps of the iteration.
    pub(super) steps: Steps<L>,
}

/// Sizes of the steps of an iteration. The rounding error of the mean grows with them.
pub(super) struct Steps<L: Lanes> {
    /// Size of the smallest step.
    pub(super) smallest: L::Vector,
    /// Size of the last step.
    pub(super) last: L::Vector,
}

impl<L: Lanes> Clone for Steps<L> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<L: Lanes> Copy for Steps<L> {}

impl<L: Lanes> Steps<L> {
    /// Returns the sizes before the first step.
    #[inline(always)]
    pub(super) fn none() -> Self {
        Self { smallest: L::splat(f64::INFINITY), last: L::splat(0.0) }
    }
}

impl<L: Lanes> Clone for Mean<L> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<L: Lanes> Copy for Mean<L> {}

impl<L: Lanes> Mean<L> {
    /// Creates a mean that is equal in all lanes, before the first step.
    #[inline(always)]
    pub(super) fn at(high: f64, low: f64) -> Self {
        Self { high: L::splat(high), low: L::splat(low), steps: Steps::none() }
    }

    /// Returns the lanes in which the iteration amplified its rounding so much that J depends on the order of the
    /// epochs.
    #[inline(always)]
    fn is_unstable(self) -> u8 {
        L::less(L::mul(self.steps.smallest, L::splat(MOST_GROWTH)), self.steps.last)
    }

    /// Moves the means by `step`, and returns the lanes in which the iteration stops.
    #[inline(always)]
    pub(super) fn advance(&mut self, step: L::Vector) -> u8 {
        let size = L::abs(step);
        self.steps = Steps { smallest: L::min(size, self.steps.smallest), last: size };
        let (last, step) = (self.high, L::add(self.low, step));
        let mean = L::add(last, step);
        // The exact rounding error of the sum (Knuth's two-sum).
        let of_step = L::sub(mean, last);
        self.high = mean;
        self.low = L::add(L::sub(last, L::sub(mean, of_step)), L::sub(step, of_step));
        let (moved, little) = (L::abs(of_step), L::splat(1e-6));
        // `moved / mean` is negative if the mean is.
        L::equal(mean, L::splat(0.0)) | (L::less(L::div(moved, mean), little) & L::less(moved, little))
    }
}

/// Computes J from the mean, which is equal in all lanes.
#[inline(always)]
pub(super) fn index<L: Lanes>(pairs: &[Pairs], mut mean: Mean<L>, n: usize) -> f64 {
    if mean.is_unstable() != 0 {
        let Twofold { high, low } = twofold::mean(pairs);
        mean = Mean::at(high, low);
    }
    let (one, four) = (L::splat(1.0), L::splat(4.0));
    let mut total = L::splat(0.0);
    for Pairs { x, w } in pairs {
        for (x, w) in x.iter().zip(w) {
            let deviation = L::sub(L::sub(L::load(x), mean.high), mean.low);
            let delta2 = L::mul(L::mul(L::mul(four, L::load(w)), deviation), deviation);
            total = L::add(total, L::signed_sqrt(L::sub(delta2, one)));
        }
    }
    // Each padded element contributed −1.
    (L::sum(total) + count(2 * LANES * pairs.len() - n)) / count(n)
}
