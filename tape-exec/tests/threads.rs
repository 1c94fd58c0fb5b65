//! A run starts one pool of threads, and never uses rayon's global pool. This test has its own process, because it
//! counts threads.

use std::collections::BTreeSet;
use std::sync::Mutex;

use tape_core::{
    Bands, Event, IdRef, IdType, Inputs, MemorySource, Observer, Results, Rows, Sink, SourceError, Statistic,
};
use tape_exec::{Config, PlanChoice, PlanKind, default_workers, plan, run};

/// Collects the threads of this process at each event.
#[derive(Default)]
struct Threads(Mutex<BTreeSet<(u32, String)>>);

impl Threads {
    fn look(&self) {
        let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return };
        let mut met = self.0.lock().expect("no panic");
        for task in tasks.flatten() {
            let id = task.file_name().to_string_lossy().parse().expect("a number");
            let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            met.insert((id, name.trim().to_owned()));
        }
    }

    /// Returns the number of threads that were started as workers.
    fn workers(&self) -> usize {
        self.0.lock().expect("no panic").iter().filter(|(_, name)| name.starts_with("tape-worker")).count()
    }
}

impl Observer for Threads {
    fn event(&self, _: Event) {
        self.look();
    }
}

struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: Results) -> Result<(), SourceError> {
        Ok(())
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        Ok(())
    }
}

/// A survey of several nights, each sorted by id, in row groups that overlap with those of other nights.
fn nights(nights: i64, objects: i64, each: usize) -> MemorySource {
    let bands = Bands::default();
    let code = bands.code("g").expect("it fits");
    let mut rows = Rows::new(IdType::Int64);
    for i in 0..nights * objects {
        rows.ids.push(IdRef::Int(i % objects)).expect("an integer");
        rows.band.push(code);
        rows.time.push((i / objects) as f64);
        rows.flux.push(i as f64);
        rows.error.push(1.0);
    }
    let cuts: Vec<usize> = (1..rows.len().div_ceil(each)).map(|i| i * each).collect();
    MemorySource::new(IdType::Int64, rows, bands, &cuts)
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "threads are counted in /proc")]
fn a_merge_of_twenty_slices_starts_one_pool_of_threads() {
    let source = nights(4, 20_000, 250);
    let statistics = [Statistic::from_fn("sum", Inputs::FLUX, |light_curve| light_curve.flux().iter().sum::<f64>())];
    let config = Config { plan: PlanChoice::Merge, workers: 3, rows_at_once: 8_000, ..Config::default() };
    let threads = Threads::default();
    let plan = plan(&source, &statistics, &config, &threads).expect("plans");
    let slices = plan.why.split(": ").nth(1).and_then(|why| why.split(' ').next()).expect("their number");
    assert!(slices.parse::<u32>().expect("a number") >= 20, "{plan}");
    let summary = run(&source, &statistics, &config, &plan, &mut Nowhere, &threads).expect("runs");
    assert_eq!((summary.plan, threads.workers()), (PlanKind::Merge, 3));
    // Threads of rayon's global pool would have other names.
    let met = threads.0.into_inner().expect("no panic");
    let tests =
        |name: &str| name.starts_with("tape-worker") || name.starts_with("threads") || name.starts_with("a_merge");
    assert!(met.iter().all(|(_, name)| tests(name)), "{met:?}");
    // Environment variables are read here because all other threads have ended.
    assert_eq!(default_workers(), std::thread::available_parallelism().map_or(1, usize::from));
}
