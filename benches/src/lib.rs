//! What the benches share.
//!
//! - [`floor`]: decoding the columns of a survey into nothing, the least that any run over it takes;
//! - [`compare`]: whether two results agree;
//! - [`workload`]: light curves without files;
//! - [`kernels`]: kernels beside plain loops.
#![forbid(unsafe_code)]

pub mod compare;
pub mod floor;
pub mod kernels;
pub mod workload;

/// What ends a program of the benches: a message for a person.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
