//! Output: tables of results, and rewritten surveys.

pub(crate) mod convert;
pub(crate) mod output_dir;
pub(crate) mod repartition;
pub(crate) mod table;
