//! Pairs of epochs, which a device puts into bins of time.
//!
//! In which bin an interval belongs must not hang on rounding. Times are therefore whole [ticks](PairBins::tick), of which a
//! device has 64 bits, and so are the limits of the bins: counts of pairs are exact.

use crate::light_curve::LightCurve;
use crate::statistic::Value;

/// The epochs of a light curve, and the bins that their pairs belong to.
#[derive(Clone, Debug, PartialEq)]
pub struct PairBins {
    /// Times, in ticks, ascending.
    pub time: Vec<u64>,
    /// Days in a tick.
    pub tick: f64,
    /// Fluxes, after something about their mean was subtracted.
    pub flux: Vec<f64>,
    /// Squares of the errors.
    pub variance: Vec<f64>,
    /// The least interval of each bin, and the least that is beyond it, in ticks. No pair has an interval of zero.
    pub bins: Vec<[u64; 2]>,
}

/// The pairs of one bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairSums {
    /// How many there are.
    pub pairs: u32,
    /// The sum of their intervals, days.
    pub dt: f64,
    /// The sums of what the kernel takes of each pair.
    pub terms: [f64; 2],
}

/// A kernel over pairs of epochs, in single precision.
///
/// The text is WGSL without entry point or bindings. It declares `fn term(change: f32, variance: f32) -> vec2<f32>`: what is
/// summed of a pair with this change of flux from the earlier to the later, and this sum of squared errors.
#[derive(Debug)]
pub struct PairKernel {
    /// Its name, which no other kernel has.
    pub name: &'static str,
    /// The text.
    pub wgsl: &'static str,
    /// How far mean terms may lie from the CPU's, for `n` epochs, in a unit of the statistic's.
    pub tolerance: fn(n: usize) -> f64,
}

/// A statistic of pairs of epochs, with a row for each bin.
pub trait Pairwise: Send + Sync {
    /// What is summed.
    fn kernel(&self) -> &'static PairKernel;

    /// The bins of a light curve; none if it cannot be done in ticks, or has no bins.
    fn bins(&self, light_curve: &LightCurve<'_>) -> Option<PairBins>;

    /// Appends the rows of a light curve. Answers `false`, with nothing appended, if sums in single precision may lie further
    /// from the CPU's than the tolerance: the CPU then takes this light curve.
    fn rows_from(&self, bins: &PairBins, sums: &[PairSums], out: &mut Vec<Value>) -> bool;
}
