//! Bins of Δt: their edges, and the bin of each Δt. Both agree with TAPE, and so with numpy and scipy, to the last
//! digit that decides the bin of an interval.

use tape_core::count;

use super::refused;
use super::scattered::Scattered;
use crate::error::Error;

/// The bins of Δt. Without given edges, the number of bins is such that each has `target` pairs on average.
#[derive(Clone, Debug, PartialEq)]
pub enum Binning {
    /// Bins with equal numbers of different Δt.
    Size {
        /// Number of pairs per bin.
        target: usize,
    },
    /// Bins of equal length.
    Length {
        /// Number of pairs per bin.
        target: usize,
    },
    /// Bins of equal length in log Δt.
    LogLength {
        /// Number of pairs per bin.
        target: usize,
    },
    /// Bins between these ascending edges, days. Δt outside are ignored.
    Edges(Vec<f64>),
}

impl Binning {
    pub(super) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Size { target: 0 } | Self::Length { target: 0 } | Self::LogLength { target: 0 } => {
                Err(refused("target", 0, "one pair or more"))
            }
            Self::Edges(edges) if edges.len() < 2 || !edges.is_sorted_by(|a, b| a < b) => {
                Err(refused("edges", format!("{edges:?}"), "two or more ascending numbers"))
            }
            _ => Ok(()),
        }
    }
}

/// Returns the edges for these pairs, or `None` if there are no pairs, the edges coincide, or the run is cancelled.
pub(super) fn edges(binning: &Binning, pairs: &mut Scattered) -> Option<Vec<f64>> {
    if pairs.is_empty() {
        return None;
    }
    let [low, high] = pairs.extremes();
    let bins = |target: usize| pairs.len().div_ceil(target);
    let edges = match *binning {
        Binning::Edges(ref edges) => edges.clone(),
        Binning::Size { target } => pairs.quantiles(&even(0.0, 1.0, bins(target)))?,
        Binning::Length { target } => below(low, high, bins(target)),
        Binning::LogLength { target } => below(low.ln(), high.ln(), bins(target)).into_iter().map(f64::exp).collect(),
    };
    edges.is_sorted_by(|a, b| a < b).then_some(edges)
}

/// Returns the edges of equal bins from the smallest to the largest value. The first edge is moved by a thousandth of
/// the range, to include the smallest.
fn below(low: f64, high: f64, bins: usize) -> Vec<f64> {
    let mut edges = even(low, high, bins);
    edges[0] -= 0.001 * (high - low);
    edges
}

/// Returns `bins` + 1 evenly spaced numbers.
fn even(low: f64, high: f64, bins: usize) -> Vec<f64> {
    let step = (high - low) / count(bins);
    (0..bins).map(|k| count(k) * step + low).chain([high]).collect()
}

/// Returns the quantile of `number` values, interpolated linearly, where `at` returns the requested values by their
/// position in ascending order. NaN without values.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the integer part of a position in a slice"
)]
pub(super) fn quantile(number: usize, fraction: f64, mut at: impl FnMut(usize) -> f64) -> f64 {
    let Some(last) = number.checked_sub(1) else { return f64::NAN };
    let place = fraction * count(last);
    let below = (place.floor() as usize).min(last);
    let (low, high) = (at(below), at((below + 1).min(last)));
    let part = place - place.floor();
    // Interpolate from the closer value, so that both ends are exact.
    if part >= 0.5 { high - (high - low) * (1.0 - part) } else { low + (high - low) * part }
}

/// Returns the bin of a Δt. A bin includes its lower edge and excludes its upper one, except that the last bin includes
/// both: see [`at_last`].
pub(super) fn place(edges: &[f64], dt: f64) -> Option<usize> {
    let after = edges.partition_point(|edge| *edge <= dt);
    if after < edges.len() { after.checked_sub(1) } else { at_last(edges)(dt).then(|| edges.len() - 2) }
}

/// Returns a function that decides whether a Δt at or above the last edge belongs to the last bin. It does if it equals
/// the edge up to the sixth digit of the narrowest bin.
pub(super) fn at_last(edges: &[f64]) -> impl Fn(f64) -> bool {
    let narrowest = edges.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let scale = 10.0_f64.powf((-narrowest.log10()).trunc() + 6.0);
    let round = move |x: f64| (x * scale).round_ties_even();
    let last = edges.last().map_or(f64::NAN, |edge| round(*edge));
    move |dt| round(dt) == last
}
