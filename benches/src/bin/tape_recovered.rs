//! Counts the published periods that a result of `tape batch` has, for `cargo xtask science`.
#![expect(clippy::print_stdout, reason = "the counts are what it prints")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use clap::Parser;
use serde_json::json;
use tape_benches::Error;
use tape_benches::compare::read;

/// Counts the published periods that a result has
#[derive(Parser)]
struct Args {
    /// Parquet file with a row for each object
    results: PathBuf,
    /// Its column of periods
    #[arg(long)]
    period: String,
    /// Parquet file of the published periods
    #[arg(long)]
    published: PathBuf,
    /// Its column of ids
    #[arg(long)]
    published_id: String,
    /// Its column of periods
    #[arg(long)]
    published_period: String,
    /// How far a period may be from the published one, relative
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

/// The period of each object; NaN where it has none.
fn periods(path: &Path, id: &str, period: &str) -> Result<BTreeMap<i64, f64>, Error> {
    let table = read(path)?;
    let ids = column(&table, path, id, &DataType::Int64)?;
    let values = column(&table, path, period, &DataType::Float64)?;
    let values = values.as_primitive::<Float64Type>().iter().map(|value| value.unwrap_or(f64::NAN));
    let mut periods = BTreeMap::new();
    for (id, period) in ids.as_primitive::<Int64Type>().values().iter().zip(values) {
        if periods.insert(*id, period).is_some() {
            return Err(format!("{} has two rows of object {id}: compute one band only", path.display()).into());
        }
    }
    Ok(periods)
}

fn column(table: &RecordBatch, path: &Path, name: &str, to: &DataType) -> Result<ArrayRef, Error> {
    let known = || table.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>().join(", ");
    let column = table.column_by_name(name);
    let column = column.ok_or_else(|| format!("{} has no column '{name}', but {}", path.display(), known()))?;
    Ok(cast(column, to)?)
}
