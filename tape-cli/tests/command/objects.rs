//! Object tables: the results are those of a condition on ids that selects the same objects, with joined columns.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, LargeStringArray, StringArray, UInt64Array};
use serde_json::Value;

use crate::jobs::{RUNS, cut, surveys};
use crate::support::{Place, Said};

/// The selected objects, and a condition on ids that selects the same ones.
const OF_TABLE: &str = "seventh <> 3 AND name LIKE 'o%'";
const OF_ROWS: &str = "NOT id % 7 = 3";

/// Surveys, and tables of their objects: `objects` has all of them in no order, in unsigned integers and two files, and others
/// that were never seen; `few` has two.
fn with_tables() -> Place {
    let place = surveys(360);
    place.ok("batch sorted --stat mean -o all.csv");
    let mut ids: Vec<i64> = place.csv("all.csv").iter().map(|line| line[0].parse().expect("a number")).collect();
    ids.dedup();
    let few = Arc::new(Int64Array::from(vec![ids[70], ids[200]])) as ArrayRef;
    place.parquet("few.parquet", vec![("id", few)]);
    ids.extend([17, 18, i64::MAX]);
    ids.sort_by_key(|id| id.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64.cast_signed()));
    for (name, ids) in ["objects/a.parquet", "objects/b.parquet"].into_iter().zip(ids.chunks(200)) {
        let unsigned: UInt64Array = ids.iter().map(|id| id.cast_unsigned()).collect();
        let seventh: Int64Array = ids.iter().map(|id| id % 7).collect();
        let names: LargeStringArray = ids.iter().map(|id| Some(format!("o{id}"))).collect();
        place.parquet(
            name,
            vec![("seventh", Arc::new(seventh)), ("objectid", Arc::new(unsigned)), ("name", Arc::new(names))],
        );
    }
    place
}

fn run(place: &Place, words: &str, condition: Option<&str>) -> Said {
    let condition = condition.iter().flat_map(|condition| ["--where-object", condition]);
    Said::of(place.command(words).args(condition).output().expect("the command starts"))
}

fn ok(place: &Place, words: &str) -> Value {
    let said = run(place, &format!("{words} --objects objects"), Some(OF_TABLE));
    assert_eq!(said.code, Some(0), "{words}: {said:?}");
    serde_json::from_str(&said.out).unwrap_or_default()
}

/// The lines of a table without its last two columns, if these are what is known of the object in the first.
fn known(place: &Place, name: &str) -> Option<Vec<Vec<String>>> {
    let mut lines = place.csv(name);
    for line in &mut lines {
        let id: i64 = line[0].parse().ok()?;
        let beside = line.split_off(line.len() - 2);
        if beside != [(id % 7).to_string(), format!("o{id}")] {
            return None;
        }
    }
    Some(lines)
}

#[test]
fn the_answer_is_that_of_the_same_objects_by_a_condition_on_ids() {
    let place = with_tables();
    for (layout, plan, stat) in RUNS {
        let words = format!("batch {layout} --stat {stat} --plan {plan} --overwrite {}", cut(plan, 5));
        let by_rows = place.command(&format!("{words} -o rows.csv --json")).args(["--where", OF_ROWS]).output();
        let by_rows = Said::of(by_rows.expect("the command starts"));
        let by_rows: Value = serde_json::from_str(&by_rows.out).expect("JSON");
        for workers in [1, 2, 5] {
            let words = format!("{words} --workers {workers} --json");
            let summary = ok(&place, &format!("{words} -o objects.csv"));
            assert!(place.csv("objects.csv").len() > 100);
            assert!(place.read("objects.csv") == place.read("rows.csv"), "{words}");
            assert_eq!(summary["left_out"], by_rows["left_out"], "{words}");
            assert_eq!(summary["rows"], by_rows["rows"], "{words}");
        }
        ok(&place, &format!("{words} --join seventh,name -o joined.csv"));
        assert!(known(&place, "joined.csv") == Some(place.csv("rows.csv")), "{words}");
    }
    place.ok("batch sorted --objects objects --join name,seventh -o joined.csv --overwrite");
    assert_eq!(known(&place, "joined.csv"), None, "columns in another order");
}

#[test]
fn wide_tables_and_jobs_have_what_is_known_of_objects_too() {
    let place = with_tables();
    ok(&place, "batch shuffled --wide --join seventh,name -o wide.csv");
    let lines = known(&place, "wide.csv").expect("the right names");
    assert!(lines.len() > 100 && lines.iter().all(|line| line[0].parse::<i64>().is_ok_and(|id| id % 7 != 3)));
    for (i, (layout, plan, stat)) in RUNS.iter().enumerate().filter(|(_, (_, plan, _))| *plan != "merge") {
        let words = format!("{layout} --stat {stat} --plan {plan} --join name,seventh {}", cut(plan, 5));
        ok(&place, &format!("batch {words} -o whole.parquet --overwrite"));
        let planned = ok(&place, &format!("plan {words} -o job{i} --json"));
        for task in 0..planned["tasks"].as_u64().expect("a number") {
            place.ok(&format!("run-task job{i} {task}"));
        }
        place.ok(&format!("gather job{i} -o gathered.parquet --overwrite"));
        assert!(place.read("whole.parquet") == place.read("gathered.parquet"), "{plan}: the same bytes");
        // Other objects are another job.
        let other = place.fails(&format!("batch {words} --objects objects --resume job{i} -o other.parquet"));
        assert!(other.contains(&format!("where {OF_TABLE}")), "{other}");
    }
    let planned = ok(&place, "plan sorted --join name -o job --json");
    place.parquet("objects/a.parquet", vec![("objectid", Arc::new(UInt64Array::from(vec![1])))]);
    for task in 0..planned["tasks"].as_u64().expect("a number") {
        let changed = run(&place, &format!("run-task job {task}"), None);
        assert!(changed.code == Some(1) && changed.err.contains("objects/a.parquet"), "{changed:?}");
    }
}

