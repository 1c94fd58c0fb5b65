//! Selections of objects by id, by fraction or by number of epochs: every plan gives the results of a condition on ids that
//! selects the same objects.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, StringArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::jobs::{RUNS, cut, surveys};
use crate::support::Place;

/// The ids in a table, each with its epochs in all bands.
fn epochs(place: &Place, name: &str) -> BTreeMap<i64, u64> {
    let mut epochs = BTreeMap::new();
    for line in place.csv(name) {
        let [id, _, n] = &line[..3] else { panic!("{line:?}") };
        *epochs.entry(id.parse().expect("an id")).or_default() += n.parse::<u64>().expect("a number");
    }
    epochs
}

/// Checks that every plan gives the same results for objects selected by `words` as by a condition on rows.
fn same_as_by_rows(place: &Place, words: &str, ids: &[i64], all: usize) {
    assert!(!ids.is_empty() && ids.len() < all, "{words}: {} of {all}", ids.len());
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let condition = format!("id IN ({})", ids.join(", "));
    for (layout, plan, stat) in RUNS {
        let run = format!("batch {layout} --stat {stat} --plan {plan} --overwrite {} --json", cut(plan, 5));
        let by_rows = place.command(&format!("{run} -o rows.csv")).args(["--where", &condition]).output();
        let by_rows: Value = serde_json::from_slice(&by_rows.expect("the command starts").stdout).expect("JSON");
        for workers in [1, 2, 5] {
            let chosen = place.json(&format!("{run} {words} --workers {workers} -o chosen.csv"));
            assert!(place.read("chosen.csv") == place.read("rows.csv"), "{run} {words} {workers}");
            assert_eq!(chosen["left_out"], by_rows["left_out"], "{run} {words}");
            assert_eq!(chosen["rows"], by_rows["rows"], "{run} {words}");
        }
    }
}

#[test]
fn objects_with_many_epochs_are_counted_whatever_the_plan() {
    let place = surveys(150);
    place.ok("batch sorted --stat mean -o all.csv");
    let all = epochs(&place, "all.csv");
    let mut counts: Vec<u64> = all.values().copied().collect();
    counts.sort_unstable();
    let least = counts[counts.len() / 2];
    let many: Vec<i64> = all.iter().filter(|(_, n)| **n >= least).map(|(id, _)| *id).collect();
    same_as_by_rows(&place, &format!("--min-epochs {least}"), &many, all.len());
    // Rows that a condition excludes do not count.
    place.ok("batch shuffled --stat mean --where band='r' -o red.csv");
    let red = epochs(&place, "red.csv");
    let least = *red.values().max().expect("some are red");
    place.ok(&format!("batch shuffled --stat mean --where band='r' --min-epochs {least} -o most.csv"));
    assert!(epochs(&place, "most.csv").into_iter().eq(red.into_iter().filter(|(_, n)| *n >= least)));
}

#[test]
fn a_sample_is_the_same_objects_in_every_layout() {
    let place = surveys(150);
    place.ok("batch sorted --stat mean -o all.csv");
    let all = epochs(&place, "all.csv");
    place.ok("batch shuffled --stat mean --sample 0.2 --seed 5 -o some.csv");
    let some: Vec<i64> = epochs(&place, "some.csv").into_keys().collect();
    assert!((12..=50).contains(&some.len()), "{} of {}", some.len(), all.len());
    same_as_by_rows(&place, "--sample 0.2 --seed 5", &some, all.len());
    place.ok("batch shuffled --stat mean --sample 0.2 --seed 6 -o others.csv");
    assert!(!epochs(&place, "others.csv").into_keys().eq(some), "another seed draws others");
    place.ok("batch sorted --stat mean --sample 1 -o whole.csv");
    assert!(place.read("whole.csv") == place.read("all.csv"));
    place.ok("batch sorted --stat mean --sample 0 -o none.csv");
    assert!(place.csv("none.csv").is_empty());
}

#[test]
fn objects_by_id_are_read_where_they_lie() {
    let place = surveys(150);
    let whole = place.json("batch sorted --stat mean -o all.csv --json");
    let ids: Vec<i64> = epochs(&place, "all.csv").into_keys().collect();
    let chosen = [ids[3], ids[4]];
    let words = format!("--ids {},{},{}", chosen[1], chosen[0], i64::MIN);
    same_as_by_rows(&place, &words, &chosen, ids.len());
    let few = place.json(&format!("batch sorted --stat mean {words} -o few.csv --json"));
    let bytes = |summary: &Value| summary["bytes_read"].as_u64().expect("a number");
    assert!(bytes(&few) < bytes(&whole) * 3 / 4, "{} of {}", bytes(&few), bytes(&whole));
    let shown = place.ok(&format!("explain sorted {words} --sample 0.5 --min-epochs 3"));
    for line in ["3 selected by id", "then a random fraction of 0.5 (seed 1)", "then objects with at least 3 epochs"] {
        assert!(shown.contains(line), "{shown}");
    }
}

