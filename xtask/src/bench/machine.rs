//! Describes the machine and the programs of a benchmark.

use std::fs;
use std::process::Command;
use std::thread;

use serde::{Deserialize, Serialize};

use crate::run::{self, Result};

/// The header of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Machine {
    /// Name of the processor.
    pub(super) cpu: String,
    /// Number of hardware threads.
    pub(super) cores: usize,
    /// The operating system and its version.
    pub(super) kernel: String,
    /// Version of the compiler.
    pub(super) rustc: String,
    /// Commit of the working tree, with a plus sign if there are uncommitted changes.
    pub(super) commit: String,
    /// Load average of the last minute, before the benchmark started.
    pub(super) load_average: f64,
}

impl Machine {
    /// Describes this machine and working tree.
    pub(super) fn now() -> Result<Self> {
        let git = |args: &[&str]| run::read(Command::new("git").args(args).current_dir(run::root()));
        let changed = git(&["status", "--porcelain"]).is_ok_and(|status| !status.is_empty());
        let commit = git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|_| "no commit".to_owned());
        Ok(Self {
            load_average: load_average()?,
            cpu: cpu().unwrap_or_else(|| "unknown".to_owned()),
            cores: thread::available_parallelism()?.get(),
            kernel: run::read(Command::new("uname").args(["-s", "-r", "-m"]))?,
            rustc: run::read(Command::new("rustc").arg("--version").current_dir(run::root()))?,
            commit: if changed { commit + "+" } else { commit },
        })
    }

    /// Returns true if other processes would share the cores.
    pub(super) fn is_busy(&self) -> bool {
        self.load_average > f64::from(u32::try_from(self.cores).unwrap_or(u32::MAX))
    }
}

/// Reads a value with `sysctl` on macOS. Linux has files instead.
fn sysctl(name: &str) -> Result<String> {
    run::read(Command::new("sysctl").args(["-n", name]))
}

fn load_average() -> Result<f64> {
    let text = fs::read_to_string("/proc/loadavg").or_else(|_| sysctl("vm.loadavg"))?;
    parse_load_average(&text).ok_or_else(|| format!("no load average in '{text}'").into())
}

fn parse_load_average(text: &str) -> Option<f64> {
    text.trim_start_matches('{').split_whitespace().next()?.parse().ok()
}

fn cpu() -> Option<String> {
    match fs::read_to_string("/proc/cpuinfo") {
        Ok(text) => model(&text),
        Err(_) => sysctl("machdep.cpu.brand_string").ok(),
    }
}

fn model(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_systems_is_parsed() {
        assert_eq!(parse_load_average("0.52 0.58 0.59 1/467 12345\n"), Some(0.52));
        assert_eq!(parse_load_average("{ 1.75 2.00 2.10 }"), Some(1.75));
        assert_eq!(parse_load_average("none"), None);
        assert_eq!(model("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n").as_deref(), Some("Some CPU @ 2 GHz"));
    }

    #[test]
    fn more_than_one_job_per_core_is_busy() {
        let mut machine = Machine::now().expect("machine information");
        let mut is_busy = |cores, load_average| {
            (machine.cores, machine.load_average) = (cores, load_average);
            machine.is_busy()
        };
        assert!(!is_busy(2, 2.0));
        assert!(is_busy(2, 2.01));
    }
}
