//! Open files: on this machine, in memory or in an object store.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::Error;
use crate::fault::{self, Call};
use crate::file::local_url::{is_local_url, local_path};
#[cfg(feature = "remote")]
use crate::file::remote::RemoteFile;
use crate::file::stamp::FileStamp;

/// An open file.
#[derive(Clone)]
pub(crate) enum Opened {
    Local(Arc<File>),
    Memory(Bytes),
    #[cfg(feature = "remote")]
    Remote(Arc<RemoteFile>),
}

/// Returns true if a path is the URL of a file that is not local.
pub(crate) fn is_remote(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.contains("://")) && !is_local_url(path)
}

/// Opens a file and reads its stamp.
pub(crate) fn open(path: &Path) -> Result<(Opened, FileStamp), Error> {
    if is_remote(path) {
        return open_remote(path);
    }
    if let Some((bytes, stamp)) = crate::file::memory::find(path) {
        return Ok((Opened::Memory(bytes), stamp));
    }
    let unreadable = |error| Error::io(path, "read the file", error);
    fault::before(Call::Open).map_err(unreadable)?;
    let file = File::open(local_path(path)).map_err(unreadable)?;
    fault::before(Call::List).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    Ok((Opened::Local(Arc::new(file)), FileStamp::from(&metadata)))
}

#[cfg(feature = "remote")]
fn open_remote(path: &Path) -> Result<(Opened, FileStamp), Error> {
    let (file, known) = RemoteFile::open(path)?;
    Ok((Opened::Remote(Arc::new(file)), FileStamp::new(known.len, Some(known.modified))))
}

#[cfg(not(feature = "remote"))]
fn open_remote(path: &Path) -> Result<(Opened, FileStamp), Error> {
    Err(Error::NoRemote { path: path.to_owned() })
}

impl Opened {
    /// Downloads byte ranges of a remote file that will be read. Returns the number of bytes downloaded, 0 for other
    /// files.
    #[cfg_attr(not(feature = "remote"), expect(clippy::unnecessary_wraps, reason = "local files are here"))]
    pub(crate) fn prefetch(&self, ranges: impl IntoIterator<Item = Range<u64>>) -> Result<u64, Error> {
        match self {
            Self::Local(_) | Self::Memory(_) => {
                drop(ranges);
                Ok(0)
            }
            #[cfg(feature = "remote")]
            Self::Remote(file) => file.prefetch(ranges),
        }
    }

    /// Appends bytes from offset `at` to `buffer`, up to its capacity. Returns the number of bytes appended, which is 0
    /// at the end of the file, and the number of bytes downloaded.
    pub(crate) fn append_at(&self, buffer: &mut Vec<u8>, at: u64) -> io::Result<(usize, u64)> {
        match self {
            Self::Local(file) => Ok((crate::file::positioned::append_at(file, buffer, at)?, 0)),
            Self::Memory(bytes) => {
                let from = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                let taken = (bytes.len() - from).min(buffer.capacity() - buffer.len());
                buffer.extend_from_slice(&bytes[from..from + taken]);
                Ok((taken, 0))
            }
            #[cfg(feature = "remote")]
            Self::Remote(file) => {
                let (bytes, fetched) = file.read_at(at, buffer.capacity() - buffer.len())?;
                buffer.extend_from_slice(&bytes);
                Ok((bytes.len(), fetched))
            }
        }
    }
}
