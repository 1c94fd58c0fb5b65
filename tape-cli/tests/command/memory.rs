//! Runs with little memory: rows are spilled and read back, and nothing remains.

use crate::support::Place;
#[cfg(target_os = "linux")]
use crate::support::Said;

/// A shuffled survey of 250,000 rows, and a budget that holds a part of them.
const SURVEY: &str = "simulate survey --objects 2500 --epochs 100 --layout shuffled --files 4";
const LITTLE: &str = "--memory 12MiB --workers 1 --spill-dir away";

fn place() -> Place {
    let place = Place::new();
    place.ok(SURVEY);
    std::fs::create_dir(place.path("away")).expect("a folder");
    place
}

#[test]
fn what_does_not_fit_is_put_away_and_the_answer_stays_the_same() {
    let place = place();
    let plenty = place.json("batch survey --stat stetson_j,eta --memory 1GiB -o plenty.parquet --json");
    let little = place.json(&format!("batch survey --stat stetson_j,eta {LITTLE} -o little.parquet --json"));
    assert_eq!(plenty["spilled"], 0);
    assert!(little["spilled"].as_u64() > Some(1 << 20), "{little}");
    assert_eq!(place.read("plenty.parquet"), place.read("little.parquet"));
    assert_eq!(std::fs::read_dir(place.path("away")).expect("a folder").count(), 0);
}

#[test]
fn the_plan_says_how_much_will_be_put_away() {
    let place = place();
    let plan = place.ok(&format!("explain survey {LITTLE}"));
    assert!(plan.contains("spill      about"), "{plan}");
    assert_eq!(place.json("explain survey --memory 1GiB --json")["spill"], 0);
    assert!(place.json(&format!("explain survey {LITTLE} --json"))["spill"].as_u64() > Some(4 << 20));
}

#[test]
fn a_budget_that_cannot_be_kept_says_what_is_needed() {
    let place = place();
    let error = place.fails("batch survey --memory 3MiB -o out.csv");
    assert!(error.contains("3 MiB of memory is too little: at least"), "{error}");
    let said = place.tape("batch survey --spill-dir nowhere -o out.csv");
    assert_eq!((said.code, said.err.as_str()), (Some(2), "error: --spill-dir nowhere: no such folder\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_and_nothing_stays() {
    let place = place();
    // A limit on the size of files stands in for a full disk: the system refuses the same write.
    let command = format!("trap '' XFSZ; ulimit -f 512; exec {} batch survey {LITTLE}", env!("CARGO_BIN_EXE_tape"));
    let before = place.listing();
    let mut bash = std::process::Command::new("bash");
    let said = Said::of(bash.current_dir(place.path("")).args(["-c", &command]).output().expect("bash runs"));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.err.contains("away: cannot spill rows to disk: file too large") && said.err.contains("--spill-dir"),
        "{said:?}"
    );
    assert_eq!(place.listing(), before);
}
