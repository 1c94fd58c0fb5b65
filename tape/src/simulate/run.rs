//! A run of a simulation: its output folder and progress. The output appears all at once.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process;

use tape_pool::Pool;

use super::write::{Encoder, SurveyWriter, TruthWriter};
use super::{SimulateError, Simulation, TRUTH};

/// The state that a layout needs to write its rows.
pub(super) struct Run<'a> {
    pub(super) out: &'a Path,
    pub(super) encoder: Encoder,
    pub(super) survey: SurveyWriter<'a>,
    pub(super) truth: TruthWriter,
    pub(super) progress: &'a dyn Fn(u64, u64) -> ControlFlow<()>,
    /// The threads that draw and encode.
    pub(super) pool: Pool,
    pub(super) done: u64,
    pub(super) total: u64,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        simulation: &Simulation,
        staging: &'a Staging,
        total: u64,
        pool: Pool,
        progress: &'a dyn Fn(u64, u64) -> ControlFlow<()>,
    ) -> Result<Self, SimulateError> {
        let (folder, out) = (staging.folder.as_path(), staging.out.as_path());
        let survey = SurveyWriter::new(simulation, folder, out)?;
        let encoder = survey.encoder()?;
        let truth = TruthWriter::create(folder, out, simulation.compression)?;
        Ok(Self { out, encoder, survey, truth, progress, pool, done: 0, total })
    }

    /// Calls `f` for each item on the threads, and returns the results in order.
    pub(super) fn map<T: Send, R: Send>(&self, items: Vec<T>, f: impl Fn(T) -> R + Send + Sync) -> Vec<R> {
        self.pool.install(|| tape_pool::map(items, f))
    }

    /// Returns the number of row groups to encode at a time: enough to keep all threads busy without much memory.
    pub(super) fn window(&self) -> usize {
        2 * self.pool.install(tape_pool::current_threads)
    }

    /// Counts `rows` more rows as done.
    pub(super) fn advance(&mut self, rows: usize) -> Result<(), SimulateError> {
        self.done += rows as u64;
        match (self.progress)(self.done, self.total) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(SimulateError::Interrupted { path: self.out.to_owned() }),
        }
    }
}

/// A temporary folder next to the output. It is renamed when complete, and removed otherwise.
pub(super) struct Staging {
    out: PathBuf,
    folder: PathBuf,
    overwrite: bool,
}

impl Staging {
    /// Creates the folder, or returns an error if the output must not be written.
    pub(super) fn new(out: &Path, overwrite: bool) -> Result<Self, SimulateError> {
        check(out, overwrite)?;
        let folder = beside(out, "tmp")?;
        fs::create_dir(&folder).map_err(SimulateError::io(out))?;
        Ok(Self { out: out.to_owned(), folder, overwrite })
    }

    /// Renames the folder to the output.
    pub(super) fn commit(&self) -> Result<(), SimulateError> {
        // Another process may have written there meanwhile.
        if !check(&self.out, self.overwrite)? {
            return fs::rename(&self.folder, &self.out).map_err(SimulateError::io(&self.out));
        }
        let replaced = beside(&self.out, "old")?;
        fs::rename(&self.out, &replaced).map_err(SimulateError::io(&self.out))?;
        if let Err(error) = fs::rename(&self.folder, &self.out) {
            // Report the first error, even if the old survey cannot be restored.
            let _ = fs::rename(&replaced, &self.out);
            return Err(SimulateError::io(&self.out)(error));
        }
        fs::remove_dir_all(&replaced).map_err(SimulateError::io(&replaced))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // After a commit there is nothing to remove, and errors cannot be reported from here.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Returns true if the output exists. Returns an error if it must not be replaced.
fn check(out: &Path, overwrite: bool) -> Result<bool, SimulateError> {
    match fs::symlink_metadata(out) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(SimulateError::io(out)(error)),
        Ok(_) if !overwrite => return Err(SimulateError::OutputExists { path: out.to_owned() }),
        Ok(found) if !found.is_dir() => {
            return Err(SimulateError::NotASurvey { path: out.to_owned(), found: out.to_owned() });
        }
        Ok(_) => {}
    }
    // Overwriting deletes the folder, so a mistyped path must not delete a home directory.
    for entry in fs::read_dir(out).map_err(SimulateError::io(out))? {
        let entry = entry.map_err(SimulateError::io(out))?;
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| {
            name == TRUTH
                || (name.starts_with("part-") && Path::new(name).extension().is_some_and(|end| end == "parquet"))
        });
        if !ours || !entry.file_type().map_err(SimulateError::io(out))?.is_file() {
            return Err(SimulateError::NotASurvey { path: out.to_owned(), found: name.into() });
        }
    }
    Ok(true)
}

/// Returns an unused hidden name next to the output.
fn beside(out: &Path, what: &str) -> Result<PathBuf, SimulateError> {
    let bad = || SimulateError::BadOutput { path: out.to_owned() };
    let name = out.file_name().ok_or_else(bad)?.to_string_lossy();
    let process = process::id();
    (0..1000)
        .map(|attempt| out.with_file_name(format!(".{name}.{what}-{process}-{attempt}")))
        .find(|path| fs::symlink_metadata(path).is_err())
        .ok_or_else(bad)
}
