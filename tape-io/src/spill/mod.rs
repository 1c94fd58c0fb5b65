//! Rows, results and tables put on disk, to be read back by us.

pub(crate) mod block_file;
pub(crate) mod codec;
pub(crate) mod sealed_table;
pub(crate) mod spill_folder;
