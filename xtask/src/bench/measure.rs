//! Runs everything in turn, and compares results before it reports times.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Settings;
use super::figures::{Measured, Report, TargetResult};
use super::kernels;
use super::machine::Machine;
use super::process::Usage;
use super::programs::Programs;
use super::rows::{ROWS, Row, Run, Target, WORKERS};
use super::workload::{self, Compression, Size};
use crate::run::{self, Result};

/// Minimum CPU time of a run, seconds. Shorter runs are dominated by the resolution of the accounting.
pub(super) const SHORTEST_CPU_S: f64 = 0.020;
/// Largest difference between results of different plans, relative, or absolute near zero.
pub(super) const TOLERANCE: &str = "1e-12";

/// Measures every row on every survey.
///
/// # Errors
/// If a run fails, results differ, a run is too short to time, or a program was replaced meanwhile.
pub(super) fn measure(settings: &Settings, machine: Machine) -> Result<Report> {
    let state = settings.programs.state()?;
    let mut rows = vec![];
    for &size in &settings.sizes {
        for &compression in &settings.compressions {
            rows.extend(measure_survey(settings, size, compression)?);
        }
    }
    let kernels = kernels::kernels(&settings.programs.kernels, settings.runs)?;
    settings.programs.still(&state)?;
    Ok(Report { machine, rows, kernels, growth: vec![], peers: None })
}

/// A row that is ready to run.
struct Ready {
    row: &'static Row,
    survey: PathBuf,
    /// Path of the result, if the row has one.
    result: Option<PathBuf>,
    runs: Vec<Usage>,
}

fn measure_survey(settings: &Settings, size: Size, compression: Compression) -> Result<Vec<Measured>> {
    let results = tempfile::tempdir()?;
    let mut ready = vec![];
    for row in ROWS {
        let survey = workload::survey(&settings.cache, &settings.programs.tape, size, row.layout, compression)?;
        let result = match row.run {
            Run::Floor => None,
            Run::Batch { .. } => Some(results.path().join(format!("{}.parquet", row.name))),
        };
        ready.push(Ready { row, survey, result, runs: vec![] });
    }
    println!("measuring the {} survey, {}", size.name(), compression.name());
    let survey_rows = count_rows(&settings.programs, &ready[0].survey)?;
    // The first round warms up the page cache and is not counted.
    for round in 0..=settings.runs {
        for ready in &mut ready {
            let usage = (settings.programs.measure)(&mut ready.command(settings))?;
            if round > 0 {
                ready.runs.push(usage);
            }
        }
        // After the first round, so that a wrong result is reported early, and after the last, because those runs were
        // timed.
        if round == 0 || round == settings.runs {
            compare(settings, &ready)?;
        }
    }
    let mut measured: Vec<Measured> = vec![];
    for Ready { row, runs, .. } in &ready {
        let mut new = Measured::new(row.name, size, compression, survey_rows, runs);
        if new.cpu_s.min < SHORTEST_CPU_S {
            let (name, survey) = (size.name(), compression.name());
            let ms = new.cpu_s.min * 1e3;
            return Err(
                format!("{} on the {name} survey, {survey}, took {ms:.1} ms: too short to time", row.name).into()
            );
        }
        new.targets = row.targets.iter().filter_map(|target| judge(target, &new, &measured)).collect();
        measured.push(new);
    }
    Ok(measured)
}

impl Ready {
    fn command(&self, settings: &Settings) -> Command {
        match self.row.run {
            Run::Floor => floor(&settings.programs, &self.survey),
            Run::Batch { plan } => {
                let mut command = Command::new(&settings.programs.tape);
                command.arg("batch").arg(&self.survey).args(["--stat", "stetson_j", "--plan", plan]);
                command.args(["--workers", WORKERS, "--overwrite"]);
                command.args(self.result.iter().flat_map(|result| ["-o".as_ref(), result.as_os_str()]));
                command
            }
        }
    }
}

fn floor(programs: &Programs, survey: &Path) -> Command {
    let mut command = Command::new(&programs.floor);
    command.args(["--workers", WORKERS]).arg(survey);
    command
}

/// Returns the rows of a survey, counted by the floor.
pub(super) fn count_rows(programs: &Programs, survey: &Path) -> Result<u64> {
    let text = run::read(&mut floor(programs, survey))?;
    text.parse().map_err(|_| format!("tape-floor printed '{text}' instead of a number of rows").into())
}

/// Checks that all plans gave the same results.
fn compare(settings: &Settings, ready: &[Ready]) -> Result<()> {
    let results = ready.iter().filter_map(|ready| ready.result.as_ref());
    let mut command = Command::new(&settings.programs.compare);
    run::read(command.args(["--tolerance", TOLERANCE]).args(results))
        .map(drop)
        .map_err(|error| format!("the results of the plans differ, so times are not reported\n{error}").into())
}

/// Compares a row with one of its targets. `earlier` are the rows measured before on the same survey.
fn judge(target: &Target, row: &Measured, earlier: &[Measured]) -> Option<TargetResult> {
    match *target {
        Target::Cpu { of, zstd, none } => {
            let other = earlier.iter().find(|other| other.row == of)?;
            let ratio = row.cpu_s.median / other.cpu_s.median;
            let most = Target::most_cpu(zstd, none, row.compression);
            Some(TargetResult::at_most(format!("CPU, times {of}"), ratio, most))
        }
        Target::LargePeakMb(most) => (row.size == Size::Large)
            .then(|| TargetResult::at_most("peak memory, MB".to_owned(), row.peak_mb.max, most)),
    }
}

#[cfg(test)]
#[path = "measure_tests.rs"]
mod tests;
