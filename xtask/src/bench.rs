//! `cargo xtask bench`: whole runs of the release build, beside the floor on the same files in the same minutes.
//!
//! Answers are compared before any time is printed. All runs of a workload are interleaved, so that a machine that grows
//! slower or faster meanwhile does so for every row.

mod against;
#[cfg(test)]
pub(crate) mod fake;
mod figures;
mod kernels;
mod machine;
mod measure;
mod process;
mod programs;
mod rows;
mod table;
mod workload;

use std::fs;
use std::path::PathBuf;

use crate::run::Result;
use figures::Report;
use programs::Programs;
use workload::{Compression, Size};

/// What `cargo xtask bench` is asked for.
#[derive(clap::Args)]
pub(crate) struct Args {
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
    /// How often each run is measured, after one that is not
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
}

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
    // Read first: a baseline that cannot be read should not be found out after minutes.
    let baseline = args.against.as_deref().map(Report::read).transpose()?;
    let mut machine = machine::Machine::now()?;
    if machine.is_busy() && !args.busy {
        let machine::Machine { load_average, cores, .. } = machine;
        return Err(format!(
            "the load average is {load_average:.2} on {cores} cores: figures would be worth little. Wait, or go on all \
             the same with --busy"
        )
        .into());
    }
    if let Some(folder) = &args.programs {
        // Whoever built them knows of what; the working tree does not.
        machine.commit = format!("unknown (programs in {})", folder.display());
    }
    let settings = Settings {
        programs: args.programs.clone().map_or_else(Programs::build, |folder| Programs::of(&folder))?,
        cache: workload::cache()?,
        sizes: if args.large { vec![Size::Medium, Size::Large] } else { vec![Size::Medium] },
        compressions: Compression::ALL.to_vec(),
        runs: args.runs,
    };
    let report = measure::measure(&settings, machine)?;
    print!("{}", table::table(&report));
    if let Some(path) = &args.json {
        fs::write(path, serde_json::to_string_pretty(&report)?)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        println!("\nAll figures: {}", path.display());
    }
    if let Some(baseline) = &baseline {
        print!("{}", against::against(&report, baseline));
    }
    Ok(())
}
