//! Runs the library in a warm process, as its peers are measured: it starts once, runs on request, and keeps the result
//! in memory. It reads the commands `run` and `answer PATH`, one per line; see `benches/peers/_harness.py`.
#![expect(clippy::print_stdout, reason = "the program replies on standard output")]

use std::io::{BufRead, stdin};

use clap::Parser;
use tape::core::{ColumnMap, Role, Statistic};
use tape::{Ensemble, WriteOptions, statistics_named};
use tape_benches::Error;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Compute statistics of a survey on request
#[derive(Parser)]
struct Args {
    /// Name of the row in the table
    #[arg(long)]
    row: String,
    /// Name of the task
    #[arg(long)]
    task: String,
    /// Statistics to compute, as for `tape batch --stat`
    #[arg(long)]
    statistics: String,
    /// Columns to compare
    #[arg(long)]
    answers: String,
    /// Layout of the survey on disk
    #[arg(long)]
    layout: String,
    /// Columns of id, time, flux, error and band
    #[arg(long, value_delimiter = ',')]
    columns: Vec<String>,
    /// Files of the survey
    #[arg(required = true)]
    files: Vec<String>,
}

impl Args {
    fn statistics(&self) -> Result<Vec<Statistic>, Error> {
        Ok(statistics_named(&self.statistics.split(',').collect::<Vec<_>>())?)
    }

    fn ensemble(&self) -> Result<Ensemble, Error> {
        let named = Role::ALL.into_iter().zip(&self.columns);
        let columns = named.fold(ColumnMap::new(), |map, (role, name)| map.with(role, name));
        Ok(Ensemble::open_with(&self.files, &columns)?)
    }
}

fn main() -> Result<(), Error> {
    let args = Args::parse();
    let statistics = args.statistics()?;
    println!("ready");
    for line in stdin().lock().lines() {
        let line = line?;
        match line.strip_prefix("answer ") {
            Some(path) => {
                drop(args.ensemble()?.batch(&statistics).workers(2).write(path, WriteOptions::new().overwrite(true))?)
            }
            None => drop(args.ensemble()?.batch(&statistics).workers(2).compute()?),
        }
        println!("done");
    }
    Ok(())
}
