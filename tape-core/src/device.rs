//! What a statistic says of its kernel for a device: the text, and how its numbers become those of the CPU.
//!
//! The text is WGSL without entry point or bindings; the crate that drives devices puts it between a prelude and a main
//! function. It declares
//!
//! - `const LEN`: how many numbers a lane carries, and `alias State = array<real, LEN>`;
//! - `fn empty() -> State` and `fn combine(a: State, b: State) -> State`: the identity, and an operation that may be applied
//!   in any order;
//! - for a [`Method::Fold`]: `fn lift(flux: real, error: real) -> State`, the state of one epoch;
//! - for a [`Method::Whole`]: `fn evaluate(first: u32, n: u32, reference: real) -> Out`, called by all lanes of a team,
//!   which may call `team(State) -> State` for what all lanes have together, and takes every `width`-th epoch from
//!   `first + lane` on from `fluxes` and `errors`.
//!
//! `Out` is an array of as many numbers as the kernel gives, which is the state of a fold. `real` is `f32` or `f64`, and `EPSILON` the distance from 1 to the next number. Fluxes have the segment's reference
//! subtracted, which is about their mean; `reference` is its value.

use crate::light_curve::LightCurve;

/// The numbers that a kernel calculates with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    /// `f32`.
    Single,
    /// `f64`.
    Double,
}

impl Precision {
    /// The distance from 1 to the next number.
    #[must_use]
    pub const fn epsilon(self) -> f64 {
        match self {
            Self::Single => f32::EPSILON as f64,
            Self::Double => f64::EPSILON,
        }
    }
}

/// How a segment is brought together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Any part of a segment by itself: the states of the parts combine.
    Fold,
    /// All epochs at once.
    Whole,
}

/// One part of a segment, as it was on the device.
#[derive(Clone, Copy, Debug)]
pub struct OnDevice {
    /// Its number of epochs.
    pub n: usize,
    /// What was subtracted from the fluxes.
    pub reference: f64,
    /// The numbers that were calculated with.
    pub precision: Precision,
}

/// A kernel for devices; see the module's documentation for what its text declares.
#[derive(Debug)]
pub struct DeviceKernel {
    /// Its name, which no other kernel has.
    pub name: &'static str,
    /// The text.
    pub wgsl: &'static str,
    /// How a segment is brought together.
    pub method: Method,
    /// How many numbers it gives for each part.
    pub len: usize,
    /// Whether it reads errors.
    pub error: bool,
    /// Whether there is an `f64` version of it.
    pub double: bool,
    /// How far its result may lie from the CPU's, for `n` epochs, in units of [`DeviceKernel::scale`].
    pub tolerance: fn(precision: Precision, n: usize) -> f64,
    /// The unit of the tolerance for each number of the state or output `want` of a light curve, written over `out`: such as
    /// the standard deviation for a mean. Zero where the device must agree with the CPU.
    pub scale: fn(light_curve: &LightCurve<'_>, want: &[f64], out: &mut [f64]),
    /// Turns the kernel's numbers into the state of a fold, or into the outputs of a statistic of whole light curves. Answers
    /// `false` if they may lie further from the CPU's than the tolerance says: the CPU then takes this segment.
    pub restore: fn(numbers: &[f64], of: OnDevice, out: &mut [f64]) -> bool,
}
