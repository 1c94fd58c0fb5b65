//! Lists folders and reads small files, at paths and URLs.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::fault::{self, Call};
use crate::file::opened::is_remote;

/// Lists the entries of a folder. In an object store, lists all files below it, at any depth.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    if is_remote(folder) {
        return remote::list(folder);
    }
    let unreadable = |error| Error::io(folder, "list the folder", error);
    fault::before(Call::List).map_err(unreadable)?;
    let entries = fs::read_dir(folder).map_err(unreadable)?.map(|entry| {
        fault::before(Call::List).map_err(unreadable)?;
        Ok(entry.map_err(unreadable)?.path())
    });
    entries.collect()
}

/// Returns whether the path is a folder, or `None` if it does not exist.
pub(crate) fn is_folder(path: &Path) -> Result<Option<bool>, Error> {
    if is_remote(path) {
        return remote::is_folder(path);
    }
    match fault::before(Call::List).and_then(|()| fs::metadata(path)) {
        Ok(metadata) => Ok(Some(metadata.is_dir())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Error::io(path, "read its metadata", error)),
    }
}

/// Reads a small file. The inner result is the file's size if it has more than `most` bytes.
pub(crate) fn small(path: &Path, most: u64) -> Result<Result<Vec<u8>, u64>, Error> {
    if is_remote(path) {
        let bytes = remote::bytes(path)?;
        return Ok(if bytes.len() as u64 > most { Err(bytes.len() as u64) } else { Ok(bytes) });
    }
    let unreadable = |error| Error::io(path, "read the file", error);
    fault::before(Call::List).map_err(unreadable)?;
    let bytes = fs::metadata(path).map_err(unreadable)?.len();
    if bytes > most {
        return Ok(Err(bytes));
    }
    fault::before(Call::Open).map_err(unreadable)?;
    fs::read(path).map(Ok).map_err(unreadable)
}

#[cfg(feature = "remote")]
mod remote {
    use super::{Error, Path, PathBuf};
    use crate::file::remote::{self, Below};

    pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
        match remote::list(folder)? {
            Below::All(files) => Ok(files),
            Below::NoListing => Err(Error::NoListing { path: folder.to_owned() }),
        }
    }

    pub(super) fn is_folder(path: &Path) -> Result<Option<bool>, Error> {
        if remote::is_file(path)? {
            return Ok(Some(false));
        }
        match remote::list(path)? {
            Below::All(files) => Ok((!files.is_empty()).then_some(true)),
            Below::NoListing => Ok(None),
        }
    }

    pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
        Ok(remote::bytes(path)?.to_vec())
    }
}

#[cfg(not(feature = "remote"))]
mod remote {
    use super::{Error, Path, PathBuf};

    pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
        Err(Error::NoRemote { path: folder.to_owned() })
    }

    pub(super) fn is_folder(path: &Path) -> Result<Option<bool>, Error> {
        Err(Error::NoRemote { path: path.to_owned() })
    }

    pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
        Err(Error::NoRemote { path: path.to_owned() })
    }
}
