//! Everything that starts threads, under `TAPE_NUM_THREADS`.

use std::path::Path;

use tape::core::{ColumnMap, Silent};
use tape::exec::{Partitioning, PlanChoice};
use tape::io::{Convert, PartitionTarget, Repartition, Shape, Survey};
use tape::simulate::{Simulation, SurveyLayout};
use tape::{Ensemble, WriteOptions, statistics_named};

use super::watch::within;

/// More workers than any bound here allows.
const WORKERS: usize = 4;

pub(crate) fn all_stay_within(most: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    for layout in SurveyLayout::ALL {
        let simulation = Simulation { objects: 600, files: 12, row_group_rows: 4096, layout, ..Simulation::default() };
        within(most, &format!("simulate {layout}"), || {
            simulation.write(&path(layout.name())).expect("it can be written");
        });
    }
    let plans = [
        ("sorted", PlanChoice::Map),
        ("sorted-split", PlanChoice::Stitch),
        ("nightly", PlanChoice::Merge),
        ("shuffled", PlanChoice::Shuffle),
        ("shuffled", PlanChoice::Fold),
    ];
    for (survey, plan) in plans {
        within(most, &format!("{plan:?}"), || compute(&path(survey), plan));
    }
    within(most, "a job", || {
        let statistics = statistics_named(&["stetson_j"]).expect("it is registered");
        let ensemble = Ensemble::open(path("shuffled")).expect("it opens");
        let batch = ensemble.batch(&statistics).workers(WORKERS).partitioning(Partitioning::Count(4));
        batch.resume(path("job"), path("job.parquet"), WriteOptions::new(), &Silent).expect("it runs");
    });
    of_surveys_alone(most, folder.path());
}

fn compute(survey: &Path, plan: PlanChoice) {
    let statistics = statistics_named(&["mean", "skew"]).expect("they are registered");
    let ensemble = Ensemble::open(survey).expect("it opens");
    // Epochs are counted first, and files are read for a condition.
    let ensemble = ensemble.filter("flux > -1000000").expect("a condition").prune(3);
    let table = ensemble.batch(&statistics).plan(plan).workers(WORKERS).compute().expect("it runs");
    assert!(table.num_rows() > 600);
    ensemble.day_gap().expect("it has times");
}

/// Surveys as tape-io has them, without an ensemble.
fn of_surveys_alone(most: usize, folder: &Path) {
    let open = |name: &str| Survey::open(&[folder.join(name)], &ColumnMap::new()).expect("it opens");
    within(most, "opening many files", || {
        assert_eq!(open("shuffled").paths().len(), 12);
    });
    within(most, "repartition", || {
        let (survey, out) = (open("shuffled"), folder.join("repartitioned"));
        let repartition = Repartition::new(&survey, &out, PartitionTarget::Count(6));
        repartition.run(&|_| (), &|| false).expect("it can be written");
    });
    within(most, "convert", || {
        let (survey, out) = (open("shuffled"), folder.join("converted"));
        Convert::new(&survey, &out, Shape::StructOfLists).run(&|_| (), &|| false).expect("it can be written");
    });
}
