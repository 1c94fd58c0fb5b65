//! `tape head`, `tape tail` and `tape light-curve`: show epochs.

use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use clap::Args;
use tape::core::{ObjectId, Role};
use tape::io::{TableOptions, TableWriter};

use super::args::SurveyArgs;
use super::failure::Failure;
use super::screen::Screen;
use super::select::SelectArgs;
use super::values::ValueArgs;

/// Show the first epochs of a survey, reading no more than needed
#[derive(Args)]
#[command(after_help = "Examples:
  tape head survey/
  tape head survey/ -n 20 --where 'flux > 100'")]
pub(crate) struct Head {
    #[command(flatten)]
    look: Look,
}

/// Show the last epochs of a survey, reading no more than needed
#[derive(Args)]
#[command(after_help = "Example:
  tape tail survey/ -n 5")]
pub(crate) struct Tail {
    #[command(flatten)]
    look: Look,
}

/// Arguments of `tape head` and `tape tail`.
#[derive(Args)]
struct Look {
    #[command(flatten)]
    survey: SurveyArgs,
    /// Show N epochs
    #[arg(short, value_name = "N", default_value_t = 10)]
    n: usize,
    #[command(flatten)]
    values: ValueArgs,
    #[command(flatten)]
    select: SelectArgs,
    /// Write the epochs to this file, as Parquet, CSV, ECSV or Arrow by its extension
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output if it exists
    #[arg(long)]
    overwrite: bool,
}

/// Show the light curve of one object, reading only the row groups that may hold it
#[derive(Args)]
#[command(after_help = "Examples:
  tape light-curve survey/ --id-of 1152921506188208904
  tape light-curve survey/ --seed 3 -o light_curve.csv")]
pub(crate) struct LightCurve {
    #[command(flatten)]
    survey: SurveyArgs,
    /// Show the object with this id
    #[arg(long, value_name = "ID", allow_hyphen_values = true, required_unless_present = "seed")]
    id_of: Option<String>,
    /// Show an object chosen at random with this seed
    #[arg(long, value_name = "N", conflicts_with = "id_of")]
    seed: Option<u64>,
    #[command(flatten)]
    values: ValueArgs,
    /// Write the light curve to this file, as Parquet, CSV, ECSV or Arrow by its extension
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the output if it exists
    #[arg(long)]
    overwrite: bool,
}

impl Head {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let ensemble = self.look.open()?;
        self.look.give(&ensemble.head(self.look.n)?, screen)
    }
}

impl Tail {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let ensemble = self.look.open()?;
        self.look.give(&ensemble.tail(self.look.n)?, screen)
    }
}

impl Look {
    fn open(&self) -> Result<tape::Ensemble, Failure> {
        self.values.of(self.select.of(self.survey.open()?)?)
    }

    fn give(&self, table: &RecordBatch, screen: &mut Screen) -> Result<(), Failure> {
        give(table, self.output.as_deref(), self.overwrite, screen)
    }
}

impl LightCurve {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let ensemble = self.values.of(self.survey.open()?)?;
        let survey = ensemble.survey();
        let (id, series) = match &self.id_of {
            Some(text) => {
                let column = survey.title(Role::Id).unwrap_or("id");
                let id = ObjectId::parse(text, survey.id_type());
                let id =
                    id.ok_or_else(|| Failure::usage(format!("--id-of {text}: the ids in {column} are integers")))?;
                let missing = || Failure::failed(format!("no object has the id {text} in column {column}"));
                let series = ensemble.time_series(id.clone())?.ok_or_else(missing)?;
                (id, series)
            }
            None => ensemble
                .random_light_curve(self.seed.unwrap_or_default())?
                .ok_or_else(|| Failure::failed("the survey has no epochs".to_owned()))?,
        };
        give(&series.table()?, self.output.as_deref(), self.overwrite, screen)?;
        let left_out = series.left_out().total();
        screen.row("object", format_args!("{id}: {} epochs, {left_out} skipped", series.len()))?;
        Ok(())
    }
}

/// Prints a table, or writes it to `output`.
fn give(table: &RecordBatch, output: Option<&Path>, overwrite: bool, screen: &mut Screen) -> Result<(), Failure> {
    let Some(path) = output else {
        return Ok(screen.line(pretty_format_batches(std::slice::from_ref(table)).map_err(Failure::failed)?)?);
    };
    let mut writer = TableWriter::create(
        path,
        table.schema(),
        TableOptions { overwrite, unsorted: true, ..TableOptions::default() },
    )?;
    writer.write(table)?;
    writer.finish()?;
    Ok(())
}
