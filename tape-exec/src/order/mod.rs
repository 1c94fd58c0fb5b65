//! Puts results into the order of their ids.

pub(crate) mod edge_stitcher;
pub(crate) mod merge;
pub(crate) mod pending_results;
