//! Reads and writes surveys.
//!
//! [`Survey::open`] reads the footers of Parquet files, finds the column of each role, and is from then on a
//! [`tape_core::Source`]: it tells plans what its row groups claim and reads the rows of any partition, only the columns
//! asked for. [`TableWriter`] writes results beside their final place and renames them once they are whole.
//!
//! It knows nothing of plans, threads or statistics.
#![forbid(unsafe_code)]

mod blocks;
mod checked;
mod claims;
mod column;
mod convert;
mod derive;
mod discover;
mod error;
mod expressions;
mod fault;
mod filter;
mod footer;
mod footer_fields;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod guard;
mod hats;
mod kept_table;
mod leaf;
mod leaves;
mod lists;
mod memory;
mod numbers;
mod objects;
mod page;
mod page_index;
mod place;
mod places;
mod pread;
pub mod predicate;
mod quantity;
mod reader;
mod records;
#[cfg(feature = "remote")]
mod remote;
mod repartition;
mod rle;
mod scaled;
mod schema;
mod sieve;
mod sky;
mod slots;
mod spill;
mod stored;
mod survey;
mod table;
mod text;
mod whole;
mod whole_folder;

pub use blocks::{BlockFile, BlockWriter, Written, checksum};
pub use convert::{Convert, ConvertReport};
pub use discover::discover;
pub use error::Error;
pub use guard::is_guarded;
pub use kept_table::FileSeal;
pub use leaves::Shape;
pub use memory::is_in_memory;
pub use objects::{Chosen, Grouped, Joined, ObjectTable};
pub use quantity::Conversion;
pub use repartition::{PartitionTarget, Progress, Repartition, RepartitionReport};
pub use sky::{Place, Region, SkyColumns};
pub use spill::SpillFolder;
pub use survey::{FileStamp, Survey};
pub use table::{Format, TableWriter};
pub use whole::{UNFINISHED, sync_folder, write_whole};
pub use whole_folder::{WholeFolder, recover};
