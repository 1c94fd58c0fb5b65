//! The figures of a benchmark, as `--json` writes and `--against` reads them.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::kernels::Kernel;
use super::machine::Machine;
use super::peers::{PeerComparison, Peers};
use super::process::Usage;
use super::scale::Growth;
use super::workload::{Compression, Size};
use crate::run::Result;

/// A complete report.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) machine: Machine,
    pub(super) rows: Vec<Measured>,
    #[serde(default)]
    pub(super) kernels: Vec<Kernel>,
    /// Growth of cost with the survey, for `bench scale`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) growth: Vec<Growth>,
    /// Details of peers, for `bench peers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) peers: Option<Peers>,
}

/// The measurements of one row on one survey.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Measured {
    /// Name of the row.
    pub(super) row: String,
    pub(super) size: Size,
    pub(super) compression: Compression,
    /// Number of rows in the survey.
    pub(super) survey_rows: u64,
    /// User and system time, seconds.
    pub(super) cpu_s: Spread,
    /// Wall time, seconds.
    pub(super) wall_s: Spread,
    /// Peak memory, MB.
    pub(super) peak_mb: Spread,
    /// Rows per second of wall time.
    pub(super) rows_per_s: Spread,
    /// The targets of the row, and whether they were met.
    pub(super) targets: Vec<TargetResult>,
    /// The task and the comparison with ours, for peers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) beside: Option<PeerComparison>,
}

/// Minimum, median and maximum of some measurements.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Spread {
    pub(super) min: f64,
    pub(super) median: f64,
    pub(super) max: f64,
}

/// A figure and its target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TargetResult {
    /// Name of the figure.
    pub(super) what: String,
    pub(super) value: f64,
    /// `at most …` or `at least …`
    pub(super) target: String,
    pub(super) met: bool,
}

impl Spread {
    /// Summarizes at least one value.
    pub(super) fn new(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median =
            if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
        Self { min: values[0], median, max: values[values.len() - 1] }
    }
}

impl TargetResult {
    /// Creates a figure that must not be larger than `most`.
    pub(super) fn at_most(what: String, value: f64, most: f64) -> Self {
        Self { what, value, target: format!("at most {most}"), met: value <= most }
    }

    /// Creates a figure that must not be smaller than `least`.
    pub(super) fn at_least(what: String, value: f64, least: f64) -> Self {
        Self { what, value, target: format!("at least {least}"), met: value >= least }
    }
}

impl Measured {
    /// Summarizes the runs of one row, without targets.
    pub(super) fn new(row: &str, size: Size, compression: Compression, survey_rows: u64, runs: &[Usage]) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "no survey has 2^53 rows")]
        let rows = survey_rows as f64;
        Self {
            row: row.to_owned(),
            size,
            compression,
            survey_rows,
            cpu_s: Spread::new(runs.iter().map(|run| run.cpu_s)),
            wall_s: Spread::new(runs.iter().map(|run| run.wall_s)),
            peak_mb: Spread::new(runs.iter().map(|run| run.peak_mb)),
            rows_per_s: Spread::new(runs.iter().map(|run| rows / run.wall_s)),
            targets: vec![],
            beside: None,
        }
    }

    /// Returns true if both are measurements of the same row on the same survey.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let what = |row: &Self| row.beside.as_ref().map(|beside| (beside.task, beside.layout));
        (&self.row, self.size, self.compression, what(self)) == (&other.row, other.size, other.compression, what(other))
    }

    /// Returns the name of the row, with the task, layout, size and compression.
    pub(super) fn title(&self) -> String {
        let beside = self.beside.as_ref();
        let what = beside.map(|beside| format!("{}, {}, ", beside.task.name(), beside.layout.name()));
        format!("{} ({}{}, {})", self.row, what.unwrap_or_default(), self.size.name(), self.compression.name())
    }
}

impl Report {
    /// Reads an earlier report.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
        Ok(serde_json::from_str(&text).map_err(|error| failed(&error))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        let spread = |values: &[f64]| Spread::new(values.iter().copied());
        assert_eq!(spread(&[5.0, 1.0, 2.0]), Spread { min: 1.0, median: 2.0, max: 5.0 });
        assert_eq!(spread(&[4.0, 1.0, 2.0, 9.0]), Spread { min: 1.0, median: 3.0, max: 9.0 });
    }

    #[test]
    fn a_target_is_met_at_its_edge_and_not_beyond() {
        assert!(TargetResult::at_most(String::new(), 1.5, 1.5).met);
        assert!(!TargetResult::at_most(String::new(), 1.51, 1.5).met);
        assert!(TargetResult::at_least(String::new(), 5.0, 5.0).met);
        assert!(!TargetResult::at_least(String::new(), 4.9, 5.0).met);
    }
}
