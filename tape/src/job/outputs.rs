//! The outputs of tasks in the folder of a job.

use tape_core::{Part, Results, Rows, SourceError};
use tape_exec::task::{StoredOutputs, TaskOutput, TaskReport};
use tape_io::internal::{BlockFile, BlockWriter};

use super::Job;
use super::receipt::Receipt;
use crate::error::Error;

/// A writer of the output of a task.
pub(super) struct Writing(pub(super) BlockWriter);

impl TaskOutput for Writing {
    fn rows(&mut self, parts: &[Part<'_>]) -> Result<(), SourceError> {
        self.0.rows(parts).map_err(|error| Error::from(error).into())
    }

    fn results(&mut self, results: &Results) -> Result<(), SourceError> {
        self.0.results(results).map_err(|error| Error::from(error).into())
    }
}

/// A reader of the outputs of tasks. The file is opened for each block, because there may be more outputs than the
/// limit on open files.
pub(super) struct Outputs<'a> {
    pub(super) job: &'a Job,
    pub(super) receipts: Vec<Receipt>,
}

impl Outputs<'_> {
    fn read<T>(
        &self,
        task: usize,
        read: impl FnOnce(&BlockFile) -> Result<T, tape_io::Error>,
    ) -> Result<T, SourceError> {
        let folder = &self.job.folder;
        let read = folder.open(&self.receipts[task]).and_then(|file| read(&file));
        Ok(read.map_err(|error| Error::from(folder.unreadable(task, &error)))?)
    }
}

impl StoredOutputs for Outputs<'_> {
    fn report(&self, task: usize) -> TaskReport {
        self.receipts[task].report()
    }

    fn rows_by_block(&self, task: usize) -> Result<Vec<u64>, SourceError> {
        self.read(task, BlockFile::rows_by_block)
    }

    fn rows(&self, task: usize, block: usize, rows: &mut Rows) -> Result<(), SourceError> {
        self.read(task, |file| file.rows(block as u64, rows).map(drop))
    }

    fn results(&self, task: usize, block: usize, results: &mut Results) -> Result<(), SourceError> {
        self.read(task, |file| file.results(block as u64, results).map(drop))
    }
}
