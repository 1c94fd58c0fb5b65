//! The threads of whole processes: after `fork` a child can open and compute, and `TAPE_NUM_THREADS` bounds what is started.
//!
//! Each trial is a process of its own, which this program starts with the name of the trial in its environment: a process that
//! forks must have no other threads, and one that counts them none that others started.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "threads are counted in /proc"))]

mod bounds;
mod fork;
mod watch;

use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

/// Names the trial that a process is for.
const TRIAL: &str = "TAPE_THREADS_TRIAL";

/// A trial, and the threads that `TAPE_NUM_THREADS` allows it, or all.
type NamedTrial = (&'static str, fn(), Option<usize>);

const TRIALS: &[NamedTrial] = &[
    ("a_child_after_a_fork_opens_files_and_computes", fork::children_compute, None),
    ("one_thread_is_the_most_where_one_is_allowed", || bounds::all_stay_within(1), Some(1)),
    ("two_threads_are_the_most_where_two_are_allowed", || bounds::all_stay_within(2), Some(2)),
];

fn main() -> ExitCode {
    if let Ok(name) = std::env::var(TRIAL) {
        if let Some((_, run, _)) = TRIALS.iter().find(|(other, ..)| *other == name) {
            run();
        }
        return ExitCode::SUCCESS;
    }
    let trial = |&(name, _, threads): &NamedTrial| {
        Trial::test(name, move || in_a_process(name, threads)).with_ignored_flag(cfg!(not(target_os = "linux")))
    };
    libtest_mimic::run(&Arguments::from_args(), TRIALS.iter().map(trial).collect()).exit_code()
}

fn in_a_process(name: &str, threads: Option<usize>) -> Result<(), Failed> {
    let mut command = Command::new(std::env::current_exe()?);
    // rayon's global pool, if anything used it, would be told from ours by its number.
    command.env(TRIAL, name).env("RAYON_NUM_THREADS", "5").env_remove("TAPE_NUM_THREADS");
    command.envs(threads.map(|threads| ("TAPE_NUM_THREADS", threads.to_string())));
    let output = command.output()?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned().into()) }
}
