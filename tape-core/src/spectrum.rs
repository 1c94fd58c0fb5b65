//! Kernels that compute values at many frequencies, from which the CPU selects.
//!
//! A statistic that searches frequencies passes the [`Series`] of its light curves to a device, which returns a value
//! for each frequency of each series. Further steps, such as refining the highest peak, run on the CPU.

use crate::light_curve::LightCurve;
use crate::statistic::Value;

/// The epochs of a light curve, and the grid of frequencies `first + k * step` for k from 0 to `number - 1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Times, days.
    pub time: Vec<f64>,
    /// Weights, which add up to one.
    pub weight: Vec<f64>,
    /// Fluxes minus their mean, in a unit that the statistic chooses, multiplied by the weights.
    pub weighted_flux: Vec<f64>,
    /// The first frequency, cycles a day.
    pub first: f64,
    /// The step between frequencies, cycles a day.
    pub step: f64,
    /// Number of frequencies.
    pub number: usize,
}

/// A kernel over epochs and frequencies, in single precision.
///
/// The text is WGSL without entry point or bindings. It declares `struct Sums`, `fn nothing() -> Sums`, `fn combine(a:
/// Sums, b: Sums) -> Sums`, `fn add(sums: Sums, turn: vec2<f32>, weight: f32, flux: f32) -> Sums`, which adds one epoch
/// with the phase factor `turn` = (cos 2πft, sin 2πft) and the weighted flux `flux`, and `fn value(sums: Sums) -> f32`,
/// which returns the value at the frequency from the sums over all epochs.
#[derive(Debug)]
pub struct SpectrumKernel {
    /// Unique name of the kernel.
    pub name: &'static str,
    /// The WGSL text.
    pub wgsl: &'static str,
    /// Largest allowed difference of a value from the CPU's, for `n` epochs.
    pub tolerance: fn(n: usize) -> f64,
}

/// A statistic that searches frequencies.
pub trait Spectral: Send + Sync {
    /// Returns the kernel that computes the values.
    fn kernel(&self) -> &'static SpectrumKernel;

    /// Starts a search in one light curve, or in the light curves of one object. Returns `None` if there is nothing to
    /// search.
    fn search(&self, light_curves: &[LightCurve<'_>]) -> Option<Box<dyn Search>>;
}

/// A search that needs values at the frequencies of its series.
pub trait Search {
    /// Returns the series that the search needs values for.
    fn series(&self) -> Vec<Series>;

    /// Writes the outputs to `out`, given the values of each series.
    fn finish(&self, values: &[&[f32]], out: &mut [Value]);
}
