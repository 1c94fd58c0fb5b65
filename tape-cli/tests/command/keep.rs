//! `tape batch --keep` and `tape frames`: existing frames are reused, and a folder is complete at any moment.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Place, Said};

fn survey() -> Place {
    let place = Place::new();
    place.ok("simulate survey --objects 200 --epochs 30 --bands gri --files 3 --layout sorted-split");
    place
}

fn labels(place: &Place, folder: &str) -> Vec<String> {
    let frames = place.json(&format!("frames {folder} --json"));
    let label = |frame: &Value| frame["label"].as_str().expect("text").to_owned();
    frames.as_array().expect("a list").iter().map(label).collect()
}

#[test]
fn the_second_run_reuses_the_first_and_says_so() {
    let place = survey();
    place.ok("batch survey --stat stetson_j -o wanted.csv");
    let keep = "batch survey --stat stetson_j --keep saved --label stetson";
    let first = place.json(&format!("{keep} -o first.csv --json"));
    assert!(first["kept"]["reused"] == false && first["bytes_read"].as_u64() > Some(0), "{first}");
    // Other arguments that give the same.
    let again = place.json(&format!("{keep} --workers 1 --memory 1GiB -o second.csv --json"));
    assert!(again["kept"]["reused"] == true && again["bytes_read"] == 0, "{again}");
    let said = place.ok(keep);
    assert!(said.contains("reused from saved: frame 'stetson'"), "{said}");
    let wanted = place.read("wanted.csv");
    assert!(place.read("first.csv") == wanted && place.read("second.csv") == wanted);
    let said = place.fails(&format!("{keep} -o second.csv"));
    assert!(said.contains("second.csv"), "{said}");
}

#[test]
fn what_differs_is_refused_until_it_is_replaced_on_purpose() {
    let place = survey();
    let keep = |what: &str| format!("batch survey {what} --keep saved --label mean");
    place.ok(&keep("--stat mean"));
    place.ok("batch survey --stat eta --keep saved --label eta");
    for (what, words) in [
        ("--stat median", "with the statistics mean, not median"),
        ("--stat mean --band-to-calc g", "with the bands all, not g"),
        ("--stat mean --where flux>0", "with the condition none, not flux>0"),
    ] {
        let said = place.fails(&keep(what));
        assert!(said.contains("'mean'") && said.contains(words), "{said}");
        let replaced = place.json(&keep(&format!("{what} --overwrite --json")));
        assert_eq!(replaced["kept"]["reused"], false);
        let same = place.json(&keep(&format!("{what} --overwrite --json")));
        assert_eq!(same["kept"]["reused"], true, "what is the same need not be replaced");
        place.ok(&keep("--stat mean --overwrite"));
    }
    assert_eq!(labels(&place, "saved"), ["mean", "eta"]);
    place.ok("simulate other --objects 20 --epochs 10 --bands gri");
    let said = place.fails("batch other --stat mean --keep saved --label other");
    assert!(said.contains("other") && said.contains("choose another folder"), "{said}");
    let said = place.fails("batch survey --stat mean --keep survey --label mean");
    assert!(said.contains("so it is not a saved ensemble"), "{said}");
    let said = place.fails("batch survey --stat mean --keep saved --label source");
    assert!(said.contains("'source' is the ensemble's own table"), "{said}");
    let said = place.tape("batch survey --stat mean --keep saved");
    assert!(said.code == Some(2) && said.err.contains("--label"), "{said:?}");
}

