//! Runs ours and each peer in turn, and reports a ratio only if the results agree.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::super::figures::{Measured, Report, Spread, TargetResult};
use super::super::machine::Machine;
use super::super::measure::{SHORTEST_CPU_S, TOLERANCE as OUR_TOLERANCE, count_rows};
use super::super::process::Usage;
use super::super::rows::WORKERS;
use super::super::workload::{self, Compression, Layout, Size};
use super::environment::{Environments, last_line};
use super::script::{PeerRow, Script, Task};
use super::session::Session;
use super::{OURS, PeerComparison, PeerSettings, Peers, Untimed};
use crate::run::{self, Result};

/// A peer is run repeatedly for about this many seconds: if one run takes half a minute, twice instead of five times.
const PATIENCE_S: f64 = 60.0;
/// While a peer runs for longer than this, the caches that ours uses grow cold. A peer's own process stays warm.
const LONG_S: f64 = 1.0;
/// Minimum ratio of the best peer's peak memory to ours, on the large survey, shuffled.
const LEAST_PEAK: f64 = 4.0;

/// A task on a survey.
#[derive(Clone, Copy, Debug)]
struct Workload<'a> {
    size: Size,
    task: Task,
    layout: Layout,
    survey: &'a Path,
    survey_rows: u64,
    /// Folder for results.
    results: &'a Path,
}

/// Measures every row of every script on every survey.
///
/// # Errors
/// If ours fails, its results differ between layouts, it is too short to time on a survey that is large enough, or a
/// program was replaced meanwhile. Errors of a peer are reported in its row.
pub(super) fn measure(settings: &PeerSettings, scripts: &[Script], machine: Machine) -> Result<Report> {
    let state = settings.programs.state()?;
    let results = tempfile::tempdir()?;
    let environments = Environments::new(settings.cache.join("peers"), settings.python.clone());
    let mut bench = PeerBench { settings, environments, rows: vec![], peers: Peers::default() };
    bench.set_up(scripts);
    for &size in &settings.sizes {
        for task in Task::ALL.into_iter().filter(|task| task.is_on(size)) {
            bench.task(scripts, size, task, results.path())?;
        }
    }
    settings.programs.still(&state)?;
    Ok(Report { machine, rows: bench.rows, kernels: vec![], growth: vec![], peers: Some(bench.peers) })
}

struct PeerBench<'a> {
    settings: &'a PeerSettings,
    environments: Environments,
    rows: Vec<Measured>,
    peers: Peers,
}

