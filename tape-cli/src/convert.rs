//! `tape convert`: light curves in another shape.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use parquet::basic::{Compression, ZstdLevel};
use serde_json::json;
use tape::io::{ConvertReport, Progress, Shape};

use super::args::{SurveyArgs, size};
use super::failure::Failure;
use super::screen::{Screen, bytes, counted};
use super::watch::Watch;

/// Write a survey again with its light curves in another shape: rows, or lists of several kinds
#[derive(Args)]
#[command(after_help = "Examples:
  tape convert survey/ lists/ --shape struct-of-lists
  tape convert survey/ lists/ --shape list-of-struct --base ra,dec --nested sources
  tape convert my_collection flat/ --shape flat")]
pub(crate) struct Convert {
    #[command(flatten)]
    survey: SurveyArgs,
    /// The folder to make
    #[arg(required = true)]
    out: PathBuf,
    /// Shape of light curves in the output
    #[arg(long, value_enum)]
    shape: ShapeArg,
    /// Columns with one value for each object, which stay beside the lists
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    base: Vec<String>,
    /// Name of the column that holds light curves
    #[arg(long, value_name = "NAME", default_value = "lightcurve")]
    nested: String,
    /// Compression of the files
    #[arg(long, value_enum, default_value_t)]
    compression: Codec,
    /// Memory limit for rows that must be regrouped; more rows are spilled to a temporary file next to OUT
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "1GiB")]
    memory: u64,
    /// Replace a folder of Parquet files that is there already
    #[arg(long)]
    overwrite: bool,
    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

/// A shape's name.
#[derive(Clone, Copy, ValueEnum)]
enum ShapeArg {
    /// A row is an epoch
    Flat,
    /// A row is an object, and each column of epochs a list
    ListColumns,
    /// A row is an object, and a column a struct of lists
    StructOfLists,
    /// A row is an object, and a column a list of epochs
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

/// A codec's name.
#[derive(Clone, Copy, Default, ValueEnum)]
enum Codec {
    /// Zstandard
    #[default]
    Zstd,
    /// Snappy
    Snappy,
    /// Not at all
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
            screen.row("regrouped", "rows of an object did not lie together, as far as footers tell")?;
            screen.row("left out", format_args!("{}, whose id is null", counted(report.null_ids, "row")))?;
        }
        if report.without_epochs > 0 && to == Shape::Flat {
            let objects = counted(report.without_epochs, "object");
            screen.row("left out", format_args!("{objects} without any epoch, which flat rows cannot have"))?;
        }
        Ok(())
    }
}
