//! Detection of changed files by size and modification time.

use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::file::opened::open;

/// The size and modification time of a file, which identify its content without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileStamp {
    /// Size in bytes.
    pub bytes: u64,
    /// Modification time in seconds and nanoseconds since 1970, if the system knows it. A file in memory has a hash of
    /// its bytes in place of the seconds, and zero nanoseconds.
    pub modified: Option<(u64, u32)>,
}

impl FileStamp {
    /// Reads the stamp of the file at `path`.
    ///
    /// # Errors
    /// Returns an error if the file does not exist or cannot be opened.
    pub fn read(path: &Path) -> Result<Self, Error> {
        Ok(open(path)?.1)
    }

    /// Creates a stamp from a size and a modification time.
    pub(crate) fn new(bytes: u64, modified: Option<SystemTime>) -> Self {
        let since = modified.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        Self { bytes, modified: since.map(|since| (since.as_secs(), since.subsec_nanos())) }
    }
}

impl From<&Metadata> for FileStamp {
    fn from(metadata: &Metadata) -> Self {
        Self::new(metadata.len(), metadata.modified().ok())
    }
}
