//! Jobs: a run as a folder of tasks and receipts, which many machines can share and which can be resumed.
//!
//! [`Batch::plan_job`](crate::Batch::plan_job) writes a manifest with the stamps of the inputs, the plan and its tasks.
//! Any process that can read the folder and the inputs can run a task, in any order and more than once. A task writes
//! its output to a temporary file, renames it, and writes a receipt. [`Job::gather`] checks everything: each task must
//! have one receipt, the rows read must be those of the footers, every byte of the outputs must match its checksum, no
//! light curve may have two results, and no epoch may be missing. It then writes the same bytes as
//! [`Batch::write`](crate::Batch::write).
//!
//! ```text
//! job/manifest.json             the query, its files, and the tasks
//!     inputs/memory-0.parquet       rows that were in the memory of a program, and lists of selected objects
//!     tasks/scatter-00003.blocks    the output of task 3
//!     receipts/scatter-00003.json   its receipt: rows read, results, checksum, time
//!     failures/scatter-00004.json   the error of task 4, until it succeeds
//! ```
//!
//! A process can be killed at any moment, and only its unfinished tasks have to run again. The content of a file is
//! synced to disk before it is renamed; after a power loss, files may be missing, and their tasks run again. The
//! manifest and receipts contain their own checksum, and outputs one per block, so changed bytes are detected, and
//! [`Batch::resume`](crate::Batch::resume) runs the task again.
//!
//! ```
//! use tape::core::Silent;
//! use tape::job::Job;
//! use tape::prelude::*;
//!
//! # let folder = tempfile::tempdir()?;
//! # let survey = folder.path().join("survey");
//! # tape::simulate::Simulation { objects: 50, files: 2, ..Default::default() }.write(&survey)?;
//! # let (folder, table) = (folder.path().join("job"), folder.path().join("mean.csv"));
//! let batch = Ensemble::open(&survey)?.batch_named(&["mean"])?;
//! batch.plan_job(&folder, &Silent)?;
//!
//! // In any other process:
//! let job = Job::open(&folder)?;
//! job.run(2, &Silent)?;
//! job.gather(&table, WriteOptions::new(), &Silent)?;
//! assert!(table.is_file());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use tape_core::{LightCurveStep, Observer, Statistic};
use tape_exec::{Config, PlanKind, Summary};

mod folder;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod gather;
mod inputs;
mod manifest;
mod outputs;
mod plan;
mod receipt;
mod run;
pub(crate) mod sealed;
mod source;
mod status;
mod stored;

pub use crate::error::JobError;
pub use manifest::Manifest;
pub use receipt::{FailureNote, Id, Receipt, SkippedNote};
pub use sealed::Malformed;
pub use status::Status;
pub use stored::Stored;

use crate::batch::Batch;
use crate::error::Error;
use crate::options::WriteOptions;
use crate::statistics::{statistic, statistics_named, steps_named};
use folder::{Folder, State};

/// A run as a folder of tasks and receipts.
#[derive(Debug)]
pub struct Job {
    folder: Folder,
    manifest: Manifest,
    digest: u32,
    statistics: Vec<Statistic>,
    steps: Vec<Arc<dyn LightCurveStep>>,
    /// The planned batch, if this program created it.
    batch: Option<Box<Batch>>,
}

