//! Errors of jobs.

use std::path::PathBuf;

/// An error from planning, running or gathering a job.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// A folder without a job.
    #[error("{}: no job found: create one", .folder.display())]
    NoJob {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder that is not empty.
    #[error("{}: already contains {what}: choose another folder, or remove it{}", .folder.display(), go_on(*.job))]
    Taken {
        /// The folder.
        folder: PathBuf,
        /// Description of the existing content.
        what: &'static str,
        /// True if it is a job.
        job: bool,
    },
    /// A manifest that cannot be used.
    #[error("{}: is damaged: {reason}: plan the job again, in another folder", .path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The problem.
        reason: String,
    },
    /// A job of another version of the program, which may compute other values.
    #[error("{}: was planned by tape {theirs}, and this is tape {}: run it with that, or plan it again in another folder", .path.display(), env!("CARGO_PKG_VERSION"))]
    Version {
        /// The manifest.
        path: PathBuf,
        /// The version that planned it.
        theirs: String,
    },
    /// A job that was planned with other arguments.
    #[error("{}: the job there was planned {difference}: give the same arguments as then, or another folder", .folder.display())]
    Differs {
        /// The folder.
        folder: PathBuf,
        /// The difference.
        difference: String,
    },
    /// Statistics that differ from those of the job.
    #[error("{}: the job computes {wanted}, but this program was given {given}: give the same statistics", .folder.display())]
    Statistics {
        /// The folder.
        folder: PathBuf,
        /// Statistics of the job.
        wanted: String,
        /// Statistics given by the program.
        given: String,
    },
    /// An input that has changed.
    #[error("{}: changed since the job was planned: plan it again, in another folder", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A stored input in the folder of a job that has changed.
    #[error("{}: changed since the job stored it: plan the job again, in another folder", .path.display())]
    Stored {
        /// The file.
        path: PathBuf,
    },
    /// A task number that is out of range.
    #[error("{}: there is no task {task}: tasks are numbered 0 to {last}", .folder.display())]
    NoTask {
        /// The folder.
        folder: PathBuf,
        /// Number of the requested task.
        task: usize,
        /// Number of the last task.
        last: usize,
    },
    /// A job without tasks, because the survey has no rows.
    #[error("{}: the job has no tasks, because the survey has no rows", .folder.display())]
    NoTasks {
        /// The folder.
        folder: PathBuf,
    },
    /// Tasks without a receipt.
    #[error(
        "{}: {} not done: {}: run {}, or resume the job",
        .folder.display(), counted(.tasks.len(), .what), some(.tasks), if .tasks.len() == 1 { "it" } else { "them" }
    )]
    NotDone {
        /// The folder.
        folder: PathBuf,
        /// Kind of the tasks: all, or those of the first round.
        what: &'static str,
        /// The tasks, each with its input.
        tasks: Vec<String>,
    },
    /// Tasks that failed, after the others finished.
    #[error(
        "{}: {} failed, and the results of the others are kept: {}", .folder.display(), counted(.tasks.len(), "task"), some(.tasks)
    )]
    Failed {
        /// The folder.
        folder: PathBuf,
        /// The tasks, each with its error message.
        tasks: Vec<String>,
        /// The error of the first failed task.
        source: Box<crate::Error>,
    },
    /// A damaged receipt or output.
    #[error("{}: is damaged: {reason}: run task {task} again", .path.display())]
    Damaged {
        /// The folder of the job.
        folder: PathBuf,
        /// The file.
        path: PathBuf,
        /// The task that wrote it.
        task: usize,
        /// The problem.
        reason: String,
    },
    /// A receipt of a task that the job does not have.
    #[error("{}: is a receipt of a task that this job does not have: remove it", .path.display())]
    Stray {
        /// The file.
        path: PathBuf,
    },
    /// A task that read an unexpected number of rows.
    #[error("{place}: read {actual} rows instead of {expected}: {}", again(*.done))]
    Rows {
        /// The folder of the job.
        folder: PathBuf,
        /// The number of the task.
        task: usize,
        /// The task, and what it reads.
        place: String,
        /// Number of rows read.
        actual: u64,
        /// Expected number of rows, from the footers or the first round.
        expected: u64,
        /// True if the task was already done, so that its receipt is wrong.
        done: bool,
    },
    /// Epochs that are neither in the results nor counted as skipped.
    #[error(
        "{}: of {rows} rows, {epochs} are in light curves and {left_out} were skipped: results are missing or duplicated. \
         Plan the job again, in another folder", .folder.display()
    )]
    Epochs {
        /// The folder.
        folder: PathBuf,
        /// Number of rows in the footers.
        rows: u64,
        /// Number of epochs in the results.
        epochs: u64,
        /// Number of skipped epochs.
        left_out: u64,
    },
    /// The observer asked to stop.
    #[error(
        "stopped: {done} of {tasks} tasks are done and saved in {}: run the same command again to resume", .folder.display()
    )]
    Stopped {
        /// The folder.
        folder: PathBuf,
        /// Number of finished tasks.
        done: usize,
        /// Number of all tasks.
        tasks: usize,
    },
}

/// Maximum number of tasks to name in a message.
const NAMED: usize = 5;

fn some(tasks: &[String]) -> String {
    let named = tasks.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
    let more = tasks.len().saturating_sub(NAMED);
    if more == 0 { named } else { format!("{named}; and {more} more") }
}

fn counted(n: usize, what: &str) -> String {
    let (one, rest) = what.split_once(' ').unwrap_or((what, ""));
    let space = if rest.is_empty() { "" } else { " " };
    if n == 1 { format!("1 {one}{space}{rest}") } else { format!("{n} {one}s{space}{rest}") }
}

const fn again(done: bool) -> &'static str {
    if done { "run it again" } else { "the file may have changed: plan the job again, in another folder" }
}

const fn go_on(job: bool) -> &'static str {
    if job { ", or resume it" } else { "" }
}
