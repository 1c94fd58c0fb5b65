//! A run cut into tasks, each run on its own and with band codes of its own, gives the sink what the plan gives it, to the
//! bit; and outputs that are not what tasks leave are refused.

use std::ops::Range;

use proptest::prelude::*;
use tape_core::{
    Bands, Fold, IdRef, IdType, Info, Inputs, LeftOut, LightCurve, ManyRows, MemorySource, NO_BAND, Object, Partition,
    Results, Rows, Silent, Sink, Source, SourceError, Statistic, Value, WholeObject,
};
use tape_exec::task::{Gathered, Labels, PartitionOutput, Work};
use tape_exec::{Config, Counts, Error, Partitioning, Plan, PlanChoice, PlanKind, each, plan, run, task};

/// One row: id, band, flux.
type Row = (i64, Option<u8>, f64);

const LABELS: [&str; 3] = ["z", "g", "r"];

/// A survey whose labels were met in the order of `met`: the codes of another process.
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

/// Id, band, n and the bits of the values.
type Line = (i64, String, u64, Vec<String>);

#[derive(Default)]
struct Table {
    lines: Vec<Line>,
    labels: Vec<String>,
}

impl Sink for Table {
    fn write(&mut self, results: Results) -> Result<(), SourceError> {
        for row in 0..results.len() {
            let IdRef::Int(id) = results.ids.get(row) else { panic!("ids are integers") };
            let value = |column: &Vec<Value>| match column[row] {
                Value::Float(value) => format!("{:x}", value.to_bits()),
                other => format!("{other:?}"),
            };
            let band = self.labels.get(usize::from(results.band[row])).cloned().unwrap_or_default();
            self.lines.push((id, band, results.n_obs[row], results.values.iter().map(value).collect()));
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        self.lines.clear();
        Ok(())
    }
}

/// A fold whose sums depend on the order in which they are taken.
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

/// The fluxes above five hundred: no row for some light curves, many for others.
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

/// The ratio of two bands' sums.
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

/// Whether its results come in blocks of the second round.
fn choice_has_blocks(kind: PlanKind) -> bool {
    matches!(kind, PlanKind::Merge | PlanKind::Shuffle | PlanKind::Fold)
}

/// One kind of plan, and what its tasks leave.
struct Outputs {
    partitions: Vec<PartitionOutput>,
    reduced: Vec<task::Reduced>,
    rows: u64,
    left_out: LeftOut,
}

/// What tasks of the first round left: labels, and the rows or the states of each bucket.
#[derive(Default)]
struct Left {
    scattered: Vec<(Vec<String>, Vec<Rows>)>,
    lifted: Vec<(Vec<String>, Vec<Results>)>,
}

/// Runs every task in a process of its own: a source whose band codes are others each time.
fn run_tasks(rows: &[Row], cuts: &[usize], statistics: &[Statistic], config: &Config, plan: &Plan) -> Outputs {
    let orders = [[0, 1, 2], [2, 0, 1], [1, 2, 0]];
    let survey = |process: usize| source(rows, cuts, orders[process % 3]);
    let first = survey(0);
    let work = Work { source: &first, statistics, config, observer: &Silent };
    let mut tasks = task::tasks(work, plan).expect("no budget");
    if tasks.buckets > 0 {
        // So few rows have one bucket; in how many they lie must not matter.
        (tasks.buckets, tasks.reduces) = (8, 4);
    }
    let mut out = Outputs { partitions: vec![], reduced: vec![], rows: 0, left_out: LeftOut::default() };
    let mut left = Left::default();
    for (i, partition) in tasks.partitions.iter().enumerate() {
        let source = survey(i);
        let work = Work { source: &source, statistics, config, observer: &Silent };
        let (rows, left_out) = run_first(work, plan.kind, partition, tasks.buckets, &mut left, &mut out.partitions);
        out.rows += rows;
        out.left_out += left_out;
    }
    for reduce in 0..tasks.reduces {
        let source = survey(reduce + 1);
        let work = Work { source: &source, statistics, config, observer: &Silent };
        let reduced = run_second(work, plan.kind, tasks.buckets_of(reduce), &left);
        out.left_out += reduced.left_out;
        out.reduced.push(reduced);
    }
    out
}

fn run_first(
    work: Work<'_>,
    kind: PlanKind,
    partition: &Partition,
    buckets: usize,
    left: &mut Left,
    partitions: &mut Vec<PartitionOutput>,
) -> (u64, LeftOut) {
    match kind {
        PlanKind::Map | PlanKind::MapUnchecked | PlanKind::Stitch => {
            let output = task::run_partition(work, kind, partition).expect("runs");
            partitions.push(output.clone());
            (output.rows, output.left_out)
        }
        PlanKind::Shuffle | PlanKind::Merge => {
            let output = task::scatter(work, partition, buckets).expect("runs");
            let bucket = |bucket| {
                let mut rows = Rows::new(IdType::Int64);
                output.parts(bucket).iter().for_each(|part| rows.extend_from(part.rows, part.start..part.end));
                rows
            };
            left.scattered.push((output.labels.clone(), (0..buckets).map(bucket).collect()));
            (output.rows, output.left_out)
        }
        PlanKind::Fold => {
            let output = task::lift(work, partition, buckets).expect("runs");
            left.lifted.push((output.labels, output.states));
            (output.rows, output.left_out)
        }
    }
}

fn run_second(work: Work<'_>, kind: PlanKind, buckets: Range<usize>, left: &Left) -> task::Reduced {
    let known = |labels: &[String]| Labels::known_to(work.source.bands(), labels).expect("three");
    let reduced = if kind != PlanKind::Fold {
        task::reduce(work, buckets, |bucket, to| {
            for (labels, rows) in &left.scattered {
                let from = to.len();
                to.extend_from(&rows[bucket], 0..rows[bucket].len());
                known(labels).of_rows(to, from);
            }
            Ok(())
        })
    } else {
        task::combine(work, buckets, left.lifted.len(), |bucket, input| {
            let (labels, states) = &left.lifted[input];
            let mut states = states[bucket].clone();
            known(labels).of_results(&mut states);
            Ok(states)
        })
    };
    reduced.expect("runs")
}

/// Puts outputs together.
fn gather(outputs: Outputs, statistics: &[Statistic], kind: PlanKind) -> Result<(Vec<Line>, Gathered), Error> {
    let source = source(&[], &[], [1, 0, 2]);
    let config = Config::default();
    let work = Work { source: &source, statistics, config: &config, observer: &Silent };
    let mut table = Table { labels: source.bands().labels(), ..Table::default() };
    let gathered = if outputs.reduced.is_empty() {
        let known = outputs.partitions.into_iter().map(|output| output.known_to(&source));
        task::link(work, kind, known, &mut table)?
    } else {
        let stream = |mut reduced: task::Reduced| {
            Labels::known_to(source.bands(), &reduced.labels).expect("three").of_results(&mut reduced.results);
            // Blocks of one row, so that objects go on in the next.
            let rows = reduced.results.len();
            (0..rows).map(move |row| {
                let mut block = reduced.results.new_like();
                block.extend_from(&reduced.results, row..row + 1);
                Ok(block)
            })
        };
        task::merge(work, outputs.reduced.into_iter().map(stream).collect(), &mut table)?
    };
    Ok((table.lines, gathered))
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
    fn tasks_give_what_the_plan_gives(rows in rows(), at_once in 1u64..60, n in 1u64..9) {
        let mut rows = rows;
        for sorted in [false, true] {
            if sorted {
                rows.sort_by_key(|row| row.0);
            }
            let plans = [
                PlanChoice::Map,
                PlanChoice::Stitch,
                PlanChoice::MapUnchecked,
                PlanChoice::Merge,
                PlanChoice::Shuffle,
                PlanChoice::Fold,
            ];
            let sets = [vec![sum(), whole()], vec![bright()], vec![ratio()], vec![ratio(), whole()]];
            for (choice, statistics) in plans.into_iter().flat_map(|choice| sets.iter().map(move |set| (choice, set.clone()))) {
                let statistics = if choice == PlanChoice::Fold { vec![sum()] } else { statistics };
                // Fold takes its rounds from it; a shuffle would want somewhere to put rows away.
                let at_once = if choice == PlanChoice::Fold { at_once } else { 0 };
                let config = config(choice, n, at_once);
                let survey = source(&rows, &[rows.len() / 3], [0, 1, 2]);
                let Ok(plan) = plan(&survey, &statistics, &config, &Silent) else { continue };
                let mut table = Table { labels: survey.bands().labels(), ..Table::default() };
                let summary = run(&survey, &statistics, &config, &plan, &mut table, &Silent)
                    .map_err(|error| TestCaseError::fail(error.to_string()))?;
                let outputs = run_tasks(&rows, &[rows.len() / 3], &statistics, &config, &plan);
                prop_assert_eq!(outputs.rows, rows.len() as u64);
                let without_rows: u64 = outputs.reduced.iter().map(|reduced| reduced.results.without_rows).sum();
                let left_out = outputs.left_out;
                let (lines, gathered) = gather(outputs, &statistics, plan.kind)
                    .map_err(|error| TestCaseError::fail(error.to_string()))?;
                prop_assert_eq!(&lines, &table.lines, "{:?}", choice);
                let mut all_left_out = left_out;
                all_left_out += gathered.left_out;
                prop_assert_eq!(all_left_out, summary.left_out);
                let Counts { light_curves, objects, epochs, .. } = gathered.counts;
                let many_rows = statistics[0].has_many_rows();
                // Of light curves without a row, which the blocks above do not tell, the receipts of tasks do.
                let told = light_curves + if choice_has_blocks(plan.kind) { without_rows } else { 0 };
                prop_assert_eq!((told, objects), (summary.light_curves, summary.objects), "{:?}", choice);
                if !many_rows {
                    prop_assert_eq!(epochs + all_left_out.total(), rows.len() as u64, "no epoch is lost");
                }
            }
        }
    }
}

/// Ids 0, 1, …, each with `epochs` epochs in two bands.
fn regular(objects: i64, epochs: usize) -> Vec<Row> {
    let row = |id: i64, i: usize| (id, Some(u8::from(i % 2 == 1)), (id * 7 + i as i64 + 1) as f64);
    (0..objects).flat_map(|id| (0..epochs).map(move |i| row(id, i))).collect()
}

/// The outputs of a plan over ten objects of eight epochs, after something was done to them.
fn damaged(choice: PlanChoice, damage: impl FnOnce(&mut Outputs)) -> Result<(Vec<Line>, Gathered), Error> {
    let rows = regular(10, 8);
    let statistics = [sum()];
    let config = config(choice, 5, 0);
    let survey = source(&rows, &[], [0, 1, 2]);
    let plan = plan(&survey, &statistics, &config, &Silent).expect("plans");
    let mut outputs = run_tasks(&rows, &[], &statistics, &config, &plan);
    damage(&mut outputs);
    gather(outputs, &statistics, plan.kind)
}

#[test]
fn outputs_that_no_task_leaves_are_refused() {
    let wrong = |choice, damage: fn(&mut Outputs)| match damaged(choice, damage).map(|(lines, _)| lines.len()) {
        Err(Error::WrongOutput { task, reason }) => (task, reason),
        other => panic!("{other:?}"),
    };
    assert_eq!(damaged(PlanChoice::Stitch, |_| ()).expect("nothing is wrong").0.len(), 20);
    // A result again; a result of another partition's object; no edges.
    let again = |results: &mut Results| {
        let all = results.clone();
        results.extend_from(&all, 0..1);
    };
    assert!(wrong(PlanChoice::Map, |o| o.partitions[2].results.band[1] = o.partitions[2].results.band[0]).0 == 2);
    assert!(
        wrong(PlanChoice::Map, |o| o.partitions[1].results = o.partitions[3].results.clone())
            .1
            .contains("objects 6 to 7")
    );
    assert!(wrong(PlanChoice::Stitch, |o| o.partitions[4].edges[1] = None).1.contains("hold back"));
    assert!(wrong(PlanChoice::Stitch, |o| o.partitions[4].ids = None).1.contains("no ids"));
    let mut outputs =
        damaged(PlanChoice::Shuffle, |o| again(&mut o.reduced[0].results)).expect_err("again").to_string();
    assert!(outputs.contains("object 0 is out of order"), "{outputs}");
    outputs = damaged(PlanChoice::Shuffle, |o| o.reduced.push(o.reduced[0].clone())).expect_err("twice").to_string();
    assert!(
        outputs.contains("task 4 of its round is wrong: object 0 has results here and in the output of task 0"),
        "{outputs}"
    );
}

#[test]
fn partitions_that_are_not_in_order_are_named() {
    let swapped = damaged(PlanChoice::Stitch, |o| o.partitions.swap(1, 2)).expect_err("out of order");
    assert!(matches!(swapped, Error::OutOfOrder { before: 1, after: 2, cut: false, .. }), "{swapped}");
    assert!(swapped.to_string().contains("Use the shuffle plan"), "{swapped}");
    let twice = damaged(PlanChoice::Map, |o| o.partitions[3] = o.partitions[2].clone()).expect_err("twice");
    assert!(matches!(twice, Error::OutOfOrder { before: 2, after: 3, .. }), "{twice}");
}

#[test]
fn a_lost_partition_shows_in_the_epochs() {
    // What compares tables must see it, and so must who adds up epochs.
    let (lines, gathered) = damaged(PlanChoice::Map, |o| drop(o.partitions.remove(2))).expect("nothing contradicts it");
    assert_eq!((lines.len(), gathered.counts.epochs), (16, 64));
}

#[test]
fn a_fold_that_panics_names_its_object() {
    let mut rows = regular(10, 4);
    rows[30].2 = 9999.0;
    let survey = source(&rows, &[], [0, 1, 2]);
    let (statistics, config) = ([sum()], config(PlanChoice::Fold, 2, 0));
    let plan = plan(&survey, &statistics, &config, &Silent).expect("plans");
    let work = Work { source: &survey, statistics: &statistics, config: &config, observer: &Silent };
    let tasks = task::tasks(work, &plan).expect("no budget");
    let results = std::sync::Mutex::new(vec![]);
    let lift = |i: usize| task::lift(work, &tasks.partitions[i], tasks.buckets).map(|_| ());
    each(
        2,
        tasks.partitions.len(),
        || false,
        lift,
        |_, result| results.lock().expect("no panic").push(result.expect("caught")),
    )
    .expect("threads");
    let results = results.into_inner().expect("no panic");
    let failed = results.iter().filter_map(|result| result.as_ref().err()).map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(failed, ["the statistic 'sum' panicked on object 7 in band z: too bright"]);
}
