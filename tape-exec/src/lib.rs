//! Plans statistics over a survey, and runs them.
//!
//! [`plan`] reads the footers' claims and chooses *map*, *stitch*, *merge*, *shuffle* or *fold*. [`run`] executes the
//! plan on worker threads, and checks each claim as the rows are read. The results go to a [`tape_core::Sink`], in an
//! order that depends only on the input.
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
