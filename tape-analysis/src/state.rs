//! Partial states of folds as the floats that an engine carries around.
//!
//! A state holds counts, means and squared deviations from the mean, never a sum of squares: the difference of two large
//! sums would lose the digits of a small variance.

use tape_core::{Extremes, HigherMoments, Line, Moments, WeightedMoments, count};

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

/// The floats of [`HigherMoments`].
pub(crate) const HIGHER: usize = MOMENTS + 2;

/// Reads a state of higher moments.
pub(crate) fn higher(state: &[f64]) -> HigherMoments {
    HigherMoments { moments: moments(state), m3: state[3], m4: state[4] }
}

/// Writes a state of higher moments.
pub(crate) fn put_higher(state: &mut [f64], HigherMoments { moments, m3, m4 }: HigherMoments) {
    state.copy_from_slice(&[moments.n, moments.mean, moments.m2, m3, m4]);
}

/// The floats of a [`Line`].
pub(crate) const LINE: usize = 6;

/// Reads a line.
pub(crate) fn line(state: &[f64]) -> Line {
    Line { weight: state[0], time: state[1], flux: state[2], spread: state[3], slope: state[4], residual: state[5] }
}

/// Writes a line.
pub(crate) fn put_line(state: &mut [f64], Line { weight, time, flux, spread, slope, residual }: Line) {
    state.copy_from_slice(&[weight, time, flux, spread, slope, residual]);
}

/// The floats of [`Extremes`], and before them the number of values: without values all are zero.
pub(crate) const EXTREMES: usize = 3;

/// Writes the extremes of `n` values.
pub(crate) fn put_extremes(state: &mut [f64], n: usize, Extremes { min, max }: Extremes) {
    state.copy_from_slice(&if n == 0 { [0.0; EXTREMES] } else { [count(n), min, max] });
}

/// Adds the values behind `other`.
pub(crate) fn combine_extremes(state: &mut [f64], other: &[f64]) {
    if state[0] == 0.0 {
        state.copy_from_slice(other);
    } else if other[0] > 0.0 {
        state.copy_from_slice(&[state[0] + other[0], state[1].min(other[1]), state[2].max(other[2])]);
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
pub(crate) mod tests;
