//! Segmented reductions on the GPU.
//!
//! The layout of a [`tape_core::Chunk`] suits a GPU: plain columns, in which the rows of each light curve are
//! contiguous and described by segments. [`Gpu`] opens a device through wgpu. [`Gpu::upload`] copies columns to the
//! device as a [`Resident`], which can be used for any number of calls, and [`Gpu::reduce`] runs the kernel of a
//! statistic over its segments. [`Gpu::evaluate_chunk`] does both for a chunk, and computes light curves on the CPU if
//! the device cannot meet the statistic's tolerance. [`Gpu::values`] computes values at many frequencies, for
//! statistics that search them.
//!
//! ```
//! use tape_gpu::{Choice, Gpu};
//!
//! let median = tape_analysis::find("median").expect("a registered statistic");
//! match Gpu::open(&Choice::Any) {
//!     Ok(gpu) => assert!(gpu.has_kernel(&median)),
//!     Err(error) => println!("computed on the CPU: {error}"),
//! }
//! ```
//!
//! This crate knows no files, plans, threads or statistics. Statistics supply their kernels as text.
#![forbid(unsafe_code)]

mod adapter;
mod bins;
mod clock;
mod device;
mod error;
mod evaluate;
mod kernel;
mod measure;
mod pack;
mod pairs;
mod phase;
mod reduce;
mod resident;
mod ring;
mod search;
mod spectrum;
mod tier;

pub use adapter::{AdapterInfo, Choice, adapters};
pub use device::Gpu;
pub use error::{Error, Result};
pub use evaluate::Evaluated;
pub use pairs::ResidentPairs;
pub use resident::{Columns, Resident};
pub use ring::BufferCounts;
pub use spectrum::{MOST_EPOCHS, ResidentSeries, Values};
pub use tier::{Team, Tier};
