//! Atomic creation and replacement of folders.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::Error;
use crate::fault::{self, Call};
use crate::file::atomic_file::{UNFINISHED, folder_of, sync_folder};

/// A temporary folder that is renamed to its final path when it is complete. It is removed if dropped before.
#[derive(Debug)]
pub struct WholeFolder {
    made: TempDir,
    path: PathBuf,
}

impl WholeFolder {
    /// Creates a temporary folder next to `path`. Nothing is created at `path` yet.
    ///
    /// # Errors
    /// Returns an error if the parent folder does not exist or is not writable.
    pub fn beside(path: &Path) -> Result<Self, Error> {
        let around = folder_of(path);
        let failed = |error| Error::io(around, "write into the folder", error);
        fault::before(Call::Create).map_err(failed)?;
        let made = tempfile::Builder::new()
            .prefix(&format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy()))
            .suffix(UNFINISHED)
            .tempdir_in(around)
            .map_err(failed)?;
        share(made.path());
        Ok(Self { made, path: path.to_owned() })
    }

    /// Returns the path of the temporary folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.made.path()
    }

    /// Renames the folder to its final path. If `replaces` is true, it replaces the folder there, else nothing may
    /// exist there. At every moment either the old or the new folder exists, or [`recover`] restores the old one. The
    /// files in the folder must be synced to disk already.
    ///
    /// # Errors
    /// Returns an error if a system call fails. An existing folder is then unchanged.
    pub fn place(self, replaces: bool) -> Result<(), Error> {
        self.place_by(replaces, exchange)
    }

    fn place_by(self, replaces: bool, exchange: fn(&Path, &Path) -> io::Result<bool>) -> Result<(), Error> {
        let failed = |error: io::Error| Error::write(&self.path, &error);
        sync_folder(self.made.path())?;
        fault::before(Call::Place).map_err(failed)?;
        if !replaces {
            fs::rename(self.made.path(), &self.path).map_err(failed)?;
        } else if !exchange(self.made.path(), &self.path).map_err(failed)? {
            let old = old_of(&self.path);
            // A process that was killed before its last step may have left the old folder behind.
            remove(&old).map_err(failed)?;
            fs::rename(&self.path, &old).map_err(failed)?;
            let placed = fault::before(Call::Place).and_then(|()| fs::rename(self.made.path(), &self.path));
            if let Err(error) = placed {
                // If this fails too, `recover` does it later.
                drop(fs::rename(&old, &self.path));
                return Err(failed(error));
            }
            drop(remove(&old));
        }
        sync_folder(folder_of(&self.path))
    }
}

/// Restores the folder at `path` if a process was killed while replacing it.
///
/// # Errors
/// Returns an error if the folder cannot be renamed.
pub fn recover(path: &Path) -> Result<(), Error> {
    let old = old_of(path);
    let is_lost = fs::symlink_metadata(path).is_err() && old.is_dir();
    if is_lost {
        fault::before(Call::Place).and_then(|()| fs::rename(&old, path)).map_err(|error| Error::write(path, &error))?;
    }
    Ok(())
}

/// Returns the path to which a folder moves while it is replaced.
fn old_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".replaced");
    name.push(UNFINISHED);
    folder_of(path).join(name)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Exchanges two folders atomically. Returns false if the system or the file system does not support it.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(a: &Path, b: &Path) -> io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::INVAL | rustix::io::Errno::NOTSUP) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_: &Path, _: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Makes a temporary folder, which only its owner can read, readable for everyone.
#[cfg(unix)]
fn share(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // Not an error: a folder that only its owner can read is still usable.
    drop(fs::set_permissions(folder, fs::Permissions::from_mode(0o755)));
}

#[cfg(not(unix))]
fn share(_: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Fault, with};

    type Exchange = fn(&Path, &Path) -> io::Result<bool>;
    /// Atomic exchange, and two renames.
    const WAYS: [Exchange; 2] = [exchange, |_, _| Ok(false)];

    fn made(path: &Path, content: &str) -> WholeFolder {
        let folder = WholeFolder::beside(path).expect("a folder");
        fs::write(folder.path().join("content"), content).expect("writes");
        folder
    }

    /// Returns the content of the folder, and the number of entries in its parent.
    fn found(path: &Path) -> (String, usize) {
        let content = fs::read_to_string(path.join("content")).unwrap_or_default();
        (content, fs::read_dir(folder_of(path)).expect("a folder").count())
    }

    #[test]
    fn a_folder_replaces_another() {
        for way in WAYS {
            let around = tempfile::tempdir().expect("a folder");
            let path = around.path().join("kept");
            made(&path, "old").place_by(false, way).expect("the path is free");
            assert_eq!(found(&path), ("old".to_owned(), 1));
            drop(made(&path, "dropped"));
            made(&path, "new").place_by(true, way).expect("the folder is replaced");
            assert_eq!(found(&path), ("new".to_owned(), 1));
            made(&path, "more").place_by(false, way).expect_err("the path is taken");
            assert_eq!(found(&path), ("new".to_owned(), 1));
        }
    }

    #[test]
    fn the_old_folder_stays_or_is_restored_if_a_step_fails() {
        for (way, steps) in WAYS.into_iter().zip([1, 2]) {
            for step in 0..steps {
                let around = tempfile::tempdir().expect("a folder");
                let path = around.path().join("kept");
                made(&path, "old").place_by(false, way).expect("the path is free");
                let new = made(&path, "new");
                let (placed, calls) = with(Some((step, Fault::InputOutput)), || new.place_by(true, way));
                let error = placed.expect_err("a step fails").to_string();
                assert!(error.contains("kept") && calls.len() == step + 1, "{error}, {calls:?}");
                assert_eq!(found(&path), ("old".to_owned(), 1));
            }
        }
    }

    #[test]
    fn recover_restores_the_old_folder_but_never_over_a_new_one() {
        let around = tempfile::tempdir().expect("a folder");
        let path = around.path().join("kept");
        recover(&path).expect("nothing to restore");
        made(&path, "old").place(false).expect("the path is free");
        fs::rename(&path, old_of(&path)).expect("the first step");
        recover(&path).expect("the old folder is restored");
        assert_eq!(found(&path), ("old".to_owned(), 1));
        // Killed after the second step.
        fs::rename(&path, old_of(&path)).expect("the first step");
        made(&path, "new").place(false).expect("the second step");
        recover(&path).expect("nothing to restore");
        assert_eq!(found(&path), ("new".to_owned(), 2));
        made(&path, "newer").place_by(true, WAYS[1]).expect("the leftover folder is removed");
        assert_eq!(found(&path), ("newer".to_owned(), 1));
    }
}
