//! Plans statistics over a survey, and runs them.
//!
//! [`plan`] reads the footers' claims and chooses *map*, *stitch*, *merge*, *shuffle* or *fold*. [`run`] executes the
//! plan on worker threads, and checks each claim as the rows are read. The results go to a [`tape_core::Sink`], in an
//! order that depends only on the input.
//!
//! ```
//! use tape_core::{
//!     Bands, IdRef, IdType, Inputs, LightCurve, MemorySource, Results, Rows, Silent, Sink, SourceError, Statistic,
//! };
//! use tape_exec::{Config, PlanKind, plan, run};
//!
//! /// Counts results.
//! struct Count(usize);
//!
//! impl Sink for Count {
//!     fn write(&mut self, results: Results) -> Result<(), SourceError> {
//!         self.0 += results.len();
//!         Ok(())
//!     }
//!
//!     fn restart(&mut self) -> Result<(), SourceError> {
//!         self.0 = 0;
//!         Ok(())
//!     }
//! }
//!
//! // Ten epochs of each of four objects, in two row groups, which are small enough for one partition.
//! let mut rows = Rows::new(IdType::Int64);
//! for epoch in 0..40_i32 {
//!     rows.ids.push(IdRef::Int((epoch / 10).into()))?;
//!     rows.flux.push(epoch.into());
//! }
//! let source = MemorySource::new(IdType::Int64, rows, Bands::default(), &[15]);
//! let largest = Statistic::from_fn("largest", Inputs::FLUX, |light_curve: &LightCurve<'_>| light_curve.extremes().max);
//!
//! let (statistics, config) = ([largest], Config::default());
//! let plan = plan(&source, &statistics, &config, &Silent)?;
//! assert_eq!(plan.kind, PlanKind::Map);
//! let mut sink = Count(0);
//! run(&source, &statistics, &config, &plan, &mut sink, &Silent)?;
//! assert_eq!(sink.0, 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It knows nothing of files or formats. It sees a [`tape_core::Source`].
#![forbid(unsafe_code)]

mod compute;
mod error;
mod order;
mod plan;
mod pool;
mod strategy;
pub mod task;

pub use compute::counts::Counts;
pub use compute::skipped::{OnError, Skipped};
pub use error::{Error, Result, WRITE_SORTED};
pub use order::edge_stitcher::Totals;
pub use plan::config::{Config, NoSuchPlan, PlanChoice, PlanKind};
pub use plan::layout::{Cohesion, Evidence, Layout, Scan};
pub use plan::partitioning::{Partitioning, cut, row_groups};
pub use plan::{Plan, plan};
pub use pool::{Threads, default_workers, each, with_threads};
pub use strategy::run::{Summary, TooFew, another_plan, can_fold, run};
