//! Plans statistics over a survey, and runs them.
//!
//! [`plan`] reads what footers claim and chooses *map*, *stitch*, *shuffle* or *fold*; [`run`] carries the plan out on
//! worker threads into a [`tape_core::Sink`], in an order that depends on the input alone, and checks each claim as the
//! rows are read.
//!
//! It knows nothing of files or formats: it sees a [`tape_core::Source`].
#![forbid(unsafe_code)]

mod budget;
mod cut;
mod error;
mod fold;
mod job;
mod layout;
mod map;
mod partition;
mod plan;
mod run;
mod shuffle;
pub mod task;
mod workers;

pub use cut::{Partitioning, cut, row_groups};
pub use error::{Error, Result};
pub use layout::{Cohesion, Evidence, Layout, Scan};
pub use plan::{Config, Plan, PlanChoice, PlanKind, plan};
pub use run::{Summary, run};
pub use workers::{default_workers, each};
