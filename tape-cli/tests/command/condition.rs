//! Conditions on rows: every plan and any number of workers give the results of a survey without the other rows.

use std::fs::{self, File};

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Float64Type, Int64Type};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::Value;

use crate::jobs::{RUNS, cut, surveys};
use crate::support::{Place, Said, documented};

const CONDITION: &str = "band <> 'i' AND (flux / error > 40 OR mjd < 61000) AND NOT id % 7 = 3";
/// Like [`CONDITION`], but only for larger ids, which some row groups do not have.
const LARGER: &str =
    "band <> 'i' AND (flux / error > 40 OR mjd < 61000) AND NOT id % 7 = 3 AND id > 1152922500000000000";

fn holds(rows: &RecordBatch, row: usize, smallest: i64) -> bool {
    let float = |name: &str| rows[name].as_primitive::<Float64Type>().value(row);
    let id = rows["id"].as_primitive::<Int64Type>().value(row);
    let band = rows["band"].as_string::<i32>().value(row);
    band != "i" && (float("flux") / float("error") > 40.0 || float("mjd") < 61000.0) && id % 7 != 3 && id > smallest
}

/// Writes the rows of a survey that match the condition, in their original row groups, and returns the number of other
/// rows.
fn by_hand(place: &Place, survey: &str, to: &str, smallest: i64) -> usize {
    fs::create_dir_all(place.path(to)).expect("a folder");
    let mut dropped = 0;
    for entry in fs::read_dir(place.path(survey)).expect("a folder") {
        let name = entry.expect("a file").file_name().into_string().expect("text");
        if name.starts_with('_') {
            continue;
        }
        let open = || File::open(place.path(survey).join(&name)).expect("a file");
        let groups = ParquetRecordBatchReaderBuilder::try_new(open()).expect("Parquet").metadata().num_row_groups();
        let mut writer = None;
        for group in 0..groups {
            let reader =
                ParquetRecordBatchReaderBuilder::try_new(open()).expect("Parquet").with_row_groups(vec![group]);
            for rows in reader.build().expect("a reader") {
                let rows = rows.expect("rows");
                let text = arrow::compute::cast(&rows["band"], &arrow::datatypes::DataType::Utf8).expect("text");
                let columns = ["id", "mjd", "flux", "error"].map(|name| (name, rows[name].clone()));
                let rows = RecordBatch::try_from_iter(columns.into_iter().chain([("band", text)])).expect("columns");
                let keep: BooleanArray = (0..rows.num_rows()).map(|row| Some(holds(&rows, row, smallest))).collect();
                dropped += rows.num_rows() - keep.true_count();
                // The survey is simulated, and its unit known by this mark.
                let mark = KeyValue::new("tape.simulated".to_owned(), "1".to_owned());
                let properties = WriterProperties::builder().set_key_value_metadata(Some(vec![mark])).build();
                let writer = writer.get_or_insert_with(|| {
                    let out = File::create_new(place.path(to).join(&name)).expect("a file");
                    ArrowWriter::try_new(out, rows.schema(), Some(properties)).expect("a writer")
                });
                writer.write(&filter_record_batch(&rows, &keep).expect("as long")).expect("written");
            }
            if let Some(writer) = &mut writer {
                writer.flush().expect("written");
            }
        }
        writer.expect("a row group").close().expect("written");
    }
    dropped
}

fn run(place: &Place, words: &str, condition: &str) -> Said {
    Said::of(place.command(words).args(["--where", condition]).output().expect("the command starts"))
}

fn ok(place: &Place, words: &str, condition: &str) -> Value {
    let said = run(place, words, condition);
    assert_eq!(said.code, Some(0), "{words}: {said:?}");
    serde_json::from_str(&said.out).unwrap_or_default()
}

/// Equal to the last digit or, where partial states were combined in other portions, nearly.
fn agree(ours: &[Vec<String>], theirs: &[Vec<String>], exact: bool) -> bool {
    let near = |a: &String, b: &String| match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) if !exact => (a - b).abs() <= 1e-12 * a.abs().max(1.0),
        _ => a == b,
    };
    let alike = |(a, b): (&Vec<String>, &Vec<String>)| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| near(a, b));
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(alike)
}

#[test]
fn the_answer_is_that_of_a_survey_without_the_other_rows() {
    let place = surveys(360);
    for (i, (layout, plan, stat)) in RUNS.iter().enumerate() {
        for (condition, smallest) in [(CONDITION, 0), (LARGER, 1_152_922_500_000_000_000)] {
            let filtered = format!("filtered{i}-{smallest}");
            let dropped = by_hand(&place, layout, &filtered, smallest);
            assert!(dropped > 1000, "{dropped} rows of {layout}");
            // Pieces of light curves are others where other rows are between them.
            if *plan == "map-unchecked" {
                continue;
            }
            let words = format!("--stat {stat} --plan {plan} --overwrite");
            place.ok(&format!("batch {filtered} {words} -o hand.csv {}", cut(plan, 5)));
            for workers in [1, 2, 5] {
                let words = format!("batch {layout} {words} -o ours.csv --json --workers {workers} {}", cut(plan, 5));
                let summary = ok(&place, &words, condition);
                let (ours, theirs) = (place.csv("ours.csv"), place.csv("hand.csv"));
                assert!(ours.len() > 100 && agree(&ours, &theirs, *plan != "fold"), "{words} --where {condition}");
                assert_eq!(summary["left_out"]["row is excluded by a condition or choice"], dropped, "{words}");
                let whole = place.json(&format!("explain {layout} --json"));
                assert_eq!(summary["rows"], whole["rows"], "{words}");
            }
        }
    }
    let mut wrong = place.csv("ours.csv");
    let right = wrong.clone();
    wrong.pop();
    assert!(!agree(&wrong, &right, false), "a light curve too few");
}

