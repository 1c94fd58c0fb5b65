//! `tape run-task`: runs one task of a job.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tape::job::{Job, Ran};

use super::failure::Failure;
use super::screen::{Screen, counted};
use super::watch::Watch;

/// Run one task of a job from `tape plan`, unless it is already done
#[derive(Args)]
#[command(after_help = "Example:
  tape run-task job/ 3")]
pub(crate) struct RunTask {
    /// Run a task of the job in this folder
    #[arg(value_name = "JOB")]
    job: PathBuf,
    /// Run task number K, counted from 0
    #[arg(value_name = "K")]
    task: usize,
    /// Use N worker threads; only the first round of the fold plan has work for more than one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), default_value = "1")]
    workers: u16,
    /// Print the receipt as JSON
    #[arg(long)]
    json: bool,
}

impl RunTask {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let job = Job::open(&self.job)?;
        let pieces = job.manifest().partitions.get(self.task);
        let rows = pieces.map_or(0, |pieces| pieces.iter().map(|(_, start, end)| end - start).sum());
        let watch = Watch::over(rows)?;
        let ran = job.run_task(self.task, usize::from(self.workers), &watch)?;
        watch.finish();
        let Ran { receipt, before, .. } = ran;
        if self.json {
            return Ok(screen.line(json!({ "receipt": receipt, "done_before": before }))?);
        }
        let done = if before { "was already done" } else { "is done" };
        let (rows, results) = (counted(receipt.rows_in, "row"), counted(receipt.rows_out, "result"));
        screen.row("task", format_args!("{} {done}: {rows} in, {results} out", receipt.task))?;
        Ok(())
    }
}
