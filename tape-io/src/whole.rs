//! Small files that appear whole or not at all, and stay after the power fails.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::error::Error;

/// The ending of files that are not whole yet.
pub const UNFINISHED: &str = ".tmp";

/// Writes `bytes` beside `path` and renames them there, over what stands there. Once this returns, neither the end of the
/// program nor a loss of power takes the file away.
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

/// Brings a file that was begun [`beside`] to its place, with its content and its name on the disk itself.
pub(crate) fn persist(file: NamedTempFile, path: &Path) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::write(path, &error);
    share(file.as_file());
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    sync_folder(folder_of(path)).map_err(failed)
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Other systems have no such call.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
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
