//! Output: tables of results, and surveys written again.

pub(crate) mod convert;
pub(crate) mod output_dir;
pub(crate) mod repartition;
pub(crate) mod table;
