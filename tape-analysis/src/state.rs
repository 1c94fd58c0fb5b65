//! Partial states of folds as the floats that an engine carries around.
//!
//! A state holds counts, means and squared deviations from the mean, never a sum of squares: the difference of two large
//! sums would lose the digits of a small variance.

use tape_core::{Moments, WeightedMoments};

/// The floats of [`Moments`].
pub(crate) const MOMENTS: usize = 3;

/// Reads a state.
pub(crate) fn moments(state: &[f64]) -> Moments {
    Moments { n: state[0], mean: state[1], m2: state[2] }
}

/// Writes a state.
pub(crate) fn put_moments(state: &mut [f64], Moments { n, mean, m2 }: Moments) {
    state.copy_from_slice(&[n, mean, m2]);
}

/// The floats of [`WeightedMoments`].
pub(crate) const WEIGHTED: usize = 3;

/// Reads a weighted state.
pub(crate) fn weighted(state: &[f64]) -> WeightedMoments {
    WeightedMoments { weight: state[0], mean: state[1], m2: state[2] }
}

/// Writes a weighted state.
pub(crate) fn put_weighted(state: &mut [f64], WeightedMoments { weight, mean, m2 }: WeightedMoments) {
    state.copy_from_slice(&[weight, mean, m2]);
}

#[cfg(test)]
#[path = "state_tests.rs"]
pub(crate) mod tests;