#[test]
fn a_job_keeps_the_objects_that_are_chosen() {
    let place = surveys(150);
    for (i, (layout, plan, stat)) in RUNS.iter().enumerate().filter(|(_, (_, plan, _))| *plan != "merge") {
        let chosen = "--sample 0.4 --seed 2 --min-epochs 2";
        let words = format!("{layout} --stat {stat} --plan {plan} {chosen} {}", cut(plan, 5));
        place.ok(&format!("batch {words} -o whole.parquet --overwrite"));
        let planned = place.json(&format!("plan {words} -o job{i} --json"));
        for task in 0..planned["tasks"].as_u64().expect("a number") {
            place.ok(&format!("run-task job{i} {task}"));
        }
        place.ok(&format!("gather job{i} -o gathered.parquet --overwrite"));
        assert!(place.read("whole.parquet") == place.read("gathered.parquet"), "{plan}: the same bytes");
        let other =
            place.fails(&format!("batch {words} --seed 3 --resume job{i} -o other.parquet").replace("--seed 2 ", ""));
        assert!(
            other.contains("(seed 2), objects with at least 2 epochs, not a random fraction of 0.4 (seed 3)"),
            "{other}"
        );
        let other = format!("batch {words} --resume job{i} -o other.parquet").replace("epochs 2", "epochs 3");
        let other = place.fails(&other);
        assert!(other.contains("at least 2 epochs") && other.contains("at least 3 epochs"), "{other}");
    }
}

#[test]
fn what_cannot_be_chosen_is_one_message() {
    let place = surveys(20);
    for (words, message) in [
        ("--ids 5,ZTF1", "--ids ZTF1: the ids in id are integers"),
        ("--ids 99999999999999999999", "--ids 99999999999999999999: the ids in id are integers"),
        ("--sample 1.5", "the fraction of objects is 1.5: use a number from 0 to 1"),
        ("--sample nan", "the fraction of objects is NaN: use a number from 0 to 1"),
    ] {
        let error = place.tape(&format!("batch sorted {words}")).err;
        assert!(error.contains(message), "{words}: {error}");
    }
}

#[test]
fn ids_hold_commas_or_lie_in_a_file() {
    let place = Place::new();
    let names = ["Smith, 12", "Smith", "12", "a\"b", "V* RR Lyr"];
    let column = |of: &[&str]| -> ArrayRef { Arc::new(StringArray::from(of.to_vec())) };
    let number: ArrayRef = Arc::new(Float64Array::from_iter_values((0..5).map(f64::from)));
    let columns =
        vec![("name", column(&names)), ("mjd", Arc::clone(&number)), ("mag", Arc::clone(&number)), ("magerr", number)];
    place.parquet("survey.parquet", columns);
    fs::write(place.path("ids.txt"), "V* RR Lyr\n\nSmith, 12\r\n").expect("written");
    place.parquet("ids.parquet", vec![("other", column(&["x"])), ("name", column(&["a\"b"]))]);
    place.parquet("only.parquet", vec![("star", column(&["12"]))]);
    let found = |ids: &str| {
        let mut command = place.command("batch survey.parquet --id name --stat mean --overwrite -o out.parquet --ids");
        let ran = command.arg(ids).output().expect("the command starts");
        assert!(ran.status.success(), "{ids}: {}", String::from_utf8_lossy(&ran.stderr));
        let file = fs::File::open(place.path("out.parquet")).expect("the output");
        let rows = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
        let batches = rows.expect("a Parquet file").map(|batch| batch.expect("rows"));
        let ids = batches.flat_map(|batch| {
            let ids = batch.column(0).as_string::<i32>().iter().map(|id| id.unwrap_or_default().to_owned());
            ids.collect::<Vec<_>>()
        });
        (
            ids.collect::<Vec<_>>(),
            String::from_utf8_lossy(&ran.stderr).contains("none of the requested ids has an epoch"),
        )
    };
    for (ids, expected) in [
        ("\"Smith, 12\"", vec!["Smith, 12"]),
        ("Smith, 12", vec!["12", "Smith", "Smith, 12"]),
        ("\"a\"\"b\", Smith", vec!["Smith", "a\"b"]),
        ("@ids.txt", vec!["Smith, 12", "V* RR Lyr"]),
        ("@ids.parquet", vec!["a\"b"]),
        ("@only.parquet", vec!["12"]),
        ("@ids.parquet:other", vec![]),
        ("nobody", vec![]),
    ] {
        let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(found(ids), (expected.clone(), expected.is_empty()), "--ids {ids}");
    }
    let error = place.tape("batch survey.parquet --id name --ids @ids.parquet:none").err;
    assert!(error.contains("no such column; columns: other, name"), "{error}");
    let error = place.tape("batch survey.parquet --id name --ids @nowhere.txt").err;
    assert!(error.contains("--ids @nowhere.txt"), "{error}");
}
