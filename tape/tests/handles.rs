//! Ensembles and batches as values: cloned, sent to threads, and iterated over.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::Int64Type;
use parquet::arrow::ArrowWriter;
use tape::core::{Cancellation, Event, ObjectId, Observer};
use tape::prelude::*;
use tape::simulate::Simulation;

/// Writes a file of flat rows: ids, times and fluxes; errors and bands are those of all.
fn write(path: &Path, ids: &[i64], time: &[f64], flux: &[f64]) {
    let n = ids.len();
    let columns: [(&str, ArrayRef); 5] = [
        ("id", Arc::new(Int64Array::from(ids.to_vec()))),
        ("mjd", Arc::new(Float64Array::from(time.to_vec()))),
        ("flux", Arc::new(Float64Array::from(flux.to_vec()))),
        ("error", Arc::new(Float64Array::from(vec![0.1; n]))),
        ("band", Arc::new(StringArray::from(vec!["g"; n]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let mut writer = ArrowWriter::try_new(vec![], batch.schema(), None).expect("starts");
    writer.write(&batch).expect("writes");
    fs::write(path, writer.into_inner().expect("ends")).expect("writes");
}

fn simulated(folder: &Path) -> Ensemble {
    let survey = folder.join("survey");
    Simulation { objects: 200, files: 4, ..Simulation::default() }.write(&survey).expect("it is written");
    Ensemble::open(survey).expect("it opens")
}

fn mean(ensemble: &Ensemble) -> RecordBatch {
    ensemble.batch_named(&["mean"]).expect("known").compute().expect("it runs")
}

#[test]
fn ten_thousand_files_are_cloned_in_no_time_and_the_original_stays_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder.path().join("0.parquet"), &[1, 1, 2], &[1.0, 2.0, 1.0], &[5.0, 7.0, 1.0]);
    for i in 1..10_000 {
        let copy = folder.path().join(format!("{i}.parquet"));
        fs::copy(folder.path().join("0.parquet"), copy).expect("it is copied");
    }
    let ensemble = Ensemble::open(folder.path()).expect("it opens");
    assert_eq!(ensemble.info().files.len(), 10_000);
    let fastest = (0..5).map(|_| {
        let start = Instant::now();
        let copy = ensemble.clone();
        let took = start.elapsed();
        drop(copy);
        took
    });
    let fastest = fastest.min().expect("five");
    assert!(fastest < Duration::from_millis(5), "{fastest:?}");
    // The cheapest selection copies nothing from files.
    let start = Instant::now();
    let sampled = ensemble.sample(0.5, 1).expect("a part");
    assert!(start.elapsed() < Duration::from_millis(50), "{:?}", start.elapsed());
    assert_eq!((ensemble.survey().selections().count(), sampled.survey().selections().count()), (0, 1));
}

#[test]
fn what_is_selected_of_a_clone_leaves_the_original_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let ensemble = simulated(folder.path());
    let before = mean(&ensemble);
    let changed = [
        ensemble.filter("flux > 100").expect("a condition"),
        ensemble.sample(0.3, 1).expect("a part"),
        ensemble.prune(60),
        ensemble
            .assign("twice", "2 * flux")
            .and_then(|e| e.with_column(tape::core::Role::Flux, "twice"))
            .expect("a column"),
        ensemble.filter("band = 'g'").expect("a condition"),
    ];
    for changed in &changed {
        assert_ne!(mean(changed), before);
    }
    assert_eq!(mean(&ensemble), before);
    // Bands that the original met are none of a selection without them.
    let wide = changed[4].batch_named(&["mean"]).expect("known").wide().compute().expect("it runs");
    assert_eq!(wide.num_columns(), 3, "{:?}", wide.schema());
    drop(ensemble);
    assert_ne!(mean(&changed[1]), before);
}

/// Stops a run after this many rows.
struct StopAfter {
    rows: AtomicU64,
    stop: Cancellation,
}

impl Observer for StopAfter {
    fn event(&self, event: Event) {
        if let Event::Done { rows, .. } = event {
            self.rows.fetch_add(rows, Ordering::Relaxed);
        }
    }

    fn cancellation(&self) -> Cancellation {
        self.stop.clone()
    }
}

#[test]
fn a_batch_outlives_its_ensemble_and_runs_on_another_thread() {
    struct Kept {
        batch: Batch,
    }
    let folder = tempfile::tempdir().expect("a folder");
    let expected = mean(&simulated(folder.path()));
    let ensemble = Ensemble::open(folder.path().join("survey")).expect("it opens");
    let kept = Kept { batch: ensemble.batch_named(&["mean"]).expect("known") };
    drop(ensemble);
    let observer = Arc::new(StopAfter { rows: AtomicU64::new(0), stop: Cancellation::when(|| true) });
    let stopped = {
        let (batch, observer) = (kept.batch.clone(), Arc::clone(&observer));
        std::thread::spawn(move || {
            let plan = batch.explain()?;
            batch.run(&plan, &*observer).map(|(table, _)| table)
        })
    };
    let stopped = stopped.join().expect("no panic");
    assert!(matches!(stopped, Err(Error::Exec(tape::exec::Error::Cancelled))), "{stopped:?}");
    let table = std::thread::spawn(move || kept.batch.compute()).join().expect("no panic");
    assert_eq!(table.expect("it runs"), expected);
}

#[test]
fn result_batches_are_the_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let ensemble = simulated(folder.path());
    for plan in [PlanChoice::Auto, PlanChoice::Shuffle] {
        let batch = ensemble.batch_named(&["mean", "eta"]).expect("known").plan(plan);
        let batches = batch.batches().expect("it is planned");
        let schema = Arc::clone(batches.schema().expect("long"));
        let all = batches.collect::<Result<Vec<_>, _>>().expect("it runs");
        assert_eq!(concat_batches(&schema, &all).expect("of one schema"), batch.compute().expect("it runs"));
    }
    let wide = ensemble.batch_named(&["mean"]).expect("known").wide();
    let all = wide.batches().expect("it is planned").collect::<Result<Vec<_>, _>>().expect("it runs");
    assert_eq!(all, [wide.compute().expect("it runs")]);
}

