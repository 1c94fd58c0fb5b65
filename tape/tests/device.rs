//! Compares runs on a device with runs on the CPU, and tests the loss of a device.

#[path = "../../tape-gpu/tests/parity/validation.rs"]
mod validation;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Float64Type;
use libtest_mimic::{Arguments, Failed, Trial};
use tape::core::{
    Cancellation, Chunk, DeviceKernel, Event, Fold, IdType, Info, LightCurve, ManyRows, Observer, Pairwise, Segment,
    Statistic, Value,
};
use tape::prelude::*;
use tape::simulate::Simulation;
use tape::{Device, statistics_named};
use tempfile::TempDir;

type Test = fn(&Survey) -> Result<(), Failed>;

const ALL: &[(&str, Test)] = &[
    ("a_run_on_a_device_has_the_values_of_the_cpu", same_values),
    ("every_plan_takes_the_device", every_plan),
    ("structure_functions_have_the_values_of_the_cpu", structure_functions),
    ("a_device_lost_leaves_the_rest_to_the_cpu", a_lost_device),
    ("a_fold_keeps_its_own_way_with_chunks_on_a_lost_device", a_fold_on_a_lost_device),
    ("a_statistic_of_many_rows_keeps_its_own_way_with_chunks_on_a_lost_device", many_rows_on_a_lost_device),
    ("a_cancelled_run_stops_on_a_device", a_cancelled_run),
];

/// Statistics with kernels, and one without.
const NAMES: &[&str] = &[
    "lomb_scargle:minimum_period=2",
    "lomb_scargle_multiband:minimum_period=2",
    "stetson_j",
    "mean",
    "standard_deviation",
    "median",
    "reduced_chi2",
    "eta",
];

fn main() -> std::process::ExitCode {
    validation::run(&Arguments::from_args(), all)
}

fn all() -> Vec<Trial> {
    let required = std::env::var_os("TAPE_REQUIRE_GPU").is_some_and(|value| value == "1");
    let ignored = tape::gpu::adapters().is_empty() && !required;
    let trial = |&(name, test): &(&'static str, Test)| {
        let name = if ignored { format!("{name}: no Vulkan, Metal or DX12 adapter") } else { name.to_owned() };
        Trial::test(name, move || test(&Survey::new()?)).with_ignored_flag(ignored)
    };
    ALL.iter().map(trial).collect()
}

struct Survey {
    folder: TempDir,
}

impl Survey {
    fn new() -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        Simulation { objects: 60, files: 2, ..Default::default() }.write(&folder.path().join("survey"))?;
        Ok(Self { folder })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("survey")
    }

    fn open(&self) -> Result<Ensemble, Failed> {
        Ok(Ensemble::open(self.path())?)
    }
}

/// Numbers within what single precision allows; nulls where the other has nulls.
fn compare(got: &RecordBatch, want: &RecordBatch) -> Result<(), Failed> {
    if got.schema() != want.schema() || got.num_rows() != want.num_rows() || want.num_rows() == 0 {
        return Err(format!("{} rows and not {}", got.num_rows(), want.num_rows()).into());
    }
    let names = want.schema();
    for ((got, want), field) in got.columns().iter().zip(want.columns()).zip(names.fields()) {
        let Some(wanted) = want.as_primitive_opt::<Float64Type>() else {
            if got != want {
                return Err(format!("{} differs", field.name()).into());
            }
            continue;
        };
        for (got, want) in got.as_primitive::<Float64Type>().iter().zip(wanted) {
            let close = match (got, want) {
                (Some(got), Some(want)) => (got - want).abs() <= 1e-5 + 4e-5 * want.abs(),
                (got, want) => got == want,
            };
            if !close {
                return Err(format!("{}: {got:?} and not {want:?}", field.name()).into());
            }
        }
    }
    Ok(())
}

