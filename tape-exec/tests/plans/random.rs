//! Random surveys, cut at random rows, with true and false footers.

use std::sync::Arc;

use proptest::prelude::*;
use tape_core::{IdRange, ObjectId};
use tape_exec::{Config, Error, Partitioning, PlanChoice, PlanKind};

use crate::support::{Put, Row, agrees, both, compute, config, mean_fold, naive, sorted, source, timeless};

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        20 => -1000.0..1000.0f64,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
    ]
}

fn error() -> impl Strategy<Value = f64> {
    prop_oneof![20 => 0.001..10.0f64, 1 => Just(f64::NAN), 1 => Just(0.0), 1 => Just(-1.0), 1 => Just(f64::INFINITY)]
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let band = prop_oneof![20 => (0u8..3).prop_map(Some), 1 => Just(None)];
    // Times on a coarse grid repeat. With few ids, light curves span many partitions.
    let time = prop_oneof![20 => (0u8..100).prop_map(f64::from), 1 => Just(f64::NAN)];
    let row = (0i64..12, band, time, value(), error());
    prop::collection::vec(row, 0..120)
}

fn cuts(rows: usize) -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..=rows, 0..10).prop_map(|mut cuts| {
        cuts.sort_unstable();
        cuts
    })
}

fn survey() -> impl Strategy<Value = (Vec<Row>, Vec<usize>)> {
    rows().prop_flat_map(|rows| {
        let cuts = cuts(rows.len());
        (Just(rows), cuts)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_plan_over_every_layout_equals_the_naive_loop(
        (rows, cuts) in survey(),
        n in 1u64..20,
        workers in 1usize..4,
    ) {
        let (_, left_out) = naive(&rows);
        for rows in [rows.clone(), sorted(&rows)] {
            let source = source(&rows, &cuts);
            for plan in [PlanChoice::Auto, PlanChoice::Shuffle, PlanChoice::Stitch, PlanChoice::Map] {
                for partitioning in [Partitioning::RowGroups, Partitioning::Count(n), Partitioning::Bytes(200)] {
                    match compute(&source, &both(), &config(plan, partitioning, workers)) {
                        Ok((table, summary)) => {
                            prop_assert_eq!(agrees(&table, &rows), Ok(()), "{:?} {:?}", plan, partitioning);
                            prop_assert_eq!(summary.left_out.total(), left_out);
                            prop_assert_eq!(summary.rows, rows.len() as u64);
                            prop_assert_eq!(summary.light_curves, table.len() as u64);
                        }
                        // A forced plan may be impossible. Other plans never are.
                        Err(Error::CutLightCurve { .. }) => prop_assert_eq!(plan, PlanChoice::Map),
                        Err(Error::IllegalPlan { .. }) => {
                            prop_assert!(matches!(plan, PlanChoice::Map | PlanChoice::Stitch));
                        }
                        Err(error) => return Err(TestCaseError::fail(error.to_string())),
                    }
                }
            }
        }
    }

    #[test]
    fn false_claims_do_not_change_the_results((rows, cuts) in survey(), lie in prop::collection::vec(0i64..100, 24)) {
        // Footers claim false ranges of ids, either in ascending order or at random.
        for orderly in [true, false] {
            let mut at = 0;
            let source = source(&rows, &cuts).claiming(|group| {
                let (a, b) = (lie[at % 24], lie[(at + 1) % 24]);
                let (min, max) = if orderly { (at as i64 * 10, at as i64 * 10 + 9) } else { (a.min(b), a.max(b)) };
                at += 2;
                group.ids = Some(IdRange { min: ObjectId::Int(min), max: ObjectId::Int(max), exact: true });
                group.sorted = true;
            });
            // Without a statistic that needs times, no epoch is left out because of its time.
            for (statistics, rows) in [(both(), rows.clone()), (vec![mean_fold(false)], timeless(&rows))] {
                for partitioning in [Partitioning::RowGroups, Partitioning::Count(5)] {
                    let answer = compute(&source, &statistics, &config(PlanChoice::Auto, partitioning, 2));
                    let (table, _) = answer.map_err(|error| TestCaseError::fail(error.to_string()))?;
                    prop_assert_eq!(agrees(&table, &rows), Ok(()));
                }
            }
        }
    }

    #[test]
    fn slices_of_ids_give_the_same_results((rows, cuts) in survey(), at_once in 20u64..100, lies in any::<bool>()) {
        // Files that are each sorted, and overlap.
        let mut nights = rows.clone();
        let edges: Vec<usize> = [0].into_iter().chain(cuts.iter().copied()).chain([rows.len()]).collect();
        edges.windows(2).for_each(|edge| nights[edge[0]..edge[1]].sort_by_key(|row| row.0));
        let mut source = source(&nights, &cuts);
        if lies {
            source = source.claiming(|group| if let Some(ids) = &mut group.ids { ids.max = ids.min.clone() });
        }
        let merge = config(PlanChoice::Merge, Partitioning::RowGroups, 2);
        match compute(&source, &both(), &Config { rows_at_once: at_once, spill: Some(Arc::new(Put::default())), ..merge }) {
            Ok((table, summary)) => {
                prop_assert_eq!(agrees(&table, &rows), Ok(()));
                prop_assert_eq!(summary.rows, rows.len() as u64);
                prop_assert_eq!(summary.left_out.total(), naive(&rows).1);
                prop_assert!(lies || summary.plan == PlanKind::Merge);
            }
            // The row groups that may hold the same ids have too many rows.
            Err(error) => prop_assert!(matches!(error, Error::IllegalPlan { plan: "merge", .. }), "{}", error),
        }
    }

    #[test]
    fn spilled_rows_give_the_same_results((rows, cuts) in survey(), at_once in 1u64..60, workers in 1usize..4) {
        let source = source(&rows, &cuts);
        let shuffle = config(PlanChoice::Shuffle, Partitioning::RowGroups, workers);
        let config = Config { rows_at_once: at_once, spill: Some(Arc::new(Put::default())), ..shuffle };
        let (table, summary) =
            compute(&source, &both(), &config).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(agrees(&table, &rows), Ok(()));
        prop_assert_eq!(summary.left_out.total(), naive(&rows).1);
        prop_assert!(summary.spilled == 0 || rows.len() as u64 > at_once);
    }

    #[test]
    fn combined_folds_equal_the_naive_loop((rows, cuts) in survey(), n in 1u64..20) {
        let source = source(&rows, &cuts);
        // Few rows at once, so that light curves are combined from many states.
        let config = Config { rows_at_once: 30, ..config(PlanChoice::Fold, Partitioning::Count(n), 2) };
        let (table, summary) = compute(&source, &[mean_fold(false)], &config)
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(summary.plan, PlanKind::Fold);
        let rows = timeless(&rows);
        prop_assert_eq!(summary.left_out.total(), naive(&rows).1);
        prop_assert_eq!(agrees(&table, &rows), Ok(()));
    }
}
