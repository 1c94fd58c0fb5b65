//! A run that is divided into tasks, each in a process with its own band codes, must give the sink the same bits as the
//! plan in one process. Outputs that no task writes must be rejected.

#[expect(dead_code, reason = "each test file uses a part of it")]
mod engines;

use proptest::prelude::*;
use tape_core::{
    Bands, Fold, IdRef, IdType, Info, Inputs, LightCurve, ManyRows, MemorySource, NO_BAND, Object, Rows, Silent,
    Source, Statistic, Value, WholeObject,
};
use tape_exec::task::{self, Gathered, Tasks, Work};
use tape_exec::{Config, Error, Partitioning, PlanChoice, plan};

use engines::{Block, Collected, Line, Outputs, Store, lines, run_by, run_tasks};

/// A row: id, band, flux.
type Row = (i64, Option<u8>, f64);

const LABELS: [&str; 3] = ["z", "g", "r"];

/// A survey that met the labels in the order `met`, which gives it the band codes of another process.
fn source(rows: &[Row], cuts: &[usize], met: [usize; 3]) -> MemorySource {
    let bands = Bands::default();
    for label in met {
        bands.code(LABELS[label]).expect("three");
    }
    let mut columns = Rows::new(IdType::Int64);
    for (time, &(id, band, flux)) in rows.iter().enumerate() {
        columns.ids.push(IdRef::Int(id)).expect("an integer");
        columns.band.push(band.map_or(NO_BAND, |band| bands.find(LABELS[usize::from(band)]).expect("met")));
        columns.time.push((time * 7919 % 97) as f64);
        columns.flux.push(flux);
        columns.error.push(1.0);
    }
    MemorySource::new(IdType::Int64, columns, bands, cuts)
}

/// A fold whose sums depend on the order of summation.
struct Sum(Info);

impl Fold for Sum {
    fn info(&self) -> &Info {
        &self.0
    }

    fn state_len(&self) -> usize {
        1
    }

    fn lift(&self, epochs: &LightCurve<'_>, state: &mut [f64]) {
        assert!(epochs.flux().iter().all(|&flux| flux < 5000.0), "too bright");
        state[0] = epochs.flux().iter().sum();
    }

    fn combine(&self, state: &mut [f64], other: &[f64]) {
        state[0] += other[0];
    }

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        out[0] = Value::Float(state[0]);
    }
}

fn sum() -> Statistic {
    Statistic::fold(Sum(Info::new("sum", Inputs::FLUX)))
}

fn whole() -> Statistic {
    Statistic::from_fn("steps", Inputs::TIME_FLUX, |light_curve| {
        light_curve.flux().windows(2).map(|pair| pair[1] / pair[0]).sum::<f64>()
    })
}

/// The fluxes above 500. Some light curves have none, others have many.
struct Bright(Info);

impl ManyRows for Bright {
    fn info(&self) -> &Info {
        &self.0
    }

    fn rows(&self, light_curve: &LightCurve<'_>, out: &mut Vec<Value>) {
        out.extend(light_curve.sorted_flux().iter().filter(|flux| **flux > 500.0).map(|flux| Value::Float(*flux)));
    }
}

fn bright() -> Statistic {
    Statistic::rows(Bright(Info::new("bright", Inputs::FLUX)))
}

/// The ratio of the sums of two bands.
struct Ratio(Info);

impl WholeObject for Ratio {
    fn info(&self) -> &Info {
        &self.0
    }

    fn evaluate(&self, object: &Object<'_>, out: &mut [Value]) {
        let sum = |band| object.band(band).map_or(f64::NAN, |light_curve| light_curve.flux().iter().sum::<f64>());
        out[0] = (sum("g") / sum("r")).into();
    }
}

fn ratio() -> Statistic {
    let bands = vec!["g".to_owned(), "r".to_owned()];
    Statistic::object(Ratio(Info { bands, ..Info::new("ratio", Inputs::FLUX) }))
}

