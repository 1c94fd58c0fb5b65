//! The kernels, timed by `tape-kernels` without files around them.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::figures::{Judged, Spread};
use crate::run::{self, Result};

/// How many times faster than the plain loop a kernel must be.
const LEAST_GAIN: f64 = 5.0;

/// A kernel and the plain loop that computes the same, on light curves of one length.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kernel {
    /// The statistic's name.
    pub(super) statistic: String,
    /// The epochs of each light curve.
    pub(super) epochs: u32,
    /// Epochs per second and core.
    pub(super) kernel: Spread,
    /// The same of the plain loop.
    pub(super) scalar: Spread,
}

impl Kernel {
    /// How many times faster than the plain loop it is, in the middle.
    pub(super) fn gain(&self) -> f64 {
        self.kernel.median / self.scalar.median
    }

    /// The gain held against its target.
    pub(super) fn target(&self) -> Judged {
        Judged::at_least(format!("{} kernel, times the plain loop", self.statistic), self.gain(), LEAST_GAIN)
    }
}

/// What `tape-kernels` prints of a kernel: epochs per second, of each run.
#[derive(Deserialize)]
struct Printed {
    statistic: String,
    epochs: u32,
    kernel_epochs_per_s: Vec<f64>,
    scalar_epochs_per_s: Vec<f64>,
}

/// Times all kernels that `program` knows; it compares answers first, and fails if they differ.
pub(super) fn kernels(program: &Path, runs: u32) -> Result<Vec<Kernel>> {
    parse(&run::read(Command::new(program).arg("--runs").arg(runs.to_string()))?)
}

fn parse(text: &str) -> Result<Vec<Kernel>> {
    let failed = |what: &dyn std::fmt::Display| format!("tape-kernels printed what is no report: {what}");
    let printed: Vec<Printed> = serde_json::from_str(text).map_err(|error| failed(&error))?;
    if printed.is_empty()
        || printed.iter().any(|p| p.kernel_epochs_per_s.is_empty() || p.scalar_epochs_per_s.is_empty())
    {
        return Err(failed(&"there is nothing in it").into());
    }
    let kernel = |printed: Printed| Kernel {
        kernel: Spread::of(printed.kernel_epochs_per_s.into_iter()),
        scalar: Spread::of(printed.scalar_epochs_per_s.into_iter()),
        statistic: printed.statistic,
        epochs: printed.epochs,
    };
    Ok(printed.into_iter().map(kernel).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gain_is_of_the_middle_runs() {
        let text = r#"[{"statistic": "stetson_j", "epochs": 150, "kernel_epochs_per_s": [1e8, 1.2e8, 9e8],
            "scalar_epochs_per_s": [2e7, 3e7, 3.1e7]}]"#;
        let kernels = parse(text).expect("it is a report");
        let judged = kernels[0].target();
        assert_eq!((judged.value, judged.met), (4.0, false));
    }

    #[test]
    fn a_report_of_nothing_is_refused() {
        assert!(parse("[]").is_err());
        assert!(parse("").is_err());
    }
}
