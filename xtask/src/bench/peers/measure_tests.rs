//! Tests the whole comparison with shell scripts.

use std::fs;
use std::time::Duration;

use super::super::super::fake;
use super::super::script;
use super::super::table::{Format, table};
use super::*;

/// Creates a peer with one row, and scripts for its startup, each run, and writing the results to `$path`.
fn peer(name: &str, needs: &str, [start, run, answer]: [&str; 3]) -> (String, String) {
    let head = format!(
        "# /// script\n# dependencies = [\"{needs}==1\"]\n#\n# [[tool.tape-bench.rows]]\n# name = \"{name}\"\n\
         # tasks = [\"moments\"]\n# layouts = [\"sorted\"]\n\
         # targets = [{{ task = \"moments\", layout = \"sorted\", least = 0.01 }}]\n# ///\n"
    );
    let serve = format!(
        "{start}\necho ready\nwhile read word path; do if [ $word = run ]; then\n{run}\nelse\n{answer}\nfi; echo done; done\n"
    );
    (name.replace(' ', "_"), head + &serve)
}

/// About 60 ms of CPU time, because a peer's time is really measured.
const WORK: &str = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";

const RIGHT: &str = "echo same > $path";

/// Fails to install the requirement `nothing`.
const PIP: &str = "if grep -q nothing $(dirname $0)/../requirements.txt; then echo no such package >&2; exit 1; fi";

fn bench(size: Size, batch: &str, peers: &[(String, String)]) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let scripts = folder.path().join("peers");
    fs::create_dir(&scripts)?;
    for (name, text) in peers {
        fs::write(scripts.join(name).with_extension("py"), text)?;
    }
    let settings = PeerSettings {
        programs: fake::programs(folder.path(), batch),
        cache: folder.path().join("cache"),
        python: fake::python(folder.path(), PIP),
        sizes: vec![size],
        runs: 1,
        only: None,
        limit: Duration::from_secs(60),
    };
    measure(&settings, &script::scripts(&scripts)?, Machine::now()?)
}

fn ours() -> String {
    format!("echo same > $out\n{}", fake::WORK)
}

#[cfg(target_os = "linux")]
#[test]
fn a_peer_has_a_ratio_only_if_results_agree() {
    let late = "n=$((n+1)); [ $n = 1 ] && echo same > $path || echo other > $path";
    let report = bench(
        Size::Medium,
        &ours(),
        &[
            peer("right", "a", ["true", WORK, RIGHT]),
            peer("wrong", "a", ["true", WORK, "echo other > $path"]),
            peer("wrong at last", "a", ["n=0", WORK, late]),
        ],
    );
    let report = report.expect("ours succeeds");
    let rows: Vec<_> = report.rows.iter().filter(|row| row.beside.as_ref().is_some_and(is_asked)).collect();
    let beside = |name: &str| {
        let row = rows.iter().find(|row| row.row == name).expect("a row");
        (row.beside.clone().expect("a comparison with ours"), row.targets.len())
    };
    let (right, targets) = beside("right");
    assert_eq!((right.difference, targets), (None, 1));
    assert!(right.ratio.is_some_and(|ratio| ratio > 0.0), "{:?}", right.ratio);
    for name in ["wrong", "wrong at last"] {
        let (wrong, targets) = beside(name);
        assert!(wrong.difference.is_some_and(|difference| difference.contains("differ")));
        assert_eq!((wrong.ratio, targets), (None, 0));
    }
    let text = table(&report, Format::Plain);
    assert_eq!(text.matches("ANSWERS DIFFER").count(), 2, "{text}");
    assert_eq!(text.matches("UNKNOWN wrong").count(), 2, "{text}");
    assert!(text.contains("met     right (moments, sorted, medium, zstd): CPU, times ours"), "{text}");
}

fn is_asked(beside: &PeerComparison) -> bool {
    (beside.task, beside.layout) == (Task::Moments, Layout::Sorted)
}

