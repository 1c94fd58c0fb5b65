//! The library as a program outside its workspace uses it, without the command's features.

use std::error::Error as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tape::core::{Cancellation, Event, ObjectId, Observer};
use tape::prelude::*;
use tape::progress::Progress;
use tape::simulate::Simulation;

/// A survey in a folder of its own.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new(objects: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let survey = folder.path().join("survey");
        Simulation { objects, files: 3, ..Simulation::default() }.write(&survey).expect("it is written");
        Self { folder }
    }

    fn survey(&self) -> PathBuf {
        self.folder.path().join("survey")
    }

    fn ensemble(&self) -> Ensemble {
        Ensemble::open(self.survey()).expect("it opens")
    }
}

/// A program's own error.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
struct TooFaint(usize);

impl std::fmt::Display for TooFaint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} epochs are too faint", self.0)
    }
}

impl std::error::Error for TooFaint {}

/// Counts the rows of a run, and can stop it.
#[derive(Default)]
struct Watch {
    rows: AtomicU64,
    stop: Cancellation,
}

impl Observer for Watch {
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
fn a_path_and_a_url_open_the_same_survey() {
    let place = Place::new(30);
    let by_path = place.ensemble();
    let by_url = Ensemble::open(format!("file://{}", place.survey().display())).expect("it opens");
    let by_text = Ensemble::open(place.survey().to_str().expect("Unicode")).expect("it opens");
    assert_eq!(by_path.query(), by_url.query());
    assert_eq!(by_path.query(), by_text.query());
}

#[test]
fn a_clone_is_filtered_and_the_original_stays_as_it_was() {
    let place = Place::new(30);
    let ensemble = place.ensemble();
    let rows =
        |ensemble: &Ensemble| ensemble.batch_named(&["mean"]).expect("known").compute().expect("runs").num_rows();
    let (before, copy) = (rows(&ensemble), ensemble.clone());
    let filtered = copy.filter("band = 'g'").expect("a condition");
    assert!(rows(&filtered) < before);
    assert_eq!((rows(&copy), rows(&ensemble)), (before, before));
    let difference = ensemble.query().difference(&filtered.query());
    assert_eq!(difference.expect("it differs"), "with the condition none, not band = 'g'");
}

#[test]
fn a_batch_in_a_struct_runs_on_a_thread_and_is_stopped_from_another() {
    struct Service {
        batch: Batch,
        watch: Arc<Watch>,
    }
    let place = Place::new(100);
    let slow = Statistic::from_fn("slow", Inputs::FLUX, |light_curve: &LightCurve<'_>| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        light_curve.flux()[0]
    });
    let service = Service {
        batch: place.ensemble().batch(&[slow]),
        watch: Arc::new(Watch { stop: Cancellation::new(), ..Watch::default() }),
    };
    let stop = service.watch.stop.clone();
    let running = std::thread::spawn(move || {
        let plan = service.batch.explain()?;
        service.batch.run(&plan, &*service.watch).map(|(table, _)| table.num_rows())
    });
    std::thread::spawn(move || stop.cancel()).join().expect("no panic");
    assert!(running.join().expect("no panic").is_err(), "it was stopped");
}

#[test]
fn light_curves_and_result_batches_come_one_after_the_other() {
    let place = Place::new(4000);
    let ensemble = place.ensemble();
    let budget = ensemble.info().memory / 2;
    let with = |batch: Batch| batch.workers(1).plan(PlanChoice::Shuffle).memory(budget, place.folder.path());
    let batch = with(ensemble.batch_named(&["mean"]).expect("known"));
    let table = batch.compute().expect("it runs");
    let mut rows = 0;
    for part in batch.batches().expect("it is planned") {
        rows += part.expect("it runs").num_rows();
    }
    assert_eq!(rows, table.num_rows());
    let mut last: Option<ObjectId> = None;
    let (mut objects, mut light_curves) = (0, 0);
    for light_curve in ensemble.light_curves_with(with).expect("it is planned") {
        let (id, series) = light_curve.expect("it runs");
        assert!(last.as_ref().is_none_or(|last| *last < id), "in order");
        light_curves += series.light_curves().len();
        (objects, last) = (objects + 1, Some(id));
    }
    assert_eq!((objects, light_curves), (4000, table.num_rows()));
}

#[test]
fn an_error_of_a_statistic_comes_back_with_object_and_band() {
    let place = Place::new(20);
    let faint = Statistic::try_from_fn("faint", Inputs::FLUX, |light_curve: &LightCurve<'_>| {
        if light_curve.band() == "r" { Err(TooFaint(light_curve.len())) } else { Ok(1.0) }
    });
    let error = place.ensemble().batch(&[faint]).compute().expect_err("it fails");
    let Error::Exec(failed @ tape::exec::Error::Failed { id, band, .. }) = &error else { panic!("{error}") };
    assert_eq!(band, "r");
    let series = place.ensemble().time_series(id.clone()).expect("it reads").expect("it is there");
    let epochs = series.light_curves().iter().find(|light_curve| light_curve.band() == "r").map(|r| r.len());
    let own = failed.source().and_then(|source| source.downcast_ref::<TooFaint>());
    assert_eq!(own.copied(), epochs.map(TooFaint));
}

#[test]
fn a_pool_of_rayon_and_a_runtime_of_tokio_stand_beside_it() {
    let place = Place::new(60);
    let alone = place.ensemble().batch_named(&["stetson_j"]).expect("known").compute().expect("it runs");
    let pool = Arc::new(rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads"));
    let batch = place.ensemble().batch_named(&["stetson_j"]).expect("known").on(&Workers::shared(Arc::clone(&pool)));
    assert_eq!(pool.install(|| batch.compute()).expect("it runs"), alone);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let tables = runtime.block_on(async move {
        let both = [batch.clone(), batch].map(|batch| tokio::task::spawn_blocking(move || batch.compute()));
        let mut tables = vec![];
        for table in both {
            tables.push(table.await.expect("no panic").expect("it runs"));
        }
        tables
    });
    assert_eq!(tables, [alone.clone(), alone]);
}

#[test]
fn the_time_left_is_told_while_a_run_goes_on() {
    let place = Place::new(300);
    let slow = Statistic::from_fn("slow", Inputs::FLUX, |light_curve: &LightCurve<'_>| {
        std::thread::sleep(std::time::Duration::from_millis(1));
        light_curve.flux()[0]
    });
    let batch = place.ensemble().batch(&[slow]).workers(1);
    let progress = Arc::new(Progress::new(1));
    let running = {
        let progress = Arc::clone(&progress);
        std::thread::spawn(move || batch.run(&batch.plan_with(&*progress)?, &*progress).map(drop))
    };
    let mut told = vec![];
    while !running.is_finished() {
        told.extend(progress.moment().seconds_left);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running.join().expect("no panic").expect("it runs");
    assert!(told.iter().any(|left| *left > 0.0), "{told:?}");
    assert!(progress.moment().share > 0.99, "{:?}", progress.moment());
}
