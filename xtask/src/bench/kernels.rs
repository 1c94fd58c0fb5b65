//! Times kernels with `tape-kernels`, without files.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::figures::{Spread, TargetResult};
use crate::run::{self, Result};

/// Minimum speedup of a kernel over the plain loop.
const LEAST_GAIN: f64 = 5.0;

/// Rates of a kernel and the equivalent plain loop, on light curves of one length.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kernel {
    /// Name of the statistic.
    pub(super) statistic: String,
    /// Number of epochs of each light curve.
    pub(super) epochs: u32,
    /// Epochs per second and core of the kernel.
    pub(super) kernel: Spread,
    /// Epochs per second and core of the plain loop.
    pub(super) scalar: Spread,
}

impl Kernel {
    /// Returns the ratio of the median rates.
    pub(super) fn gain(&self) -> f64 {
        self.kernel.median / self.scalar.median
    }

    /// Compares the speedup with its target.
    pub(super) fn target(&self) -> TargetResult {
        TargetResult::at_least(format!("{} kernel, times the plain loop", self.statistic), self.gain(), LEAST_GAIN)
    }
}

/// Output of `tape-kernels` for one kernel: epochs per second of each run.
#[derive(Deserialize)]
struct Printed {
    statistic: String,
    epochs: u32,
    kernel_epochs_per_s: Vec<f64>,
    scalar_epochs_per_s: Vec<f64>,
}

/// Times all kernels that `program` knows. The program compares results first, and fails if they differ.
pub(super) fn kernels(program: &Path, runs: u32) -> Result<Vec<Kernel>> {
    parse(&run::read(Command::new(program).arg("--runs").arg(runs.to_string()))?)
}

fn parse(text: &str) -> Result<Vec<Kernel>> {
    let failed = |what: &dyn std::fmt::Display| format!("the output of tape-kernels is not a report: {what}");
    let printed: Vec<Printed> = serde_json::from_str(text).map_err(|error| failed(&error))?;
    if printed.is_empty()
        || printed.iter().any(|p| p.kernel_epochs_per_s.is_empty() || p.scalar_epochs_per_s.is_empty())
    {
        return Err(failed(&"it is empty").into());
    }
    let kernel = |printed: Printed| Kernel {
        kernel: Spread::new(printed.kernel_epochs_per_s.into_iter()),
        scalar: Spread::new(printed.scalar_epochs_per_s.into_iter()),
        statistic: printed.statistic,
        epochs: printed.epochs,
    };
    Ok(printed.into_iter().map(kernel).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gain_is_the_ratio_of_medians() {
        let text = r#"[{"statistic": "stetson_j", "epochs": 150, "kernel_epochs_per_s": [1e8, 1.2e8, 9e8],
            "scalar_epochs_per_s": [2e7, 3e7, 3.1e7]}]"#;
        let kernels = parse(text).expect("a valid report");
        let judged = kernels[0].target();
        assert_eq!((judged.value, judged.met), (4.0, false));
    }

    #[test]
    fn an_empty_report_is_rejected() {
        assert!(parse("[]").is_err());
        assert!(parse("").is_err());
    }
}
