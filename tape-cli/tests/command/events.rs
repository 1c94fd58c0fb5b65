//! `tape batch --json-events`: the events of a run.

use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::support::Place;

/// Reads the events of a file. Each line must be complete.
fn events(place: &Place, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(place.path(name)).expect("it was written");
    assert!(text.ends_with('\n'), "{text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().expect("a name")).collect()
}

#[test]
fn a_run_is_told_from_start_to_end() {
    let place = Place::new();
    place.ok("simulate survey --objects 200 --epochs 20 --layout shuffled");
    let summary =
        place.json("batch survey --stat mean,median --plan shuffle --memory 512MiB --json --json-events events.jsonl");
    let events = events(&place, "events.jsonl");
    let (start, end) = (&events[0], &events[events.len() - 1]);
    assert_eq!((start["event"].as_str(), end["event"].as_str()), (Some("start"), Some("end")));
    assert_eq!(start["plan"], "shuffle");
    assert_eq!((&start["rows"], &start["workers"]), (&summary["rows"], &summary["workers"]));
    assert_eq!((&start["memory"], &start["values"]), (&Value::from(512u64 << 20), &Value::from(2)));
    // The summary is that of --json.
    assert_eq!(end["summary"], summary);
}

#[test]
fn progress_is_told_while_a_run_goes_on() {
    let place = Place::new();
    place.ok("simulate survey --objects 8000 --epochs 60 --layout shuffled --compression none");
    let summary = place.json(
        "batch survey --stat median,stetson_j,eta_e,skew --plan shuffle --workers 1 --memory 20MiB --spill-dir . --json \
         --json-events events.jsonl",
    );
    let events = events(&place, "events.jsonl");
    let progress: Vec<&Value> = events.iter().filter(|event| event["event"] == "progress").collect();
    assert!(!progress.is_empty(), "spilling half a million rows takes more than half a second");
    let number = |event: &Value, name: &str| event[name].as_u64().unwrap_or_else(|| panic!("{name} of {event}"));
    for pair in progress.windows(2) {
        for name in ["rows", "light_curves", "bytes_read", "spilled"] {
            assert!(number(pair[0], name) <= number(pair[1], name), "{name} runs backwards: {pair:?}");
        }
    }
    for event in progress {
        assert!(number(event, "rows") <= number(event, "rows_of"), "{event}");
        assert_eq!(event["rows_of"], summary["rows"]);
        assert_eq!(event["memory"], 20u64 << 20);
        let share = event["share"].as_f64().expect("a share");
        assert!((0.0..=1.0).contains(&share), "{event}");
        let steps = event["steps"].as_object().expect("steps");
        assert!(["read", "put_away", "compute"].iter().all(|step| steps.contains_key(*step)), "{event}");
        #[cfg(target_os = "linux")]
        assert!(number(event, "resident") > 1 << 20, "{event}");
    }
}

#[test]
fn warnings_restarts_and_errors_are_events() {
    let place = Place::new();
    place.ok("simulate survey --objects 20 --epochs 20");
    place.ok("batch survey --band-to-calc g,x --json --json-events warned.jsonl");
    let warned = events(&place, "warned.jsonl");
    assert!(names(&warned).contains(&"warning"), "{warned:?}");
    assert!(warned.iter().any(|event| event["message"].as_str().is_some_and(|m| m.contains("no epoch has band 'x'"))));

    let said = place.tape("batch nothing-here --json-events failed.jsonl");
    assert_eq!(said.code, Some(1), "{said:?}");
    let failed = events(&place, "failed.jsonl");
    assert_eq!(names(&failed), ["error"]);
    assert_eq!(said.err.trim_end(), format!("error: {}", failed[0]["message"].as_str().expect("a message")));
}

#[test]
fn a_file_of_events_takes_nobodys_place() {
    let place = Place::new();
    place.ok("simulate survey --objects 5 --epochs 10");
    fs::write(place.path("mine.txt"), "mine").expect("it is ours");
    let said = place.fails("batch survey --json-events mine.txt");
    assert!(
        said.contains("mine.txt: already exists: choose another name for the event file, or pass --overwrite"),
        "{said}"
    );
    place.ok("batch survey --json-events mine.txt --overwrite");
    assert_eq!(names(&events(&place, "mine.txt")).last(), Some(&"end"));
    let said = place.tape("batch survey -o out.csv --json-events out.csv");
    assert_eq!(said.code, Some(2), "{said:?}");
    let said = place.fails("batch survey --json-events no/such/folder.jsonl");
    assert!(said.contains("folder.jsonl: cannot write events"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_run_that_is_killed_leaves_whole_lines() {
    let place = Place::new();
    place.ok("simulate survey --objects 3000 --epochs 100 --layout shuffled --compression none");
    let mut child = place
        .command("batch survey --stat all --workers 1 -o out.parquet --json-events events.jsonl")
        .spawn()
        .expect("starts");
    let written = || fs::read_to_string(place.path("events.jsonl")).unwrap_or_default();
    while written().is_empty() && child.try_wait().expect("waits").is_none() {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("ours");
    child.wait().expect("waits");
    let text = written();
    let whole = text.rsplit_once('\n').expect("a line was there").0;
    for line in whole.lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}
