//! Checks that result files agree with the first one; see [`tape_benches::compare`].
#![expect(clippy::print_stdout, reason = "the program prints what it compared")]

use std::path::PathBuf;

use clap::Parser;
use tape_benches::Error;
use tape_benches::compare::{difference, read, select};

/// Check that all results agree with the first
#[derive(Parser)]
struct Args {
    /// Parquet files
    #[arg(required = true, num_args = 2..)]
    results: Vec<PathBuf>,
    /// Tolerance for floats: relative, or absolute below 1
    #[arg(long, default_value_t = 1e-12)]
    tolerance: f64,
    /// Compare only these columns
    #[arg(long, value_delimiter = ',')]
    columns: Option<Vec<String>>,
}

fn main() -> Result<(), Error> {
    let args = Args::parse();
    let columns = args.columns.as_deref();
    let read = |path| -> Result<_, Error> { columns.map_or_else(|| read(path), |names| select(&read(path)?, names)) };
    let first = read(&args.results[0])?;
    if first.num_rows() == 0 {
        return Err(format!("{} has no rows to compare", args.results[0].display()).into());
    }
    for path in &args.results[1..] {
        if let Some(difference) = difference(&first, &read(path)?, args.tolerance) {
            return Err(format!("{} and {}: {difference}", args.results[0].display(), path.display()).into());
        }
    }
    println!("{} rows agree in {} results", first.num_rows(), args.results.len());
    Ok(())
}
