//! The execution of each plan.
//!
//! A run has stages of tasks. In one process, the outputs of a stage stay in memory or are spilled. In a job they are
//! stored: see [`crate::task`], which calls the same stages.

pub(crate) mod buckets;
pub(crate) mod fold;
pub(crate) mod map;
pub(crate) mod merge;
mod oversized;
pub(crate) mod partition;
pub(crate) mod run;
pub(crate) mod shuffle;
