//! Library of the benchmarks.
//!
//! - [`floor`]: decodes the columns of a survey, a lower bound for the time of a run;
//! - [`compare`]: compares two results;
//! - [`workload`]: generates light curves;
//! - [`kernels`]: compares kernels with plain loops;
//! - `gpu` (feature `gpu`): compares a device with the CPU.
#![forbid(unsafe_code)]

pub mod compare;
pub mod floor;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod kernels;
pub mod workload;

/// The error type of the benchmark programs.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
