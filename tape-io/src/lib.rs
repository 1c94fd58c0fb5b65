//! Reads and writes surveys.
//!
//! [`Survey::open`] reads the footers of Parquet files and finds the column of each role. A survey is a
//! [`tape_core::Source`]: it reports to the planner what its row groups claim, and reads the rows of any partition,
//! only in the columns that a run needs. [`TableWriter`] writes results to a temporary file and renames it when it is
//! complete.
//!
//! ```
//! use std::sync::Arc;
//!
//! use arrow::array::{Float64Array, Int64Array, RecordBatch};
//! use tape_core::{ColumnMap, Role};
//! use tape_io::{Survey, TableOptions, TableWriter};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("survey.parquet");
//! let table = RecordBatch::try_from_iter([
//!     ("objectId", Arc::new(Int64Array::from(vec![1, 1, 2])) as _),
//!     ("mag", Arc::new(Float64Array::from(vec![18.1, 18.3, 20.0])) as _),
//! ])?;
//! let mut writer = TableWriter::create(&path, table.schema(), TableOptions::default())?;
//! writer.write(&table)?;
//! writer.finish()?;
//!
//! let survey = Survey::open(&[&path], &ColumnMap::new())?;
//! assert_eq!(survey.column(Role::Flux), Some("mag"));
//! assert_eq!(survey.row_groups()[0].rows, 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This crate does not depend on plans, threads or statistics.
#![forbid(unsafe_code)]

mod catalog;
mod decode;
mod error;
pub mod expr;
mod fault;
mod file;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod scan;
mod sphere;
mod spill;
mod survey;
mod write;

pub use catalog::discover::discover;
pub use catalog::sky::{Region, SkyColumns};
pub use decode::schema_paths::Shape;
pub use error::Error;
pub use file::stamp::FileStamp;
pub use sphere::SkyPoint;
pub use survey::Survey;
pub use survey::conversion::Conversion;
pub use survey::objects::Chosen;
pub use survey::tables::{Exposures, KeyedTable};
pub use write::convert::{Convert, ConvertReport};
pub use write::repartition::{PartitionTarget, Progress, Repartition, RepartitionReport};
pub use write::table::{Format, TableOptions, TableWriter};

/// Parts that only other crates of this workspace use. They may change in any release.
#[doc(hidden)]
pub mod internal {
    pub use crate::decode::guard::is_guarded;
    pub use crate::file::atomic_dir::{WholeFolder, recover};
    pub use crate::file::atomic_file::{UNFINISHED, sync_folder, write_whole};
    pub use crate::file::local_url::text_of_path;
    pub use crate::file::memory::{is_in_memory, store_in_memory};
    pub use crate::scan::grouped::Grouped;
    pub use crate::spill::block_file::{BlockFile, BlockWriter, Written, checksum};
    pub use crate::spill::sealed_table::FileSeal;
    pub use crate::spill::spill_folder::SpillFolder;
    pub use crate::survey::tables::Joined;
}