impl PeerBench<'_> {
    /// Creates all environments, and records the peers whose environment failed.
    fn set_up(&mut self, scripts: &[Script]) {
        for script in scripts {
            match self.environments.python(script) {
                Ok(_) => {
                    let versions = script.dependencies.iter().map(|package| package.replace("==", " "));
                    self.peers.versions.extend(versions);
                }
                Err(why) => {
                    println!("skipping {}: {why}", script.name);
                    self.peers.skipped.push(format!("{}: {why}", script.name));
                }
            }
        }
        self.peers.versions.sort();
        self.peers.versions.dedup();
        self.peers.versions.extend(run::read(Command::new(&self.settings.python).arg("--version")));
    }

    fn task(&mut self, scripts: &[Script], size: Size, task: Task, results: &Path) -> Result<()> {
        let layouts = task.layouts();
        let PeerSettings { programs, cache, .. } = self.settings;
        let survey = |layout| workload::survey(cache, &programs.tape, size, layout, Compression::Zstd);
        let surveys = layouts.iter().map(|&layout| survey(layout)).collect::<Result<Vec<_>>>()?;
        let survey_rows = if size == Size::S82 { workload::S82_ROWS } else { count_rows(programs, &surveys[0])? };
        let whats: Vec<Workload<'_>> = (surveys.iter().zip(layouts))
            .map(|(survey, &layout)| Workload { size, task, layout, survey, survey_rows, results })
            .collect();
        // The first runs warm up the page cache and are not counted. All layouts hold the same epochs.
        let first = whats.iter().map(|what| self.ours(what)).collect::<Result<Vec<_>>>()?;
        for other in &whats[1..] {
            let difference = compare(self.settings, task, OUR_TOLERANCE, &whats[0].ours(), &other.ours())?;
            difference.map_or(Ok(()), |difference| {
                Err(format!("the results of our plans differ, so times are not reported\n{difference}"))
            })?;
        }
        for (what, first) in whats.iter().zip(first) {
            println!("measuring the {} survey, {}, {}", size.name(), task.name(), what.layout.name());
            self.layout(scripts, what, first)?;
        }
        Ok(())
    }

    /// Measures ours and all peers on one survey.
    fn layout(&mut self, scripts: &[Script], what: &Workload<'_>, first: Usage) -> Result<()> {
        let (mut ours, mut rows) = (vec![], vec![]);
        for script in scripts {
            let Ok(python) = self.environments.python(script) else { continue };
            let asked = |row: &&PeerRow| {
                row.answers_to(what.size, what.task, what.layout) && self.settings.selects(script, row)
            };
            for row in script.rows.iter().filter(asked) {
                println!("  {}", row.name);
                match self.peer(&python, script, row, what, &mut ours) {
                    Ok(Timed::PeerRow(measured)) => rows.push(measured),
                    Ok(Timed::Not(why)) => self.untimed(row, what, why),
                    Err(Failed::Peer(why)) => self.untimed(row, what, format!("FAILED: {why}")),
                    Err(Failed::Ours(error)) => return Err(error),
                }
            }
        }
        self.note_unjudged(scripts, what, &rows);
        if !what.size.is_timed() {
            return Ok(());
        }
        if ours.is_empty() {
            ours = (0..self.settings.runs).map(|_| self.ours(what)).collect::<Result<Vec<_>>>()?;
        }
        if let Some(why) = too_short(&ours) {
            return Err(format!("ours on the {} survey took {why}", what.size.name()).into());
        }
        let mut measured = what.measured(OURS, &ours, first.wall_s, None);
        measured.targets.extend(judge_peak(&measured, &rows));
        rows.sort_by(|a, b| a.cpu_s.median.total_cmp(&b.cpu_s.median));
        self.rows.push(measured);
        self.rows.append(&mut rows);
        Ok(())
    }

    /// Records targets without a result, so that none is missed because a peer failed.
    fn note_unjudged(&mut self, scripts: &[Script], what: &Workload<'_>, rows: &[Measured]) {
        let Workload { size, task, layout, .. } = *what;
        for (script, row) in scripts.iter().flat_map(|script| script.rows.iter().map(move |row| (script, row))) {
            let is_judged = rows.iter().any(|measured| measured.row == row.name && !measured.targets.is_empty());
            if row.least(size, task, layout).is_some() && self.settings.selects(script, row) && !is_judged {
                let (task, layout, size) = (task.name(), layout.name(), size.name());
                self.peers.unjudged.push(format!("{} ({task}, {layout}, {size})", row.name));
            }
        }
    }

    fn untimed(&mut self, row: &PeerRow, what: &Workload<'_>, why: String) {
        let Workload { size, task, layout, .. } = *what;
        self.peers.untimed.push(Untimed { row: row.name.clone(), size, task, layout, why });
    }

    /// Times a peer. Each of its runs follows one of ours, which is added to `ours`.
    fn peer(
        &self,
        python: &Path,
        script: &Script,
        row: &PeerRow,
        what: &Workload<'_>,
        ours: &mut Vec<Usage>,
    ) -> std::result::Result<Timed, Failed> {
        let answer = what.results.join("peer.parquet");
        let start = Instant::now();
        let mut session = Session::start(
            command(python, script, row, what)?.env("TAPE_WARM", &self.settings.programs.warm),
            self.settings.limit,
        )?;
        let warm_up = session.run()?;
        let first_s = start.elapsed().as_secs_f64();
        let mut difference = self.differs(&mut session, row, what, &answer)?;
        if !what.size.is_timed() {
            return Ok(Timed::Not(describe_comparison(difference, row.answers)));
        }
        let (mut runs, mut our_runs) = (vec![], vec![]);
        let is_long = warm_up.wall_s > LONG_S;
        for _ in 0..runs_for(warm_up.wall_s, self.settings.runs) {
            our_runs.push(self.ours_warm(what, is_long).map_err(Failed::Ours)?);
            runs.push(session.run()?);
        }
        if difference.is_none() {
            difference = self.differs(&mut session, row, what, &answer)?;
        }
        drop(session);
        // One more run of ours, so that even a peer that was run once has one before and one after it.
        our_runs.push(self.ours_warm(what, is_long).map_err(Failed::Ours)?);
        ours.extend(&our_runs);
        if let Some(why) = too_short(&runs) {
            return Ok(Timed::Not(format!("{}; {why}", describe_comparison(difference, row.answers))));
        }
        let mut measured = what.measured(&row.name, &runs, first_s, difference);
        let our_cpu_s = Spread::new(our_runs.iter().map(|run| run.cpu_s)).median;
        put_ratio(&mut measured, row, our_cpu_s);
        Ok(Timed::PeerRow(measured))
    }

    /// Runs ours as a whole process. Unlike for a peer, this includes startup, sorting and writing the table.
    fn ours(&self, what: &Workload<'_>) -> Result<Usage> {
        let mut command = Command::new(&self.settings.programs.tape);
        command.arg("batch").arg(what.survey).args(["--stat", what.task.statistics(), "--plan", "auto"]);
        command.args(["--workers", WORKERS, "--overwrite", "-o"]).arg(what.ours());
        (self.settings.programs.measure)(&mut command)
    }

    /// Runs ours, after an untimed run if the peer before took long.
    fn ours_warm(&self, what: &Workload<'_>, is_long: bool) -> Result<Usage> {
        if is_long {
            self.ours(what)?;
        }
        self.ours(what)
    }

    /// Returns how a peer's last results differ from ours, if they do.
    fn differs(
        &self,
        session: &mut Session,
        row: &PeerRow,
        what: &Workload<'_>,
        answer: &Path,
    ) -> std::result::Result<Option<String>, Failed> {
        if !row.answers {
            return Ok(None);
        }
        session.answer(answer)?;
        Ok(compare(self.settings, what.task, what.task.tolerance(), &what.ours(), answer)?)
    }
}