#[test]
fn frames_are_listed_exported_and_dropped() {
    let place = survey();
    place.ok("batch survey --stat mean -o mean.csv");
    for (stat, label) in [("mean", "mean"), ("stetson_j,eta", "both")] {
        place.ok(&format!("batch survey --stat {stat} --keep saved --label {label}"));
    }
    let listed = place.json("frames saved --json");
    assert!(listed[0]["up_to_date"] == true && listed[1]["columns"][4] == "eta", "{listed}");
    let rows = place.csv("mean.csv").len();
    assert_eq!(listed[0]["rows"].as_u64(), Some(rows as u64));
    let said = place.ok("frames saved");
    for words in
        ["both: ", "5 columns", "id, band, n_obs, stetson_j, eta", "stetson_j, eta of ", "and 2 more", "up to date"]
    {
        assert!(said.contains(words), "{words} in {said}");
    }
    place.ok("frames saved --export mean -o exported.csv");
    assert_eq!(place.read("exported.csv"), place.read("mean.csv"));
    place.fails("frames saved --export mean -o exported.csv");
    place.ok("frames saved --export mean -o exported.csv --overwrite");
    let said = place.fails("frames saved --export men -o other.csv");
    assert!(said.contains("cannot export frame 'men'") && said.contains("did you mean 'mean'?"), "{said}");
    place.ok("frames saved --drop mean");
    assert_eq!(labels(&place, "saved"), ["both"]);
    for words in ["--drop mean", "--export mean -o other.csv"] {
        let said = place.fails(&format!("frames saved {words}"));
        assert!(said.contains("it was dropped"), "{said}");
    }
    let said = place.fails("frames nowhere");
    assert!(said.contains("no saved ensemble found"), "{said}");
    // A file of the survey is another.
    let first = place.path("survey/part-000.parquet");
    let file = fs::File::options().append(true).open(first).expect("it is there");
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).expect("its time is set");
    assert!(place.ok("frames saved").contains("out of date: "));
    let said = place.fails("batch survey --stat stetson_j,eta --keep saved --label both");
    assert!(said.contains("before they changed"), "{said}");
    place.ok("batch survey --stat stetson_j,eta --keep saved --label both --overwrite");
    assert!(place.ok("frames saved").contains("up to date"));
    // It goes without the survey.
    fs::remove_dir_all(place.path("survey")).expect("it is there");
    place.ok("frames saved --export both -o both.parquet");
}

#[test]
fn processes_that_keep_frames_at_the_same_time_take_turns() {
    let place = survey();
    let stats = ["mean", "eta", "median", "stetson_j", "amplitude", "skew"];
    let keep = |stat: &&str| {
        let mut command = place.command(&format!("batch survey --stat {stat} --keep saved --label {stat}"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts")
    };
    let running: Vec<_> = stats.iter().map(keep).collect();
    for child in running {
        let said = Said::of(child.wait_with_output().expect("it ends"));
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    let mut found = labels(&place, "saved");
    found.sort();
    let mut wanted = stats.to_vec();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}

#[cfg(unix)]
#[test]
fn a_folder_is_whole_whenever_a_process_is_killed() {
    let place = survey();
    place.ok("batch survey --stat mean --keep saved --label first");
    place.ok("frames saved --export first -o first.csv");
    let keep = |stat: &str| format!("batch survey --stat {stat} --keep saved --label second --overwrite");
    let start = std::time::Instant::now();
    place.ok(&keep("mean"));
    let takes = start.elapsed();
    let (mut changed, mut before) = (0, String::new());
    for kill in 0..24_u32 {
        let stat = ["median", "eta", "mean", "skew"][kill as usize % 4];
        let mut child = place.command(&keep(stat)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
        // Some runs finish.
        if kill % 6 < 5 {
            std::thread::sleep(takes * (kill % 12) / 10 + Duration::from_millis(1));
            // The process cannot handle SIGKILL.
            child.kill().expect("it is ours");
        }
        child.wait().expect("it ends");
        let frames = place.json("frames saved --json");
        let of = frames[1]["origins"][0]["query"]["statistics"][0].as_str().expect("a frame").to_owned();
        changed += usize::from(of != before);
        before = of;
        for label in ["first", "second"] {
            place.ok(&format!("frames saved --export {label} -o {label}.now.csv --overwrite"));
        }
        assert_eq!(place.read("first.now.csv"), place.read("first.csv"));
        let header = String::from_utf8(place.read("second.now.csv")).expect("text");
        assert!(header.lines().next().is_some_and(|line| line.ends_with(&before)), "{before}");
    }
    assert!(changed >= 4, "those that came to their end are there");
    let is_left = |path: &std::path::Path| {
        path.components().any(|part| part.as_os_str().to_string_lossy().starts_with(".saved."))
    };
    assert!(place.listing().iter().any(|(path, _)| is_left(path)), "some were killed while they wrote");
    place.ok(&keep("stetson_j"));
    assert_eq!(labels(&place, "saved"), ["first", "second"]);
}
