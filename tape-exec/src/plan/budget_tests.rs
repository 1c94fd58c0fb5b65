//! Tests of [`RegroupBudget`].

use tape_core::{Bands, MemorySource, Piece, Rows, Silent};

use super::*;
use crate::plan::config::Config;

fn partitions(rows: &[u64]) -> Vec<Partition> {
    let partition = |(i, &n): (usize, &u64)| Partition { pieces: vec![Piece { row_group: i, rows: 0..n }] };
    rows.iter().enumerate().map(partition).collect()
}

#[test]
fn smaller_budgets_use_more_rounds_and_buckets() {
    let columns = Columns { time: false, flux: true, error: true, band: true };
    let source = MemorySource::new(IdType::Int64, Rows::new(IdType::Int64), Bands::default(), &[]);
    let statistics = [];
    let config = Config::default();
    let of = |rows: &[u64]| SizeEstimate::of(&partitions(rows), columns, &config.job(&source, &statistics, &Silent));
    let sizes = of(&[100_000; 1000]);
    assert_eq!((sizes.row, sizes.rows), (25, 100_000_000));
    let room = |memory| {
        let config = Config { memory, workers: 2, ..Config::default() };
        sizes.for_shuffle(&config.job(&source, &statistics, &Silent))
    };
    let unbounded = RegroupBudget { rows_at_once: u64::MAX, buckets: 512, grouped: u64::MAX, results: u64::MAX };
    assert_eq!(room(None).expect("no budget"), unbounded);
    for memory in [1_000_000_000, 500_000_000, 100_000_000] {
        let RegroupBudget { rows_at_once, buckets, grouped, results } = room(Some(memory)).expect("enough");
        let passing = 2 * sizes.worker + results;
        assert!(rows_at_once * sizes.row + passing < memory && rows_at_once > 1_000_000, "{rows_at_once}");
        assert!(grouped * 2 * sizes.grouped() + passing <= memory, "{grouped}");
        // Twice as many rows as in the mean bucket can be grouped at once.
        assert!(sizes.rows / buckets as u64 <= grouped / 2, "{buckets} buckets, {grouped}");
    }
    let error = room(Some(10_000_000)).expect_err("less than what passes through");
    assert!(matches!(error, Error::TooLittleMemory { needed, .. } if needed > 10_000_000), "{error}");
    // Absurd sizes must not cause a panic.
    let absurd = of(&[u64::MAX, u64::MAX / 2]);
    let config = Config { memory: Some(1 << 30), workers: 2, ..Config::default() };
    let room = absurd.for_shuffle(&config.job(&source, &statistics, &Silent)).expect("it is a matter of rounds");
    assert!(room.rows_at_once < 1 << 26 && room.grouped < 1 << 24, "{room:?}");
}
