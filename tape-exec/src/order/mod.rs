//! Puts results in order of id.

pub(crate) mod edge_stitcher;
pub(crate) mod merge;
pub(crate) mod pending_results;
