//! Atomic writes of files: a complete file appears, or none.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::error::Error;

/// The suffix of temporary files, which are not complete yet.
pub const UNFINISHED: &str = ".tmp";

/// Writes `bytes` to a temporary file in the folder of `path` and renames it to `path`, replacing an existing file. The
/// content is synced to disk before the rename, so that even a power failure leaves no partial file. [`sync_folder`]
/// makes the new name durable.
///
/// # Errors
/// Returns an error if the folder does not exist or is not writable, or if the disk is full. A file at `path` is then
/// unchanged.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = beside(path)?;
    file.write_all(bytes).map_err(|error| Error::write(path, &error))?;
    persist(file, path)
}

/// Creates a temporary file in the folder of `path`.
pub(crate) fn beside(path: &Path) -> Result<NamedTempFile, Error> {
    let folder = folder_of(path);
    tempfile::Builder::new()
        .prefix(&format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy()))
        .suffix(UNFINISHED)
        .tempfile_in(folder)
        .map_err(|error| Error::io(folder, "write into the folder", error))
}

/// Syncs a temporary file from [`beside`] to disk and renames it to `path`.
pub(crate) fn persist(file: NamedTempFile, path: &Path) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::write(path, &error);
    share(file.as_file());
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Syncs the entries of a folder to disk.
///
/// # Errors
/// Returns an error if the folder cannot be synced.
pub fn sync_folder(folder: &Path) -> Result<(), Error> {
    // Other systems cannot sync a folder.
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| Error::io(folder, "write into the folder", error))?;
    }
    Ok(())
}

/// Makes a temporary file, which only its owner can read, readable for everyone, as files usually are.
#[cfg(unix)]
pub(crate) fn share(file: &File) {
    use std::os::unix::fs::PermissionsExt;
    // A result that only its owner can read is still a result.
    drop(file.set_permissions(fs::Permissions::from_mode(0o644)));
}

#[cfg(not(unix))]
pub(crate) fn share(_: &File) {}
