//! Runs plans in two ways: with outputs in memory, or stored as in a job. Both must give the same bits.

use std::sync::Mutex;

use tape_core::{Part, Results, Rows, Silent, Sink, Source, SourceError, Statistic, Value};
use tape_exec::task::{self, Gathered, StoredOutputs, TaskOutput, TaskReport, Tasks, Work};
use tape_exec::{Config, Error, Plan, Skipped, Summary, another_plan, each, run};

/// Storage for the outputs of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outputs {
    InMemory,
    Stored,
}

/// Runs a plan both ways, and compares the results.
pub(crate) fn run_both(
    source: &dyn Source,
    statistics: &[Statistic],
    config: &Config,
    plan: &Plan,
    sink: &mut dyn Sink,
) -> Result<Summary, Error> {
    let [memory, stored] = [Outputs::InMemory, Outputs::Stored].map(|outputs| {
        let mut all = Collected(vec![]);
        let summary = run_by(outputs, &[source], statistics, config, plan, &mut all)?;
        Ok::<_, Error>((all.0, summary))
    });
    let ((memory, summary), (stored, of_stored)) = match (memory, stored) {
        (Ok(memory), Ok(stored)) => (memory, stored),
        (Err(error), Err(other)) => {
            assert_eq!(std::mem::discriminant(&error), std::mem::discriminant(&other), "{error}\n{other}");
            return Err(error);
        }
        (memory, stored) => panic!("{:?}, but stored {:?}", memory.err(), stored.err()),
    };
    assert_eq!(lines(source, &memory), lines(source, &stored), "{:?}", plan.kind);
    assert_same(&summary, &of_stored);
    memory.into_iter().try_for_each(|results| sink.write(results)).map_err(Error::Sink)?;
    Ok(summary)
}

/// Compares the sums that do not depend on memory budgets.
fn assert_same(memory: &Summary, stored: &Summary) {
    let ids = |skipped: &[Skipped]| {
        let place = |skipped: &Skipped| match skipped {
            Skipped::LightCurve { id, rows, .. } => (format!("{id}"), *rows),
            Skipped::RowGroup { place, rows, .. } => (place.clone(), *rows),
        };
        let mut all: Vec<_> = skipped.iter().map(place).collect();
        all.sort();
        all
    };
    let of = |summary: &Summary| {
        let Summary { plan, rows, light_curves, objects, ref too_few, left_out, ref skipped, ref warnings, .. } =
            *summary;
        ((plan, rows, light_curves, objects), too_few.clone(), left_out, ids(skipped), warnings.len())
    };
    assert_eq!(of(memory), of(stored), "{:?} {:?}", memory.warnings, stored.warnings);
}

/// Runs a plan. In a job, each process takes the next of `sources`, which may have other band codes.
pub(crate) fn run_by(
    outputs: Outputs,
    sources: &[&dyn Source],
    statistics: &[Statistic],
    config: &Config,
    plan: &Plan,
    sink: &mut dyn Sink,
) -> Result<Summary, Error> {
    if outputs == Outputs::InMemory {
        return run(sources[0], statistics, config, plan, sink, &Silent);
    }
    let (mut plan, mut warnings) = (plan.clone(), vec![]);
    loop {
        match run_job(sources, statistics, config, &plan, sink) {
            Ok(gathered) => {
                warnings.extend(gathered.warnings);
                return Ok(Summary::of(plan.kind, statistics, gathered.totals, gathered.skipped, warnings));
            }
            Err(error) => {
                let (instead, why) =
                    another_plan(plan.kind, plan.forced, tape_exec::can_fold(statistics, config), error)?;
                warnings.push(format!("the {} plan was dropped for {instead}: {why}", plan.kind));
                plan.kind = instead;
                sink.restart().map_err(Error::Sink)?;
            }
        }
    }
}

fn run_job(
    sources: &[&dyn Source],
    statistics: &[Statistic],
    config: &Config,
    plan: &Plan,
    sink: &mut dyn Sink,
) -> Result<Gathered, Error> {
    let (tasks, store) = run_tasks(sources, statistics, config, plan)?;
    let last = sources[sources.len() - 1];
    let work = Work { source: last, statistics, config, observer: &Silent };
    task::gather(work, &tasks, &store, sink)
}

