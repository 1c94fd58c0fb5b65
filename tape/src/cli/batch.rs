//! `tape batch`: statistics of every light curve.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use clap::Args;
use serde_json::json;
use tape::Ensemble;
use tape::exec::{Plan, Summary};

use super::args::BatchArgs;
use super::failure::Failure;
use super::screen::{Screen, bytes, count, counted};
use super::watch::Watch;

/// Rows shown where no output file is named.
const SHOWN: usize = 20;

/// Compute statistics of every light curve: one row per object and band, ordered by id and band
#[derive(Args)]
#[command(after_help = "Examples:
  tape batch survey/ --stat stetson_j -o stetson_j.parquet
  tape batch survey/ --stat mean,reduced_chi2 --band-to-calc g,r --wide -o wide.csv
  tape batch ps1.parquet --columns tape_ztf --partition-size 5KB --plan stitch
  tape batch survey/ --stat all --resume job/ -o all.parquet")]
pub(crate) struct Batch {
    #[command(flatten)]
    args: BatchArgs,
    /// Write the table here, as Parquet or CSV by the name's ending; without, the first rows are shown
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output if it exists
    #[arg(long, requires = "output")]
    overwrite: bool,
    /// Keep what is done in this folder, which is made if it is not there: the same command goes on from there, should it be
    /// killed
    #[arg(long, value_name = "JOB", requires = "output")]
    resume: Option<PathBuf>,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// What the end of a run tells.
struct Report<'a> {
    ensemble: &'a Ensemble,
    plan: &'a Plan,
    summary: &'a Summary,
    rows_out: Option<usize>,
    elapsed: Duration,
}

impl Batch {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let start = Instant::now();
        let ensemble = self.args.survey.open()?;
        let batch = self.args.batch(&ensemble)?;
        if let Some(path) = &self.output {
            // Asked before the work, not only after it.
            tape::io::Format::of(path)?;
        }
        let rows = tape::core::Source::row_groups(ensemble.survey()).iter().map(|group| group.rows).sum();
        let watch = Watch::over(rows)?;
        let plan = batch.plan_with(&watch)?;
        let (summary, table) = match (&self.output, &self.resume) {
            (Some(path), Some(job)) => (batch.resume(job, path, self.overwrite, &watch)?, None),
            (Some(path), None) => (batch.run_to(&plan, path, self.overwrite, &watch)?, None),
            (None, _) => {
                let (table, summary) = batch.run(&plan, &watch)?;
                (summary, Some(table))
            }
        };
        watch.finish();
        let report = Report {
            ensemble: &ensemble,
            plan: &plan,
            summary: &summary,
            rows_out: table.as_ref().map(RecordBatch::num_rows),
            elapsed: start.elapsed(),
        };
        if self.json {
            return Ok(screen.line(self.as_json(&report))?);
        }
        if let Some(table) = table {
            show(&table, screen)?;
        }
        self.print(&report, screen)
    }

    fn print(&self, report: &Report<'_>, screen: &mut Screen) -> Result<(), Failure> {
        let Report { summary, ensemble, .. } = report;
        let files = ensemble.survey().paths().len() as u64;
        let read = bytes(ensemble.survey().bytes_read());
        let input = format!("{} of {}, {read} read", counted(summary.rows, "row"), counted(files, "file"));
        screen.row("in", format_args!("{input}, by the {} plan ({})", summary.plan.name(), report.plan.why))?;
        let to = self.output.as_ref().map(|path| format!(", in {}", path.display())).unwrap_or_default();
        let names = self.args.statistics().join(", ");
        screen.row("out", format_args!("{names} of {}{to}", counted(summary.light_curves, "light curve")))?;
        let left_out = &summary.left_out;
        screen.row("left out", counted(left_out.total(), "epoch"))?;
        for (reason, n) in left_out.reasons().into_iter().filter(|(_, n)| *n > 0) {
            screen.row("", format_args!("{} because the {reason}", count(n)))?;
        }
        if summary.spilled > 0 {
            screen.row("spilled", format_args!("{} put away on disk, for want of memory", bytes(summary.spilled)))?;
        }
        let seconds = report.elapsed.as_secs_f64();
        screen.row("time", format_args!("{seconds:.2} s, {} workers", report.plan.workers))?;
        Ok(())
    }

    fn as_json(&self, report: &Report<'_>) -> serde_json::Value {
        let Report { summary, plan, ensemble, .. } = report;
        let left_out: serde_json::Map<_, _> =
            summary.left_out.reasons().into_iter().map(|(reason, n)| (reason.to_owned(), json!(n))).collect();
        json!({
            "plan": summary.plan.name(),
            "planned": plan.kind.name(),
            "why": plan.why,
            "evidence": plan.layout.evidence.to_string(),
            "partitions": plan.layout.partitions.len(),
            "files": ensemble.survey().paths().len(),
            "rows": summary.rows,
            "bytes_read": ensemble.survey().bytes_read(),
            "light_curves": summary.light_curves,
            "left_out": left_out,
            "spilled": summary.spilled,
            "warnings": summary.warnings,
            "output": self.output,
            "workers": plan.workers,
            "seconds": report.elapsed.as_secs_f64(),
            "rows_shown": report.rows_out.map(|rows| rows.min(SHOWN)),
        })
    }
}

/// Shows the first rows.
fn show(table: &RecordBatch, screen: &mut Screen) -> Result<(), Failure> {
    let first = table.slice(0, table.num_rows().min(SHOWN));
    screen.line(pretty_format_batches(&[first]).map_err(Failure::failed)?)?;
    if table.num_rows() > SHOWN {
        screen.line(format_args!(
            "… {} more: write all with -o FILE",
            counted((table.num_rows() - SHOWN) as u64, "row")
        ))?;
    }
    Ok(())
}
