//! The folder of a job: its paths and the checks of its files.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tape_exec::PlanKind;
use tape_io::internal::{BlockFile, UNFINISHED, sync_folder, write_whole};

use super::manifest::Manifest;
use super::receipt::{FailureNote, Receipt};
use super::stored::INPUTS;
use crate::error::{Error, JobError};

const MANIFEST: &str = "manifest.json";
/// Subfolders for outputs, receipts and notes of failures.
pub(super) const FOLDERS: [&str; 3] = ["tasks", "receipts", "failures"];

/// The folder of a job.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
    kind: PlanKind,
    /// Number of tasks of the first round.
    first: usize,
    tasks: usize,
    digest: u32,
}

/// The state of a task.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// Finished, with a receipt.
    Done(Box<Receipt>),
    /// Not started, or not finished.
    Left,
    /// Failed, with a note.
    Failed(String),
    /// Finished, with a damaged receipt or output.
    Damaged(PathBuf, String),
}

impl Folder {
    pub(super) fn of(path: &Path, manifest: &Manifest, digest: u32) -> Self {
        let (first, kind) = (manifest.partitions.len(), manifest.plan);
        Self { path: path.to_owned(), kind, first, tasks: first + manifest.reduces, digest }
    }

    /// Reads the manifest in a folder.
    pub(super) fn read_manifest(folder: &Path) -> Result<Manifest, Error> {
        let path = folder.join(MANIFEST);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(JobError::NoJob { folder: folder.to_owned() }.into());
            }
            Err(source) => return Err(tape_io::Error::Io { path, action: "read the file", source }.into()),
        };
        let manifest = Manifest::parse(&bytes);
        let manifest = manifest.map_err(|error| JobError::Manifest { path: path.clone(), reason: error.reason })?;
        if manifest.provenance.version == env!("CARGO_PKG_VERSION") {
            Ok(manifest)
        } else {
            Err(JobError::Version { path, theirs: manifest.provenance.version }.into())
        }
    }

    /// Returns true if a folder has a manifest.
    pub(super) fn has_job(folder: &Path) -> bool {
        fs::symlink_metadata(folder.join(MANIFEST)).is_ok()
    }

    /// Checks that a job can be created at `folder`: it must be empty, or contain remains of an incomplete job.
    pub(super) fn check_free(folder: &Path) -> Result<(), Error> {
        let taken = |what, job| Err(JobError::Taken { folder: folder.to_owned(), what, job }.into());
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotADirectory => return taken("a file", false),
            Err(source) => {
                return Err(tape_io::Error::Io { path: folder.to_owned(), action: "list the folder", source }.into());
            }
        };
        if Self::has_job(folder) {
            return taken("a job", true);
        }
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if !FOLDERS.contains(&&*name) && name != INPUTS && !name.ends_with(UNFINISHED) {
                return taken("something else", false);
            }
        }
        Ok(())
    }

    /// Creates a folder with this manifest. The manifest is written last, so that a folder with a manifest is complete.
    pub(super) fn create(folder: &Path, manifest: &Manifest) -> Result<(), Error> {
        for name in FOLDERS {
            let path = folder.join(name);
            let made = fs::create_dir_all(&path);
            made.map_err(|source| tape_io::Error::Io { path, action: "make the folder", source })?;
        }
        Self::write_manifest(folder, manifest)
    }

    /// Replaces the manifest.
    pub(super) fn write_manifest(folder: &Path, manifest: &Manifest) -> Result<(), Error> {
        let path = folder.join(MANIFEST);
        let bytes = manifest.to_bytes();
        let bytes = bytes.map_err(|error| JobError::Manifest { path: path.clone(), reason: error.reason })?;
        write_whole(&path, &bytes)?;
        Ok(sync_folder(folder)?)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the number of tasks of the first round, and of all tasks.
    pub(super) const fn counts(&self) -> (usize, usize) {
        (self.first, self.tasks)
    }

    /// Returns the file name of a task. Names include the plan, so that outputs of a discarded plan are not mistaken
    /// for others.
    pub(super) fn name(&self, task: usize) -> String {
        let round = match self.kind {
            _ if task >= self.first => "reduce",
            PlanKind::Map | PlanKind::Stitch | PlanKind::MapUnchecked | PlanKind::Merge => self.kind.name(),
            PlanKind::Shuffle => "scatter",
            PlanKind::Fold => "lift",
        };
        format!("{round}-{task:05}")
    }

    /// Returns the folder of outputs.
    pub(super) fn outputs(&self) -> PathBuf {
        self.path.join(FOLDERS[0])
    }

    pub(super) fn output(&self, task: usize) -> PathBuf {
        self.outputs().join(format!("{}.blocks", self.name(task)))
    }

    pub(super) fn receipt(&self, task: usize) -> PathBuf {
        self.path.join(FOLDERS[1]).join(format!("{}.json", self.name(task)))
    }

    pub(super) fn failure(&self, task: usize) -> PathBuf {
        self.path.join(FOLDERS[2]).join(format!("{}.json", self.name(task)))
    }

    /// Returns the seal of the index of a task's output.
    pub(super) fn seal(&self, task: usize) -> u32 {
        let mut bytes = self.digest.to_le_bytes().to_vec();
        bytes.extend_from_slice(&(task as u64).to_le_bytes());
        tape_io::internal::checksum(&bytes)
    }

    /// Writes the receipt of a task. Its output must already be in place.
    pub(super) fn put_receipt(&self, receipt: &Receipt) -> Result<(), Error> {
        let path = self.receipt(receipt.task);
        let bytes = receipt.to_bytes().map_err(|error| self.damaged(&path, receipt.task, error.reason))?;
        write_whole(&path, &bytes)?;
        // If the note cannot be removed, the receipt takes precedence.
        drop(fs::remove_file(self.failure(receipt.task)));
        Ok(())
    }

    /// Writes a note that a task failed. Errors are ignored, because the failure itself is reported anyway.
    pub(super) fn put_failure(&self, task: usize, message: &str) {
        let note = FailureNote { job: self.digest, task, message: message.to_owned() };
        if let Ok(bytes) = note.to_bytes() {
            drop(write_whole(&self.failure(task), &bytes));
        }
    }

    /// Returns the state of a task according to its receipt and the length of its output.
    pub(super) fn state(&self, task: usize) -> State {
        let path = self.receipt(task);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return self.not_done(task),
            Err(error) => return State::Damaged(path, error.to_string()),
        };
        let receipt = match Receipt::parse(&bytes) {
            Ok(receipt) => receipt,
            Err(error) => return State::Damaged(path, error.reason),
        };
        if (receipt.job, receipt.task) != (self.digest, task) {
            return State::Damaged(path, "it is the receipt of another task or of another job".to_owned());
        }
        match self.open(&receipt) {
            Ok(_) => State::Done(Box::new(receipt)),
            Err(error) => State::Damaged(self.output(task), reason_of(&error)),
        }
    }

    fn not_done(&self, task: usize) -> State {
        let Ok(bytes) = fs::read(self.failure(task)) else { return State::Left };
        match FailureNote::parse(&bytes) {
            Ok(note) if (note.job, note.task) == (self.digest, task) => State::Failed(note.message),
            _ => State::Failed("its note of why is damaged".to_owned()),
        }
    }

    /// Like [`Folder::state`], but checks every byte of the output.
    pub(super) fn state_to_the_byte(&self, task: usize) -> State {
        let state = self.state(task);
        if let State::Done(receipt) = &state
            && let Err(error) = self.open(receipt).and_then(|file| file.verify())
        {
            return State::Damaged(self.output(task), reason_of(&error));
        }
        state
    }

    /// Returns the receipt of a task, or `None` if it is not finished.
    pub(super) fn done(&self, task: usize) -> Result<Option<Receipt>, JobError> {
        match self.state(task) {
            State::Done(receipt) => Ok(Some(*receipt)),
            State::Damaged(path, reason) => Err(self.damaged(&path, task, reason)),
            State::Left | State::Failed(_) => Ok(None),
        }
    }

    /// Opens the output of a task.
    pub(super) fn open(&self, receipt: &Receipt) -> Result<BlockFile, tape_io::Error> {
        BlockFile::open(&self.output(receipt.task), receipt.written(), self.seal(receipt.task))
    }

    /// Creates the error for a damaged file, with the task that creates it again.
    pub(super) fn damaged(&self, path: &Path, task: usize, reason: String) -> JobError {
        JobError::Damaged { folder: self.path.clone(), path: path.to_owned(), task, reason }
    }

    /// Creates the error for an unreadable output, with the task to run again.
    pub(super) fn unreadable(&self, task: usize, error: &tape_io::Error) -> JobError {
        self.damaged(&self.output(task), task, reason_of(error))
    }

    /// Checks that every receipt belongs to a task.
    pub(super) fn check_strays(&self) -> Result<(), Error> {
        let folder = self.path.join(FOLDERS[1]);
        let names: std::collections::HashSet<_> = (0..self.tasks).map(|task| self.receipt(task)).collect();
        let entries = fs::read_dir(&folder);
        let unreadable = |source| tape_io::Error::Io { path: folder.clone(), action: "list the folder", source };
        for entry in entries.map_err(unreadable)?.flatten() {
            let path = entry.path();
            if !names.contains(&path) && !path.to_string_lossy().ends_with(UNFINISHED) {
                return Err(JobError::Stray { path }.into());
            }
        }
        Ok(())
    }

    /// Removes files of killed processes and of a dropped plan.
    pub(super) fn clean(&self, dropped: Option<PlanKind>) {
        let prefix = dropped.map(|kind| format!("{}-", kind.name()));
        for name in FOLDERS {
            for entry in fs::read_dir(self.path.join(name)).into_iter().flatten().flatten() {
                let file = entry.file_name();
                let file = file.to_string_lossy();
                if file.ends_with(UNFINISHED) || prefix.as_ref().is_some_and(|prefix| file.starts_with(prefix)) {
                    // Remaining files do no harm, except stray receipts, which are reported when results are gathered.
                    drop(fs::remove_file(entry.path()));
                }
            }
        }
    }
}

/// Returns the problem of an output, without its name, which is already in the message.
fn reason_of(error: &tape_io::Error) -> String {
    match error {
        tape_io::Error::Damaged { reason, .. } => reason.clone(),
        tape_io::Error::NotFound { .. } => "it is not there".to_owned(),
        other => other.to_string(),
    }
}
