//! Reads the rows of a survey. No other folder reads rows.

pub(crate) mod chosen_objects;
mod converted;
pub(crate) mod error;
pub(crate) mod filtered;
pub(crate) mod grouped;
pub(crate) mod list_filter;
pub(crate) mod lists;
pub(crate) mod page_index;
pub(crate) mod parallel_columns;
pub(crate) mod partition_reader;
mod quality;
pub(crate) mod row_filter;
mod sentinels;
mod source;
