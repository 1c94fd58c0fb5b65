//! A job with a custom statistic: only the task with a panic fails, and the others are kept.

use std::sync::atomic::{AtomicBool, Ordering};

use tape::core::{Inputs, Silent, Statistic};
use tape::exec::{Partitioning, PlanChoice};
use tape::job::Job;
use tape::simulate::Simulation;
use tape::{Ensemble, Error};

static PANICS: AtomicBool = AtomicBool::new(true);

/// The number of epochs, unless it panics at the brightest flux of all.
fn fussy(brightest: f64) -> Statistic {
    Statistic::from_fn("fussy", Inputs::FLUX, move |light_curve| {
        let meets = light_curve.flux().contains(&brightest);
        assert!(!(meets && PANICS.load(Ordering::Relaxed)), "too bright");
        light_curve.len() as f64
    })
}

#[test]
fn a_panic_fails_its_task_alone_and_the_job_goes_on_once_it_is_mended() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let survey = path("survey");
    let simulation = Simulation { objects: 60, epochs: 30.0, files: 2, ..Simulation::default() };
    simulation.write(&survey).expect("it is written");
    let ensemble = Ensemble::open(survey).expect("it is a survey");
    let brightest = Statistic::from_fn("brightest", Inputs::FLUX, |light_curve| {
        light_curve.flux().iter().copied().fold(f64::MIN, f64::max)
    });
    let table = ensemble.batch(&[brightest]).compute().expect("it runs");
    let values = table.column_by_name("brightest").expect("a column");
    let values = arrow::array::AsArray::as_primitive::<arrow::datatypes::Float64Type>(values);
    let most = arrow::compute::max(values).expect("some");

    let statistics = [fussy(most)];
    let batch = ensemble.batch(&statistics).plan(PlanChoice::Stitch).partitioning(Partitioning::Count(4));
    let (job, out) = (path("job"), path("out.parquet"));
    let error = batch.resume(&job, &out, tape::WriteOptions::new(), &Silent).expect_err("it panics").to_string();
    assert!(error.contains("fussy") && error.contains("too bright") && error.contains("object"), "{error}");
    assert!(matches!(Job::open(&job), Err(Error::Statistic(_))), "its statistic is not in the registry");
    let opened = Job::open_with(&job, &statistics).expect("it is there");
    let status = opened.status();
    // If the light curve is split at an edge, it is stitched at the end, and no task fails.
    assert!(status.failed.len() <= 1 && status.done + status.failed.len() == 4, "{status:?}");

    PANICS.store(false, Ordering::Relaxed);
    let done_before = status.done;
    batch.resume(&job, &out, tape::WriteOptions::new(), &Silent).expect("it is mended");
    assert_eq!((opened.status().done, done_before >= 3), (4, true));
    let whole = path("whole.parquet");
    batch.write(&whole, tape::WriteOptions::new()).expect("it runs");
    let bytes = |path| std::fs::read(path).expect("it is there");
    assert!(bytes(&whole) == bytes(&out), "the same table");
}
