//! What identifies the content of a file without reading it.

use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::file::opened::open;

/// What identifies the content of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileStamp {
    /// Its size.
    pub bytes: u64,
    /// When it was last written, where the system knows: seconds and nanoseconds since 1970. A file in memory has a hash of
    /// its bytes here, and no nanoseconds.
    pub modified: Option<(u64, u32)>,
}

impl FileStamp {
    /// Looks at the file at `path`, as it is now.
    ///
    /// # Errors
    /// If it is not there, or cannot be looked at.
    pub fn read(path: &Path) -> Result<Self, Error> {
        Ok(open(path)?.1)
    }

    /// Makes a stamp of a size and a time.
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
