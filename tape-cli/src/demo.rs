//! `tape demo`: simulates a small survey, computes a statistic and compares the result with the truth.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use clap::Args;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tape::simulate::{Simulation, SurveyLayout};
use tape::{Ensemble, WriteOptions, statistic};

use super::failure::Failure;
use super::screen::{Screen, bytes, counted};
use super::watch::{Watch, Work};

/// Number of objects listed at the end.
const LISTED: usize = 10;

/// Simulate a small survey, compute Stetson J for every light curve, and look for the planted variables
#[derive(Args)]
#[command(after_help = "Example:
  tape demo --out my-demo")]
pub(crate) struct Demo {
    /// Write the survey and the results to this folder
    #[arg(long, value_name = "DIR", default_value = "tape-demo")]
    out: PathBuf,
    /// Simulate N objects
    #[arg(long, value_name = "N", default_value_t = 2000)]
    objects: u64,
}

impl Demo {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        std::fs::create_dir_all(&self.out)
            .map_err(|error| Failure::failed(format!("{}: {error}", self.out.display())))?;
        let survey = self.out.join("survey");
        let results = self.out.join("stetson_j.parquet");
        self.simulate(&survey, screen)?;

        let ensemble = Ensemble::open(&survey)?;
        let batch = ensemble.batch(&[statistic("stetson_j")?]);
        let plan = batch.explain()?;
        screen.line("")?;
        screen.line(&plan)?;
        let watch = Watch::over(plan.rows)?;
        let summary = batch.run_to(&plan, &results, WriteOptions::new().overwrite(true), &watch)?;
        watch.finish();

        let table = read(&results)?;
        let truth = Truth::read(&survey.join(tape::simulate::TRUTH))?;
        let ranked = ranked(&table);
        screen.line("")?;
        screen.line("The most variable objects, by their largest Stetson J in any band:")?;
        screen.line(format_args!("{:>20}  {:<5} {:>10}  truth", "id", "band", "stetson_j"))?;
        for (id, band, stetson_j) in ranked.iter().take(LISTED) {
            screen.line(format_args!("{id:>20}  {band:<5} {stetson_j:>10.2}  {}", truth.kind(*id)))?;
        }
        let planted = truth.variables.len();
        let found = ranked.iter().take(planted).filter(|(id, ..)| truth.variables.contains(id)).count();
        screen.line("")?;
        screen.line(format_args!(
            "Of {} planted, {found} are among the {planted} most variable objects.",
            counted(planted as u64, "variable")
        ))?;
        screen.line(format_args!("{} in {}", counted(summary.light_curves, "result"), results.display()))?;
        Ok(())
    }

    /// Simulates a survey in which files split light curves, as in most real surveys.
    fn simulate(&self, survey: &Path, screen: &mut Screen) -> Result<(), Failure> {
        let simulation = Simulation {
            objects: self.objects,
            layout: SurveyLayout::SortedSplit,
            files: 8,
            overwrite: true,
            ..Simulation::default()
        };
        let work = Work::begin("rows")?;
        let report = simulation.write_with(survey, &|done, all| work.at(done, all))?;
        work.finish();
        let rows = format!("{} of {}", counted(report.rows, "row"), counted(report.objects, "object"));
        let files = format!("{}, {}", counted(report.files as u64, "file"), bytes(report.bytes));
        screen.line(format_args!("Simulated a survey in {}: {rows}, {files}.", survey.display()))?;
        Ok(())
    }
}

/// The planted variables.
struct Truth {
    kinds: HashMap<i64, String>,
    variables: HashSet<i64>,
}

impl Truth {
    fn read(path: &Path) -> Result<Self, Failure> {
        let table = read(path)?;
        let kind = table["kind"].as_string::<i32>();
        let ids = table["id"].as_primitive::<Int64Type>();
        let kinds: HashMap<i64, String> = (0..ids.len()).map(|i| (ids.value(i), kind.value(i).to_owned())).collect();
        let variables = kinds.iter().filter(|(_, kind)| *kind != "constant").map(|(&id, _)| id).collect();
        Ok(Self { kinds, variables })
    }

    fn kind(&self, id: i64) -> &str {
        self.kinds.get(&id).map_or("", String::as_str)
    }
}

/// Ranks objects by their largest Stetson J and returns its band with it.
fn ranked(table: &RecordBatch) -> Vec<(i64, String, f64)> {
    let ids = table["id"].as_primitive::<Int64Type>();
    let bands = table["band"].as_string::<i32>();
    let values = table["stetson_j"].as_primitive::<Float64Type>();
    let mut best: HashMap<i64, (f64, usize)> = HashMap::new();
    for row in 0..table.num_rows() {
        let value = values.value(row);
        let so_far = best.entry(ids.value(row)).or_insert((f64::NEG_INFINITY, row));
        if value > so_far.0 {
            *so_far = (value, row);
        }
    }
    let mut ranked: Vec<_> =
        best.into_iter().map(|(id, (value, row))| (id, bands.value(row).to_owned(), value)).collect();
    ranked.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
    ranked
}

/// Reads a small Parquet file as one table.
fn read(path: &Path) -> Result<RecordBatch, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::failed(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(|error| failed(&error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| failed(&error))?;
    let schema = builder.schema().clone();
    let batches = builder.build().map_err(|error| failed(&error))?.collect::<Result<Vec<_>, _>>();
    let batches = batches.map_err(|error| failed(&error))?;
    arrow::compute::concat_batches(&schema, &batches).map_err(|error| failed(&error))
}
