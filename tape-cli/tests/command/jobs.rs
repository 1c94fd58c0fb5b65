//! Jobs give the same bytes as one run in whatever way the tasks run, and damaged files are refused by name.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tape::job::Receipt;

use crate::support::Place;

/// Surveys of about 15,000 rows: (layout, plan, statistics).
pub(crate) const RUNS: [(&str, &str, &str); 8] = [
    ("sorted", "map", "stetson_j,mean"),
    ("sorted-split", "stitch", "stetson_j,eta"),
    ("sorted-split", "map-unchecked", "median"),
    ("shuffled", "shuffle", "stetson_j,eta,beyond_n_std:n=3"),
    ("shuffled", "fold", "mean,standard_deviation"),
    ("nightly", "merge", "mean,skew"),
    ("sorted-split", "stitch", "structure_function"),
    ("shuffled", "shuffle", "colour_median_g_r,median --to-mag AB"),
];

/// A survey of each layout.
pub(crate) fn surveys(objects: usize) -> Place {
    let place = Place::new();
    for layout in ["sorted", "sorted-split", "shuffled", "nightly"] {
        place.ok(&format!("simulate {layout} --objects {objects} --epochs 40 --bands gri --layout {layout} --files 3"));
    }
    place
}

/// Returns the options that cut a survey. The map plan gets a small survey in one piece, because it must not split
/// light curves.
pub(crate) fn cut(plan: &str, partitions: usize) -> String {
    if plan == "map" { String::new() } else { format!("--partitions {partitions}") }
}

/// The numbers of a round of tasks.
fn round(plan: &Value, name: &str) -> Vec<u64> {
    let [first, end] = [0, 1].map(|i| plan[name][i].as_u64().expect("a number"));
    (first..end).collect()
}

#[test]
fn tasks_run_in_any_order_and_twice_give_the_bytes_of_one_run() {
    let place = surveys(360);
    for (i, (layout, plan, stat)) in RUNS.iter().enumerate() {
        let arguments = format!("{layout} --stat {stat} {}", cut(plan, 5));
        place.ok(&format!("batch {arguments} --plan {plan} -o whole.parquet --overwrite"));
        let job = format!("job{i}");
        let planned = place.json(&format!("plan {arguments} --plan {plan} -o {job} --json"));
        let (first, second) = (round(&planned, "first_round"), round(&planned, "second_round"));
        // So few rows are one task of the fold and merge plans, whose rounds and slices have millions.
        assert!(first.len() > 1 || ["map", "fold", "merge"].contains(plan), "{planned}");
        for task in first.iter().rev().chain(&first[..1]).chain(second.iter().rev()).chain(second.last()) {
            place.ok(&format!("run-task {job} {task}"));
        }
        let status = place.json(&format!("status {job} --json"));
        assert_eq!((&status["done"], &status["rows_done"]), (&planned["tasks"], &planned["rows"]), "{status}");
        place.ok(&format!("gather {job} -o gathered.parquet --overwrite"));
        assert_eq!(place.read("gathered.parquet"), place.read("whole.parquet"), "{arguments} --plan {plan}");
    }
}

#[test]
fn a_resumed_run_gives_the_bytes_of_one_run_for_any_number_of_workers() {
    let place = surveys(240);
    for (layout, plan, stat) in &RUNS[..5] {
        for (workers, form, out) in [(1, "", "parquet"), (2, "--wide", "parquet"), (7, "", "csv")] {
            let arguments = format!("{layout} --stat {stat} --plan {plan} {} {form} --workers {workers}", cut(plan, 4));
            place.ok(&format!("batch {arguments} -o whole.{out} --overwrite"));
            let resumed = format!("batch {arguments} --resume job -o resumed.{out} --overwrite --json");
            let first = place.json(&resumed);
            assert_eq!(place.read(&format!("resumed.{out}")), place.read(&format!("whole.{out}")), "{arguments}");
            // Finished tasks are not run again.
            let again = place.json(&resumed);
            assert_eq!((&first["rows"], &again["light_curves"]), (&again["rows"], &first["light_curves"]));
            assert!(again["bytes_read"].as_u64() < first["bytes_read"].as_u64(), "{again}");
            fs::remove_dir_all(place.path("job")).expect("it is there");
        }
    }
}

#[test]
fn what_cannot_be_gone_on_with_is_named() {
    let place = surveys(120);
    let says = |words: &str, message: &str| {
        let said = place.tape(words);
        assert_eq!(said.code, Some(1), "tape {words}: {said:?}");
        assert_eq!(said.err.matches("error: ").count(), 1, "one message: {said:?}");
        assert!(said.err.contains(message), "tape {words}: {said:?}, not {message}");
    };
    says("status job", "job: no job found: create one with `tape plan");
    place.ok("plan shuffled --stat stetson_j --plan shuffle --partitions 3 -o job");
    says("plan shuffled --stat stetson_j -o job", "job: already contains a job");
    fs::create_dir(place.path("taken")).expect("a folder");
    fs::write(place.path("taken/notes.txt"), "mine").expect("a file");
    says("plan shuffled --stat stetson_j -o taken", "taken: already contains something else");
    says("run-task job 9999", "9999");
    says("gather job -o out.parquet", "task 0");
    let last = place.json("status job --json")["tasks"].as_u64().expect("a number") - 1;
    says(&format!("run-task job {last}"), "task 0");
    says("batch shuffled --stat mean --resume job -o out.parquet", "with the statistics stetson_j, not mean");
    says(
        "batch shuffled --stat stetson_j --plan shuffle --partitions 4 --resume job -o out.parquet",
        "with 3 partitions, not 4 partitions",
    );
    says(
        "batch shuffled --stat stetson_j --plan shuffle --partitions 3 --on-error skip --resume job -o out.parquet",
        "with the error policy stop, not skip",
    );
    let part = place.path("shuffled/part-001.parquet");
    let longer = [fs::read(&part).expect("it is there"), vec![0]].concat();
    fs::write(&part, longer).expect("it is ours");
    // The tasks that read it cannot be done, whichever they are.
    let tasks = 0..3;
    let failed = tasks.filter(|task| place.tape(&format!("run-task job {task}")).err.contains("part-001.parquet"));
    assert!(failed.count() >= 1);
    assert!(place.ok("status job").contains("part-001.parquet"));
}

