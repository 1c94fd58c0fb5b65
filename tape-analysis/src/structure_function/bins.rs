//! Bins of Δt: their edges, and which a Δt belongs to. Both follow TAPE's, that is numpy's and scipy's, to the last digit
//! that decides to which bin an interval belongs.

use tape_core::count;

use super::refused;
use crate::error::Error;

/// How Δt are put into bins. There are as many bins as it takes to have `target` pairs in each on average.
#[derive(Clone, Debug, PartialEq)]
pub enum Binning {
    /// Bins that hold equally many different Δt.
    Size {
        /// Pairs for each bin.
        target: usize,
    },
    /// Bins of equal length.
    Length {
        /// Pairs for each bin.
        target: usize,
    },
    /// Bins of equal length in log Δt.
    LogLength {
        /// Pairs for each bin.
        target: usize,
    },
    /// Bins between these edges, days, ascending. Δt outside them do not count.
    Edges(Vec<f64>),
}

impl Binning {
    pub(super) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Size { target: 0 } | Self::Length { target: 0 } | Self::LogLength { target: 0 } => {
                Err(refused("target", 0, "one pair or more"))
            }
            Self::Edges(edges) if edges.len() < 2 || !edges.is_sorted_by(|a, b| a < b) => {
                Err(refused("edges", format!("{edges:?}"), "two numbers or more that ascend"))
            }
            _ => Ok(()),
        }
    }
}

/// The edges for these Δt, if there are any and the edges do not coincide.
pub(super) fn edges(binning: &Binning, dt: &[f64]) -> Option<Vec<f64>> {
    if dt.is_empty() {
        return None;
    }
    let mut different = dt.to_vec();
    different.sort_unstable_by(f64::total_cmp);
    different.dedup();
    let edges = match binning {
        Binning::Edges(edges) => edges.clone(),
        Binning::Size { target } => {
            let bins = dt.len().div_ceil(*target);
            even(0.0, 1.0, bins).into_iter().map(|fraction| quantile(&different, fraction)).collect()
        }
        Binning::Length { target } => below(&different, dt.len().div_ceil(*target)),
        Binning::LogLength { target } => {
            let logs: Vec<f64> = different.iter().map(|dt| dt.ln()).collect();
            below(&logs, dt.len().div_ceil(*target)).into_iter().map(f64::exp).collect()
        }
    };
    edges.is_sorted_by(|a, b| a < b).then_some(edges)
}

/// The edges of equal bins from the least to the greatest, of which the first is moved by a thousandth of the range, to
/// include the least.
fn below(ascending: &[f64], bins: usize) -> Vec<f64> {
    let (Some(&low), Some(&high)) = (ascending.first(), ascending.last()) else { return vec![] };
    let mut edges = even(low, high, bins);
    edges[0] -= 0.001 * (high - low);
    edges
}

/// `bins` + 1 numbers at equal steps.
fn even(low: f64, high: f64, bins: usize) -> Vec<f64> {
    let step = (high - low) / count(bins);
    (0..bins).map(|k| count(k) * step + low).chain([high]).collect()
}

/// The quantile of ascending values, on a straight line between those at either side; NaN without values.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the whole part of a place in a slice")]
pub(super) fn quantile(ascending: &[f64], fraction: f64) -> f64 {
    let Some(last) = ascending.len().checked_sub(1) else { return f64::NAN };
    let place = fraction * count(last);
    let at = (place.floor() as usize).min(last);
    let (low, high) = (ascending[at], ascending[(at + 1).min(last)]);
    let part = place - place.floor();
    // From the nearer of both, so that either end is met exactly.
    if part >= 0.5 { high - (high - low) * (1.0 - part) } else { low + (high - low) * part }
}

/// The bin of a Δt: from its lower edge on to below its upper one, which belongs to the last bin. That last edge counts as
/// met if Δt is equal to it up to the sixth digit of the narrowest bin.
pub(super) fn place(edges: &[f64], dt: f64) -> Option<usize> {
    let after = edges.partition_point(|edge| *edge <= dt);
    if after < edges.len() {
        return after.checked_sub(1);
    }
    let narrowest = edges.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let scale = 10.0_f64.powf((-narrowest.log10()).trunc() + 6.0);
    let round = |x: f64| (x * scale).round_ties_even();
    (round(dt) == round(edges[edges.len() - 1])).then(|| edges.len() - 2)
}
