//! Counts the published periods that a result of `tape batch` recovers, for `cargo xtask science`.
#![expect(clippy::print_stdout, reason = "the program prints the counts")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use clap::Parser;
use serde_json::json;
use tape_benches::Error;
use tape_benches::compare::read;

/// Count the published periods that a result recovers
#[derive(Parser)]
struct Args {
    /// Parquet file with one row for each object
    results: PathBuf,
    /// Column of the computed periods
    #[arg(long)]
    period: String,
    /// Parquet file with the published periods
    #[arg(long)]
    published: PathBuf,
    /// Column of ids in the published file
    #[arg(long)]
    published_id: String,
    /// Column of periods in the published file
    #[arg(long)]
    published_period: String,
    /// Largest relative difference from the published period
    #[arg(long)]
    within: f64,
}

fn main() -> Result<(), Error> {
    let args = Args::parse();
    let published = periods(&args.published, &args.published_id, &args.published_period)?;
    let results = periods(&args.results, "id", &args.period)?;
    let right = |(id, want): &(&i64, &f64)| results.get(id).is_some_and(|got| (got / *want - 1.0).abs() <= args.within);
    let recovered = published.iter().filter(right).count();
    println!("{}", json!({ "recovered": recovered, "published": published.len() }));
    Ok(())
}

/// Reads the period of each object, or NaN if it is null.
fn periods(path: &Path, id: &str, period: &str) -> Result<BTreeMap<i64, f64>, Error> {
    let table = read(path)?;
    let ids = column(&table, path, id, &DataType::Int64)?;
    let values = column(&table, path, period, &DataType::Float64)?;
    let values = values.as_primitive::<Float64Type>().iter().map(|value| value.unwrap_or(f64::NAN));
    let mut periods = BTreeMap::new();
    for (id, period) in ids.as_primitive::<Int64Type>().values().iter().zip(values) {
        if periods.insert(*id, period).is_some() {
            return Err(format!("{} has two rows for object {id}: compute only one band", path.display()).into());
        }
    }
    Ok(periods)
}

fn column(table: &RecordBatch, path: &Path, name: &str, to: &DataType) -> Result<ArrayRef, Error> {
    let known = || table.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>().join(", ");
    let column = table.column_by_name(name);
    let column = column.ok_or_else(|| format!("{} has no column '{name}'; columns: {}", path.display(), known()))?;
    Ok(cast(column, to)?)
}
