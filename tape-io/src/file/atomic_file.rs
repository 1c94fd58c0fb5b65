//! Files that appear whole or not at all, whatever happens.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::error::Error;

/// The ending of files that are not whole yet.
pub const UNFINISHED: &str = ".tmp";

/// Writes `bytes` beside `path` and renames them there, over what stands there. The content is on the disk itself before it
/// has its name: not even a loss of power leaves half of it. That the name stays, [`sync_folder`] makes sure.
///
/// # Errors
/// If the folder is not there or cannot be written to, or the disk is full; what stood at `path` is then still there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = beside(path)?;
    file.write_all(bytes).map_err(|error| Error::write(path, &error))?;
    persist(file, path)
}

/// A file in the folder of `path`, under a name of its own.
pub(crate) fn beside(path: &Path) -> Result<NamedTempFile, Error> {
    let folder = folder_of(path);
    tempfile::Builder::new()
        .prefix(&format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy()))
        .suffix(UNFINISHED)
        .tempfile_in(folder)
        .map_err(|error| Error::io(folder, "write into the folder", error))
}

/// Brings a file that was begun [`beside`] to its place once its content is on the disk itself.
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

/// Brings the names in a folder to the disk itself.
///
/// # Errors
/// If the system refuses.
pub fn sync_folder(folder: &Path) -> Result<(), Error> {
    // Other systems have no such call.
    if cfg!(unix) {
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| Error::io(folder, "write into the folder", error))?;
    }
    Ok(())
}

/// Temporary files are their owner's alone; a result may be read by others, as far as most programs' files may.
#[cfg(unix)]
pub(crate) fn share(file: &File) {
    use std::os::unix::fs::PermissionsExt;
    // A result that only its owner can read is still a result.
    drop(file.set_permissions(fs::Permissions::from_mode(0o644)));
}

#[cfg(not(unix))]
pub(crate) fn share(_: &File) {}