impl Job {
    /// Opens the job in a folder, with the statistics of its manifest.
    ///
    /// # Errors
    /// If there is no job, its manifest is damaged or from another version of the program, or it uses custom
    /// statistics: see [`Job::open_with`] and [`Batch::open_job`].
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let manifest = Folder::read_manifest(folder.as_ref())?;
        let statistics = statistics_named(&manifest.query().statistics)?;
        Self::new(folder.as_ref(), manifest, statistics, None)
    }

    /// Opens the job in a folder with these statistics, whose names must match the manifest.
    ///
    /// # Errors
    /// As [`Job::open`], and if the names differ.
    pub fn open_with(folder: impl AsRef<Path>, statistics: &[Statistic]) -> Result<Self, Error> {
        let manifest = Folder::read_manifest(folder.as_ref())?;
        Self::new(folder.as_ref(), manifest, statistics.to_vec(), None)
    }

    fn new(folder: &Path, manifest: Manifest, statistics: Vec<Statistic>, batch: Option<Batch>) -> Result<Self, Error> {
        // The name of a statistic can differ from the request because of parameters. Custom statistics only have a
        // name.
        let own_name = |asked: &String| statistic(asked).map_or_else(|_| asked.clone(), |s| s.info().name.to_string());
        let wanted: Vec<String> = manifest.query().statistics.iter().map(own_name).collect();
        let given: Vec<&str> = statistics.iter().map(|s| s.info().name.as_ref()).collect();
        if given != wanted {
            let (wanted, given) = (wanted.join(", "), given.join(", "));
            return Err(JobError::Statistics { folder: folder.to_owned(), wanted, given }.into());
        }
        let damaged = |error: Malformed| JobError::Manifest { path: folder.to_owned(), reason: error.reason };
        let digest = manifest.digest().map_err(damaged)?;
        let can_fold = manifest.query().steps.is_empty() && statistics.iter().all(Statistic::is_fold);
        if manifest.plan == PlanKind::Fold && !can_fold {
            let reason = "its plan is fold, and not all that it computes are folds".to_owned();
            return Err(JobError::Manifest { path: folder.to_owned(), reason }.into());
        }
        let steps = match &batch {
            Some(batch) => batch.config.steps.clone(),
            None => steps_named(&manifest.query().steps)?,
        };
        let batch = batch.map(Box::new);
        Ok(Self { folder: Folder::of(folder, &manifest, digest), manifest, digest, statistics, steps, batch })
    }

    /// Returns the manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns the plan.
    #[must_use]
    pub const fn kind(&self) -> PlanKind {
        self.manifest.plan
    }

    /// Returns the task numbers of each round. The second is empty if the plan has one round.
    #[must_use]
    pub const fn rounds(&self) -> [Range<usize>; 2] {
        let (first, all) = self.folder.counts();
        [0..first, first..all]
    }

    /// Runs one task on `workers` threads, unless it is already done. If it fails, the reason is stored in the folder,
    /// and other tasks are not affected.
    ///
    /// # Errors
    /// If there is no such task, it belongs to the second round and the first is unfinished, an input changed, a file
    /// cannot be read or written, a statistic panics, or the observer asks to stop.
    pub fn run_task(&self, task: usize, workers: usize, observer: &dyn Observer) -> Result<Ran, Error> {
        let (first, all) = self.folder.counts();
        let folder = self.folder.path().to_owned();
        match all.checked_sub(1) {
            None => return Err(JobError::NoTasks { folder }.into()),
            Some(last) if task > last => return Err(JobError::NoTask { folder, task, last }.into()),
            Some(_) => {}
        }
        if let State::Done(receipt) = self.folder.state_to_the_byte(task) {
            return Ok(Ran { receipt: *receipt, before: true });
        }
        let tasks = self.manifest.tasks();
        let config = self.task_config(&Config { workers, ..Config::default() }, 1);
        let ran = || {
            let round = if task < first { self.first_round(&tasks, &[task])? } else { self.second_round()? };
            self.run_in(&round, &tasks, task, &config, observer)
        };
        Ok(Ran { receipt: self.note(task, ran())?, before: false })
    }

    /// Runs all unfinished or damaged tasks on `workers` threads. A task that fails does not stop the others.
    ///
    /// # Errors
    /// If tasks failed, or the observer asks to stop. Finished tasks are kept.
    pub fn run(&self, workers: usize, observer: &dyn Observer) -> Result<(), Error> {
        self.run_missing(&Config { workers, ..Config::default() }, observer)
    }

    /// Writes the results to a file: Parquet, CSV, ECSV or Arrow. It has the same bytes as that of
    /// [`crate::Batch::write`]. The inputs are not needed.
    ///
    /// # Errors
    /// If a task is unfinished or failed, a file is damaged, or numbers of rows do not match; the message names the
    /// task and what to do. [`tape_exec::Error::OutOfOrder`] if the partitions are not in the order that the footers
    /// claim.
    pub fn gather(
        &self,
        path: impl AsRef<Path>,
        options: WriteOptions,
        observer: &dyn Observer,
    ) -> Result<Summary, Error> {
        self.gather_into(path.as_ref(), options, observer)
    }

    /// Returns the receipts of some tasks, or an error if one is unfinished.
    fn receipts(&self, tasks: Range<usize>, what: &'static str) -> Result<Vec<Receipt>, Error> {
        let mut receipts = vec![];
        let mut missing = vec![];
        for task in tasks {
            match self.folder.done(task)? {
                Some(receipt) => receipts.push(receipt),
                None => missing.push(self.describe(task)),
            }
        }
        if missing.is_empty() {
            return Ok(receipts);
        }
        Err(JobError::NotDone { folder: self.folder.path().to_owned(), what, tasks: missing }.into())
    }

    /// Describes a task by its number and its input.
    fn describe(&self, task: usize) -> String {
        match self.manifest.partitions.get(task) {
            Some(pieces) => {
                let place = pieces.first().map(|piece| self.manifest.describe(piece.0)).unwrap_or_default();
                format!("task {task} (partition {task}, from {place})")
            }
            None => {
                let buckets = self.manifest.tasks().buckets_of(task - self.manifest.partitions.len());
                format!("task {task} (buckets {} to {})", buckets.start, buckets.end.saturating_sub(1))
            }
        }
    }

    /// Compares the number of rows of a task with the expected one. `done` is true if the task has a receipt.
    fn check_rows(&self, task: usize, actual: u64, expected: u64, done: bool) -> Result<(), Error> {
        if actual == expected {
            return Ok(());
        }
        let (folder, place) = (self.folder.path().to_owned(), self.describe(task));
        Err(JobError::Rows { folder, task, place, actual, expected, done }.into())
    }

    fn malformed(&self, error: Malformed) -> Error {
        JobError::Manifest { path: self.folder.path().to_owned(), reason: error.reason }.into()
    }

    fn stopped(&self) -> Error {
        let (_, tasks) = self.folder.counts();
        let done = (0..tasks).filter(|&task| matches!(self.folder.state(task), State::Done(_))).count();
        JobError::Stopped { folder: self.folder.path().to_owned(), done, tasks }.into()
    }
}

/// A finished task.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ran {
    /// The receipt of the task.
    pub receipt: Receipt,
    /// True if the task was already done.
    pub before: bool,
}
