//! Simulated surveys, read back with the ordinary Parquet reader.

mod files;
mod layouts;
mod presets;
mod sky;

use std::fs::File;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;

use super::*;

/// A row as it is in the file.
#[derive(Clone, Debug, PartialEq)]
struct Epoch {
    id: i64,
    mjd: f64,
    flux: f64,
    error: f64,
    band: String,
}

/// A row of the truth table.
#[derive(Clone, Debug, PartialEq)]
struct TruthRow {
    id: i64,
    kind: String,
    period_days: Option<f64>,
    amplitude_mag: f64,
    mean_flux: f64,
    n_epochs: i64,
}

/// A survey of 300 objects in three files of several row groups each.
fn small(layout: SurveyLayout) -> Simulation {
    Simulation { objects: 300, epochs: 40.0, seed: 11, layout, files: 3, row_group_rows: 1000, ..Simulation::default() }
}

/// Writes a survey into a new folder.
fn written(simulation: &Simulation) -> (tempfile::TempDir, PathBuf, Report) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("survey");
    let report = simulation.write(&out).expect("a survey");
    (folder, out, report)
}

/// The survey's files, in order of name.
fn parts(out: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(out).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut parts: Vec<_> = entries.filter(|path| !path.ends_with(TRUTH)).collect();
    parts.sort();
    parts
}

fn batches(file: &Path, row_group: Option<usize>) -> Vec<RecordBatch> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(file).expect("a file")).expect("a footer");
    let builder = match row_group {
        Some(row_group) => builder.with_row_groups(vec![row_group]),
        None => builder,
    };
    builder.build().expect("a reader").map(|batch| batch.expect("rows")).collect()
}

fn metadata(file: &Path) -> ParquetMetaData {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(file).expect("a file")).expect("a footer");
    builder.metadata().as_ref().clone()
}

fn epochs(batches: &[RecordBatch]) -> Vec<Epoch> {
    let mut epochs = Vec::new();
    for batch in batches {
        let floats = |column: usize| batch.column(column).as_primitive::<Float64Type>();
        let ids = batch.column(0).as_primitive::<Int64Type>();
        let bands = batch.column(4).as_string::<i32>();
        assert!(batch.columns().iter().all(|column| column.null_count() == 0));
        epochs.extend((0..batch.num_rows()).map(|row| Epoch {
            id: ids.value(row),
            mjd: floats(1).value(row),
            flux: floats(2).value(row),
            error: floats(3).value(row),
            band: bands.value(row).to_owned(),
        }));
    }
    epochs
}

/// All rows of a survey, in file order.
fn survey(out: &Path) -> Vec<Epoch> {
    parts(out).iter().flat_map(|file| epochs(&batches(file, None))).collect()
}

/// The rows in an order that all layouts share.
fn in_order(mut epochs: Vec<Epoch>) -> Vec<Epoch> {
    epochs.sort_by_key(|epoch| (epoch.id, epoch.mjd.to_bits()));
    epochs
}

fn truths(out: &Path) -> Vec<TruthRow> {
    let mut truths = Vec::new();
    for batch in batches(&out.join(TRUTH), None) {
        let floats = |column: usize| batch.column(column).as_primitive::<Float64Type>();
        for row in 0..batch.num_rows() {
            truths.push(TruthRow {
                id: batch.column(0).as_primitive::<Int64Type>().value(row),
                kind: batch.column(1).as_string::<i32>().value(row).to_owned(),
                period_days: floats(2).is_valid(row).then(|| floats(2).value(row)),
                amplitude_mag: floats(3).value(row),
                mean_flux: floats(4).value(row),
                n_epochs: batch.column(5).as_primitive::<Int64Type>().value(row),
            });
        }
    }
    truths
}

/// A row group as its footer describes it and as it is.
struct Group {
    file: usize,
    claimed: RangeInclusive<i64>,
    ids: Vec<i64>,
    declared_sorted: bool,
}

fn row_groups(out: &Path) -> Vec<Group> {
    let mut groups = Vec::new();
    for (number, file) in parts(out).iter().enumerate() {
        for (row_group, metadata) in metadata(file).row_groups().iter().enumerate() {
            let Some(Statistics::Int64(statistics)) = metadata.column(0).statistics() else {
                panic!("row group {row_group} of {} has no id statistics", file.display());
            };
            let declared = metadata
                .sorting_columns()
                .is_some_and(|columns| columns.len() == 1 && columns[0].column_idx == 0 && !columns[0].descending);
            groups.push(Group {
                file: number,
                claimed: *statistics.min_opt().expect("a minimum")..=*statistics.max_opt().expect("a maximum"),
                ids: epochs(&batches(file, Some(row_group))).iter().map(|epoch| epoch.id).collect(),
                declared_sorted: declared,
            });
        }
    }
    groups
}
