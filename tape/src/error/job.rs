//! Why a job cannot be planned, run or put together.

use std::path::PathBuf;

/// Why a job cannot be planned, run or put together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// A folder without a job.
    #[error("{}: no job is there: make one", .folder.display())]
    NoJob {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder that holds something already.
    #[error("{}: {what} is there already: choose another folder, or remove it yourself{}", .folder.display(), go_on(*.job))]
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
        /// In what.
        difference: String,
    },
    /// Statistics that a job needs and that this program was not given.
    #[error("{}: the job computes {wanted}, but this program was given {given}", .folder.display())]
    Statistics {
        /// The folder.
        folder: PathBuf,
        /// Those of the job.
        wanted: String,
        /// Those given.
        given: String,
    },
    /// An input that is not what it was.
    #[error("{}: changed since the job was planned: plan it again, in another folder", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A file in the folder of a job that holds of its inputs what no other file has, and is not what was stored.
    #[error("{}: is not what the job stored there: plan the job again, in another folder", .path.display())]
    Stored {
        /// The file.
        path: PathBuf,
    },
    /// A number that no task has.
    #[error("{}: there is no task {task}: tasks are numbered 0 to {last}", .folder.display())]
    NoTask {
        /// The folder.
        folder: PathBuf,
        /// Number of the requested task.
        task: usize,
        /// The last one.
        last: usize,
    },
    /// A job without rows has no task.
    #[error("{}: there is no task: the survey has no rows", .folder.display())]
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
        /// Each with what it reads.
        tasks: Vec<String>,
    },
    /// Tasks that failed, while the others went on.
    #[error(
        "{}: {} failed, and what the others did is kept: {}", .folder.display(), counted(.tasks.len(), "task"), some(.tasks)
    )]
    Failed {
        /// The folder.
        folder: PathBuf,
        /// Each with what it said.
        tasks: Vec<String>,
        /// The error of the first of them.
        source: Box<crate::Error>,
    },
    /// A receipt or an output that is not what was written.
    #[error("{}: is damaged: {reason}: run task {task} again", .path.display())]
    Damaged {
        /// The folder of the job.
        folder: PathBuf,
        /// The file.
        path: PathBuf,
        /// The task that made it.
        task: usize,
        /// The problem.
        reason: String,
    },
    /// A receipt of a task that the job does not have.
    #[error("{}: is no receipt of this job: each task has one, and this is of none: remove it", .path.display())]
    Stray {
        /// The file.
        path: PathBuf,
    },
    /// A task that read other than it should.
    #[error("{place}: {actual} rows went in, where {expected} should: {}", again(*.done))]
    Rows {
        /// The folder of the job.
        folder: PathBuf,
        /// The number of the task.
        task: usize,
        /// The task, and what it reads.
        place: String,
        /// Rows that went in.
        actual: u64,
        /// Rows that should, by the footers or by the first round.
        expected: u64,
        /// True if the task was done before, so that its receipt is wrong.
        done: bool,
    },
    /// Epochs that went in and neither came out nor were left out.
    #[error(
        "{}: of {rows} rows, {epochs} are in light curves and {left_out} were left out: results are missing or there twice. \
         Plan the job again, in another folder", .folder.display()
    )]
    Epochs {
        /// The folder.
        folder: PathBuf,
        /// Rows by the footers.
        rows: u64,
        /// Epochs of the results.
        epochs: u64,
        /// Epochs left out.
        left_out: u64,
    },
    /// The observer asked to stop.
    #[error(
        "stopped; {done} of {tasks} tasks are done and kept in {}: the same command goes on from there", .folder.display()
    )]
    Stopped {
        /// The folder.
        folder: PathBuf,
        /// Tasks done.
        done: usize,
        /// All tasks.
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