fn config(plan: PlanChoice, partitions: u64, rows_at_once: u64) -> Config {
    Config { plan, partitioning: Partitioning::Count(partitions), workers: 2, rows_at_once, ..Config::default() }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let band = prop_oneof![20 => (0u8..3).prop_map(Some), 1 => Just(None)];
    let flux = prop_oneof![20 => 1.0..1000.0f64, 1 => Just(f64::NAN)];
    prop::collection::vec((0i64..12, band, flux), 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tasks_give_the_same_results_as_the_plan(rows in rows(), at_once in 1u64..60, n in 1u64..9) {
        let mut rows = rows;
        for sorted in [false, true] {
            if sorted {
                rows.sort_by_key(|row| row.0);
            }
            let sets = [vec![sum()], vec![sum(), whole()], vec![bright()], vec![ratio()], vec![ratio(), whole()]];
            for (choice, statistics) in PlanChoice::ALL.into_iter().flat_map(|choice| sets.iter().map(move |set| (choice, set))) {
                // The number of rows at once defines the rounds of a fold. With a limit, a shuffle would need storage
                // to spill to.
                let at_once = if choice == PlanChoice::Fold { at_once } else { 0 };
                let config = config(choice, n, at_once);
                let processes = [[0, 1, 2], [2, 0, 1], [1, 2, 0]].map(|met| source(&rows, &[rows.len() / 3], met));
                let processes = processes.each_ref().map(|source| source as &dyn Source);
                let Ok(plan) = plan(processes[0], statistics, &config, &Silent) else { continue };
                let [memory, stored] = [Outputs::InMemory, Outputs::Stored].map(|outputs| {
                    let mut table = Collected(vec![]);
                    let summary = run_by(outputs, &processes, statistics, &config, &plan, &mut table).expect("runs");
                    // The last process combines the results of the tasks.
                    let codes = if outputs == Outputs::Stored { processes[2] } else { processes[0] };
                    (lines(codes, &table.0), summary)
                });
                prop_assert_eq!(memory.0, stored.0, "{:?}", choice);
                prop_assert_eq!(&memory.1, &stored.1, "{:?}", choice);
                prop_assert_eq!(stored.1.rows, rows.len() as u64);
            }
        }
    }
}

/// Ids 0, 1, …, each with `epochs` epochs in two bands.
fn regular(objects: i64, epochs: usize) -> Vec<Row> {
    let row = |id: i64, i: usize| (id, Some(u8::from(i % 2 == 1)), (id * 7 + i as i64 + 1) as f64);
    (0..objects).flat_map(|id| (0..epochs).map(move |i| row(id, i))).collect()
}

/// Gathers the outputs of a plan over ten objects of eight epochs, after `damage` was done to them.
fn damaged(choice: PlanChoice, damage: impl FnOnce(&mut Tasks, &mut Store)) -> Result<(Vec<Line>, Gathered), Error> {
    let rows = regular(10, 8);
    let (statistics, config) = ([sum()], config(choice, 5, 0));
    let survey = source(&rows, &[], [0, 1, 2]);
    let plan = plan(&survey, &statistics, &config, &Silent).expect("plans");
    let (mut tasks, mut outputs) = run_tasks(&[&survey], &statistics, &config, &plan).expect("runs");
    damage(&mut tasks, &mut outputs);
    let work = Work { source: &survey, statistics: &statistics, config: &config, observer: &Silent };
    let mut table = Collected(vec![]);
    let gathered = task::gather(work, &tasks, &outputs, &mut table)?;
    Ok((lines(&survey, &table.0), gathered))
}

/// Returns the results in the first block of results of a task.
fn results(outputs: &mut Store, task: usize) -> &mut tape_core::Results {
    let results = |block| match block {
        &mut Block::Results(ref mut results) => Some(results),
        Block::Rows(_) => None,
    };
    outputs.0[task].blocks.iter_mut().find_map(results).expect("it has results")
}

#[test]
fn invalid_outputs_are_rejected() {
    let wrong = |choice, damage: fn(&mut Store)| match damaged(choice, |_, outputs| damage(outputs)) {
        Err(Error::WrongOutput { task, reason }) => (task, reason),
        other => panic!("{other:?}"),
    };
    assert_eq!(damaged(PlanChoice::Stitch, |_, _| ()).expect("nothing is wrong").0.len(), 20);
    let (task, reason) = wrong(PlanChoice::Map, |o| results(o, 2).band[1] = results(o, 2).band[0]);
    assert!(task == 2 && reason.contains("two results in one band"), "{reason}");
    let others = |o: &mut Store| o.0[1].blocks = o.0[3].blocks.clone();
    assert!(wrong(PlanChoice::Map, others).1.contains("objects 6 to 7"));
    let no_edge = |o: &mut Store| {
        let Block::Rows(edge) = &mut o.0[4].blocks[1] else { panic!("the rows at its edge") };
        edge.clear();
    };
    assert!(wrong(PlanChoice::Stitch, no_edge).1.contains("hold back"));
    assert!(wrong(PlanChoice::Stitch, |o| o.0[4].report.ids = None).1.contains("no ids"));
    assert!(wrong(PlanChoice::Stitch, |o| o.0[4].report.rows_out += 1).1.contains("its receipt says"));
    // A repeated result, a task that is there twice, and results that are not counted.
    let again = |o: &mut Store| {
        let first = o.0.iter().position(|output| output.report.rows_out > 0).expect("some has");
        let all = results(o, first).clone();
        results(o, first).extend_from(&all, 0..1);
        o.0[first].report.rows_out += 1;
    };
    let reason = wrong(PlanChoice::Shuffle, again).1;
    assert!(reason.contains("is out of order"), "{reason}");
    let twice = |o: &mut Store| {
        let some = (0..o.0.len()).filter(|&task| o.0[task].report.rows_out > 0).collect::<Vec<_>>();
        o.0[some[1]] = o.0[some[0]].clone();
    };
    let reason = wrong(PlanChoice::Shuffle, twice).1;
    assert!(reason.contains("has results here and in the output of task"), "{reason}");
}

#[test]
fn partitions_out_of_order_are_named() {
    let swapped = damaged(PlanChoice::Stitch, |_, o| o.0.swap(1, 2)).expect_err("out of order");
    assert!(matches!(swapped, Error::OutOfOrder { cut: false, .. }), "{swapped}");
    let message = swapped.to_string();
    let named = "partition 1 in row group 0 in memory and partition 2 in row group 0 in memory are not in order of id";
    assert!(message.starts_with(named) && message.contains("Use the shuffle plan"), "{message}");
    let twice = damaged(PlanChoice::Map, |_, o| o.0[3] = o.0[2].clone()).expect_err("twice");
    assert!(matches!(&twice, Error::OutOfOrder { before, .. } if before.starts_with("partition 2")), "{twice}");
}

#[test]
fn a_lost_partition_changes_the_number_of_epochs() {
    // Comparisons of tables must detect it, and so must checks of the number of epochs.
    let lose = |tasks: &mut Tasks, outputs: &mut Store| {
        tasks.partitions.remove(2);
        outputs.0.remove(2);
    };
    let (lines, gathered) = damaged(PlanChoice::Map, lose).expect("nothing contradicts it");
    assert_eq!((lines.len(), gathered.totals.counts.epochs), (16, 64));
}

#[test]
fn a_fold_that_panics_names_its_object() {
    let mut rows = regular(10, 4);
    rows[30].2 = 9999.0;
    let survey = source(&rows, &[], [0, 1, 2]);
    let (statistics, config) = ([sum()], config(PlanChoice::Fold, 2, 0));
    let plan = plan(&survey, &statistics, &config, &Silent).expect("plans");
    let error = run_tasks(&[&survey], &statistics, &config, &plan).expect_err("it panics");
    assert_eq!(error.to_string(), "the statistic 'sum' panicked on object 7 in band z: too bright");
}

#[test]
fn a_task_writes_the_same_bytes_in_any_process() {
    let rows = regular(10, 8);
    for choice in [PlanChoice::Stitch, PlanChoice::Shuffle, PlanChoice::Fold] {
        let outputs = [[0, 1, 2], [2, 1, 0]].map(|met| {
            let survey = source(&rows, &[], met);
            let (statistics, config) = ([sum()], config(choice, 5, 0));
            let plan = plan(&survey, &statistics, &config, &Silent).expect("plans");
            let (_, outputs) = run_tasks(&[&survey], &statistics, &config, &plan).expect("runs");
            format!("{:?}", outputs.0)
        });
        assert_eq!(outputs[0], outputs[1], "{choice:?}");
    }
}
