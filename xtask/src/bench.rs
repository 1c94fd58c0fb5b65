//! `cargo xtask bench`: times whole runs of the release build, and decoding of the same files (the floor).
//!
//! Results are compared before any time is printed. The runs of a workload are interleaved, so that changes in the
//! machine's speed affect all rows equally.
//!
//! `cargo xtask bench peers` also times other tools, and `cargo xtask bench scale` measures how cost grows with the
//! size of the survey.

mod baseline;
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

/// Arguments of `cargo xtask bench`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    mode: Option<Mode>,
}

/// The other benchmarks.
#[derive(Debug, clap::Subcommand)]
enum Mode {
    /// Compare with other tools: TAPE, DuckDB, polars, numba and others, from PyPI
    Peers(peers::Args),
    /// Measure how cost grows from 1 to 100 million rows, and a shuffle in 512 MiB of memory; uses 16 GB of disk
    Scale(scale::Args),
    /// Compare a GPU with the CPU: transfers, kernels and whole plans, after comparing their results
    Gpu(gpu::Args),
}

/// Options of all benchmarks.
#[derive(Debug, clap::Args)]
struct Common {
    /// Sizes of surveys to measure [default: medium; for scale: 1m,10m,100m]
    #[arg(long, value_delimiter = ',')]
    size: Vec<Size>,
    /// Also measure the large survey: 200,000 objects, 30 million rows
    #[arg(long)]
    large: bool,
    /// Run even if the machine is busy
    #[arg(long)]
    busy: bool,
    /// Write all figures to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Compare with an earlier --json file, and list what became slower
    #[arg(long, value_name = "BASELINE")]
    against: Option<PathBuf>,
    /// Use the programs in this folder instead of building them
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,
    /// Number of timed runs, after one warm-up run [default: 5; for scale: 3]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    runs: Option<u32>,
}

/// Default number of timed runs.
const RUNS: u32 = 5;

/// The surveys and programs to measure.
struct Settings {
    programs: Programs,
    cache: PathBuf,
    sizes: Vec<Size>,
    compressions: Vec<Compression>,
    runs: u32,
}

/// Runs the selected benchmark and prints its report.
pub(crate) fn bench(args: &Args) -> Result<()> {
    match &args.mode {
        None => ours(&args.common),
        Some(Mode::Peers(args)) => peers::peers(args),
        Some(Mode::Scale(args)) => scale::scale(args),
        Some(Mode::Gpu(args)) => gpu::gpu(args),
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

    /// Returns the sizes, or an error if one of them is too small to time.
    fn timed_sizes(&self, otherwise: &[Size]) -> Result<Vec<Size>> {
        let sizes = self.sizes(otherwise);
        match sizes.iter().find(|size| !size.is_timed()) {
            None => Ok(sizes),
            Some(size) => {
                let name = size.name();
                let instead = "`cargo xtask bench peers` compares results on it";
                Err(format!("the {name} survey is too small to time: {instead}").into())
            }
        }
    }

    /// Reads the baseline. Called first, so that an unreadable file is reported before minutes of measurements.
    fn baseline(&self) -> Result<Option<Report>> {
        self.against.as_deref().map(Report::read).transpose()
    }

    /// Returns a description of this machine, or an error if it is busy.
    fn machine(&self) -> Result<Machine> {
        let mut machine = Machine::now()?;
        if machine.is_busy() && !self.busy {
            let Machine { load_average, cores, .. } = machine;
            return Err(format!(
                "the load average is {load_average:.2} on {cores} cores: measurements would be unreliable. Wait, or use \
                 --busy to run anyway"
            )
            .into());
        }
        if let Some(folder) = &self.programs {
            // The commit of programs built elsewhere is unknown.
            machine.commit = format!("unknown (programs in {})", folder.display());
        }
        Ok(machine)
    }

    fn programs(&self) -> Result<Programs> {
        self.programs.as_ref().map_or_else(Programs::build, |folder| Programs::in_folder(folder))
    }

    /// Writes the figures, and compares them with the baseline.
    fn finish(&self, report: &Report, baseline: Option<&Report>) -> Result<()> {
        if let Some(path) = &self.json {
            fs::write(path, serde_json::to_string_pretty(report)?)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            println!("\nAll figures: {}", path.display());
        }
        if let Some(baseline) = baseline {
            print!("{}", baseline::compare(report, baseline));
        }
        Ok(())
    }
}
