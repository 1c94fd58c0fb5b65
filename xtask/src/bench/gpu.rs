//! `cargo xtask bench gpu`: a GPU beside the CPU of this machine, by `tape-bench-gpu`.
//!
//! That program makes its own light curves and needs no files: built here, it can be copied to a machine that has a GPU and
//! no network.

use std::path::PathBuf;
use std::process::Command;

use crate::run::{self, Result};

/// What `cargo xtask bench gpu` is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Starts this program instead of building it
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// What the program is asked for, after --: such as --device NAME, --light-curves N, --runs N or --json
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// Builds the program if need be, and shows what it prints.
pub(super) fn gpu(args: &Args) -> Result<()> {
    let program = args.program.clone().map_or_else(build, Ok)?;
    run::run(Command::new(program).args(&args.arguments))
}

fn build() -> Result<PathBuf> {
    let words = "build --release --package tape-benches --features gpu --bin tape-bench-gpu";
    run::run(run::cargo().args(words.split(' ')))?;
    Ok(run::target_directory()?.join("release/tape-bench-gpu"))
}
