//! What happens to a run from outside: a full disk, Ctrl-C, a reader that goes away.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Place, Said};

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_one_message() {
    let place = Place::new();
    place.ok("simulate survey --objects 3000 --epochs 20");
    // A limit on the size of files stands in for a full disk: the system refuses the same write.
    let command = format!(
        "trap '' XFSZ; ulimit -f 4; exec {} batch {} -o {}",
        env!("CARGO_BIN_EXE_tape"),
        place.path("survey").display(),
        place.path("out.csv").display()
    );
    let before = place.listing();
    let output = Command::new("bash").args(["-c", &command]).output().expect("bash runs");
    let said = Said::of(output);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("out.csv: cannot write: File too large; nothing is left in its place"), "{said:?}");
    assert_eq!(place.listing(), before);
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_the_run_and_leaves_nothing() {
    let place = Place::new();
    place.ok("simulate survey --objects 20000 --epochs 100 --layout shuffled --compression none");
    let before = place.listing();
    let mut stopped = false;
    // The signal may come before the handler is set or after the end: try until it hits the run itself.
    for wait in [60, 90, 120, 40, 150, 30, 20, 200] {
        let mut child = place
            .command("batch survey --stat stetson_j,eta,mean --workers 1 -o out.parquet --overwrite")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("starts");
        std::thread::sleep(Duration::from_millis(wait));
        let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
        assert!(kill.success() || child.try_wait().expect("waits").is_some());
        let status = child.wait().expect("waits");
        let mut err = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut err).expect("reads");
        if status.code() == Some(1) {
            assert!(err.contains("error: stopped; nothing was written"), "{err}");
            assert_eq!(place.listing(), before, "after {wait} ms");
            stopped = true;
            break;
        }
        drop(std::fs::remove_file(place.path("out.parquet")));
        for (path, _) in place.listing() {
            if path.extension().is_some_and(|e| e == "tmp") {
                std::fs::remove_file(path).expect("removed");
            }
        }
    }
    assert!(stopped, "no signal hit a run");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    let mut child =
        place.command("completions bash").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    drop(child.stdout.take());
    let said = Said::of(child.wait_with_output().expect("waits"));
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.err, "");
}
