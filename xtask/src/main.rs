//! `cargo xtask`: the project's habits, one verb each.
//!
//! Every verb is a file of this folder. None depends on the crates that it looks after: they are started as processes.
#![deny(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what a verb prints is what it is for")]

mod bench;
mod docs;
mod fuzz;
mod run;
mod science;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The habits of the project, one verb each.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Runs every test that this machine can run, and says what it could not run and why
    Test,
    /// Checks the shape of the house: layers, licences, versions, file sizes, the code map
    Tidy,
    /// Measures whole runs of the release build beside the floor: merely decoding the same columns
    Bench(Box<bench::Args>),
    /// Feeds the readers inputs that nobody would write, guided by what they reach in the code
    Fuzz(fuzz::Args),
    /// Runs experiments whose right answers are published, and compares what came of them with the last record
    Science(science::Args),
    /// Builds the documentation and prints where it is
    Docs,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().verb {
        Verb::Test => test::test(),
        Verb::Tidy => tidy::tidy(),
        Verb::Bench(args) => bench::bench(&args),
        Verb::Fuzz(args) => fuzz::fuzz(&args),
        Verb::Science(args) => science::science(&args),
        Verb::Docs => docs::docs(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
