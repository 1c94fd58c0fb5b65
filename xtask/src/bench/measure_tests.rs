//! Tests the whole benchmark with shell scripts.

use super::super::fake::{self, WORK};
use super::*;

fn run_fake(batch: &str) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let settings = Settings {
        programs: fake::programs(folder.path(), batch),
        cache: folder.path().join("cache"),
        sizes: vec![Size::Medium],
        compressions: vec![Compression::Zstd],
        runs: 1,
    };
    measure(&settings, Machine::now()?)
}

#[test]
fn every_row_is_measured_and_judged() {
    // The map plan takes four times as long as the floor, which does the same work once.
    let slow_map = format!("echo same > $out\n{WORK}\n[ $plan != map ] || {{ {WORK}\n{WORK}\n{WORK}\n}}");
    let report = run_fake(&slow_map).expect("all runs succeed");
    let names: Vec<&str> = report.rows.iter().map(|row| row.row.as_str()).collect();
    assert_eq!(names, ["floor sorted", "floor split", "floor shuffled", "map", "stitch", "nested", "shuffle"]);
    assert!(report.rows.iter().all(|row| row.survey_rows == 3000));
    let [map] = &report.rows[3].targets[..] else { panic!("peak memory is only judged on the large survey") };
    assert!((map.value - 4.0).abs() < 1e-9 && !map.met, "{map:?}");
    assert!(report.rows[6].targets[0].met, "{:?}", report.rows[6]);
}

#[test]
fn different_results_stop_the_bench() {
    let error = run_fake(&format!("echo $plan > $out\n{WORK}")).expect_err("each plan has another result");
    assert!(error.to_string().starts_with("the results of the plans differ"), "{error}");
}

#[test]
fn a_run_that_is_too_short_stops_the_bench() {
    let error = run_fake("echo same > $out").expect_err("it does nothing");
    assert!(error.to_string().contains("too short to time"), "{error}");
}

#[test]
fn a_failing_run_stops_the_bench() {
    let error = run_fake("echo out of luck >&2\nexit 1").expect_err("it fails");
    assert!(error.to_string().ends_with("out of luck"), "{error}");
}

#[test]
fn a_program_that_is_replaced_meanwhile_stops_the_bench() {
    let replaced = format!("echo same > $out\n{WORK}\necho '# longer' >> $(dirname $0)/tape-floor");
    let error = run_fake(&replaced).expect_err("the floor was replaced");
    assert!(error.to_string().ends_with("tape-floor was replaced while it was measured"), "{error}");
}

#[test]
fn peak_memory_is_judged_on_the_large_survey() {
    let usage = Usage { cpu_s: 1.0, wall_s: 1.0, peak_mb: 301.0 };
    let mut row = Measured::new("map", Size::Large, Compression::None, 1, &[usage]);
    let target = Target::LargePeakMb(300.0);
    assert!(!judge(&target, &row, &[]).expect("it is judged").met);
    row.size = Size::Medium;
    assert_eq!(judge(&target, &row, &[]), None);
}
