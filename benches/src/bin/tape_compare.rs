//! Fails unless all results, Parquet files, agree with the first: see [`tape_benches::compare`].
#![expect(clippy::print_stdout, reason = "what was compared is what it prints")]

use std::path::PathBuf;

use clap::Parser;
use tape_benches::Error;
use tape_benches::compare::{difference, read, select};

/// Fails unless all results agree with the first
#[derive(Parser)]
struct Args {
    /// Parquet files
    #[arg(required = true, num_args = 2..)]
    results: Vec<PathBuf>,
    /// How far floats may be apart, relative, or absolute below 1
    #[arg(long, default_value_t = 1e-12)]
    tolerance: f64,
    /// Compare these columns only
    #[arg(long, value_delimiter = ',')]
    columns: Option<Vec<String>>,
}

fn main() -> Result<(), Error> {
    let args = Args::parse();
    let columns = args.columns.as_deref();
    let read = |path| -> Result<_, Error> { columns.map_or_else(|| read(path), |names| select(&read(path)?, names)) };
    let first = read(&args.results[0])?;
    if first.num_rows() == 0 {
        return Err(format!("{} has no row, which agrees with nothing", args.results[0].display()).into());
    }
    for path in &args.results[1..] {
        if let Some(difference) = difference(&first, &read(path)?, args.tolerance) {
            return Err(format!("{} and {}: {difference}", args.results[0].display(), path.display()).into());
        }
    }
    println!("{} rows agree in {} results", first.num_rows(), args.results.len());
    Ok(())
}
