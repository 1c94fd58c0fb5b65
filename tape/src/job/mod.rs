//! Jobs: a run as a folder of tasks and receipts, so that many machines can share it and a run that was killed goes on
//! where it was.
//!
//! [`Batch::plan_job`](crate::Batch::plan_job) writes down what will be done: the inputs as they are, the plan, and its
//! tasks. Each task can then be run by any process that sees the folder and the inputs, in any order and more than
//! once: it writes its output beside, renames it, and leaves a receipt. [`Job::gather`] believes nothing: each task
//! must have one receipt, the rows that went in must be those of the footers, every byte of the outputs must be what
//! was written, no light curve may have two results, and no epoch may be missing. Then it writes the very bytes that
//! [`Batch::write`](crate::Batch::write) would have written.
//!
//! ```text
//! job/manifest.json             the query, its files, and the tasks
//!     inputs/memory-0.parquet       rows that were in the memory of a program, and lists of objects that were counted
//!     tasks/scatter-00003.blocks    what task 3 leaves for others, or for the end
//!     receipts/scatter-00003.json   that it did: rows in, light curves out, checksum, time
//!     failures/scatter-00004.json   why task 4 failed, until it does not
//! ```
//!
//! What is promised: a process may be killed at any moment, and no more than the tasks that it was at are done again.
//! The content of a file is on the disk itself before it has its name; a loss of power can take names away, and those
//! tasks are done again. Manifest and receipts carry a checksum of themselves, and outputs one of each block: a changed
//! byte is told of, and [`Batch::resume`](crate::Batch::resume) runs the task again.

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
    /// The batch that was planned, if this program has it.
    batch: Option<Box<Batch>>,
}

impl Job {
    /// The job in a folder, with the statistics of its manifest.
    ///
    /// # Errors
    /// If there is none, its manifest is damaged or of another version of the program, or it computes a statistic of a
    /// program's own: see [`Job::open_with`] and [`Batch::open_job`].
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let manifest = Folder::read_manifest(folder.as_ref())?;
        let statistics = statistics_named(&manifest.query().statistics)?;
        Self::new(folder.as_ref(), manifest, statistics, None)
    }

    /// The job in a folder, with these statistics, which must be those that it was planned with.
    ///
    /// # Errors
    /// As [`Job::open`], and if the names are others.
    pub fn open_with(folder: impl AsRef<Path>, statistics: &[Statistic]) -> Result<Self, Error> {
        let manifest = Folder::read_manifest(folder.as_ref())?;
        Self::new(folder.as_ref(), manifest, statistics.to_vec(), None)
    }

    fn new(folder: &Path, manifest: Manifest, statistics: Vec<Statistic>, batch: Option<Batch>) -> Result<Self, Error> {
        // Those with parameters have a name of their own; those of a program's own are known by it alone.
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

    /// The plan.
    #[must_use]
    pub const fn kind(&self) -> PlanKind {
        self.manifest.plan
    }

    /// The numbers of the tasks of each round; the second has none where one is enough.
    #[must_use]
    pub const fn rounds(&self) -> [Range<usize>; 2] {
        let (first, all) = self.folder.counts();
        [0..first, first..all]
    }

    /// Runs one task on `workers` threads, unless it is already done. If it fails, the reason is stored in the folder,
    /// and other tasks are not affected.
    ///
    /// # Errors
    /// If there is no such task, if it is of the second round and the first is not done, an input changed, a file
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
    /// If tasks failed, or the observer asks to stop: what is done stays.
    pub fn run(&self, workers: usize, observer: &dyn Observer) -> Result<(), Error> {
        self.run_missing(&Config { workers, ..Config::default() }, observer)
    }

    /// Puts the results together into a file: Parquet, CSV, ECSV or Arrow, which is the one that
    /// [`crate::Batch::write`] would have written. The inputs are not needed for it.
    ///
    /// # Errors
    /// If a task is not done or failed, a file is damaged, or anything of what they say does not add up: with the task,
    /// and what to do. If the partitions prove not to be in the order that the footers claim,
    /// [`tape_exec::Error::OutOfOrder`].
    pub fn gather(
        &self,
        path: impl AsRef<Path>,
        options: WriteOptions,
        observer: &dyn Observer,
    ) -> Result<Summary, Error> {
        self.gather_into(path.as_ref(), options, observer)
    }

    /// Returns the receipts of some tasks, which must all be done.
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

    /// A task in words: its number, and what it reads.
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

    /// Compares the rows of a task with those it should have had; `done` if it left a receipt.
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

/// A task that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ran {
    /// The receipt of the task.
    pub receipt: Receipt,
    /// True if the task was already done.
    pub before: bool,
}
