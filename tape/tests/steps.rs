//! Steps on light curves before their statistics: the same answer by every plan and in jobs, and that of clipping by hand.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, UInt64Type};
use tape::WriteOptions;
use tape::core::{Epochs, LightCurveStep, Silent};
use tape::prelude::*;
use tape::simulate::{Simulation, SurveyLayout};

/// Clips fluxes beyond two population standard deviations from the median, twice at most.
fn clipped(flux: &[f64]) -> Vec<f64> {
    let mut left = flux.to_vec();
    for _ in 0..2 {
        left.sort_by(f64::total_cmp);
        let n = left.len();
        let median = (left[(n - 1) / 2] + left[n / 2]) / 2.0;
        let mean = left.iter().sum::<f64>() / n as f64;
        let deviation = (left.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n as f64).sqrt();
        left.retain(|x| (x - median).abs() <= 2.0 * deviation);
    }
    left
}

/// A survey of each layout.
fn surveys(folder: &Path) {
    for layout in SurveyLayout::ALL {
        let all = Simulation { objects: 60, epochs: 40.0, files: 3, layout, row_group_rows: 500, ..Default::default() };
        all.write(&folder.join(layout.name())).expect("there is room");
    }
}

fn open(folder: &Path, layout: SurveyLayout) -> Ensemble {
    Ensemble::open(folder.join(layout.name())).expect("a survey")
}

fn floats(table: &RecordBatch, name: &str) -> Vec<f64> {
    table.column_by_name(name).expect("a column").as_primitive::<Float64Type>().values().to_vec()
}

#[test]
fn clipping_is_that_by_hand_whatever_the_plan() {
    let folder = tempfile::tempdir().expect("a folder");
    surveys(folder.path());
    let kept = Statistic::from_fn("kept", Inputs::FLUX, |curve: &LightCurve<'_>| clipped(curve.flux()).len() as f64);
    let mean = Statistic::from_fn("mean_kept", Inputs::FLUX, |curve: &LightCurve<'_>| {
        let left = clipped(curve.flux());
        left.iter().sum::<f64>() / left.len() as f64
    });
    let by_hand = open(folder.path(), SurveyLayout::Sorted).batch(&[kept, mean]).compute().expect("it runs");
    let (kept, mean) = (floats(&by_hand, "kept"), floats(&by_hand, "mean_kept"));
    let all: u64 = by_hand["n_obs"].as_primitive::<UInt64Type>().values().iter().sum();
    let mut first: Option<Vec<u8>> = None;
    for (layout, plan) in [
        (SurveyLayout::Sorted, PlanChoice::Map),
        (SurveyLayout::SortedSplit, PlanChoice::Stitch),
        (SurveyLayout::Nightly, PlanChoice::Merge),
        (SurveyLayout::Shuffled, PlanChoice::Auto),
    ] {
        let batch = open(folder.path(), layout).batch_named(&["mean", "observation_count", "eta"]).expect("known");
        let batch = batch.step("clip:sigma=2:iterations=2").expect("a step").plan(plan);
        let out = folder.path().join(format!("{layout}.parquet"));
        let summary = batch.write(&out, WriteOptions::new()).expect("it runs");
        let table = batch.compute().expect("it runs");
        let n_obs = table["n_obs"].as_primitive::<UInt64Type>().values().to_vec();
        assert_eq!(n_obs.iter().map(|n| *n as f64).collect::<Vec<_>>(), kept, "{layout}");
        assert_eq!(summary.left_out.by_step, all - n_obs.iter().sum::<u64>(), "{layout}");
        assert!(summary.left_out.by_step > 100, "{layout}: nothing was clipped");
        for (ours, theirs) in floats(&table, "mean").iter().zip(&mean) {
            assert!((ours - theirs).abs() <= 1e-12 * theirs.abs(), "{layout}: {ours}, not {theirs}");
        }
        // Epochs stay in order for statistics that depend on it, after a step removed some.
        let etas = floats(&table, "eta").iter().flat_map(|eta| eta.to_le_bytes()).collect::<Vec<_>>();
        assert!(*first.get_or_insert(etas.clone()) == etas, "{layout}: eta");
        let resumed = folder.path().join(format!("{layout}-job.parquet"));
        batch
            .resume(folder.path().join(format!("{layout}-job")), &resumed, WriteOptions::new(), &Silent)
            .expect("a job");
        assert!(std::fs::read(&out).expect("a file") == std::fs::read(&resumed).expect("a file"), "{layout}: as a job");
    }
}

#[test]
fn a_step_is_part_of_what_is_asked_and_partial_states_know_none() {
    let folder = tempfile::tempdir().expect("a folder");
    surveys(folder.path());
    let plain = open(folder.path(), SurveyLayout::Shuffled).batch_named(&["mean"]).expect("known");
    let batch = plain.clone().step("clip:sigma=2").expect("a step");
    let (query, before) = (batch.query(), plain.query());
    let difference = before.difference(&query);
    assert_eq!(difference.as_deref(), Some("with the steps none, not clip:sigma=2:iterations=5"));
    let again = Batch::from_query(&query).expect("it opens");
    assert_eq!(again.compute().expect("it runs"), batch.compute().expect("it runs"));
    assert_ne!(plain.compute().expect("it runs"), batch.compute().expect("it runs"));
    assert_eq!(plain.plan(PlanChoice::Fold).explain().expect("a plan").kind, PlanKind::Fold);
    let forced = batch.plan(PlanChoice::Fold).explain().expect_err("no fold").to_string();
    assert!(forced.contains("'clip:sigma=2:iterations=5' needs whole light curves"), "{forced}");
}

/// Doubles fluxes, and panics at the object whose light curve has this flux.
#[derive(Debug)]
struct Doubled {
    panics_at: f64,
}

impl LightCurveStep for Doubled {
    fn name(&self) -> &str {
        "doubled"
    }

    fn inputs(&self) -> Inputs {
        Inputs::FLUX
    }

    fn apply(&self, epochs: &mut Epochs<'_>) {
        assert!(!epochs.flux.contains(&self.panics_at), "too bright");
        epochs.flux.iter_mut().for_each(|flux| *flux *= 2.0);
    }
}

#[test]
fn a_step_of_the_program_changes_values_and_names_the_object_at_which_it_panics() {
    let ensemble = Ensemble::from_columns(&[7, 7, 9], &[1.0, 2.0, 1.0], &[1.0, 2.0, 8.0], &[0.1; 3], &["g"; 3]);
    let ensemble = ensemble.expect("a survey");
    let batch = |panics_at| {
        let step = Arc::new(Doubled { panics_at });
        ensemble.batch_named(&["mean"]).expect("known").with_step(step)
    };
    let table = batch(f64::NAN).step("clip").expect("a step").compute().expect("it runs");
    assert_eq!(floats(&table, "mean"), [3.0, 16.0]);
    let error = batch(8.0).compute().expect_err("it panics").to_string();
    assert!(error.contains("the step 'doubled' panicked on object 9 in band g: too bright"), "{error}");
    let folder = tempfile::tempdir().expect("a folder");
    let job = folder.path().join("job");
    drop(batch(f64::NAN).plan_job(&job, &Silent).expect("planned"));
    let alone = tape::job::Job::open(&job).expect_err("its step is the program's").to_string();
    assert!(alone.contains("no step is called 'doubled'"), "{alone}");
    batch(f64::NAN).open_job(&job).expect("the program has it").run_task(0, 1, &Silent).expect("it runs");
}
