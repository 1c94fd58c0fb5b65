//! Runs every plan at every size in turn, and compares results before it reports times.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::figures::{Measured, Report, TargetResult};
use super::super::machine::Machine;
use super::super::measure::{SHORTEST_CPU_S, TOLERANCE, count_rows};
use super::super::process::Usage;
use super::super::rows::WORKERS;
use super::super::workload::{self, Compression, Size};
use super::{BOUNDED, BUDGET_MIB, Growth, Memory, ROWS, SHUFFLE, ScaleRow, ScaleSettings};
use crate::run::{self, Result};

/// Memory of the program itself, in addition to its budget, MB.
const MOST_BESIDE_MB: f64 = 150.0;
/// Largest ratio of the wall time of a bounded shuffle to that of the same shuffle in memory.
const MOST_WALL: f64 = 2.5;

/// Measures every row at every size.
///
/// # Errors
/// If a run fails, results differ, a run is too short to time, an unlimited run spills or a bounded one does not, or a
/// program was replaced meanwhile.
pub(super) fn measure(settings: &ScaleSettings, machine: Machine) -> Result<Report> {
    let state = settings.programs.state()?;
    let results = tempfile::tempdir()?;
    let mut surveys = settings.sizes.iter().map(|&size| Survey::create(settings, size, results.path()));
    let mut surveys = surveys.by_ref().collect::<Result<Vec<_>>>()?;
    surveys.sort_by_key(|survey| survey.rows);
    for round in 0..=settings.runs {
        println!("{}", if round == 0 { "warm-up runs".into() } else { format!("runs {round}") });
        for survey in &mut surveys {
            survey.round(settings, round)?;
        }
    }
    let rows: Vec<Measured> = surveys.iter().flat_map(Survey::measured).collect();
    let growth = ROWS.iter().filter_map(|row| {
        let of_row: Vec<&Measured> = rows.iter().filter(|measured| measured.row == row.name).collect();
        Growth::fit(row.name, &of_row)
    });
    let growth = growth.collect();
    settings.programs.still(&state)?;
    Ok(Report { machine, rows, kernels: vec![], growth, peers: None })
}

/// A survey of one size, with its rows.
struct Survey {
    size: Size,
    rows: u64,
    ready: Vec<ReadyRow>,
}

/// A row that is ready to run.
struct ReadyRow {
    row: &'static ScaleRow,
    survey: PathBuf,
    /// Path of the result.
    result: PathBuf,
    runs: Vec<Usage>,
}

impl Survey {
    /// Creates missing files of the survey.
    fn create(settings: &ScaleSettings, size: Size, results: &Path) -> Result<Self> {
        let ScaleSettings { programs, cache, .. } = settings;
        let mut ready = vec![];
        for row in ROWS.iter().filter(|row| row.is_for(size)) {
            let survey = workload::survey(cache, &programs.tape, size, row.layout, Compression::None)?;
            let result = results.join(format!("{}-{}.parquet", size.name(), ready.len()));
            ready.push(ReadyRow { row, survey, result, runs: vec![] });
        }
        let rows = count_rows(programs, &ready[0].survey)?;
        Ok(Self { size, rows, ready })
    }

    /// Runs every row once. The first round warms up the page cache and is not counted.
    fn round(&mut self, settings: &ScaleSettings, round: u32) -> Result<()> {
        for ready in &mut self.ready {
            if round == 0 {
                ready.first(settings)?;
                continue;
            }
            let usage = (settings.programs.measure)(&mut ready.command(settings))?;
            if usage.cpu_s < SHORTEST_CPU_S {
                let (row, size, ms) = (ready.row.name, self.size.name(), usage.cpu_s * 1e3);
                return Err(format!("{row} on the {size} survey took {ms:.1} ms: too short to time").into());
            }
            ready.runs.push(usage);
        }
        // After the first round, so that a wrong result is reported early, and after the last, because those runs were
        // timed.
        if round == 0 || round == settings.runs { self.compare(settings) } else { Ok(()) }
    }

    /// Checks that all rows gave the results of the first one.
    fn compare(&self, settings: &ScaleSettings) -> Result<()> {
        let results = self.ready.iter().map(|ready| &ready.result);
        let mut command = Command::new(&settings.programs.compare);
        run::read(command.args(["--tolerance", TOLERANCE]).args(results)).map(drop).map_err(|error| {
            let size = self.size.name();
            format!("the results on the {size} survey differ, so times are not reported\n{error}").into()
        })
    }

    /// Returns the figures of every row, with targets.
    fn measured(&self) -> Vec<Measured> {
        let of = |ready: &ReadyRow| Measured::new(ready.row.name, self.size, Compression::None, self.rows, &ready.runs);
        let mut measured: Vec<Measured> = self.ready.iter().map(of).collect();
        let wall_s = |name| measured.iter().find(|row| row.row == name).map(|row| row.wall_s.median);
        if let (Some(in_memory), Some(bounded)) = (wall_s(SHUFFLE), wall_s(BOUNDED)) {
            for row in measured.iter_mut().filter(|row| row.row == BOUNDED) {
                row.targets = bounded_targets(bounded / in_memory, row.peak_mb.max);
            }
        }
        measured
    }
}

/// Returns the targets of a bounded shuffle, given the ratio of its wall time to that in memory, and its peak memory in
/// MB.
fn bounded_targets(wall: f64, peak_mb: f64) -> Vec<TargetResult> {
    let most_mb = f64::from(BUDGET_MIB) * f64::from(1 << 20) / 1e6 + MOST_BESIDE_MB;
    vec![
        TargetResult::at_most("wall, times shuffle".to_owned(), wall, MOST_WALL),
        TargetResult::at_most("peak memory, MB".to_owned(), peak_mb, most_mb),
    ]
}

impl ReadyRow {
    fn command(&self, settings: &ScaleSettings) -> Command {
        let mut command = Command::new(&settings.programs.tape);
        command.arg("batch").arg(&self.survey).args(["--stat", "stetson_j", "--plan", self.row.plan]);
        command.args(["--workers", WORKERS, "--overwrite", "-o"]).arg(&self.result);
        command.args(["--memory", &self.row.memory.argument(), "--json"]);
        command
    }

    /// Runs a row once, and checks that it spills exactly if its memory is bounded.
    fn first(&self, settings: &ScaleSettings) -> Result<()> {
        let mut command = self.command(settings);
        let text = run::read(&mut command)?;
        let summary: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| format!("{}: no summary: {error}", run::shown(&command)))?;
        let spilled = summary["spilled"].as_u64().ok_or("the summary of tape batch has no 'spilled'")?;
        let name = self.row.name;
        match self.row.memory {
            Memory::Unlimited if spilled > 0 => {
                Err(format!("{name} spilled {spilled} bytes, but should run in memory").into())
            }
            Memory::Bounded if spilled == 0 => Err(format!("{name} did not spill: the survey is too small").into()),
            Memory::Unlimited | Memory::Bounded => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "measure_tests.rs"]
mod tests;