fn same_values(survey: &Survey) -> Result<(), Failed> {
    let (ensemble, device) = (survey.open()?, Device::open(None)?);
    let batch = ensemble.batch(&statistics_named(NAMES)?);
    compare(&batch.clone().device(&device).compute()?, &batch.compute()?)?;
    let report = device.report();
    if report.by_device < 10 * report.by_cpu || report.by_device == 0 || report.gave_up.is_some() {
        return Err(format!("{report:?}").into());
    }
    Ok(())
}

fn every_plan(survey: &Survey) -> Result<(), Failed> {
    let ensemble = survey.open()?;
    for plan in [PlanChoice::Stitch, PlanChoice::Shuffle] {
        let device = Device::open(None)?;
        let batch = ensemble.batch(&statistics_named(&["stetson_j"])?).plan(plan);
        compare(&batch.clone().device(&device).compute()?, &batch.compute()?)?;
        if device.report().by_device == 0 {
            return Err(format!("{plan:?} did not use the device").into());
        }
    }
    Ok(())
}

/// A statistic with many rows is alone in its run. Without errors taken off, SF² is no difference of about equal numbers.
fn structure_functions(survey: &Survey) -> Result<(), Failed> {
    let (ensemble, device) = (survey.open()?, Device::open(None)?);
    let batch = ensemble.batch(&statistics_named(&["structure_function:errors=none:edges=0/1/10/100/1000"])?);
    compare(&batch.clone().device(&device).compute()?, &batch.compute()?)?;
    let report = device.report();
    if report.by_device < 10 * report.by_cpu || report.by_device == 0 {
        return Err(format!("{report:?}").into());
    }
    Ok(())
}

fn a_lost_device(survey: &Survey) -> Result<(), Failed> {
    let (ensemble, device) = (survey.open()?, Device::open(None)?);
    let batch = ensemble.batch(&statistics_named(NAMES)?);
    let on_device = batch.clone().device(&device);
    device.destroy();
    let (got, want) = (on_device.compute()?, batch.compute()?);
    let report = device.report();
    if report.gave_up.is_none() || report.by_device > 0 {
        return Err(format!("it is lost, and yet {report:?}").into());
    }
    // The CPU computes everything, so results are identical.
    if got == want { Ok(()) } else { Err("the values differ".into()) }
}

/// The mean, with a custom computation of chunks.
struct OwnWay(Arc<dyn Fold>, Arc<AtomicUsize>);

impl Fold for OwnWay {
    fn info(&self) -> &Info {
        self.0.info()
    }

    fn state_len(&self) -> usize {
        self.0.state_len()
    }

    fn lift(&self, epochs: &LightCurve<'_>, state: &mut [f64]) {
        self.0.lift(epochs, state);
    }

    fn combine(&self, state: &mut [f64], other: &[f64]) {
        self.0.combine(state, other);
    }

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        self.0.finish(state, out);
    }

    fn kernel(&self) -> Option<&'static DeviceKernel> {
        self.0.kernel()
    }

    fn evaluate_chunk(&self, _: &Chunk, out: &mut [Value]) -> bool {
        self.1.fetch_add(1, Ordering::Relaxed);
        out.fill(Value::Float(7.0));
        true
    }
}

fn a_fold_on_a_lost_device(_: &Survey) -> Result<(), Failed> {
    let Statistic::Fold(mean) = tape::statistic("mean")? else { return Err("the mean is a fold".into()) };
    let chunks = Arc::new(AtomicUsize::new(0));
    let device = Device::open(None)?;
    let statistic = device.accelerate(&Statistic::fold(OwnWay(mean, Arc::clone(&chunks))));
    device.destroy();
    let mut chunk = Chunk::new(IdType::Int64);
    chunk.flux = vec![1.0, 2.0];
    chunk.segments = vec![Segment { object: 0, band: 0, rows: 0..2 }];
    let mut out = [Value::Null];
    let done = statistic.evaluate_chunk(&chunk, &mut out);
    if done && chunks.load(Ordering::Relaxed) == 1 && out == [Value::Float(7.0)] {
        return Ok(());
    }
    Err(format!("the fold was not asked: {done}, {out:?}").into())
}

