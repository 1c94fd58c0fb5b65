//! Decodes the columns of a survey, discards them, and prints the number of rows; see [`tape_benches::floor`].
#![expect(clippy::print_stdout, reason = "the program prints the number of rows")]

use std::path::PathBuf;

use clap::Parser;
use tape_benches::Error;
use tape_benches::floor::{COLUMNS, floor};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Decode the columns of a survey, discard them, and print the number of rows
#[derive(Parser)]
struct Args {
    /// Files or folders
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Number of threads
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// Columns to decode
    #[arg(long, value_delimiter = ',', default_values = COLUMNS)]
    columns: Vec<String>,
}

fn main() -> Result<(), Error> {
    let Args { paths, workers, columns } = Args::parse();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    println!("{}", floor(&paths, &columns, workers)?);
    Ok(())
}
