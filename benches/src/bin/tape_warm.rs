//! Ours as its peers are measured: a process that is started once, runs as often as it is told, and has its result in
//! memory. What it understands is `run` and `answer PATH`, one line each; see `benches/peers/_harness.py`.
#![expect(clippy::print_stdout, reason = "a line tells that it is done")]

use std::io::{BufRead, stdin};

use clap::Parser;
use tape::core::{ColumnMap, Role, Statistic};
use tape::{Ensemble, WriteOptions, statistics_named};
use tape_benches::Error;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Computes statistics of a survey as often as it is told
#[derive(Parser)]
struct Args {
    /// What the table calls it
    #[arg(long)]
    row: String,
    /// What the bench calls what is computed
    #[arg(long)]
    task: String,
    /// What is computed, as `tape batch --stat` has it
    #[arg(long)]
    statistics: String,
    /// The columns that the bench compares
    #[arg(long)]
    answers: String,
    /// How the survey lies on disk
    #[arg(long)]
    layout: String,
    /// The columns of id, time, flux, error and band
    #[arg(long, value_delimiter = ',')]
    columns: Vec<String>,
    /// The survey
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
