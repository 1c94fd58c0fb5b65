//! Computes statistics for every light curve in a survey, in parallel.
//!
//! A survey is a set of Parquet files with one row per epoch, or with light curves in lists. [`Ensemble`] opens it,
//! [`Ensemble::batch`] describes a computation, and nothing runs until [`Batch::compute`] or [`Batch::write`]. The plan
//! is chosen from the footers of the files and checked while it runs; [`Batch::explain`] shows it.
//!
//! ```
//! use tape::prelude::*;
//!
//! # let folder = tempfile::tempdir()?;
//! # let out = folder.path().join("survey");
//! # tape::simulate::Simulation { objects: 50, files: 2, ..Default::default() }.write(&out)?;
//! # let survey = &out;
//! let ensemble = Ensemble::open(survey)?;
//! let brightest = Statistic::from_fn("brightest", Inputs::FLUX, |light_curve: &LightCurve<'_>| {
//!     light_curve.flux().iter().copied().fold(f64::NEG_INFINITY, f64::max)
//! });
//! let batch = ensemble.batch(&[statistic("stetson_j")?, brightest]);
//! println!("{}", batch.explain()?);
//! let table = batch.compute()?;
//! assert_eq!(table.schema().field(3).name(), "stetson_j");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod batch;
#[cfg(feature = "gpu")]
pub mod cost;
#[cfg(feature = "gpu")]
mod device;
mod ensemble;
mod error;
pub mod frames;
pub mod job;
mod options;
pub mod progress;
mod query;
#[doc(hidden)]
pub mod shown;
#[cfg(feature = "simulate")]
pub mod simulate;
mod statistics;

pub use arrow;
pub use batch::{Batch, BinsByBand, ClientInfo, LightCurves, ResultBatches, Workers};
#[cfg(feature = "gpu")]
pub use device::{Device, DeviceReport};
pub use ensemble::{ColumnInfo, Ensemble, KnownBands, Outcome, SurveyInfo, TimeSeries};
pub use error::Error;
pub use options::WriteOptions;
pub use query::{
    Choice, ConversionQuery, DerivedColumn, ExposuresQuery, ObjectsQuery, Provenance, Query, Shape, Stamps,
};
pub use statistics::{statistic, statistics, statistics_named};

pub use rayon;

pub use tape_analysis as analysis;
pub use tape_core as core;
pub use tape_exec as exec;
#[cfg(feature = "gpu")]
pub use tape_gpu as gpu;
pub use tape_io as io;

/// The items that most programs need.
pub mod prelude {
    pub use crate::{Batch, Ensemble, Error, TimeSeries, Workers, WriteOptions, statistic};
    pub use tape_core::{ColumnMap, Info, Inputs, LightCurve, Statistic, Value};
    pub use tape_exec::{Partitioning, Plan, PlanChoice, PlanKind, Summary};
}
