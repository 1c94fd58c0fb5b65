//! Tests the whole benchmark with shell scripts.

use super::super::super::fake::{self, WORK};
use super::*;

/// Prints the summary of a run. `$*` ends in `--memory SIZE --json`.
const SUMMARY: &str = r#"case "$*" in *512MiB*) echo '{"spilled": 7}';; *) echo '{"spilled": 0}';; esac"#;

fn run_fake(sizes: &[Size], batch: &str) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let settings = ScaleSettings {
        programs: fake::programs(folder.path(), batch),
        cache: folder.path().join("cache"),
        sizes: sizes.to_vec(),
        runs: 1,
    };
    // The floor counts 3000 rows in the smaller survey.
    let floor = "#!/bin/sh\ncase $3 in */100m*) echo 30000;; *) echo 3000;; esac\n";
    fake::program(folder.path(), "tape-floor", floor);
    measure(&settings, Machine::now()?)
}

#[test]
fn every_plan_is_measured_at_every_size_and_the_bounded_shuffle_at_the_largest() {
    // The map plan takes three times as long for ten times the rows, and the bounded shuffle four times as long.
    let more = format!("{WORK}\n{WORK}");
    let slow_map = format!("[ $plan != map ] || case $2 in *100m*) {more};; esac");
    let slow_bounded = format!("case ${{13}} in 512MiB) {more}\n{WORK};; esac");
    let batch = format!("echo same > $out\n{SUMMARY}\n{WORK}\n{slow_map}\n{slow_bounded}");
    let report = run_fake(&[Size::HundredMillion, Size::TenMillion], &batch).expect("all runs succeed");
    let rows: Vec<_> = report.rows.iter().map(|row| (row.row.as_str(), row.size, row.survey_rows)).collect();
    let of = |size, rows| ["map", "stitch", "merge", "shuffle"].map(|name| (name, size, rows));
    let mut expected = [of(Size::TenMillion, 3000), of(Size::HundredMillion, 30_000)].concat();
    expected.push(("shuffle, 512 MiB", Size::HundredMillion, 30_000));
    assert_eq!(rows, expected);
    let [wall, peak] = &report.rows[8].targets[..] else { panic!("a target for time and one for memory") };
    assert!((wall.value - 4.0).abs() < 1e-9 && !wall.met && peak.met, "{wall:?} {peak:?}");
    assert!(report.rows[..8].iter().all(|row| row.targets.is_empty()));
    let names: Vec<_> = report.growth.iter().map(|growth| growth.row.as_str()).collect();
    assert_eq!(names, ["map", "stitch", "merge", "shuffle"]);
    let exponents = report.growth.iter().map(|growth| growth.cpu.all);
    let off = exponents.zip([3_f64.log10(), 0.0, 0.0, 0.0]).map(|(found, expected)| (found - expected).abs());
    assert!(off.into_iter().all(|off| off < 1e-9), "{:?}", report.growth);
    assert!(report.growth.iter().all(|growth| growth.target().met));
}

#[test]
fn different_results_stop_the_bench() {
    for what in ["$plan", "${13}"] {
        let batch = format!("echo {what} > $out\n{SUMMARY}\n{WORK}");
        let error = run_fake(&[Size::HundredMillion], &batch).expect_err("each run has another result");
        let expected = "the results on the 100m survey differ, so times are not reported";
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn a_run_with_the_wrong_memory_stops_the_bench() {
    let error = |spilled: u64, size| {
        let batch = format!("echo same > $out\necho '{{\"spilled\": {spilled}}}'\n{WORK}");
        run_fake(&[size], &batch).expect_err("wrong memory").to_string()
    };
    assert_eq!(error(5, Size::Million), "map spilled 5 bytes, but should run in memory");
    let expected = "shuffle, 512 MiB did not spill: the survey is too small";
    assert_eq!(error(0, Size::HundredMillion), expected);
    let error = run_fake(&[Size::Million], &format!("echo same > $out\n{WORK}")).expect_err("it says nothing");
    assert!(error.to_string().contains("no summary"), "{error}");
}

#[test]
fn a_run_that_is_too_short_or_fails_stops_the_bench() {
    let error = run_fake(&[Size::Million], &format!("echo same > $out\n{SUMMARY}")).expect_err("it does nothing");
    assert!(error.to_string().contains("on the 1m survey took") && error.to_string().ends_with("too short to time"));
    let error = run_fake(&[Size::Million], "echo out of luck >&2\nexit 1").expect_err("it fails");
    assert!(error.to_string().ends_with("out of luck"), "{error}");
}

#[test]
fn a_bounded_shuffle_is_judged_by_time_and_memory() {
    let met = |wall, peak_mb| bounded_targets(wall, peak_mb).iter().map(|judged| judged.met).collect::<Vec<_>>();
    // 512 MiB are 536.9 MB.
    assert_eq!(met(2.5, 686.8), [true, true]);
    assert_eq!(met(2.6, 687.0), [false, false]);
}
