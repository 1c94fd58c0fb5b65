//! Jobs that are killed at any moment, or whose bytes are changed.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::jobs::{RUNS, cut, surveys};
use crate::support::Place;

/// Numbers that look random, the same in each run (Knuth's multiplier and increment for 64 bits).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// Number of times that a job is killed, over all plans.
const KILLS: usize = 50;
/// Minimum number of kills between a job's plan and its table. With fewer, the test would show nothing.
const HITS: usize = 10;

fn clean(place: &Place) {
    drop(fs::remove_dir_all(place.path("job")));
    drop(fs::remove_file(place.path("out.parquet")));
}

#[cfg(unix)]
#[test]
fn a_job_that_is_killed_at_any_moment_goes_on_to_the_same_bytes() {
    let place = surveys(600);
    let runs = &RUNS[..5];
    let mut random = Random(1);
    let mut hits = 0;
    for (i, (layout, plan, stat)) in runs.iter().enumerate() {
        let arguments =
            format!("batch {layout} --stat {stat} --plan {plan} {} -o out.parquet --workers 2", cut(plan, 6));
        clean(&place);
        place.ok(&arguments);
        let whole = place.read("out.parquet");
        clean(&place);
        let resumed = format!("{arguments} --resume job");
        let start = Instant::now();
        place.ok(&resumed);
        let takes = u64::try_from(start.elapsed().as_micros()).expect("short");
        assert_eq!(place.read("out.parquet"), whole);
        for _ in 0..KILLS / runs.len() {
            clean(&place);
            let mut child =
                place.command(&resumed).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
            std::thread::sleep(Duration::from_micros(random.below(takes)));
            // The process cannot handle SIGKILL.
            child.kill().expect("it is ours");
            child.wait().expect("it ends");
            let half_done = place.path("job/manifest.json").exists() && !place.path("out.parquet").exists();
            hits += usize::from(half_done);
            if place.path("out.parquet").exists() {
                // The table appears only when it is complete.
                assert_eq!(place.read("out.parquet"), whole, "run {i}");
                continue;
            }
            place.ok(&resumed);
            assert_eq!(place.read("out.parquet"), whole, "run {i}, {arguments}");
        }
    }
    assert!(hits >= HITS, "{hits} of {KILLS} kills hit a job that had begun");
}

#[test]
fn a_changed_byte_of_a_job_is_told_of_and_the_task_is_run_again() {
    let place = surveys(120);
    let mut random = Random(2);
    let (mut refused, mut mended) = (0, 0);
    for (layout, plan, stat) in [RUNS[1], RUNS[3], RUNS[4]] {
        let resumed = format!("batch {layout} --stat {stat} --plan {plan} --partitions 3 --resume job -o out.parquet");
        place.ok(&resumed);
        let whole = place.read("out.parquet");
        let listing = place.listing();
        let files: Vec<_> =
            listing.iter().filter(|(path, size)| path.starts_with(place.path("job")) && *size > 0).collect();
        for _ in 0..24 {
            let (path, _) = files[usize::try_from(random.below(files.len() as u64)).expect("few")];
            let good = fs::read(path).expect("it is there");
            let mut bad = good.clone();
            // A task that was run again took another time, which its receipt tells in fewer or more digits.
            bad[usize::try_from(random.below(good.len() as u64)).expect("small")] ^= 1 << random.below(8);
            fs::write(path, bad).expect("it is ours");
            let said = place.tape("gather job -o again.parquet --overwrite");
            match said.code {
                // Outputs of the first of two rounds are no longer needed.
                Some(0) => assert_eq!(place.read("again.parquet"), whole, "{} was changed", path.display()),
                code => {
                    assert_eq!(code, Some(1), "{}: {said:?}", path.display());
                    let name = path.file_name().expect("a name").to_string_lossy();
                    assert!(said.err.contains(&*name), "{}: {said:?}", path.display());
                    assert!(!said.err.contains("panicked at"), "{said:?}");
                    refused += 1;
                }
            }
            let said = place.tape(&format!("{resumed} --overwrite"));
            if path.ends_with("manifest.json") {
                assert!(said.code == Some(1) && said.err.contains("manifest.json: is damaged"), "{said:?}");
            } else {
                assert_eq!(said.code, Some(0), "{}: {said:?}", path.display());
                assert_eq!(place.read("out.parquet"), whole, "{} was changed", path.display());
                mended += 1;
            }
            fs::write(path, good).expect("it is ours");
        }
        clean(&place);
    }
    assert!(refused > 30 && mended > 30, "{refused} refused, {mended} mended");
}

#[test]
fn a_changed_byte_of_an_input_never_ends_in_a_panic_nor_loses_a_row() {
    let place = surveys(60);
    let rows = place.json("batch sorted --stat mean -o good.parquet --json")["rows"].clone();
    let path = place.path("sorted/part-001.parquet");
    let good = fs::read(&path).expect("it is there");
    let mut random = Random(3);
    let (mut refused, mut ran) = (0, 0);
    for i in 0..140 {
        let mut bad = good.clone();
        // Half of the changes are in the footer, where every byte matters.
        let range = if i % 2 == 0 { bad.len() } else { 2000.min(bad.len()) };
        let from_end = usize::try_from(random.below(range as u64)).expect("small");
        let at = bad.len() - 1 - from_end;
        bad[at] ^= 1 << random.below(8);
        fs::write(&path, bad).expect("it is ours");
        let said = place.tape("batch sorted --stat mean -o out.parquet --overwrite --json");
        assert!(!said.err.contains("panicked at"), "byte {at}: {said:?}");
        if said.code == Some(0) {
            let summary: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
            assert_eq!(summary["rows"], rows, "byte {at}");
            ran += 1;
        } else {
            assert_eq!(said.code, Some(1), "byte {at}: {said:?}");
            assert!(said.err.contains("part-001.parquet") || said.err.contains("column"), "byte {at}: {said:?}");
            refused += 1;
        }
    }
    assert!(refused > 10 && ran > 10, "{refused} refused, {ran} ran");
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_done_of_a_job() {
    let place = surveys(4000);
    let arguments =
        "batch sorted-split --stat stetson_j,eta,median --plan stitch --partitions 40 --workers 1 -o out.parquet";
    place.ok(arguments);
    let whole = place.read("out.parquet");
    clean(&place);
    let resumed = format!("{arguments} --resume job");
    let start = Instant::now();
    place.ok(&resumed);
    let takes = start.elapsed();
    let mut kept = false;
    // The signal may come before the handler is set or after the end: try until it hits the run itself.
    for part in [50, 40, 60, 30, 70, 20, 80, 90] {
        clean(&place);
        let child = place.command(&resumed).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("starts");
        std::thread::sleep(takes * part / 100);
        let told = Instant::now();
        let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        kill.expect("kill runs");
        let output = child.wait_with_output().expect("it ends");
        if output.status.code() != Some(1) {
            continue;
        }
        assert!(told.elapsed() < Duration::from_secs(2), "it went on for {:?}", told.elapsed());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("job") && said.contains("stopped"), "{said}");
        let done = place.json("status job --json")["done"].as_u64().expect("a number");
        if done == 0 || done == 40 {
            continue;
        }
        kept = true;
        place.ok(&resumed);
        assert_eq!(place.read("out.parquet"), whole);
        break;
    }
    assert!(kept, "no signal hit a run with tasks done and tasks left");
}
