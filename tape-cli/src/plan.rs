//! `tape plan`: plans a batch as a folder of tasks.

use std::ops::Range;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tape::job::Job;

use super::args::BatchArgs;
use super::failure::Failure;
use super::screen::{Screen, counted};
use super::watch::Watch;

/// Plan a batch as a folder of tasks to run on any machines with `tape run-task` and combine with `tape gather`
#[derive(Args)]
#[command(after_help = "Examples:
  tape plan survey/ --stat stetson_j -o job/
  tape plan survey/ --stat mean,eta --plan shuffle --memory 4GiB -o job/ --json
  sbatch --array=0-99 --wrap 'tape run-task job/ $SLURM_ARRAY_TASK_ID'")]
pub(crate) struct Plan {
    #[command(flatten)]
    args: BatchArgs,
    /// Create this folder for the job
    #[arg(short, long, value_name = "JOB")]
    output: PathBuf,
    /// Print the plan as JSON
    #[arg(long)]
    json: bool,
}

impl Plan {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let ensemble = self.args.open()?;
        let batch = self.args.batch(&ensemble)?;
        let rows = ensemble.survey().row_groups().iter().map(|group| group.rows).sum();
        let watch = Watch::over(rows)?;
        let job = batch.plan_job(&self.output, &watch)?;
        watch.finish();
        if self.json {
            return Ok(screen.line(self.as_json(&job))?);
        }
        let (manifest, [first, second]) = (job.manifest(), job.rounds());
        screen.row("plan", format_args!("{} ({})", manifest.plan, manifest.why))?;
        let files = counted(manifest.query().inputs.len() as u64, "file");
        screen.row("in", format_args!("{} of {files}", counted(manifest.rows, "row")))?;
        for derived in &manifest.query().derived {
            screen.row("derived", derived)?;
        }
        if let Some(condition) = &manifest.query().condition {
            screen.row("where", condition)?;
        }
        let tasks = counted((first.len() + second.len()) as u64, "task");
        screen.row("job", format_args!("{tasks}, in {}", self.output.display()))?;
        let folder = self.output.display();
        screen.row("run", format_args!("tape run-task {folder} K, for K of {}, in any order", numbers(&first)))?;
        if !second.is_empty() {
            screen
                .row("then", format_args!("tape run-task {folder} K, for K of {}, in any order", numbers(&second)))?;
        }
        screen.row("then", format_args!("tape gather {folder} -o FILE"))?;
        Ok(())
    }

    fn as_json(&self, job: &Job) -> serde_json::Value {
        let (manifest, [first, second]) = (job.manifest(), job.rounds());
        let query = manifest.query();
        let derived: Vec<_> = query.derived.iter().map(|derived| (&derived.name, &derived.expression)).collect();
        json!({
            "job": self.output,
            "plan": manifest.plan,
            "why": manifest.why,
            "derived": derived,
            "where": query.condition,
            "files": manifest.query().inputs.len(),
            "rows": manifest.rows,
            "tasks": first.len() + second.len(),
            "first_round": [first.start, first.end],
            "second_round": [second.start, second.end],
        })
    }
}

fn numbers(round: &Range<usize>) -> String {
    match round.len() {
        0 => "none".to_owned(),
        1 => round.start.to_string(),
        _ => format!("{} to {}", round.start, round.end - 1),
    }
}
