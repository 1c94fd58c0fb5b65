//! `cargo xtask bench gpu`: compares a GPU with the CPU of this machine, with `tape-bench-gpu`.
//!
//! That program generates its own light curves and needs no files, so it can be built here and copied to a machine that
//! has a GPU but no network.

use std::path::PathBuf;
use std::process::Command;

use crate::run::{self, Result};

/// Arguments of `cargo xtask bench gpu`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run this program instead of building it
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Arguments for the program, after --, such as --device NAME, --light-curves N, --runs N or --json
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// Builds the program if necessary, and runs it.
pub(super) fn gpu(args: &Args) -> Result<()> {
    let program = args.program.clone().map_or_else(build, Ok)?;
    run::run(Command::new(program).args(&args.arguments))
}

fn build() -> Result<PathBuf> {
    let words = "build --release --package tape-benches --features gpu --bin tape-bench-gpu";
    run::run(run::cargo().args(words.split(' ')))?;
    Ok(run::target_directory()?.join("release/tape-bench-gpu"))
}
