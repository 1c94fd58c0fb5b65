//! Values at many frequencies, which a device computes for the CPU to choose among.
//!
//! A statistic that searches frequencies gives a device the [`Series`] of its light curves, and gets a value for each
//! frequency of each. What is made of them, such as the exact top of the highest peak, stays on the CPU.

use crate::light_curve::LightCurve;
use crate::statistic::Value;

/// The epochs of a light curve, and the frequencies `first` + k `step` of which values are wanted, k below `number`.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Times, days.
    pub time: Vec<f64>,
    /// Weights, of which the sum is one.
    pub weight: Vec<f64>,
    /// Fluxes around their mean, in a unit of the statistic's, each times its weight.
    pub weighted_flux: Vec<f64>,
    /// The first frequency, cycles a day.
    pub first: f64,
    /// The step from one to the next.
    pub step: f64,
    /// How many there are.
    pub number: usize,
}

/// A kernel over epochs and frequencies, in single precision.
///
/// The text is WGSL without entry point or bindings. It declares `struct Sums`, `fn nothing() -> Sums`,
/// `fn combine(a: Sums, b: Sums) -> Sums`, `fn add(sums: Sums, turn: vec2<f32>, weight: f32, flux: f32) -> Sums`, which takes
/// one epoch, with (cos 2πft, sin 2πft) as `turn` and the weighted flux as `flux`, and `fn value(sums: Sums) -> f32` of all
/// epochs together.
#[derive(Debug)]
pub struct SpectrumKernel {
    /// Its name, which no other kernel has.
    pub name: &'static str,
    /// The text.
    pub wgsl: &'static str,
    /// How far a value may lie from the CPU's, for `n` epochs.
    pub tolerance: fn(n: usize) -> f64,
}

/// A statistic that searches frequencies.
pub trait Spectral: Send + Sync {
    /// What gives the values.
    fn kernel(&self) -> &'static SpectrumKernel;

    /// The search in a light curve, or in those of one object; none where there is nothing to search.
    fn search(&self, light_curves: &[LightCurve<'_>]) -> Option<Box<dyn Search>>;
}

/// A search that waits for its values.
pub trait Search {
    /// The series whose values it wants.
    fn series(&self) -> Vec<Series>;

    /// The outputs, written over `out`, from the values of each series in turn.
    fn finish(&self, values: &[&[f32]], out: &mut [Value]);
}
