//! `tape batch`: computes statistics for every light curve.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use clap::Args;
use serde_json::json;
use tape::exec::{Plan, Summary};
use tape::{Ensemble, WriteOptions};

use super::args::BatchArgs;
use super::device::{self, DeviceArgs, Opened};
use super::events::Events;
use super::failure::Failure;
use super::keep::KeepArgs;
use super::outcome;
use super::screen::{Screen, bytes, counted};
use super::watch::{Sources, Watch};

/// Number of rows shown if no output file is named.
const SHOWN: usize = 20;

/// Compute statistics for every light curve: one row per object and band, ordered by id and band
#[derive(Args)]
#[command(after_help = "Examples:
  tape batch survey/ --stat stetson_j -o stetson_j.parquet
  tape batch survey/ --stat mean,reduced_chi2 --band-to-calc g,r --wide -o wide.csv
  tape batch ps1.parquet --columns tape_ztf --partition-size 5KB --plan stitch
  tape batch survey/ --stat all -o all.parquet --json-events events.jsonl

  tape batch survey/ --stat all --resume job/ -o all.parquet
  tape batch survey/ --stat stetson_j --keep saved/ --label stetson")]
pub(crate) struct Batch {
    #[command(flatten)]
    args: BatchArgs,
    #[command(flatten)]
    device: DeviceArgs,
    /// Write the table to this file, as Parquet, CSV, ECSV or Arrow by its extension [default: show the first rows]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output, the event file and the frame of this label if they exist
    #[arg(long)]
    overwrite: bool,
    /// Save progress in this folder (created if missing); run the same command again to resume after an interruption
    #[arg(long, value_name = "JOB", requires = "output", conflicts_with = "device")]
    resume: Option<PathBuf>,
    #[command(flatten)]
    keep: KeepArgs,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    /// Write events to this file or pipe as lines of JSON (start, progress, warning, restart, end, error): see docs/events.md
    #[arg(long, value_name = "FILE")]
    json_events: Option<PathBuf>,
}

/// The final report of a run.
struct Report<'a> {
    ensemble: &'a Ensemble,
    plan: &'a Plan,
    summary: &'a Summary,
    rows_out: Option<usize>,
    elapsed: Duration,
    device: Opened,
}

impl Batch {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let Some(path) = &self.json_events else { return self.compute(screen, None) };
        if self.output.as_ref() == Some(path) {
            return Err(Failure::usage(format!(
                "{}: the output and the event file are the same: choose another name for one of them",
                path.display()
            )));
        }
        let events = Arc::new(Events::create(path, self.overwrite)?);
        let done = self.compute(screen, Some(&events));
        if let Some(message) = done.as_ref().err().and_then(Failure::message) {
            events.tell("error", json!({ "message": message }));
        }
        done
    }

    fn compute(&self, screen: &mut Screen, events: Option<&Arc<Events>>) -> Result<(), Failure> {
        let (start, options) = (Instant::now(), WriteOptions::new().overwrite(self.overwrite));
        let ensemble = self.args.open()?;
        let batch = self.args.batch(&ensemble)?;
        // Another machine may resume the job, so its results must not depend on a device.
        let (batch, device) =
            if self.resume.is_some() { (batch, Opened::default()) } else { self.device.open(batch)? };
        if let Some(path) = &self.output {
            // An unknown extension must fail before the work starts.
            tape::io::Format::of(path)?;
        }
        if let Some(reused) = self.keep.reused(&batch, self.output.as_deref(), options)? {
            events.inspect(|events| events.tell("end", json!({ "summary": reused.as_json() })));
            return if self.json { Ok(screen.line(reused.as_json())?) } else { reused.print(screen) };
        }
        let watch = Watch::with(Sources {
            bytes_read: Some(ensemble.survey().counter()),
            memory: Some(self.args.memory()),
            events: events.cloned(),
            values: self.args.outputs()?,
        })?;
        let plan = batch.plan_with(&watch)?;
        events.inspect(|events| events.tell("start", self.start_as_json(&plan)));
        let (summary, table) = match (&self.output, &self.resume) {
            _ if self.keep.is_asked() => (self.keep.run(&batch, &plan, self.output.as_deref(), options, &watch)?, None),
            (Some(path), Some(job)) => (batch.resume(job, path, options, &watch)?, None),
            (Some(path), None) => (batch.run_to(&plan, path, options, &watch)?, None),
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
            device,
        };
        events.inspect(|events| events.tell("end", json!({ "summary": self.as_json(&report) })));
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
        outcome::print(summary, &self.args.statistics().join(", "), self.output.as_deref(), screen)?;
        self.keep.print(screen)?;
        device::print(&report.device, screen)?;
        let seconds = report.elapsed.as_secs_f64();
        screen.row("time", format_args!("{seconds:.2} s, {} workers", report.plan.workers))?;
        Ok(())
    }

    fn start_as_json(&self, plan: &Plan) -> serde_json::Value {
        json!({
            "plan": plan.kind.name(),
            "why": plan.why,
            "where": self.args.condition(),
            "statistics": self.args.statistics(),
            "values": self.args.outputs().unwrap_or(0),
            "partitions": plan.layout.partitions.len(),
            "rows": plan.rows,
            "bytes": plan.bytes,
            "workers": plan.workers,
            "memory": self.args.memory(),
            "peak_memory": plan.peak_memory,
            "spill": plan.spill,
        })
    }

    fn as_json(&self, report: &Report<'_>) -> serde_json::Value {
        let Report { summary, plan, ensemble, .. } = report;
        let told = [
            ("planned", json!(plan.kind.name())),
            ("why", json!(plan.why)),
            ("evidence", json!(plan.layout.evidence.to_string())),
            ("partitions", json!(plan.layout.partitions.len())),
            ("files", json!(ensemble.survey().paths().len())),
            ("bytes_read", json!(ensemble.survey().bytes_read())),
            ("workers", json!(plan.workers)),
            ("device", report.device.as_json()),
            ("seconds", json!(report.elapsed.as_secs_f64())),
            ("kept", self.keep.as_json()),
            ("rows_shown", json!(report.rows_out.map(|rows| rows.min(SHOWN)))),
        ];
        let mut all = outcome::as_json(summary, self.output.as_deref());
        all.extend(told.into_iter().map(|(name, value)| (name.to_owned(), value)));
        serde_json::Value::Object(all)
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