#[cfg(target_os = "linux")]
#[test]
fn a_failing_peer_does_not_stop_the_others() {
    let report = bench(
        Size::Medium,
        &ours(),
        &[
            peer("cannot start", "a", ["echo Traceback >&2; echo no memory >&2; exit 1", WORK, RIGHT]),
            peer("ends", "a", ["true", "echo division by zero >&2; exit 1", RIGHT]),
            peer("idle", "a", ["true", "true", RIGHT]),
            peer("not to be had", "nothing", ["true", WORK, RIGHT]),
            peer("right", "a", ["true", WORK, RIGHT]),
        ],
    );
    let report = report.expect("ours succeeds");
    assert!(report.rows.iter().any(|row| row.row == "right" && !row.targets.is_empty()));
    let peers = report.peers.as_ref().expect("peers were requested");
    assert_eq!(peers.skipped, ["not_to_be_had: no such package"]);
    let why = |name: &str| peers.untimed.iter().find(|untimed| untimed.row == name).map(|untimed| untimed.why.as_str());
    assert_eq!(why("cannot start"), Some("FAILED: no memory"));
    assert_eq!(why("ends"), Some("FAILED: division by zero"));
    assert!(why("idle").is_some_and(|why| why.ends_with("too short to time")), "{:?}", why("idle"));
    let text = table(&report, Format::Markdown);
    assert!(text.contains("\n1 peers skipped\n  not_to_be_had: no such package\n"), "{text}");
    assert!(text.contains("UNKNOWN not to be had (moments, sorted, medium)"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_small_survey_only_results_are_compared() {
    let report = bench(
        Size::Small,
        "echo same > $out",
        &[peer("right", "a", ["true", "true", RIGHT]), peer("wrong", "a", ["true", "true", "echo other > $path"])],
    );
    let report = report.expect("ours is not timed");
    assert!(report.rows.is_empty());
    let why: Vec<&str> = report.peers.iter().flat_map(|peers| &peers.untimed).map(|untimed| &untimed.why[..]).collect();
    assert!(why[0] == "answers agree" && why[1].starts_with("ANSWERS DIFFER: "), "{why:?}");
}

#[test]
fn results_of_ours_that_depend_on_the_layout_stop_the_bench() {
    let error = bench(Size::Medium, &format!("basename $2 > $out\necho $out >> $out\n{}", fake::WORK), &[]);
    let error = error.expect_err("each layout has another result").to_string();
    assert!(error.starts_with("the results of our plans differ"), "{error}");
}

#[test]
fn a_run_of_ours_that_is_too_short_stops_the_bench() {
    let error = bench(Size::Medium, "echo same > $out", &[]).expect_err("it does nothing").to_string();
    assert!(error.contains("too short to time"), "{error}");
}

#[test]
fn a_program_that_is_replaced_meanwhile_stops_the_bench() {
    let replaced = format!("{}\necho '# longer' >> $(dirname $0)/tape-floor", ours());
    let error = bench(Size::Medium, &replaced, &[]).expect_err("the floor was replaced").to_string();
    assert!(error.ends_with("tape-floor was replaced while it was measured"), "{error}");
}

#[test]
fn a_slow_peer_is_run_less_often() {
    assert_eq!((runs_for(0.1, 5), runs_for(15.0, 5), runs_for(30.0, 5), runs_for(600.0, 5)), (5, 4, 2, 1));
    assert_eq!(runs_for(600.0, 1), 1);
}

#[test]
fn peak_memory_is_compared_with_the_best_correct_peer() {
    let results = Path::new("");
    let of = |size, layout, peak_mb| {
        let what = Workload { size, task: Task::Moments, layout, survey: results, survey_rows: 1, results };
        what.measured("x", &[Usage { cpu_s: 1.0, wall_s: 1.0, peak_mb }], 1.0, None)
    };
    let shuffled = |peak_mb| of(Size::Large, Layout::Shuffled, peak_mb);
    let (mut wrong, mut reading) = (shuffled(10.0), shuffled(20.0));
    wrong.beside.as_mut().expect("a comparison with ours").difference = Some("one".into());
    reading.beside.as_mut().expect("a comparison with ours").answers = false;
    let peers = [shuffled(900.0), wrong, reading, shuffled(800.0)];
    let judged = |ours| judge_peak(&ours, &peers);
    assert_eq!(judged(shuffled(200.0)).map(|judged| (judged.value, judged.met)), Some((4.0, true)));
    assert!(judged(shuffled(201.0)).is_some_and(|judged| !judged.met));
    assert_eq!(judged(of(Size::Large, Layout::Sorted, 200.0)), None);
    assert_eq!(judged(of(Size::Medium, Layout::Shuffled, 200.0)), None);
}

#[test]
fn titles_of_rows_include_the_task() {
    let results = Path::new("");
    let of = |task, layout| {
        let what = Workload { size: Size::Medium, task, layout, survey: results, survey_rows: 1, results };
        what.measured(OURS, &[Usage { cpu_s: 1.0, wall_s: 1.0, peak_mb: 1.0 }], 1.0, None)
    };
    let row = of(Task::Moments, Layout::Sorted);
    assert!(row.is_like(&of(Task::Moments, Layout::Sorted)));
    assert!(!row.is_like(&of(Task::StetsonJ, Layout::Sorted)) && !row.is_like(&of(Task::Moments, Layout::Shuffled)));
    assert_eq!(row.title(), "ours (moments, sorted, medium, zstd)");
}
