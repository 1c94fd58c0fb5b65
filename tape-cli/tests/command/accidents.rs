//! Runs that are disturbed from outside: a full disk, Ctrl-C, a reader that closes its pipe.

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
    assert!(said.err.contains("out.csv: cannot write: File too large; no partial output was left behind"), "{said:?}");
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

/// Returns true if a process has installed a handler for Ctrl-C.
#[cfg(target_os = "linux")]
fn catches_ctrl_c(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 0b10 != 0)
}

#[cfg(target_os = "linux")]
fn interrupt(child: &std::process::Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs").success());
}

#[cfg(target_os = "linux")]
fn wait_until_it_catches_ctrl_c(child: &mut std::process::Child) {
    while !catches_ctrl_c(child.id()) {
        assert!(child.try_wait().expect("waits").is_none(), "it ended before it could be stopped");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_stops_a_periodogram_in_the_midst_of_a_light_curve() {
    let place = Place::new();
    place.ok("simulate survey --objects 4 --epochs 3000 --compression none");
    let before = place.listing();
    // A million frequencies and more, for each light curve: minutes.
    let mut child = place
        .command("batch survey --stat lomb_scargle:minimum_period=0.002:terms=3 --workers 2 -o out.parquet")
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    wait_until_it_catches_ctrl_c(&mut child);
    std::thread::sleep(Duration::from_millis(500));
    let told = std::time::Instant::now();
    interrupt(&child);
    let output = child.wait_with_output().expect("it ends");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("error: stopped; nothing was written"), "{err}");
    // Half a second, plus time for a busy machine.
    assert!(told.elapsed() < Duration::from_secs(5), "it went on for {:?}", told.elapsed());
    assert_eq!(place.listing(), before);
}

#[cfg(target_os = "linux")]
#[test]
fn a_second_ctrl_c_ends_a_process_that_hangs() {
    use std::io::Write as _;

    let place = Place::new();
    place.ok("simulate survey --objects 20 --epochs 10");
    // A full pipe without a reader blocks its writer.
    let pipe = place.path("events");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let mut full = std::fs::OpenOptions::new().read(true).write(true).open(&pipe).expect("opens");
    std::thread::spawn(move || while full.write_all(&[b'\n'; 512]).is_ok() {});
    std::thread::sleep(Duration::from_millis(200));
    let mut child = place
        .command("batch survey --stat mean -o out.parquet --json-events events")
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    wait_until_it_catches_ctrl_c(&mut child);
    interrupt(&child);
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().expect("waits").is_none(), "the first Ctrl-C does not end a process that hangs");
    interrupt(&child);
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
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
