//! Temporary storage: rows, results and tables that are written to disk and read back later.

pub(crate) mod block_file;
pub(crate) mod codec;
pub(crate) mod sealed_table;
pub(crate) mod spill_folder;
