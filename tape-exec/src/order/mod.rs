//! Puts results into the order of their ids.

pub(crate) mod pending_results;
