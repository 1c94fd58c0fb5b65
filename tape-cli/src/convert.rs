//! `tape convert`: rewrites a survey in another shape.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use parquet::basic::{Compression, ZstdLevel};
use serde_json::json;
use tape::io::{ConvertReport, Progress, Shape};

use super::args::{SurveyArgs, size};
use super::failure::Failure;
use super::screen::{Screen, bytes, counted};
use super::watch::Watch;

/// Rewrite a survey with its light curves in another shape: rows, or one of several kinds of lists
#[derive(Args)]
#[command(after_help = "Examples:
  tape convert survey/ lists/ --shape struct-of-lists
  tape convert survey/ lists/ --shape list-of-struct --base ra,dec --nested sources
  tape convert my_collection flat/ --shape flat")]
pub(crate) struct Convert {
    #[command(flatten)]
    survey: SurveyArgs,
    /// Create this folder for the output
    #[arg(required = true)]
    out: PathBuf,
    /// Choose the shape of light curves in the output
    #[arg(long, value_enum)]
    shape: ShapeArg,
    /// Keep these columns outside the lists; each has one value per object
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    base: Vec<String>,
    /// Name the column that holds the light curves
    #[arg(long, value_name = "NAME", default_value = "lightcurve")]
    nested: String,
    /// Compress the files with this codec
    #[arg(long, value_enum, default_value_t)]
    compression: Codec,
    /// Limit the memory for rows that must be regrouped; further rows are spilled to a temporary file next to OUT
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "1GiB")]
    memory: u64,
    /// Replace an existing folder of Parquet files
    #[arg(long)]
    overwrite: bool,
    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

/// The name of a shape.
#[derive(Clone, Copy, ValueEnum)]
enum ShapeArg {
    /// A row per epoch
    Flat,
    /// A row per object, with a list for each column of epochs
    ListColumns,
    /// A row per object, with a column that is a struct of lists
    StructOfLists,
    /// A row per object, with a column that is a list of epochs
    ListOfStruct,
}

impl From<ShapeArg> for Shape {
    fn from(shape: ShapeArg) -> Self {
        match shape {
            ShapeArg::Flat => Self::Flat,
            ShapeArg::ListColumns => Self::ListColumns,
            ShapeArg::StructOfLists => Self::StructOfLists,
            ShapeArg::ListOfStruct => Self::ListOfStructs,
        }
    }
}

/// The name of a codec.
#[derive(Clone, Copy, Default, ValueEnum)]
enum Codec {
    /// Zstandard
    #[default]
    Zstd,
    /// Snappy
    Snappy,
    /// No compression
    None,
}

impl From<Codec> for Compression {
    fn from(codec: Codec) -> Self {
        match codec {
            Codec::Zstd => Self::ZSTD(ZstdLevel::default()),
            Codec::Snappy => Self::SNAPPY,
            Codec::None => Self::UNCOMPRESSED,
        }
    }
}

impl Convert {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let ensemble = self.survey.open()?;
        let survey = ensemble.survey();
        let convert = tape::io::Convert {
            inputs: &self.survey.paths,
            base: &self.base,
            nested: &self.nested,
            overwrite: self.overwrite,
            memory: self.memory,
            compression: self.compression.into(),
            ..tape::io::Convert::new(survey, &self.out, self.shape.into())
        };
        let watch = Watch::over(survey.file_rows())?;
        let tell = |progress| {
            if let Progress::Written(n) = progress {
                watch.advance(n);
            }
        };
        let report = convert.run(&tell, &|| watch.stopped())?;
        watch.finish();
        self.print(&report, survey.shape(), screen)
    }

    fn print(&self, report: &ConvertReport, from: Shape, screen: &mut Screen) -> Result<(), Failure> {
        let to = Shape::from(self.shape);
        if self.json {
            return Ok(screen.line(json!({
                "out": self.out,
                "from": from.to_string(),
                "shape": to.to_string(),
                "files_in": report.files_in,
                "rows_in": report.rows_in,
                "null_ids": report.null_ids,
                "objects": report.objects,
                "epochs": report.epochs,
                "without_epochs": report.without_epochs,
                "files": report.files,
                "row_groups": report.row_groups,
                "bytes": report.bytes,
                "regrouped": report.regrouped,
            }))?);
        }
        let files = counted(report.files_in as u64, "file");
        screen.row("in", format_args!("{} of {files}, {from}", counted(report.rows_in, "row")))?;
        let files =
            format!("{}, {}", counted(report.files as u64, "file"), counted(report.row_groups as u64, "row group"));
        let rows = format!("{} of {}", counted(report.epochs, "epoch"), counted(report.objects, "object"));
        screen.row("out", format_args!("{}: {rows}, {to}, in {files}, {}", self.out.display(), bytes(report.bytes)))?;
        if report.regrouped {
            screen.row("regrouped", "the footers do not show that the rows of each object are contiguous")?;
            screen.row("skipped", format_args!("{} with a null id", counted(report.null_ids, "row")))?;
        }
        if report.without_epochs > 0 && to == Shape::Flat {
            let objects = counted(report.without_epochs, "object");
            screen.row("skipped", format_args!("{objects} without epochs: flat rows cannot hold them"))?;
        }
        Ok(())
    }
}
