//! `tape gather`: writes the table of a finished job.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;
use tape::WriteOptions;
use tape::core::{Event, Observer};
use tape::job::Job;

use super::failure::Failure;
use super::outcome;
use super::screen::{Screen, counted};
use super::watch::Watch;

/// Write the table of a job whose tasks are all done: byte for byte the table that `tape batch` writes
#[derive(Args)]
#[command(after_help = "Example:
  tape gather job/ -o stetson_j.parquet")]
pub(crate) struct Gather {
    /// Gather the job in this folder
    #[arg(value_name = "JOB")]
    job: PathBuf,
    /// Write the table to this file, as Parquet, CSV, ECSV or Arrow by its extension
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    overwrite: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

impl Gather {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let job = Job::open(&self.job)?;
        let watch = Watch::over(0)?;
        let summary = job.gather(&self.output, WriteOptions::new().overwrite(self.overwrite), &watch)?;
        summary.warnings.iter().for_each(|warning| watch.event(Event::Warning(warning.clone())));
        watch.finish();
        if self.json {
            return Ok(screen.line(Value::Object(outcome::as_json(&summary, Some(&self.output))))?);
        }
        screen.row("in", format_args!("{}, by the {} plan", counted(summary.rows, "row"), summary.plan.name()))?;
        outcome::print(&summary, &job.manifest().query().statistics.join(", "), Some(&self.output), screen)
    }
}
