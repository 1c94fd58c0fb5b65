//! Plans statistics over a survey, and runs them.
//!
//! [`plan`] reads what footers claim and chooses *map*, *stitch*, *merge*, *shuffle* or *fold*; [`run`] carries the plan out on
//! worker threads into a [`tape_core::Sink`], in an order that depends on the input alone, and checks each claim as the
//! rows are read.
//!
//! It knows nothing of files or formats: it sees a [`tape_core::Source`].
#![forbid(unsafe_code)]

mod budget;
mod counts;
mod crew;
mod cut;
mod error;
mod evaluate;
mod fold;
mod job;
mod layout;
mod map;
mod merge;
mod partition;
mod plan;
mod run;
mod scatter;
mod shuffle;
mod skew;
mod skipped;
mod slices;
pub mod task;
mod trial;
mod waiting;
mod workers;

pub use counts::Counts;
pub use crew::Threads;
pub use cut::{Partitioning, cut, row_groups};
pub use error::{Error, Result};
pub use layout::{Cohesion, Evidence, Layout, Scan};
pub use map::Totals;
pub use plan::{Config, Plan, PlanChoice, PlanKind, plan};
pub use run::{Summary, TooFew, run};
pub use skipped::{OnError, Skipped};
pub use workers::{default_workers, each, with_threads};
