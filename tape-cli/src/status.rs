//! `tape status`: shows the progress of a job.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tape::job::{Job, Status as Progress};

use super::failure::Failure;
use super::screen::{Screen, count, counted};

/// Largest number of tasks that are named.
const NAMED: usize = 10;

/// Show the progress of a job: tasks done, left and failed, rows, results and rate
#[derive(Args)]
#[command(after_help = "Examples:
  tape status job/
  tape status job/ --json")]
pub(crate) struct Status {
    /// Show the job in this folder
    #[arg(value_name = "JOB")]
    job: PathBuf,
    /// Print the progress as JSON
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let job = Job::open(&self.job)?;
        let status = job.status();
        if self.json {
            return Ok(screen.line(as_json(&job, &status))?);
        }
        screen.row("plan", format_args!("{} ({})", job.manifest().plan, job.manifest().why))?;
        let Progress { tasks, done, left, failed, damaged, .. } = &status;
        let (left, wrong) = (left.len(), damaged.len());
        let of = format!("{done} of {} done, {left} left, {} failed", counted(*tasks as u64, "task"), failed.len());
        let damaged_too = if wrong == 0 { String::new() } else { format!(", {wrong} damaged") };
        screen.row("tasks", format_args!("{of}{damaged_too}"))?;
        screen.row("rows", format_args!("{} of {}", count(status.rows_done), count(status.rows)))?;
        screen.row("out", counted(status.rows_out, "result"))?;
        if let Some(rate) = status.rate() {
            screen.row("rate", format_args!("{rate:.0} rows/s per worker"))?;
        }
        for (task, why) in status.failed.iter().chain(&status.damaged).take(NAMED) {
            screen.row("task", format_args!("{task}: {why}"))?;
        }
        Ok(())
    }
}

fn as_json(job: &Job, status: &Progress) -> serde_json::Value {
    let named = |tasks: &[(usize, String)]| {
        tasks.iter().map(|(task, why)| json!({ "task": task, "why": why })).collect::<Vec<_>>()
    };
    json!({
        "plan": job.manifest().plan,
        "tasks": status.tasks,
        "first_round": status.first,
        "done": status.done,
        "left": status.left,
        "failed": named(&status.failed),
        "damaged": named(&status.damaged),
        "rows": status.rows,
        "rows_done": status.rows_done,
        "rows_out": status.rows_out,
        "task_seconds": std::time::Duration::from_millis(status.milliseconds).as_secs_f64(),
        "rows_per_second_and_worker": status.rate(),
    })
}
