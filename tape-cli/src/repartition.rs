//! `tape repartition`: rewrites a survey so that runs are fast.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use tape::io::{PartitionTarget, Progress, RepartitionReport};

use super::args::{SurveyArgs, size};
use super::failure::Failure;
use super::screen::{Screen, bytes, counted};
use super::watch::Watch;

/// Rewrite a survey sorted by id, without split light curves, so that runs use the map plan
#[derive(Args)]
#[command(after_help = "Examples:
  tape repartition survey/ sorted/ --partition-size 256MB
  tape repartition night-*.parquet sorted/ --partitions 16 --memory 2GiB")]
pub(crate) struct Repartition {
    #[command(flatten)]
    survey: SurveyArgs,
    /// Create this folder for the output
    #[arg(required = true)]
    out: PathBuf,
    /// Write files of about this size, measured as rows in memory
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "256MB")]
    partition_size: u64,
    /// Write N files with about equal numbers of rows
    #[arg(long, value_name = "N", conflicts_with = "partition_size")]
    partitions: Option<std::num::NonZeroUsize>,
    /// Limit the memory for rows; further rows are spilled to a temporary file next to OUT
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "1GiB")]
    memory: u64,
    /// Replace an existing folder of Parquet files
    #[arg(long)]
    overwrite: bool,
    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

impl Repartition {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let ensemble = self.survey.open()?;
        let survey = ensemble.survey();
        let target = match self.partitions {
            Some(n) => PartitionTarget::Count(n.get()),
            None => PartitionTarget::Bytes(self.partition_size),
        };
        let repartition = tape::io::Repartition {
            inputs: &self.survey.paths,
            overwrite: self.overwrite,
            memory: self.memory,
            ..tape::io::Repartition::new(survey, &self.out, target)
        };
        // Each row is counted, read and written.
        let watch = Watch::over(survey.file_rows().saturating_mul(3))?;
        let tell = |progress| {
            if let Progress::Counted(n) | Progress::Read(n) | Progress::Written(n) = progress {
                watch.advance(n);
            }
        };
        let report = repartition.run(&tell, &|| watch.stopped())?;
        watch.finish();
        self.print(&report, screen)
    }

    fn print(&self, report: &RepartitionReport, screen: &mut Screen) -> Result<(), Failure> {
        if self.json {
            return Ok(screen.line(json!({
                "out": self.out,
                "files_in": report.files_in,
                "rows_in": report.rows_in,
                "null_ids": report.null_ids,
                "rows": report.rows,
                "objects": report.objects,
                "files": report.files,
                "row_groups": report.row_groups,
                "bytes": report.bytes,
                "spilled": report.spilled,
            }))?);
        }
        let from = counted(report.files_in as u64, "file");
        screen.row("in", format_args!("{} of {from}", counted(report.rows_in, "row")))?;
        let files =
            format!("{}, {}", counted(report.files as u64, "file"), counted(report.row_groups as u64, "row group"));
        let rows = format!("{} of {}", counted(report.rows, "row"), counted(report.objects, "object"));
        screen.row("out", format_args!("{}: {rows} in {files}, {}", self.out.display(), bytes(report.bytes)))?;
        screen.row("skipped", format_args!("{} with a null id", counted(report.null_ids, "row")))?;
        if report.spilled > 0 {
            screen.row("spilled", bytes(report.spilled))?;
        }
        Ok(())
    }
}
