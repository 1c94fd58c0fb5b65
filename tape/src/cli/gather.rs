//! `tape gather`: the table out of a job whose tasks are done.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tape::exec::Summary;
use tape::job::Job;

use super::failure::Failure;
use super::screen::{Screen, counted};
use super::watch::Watch;

/// Write the table of a job whose tasks are all done: the same bytes as `tape batch` would have written
#[derive(Args)]
#[command(after_help = "Example:
  tape gather job/ -o stetson_j.parquet")]
pub(crate) struct Gather {
    /// The folder of the job
    #[arg(value_name = "JOB")]
    job: PathBuf,
    /// Write the table here, as Parquet or CSV by the name's ending
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
        let summary = job.gather(&self.output, self.overwrite, &watch)?;
        summary.warnings.iter().for_each(|warning| watch.warn(warning));
        watch.finish();
        if self.json {
            return Ok(screen.line(self.as_json(&summary))?);
        }
        let plan = summary.plan.name();
        screen.row("in", format_args!("{}, by the {plan} plan", counted(summary.rows, "row")))?;
        let light_curves = counted(summary.light_curves, "light curve");
        screen.row("out", format_args!("{light_curves}, in {}", self.output.display()))?;
        screen.row("left out", counted(summary.left_out.total(), "epoch"))?;
        Ok(())
    }

    fn as_json(&self, summary: &Summary) -> serde_json::Value {
        let left_out: serde_json::Map<_, _> =
            summary.left_out.reasons().into_iter().map(|(reason, n)| (reason.to_owned(), json!(n))).collect();
        json!({
            "plan": summary.plan.name(),
            "rows": summary.rows,
            "light_curves": summary.light_curves,
            "left_out": left_out,
            "warnings": summary.warnings,
            "output": self.output,
        })
    }
}
