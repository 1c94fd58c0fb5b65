//! Counts the threads of this process while something runs.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Threads of a pool that was dropped may still be about to end while the next one starts.
const ENDING: Duration = Duration::from_millis(100);

/// The threads of this process by name, without the main one and the one that counts.
fn others(own: &BTreeSet<String>) -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("threads are listed").flatten();
    let met = tasks.filter(|task| !own.contains(&task.file_name().to_string_lossy().into_owned()));
    // One that ended meanwhile has no name any more.
    met.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok())
        .map(|name| name.trim().to_owned())
        .collect()
}

fn now() -> BTreeSet<String> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("threads are listed").flatten();
    tasks.map(|task| task.file_name().to_string_lossy().into_owned()).collect()
}

/// Runs `work`, and panics if it starts more than `most` threads, a pool of more, or any that do not end with it.
pub(crate) fn within(most: usize, what: &str, work: impl FnOnce()) {
    let done = AtomicBool::new(false);
    let ready = AtomicBool::new(false);
    let met = thread::scope(|scope| {
        let counting = scope.spawn(|| {
            let own = now();
            let mut met = BTreeSet::new();
            let mut too_many: Option<Instant> = None;
            ready.store(true, Ordering::SeqCst);
            while !done.load(Ordering::SeqCst) {
                let names = others(&own);
                if names.len() <= most {
                    too_many = None;
                } else if too_many.get_or_insert_with(Instant::now).elapsed() > ENDING {
                    return Err(format!("{what}: more than {most} threads at once: {names:?}"));
                }
                met.extend(names);
                thread::sleep(Duration::from_micros(200));
            }
            let end = Instant::now();
            while !others(&own).is_empty() {
                if end.elapsed() > Duration::from_secs(5) {
                    return Err(format!("{what}: these threads do not end: {:?}", others(&own)));
                }
                thread::sleep(Duration::from_millis(1));
            }
            Ok(met)
        });
        while !ready.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_micros(100));
        }
        work();
        done.store(true, Ordering::SeqCst);
        counting.join().expect("counting does not panic")
    });
    let met = met.unwrap_or_else(|found| panic!("{found}"));
    // Threads of a pool are numbered from zero. Until a thread has set its name, it has that of the process.
    let process = std::fs::read_to_string("/proc/self/comm").expect("it has a name");
    let allowed = |name: &String| match name.strip_prefix("tape-worker-") {
        Some(number) => number.parse().is_ok_and(|number: usize| number < most),
        None => name == "tape-parser" || name == process.trim(),
    };
    assert!(met.iter().all(allowed), "{what}: {met:?}, where {most} are allowed");
}
