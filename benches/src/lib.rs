//! What the benches share.
//!
//! - [`floor`]: decoding the columns of a survey into nothing, the least that any run over it takes;
//! - [`compare`]: whether two results agree;
//! - [`workload`]: light curves without files;
//! - [`kernels`]: kernels beside plain loops;
//! - `gpu`, with the feature of that name: a device beside the CPU.
#![forbid(unsafe_code)]

pub mod compare;
pub mod floor;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod kernels;
pub mod workload;

/// What ends a program of the benches: a message for a person.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
