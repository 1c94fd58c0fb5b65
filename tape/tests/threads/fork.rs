//! A child after `fork` does not have the threads of its parent.
#![expect(unsafe_code, reason = "no safe call forks")]

use std::path::Path;
use std::time::{Duration, Instant};

use tape::simulate::{Simulation, SurveyLayout};
use tape::{Ensemble, rayon, statistics_named};

const CHILDREN: usize = 20;
/// A child that takes longer waits for a thread that it does not have.
const LONGEST: Duration = Duration::from_secs(5);

/// The parent uses the library before it forks, and rayon's global pool, too, so that the threads of that pool are missing in
/// the child whenever anything asks for them.
pub(crate) fn children_compute() {
    let folder = tempfile::tempdir().expect("a folder");
    let survey = folder.path().join("survey");
    let simulation =
        Simulation { objects: 300, epochs: 40.0, files: 12, layout: SurveyLayout::Shuffled, ..Simulation::default() };
    simulation.write(&survey).expect("it can be written");
    let expected = rows(&survey);
    rayon::broadcast(|_| ());
    for child in 0..CHILDREN {
        // SAFETY: the threads of the parent hold no lock that the child takes: they are idle, or about to end.
        match unsafe { libc::fork() } {
            0 => {
                let same = std::panic::catch_unwind(|| rows(&survey) == expected).unwrap_or(false);
                // SAFETY: it ends the process, without what only the parent has to clean up.
                unsafe { libc::_exit(i32::from(!same)) }
            }
            pid => wait(pid, child),
        }
    }
}

fn rows(survey: &Path) -> usize {
    let statistics = statistics_named(&["stetson_j", "mean"]).expect("they are registered");
    let ensemble = Ensemble::open(survey).expect("it opens");
    assert_eq!(ensemble.survey().paths().len(), 12);
    ensemble.batch(&statistics).workers(2).compute().expect("it runs").num_rows()
}

/// Waits for a child, and ends it if it takes too long.
fn wait(pid: libc::pid_t, child: usize) {
    assert!(pid > 0, "no child: {}", std::io::Error::last_os_error());
    let (start, mut status) = (Instant::now(), 0);
    // SAFETY: the pointer is to a live number, and the child is ours.
    while unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG) } == 0 {
        if start.elapsed() > LONGEST {
            // SAFETY: the child is ours, and was not waited for.
            unsafe {
                libc::kill(pid, libc::SIGKILL);
                libc::waitpid(pid, &raw mut status, 0);
            }
            panic!("child {child} of {CHILDREN} did not end within {LONGEST:?}");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "child {child} failed: status {status}");
}
