//! Kernels that sum pairs of epochs in bins of the time between them.
//!
//! The bin of an interval must not depend on rounding. Times and bin edges are therefore integers, in units of a
//! [tick](PairBins::tick) and with 64 bits on the device, so that counts of pairs are exact.

use crate::light_curve::LightCurve;
use crate::statistic::Value;

/// The epochs of a light curve, and the bins for their pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct PairBins {
    /// Times, in ticks, ascending.
    pub time: Vec<u64>,
    /// The length of a tick, days.
    pub tick: f64,
    /// Fluxes, with about their mean subtracted.
    pub flux: Vec<f64>,
    /// Squared errors.
    pub variance: Vec<f64>,
    /// Lower edge (inclusive) and upper edge (exclusive) of each bin, in ticks. No pair has an interval of zero.
    pub bins: Vec<[u64; 2]>,
}

/// The sums over the pairs of one bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairSums {
    /// Number of pairs.
    pub pairs: u32,
    /// The sum of the intervals, days.
    pub dt: f64,
    /// The sums of the kernel's two terms.
    pub terms: [f64; 2],
}

/// A kernel over pairs of epochs, in single precision.
///
/// The text is WGSL without entry point or bindings. It declares `fn term(change: f32, variance: f32) -> vec2<f32>`:
/// the terms to sum for a pair, given the change of flux from the earlier to the later epoch and the sum of the squared
/// errors.
#[derive(Debug)]
pub struct PairKernel {
    /// Unique name of the kernel.
    pub name: &'static str,
    /// The WGSL text.
    pub wgsl: &'static str,
    /// Largest allowed difference of the mean terms from the CPU's, for `n` epochs, in a unit that the statistic
    /// chooses.
    pub tolerance: fn(n: usize) -> f64,
}

/// A statistic of pairs of epochs, with a row for each bin.
pub trait Pairwise: Send + Sync {
    /// Returns the kernel that computes the terms.
    fn kernel(&self) -> &'static PairKernel;

    /// Returns the bins of a light curve, or `None` if its times do not fit in ticks or there are no bins.
    fn bins(&self, light_curve: &LightCurve<'_>) -> Option<PairBins>;

    /// Appends the rows of a light curve. Returns `false`, with nothing appended, if sums in single precision may
    /// differ from the CPU's by more than the tolerance. The CPU then computes the light curve.
    fn rows_from(&self, bins: &PairBins, sums: &[PairSums], out: &mut Vec<Value>) -> bool;
}
