//! Runs every plan on a small survey, with a fault at each system call in turn. The result must be correct, or a single
//! error must name the file and no files may be left behind.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use tape_core::{
    ColumnMap, Fold, Info, Inputs, LightCurve, Results, Schema, Silent, Sink, Source, SourceError, Statistic, Value,
};
use tape_exec::{Config, Partitioning, PlanChoice, PlanKind};
use tempfile::TempDir;

use super::Call;
use super::injected::{Fault, WORKER, with};
use crate::internal::SpillFolder;
use crate::{Survey, TableOptions, TableWriter};

const OBJECTS: usize = 12;
const ROWS: usize = 240;

/// Writes a survey of three files with two row groups each, sorted or not.
fn survey(folder: &Path, sorted: bool) {
    fs::create_dir(folder).expect("a new folder");
    let id = |row: usize| if sorted { row * OBJECTS / ROWS } else { row * 7 % OBJECTS } as i64;
    for file in 0..3 {
        let rows = file * ROWS / 3..(file + 1) * ROWS / 3;
        let float = |of: fn(f64) -> f64| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(
                rows.clone().map(|row| of(f64::from(u16::try_from(row).expect("few")))),
            ))
        };
        let bands = rows.clone().map(|row| ["g", "r"][row % 2]);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("id", Arc::new(Int64Array::from_iter_values(rows.clone().map(id)))),
            ("time", float(|row| row)),
            ("flux", float(f64::sqrt)),
            ("error", float(|row| 0.1 + row / 1e3)),
            ("band", Arc::new(StringArray::from_iter_values(bands))),
        ];
        let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(ROWS / 6)).build();
        let file = File::create(folder.join(format!("part{file}.parquet"))).expect("a new file");
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("starts");
        writer.write(&batch).expect("writes");
        writer.close().expect("closes");
    }
}

/// The sum of the fluxes as a fold.
struct Sum(Info);

impl Fold for Sum {
    fn info(&self) -> &Info {
        &self.0
    }

    fn state_len(&self) -> usize {
        1
    }

    fn lift(&self, epochs: &LightCurve<'_>, state: &mut [f64]) {
        state[0] = epochs.flux().iter().sum();
    }

    fn combine(&self, state: &mut [f64], other: &[f64]) {
        state[0] += other[0];
    }

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        out[0] = Value::Float(state[0]);
    }
}

/// A sink that writes to a file.
struct Into<'a> {
    schema: &'a Schema,
    source: &'a dyn Source,
    writer: TableWriter,
}

impl Sink for Into<'_> {
    fn write(&mut self, results: Results) -> Result<(), SourceError> {
        Ok(self.writer.write(&self.schema.to_batch(&results, &self.source.bands().labels())?)?)
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        Ok(self.writer.restart()?)
    }
}

/// A run and its folder.
struct Case {
    place: TempDir,
    plan: PlanChoice,
    kind: PlanKind,
    rows_at_once: u64,
    output: &'static str,
}

impl Case {
    fn new(sorted: bool, plan: PlanChoice, kind: PlanKind, rows_at_once: u64, output: &'static str) -> Self {
        let place = tempfile::tempdir().expect("a folder");
        survey(&place.path().join("survey"), sorted);
        fs::create_dir(place.path().join("spill")).expect("a new folder");
        Self { place, plan, kind, rows_at_once, output }
    }

