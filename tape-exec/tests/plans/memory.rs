//! Tests with data that does not fit in memory: long light curves, unsorted partitions, results.

use std::sync::Arc;

use tape_core::{MemorySource, ObjectId, Statistic};
use tape_exec::{Config, Error, OnError, Partitioning, PlanChoice, PlanKind, Skipped, Summary};

use crate::support::{
    Put, Row, Table, agrees, both, compute, compute_in_memory, config, mean_fold, regular, source, timeless,
};

/// Creates six objects. The fourth has nearly all epochs.
fn one_giant(epochs: usize) -> Vec<Row> {
    let mut rows = regular(6, 20);
    let at = rows.iter().position(|row| row.0 == 3).expect("it is there");
    let giant = (0..epochs).map(|i| (3, Some(u8::from(i % 3 == 0)), (i % 90) as f64, (i % 700) as f64, 1.0));
    rows.splice(at..at, giant);
    rows
}

/// A memory limit so small that workers get the smallest allowed number of rows.
fn tight(plan: PlanChoice) -> Config {
    let spill = Some(Arc::new(Put::default()) as Arc<dyn tape_core::Spill>);
    Config { memory: Some(16 << 20), spill, ..config(plan, Partitioning::Count(5), 1) }
}

fn with(rows: &[Row], statistics: &[Statistic], config: &Config) -> Result<(Table, Summary), Error> {
    compute(&sorted(rows), statistics, config)
}

/// A survey that is declared sorted, so that cuts inside row groups are no reason to regroup.
fn sorted(rows: &[Row]) -> MemorySource {
    source(rows, &[]).claiming(|group| group.sorted = true)
}

#[test]
fn a_light_curve_that_does_not_fit_is_folded() {
    let rows = timeless(&one_giant(250_000));
    let mean = [mean_fold(false)];
    for plan in [PlanChoice::Auto, PlanChoice::Stitch, PlanChoice::Fold] {
        let (table, summary) = with(&rows, &mean, &tight(plan)).expect("a fold does not hold rows");
        assert_eq!(agrees(&table, &rows), Ok(()));
        assert_eq!(summary.plan, PlanKind::Fold);
        assert_eq!(summary.warnings.iter().any(|w| w.contains("object 3 has at least")), plan != PlanChoice::Fold);
    }
    // With enough memory, no plan is dropped.
    let roomy = Config { memory: Some(1 << 30), ..tight(PlanChoice::Auto) };
    assert_eq!(with(&rows, &mean, &roomy).expect("fits").1.plan, PlanKind::Stitch);
}

#[test]
fn a_light_curve_that_does_not_fit_is_named_or_skipped() {
    let rows = one_giant(250_000);
    let error = with(&rows, &both(), &tight(PlanChoice::Auto)).expect_err("all epochs are needed at once");
    let Error::DoesNotFit { what, rows: n, most } = &error else { panic!("{error}") };
    assert_eq!((what.as_str(), *n), ("object 3", 250_020));
    assert!(*most < 250_000 && error.to_string().contains("skip such objects"), "{error}");

    let skip = Config { on_error: OnError::Skip, ..tight(PlanChoice::Auto) };
    let (table, summary) = with(&rows, &both(), &skip).expect("the others are computed");
    let others: Vec<Row> = rows.iter().copied().filter(|row| row.0 != 3).collect();
    assert_eq!(agrees(&table, &others), Ok(()));
    let [Skipped::LightCurve { id, rows: n, .. }] = &summary.skipped[..] else { panic!("{:?}", summary.skipped) };
    assert_eq!((id, *n), (&ObjectId::Int(3), 250_020));
    assert!(summary.warnings.iter().any(|warning| warning.contains("skipped: object 3")), "{:?}", summary.warnings);
}

#[test]
fn an_unsorted_partition_that_does_not_fit_is_shuffled() {
    let mut rows = regular(20_000, 10);
    rows.sort_by_key(|row| row.0.wrapping_mul(0x9e37_79b9) % 100_003);
    // With one partition nothing can be cut, so the map plan is chosen first.
    let one = Config { partitioning: Partitioning::RowGroups, ..tight(PlanChoice::Auto) };
    let (table, summary) = compute(&source(&rows, &[]), &both(), &one).expect("runs");
    assert_eq!(agrees(&table, &rows), Ok(()));
    assert_eq!(summary.plan, PlanKind::Shuffle);
    assert!(summary.spilled > 0, "rows were spilled");
    let roomy = Config { memory: Some(1 << 30), ..one };
    assert_eq!(compute(&source(&rows, &[]), &both(), &roomy).expect("fits").1.plan, PlanKind::Map);
}

#[test]
fn results_are_spilled_too() {
    // Two results of two values for every four rows, which is far more than the quarter of the memory for results.
    let rows = regular(60_000, 4);
    for plan in [PlanChoice::Map, PlanChoice::Shuffle] {
        let config = Config { partitioning: Partitioning::RowGroups, ..tight(plan) };
        let (table, summary) = with(&rows, &both(), &config).expect("runs");
        assert_eq!(agrees(&table, &rows), Ok(()));
        assert!(summary.spilled > 1000, "{plan:?}: {} spilled", summary.spilled);
    }
    let forgetful = Some(Arc::new(Put::losing()) as Arc<dyn tape_core::Spill>);
    let config = Config { spill: forgetful, partitioning: Partitioning::RowGroups, ..tight(PlanChoice::Map) };
    let (table, _) = compute_in_memory(&sorted(&rows), &both(), &config).expect("runs");
    assert!(agrees(&table, &rows).is_err(), "a disk that loses results was not caught");
}

#[test]
fn a_fold_whose_states_do_not_fit_is_shuffled() {
    let rows = timeless(&regular(120_000, 2));
    let config = tight(PlanChoice::Fold);
    let (table, summary) = compute_in_memory(&source(&rows, &[]), &[mean_fold(false)], &config).expect("runs");
    assert_eq!(agrees(&table, &rows), Ok(()));
    assert_eq!(summary.plan, PlanKind::Shuffle);
    assert!(summary.warnings[0].contains("partial states"), "{:?}", summary.warnings);
}

#[test]
fn a_merge_that_does_not_fit_names_the_memory_limit() {
    // Every row group may hold any id, and two row groups do not fit.
    let mut rows = regular(60_000, 8);
    rows.sort_by(|a, b| (a.3 % 8.0).total_cmp(&(b.3 % 8.0)));
    let survey = source(&rows, &(1..8).map(|i| i * 60_000).collect::<Vec<_>>());
    let error = compute(&survey, &both(), &tight(PlanChoice::Merge)).expect_err("too little").to_string();
    assert!(error.contains("fit in the memory limit") && !error.contains("footer"), "{error}");
    let unclaimed = source(&rows, &[]).claiming(|group| group.ids = None);
    let error = compute(&unclaimed, &both(), &tight(PlanChoice::Merge)).expect_err("no claims").to_string();
    assert!(error.contains("footers do not have the range of ids"), "{error}");
}