#[test]
fn objects_without_a_light_curve_are_listed_where_that_is_asked_for() {
    let place = with_tables();
    let listed =
        |name: &str| -> Vec<i64> { place.csv(name).iter().map(|line| line[0].parse().expect("a number")).collect() };
    for (layout, plan, stat) in RUNS.into_iter().filter(|(_, plan, _)| *plan != "map-unchecked") {
        let words =
            format!("batch {layout} --stat {stat} --plan {plan} --join name,seventh --overwrite {}", cut(plan, 5));
        ok(&place, &format!("{words} -o some.csv"));
        for workers in [1, 3] {
            ok(&place, &format!("{words} --all-objects --workers {workers} -o all.csv"));
            let job = format!("job-{}-{workers}", place.csv("all.csv").len() + plan.len());
            ok(&place, &format!("{words} --all-objects --workers {workers} --resume {job} -o of-job.csv"));
            assert_eq!(place.read("of-job.csv"), place.read("all.csv"), "{words}");
            std::fs::remove_dir_all(place.path(&job)).expect("it is there");
            let (some, all) = (place.csv("some.csv"), place.csv("all.csv"));
            assert!(listed("all.csv").is_sorted());
            let (seen, absent): (Vec<_>, Vec<_>) = all.into_iter().partition(|line| line[2] != "0");
            assert_eq!(seen, some, "{words}");
            // The three of the table that were never seen, but for those that are not meant.
            let ids: Vec<&str> = absent.iter().map(|line| line[0].as_str()).collect();
            assert_eq!(ids, ["18", "9223372036854775807"], "{words}");
            for line in &absent {
                let end = line.len() - 2;
                assert!(line[1].is_empty() && line[3..end].iter().all(String::is_empty), "{line:?}");
                assert_eq!(line[end], format!("o{}", line[0]));
            }
        }
    }
    ok(&place, "batch sorted --all-objects --stat mean --wide --join name -o wide.csv");
    let wide = place.csv("wide.csv");
    assert!(wide.last().is_some_and(|line| line[1..line.len() - 1].iter().all(String::is_empty)), "{wide:?}");
    // Of a survey in which no object is meant all are listed, and of a choice that choice.
    ok(&place, "batch sorted --all-objects --stat mean --where flux>1e30 -o none.parquet");
    ok(&place, "batch sorted --all-objects --stat mean --where flux>1e30 --ids 17,18,19 -o none.csv");
    assert_eq!(listed("none.csv"), [18]);
    for (words, message) in [
        ("--plan map-unchecked", "pieces of light curves are in no order"),
        ("--by band", "objects without a light curve cannot be listed among results by band"),
    ] {
        let error = place.fails(&format!("batch sorted --objects objects --all-objects {words} -o refused.csv"));
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn row_groups_without_any_of_the_objects_are_not_read() {
    let place = with_tables();
    let whole = place.json("batch sorted -o whole.csv --json");
    let few = place.json("batch sorted --objects few.parquet -o few.csv --json");
    let bytes = |summary: &Value| summary["bytes_read"].as_u64().expect("a number");
    assert!(bytes(&few) < bytes(&whole) * 3 / 4, "{} of {}", bytes(&few), bytes(&whole));
    assert_eq!(place.csv("few.csv").len(), 6);
    let shown = run(&place, "explain sorted --objects objects", Some(OF_TABLE));
    assert!(
        shown.out.contains(&format!("objects    363 objects in 2 files where {OF_TABLE}, by objectid\n")),
        "{shown:?}"
    );
}

#[test]
fn less_memory_is_enough_or_is_said() {
    let place = with_tables();
    ok(&place, "batch shuffled --plan shuffle --join name -o roomy.csv");
    ok(&place, "batch shuffled --plan shuffle --join name -o small.csv --memory 24MB");
    assert!(place.read("roomy.csv") == place.read("small.csv"), "the same bytes");
}

#[test]
fn what_is_wrong_with_a_table_of_objects_is_one_message() {
    let place = with_tables();
    let texts = Arc::new(StringArray::from(vec!["a", "b"])) as ArrayRef;
    let floats = Arc::new(arrow::array::Float64Array::from(vec![1.0, 2.5])) as ArrayRef;
    let twice = Arc::new(Int64Array::from(vec![5, 5])) as ArrayRef;
    place.parquet("wrong.parquet", vec![("id", texts), ("z", floats), ("n", twice)]);
    for (words, message) in [
        ("--objects wrong.parquet", "wrong.parquet: column 'id' is Utf8, but the survey's ids are integers"),
        ("--objects wrong.parquet --object-id z", "2.5 is not a valid id"),
        ("--objects wrong.parquet --object-id n", "wrong.parquet: object 5 has more than one row"),
        ("--objects wrong.parquet --object-id m", "no column 'm'"),
        ("--objects nowhere", "nowhere: no such file or folder"),
        ("--objects objects --join naem", "no column 'naem' (did you mean 'name'?)"),
        ("--objects objects --join name,name", "two result columns are called 'name'"),
        ("--objects objects --where-object nmae='o'", "no column is called 'nmae' (did you mean 'name'?)"),
        ("--objects objects --where-object seventh", "the expression is a whole number, not a condition"),
    ] {
        let error = place.fails(&format!("batch sorted {words} -o out.csv"));
        assert!(error.contains(message), "{words}: {error}");
    }
    for words in ["--join name", "--where-object seventh=1", "--object-id name"] {
        let said = place.tape(&format!("batch sorted {words}"));
        assert!(said.code == Some(2) && said.err.contains("--objects"), "{said:?}");
    }
}
