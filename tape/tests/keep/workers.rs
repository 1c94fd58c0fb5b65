//! Results do not depend on the workers.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::thread;

use tape::arrow::array::RecordBatch;
use tape::core::{Inputs, LightCurve, Statistic};
use tape::exec::{Partitioning, PlanChoice};
use tape::simulate::SurveyLayout as Layout;
use tape::{Ensemble, Workers, rayon};

use crate::Place;

const PLANS: [PlanChoice; 4] = [PlanChoice::Auto, PlanChoice::Stitch, PlanChoice::Shuffle, PlanChoice::Fold];

fn pool(threads: usize) -> Arc<rayon::ThreadPool> {
    Arc::new(rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads"))
}

fn all() -> Vec<Workers> {
    let local = |workers, threads| Workers::local(workers, threads).expect("threads");
    let small = local(2, 1).memory(64 << 20, std::env::temp_dir());
    let shared = [1, 3].map(|threads| Workers::shared(pool(threads)));
    [vec![Workers::serial(), local(1, 1), local(2, 3), local(5, 1), local(0, 0), small], shared.into()].concat()
}

fn run(ensemble: &Ensemble, plan: PlanChoice, workers: &Workers) -> RecordBatch {
    let batch = ensemble.batch_named(&["mean", "reduced_chi2"]).expect("known").plan(plan);
    batch.partitioning(Partitioning::Count(13)).on(workers).compute().expect("it runs")
}

#[test]
fn any_workers_give_the_same_results() {
    for layout in [Layout::SortedSplit, Layout::Shuffled] {
        let place = Place::new(60, layout);
        let ensemble = place.ensemble();
        let other = ensemble.batch_named(&["mean", "reduced_chi2"]).expect("known").bands(["g"]);
        assert_ne!(run(&ensemble, PLANS[0], &Workers::serial()), other.compute().expect("it runs"), "they can differ");
        let plans = PLANS.into_iter().filter(|plan| layout != Layout::Shuffled || *plan != PlanChoice::Stitch);
        for plan in plans {
            let batch = ensemble.batch_named(&["mean", "reduced_chi2"]).expect("known").plan(plan);
            let wanted = batch.partitioning(Partitioning::Count(13)).workers(2).compute().expect("it runs");
            for workers in all() {
                assert_eq!(run(&ensemble, plan, &workers), wanted, "{plan:?}, {workers:?}");
            }
        }
    }
}

#[test]
fn ensembles_share_workers_at_the_same_time_and_from_inside() {
    let places = [Place::new(50, Layout::SortedSplit), Place::new(70, Layout::Shuffled)];
    let ensembles = places.each_ref().map(Place::ensemble);
    let wanted = ensembles.each_ref().map(|ensemble| run(ensemble, PlanChoice::Auto, &Workers::serial()));
    for threads in [1, 2] {
        let own = pool(threads);
        for workers in [Workers::local(threads, 1).expect("threads"), Workers::shared(Arc::clone(&own))] {
            thread::scope(|scope| {
                for _ in 0..2 {
                    for (ensemble, wanted) in ensembles.iter().zip(&wanted) {
                        scope.spawn(|| {
                            for _ in 0..3 {
                                assert_eq!(run(ensemble, PlanChoice::Auto, &workers), *wanted);
                            }
                        });
                    }
                }
            });
        }
        // From a thread of the pool itself, side by side, and out of a statistic of another run.
        let workers = Workers::shared(Arc::clone(&own));
        let both = own.join(
            || run(&ensembles[0], PlanChoice::Auto, &workers),
            || run(&ensembles[1], PlanChoice::Shuffle, &workers),
        );
        assert_eq!(both.0, wanted[0]);
        assert_eq!(both.1.num_rows(), wanted[1].num_rows());
        let (inner, rows) = (Arc::new(places[0].ensemble()), wanted[0].num_rows());
        let nested = Statistic::from_fn("rows", Inputs::FLUX, {
            let (inner, workers) = (Arc::clone(&inner), workers.clone());
            move |_: &LightCurve<'_>| run(&inner, PlanChoice::Auto, &workers).num_rows() as f64
        });
        let few = places[1].ensemble().filter("band = 'g' AND id % 10 = 3").expect("a condition");
        let table = few.batch(&[nested]).on(&workers).compute().expect("it runs");
        let column = tape::arrow::array::AsArray::as_primitive::<tape::arrow::datatypes::Float64Type>(table.column(3));
        assert!(column.len() > 3 && column.values().iter().all(|&n| n == rows as f64), "{column:?}");
    }
}

#[test]
fn threads_are_made_once_and_none_for_serial_workers() {
    let place = Place::new(50, Layout::SortedSplit);
    let seen = Arc::new(Mutex::new(HashSet::new()));
    let note = Arc::clone(&seen);
    let statistic = Statistic::from_fn("thread", Inputs::FLUX, move |_: &LightCurve<'_>| {
        note.lock().expect("no panic").insert(thread::current().id());
        0.0
    });
    let threads = |workers: &Workers| {
        seen.lock().expect("no panic").clear();
        for _ in 0..6 {
            let ensemble = place.ensemble();
            let batch = ensemble.batch(std::slice::from_ref(&statistic)).partitioning(Partitioning::Count(40));
            batch.on(workers).compute().expect("it runs");
        }
        seen.lock().expect("no panic").clone()
    };
    assert_eq!(threads(&Workers::serial()), HashSet::from([thread::current().id()]));
    let local = threads(&Workers::local(2, 1).expect("threads"));
    // The caller takes part where no thread of the pool is free yet.
    assert!(local.iter().filter(|&&id| id != thread::current().id()).count() <= 2, "{local:?}");
}

#[test]
fn client_info_says_what_there_is() {
    let info = Workers::serial().client_info();
    assert_eq!((info.workers, info.threads, info.memory, &info.device), (1, 1, None, &None));
    assert!(info.to_string().starts_with("workers    1 worker, 1 thread\n"), "{info}");
    let info = Workers::local(2, 3).expect("threads").memory(96 << 20, "/tmp").client_info();
    assert_eq!((info.workers, info.threads, info.memory), (2, 6, Some(96 << 20)));
    let shown = info.to_string();
    assert!(["2 workers, 6 threads", "96 MiB per run", "/tmp", "device     none"].iter().all(|s| shown.contains(s)));
    assert_eq!(Workers::shared(pool(3)).client_info().threads, 3);
}