/// The outcome of a peer.
enum Timed {
    PeerRow(Measured),
    /// No time, with the reason.
    Not(String),
}

/// An error of ours or of a peer. The latter does not stop the other peers.
enum Failed {
    Peer(String),
    Ours(Box<dyn std::error::Error>),
}

impl From<Box<dyn std::error::Error>> for Failed {
    fn from(error: Box<dyn std::error::Error>) -> Self {
        Self::Peer(last_line(&*error))
    }
}

impl Workload<'_> {
    /// Returns the path of our results.
    fn ours(&self) -> PathBuf {
        self.results.join(format!("ours-{}.parquet", self.layout.name()))
    }

    fn measured(&self, name: &str, runs: &[Usage], first_s: f64, difference: Option<String>) -> Measured {
        let mut measured = Measured::new(name, self.size, Compression::Zstd, self.survey_rows, runs);
        let (task, layout) = (self.task, self.layout);
        measured.beside =
            Some(PeerComparison { task, layout, runs: runs.len(), first_s, answers: true, difference, ratio: None });
        measured
    }
}

/// Returns the command that starts a peer's process.
fn command(python: &Path, script: &Script, row: &PeerRow, what: &Workload<'_>) -> Result<Command> {
    let mut command = Command::new(python);
    command.arg(&script.path).args(["--row", &row.name, "--task", what.task.name()]);
    command.args(["--statistics", what.task.statistics(), "--answers", what.task.columns()]);
    command.args(["--layout", what.layout.name(), "--columns", what.size.columns()]);
    command.args(workload::files(what.survey)?);
    // Isolated from the user's Python, writes nothing to the source tree, and has a folder for files of clusters.
    command.env_remove("PYTHONPATH").env_remove("PYTHONHOME").env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("PYTHONNOUSERSITE", "1").current_dir(what.results);
    Ok(command)
}

/// Describes how a peer's results compare with ours.
fn describe_comparison(difference: Option<String>, has_answers: bool) -> String {
    match difference {
        Some(difference) => format!("ANSWERS DIFFER: {difference}"),
        None if has_answers => "answers agree".to_owned(),
        None => "no answers".to_owned(),
    }
}

/// Returns the number of runs of a peer, given the duration of its first run.
fn runs_for(warm_up_s: f64, most: u32) -> u32 {
    (1..most).find(|&runs| f64::from(runs + 1) * warm_up_s > PATIENCE_S).unwrap_or(most)
}

/// Returns an error if a run was so short that its time is dominated by the resolution of the accounting.
fn too_short(runs: &[Usage]) -> Option<String> {
    let shortest = runs.iter().map(|run| run.cpu_s).fold(f64::INFINITY, f64::min);
    (shortest < SHORTEST_CPU_S).then(|| format!("{:.1} ms: too short to time", shortest * 1e3))
}

/// Returns the first difference between two results, if any.
fn compare(settings: &PeerSettings, task: Task, tolerance: &str, a: &Path, b: &Path) -> Result<Option<String>> {
    let mut command = Command::new(&settings.programs.compare);
    command.args(["--tolerance", tolerance, "--columns", task.columns()]).args([a, b]);
    let output = command.output().map_err(|error| run::not_started(&command, &error))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    let difference = complaint.lines().next().unwrap_or("the comparison failed without a message");
    // Without the paths of temporary files.
    let short = difference.rsplit_once(".parquet: ").map_or(difference, |(_, short)| short).trim_matches('"');
    Ok((!output.status.success()).then(|| short.to_owned()))
}

/// Sets the ratio of a peer's CPU time to ours, and compares it with the target. No ratio if results differ.
fn put_ratio(peer: &mut Measured, row: &PeerRow, our_cpu_s: f64) {
    let (size, times) = (peer.size, peer.cpu_s.median / our_cpu_s);
    let Some(beside) = &mut peer.beside else { return };
    beside.answers = row.answers;
    if beside.difference.is_some() {
        return;
    }
    beside.ratio = Some(times);
    let least = row.least(size, beside.task, beside.layout);
    peer.targets.extend(least.map(|least| TargetResult::at_least("CPU, times ours".to_owned(), times, least)));
}

/// Compares our peak memory with the lowest of the peers with correct results.
fn judge_peak(ours: &Measured, peers: &[Measured]) -> Option<TargetResult> {
    let beside = ours.beside.as_ref()?;
    if (ours.size, beside.layout) != (Size::Large, Layout::Shuffled) {
        return None;
    }
    let agrees = |peer: &&Measured| peer.beside.as_ref().is_some_and(|b| b.answers && b.difference.is_none());
    let best = peers.iter().filter(agrees).min_by(|a, b| a.peak_mb.median.total_cmp(&b.peak_mb.median))?;
    let times = best.peak_mb.median / ours.peak_mb.max;
    Some(TargetResult::at_least(format!("peak memory of {}, times ours", best.row), times, LEAST_PEAK))
}

#[cfg(test)]
#[path = "measure_tests.rs"]
mod tests;
