//! Cancels a run while a statistic computes. The statistic must see it, and nothing further may be computed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tape_core::{
    Cancellation, Event, Fold, Info, Inputs, LightCurve, ManyRows, Object, Observer, Silent, Statistic, Value,
    WholeLightCurve, WholeObject,
};
use tape_exec::{Config, Error, Partitioning, PlanChoice, Threads, plan, run};

use crate::support::{Collected, config, regular, source};

/// An observer whose run can be cancelled.
struct Stoppable(Cancellation);

impl Observer for Stoppable {
    fn event(&self, _: Event) {}

    fn cancellation(&self) -> Cancellation {
        self.0.clone()
    }
}

/// A statistic of any kind that cancels its run at the first light curve, as a user might at that moment.
#[derive(Clone)]
struct Cancelling {
    info: Info,
    cancellation: Cancellation,
    asked: Arc<AtomicUsize>,
    /// Number of times that a kernel saw the cancellation.
    told: Arc<AtomicUsize>,
}

impl Cancelling {
    fn new(bands: &[&str]) -> Self {
        let bands = bands.iter().map(ToString::to_string).collect();
        let info = Info { bands, ..Info::new("cancelling", Inputs::FLUX) };
        let (asked, told) = Default::default();
        Self { info, cancellation: Cancellation::new(), asked, told }
    }

    fn act(&self, cancelled: impl Fn() -> bool) {
        assert!(self.asked.fetch_add(1, Ordering::SeqCst) > 0 || !cancelled(), "cancelled before the first call");
        self.cancellation.cancel();
        self.told.fetch_add(usize::from(cancelled()), Ordering::SeqCst);
    }
}

impl WholeLightCurve for Cancelling {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, _: &mut [Value]) {
        self.act(|| light_curve.cancelled());
    }
}

impl WholeObject for Cancelling {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, object: &Object<'_>, _: &mut [Value]) {
        self.act(|| object.cancelled());
    }
}

impl ManyRows for Cancelling {
    fn info(&self) -> &Info {
        &self.info
    }

    fn rows(&self, light_curve: &LightCurve<'_>, _: &mut Vec<Value>) {
        self.act(|| light_curve.cancelled());
    }
}

impl Fold for Cancelling {
    fn info(&self) -> &Info {
        &self.info
    }

    fn state_len(&self) -> usize {
        1
    }

    fn lift(&self, light_curve: &LightCurve<'_>, _: &mut [f64]) {
        self.act(|| light_curve.cancelled());
    }

    fn combine(&self, _: &mut [f64], _: &[f64]) {}

    fn finish(&self, _: &[f64], _: &mut [Value]) {}
}

const WORKERS: usize = 2;

/// Runs a statistic that cancels its run, and checks that the run ends as cancelled.
fn ends(objects: i64, config: &Config, kernel: &Cancelling, statistic: Statistic) {
    let rows = regular(objects, 12);
    let source = source(&rows, &(1..rows.len() / 5).map(|i| i * 5).collect::<Vec<_>>());
    let statistics = [statistic];
    let what = format!("{:?} of {objects} objects by {:?}, {:?}", statistics[0], config.plan, config.threads);
    let plan = plan(&source, &statistics, config, &Silent).expect("plans");
    let mut sink = Collected(vec![]);
    let ended = run(&source, &statistics, config, &plan, &mut sink, &Stoppable(kernel.cancellation.clone()));
    assert!(matches!(ended, Err(Error::Cancelled)), "{what}: {:?}", ended.map(|summary| summary.light_curves));
    assert!(sink.0.is_empty(), "{what}: results of a cancelled run were written");
    let [asked, told] = [&kernel.asked, &kernel.told].map(|count| count.load(Ordering::SeqCst));
    // Each worker may have begun a light curve before the other cancelled.
    assert!((1..=WORKERS).contains(&asked) && told == asked, "{what}: {asked} light curves, {told} kernels saw it");
}

#[test]
fn every_plan_and_kind_of_statistic_stops_at_the_current_light_curve() {
    let threads = [Threads::Own, Threads::Caller, Threads::pool(WORKERS).expect("threads")];
    for (plan, threads) in [PlanChoice::Stitch, PlanChoice::Shuffle, PlanChoice::Merge, PlanChoice::MapUnchecked]
        .into_iter()
        .flat_map(|plan| threads.iter().map(move |threads| (plan, threads.clone())))
    {
        let config = Config { threads, ..config(plan, Partitioning::RowGroups, WORKERS) };
        // With a single object, all rows are at edges if partitions are stitched.
        for objects in [1, 40] {
            let kernel = Cancelling::new(&[]);
            ends(objects, &config, &kernel, Statistic::whole(kernel.clone()));
            let kernel = Cancelling::new(&[]);
            ends(objects, &config, &kernel, Statistic::rows(kernel.clone()));
            let kernel = Cancelling::new(&["g", "z"]);
            if config.plan != PlanChoice::MapUnchecked {
                ends(objects, &config, &kernel, Statistic::object(kernel.clone()));
            }
        }
    }
}

#[test]
fn partial_states_are_dropped_too() {
    let config = config(PlanChoice::Fold, Partitioning::RowGroups, WORKERS);
    for objects in [1, 40] {
        let kernel = Cancelling::new(&[]);
        ends(objects, &config, &kernel, Statistic::fold(kernel.clone()));
    }
}

#[test]
fn later_statistics_are_not_computed() {
    let kernel = Cancelling::new(&[]);
    let after = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&after);
    let second = Statistic::from_fn("second", Inputs::FLUX, move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        0.0
    });
    let rows = regular(40, 12);
    let source = source(&rows, &[100, 200]);
    let config = config(PlanChoice::Stitch, Partitioning::RowGroups, 1);
    let statistics = [Statistic::whole(kernel.clone()), second];
    let plan = plan(&source, &statistics, &config, &Silent).expect("plans");
    let observer = Stoppable(kernel.cancellation.clone());
    let ended = run(&source, &statistics, &config, &plan, &mut Collected(vec![]), &observer);
    assert!(matches!(ended, Err(Error::Cancelled)));
    assert_eq!(after.load(Ordering::SeqCst), 0, "statistics were computed after the run was cancelled");
}
