//! Checks every plan and layout against a naive loop in `support`, which shares no code with the engine: it collects
//! rows in a map by (id, band), and makes one pass over each light curve.

mod cancelled;
#[path = "../engines/mod.rs"]
mod engines;
mod events;
mod memory;
mod random;
mod skipped;
mod support;
mod user_statistics;

use std::collections::BTreeSet;
use std::sync::Arc;

use tape_core::{Cancellation, Event, Inputs, ObjectId, Observer, Silent, Spill, Statistic};
use tape_exec::{Config, Error, Partitioning, PlanChoice, PlanKind, plan, run};

use support::{
    Collected, Put, Table, agrees, both, compute, compute_in_memory, config, mean_fold, regular, slope_sum, source,
};

#[test]
fn broken_kernels_are_caught() {
    let rows = regular(20, 12);
    let source = source(&rows, &[50, 130]);
    let config = config(PlanChoice::Auto, Partitioning::Count(7), 2);
    let (table, _) = compute(&source, &[mean_fold(false), slope_sum(true)], &config).expect("runs");
    assert!(agrees(&table, &rows).is_err(), "a kernel that skips an epoch was not caught");
    let fold = Config { plan: PlanChoice::Fold, rows_at_once: 60, ..config };
    let (table, _) = compute(&source, &[mean_fold(true)], &fold).expect("runs");
    assert!(agrees(&table, &rows).is_err(), "a fold that forgets states was not caught");
    let spill = Some(Arc::new(Put::losing()) as Arc<dyn Spill>);
    let spilled = Config { plan: PlanChoice::Shuffle, spill, ..fold };
    let (table, _) = compute_in_memory(&source, &both(), &spilled).expect("runs");
    assert!(agrees(&table, &rows).is_err(), "a disk that loses rows was not caught");
    let nowhere = Config { spill: None, ..spilled };
    assert!(matches!(compute_in_memory(&source, &both(), &nowhere), Err(Error::NoSpill)));
}

#[test]
fn the_plan_follows_from_the_footers() {
    let rows = regular(50_000, 2);
    let kind = |cuts: &[usize], statistics: &[Statistic]| {
        let source = source(&rows, cuts);
        plan(&source, statistics, &Config::default(), &Silent).expect("plans").kind
    };
    assert_eq!(kind(&[40_000, 80_000], &both()), PlanKind::Map);
    assert_eq!(kind(&[40_001, 80_000], &both()), PlanKind::Stitch);
    assert_eq!(kind(&[40_001, 80_000], &[mean_fold(false)]), PlanKind::Stitch);
    let mut shuffled = rows.clone();
    shuffled.sort_by_key(|row| row.0.wrapping_mul(0x9e37_79b9) % 100_003);
    let source = source(&shuffled, &(1..20).map(|i| i * 5_000).collect::<Vec<_>>());
    let cut = config(PlanChoice::Auto, Partitioning::Count(9), 2);
    assert_eq!(plan(&source, &both(), &cut, &Silent).expect("plans").kind, PlanKind::Shuffle);
    assert_eq!(plan(&source, &[mean_fold(false)], &cut, &Silent).expect("plans").kind, PlanKind::Fold);
}

#[test]
fn files_of_single_nights_are_merged() {
    // Each of 30 files holds one epoch of 200,000 objects, sorted, in row groups of 5,000. Each night begins at another
    // id.
    let night = |night: i64| (0..200_000).map(move |i| (150 * night + i, Some(1), night as f64, 1.0, 1.0));
    let rows: Vec<_> = (0..30).flat_map(night).collect();
    let cuts: Vec<usize> = (1..1200).map(|i| i * 5_000).collect();
    let nights = source(&rows, &cuts);
    let planned = plan(&nights, &both(), &Config::default(), &Silent).expect("plans");
    assert_eq!(planned.kind, PlanKind::Merge, "{planned}");
    assert!(planned.why.contains("2 slices") && planned.why.contains("% read twice"), "{planned}");
    // The rows of four nights are less than one slice.
    let few = source(&rows[..800_000], &cuts[..159]);
    assert_eq!(plan(&few, &both(), &Config::default(), &Silent).expect("plans").kind, PlanKind::Shuffle);
    let error = plan(
        &nights.claiming(|group| group.ids = None),
        &both(),
        &config(PlanChoice::Merge, Partitioning::RowGroups, 2),
        &Silent,
    );
    assert!(matches!(error, Err(Error::IllegalPlan { plan: "merge", .. })));
}

#[test]
fn a_forced_map_names_the_first_object_that_it_would_cut() {
    let rows = regular(50_000, 2);
    let source = source(&rows, &[40_001, 80_001]);
    let error = plan(&source, &both(), &config(PlanChoice::Map, Partitioning::RowGroups, 2), &Silent).expect_err("cut");
    let Error::CutLightCurve { id, .. } = &error else { panic!("{error}") };
    assert_eq!(*id, ObjectId::Int(20_000));
    assert!(error.to_string().contains("use the stitch plan"), "{error}");

    let unchecked = config(PlanChoice::MapUnchecked, Partitioning::RowGroups, 2);
    let (table, summary) = compute(&source, &both(), &unchecked).expect("runs");
    assert_eq!(table.len(), 2 * 50_000, "each object has one epoch in each of two bands");
    let ids: BTreeSet<i64> = table.iter().map(|row| row.0).collect();
    assert_eq!(ids.len(), 50_000);
    assert!(summary.warnings.iter().any(|warning| warning.contains("2 partition edges")), "{:?}", summary.warnings);
}

#[test]
fn results_do_not_depend_on_the_number_of_workers() {
    let rows = regular(3000, 40);
    let source = source(&rows, &(1..30).map(|i| i * 3_999).collect::<Vec<_>>());
    for plan in [PlanChoice::Stitch, PlanChoice::Shuffle] {
        let table =
            |workers| compute(&source, &both(), &config(plan, Partitioning::RowGroups, workers)).expect("runs").0;
        let bits = |table: Table| -> Vec<Vec<u64>> {
            table.iter().map(|row| row.3.iter().map(|value| value.to_bits()).collect()).collect()
        };
        let one = bits(table(1));
        assert_eq!(one, bits(table(2)), "{plan:?}");
        assert_eq!(one, bits(table(7)), "{plan:?}");
    }
}

#[test]
fn a_panicking_statistic_names_its_object() {
    let rows = regular(10, 4);
    let source = source(&rows, &[20]);
    let picky = Statistic::from_fn("picky", Inputs::FLUX, |light_curve| {
        assert!(light_curve.flux()[0] < 50.0, "too bright");
        1.0
    });
    let error = compute(&source, &[picky], &Config::default()).expect_err("panics");
    assert_eq!(error.to_string(), "the statistic 'picky' panicked on object 7 in band g: too bright");
}

#[test]
fn an_observer_can_stop_a_run() {
    struct Stop;
    impl Observer for Stop {
        fn event(&self, _: Event) {}
        fn cancellation(&self) -> Cancellation {
            Cancellation::when(|| true)
        }
    }
    let rows = regular(10, 4);
    let source = source(&rows, &[20]);
    for choice in [PlanChoice::Stitch, PlanChoice::Shuffle] {
        let config = config(choice, Partitioning::RowGroups, 2);
        let plan = plan(&source, &both(), &config, &Silent).expect("plans");
        let mut sink = Collected(vec![]);
        let error = run(&source, &both(), &config, &plan, &mut sink, &Stop).expect_err("stopped");
        assert!(matches!(error, Error::Cancelled));
        assert!(sink.0.is_empty());
    }
}