#[test]
fn a_row_group_that_cannot_be_read_is_left_out_of_a_job_too() {
    let place = surveys(360);
    for (layout, plan) in
        [("sorted-split", "stitch"), ("shuffled", "shuffle"), ("shuffled", "fold"), ("nightly", "merge")]
    {
        let part = place.path(&format!("{layout}/part-001.parquet"));
        let mut bytes = fs::read(&part).expect("it is there");
        let (start, end) = (bytes.len() / 8, bytes.len() / 2);
        bytes[start..end].fill(0xff);
        fs::write(&part, bytes).expect("it is ours");
        let arguments = format!("{layout} --stat mean --plan {plan} {}", cut(plan, 5));
        let job = format!("skip-{plan}");
        let stopped = place.tape(&format!("batch {arguments} --resume stop-{plan} -o no.parquet"));
        assert!(!stopped.out.contains("no.parquet") && stopped.err.contains("part-001.parquet"), "{}", stopped.err);
        let memory = "--memory 256MiB --on-error skip";
        place.ok(&format!("batch {arguments} {memory} -o {plan}.parquet"));
        place.ok(&format!("plan {arguments} {memory} -o {job}"));
        let tasks = place.json(&format!("status {job} --json"))["tasks"].as_u64().expect("a number");
        (0..tasks).for_each(|task| drop(place.ok(&format!("run-task {job} {task}"))));
        let gathered = place.json(&format!("gather {job} -o {plan}-job.parquet --json"));
        assert_eq!(place.read(&format!("{plan}-job.parquet")), place.read(&format!("{plan}.parquet")), "{plan}");
        assert!(gathered.to_string().contains("part-001.parquet"), "{gathered}");
        place.ok(&format!(
            "simulate {layout} --objects 360 --epochs 40 --bands gri --layout {layout} --files 3 --overwrite"
        ));
    }
}

/// The receipts of a job.
fn receipts(place: &Place) -> Vec<PathBuf> {
    let receipts = fs::read_dir(place.path("job/receipts")).expect("a folder");
    let mut receipts: Vec<_> = receipts.map(|entry| entry.expect("it can be listed").path()).collect();
    receipts.sort();
    receipts
}

#[test]
fn receipts_that_do_not_add_up_are_refused_though_their_checksums_are_right() {
    let place = surveys(120);
    let run = "batch sorted --stat mean --plan stitch --partitions 4 --resume job -o out.parquet --overwrite";
    place.ok(run);
    let paths = receipts(&place);
    let refused = |what: &str| {
        let error = place.fails("gather job -o again.parquet");
        assert!(error.contains("task 1") || error.contains("stitch-00001"), "{what}: {error}");
    };
    type Change = fn(&mut Receipt);
    let changes: [(&str, Change); 5] = [
        ("rows are missing", |receipt| receipt.rows_in -= 1),
        ("results are missing", |receipt| receipt.rows_out -= 1),
        ("it is another's", |receipt| receipt.task = 2),
        ("it is of another job", |receipt| receipt.job ^= 1),
        ("its output is another", |receipt| receipt.checksum ^= 1),
    ];
    let good = fs::read(&paths[1]).expect("it is there");
    for (what, change) in changes {
        let mut receipt = Receipt::parse(&good).expect("it is whole");
        change(&mut receipt);
        fs::write(&paths[1], receipt.to_bytes().expect("plain")).expect("it is ours");
        refused(what);
    }
    fs::remove_file(&paths[1]).expect("it is ours");
    refused("it is missing");
    fs::write(&paths[1], &good).expect("it is ours");
    // The light curves of one task stand in the outputs of two.
    let output = |task: usize| place.path(&format!("job/tasks/stitch-{task:05}.blocks"));
    let own = fs::read(output(1)).expect("it is there");
    fs::copy(output(2), output(1)).expect("it is ours");
    let other = Receipt::parse(&fs::read(&paths[2]).expect("it is there")).expect("it is whole");
    let doubled = Receipt { task: 1, ..other };
    fs::write(&paths[1], doubled.to_bytes().expect("plain")).expect("it is ours");
    refused("it is doubled");
    // With everything restored, the job can be gathered, so only the changes caused the refusals.
    fs::write(output(1), own).expect("it is ours");
    fs::write(&paths[1], &good).expect("it is ours");
    place.ok("gather job -o again.parquet");
    assert_eq!(place.read("again.parquet"), place.read("out.parquet"));
    fs::copy(&paths[0], place.path("job/receipts/stitch-00009.json")).expect("it is ours");
    let error = place.fails("gather job -o once-more.parquet");
    assert!(error.contains("stitch-00009"), "{error}");
}
