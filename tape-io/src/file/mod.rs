//! Files on this machine, in memory or in an object store, and atomic output of files and folders.

pub(crate) mod atomic_dir;
pub(crate) mod atomic_file;
pub(crate) mod format;
pub(crate) mod identity;
pub(crate) mod list;
pub(crate) mod local_url;
pub(crate) mod memory;
pub(crate) mod opened;
pub(crate) mod positioned;
#[cfg(feature = "remote")]
pub(crate) mod remote;
pub(crate) mod stamp;
