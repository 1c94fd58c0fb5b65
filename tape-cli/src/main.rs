//! The `tape` command: one file per verb.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod advice;
mod args;
mod batch;
mod completions;
mod convert;
mod demo;
mod device;
mod devices;
mod events;
mod explain;
mod failure;
mod frames;
mod gather;
mod ids;
mod inspect;
mod keep;
mod look;
mod outcome;
mod plan;
mod repartition;
mod run_task;
mod screen;
mod select;
mod simulate;
mod sky;
mod stats;
mod status;
mod values;
mod watch;

use screen::Screen;

/// Batches are allocated and freed all the time. mimalloc keeps the pages, while the system's allocator returns them and
/// has the kernel clear them again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Compute statistics for every light curve in a survey
#[derive(Parser)]
#[command(name = "tape", version, propagate_version = true, max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Demo(demo::Demo),
    Simulate(simulate::Simulate),
    Inspect(inspect::Inspect),
    Head(look::Head),
    Tail(look::Tail),
    LightCurve(look::LightCurve),
    Explain(explain::Explain),
    Batch(batch::Batch),
    Frames(frames::Frames),
    Plan(plan::Plan),
    RunTask(run_task::RunTask),
    Status(status::Status),
    Gather(gather::Gather),
    Repartition(repartition::Repartition),
    Convert(convert::Convert),
    Stats(stats::Stats),
    Devices(devices::Devices),
    Completions(completions::Completions),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    failure::quiet_workers();
    let mut screen = Screen::new();
    let done = match cli.verb {
        Verb::Demo(demo) => demo.run(&mut screen),
        Verb::Simulate(simulate) => simulate.run(&mut screen),
        Verb::Inspect(inspect) => inspect.run(&mut screen),
        Verb::Head(head) => head.run(&mut screen),
        Verb::Tail(tail) => tail.run(&mut screen),
        Verb::LightCurve(light_curve) => light_curve.run(&mut screen),
        Verb::Explain(explain) => explain.run(&mut screen),
        Verb::Batch(batch) => batch.run(&mut screen),
        Verb::Frames(frames) => frames.run(&mut screen),
        Verb::Plan(plan) => plan.run(&mut screen),
        Verb::RunTask(run_task) => run_task.run(&mut screen),
        Verb::Status(status) => status.run(&mut screen),
        Verb::Gather(gather) => gather.run(&mut screen),
        Verb::Repartition(repartition) => repartition.run(&mut screen),
        Verb::Convert(convert) => convert.run(&mut screen),
        Verb::Devices(devices) => devices.run(&mut screen),
        Verb::Stats(stats) => stats.run(&mut screen),
        Verb::Completions(completions) => completions.run(&mut screen),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent_and_every_verb_has_an_example() {
        Cli::command().debug_assert();
        for verb in Cli::command().get_subcommands() {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains(&format!("tape {}", verb.get_name())), "{} has no example", verb.get_name());
        }
    }
}