#[test]
fn documented_conditions_are_accepted_and_the_message_is_as_shown() {
    let place = Place::new();
    let page = include_str!("../../../docs/where.md");
    place.ok("simulate survey --objects 500 --layout sorted-split --files 4");
    let conditions = documented(page, "sql");
    assert!(conditions.len() >= 10, "{conditions:?}");
    for condition in conditions {
        ok(&place, "explain survey --json", &condition);
    }
    let message = documented(page, "text").join("\n");
    let said = run(&place, "explain survey", "flux > 0 AND band > 5");
    assert_eq!(said.err.trim_end(), message);
}

#[test]
fn less_memory_changes_nothing() {
    let place = surveys(360);
    let words = "batch shuffled --stat stetson_j,mean --plan shuffle --overwrite";
    ok(&place, &format!("{words} -o roomy.csv"), CONDITION);
    ok(&place, &format!("{words} -o small.csv --memory 24MB"), CONDITION);
    assert!(place.read("roomy.csv") == place.read("small.csv"), "the same bytes");
}

#[test]
fn a_job_keeps_its_condition() {
    let place = surveys(360);
    for (i, (layout, plan, stat)) in RUNS.iter().enumerate() {
        let whole = if *plan == "merge" { "shuffle" } else { plan };
        let words = format!("{layout} --stat {stat} {}", cut(plan, 5));
        ok(&place, &format!("batch {words} --plan {whole} -o whole.parquet --overwrite"), LARGER);
        let job = format!("job{i}");
        let planned = ok(&place, &format!("plan {words} --plan {plan} -o {job} --json"), LARGER);
        assert_eq!(planned["where"], LARGER);
        for task in 0..planned["tasks"].as_u64().expect("a number") {
            place.ok(&format!("run-task {job} {task}"));
        }
        let gathered = place.json(&format!("gather {job} -o gathered.parquet --overwrite --json"));
        assert!(place.read("whole.parquet") == place.read("gathered.parquet"), "{plan}: the same bytes");
        let excluded = gathered["left_out"]["row is excluded by a condition or choice"].as_u64().expect("a number");
        assert!(excluded > 1000, "{gathered}");
        // Another condition is another job.
        let other = run(&place, &format!("batch {words} --plan {plan} --resume {job} -o other.parquet"), CONDITION);
        assert!(other.code == Some(1) && other.err.contains(&format!("with the condition {LARGER}")), "{other:?}");
        let none = place.fails(&format!("batch {words} --plan {plan} --resume {job} -o other.parquet"));
        assert!(none.contains(", not none"), "{none}");
    }
}

#[test]
fn a_plan_tells_what_is_not_read() {
    let place = surveys(360);
    let shown = run(&place, "explain sorted-split", "id < 0");
    assert!(shown.out.contains("where      id < 0\n") && shown.out.contains("3 of 3 row groups"), "{shown:?}");
    let told = ok(&place, "explain sorted-split --json", "id < 0 OR band = 'g'");
    assert_eq!((&told["where"], &told["row_groups_skipped"]), (&"id < 0 OR band = 'g'".into(), &0.into()));
    assert_eq!(told["where_columns"], serde_json::json!(["id", "band"]));
    assert!(shown.out.contains("columns read from the others: id\n"), "{shown:?}");
    let told = ok(&place, "explain sorted-split --json", LARGER);
    assert!([1, 2].map(Value::from).contains(&told["row_groups_skipped"]), "{told}");
    let summary = ok(&place, "batch sorted-split -o none.csv --json --json-events events", "id < 0");
    let events = String::from_utf8(place.read("events")).expect("text");
    assert!(events.contains(r#""where":"id < 0""#), "{events}");
    assert_eq!((summary["bytes_read"].as_u64(), summary["light_curves"].as_u64()), (Some(0), Some(0)));
    assert_eq!(place.csv("none.csv").len(), 0);
}

#[test]
fn a_condition_that_is_none_is_one_message_that_points_at_the_word() {
    let place = surveys(20);
    for (condition, message) in [
        ("flux > 0 AND eror < 1", "no column is called 'eror' (did you mean 'error'?)"),
        ("band > 5", "text and a whole number cannot be compared\n  band > 5\n         ^"),
        ("flux >", "expected an expression, found the end\n  flux >\n"),
        ("flux", "the expression is a number, not a condition"),
    ] {
        let before = place.listing();
        let said = run(&place, "batch sorted -o out.csv", condition);
        assert!(said.code == Some(1) && said.err.contains(message), "{said:?}");
        assert_eq!(said.err.matches("error: ").count(), 1, "{said:?}");
        assert_eq!(place.listing(), before, "{condition} left something behind");
    }
}
