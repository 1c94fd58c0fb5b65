//! The data types and traits that all crates of TAPE share.
//!
//! A [`Source`] reads the [`Rows`] of a [`Partition`]. A [`Grouper`] groups them into a [`Chunk`], whose segments are
//! [`LightCurve`]s. A [`Statistic`] computes [`Value`]s for each light curve, which are collected in [`Results`].
//!
//! ```
//! use tape_core::{Inputs, LightCurve, Statistic, Value};
//!
//! let range = Statistic::from_fn("range", Inputs::FLUX, |light_curve: &LightCurve<'_>| {
//!     let extremes = light_curve.extremes();
//!     extremes.max - extremes.min
//! });
//! let mut out = [Value::Null];
//! range.evaluate(&LightCurve::new(&[1.0, 4.0, 2.0]), &mut out);
//! assert_eq!(out, [Value::Float(3.0)]);
//! ```
//!
//! This crate does no I/O, starts no threads and uses no GPU. The crates that do depend on it, and never on each other.
#![forbid(unsafe_code)]

mod bands;
mod cancellation;
mod chunk;
mod columns;
mod device;
mod group;
mod grouping;
mod id;
mod id_set;
mod ids;
mod kept;
mod layout;
mod left_out;
mod light_curve;
mod light_curve_step;
mod many_rows;
mod memory;
mod object;
mod pairs;
mod ports;
mod presets;
mod resolve;
mod results;
mod role;
mod rows;
mod runs;
mod schema;
mod spectrum;
mod statistic;
mod user_statistic;

pub use bands::{Bands, NO_BAND, TooManyBands, order_of};
pub use cancellation::Cancellation;
pub use chunk::{Chunk, Segment};
pub use columns::{ColumnError, ColumnMap, nearest};
pub use device::{DeviceKernel, Method, OnDevice, Precision};
pub use group::{Grouper, Part};
pub use grouping::Grouping;
pub use id::{IdRef, IdType, ObjectId, key_from_u64};
pub use id_set::IdSet;
pub use ids::{Ids, OtherKind, TextIds};
pub use kept::Kept;
pub use layout::{IdRange, Partition, Piece, RowGroup};
pub use left_out::LeftOut;
pub use light_curve::{Extremes, HigherMoments, LightCurve, Line, Moments, Slopes, WeightedMoments, count, sums};
pub use light_curve_step::{Epochs, LightCurveStep};
pub use many_rows::ManyRows;
pub use memory::MemorySource;
pub use object::{Object, WholeObject};
pub use pairs::{PairBins, PairKernel, PairSums, Pairwise};
pub use ports::{
    Event, Observer, RowReader, RowUnit, Silent, Sink, Source, SourceError, Spill, Spilled, Step, TableKind,
};
pub use presets::{PRESETS, Preset, Quantity, SIMULATED, preset};
pub use resolve::{ColumnKind, ListColumn, Note, Resolved, SurveyColumns};
pub use results::Results;
pub use role::Role;
pub use rows::{Columns, Rows};
pub use runs::NotSorted;
pub use schema::{ResultsError, Schema};
pub use spectrum::{Search, Series, Spectral, SpectrumKernel};
pub use statistic::{Fold, Info, Inputs, Output, OutputType, Statistic, StatisticError, Value, WholeLightCurve};