#[test]
fn light_curves_come_in_order_with_their_ids_and_all_epochs() {
    let folder = tempfile::tempdir().expect("a folder");
    let ensemble = simulated(folder.path());
    let ids = ensemble.batch_named(&["n_obs"]).or_else(|_| ensemble.batch_named(&["mean"])).expect("known").by(&["id"]);
    let table = ids.expect("a column").compute().expect("it runs");
    let expected: Vec<ObjectId> =
        table.column(0).as_primitive::<Int64Type>().values().iter().map(|id| ObjectId::Int(*id)).collect();
    let spill = folder.path().to_owned();
    // Less than all rows take, so that rows are spilled.
    let memory = 64 << 20;
    for plan in [PlanChoice::Auto, PlanChoice::Shuffle] {
        let all = ensemble.light_curves_with(|batch| batch.plan(plan).memory(memory, &spill)).expect("it is planned");
        let mut found = vec![];
        for light_curve in all {
            let (id, series) = light_curve.expect("it runs");
            if found.len() < 5 {
                let alone = ensemble.time_series(id.clone()).expect("it reads").expect("it is there");
                assert_eq!(series.table().expect("a table"), alone.table().expect("a table"), "{id}");
            }
            found.push(id);
        }
        assert_eq!(found, expected);
    }
}

#[test]
fn an_iterator_that_is_dropped_stops_its_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let ensemble = simulated(folder.path());
    let all = ensemble.info().rows;
    let observer = Arc::new(StopAfter { rows: AtomicU64::new(0), stop: Cancellation::never() });
    let watch: Arc<dyn Observer + Send + Sync> = observer.clone();
    let mut batches = ensemble.batch_named(&["mean"]).expect("known").workers(1).batches_with(watch).expect("planned");
    assert!(batches.next().expect("one").is_ok());
    drop(batches);
    let read = observer.rows.load(Ordering::Relaxed);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(observer.rows.load(Ordering::Relaxed), read, "it goes on");
    assert!(read <= all);
}

#[test]
fn an_error_of_a_run_comes_as_the_last_item() {
    let folder = tempfile::tempdir().expect("a folder");
    let ensemble = simulated(folder.path());
    let bad = Statistic::from_fn("bad", Inputs::FLUX, |_: &LightCurve<'_>| panic!("it cannot"));
    let last = ensemble.batch(&[bad]).batches().expect("planned").last().expect("an item");
    assert!(last.expect_err("it panics").to_string().contains("it cannot"));
}
