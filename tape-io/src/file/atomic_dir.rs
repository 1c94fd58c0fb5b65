//! Folders that appear whole or not at all, in the place of others, too.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::Error;
use crate::fault::{self, Call};
use crate::file::atomic_file::{UNFINISHED, folder_of, sync_folder};

/// A folder that is made beside its place, and goes there once it is whole. Dropped before, it leaves nothing behind.
#[derive(Debug)]
pub struct WholeFolder {
    made: TempDir,
    path: PathBuf,
}

impl WholeFolder {
    /// A new folder beside `path`. Nothing stands at `path` for it yet.
    ///
    /// # Errors
    /// If the folder around it is not there or cannot be written to.
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

    /// Where it is made.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.made.path()
    }

    /// Brings it to its place, where nothing may stand but the folder that it `replaces`: at every moment one of the two is
    /// there, or [`recover`] brings the old one back. The files in it must be on the disk itself already.
    ///
    /// # Errors
    /// If the system refuses; what stood there is then still there.
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
            // What a process that was killed left after the last step.
            remove(&old).map_err(failed)?;
            fs::rename(&self.path, &old).map_err(failed)?;
            let placed = fault::before(Call::Place).and_then(|()| fs::rename(self.made.path(), &self.path));
            if let Err(error) = placed {
                // If that fails too, `recover` does it.
                drop(fs::rename(&old, &self.path));
                return Err(failed(error));
            }
            drop(remove(&old));
        }
        sync_folder(folder_of(&self.path))
    }
}

/// Brings back the folder at `path` that was about to be replaced when the process was killed, if there is one.
///
/// # Errors
/// If the system refuses.
pub fn recover(path: &Path) -> Result<(), Error> {
    let old = old_of(path);
    let is_lost = fs::symlink_metadata(path).is_err() && old.is_dir();
    if is_lost {
        fault::before(Call::Place).and_then(|()| fs::rename(&old, path)).map_err(|error| Error::write(path, &error))?;
    }
    Ok(())
}

/// Where a folder is for the moment in which another takes its place.
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

/// Has two folders change places at once, where system and file system can: whether they did.
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

/// Temporary folders are their owner's alone; what they become may be read by others.
#[cfg(unix)]
fn share(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // A folder that only its owner can read is still one.
    drop(fs::set_permissions(folder, fs::Permissions::from_mode(0o755)));
}

#[cfg(not(unix))]
fn share(_: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Fault, with};

    type Exchange = fn(&Path, &Path) -> io::Result<bool>;
    /// At once, and in two steps.
    const WAYS: [Exchange; 2] = [exchange, |_, _| Ok(false)];

    fn made(path: &Path, content: &str) -> WholeFolder {
        let folder = WholeFolder::beside(path).expect("a folder");
        fs::write(folder.path().join("content"), content).expect("writes");
        folder
    }

    /// What stands in the folder, and all names beside it.
    fn found(path: &Path) -> (String, usize) {
        let content = fs::read_to_string(path.join("content")).unwrap_or_default();
        (content, fs::read_dir(folder_of(path)).expect("a folder").count())
    }

    #[test]
    fn a_folder_takes_the_place_of_another() {
        for way in WAYS {
            let around = tempfile::tempdir().expect("a folder");
            let path = around.path().join("kept");
            made(&path, "old").place_by(false, way).expect("nothing is there");
            assert_eq!(found(&path), ("old".to_owned(), 1));
            drop(made(&path, "dropped"));
            made(&path, "new").place_by(true, way).expect("it is replaced");
            assert_eq!(found(&path), ("new".to_owned(), 1));
            made(&path, "more").place_by(false, way).expect_err("something is there");
            assert_eq!(found(&path), ("new".to_owned(), 1));
        }
    }

    #[test]
    fn where_a_step_fails_the_old_one_stays_or_comes_back() {
        for (way, steps) in WAYS.into_iter().zip([1, 2]) {
            for step in 0..steps {
                let around = tempfile::tempdir().expect("a folder");
                let path = around.path().join("kept");
                made(&path, "old").place_by(false, way).expect("nothing is there");
                let new = made(&path, "new");
                let (placed, calls) = with(Some((step, Fault::InputOutput)), || new.place_by(true, way));
                let error = placed.expect_err("a step fails").to_string();
                assert!(error.contains("kept") && calls.len() == step + 1, "{error}, {calls:?}");
                assert_eq!(found(&path), ("old".to_owned(), 1));
            }
        }
    }

    #[test]
    fn what_a_kill_left_is_brought_back_and_never_in_the_place_of_a_new_one() {
        let around = tempfile::tempdir().expect("a folder");
        let path = around.path().join("kept");
        recover(&path).expect("there is nothing to do");
        made(&path, "old").place(false).expect("nothing is there");
        fs::rename(&path, old_of(&path)).expect("the first step");
        recover(&path).expect("it is brought back");
        assert_eq!(found(&path), ("old".to_owned(), 1));
        // Killed after the second step.
        fs::rename(&path, old_of(&path)).expect("the first step");
        made(&path, "new").place(false).expect("the second step");
        recover(&path).expect("there is nothing to do");
        assert_eq!(found(&path), ("new".to_owned(), 2));
        made(&path, "newer").place_by(true, WAYS[1]).expect("what was left is in nobody's way");
        assert_eq!(found(&path), ("newer".to_owned(), 1));
    }
}
