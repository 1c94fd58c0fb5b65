//! `cargo xtask`: the tasks of the project.
//!
//! Each task is a file in this folder. None depends on the other crates, which are run as processes.
#![deny(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "tasks print their results")]

mod bench;
mod docs;
mod fuzz;
mod new;
mod run;
mod science;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The tasks of the project
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run every test that this machine can run, and report what could not run and why
    Test,
    /// Check the project's rules: layers, licences, versions, file sizes, wording, the code map
    Tidy,
    /// Time whole runs of the release build, and decoding of the same files (the floor)
    Bench(Box<bench::Args>),
    /// Fuzz the readers of files, guided by coverage
    Fuzz(fuzz::Args),
    /// Run experiments with published results, and compare with the last record
    Science(science::Args),
    /// Write the skeleton of a new statistic
    #[command(subcommand)]
    New(new::Skeleton),
    /// Build the documentation and print its paths, or run the commands of its pages
    Docs(docs::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().verb {
        Verb::Test => test::test(),
        Verb::Tidy => tidy::tidy(),
        Verb::Bench(args) => bench::bench(&args),
        Verb::Fuzz(args) => fuzz::fuzz(&args),
        Verb::Science(args) => science::science(&args),
        Verb::New(skeleton) => new::new(&skeleton),
        Verb::Docs(args) => docs::docs(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
