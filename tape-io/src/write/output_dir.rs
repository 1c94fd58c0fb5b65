//! The output folder. It is written under a temporary name, and renamed when it is complete.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::Error;
use crate::file::opened::is_remote;
use crate::write::repartition::Repartition;

/// A temporary folder next to the output. It is deleted if it is dropped before [`OutputDir::put`].
pub(crate) struct OutputDir {
    out: PathBuf,
    folder: TempDir,
}

impl OutputDir {
    /// Creates the temporary folder, after a check that the output can be moved to its path later.
    pub(crate) fn reserve(run: &Repartition<'_>) -> Result<Self, Error> {
        apart(run)?;
        check_free(run.out, run.overwrite)?;
        let folder = beside(run.out)?;
        Ok(Self { out: run.out.to_owned(), folder })
    }

    /// Returns the folder in which the output is written.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Moves the folder to its path. A folder that it replaces is removed last.
    pub(crate) fn put(self, overwrite: bool) -> Result<(), Error> {
        // Checked again, because it may have been created during the run.
        check_free(&self.out, overwrite)?;
        let failed = |error: io::Error| Error::write(&self.out, &error);
        if fs::symlink_metadata(&self.out).is_err() {
            fs::rename(self.folder.path(), &self.out).map_err(failed)?;
        } else {
            let aside = beside(&self.out)?;
            let old = aside.path().join("old");
            fs::rename(&self.out, &old).map_err(failed)?;
            if let Err(error) = fs::rename(self.folder.path(), &self.out) {
                // If the old folder cannot be moved back, keep it in the temporary folder rather than delete it.
                if fs::rename(&old, &self.out).is_err() {
                    let _ = aside.keep();
                }
                return Err(failed(error));
            }
        }
        // The folder was renamed, so there is nothing to delete under its old name.
        let _ = self.folder.keep();
        Ok(())
    }
}

/// Checks that the output is not inside an input, and the input not inside the output.
fn apart(run: &Repartition<'_>) -> Result<(), Error> {
    let out = absolute(run.out)?;
    let within = |input: &Path| Error::OutputInInput { path: run.out.to_owned(), input: input.to_owned() };
    for file in run.survey.paths().filter(|path| !is_remote(path)) {
        if absolute(file)?.starts_with(&out) {
            return Err(within(file));
        }
    }
    for input in run.inputs.iter().map(Path::new).filter(|input| input.is_dir()) {
        if out.starts_with(absolute(input)?) {
            return Err(within(input));
        }
    }
    Ok(())
}

/// Returns the path without links and dots, as far as it exists.
fn absolute(path: &Path) -> Result<PathBuf, Error> {
    if let Ok(path) = path.canonicalize() {
        return Ok(path);
    }
    let name = path.file_name().ok_or_else(|| Error::NotFound { path: path.to_owned() })?;
    let parent = parent(path);
    Ok(parent.canonicalize().map_err(|error| Error::io(parent, "write into the folder", error))?.join(name))
}

/// Checks that `out` does not exist, or may be replaced and only holds Parquet files.
fn check_free(out: &Path, overwrite: bool) -> Result<(), Error> {
    let Ok(metadata) = fs::symlink_metadata(out) else { return Ok(()) };
    if !overwrite {
        return Err(Error::Exists { path: out.to_owned() });
    }
    let not_replaced = |reason: String| Error::NotReplaced { path: out.to_owned(), reason };
    if !metadata.is_dir() {
        return Err(not_replaced("it is not a folder".to_owned()));
    }
    let unreadable = |error| Error::io(out, "list the folder", error);
    for entry in fs::read_dir(out).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let ending = Path::new(&name).extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let parquet = matches!(ending.as_deref(), Some("parquet" | "parq"));
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) || !(parquet || name.starts_with('_')) {
            return Err(not_replaced(format!("it holds '{name}', which is not a Parquet file")));
        }
    }
    Ok(())
}

/// Creates a temporary folder next to `out`.
fn beside(out: &Path) -> Result<TempDir, Error> {
    let mut builder = tempfile::Builder::new();
    let prefix = format!(".{}.", out.file_name().unwrap_or_default().to_string_lossy());
    builder.prefix(&prefix).suffix(".tmp");
    // It becomes the output, so it gets the permissions that the user gives to new folders.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    let parent = parent(out);
    builder.tempdir_in(parent).map_err(|error| Error::io(parent, "write into the folder", error))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
