//! Surveys in memory give the same results as files, with every plan.

use std::sync::Arc;

use tape::arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray};
use tape::arrow::datatypes::Float64Type;
use tape::prelude::*;

const ROWS: usize = 2000;

fn mixed(i: usize, salt: u64) -> u64 {
    (i as u64 ^ salt << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33
}

/// Epochs of 40 objects in no order.
fn epochs() -> RecordBatch {
    let numbers = |salt, scale: f64| -> ArrayRef {
        Arc::new((0..ROWS).map(|i| 10.0 + (mixed(i, salt) % 1000) as f64 * scale).collect::<Float64Array>())
    };
    let ids: ArrayRef =
        Arc::new((0..ROWS).map(|i| i64::try_from(mixed(i, 1) % 40).expect("small")).collect::<Int64Array>());
    let bands: ArrayRef =
        Arc::new((0..ROWS).map(|i| Some(["g", "r"][usize::from(mixed(i, 2) % 2 == 1)])).collect::<StringArray>());
    let columns = [
        ("id", ids),
        ("mjd", numbers(3, 0.5)),
        ("flux", numbers(4, 0.01)),
        ("error", numbers(5, 0.001)),
        ("band", bands),
    ];
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

fn compute(ensemble: &Ensemble, plan: PlanChoice, parts: u64) -> RecordBatch {
    let batch = ensemble.batch_named(&["mean", "stetson_j", "eta"]).expect("known").plan(plan);
    batch.partitioning(Partitioning::Count(parts)).workers(2).compute().expect("it runs")
}

#[test]
fn batches_give_what_files_with_the_same_rows_give() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file.parquet").to_string_lossy().into_owned();
    let all = epochs();
    let mut writer = tape::io::TableWriter::create(
        path.as_ref(),
        all.schema(),
        tape::io::TableOptions { unsorted: true, ..Default::default() },
    )
    .expect("a file");
    writer.write(&all).expect("there is room");
    writer.finish().expect("there is room");
    let file = Ensemble::open(&path).expect("a survey");
    let batches = [all.slice(0, 700), all.slice(700, 1), all.slice(701, ROWS - 701)];
    let memory = Ensemble::from_batches(batches, &ColumnMap::new()).expect("a survey");
    for (plan, parts) in [(PlanChoice::Auto, 1), (PlanChoice::Shuffle, 5), (PlanChoice::Auto, 7)] {
        assert_eq!(compute(&memory, plan, parts), compute(&file, plan, parts), "{plan:?}");
    }
    let condition = "flux > 12 AND band = 'g'";
    let [ours, theirs] = [memory, file].map(|ensemble| ensemble.filter(condition).expect("a condition").prune(20));
    let table = compute(&ours, PlanChoice::Auto, 3);
    assert_eq!(table, compute(&theirs, PlanChoice::Auto, 3));
    assert!(table.num_rows() > 5);
    // The comparison detects a missing row.
    let counts = |table: &RecordBatch| table["n_obs"].clone();
    let whole = Ensemble::from_batches([all], &ColumnMap::new()).expect("a survey");
    let one_less = Ensemble::from_batches([epochs().slice(1, ROWS - 1)], &ColumnMap::new()).expect("a survey");
    assert_ne!(&counts(&compute(&whole, PlanChoice::Auto, 1)), &counts(&compute(&one_less, PlanChoice::Auto, 1)));
}

#[test]
fn columns_are_light_curves_and_nan_is_no_value() {
    let nan = f64::NAN;
    let ids = ["b", "a", "a", "b", "a"];
    let ensemble = Ensemble::from_columns::<_, &str>(&ids, &[1.0; 5], &[1.0, 2.0, nan, 5.0, 4.0], &[0.1; 5], &[]);
    let table = ensemble.expect("a survey").batch_named(&["mean"]).expect("known").compute().expect("it runs");
    let means = table["mean"].as_primitive::<Float64Type>().values().to_vec();
    assert_eq!((means, table.column(0).len()), (vec![3.0, 3.0], 2));
    let unequal = Ensemble::from_columns(&[1_i64, 2], &[1.0], &[1.0, 2.0], &[0.1, 0.1], &["g", "r"]);
    assert!(unequal.expect_err("a time is missing").to_string().contains("1 times, 2 fluxes"));
    let other = RecordBatch::try_from_iter([("id", epochs().column(0).clone())]).expect("a column");
    let mixed = Ensemble::from_batches([epochs(), other], &ColumnMap::new()).expect_err("other columns");
    assert!(mixed.to_string().contains("its columns are id (Int64), not id (Int64), mjd"), "{mixed}");
    assert!(Ensemble::from_batches([], &ColumnMap::new()).is_err());
}

#[test]
fn rows_that_are_inserted_are_as_those_of_the_files() {
    let all = epochs();
    let open = |batch: RecordBatch| Ensemble::from_batches([batch], &ColumnMap::new()).expect("a survey");
    let whole = open(all.clone());
    for cut in [0, 1, 900, ROWS - 1] {
        let (first, rest) = (all.slice(0, cut), all.slice(cut, ROWS - cut));
        let grown = open(first.clone()).insert([rest.clone()]).expect("the same columns");
        assert_eq!(compute(&grown, PlanChoice::Auto, 3), compute(&whole, PlanChoice::Auto, 3), "{cut}");
        // Earlier selections apply to inserted rows, too.
        let asked = |ensemble: Ensemble| ensemble.filter("flux > 12").expect("a condition").prune(30);
        let before = asked(open(first));
        compute(&before, PlanChoice::Auto, 1);
        let grown = before.insert([rest]).expect("the same columns");
        assert_eq!(compute(&grown, PlanChoice::Auto, 3), compute(&asked(open(all.clone())), PlanChoice::Auto, 3));
    }
    assert_ne!(compute(&open(all.slice(0, 900)), PlanChoice::Auto, 3), compute(&whole, PlanChoice::Auto, 3));
}

#[test]
fn what_cannot_be_inserted_is_one_message() {
    let open = || Ensemble::from_batches([epochs()], &ColumnMap::new()).expect("a survey");
    let other = epochs().project(&[0, 1, 3]).expect("columns");
    let message = open().insert([other]).expect_err("no flux").to_string();
    assert!(message.contains("no flux column 'flux'"), "{message}");
    let message = open().insert([]).expect_err("nothing").to_string();
    assert!(message.contains("no input"), "{message}");
    let message = open().insert_columns(&["star"], &[1.0], &[1.0], &[1.0], &["g"]).expect_err("text").to_string();
    assert!(message.contains("star"), "{message}");
    let message = open().insert_columns(&[1], &[1.0], &[1.0, 2.0], &[1.0], &["g"]).expect_err("two fluxes").to_string();
    assert!(message.contains("2 fluxes"), "{message}");
    let narrow: ArrayRef = Arc::new(tape::arrow::array::Int16Array::from(vec![1, 2]));
    let flux: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0]));
    let batch = RecordBatch::try_from_iter([("id", narrow), ("flux", flux)]).expect("columns of one length");
    let open = || Ensemble::from_batches([batch.clone()], &ColumnMap::new()).expect("a survey");
    let grown = open().insert_columns::<i64, &str>(&[2, 5], &[], &[3.0, 4.0], &[], &[]);
    assert!(grown.is_err(), "times and errors are needed for each");
    let grown = open().insert_columns::<i64, &str>(&[2, 5], &[0.0; 2], &[4.0, 4.0], &[1.0; 2], &[]).expect("epochs");
    let table = grown.batch_named(&["mean"]).expect("known").compute().expect("it runs");
    assert_eq!(table["mean"].as_primitive::<Float64Type>().values(), &[1.0, 3.0, 4.0]);
    let message = open().insert_columns::<i64, &str>(&[70_000], &[0.0], &[1.0], &[1.0], &[]).expect_err("too large");
    assert!(message.to_string().contains("70000"), "{message}");
}
