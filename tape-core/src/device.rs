//! Describes a statistic's kernel for a device: its WGSL text, and how its output becomes the CPU's.
//!
//! The text is WGSL without entry point or bindings. The crate that drives devices puts it between a prelude and a main
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
//! `Out` is an array with as many numbers as the kernel returns (for a fold, its state). `real` is `f32` or `f64`, and
//! `EPSILON` is the distance from 1 to the next number. The segment's reference, which is about the mean flux, was
//! subtracted from the fluxes; `reference` is its value.

use crate::light_curve::LightCurve;

/// The floating-point type that a kernel computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    /// `f32`.
    Single,
    /// `f64`.
    Double,
}

impl Precision {
    /// Returns the distance from 1 to the next number.
    #[must_use]
    pub const fn epsilon(self) -> f64 {
        match self {
            Self::Single => f32::EPSILON as f64,
            Self::Double => f64::EPSILON,
        }
    }
}

/// The way in which a kernel processes a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Processes a segment in parts, whose states are combined.
    Fold,
    /// Needs all epochs at once.
    Whole,
}

/// A part of a segment, as the device processed it.
#[derive(Clone, Copy, Debug)]
pub struct OnDevice {
    /// Number of epochs in the part.
    pub n: usize,
    /// The value that was subtracted from the fluxes.
    pub reference: f64,
    /// The precision of the computation.
    pub precision: Precision,
}

/// A kernel for devices. See the module documentation for what its text declares.
#[derive(Debug)]
pub struct DeviceKernel {
    /// Unique name of the kernel.
    pub name: &'static str,
    /// The WGSL text.
    pub wgsl: &'static str,
    /// Method of processing a segment.
    pub method: Method,
    /// Number of values that it returns for each part.
    pub len: usize,
    /// True if it reads errors.
    pub error: bool,
    /// True if there is an `f64` version.
    pub double: bool,
    /// Largest allowed difference from the CPU's result, for `n` epochs, in units of [`DeviceKernel::scale`].
    pub tolerance: fn(precision: Precision, n: usize) -> f64,
    /// Writes to `out` the unit of the tolerance for each number of the state or output `want`: for a mean, for
    /// example, the standard deviation. Zero where the device must agree exactly with the CPU.
    pub scale: fn(light_curve: &LightCurve<'_>, want: &[f64], out: &mut [f64]),
    /// Converts the kernel's numbers to the state of a fold, or to the outputs of a statistic of whole light curves.
    /// Returns `false` if they may differ from the CPU's by more than the tolerance. The CPU then computes the segment.
    pub restore: fn(numbers: &[f64], of: OnDevice, out: &mut [f64]) -> bool,
}
