//! Segmented reductions on the GPU.
//!
//! A [`tape_core::Chunk`] is what a GPU wants: plain columns, with the rows of each light curve contiguous and described by
//! segments. [`Gpu`] opens a device by wgpu, [`Gpu::upload`] brings columns there, as a [`Resident`] that stays for as many
//! calls as one likes, and [`Gpu::reduce`] runs the kernel of a statistic over its segments. [`Gpu::evaluate_chunk`] does
//! all of that for a chunk, and gives to the CPU what the device cannot answer within the statistic's tolerance.
//! [`Gpu::values`] computes light curves at many frequencies, for statistics that search them.
//!
//! It knows nothing of files, plans or threads, and no statistic: kernels come with the statistics, as text.
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
