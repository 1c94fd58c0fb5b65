//! The progress of a job.

use super::Job;
use super::folder::State;

/// The progress of a job, according to its receipts. Outputs are checked when they are used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Number of tasks, of both rounds.
    pub tasks: usize,
    /// Number of tasks of the first round.
    pub first: usize,
    /// Number of finished tasks.
    pub done: usize,
    /// Tasks that were not started, or not finished.
    pub left: Vec<usize>,
    /// Tasks that failed, with their errors.
    pub failed: Vec<(usize, String)>,
    /// Tasks with a damaged receipt or output, and the problem.
    pub damaged: Vec<(usize, String)>,
    /// Number of rows, from the footers.
    pub rows: u64,
    /// Number of rows read so far.
    pub rows_done: u64,
    /// Number of rows of results so far, without light curves that are stitched at the end.
    pub rows_out: u64,
    /// Total time of all tasks in milliseconds.
    pub milliseconds: u64,
    /// Total time of the first round in milliseconds.
    pub reading_milliseconds: u64,
}

impl Status {
    /// Returns the rows read per second and worker, or `None` if no rows were read.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub fn rate(&self) -> Option<f64> {
        let seconds = self.reading_milliseconds as f64 / 1000.0;
        (seconds > 0.0).then(|| self.rows_done as f64 / seconds)
    }
}

impl Job {
    /// Returns the progress of the job.
    #[must_use]
    pub fn status(&self) -> Status {
        let (first, tasks) = self.folder.counts();
        let mut status = Status { tasks, first, rows: self.manifest.rows, ..Status::default() };
        for task in 0..tasks {
            match self.folder.state(task) {
                State::Done(receipt) => {
                    status.done += 1;
                    status.rows_out = status.rows_out.saturating_add(receipt.rows_out);
                    status.milliseconds = status.milliseconds.saturating_add(receipt.milliseconds);
                    if task < first {
                        status.rows_done = status.rows_done.saturating_add(receipt.rows_in);
                        let reading = status.reading_milliseconds.saturating_add(receipt.milliseconds);
                        status.reading_milliseconds = reading;
                    }
                }
                State::Left => status.left.push(task),
                State::Failed(message) => status.failed.push((task, message)),
                State::Damaged(path, reason) => status.damaged.push((task, format!("{}: {reason}", path.display()))),
            }
        }
        status
    }
}