    /// Runs from discovery to output, on one thread, so that system calls always come in the same order.
    fn run(&self) -> Result<(), SourceError> {
        let survey = self.place.path().join("survey").display().to_string();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).thread_name(|_| WORKER.to_owned()).build()?;
        let source = pool.install(|| Survey::open(&[survey], &ColumnMap::new()))?;
        let statistic = match self.kind {
            PlanKind::Fold => Statistic::fold(Sum(Info::new("sum", Inputs::FLUX))),
            _ => Statistic::from_fn("sum", Inputs::ALL, |epochs| {
                epochs.time().iter().zip(epochs.error()).map(|(time, error)| time * error).sum::<f64>()
                    + epochs.flux().iter().sum::<f64>()
            }),
        };
        let statistics = [statistic];
        let config = Config {
            plan: self.plan,
            partitioning: Partitioning::Count(if self.kind == PlanKind::Map { 6 } else { 5 }),
            workers: 1,
            rows_at_once: self.rows_at_once,
            spill: Some(Arc::new(SpillFolder::new(&self.place.path().join("spill")))),
            ..Config::default()
        };
        let plan = tape_exec::plan(&source, &statistics, &config, &Silent)?;
        assert_eq!(plan.kind, self.kind, "{}", plan.why);
        let schema = Schema::new(&source, &statistics)?;
        let writer =
            TableWriter::create(&self.place.path().join(self.output), schema.arrow().clone(), TableOptions::default())?;
        let mut sink = Into { schema: &schema, source: &source, writer };
        tape_exec::run(&source, &statistics, &config, &plan, &mut sink, &Silent)?;
        sink.writer.finish()?;
        Ok(())
    }

    /// Reads and removes the output.
    fn take_output(&self) -> Option<Vec<u8>> {
        let path = self.place.path().join(self.output);
        let bytes = fs::read(&path).ok()?;
        fs::remove_file(path).expect("an output to remove");
        Some(bytes)
    }

    /// Returns the names of files left behind.
    fn left(&self) -> Vec<String> {
        let names = |folder: &Path| -> Vec<String> {
            let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
            entries.map(|name| name.to_string_lossy().into_owned()).collect()
        };
        let mut left = names(self.place.path());
        left.retain(|name| name != "survey" && name != "spill");
        left.extend(names(&self.place.path().join("spill")));
        left
    }

    /// Checks the result of a run with a fault: correct, or one error.
    fn judge(&self, ended: Result<(), SourceError>, fault: Fault, call: Call, right: &[u8]) -> Result<(), String> {
        let output = self.take_output();
        let left = self.left();
        if !left.is_empty() {
            return Err(format!("{left:?} is left behind"));
        }
        match (ended, output) {
            (Ok(()), Some(output)) if output == right && matches!(fault, Fault::Interrupted | Fault::Short) => Ok(()),
            (Ok(()), Some(output)) if output != right => Err("a wrong answer".to_owned()),
            (Ok(()), _) => Err(format!("{fault:?} was swallowed")),
            (Err(error), None) => self.judge_error(&error.to_string(), fault, call),
            (Err(error), Some(_)) => Err(format!("an output in spite of an error: {error}")),
        }
    }

    fn judge_error(&self, error: &str, fault: Fault, call: Call) -> Result<(), String> {
        if matches!(fault, Fault::Interrupted | Fault::Short) {
            return Err(format!("did not recover from {fault:?}: {error}"));
        }
        let place = self.place.path().display().to_string();
        let said = if fault == Fault::NoSpace { "no space left" } else { "input/output error" };
        if error.contains(&place) && error.to_lowercase().contains(said) && !error.contains('\n') {
            return Ok(());
        }
        Err(format!("{call:?} failed with a wrong message: {error}"))
    }

    /// Injects every possible fault into every system call in turn. Returns the system calls.
    fn check(&self, run: impl Fn() -> Result<(), SourceError>) -> Result<Vec<Call>, String> {
        let (ended, calls) = with(None, &run);
        ended.map_err(|error| format!("without a fault: {error}"))?;
        let right = self.take_output().ok_or("no output")?;
        for (at, &call) in calls.iter().enumerate() {
            let faults: &[Fault] = match call {
                Call::Read => &[Fault::InputOutput, Fault::Interrupted, Fault::Short],
                Call::Write => &[Fault::InputOutput, Fault::NoSpace, Fault::Interrupted, Fault::Short],
                Call::Create | Call::Place => &[Fault::InputOutput, Fault::NoSpace],
                Call::List | Call::Open => &[Fault::InputOutput],
            };
            for &fault in faults {
                let (ended, _) = with(Some((at, fault)), &run);
                let judged = self.judge(ended, fault, call, &right);
                judged.map_err(|what| format!("{fault:?} at call {at} of {}, {call:?}: {what}", calls.len()))?;
            }
        }
        Ok(calls)
    }
}

/// Checks a case with a fault at every system call, and that calls of all of these kinds occur.
fn survives(case: &Case, kinds: &[Call]) {
    let calls = case.check(|| case.run()).unwrap_or_else(|what| panic!("{what}"));
    let mut met = calls;
    met.sort_unstable();
    met.dedup();
    assert_eq!(met, kinds);
}

const IN_MEMORY: [Call; 6] = [Call::List, Call::Open, Call::Read, Call::Create, Call::Write, Call::Place];

#[test]
fn map_survives_a_fault_at_every_call() {
    survives(&Case::new(true, PlanChoice::Auto, PlanKind::Map, 0, "out.parquet"), &IN_MEMORY);
}

#[test]
fn stitch_survives_a_fault_at_every_call() {
    survives(&Case::new(true, PlanChoice::Stitch, PlanKind::Stitch, 0, "out.csv"), &IN_MEMORY);
}

#[test]
fn fold_survives_a_fault_at_every_call() {
    survives(&Case::new(false, PlanChoice::Fold, PlanKind::Fold, 80, "out.parquet"), &IN_MEMORY);
}

#[test]
fn a_shuffle_that_spills_survives_a_fault_at_every_call() {
    let case = Case::new(false, PlanChoice::Shuffle, PlanKind::Shuffle, 80, "out.parquet");
    survives(&case, &IN_MEMORY);
    let held = Case { rows_at_once: 0, ..case };
    let calls = |case: &Case| with(None, || case.run().expect("no fault")).1.len();
    let without = calls(&held);
    held.take_output().expect("an output");
    assert!(calls(&Case { rows_at_once: 80, ..held }) > without, "nothing was spilled");
}

#[test]
fn a_swallowed_error_is_detected() {
    let case = Case::new(true, PlanChoice::Auto, PlanKind::Map, 0, "out.parquet");
    let swallows = || {
        // Writes an empty output in place of the error.
        let ended = case.run();
        if ended.is_err() {
            fs::write(case.place.path().join(case.output), "")?;
        }
        Ok(())
    };
    assert!(case.check(swallows).expect_err("the check must fail").ends_with("a wrong answer"));
    case.take_output();
    let shrugs = || {
        drop(case.run());
        Ok(())
    };
    assert!(case.check(shrugs).expect_err("the check must fail").ends_with("was swallowed"));
    case.take_output();
    let litters = || {
        let ended = case.run();
        if ended.is_err() {
            fs::write(case.place.path().join("spill/rows"), "")?;
        }
        ended
    };
    assert!(case.check(litters).expect_err("the check must fail").ends_with("is left behind"));
}
