//! Where bytes lie: files on this machine, in memory or in a store, and output that appears whole or not at all.

pub(crate) mod atomic_dir;
pub(crate) mod atomic_file;
pub(crate) mod list;
pub(crate) mod memory;
pub(crate) mod opened;
pub(crate) mod positioned;
#[cfg(feature = "remote")]
pub(crate) mod remote;
pub(crate) mod stamp;
