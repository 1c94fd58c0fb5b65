//! `cargo xtask bench`: whole runs of the release build, beside the floor on the same files in the same minutes.
//!
//! Answers are compared before any time is printed. All runs of a workload are interleaved, so that a machine that grows
//! slower or faster meanwhile does so for every row.
//!
//! `cargo xtask bench peers` does the same for what a user would run instead, and `cargo xtask bench scale` tells how cost
//! grows with the survey.

mod against;
#[cfg(test)]
pub(crate) mod fake;
mod figures;
mod gpu;
mod kernels;
mod machine;
mod measure;
mod peers;
mod process;
mod programs;
mod rows;
mod scale;
mod table;
mod workload;

use std::fs;
use std::path::PathBuf;

use crate::run::Result;
use figures::Report;
use machine::Machine;
use programs::Programs;
use workload::{Compression, Size};

/// What `cargo xtask bench` is asked for.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    form: Option<Form>,
}

/// What else may be measured.
#[derive(Debug, clap::Subcommand)]
enum Form {
    /// Measures ours beside what a user would run instead: TAPE, DuckDB, polars, numba and others, from PyPI
    Peers(peers::Args),
    /// Measures how cost grows from 1 to 100 million rows, and what a shuffle in 512 MiB of memory costs; surveys of 16 GB
    Scale(scale::Args),
    /// Measures a GPU beside the CPU: what it moves, its kernels, and whole plans; answers are compared first
    Gpu(gpu::Args),
}

/// What every form is asked for.
#[derive(Debug, clap::Args)]
struct Common {
    /// The surveys to measure [default: medium; of scale: 1m,10m,100m]
    #[arg(long, value_delimiter = ',')]
    size: Vec<Size>,
    /// Measures the large survey too: 200,000 objects, 30 million rows
    #[arg(long)]
    large: bool,
    /// Goes on even if the machine is busy
    #[arg(long)]
    busy: bool,
    /// Writes all figures to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Lists what became slower than in this file, which an earlier --json wrote
    #[arg(long, value_name = "BASELINE")]
    against: Option<PathBuf>,
    /// Takes the programs in this folder instead of building them
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,
    /// How often each run is measured, after one that is not [default: 5; of scale: 3]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    runs: Option<u32>,
}

/// How often each run is measured, unless it is said.
const RUNS: u32 = 5;

/// What to measure, and with what.
struct Settings {
    programs: Programs,
    cache: PathBuf,
    sizes: Vec<Size>,
    compressions: Vec<Compression>,
    runs: u32,
}

/// Measures, and prints what came out.
pub(crate) fn bench(args: &Args) -> Result<()> {
    match &args.form {
        None => ours(&args.common),
        Some(Form::Peers(args)) => peers::peers(args),
        Some(Form::Scale(args)) => scale::scale(args),
        Some(Form::Gpu(args)) => gpu::gpu(args),
    }
}

fn ours(common: &Common) -> Result<()> {
    let sizes = common.timed_sizes(&[Size::Medium])?;
    let baseline = common.baseline()?;
    let machine = common.machine()?;
    let settings = Settings {
        programs: common.programs()?,
        cache: workload::cache()?,
        sizes,
        compressions: Compression::ALL.to_vec(),
        runs: common.runs.unwrap_or(RUNS),
    };
    let report = measure::measure(&settings, machine)?;
    print!("{}", table::table(&report));
    common.finish(&report, baseline.as_ref())
}

impl Common {
    fn sizes(&self, otherwise: &[Size]) -> Vec<Size> {
        let mut sizes = if self.size.is_empty() { otherwise.to_vec() } else { self.size.clone() };
        if self.large && !sizes.contains(&Size::Large) {
            sizes.push(Size::Large);
        }
        sizes
    }

    /// The same, if all of them can be timed.
    fn timed_sizes(&self, otherwise: &[Size]) -> Result<Vec<Size>> {
        let sizes = self.sizes(otherwise);
        match sizes.iter().find(|size| !size.is_timed()) {
            None => Ok(sizes),
            Some(size) => {
                let name = size.name();
                let instead = "`cargo xtask bench peers` compares answers on it";
                Err(format!("the {name} survey is too small to time: {instead}").into())
            }
        }
    }

    /// Read first: a baseline that cannot be read should not be found out after minutes.
    fn baseline(&self) -> Result<Option<Report>> {
        self.against.as_deref().map(Report::read).transpose()
    }

    /// This machine, unless others would share its cores with what is measured.
    fn machine(&self) -> Result<Machine> {
        let mut machine = Machine::now()?;
        if machine.is_busy() && !self.busy {
            let Machine { load_average, cores, .. } = machine;
            return Err(format!(
                "the load average is {load_average:.2} on {cores} cores: figures would be worth little. Wait, or go on \
                 all the same with --busy"
            )
            .into());
        }
        if let Some(folder) = &self.programs {
            // Whoever built them knows of what; the working tree does not.
            machine.commit = format!("unknown (programs in {})", folder.display());
        }
        Ok(machine)
    }

    fn programs(&self) -> Result<Programs> {
        self.programs.as_ref().map_or_else(Programs::build, |folder| Programs::of(folder))
    }

    /// Writes the figures, and holds them against the baseline.
    fn finish(&self, report: &Report, baseline: Option<&Report>) -> Result<()> {
        if let Some(path) = &self.json {
            fs::write(path, serde_json::to_string_pretty(report)?)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            println!("\nAll figures: {}", path.display());
        }
        if let Some(baseline) = baseline {
            print!("{}", against::against(report, baseline));
        }
        Ok(())
    }
}