/// Runs all tasks, each as in a process of its own.
pub(crate) fn run_tasks(
    sources: &[&dyn Source],
    statistics: &[Statistic],
    config: &Config,
    plan: &Plan,
) -> Result<(Tasks, Store), Error> {
    let work = Work { source: sources[0], statistics, config, observer: &Silent };
    let mut tasks = task::tasks(work, plan)?;
    if tasks.buckets > 0 && tasks.buckets < 8 {
        // So few rows have one bucket, but the result must not depend on the number of buckets.
        (tasks.buckets, tasks.reduces) = (8, 4);
    }
    let first = tasks.partitions.len();
    let mut store = Store::default();
    for (range, at_once) in [
        (0..first, if tasks.read_one_by_one() { 1 } else { config.worker_count() }),
        (first..first + tasks.reduces, config.worker_count()),
    ] {
        let memory = config.memory.map(|memory| memory / at_once as u64);
        let of_task = Config { workers: config.worker_count() / at_once, memory, ..config.clone() };
        let done = Mutex::new(vec![]);
        let run = |i: usize| {
            let number = range.start + i;
            let work = Work { source: sources[number % sources.len()], config: &of_task, ..work };
            let mut output = Output::default();
            let report = if number < first {
                task::read(work, &tasks, number, &tasks.partitions[number], &mut output)
            } else {
                task::reduce(work, &tasks, number, &store, &mut output)
            };
            report.map(|report| Output { report, ..output })
        };
        let keep = |_, output: Result<Result<Output, Error>, Error>| done.lock().expect("no panic").push(output);
        each(at_once, &config.threads, range.len(), || false, run, keep)?;
        for output in done.into_inner().expect("no panic") {
            store.0.push(output??);
        }
    }
    Ok((tasks, store))
}

/// Outputs of tasks, by number.
#[derive(Debug, Default)]
pub(crate) struct Store(pub(crate) Vec<Output>);

/// The output of a task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    pub(crate) blocks: Vec<Block>,
    pub(crate) report: TaskReport,
}

#[derive(Clone, Debug)]
pub(crate) enum Block {
    Rows(Rows),
    Results(Results),
}

impl TaskOutput for Output {
    fn rows(&mut self, parts: &[Part<'_>]) -> Result<(), SourceError> {
        let mut rows = parts.first().map_or(Rows::new(tape_core::IdType::Int64), |part| part.rows.new_like());
        parts.iter().for_each(|part| rows.extend_from(part.rows, part.start..part.end));
        self.blocks.push(Block::Rows(rows));
        Ok(())
    }

    fn results(&mut self, results: &Results) -> Result<(), SourceError> {
        let mut stored = results.new_like();
        stored.extend_from(results, 0..results.len());
        self.blocks.push(Block::Results(stored));
        Ok(())
    }
}

impl StoredOutputs for Store {
    fn report(&self, task: usize) -> TaskReport {
        self.0[task].report.clone()
    }

    fn rows_by_block(&self, task: usize) -> Result<Vec<u64>, SourceError> {
        let rows = |block: &Block| match block {
            Block::Rows(rows) => rows.len() as u64,
            Block::Results(results) => results.len() as u64,
        };
        Ok(self.0[task].blocks.iter().map(rows).collect())
    }

    fn rows(&self, task: usize, block: usize, rows: &mut Rows) -> Result<(), SourceError> {
        match &self.0[task].blocks[block] {
            Block::Rows(stored) => rows.extend_from(stored, 0..stored.len()),
            Block::Results(_) => return Err("results, where rows should be".into()),
        }
        Ok(())
    }

    fn results(&self, task: usize, block: usize, results: &mut Results) -> Result<(), SourceError> {
        match &self.0[task].blocks[block] {
            Block::Results(stored) => results.extend_from(stored, 0..stored.len()),
            Block::Rows(_) => return Err("rows, where results should be".into()),
        }
        Ok(())
    }
}

/// A sink that keeps all results.
pub(crate) struct Collected(pub(crate) Vec<Results>);

impl Sink for Collected {
    fn write(&mut self, results: Results) -> Result<(), SourceError> {
        self.0.push(results);
        Ok(())
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        self.0.clear();
        Ok(())
    }
}

/// Id, band, number of epochs, and the bits of the values.
pub(crate) type Line = (String, String, u64, Vec<String>);

/// Converts results to lines.
pub(crate) fn lines(source: &dyn Source, all: &[Results]) -> Vec<Line> {
    let labels = source.bands().labels();
    let line = |results: &Results, row: usize| {
        let value = |column: &Vec<Value>| match column[row] {
            Value::Float(value) => format!("{:x}", value.to_bits()),
            other => format!("{other:?}"),
        };
        let band = labels.get(usize::from(results.band[row])).cloned().unwrap_or_default();
        let id = results.ids.get(row).to_owned(source.id_type()).to_string();
        (id, band, results.n_obs[row], results.values.iter().map(value).collect())
    };
    all.iter().flat_map(|results| (0..results.len()).map(move |row| line(results, row))).collect()
}