/// A structure function with a faster custom computation of chunks.
struct OwnRows(Arc<dyn ManyRows>, Arc<AtomicUsize>);

impl ManyRows for OwnRows {
    fn info(&self) -> &Info {
        self.0.info()
    }

    fn rows(&self, light_curve: &LightCurve<'_>, out: &mut Vec<Value>) {
        self.0.rows(light_curve, out);
    }

    fn rows_of_chunk(&self, chunk: &Chunk) -> Option<Vec<Vec<Value>>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Some(vec![vec![Value::Float(7.0)]; chunk.segments.len()])
    }

    fn pairwise(&self) -> Option<&dyn Pairwise> {
        self.0.pairwise()
    }
}

fn many_rows_on_a_lost_device(_: &Survey) -> Result<(), Failed> {
    let Statistic::Rows(many) = tape::statistic("structure_function:edges=0/1/10")? else {
        return Err("a structure function has many rows".into());
    };
    let chunks = Arc::new(AtomicUsize::new(0));
    let device = Device::open(None)?;
    let statistic = device.accelerate(&Statistic::rows(OwnRows(many, Arc::clone(&chunks))));
    device.destroy();
    let Statistic::Rows(accelerated) = &statistic else { return Err("it still has many rows".into()) };
    let mut chunk = Chunk::new(IdType::Int64);
    (chunk.flux, chunk.error, chunk.time) = (vec![1.0; 64], vec![0.1; 64], (0..64).map(f64::from).collect());
    chunk.segments = vec![Segment { object: 0, band: 0, rows: 0..64 }];
    let rows = accelerated.rows_of_chunk(&chunk);
    let gave_up = device.report().gave_up.is_some();
    if gave_up && chunks.load(Ordering::Relaxed) == 1 && rows == Some(vec![vec![Value::Float(7.0)]]) {
        return Ok(());
    }
    Err(format!("the statistic was not asked: {gave_up}, {rows:?}").into())
}

/// An observer that stops a run at its start.
struct Stopped;

impl Observer for Stopped {
    fn event(&self, _: Event) {}

    fn cancellation(&self) -> Cancellation {
        let cancellation = Cancellation::new();
        cancellation.cancel();
        cancellation
    }
}

fn a_cancelled_run(survey: &Survey) -> Result<(), Failed> {
    let (ensemble, device) = (survey.open()?, Device::open(None)?);
    for names in [&["lomb_scargle"][..], &["stetson_j"], &["structure_function:edges=0/1/10"]] {
        let statistic = tape::statistic(names[0])?;
        let mut chunk = Chunk::new(IdType::Int64);
        (chunk.flux, chunk.error, chunk.time) = (vec![1.0; 64], vec![1.0; 64], (0..64).map(f64::from).collect());
        chunk.segments = vec![Segment { object: 0, band: 0, rows: 0..64 }];
        chunk.cancellation = Stopped.cancellation();
        let mut out = vec![Value::Null; statistic.info().outputs.len()];
        let computed = match &statistic {
            Statistic::Rows(_) => device.gpu().rows_of_chunk(&statistic, &chunk)?.is_some(),
            _ => device.gpu().evaluate_chunk(&statistic, &chunk, &mut out)?.is_some(),
        };
        if computed {
            return Err(format!("{names:?}: the device computed what nobody wants any more").into());
        }
        let batch = ensemble.batch(&statistics_named(names)?).device(&device);
        match batch.run(&batch.explain()?, &Stopped) {
            Err(tape::Error::Exec(tape::exec::Error::Cancelled)) => {}
            other => return Err(format!("{names:?}: {:?}", other.map(|_| ())).into()),
        }
    }
    Ok(())
}
