//! Checks the events of a run. For every plan, each announced step must be complete at the end.

use std::sync::Mutex;

use tape_core::{
    Bands, Event, Fold, IdRange, IdRef, IdType, Info, Inputs, LightCurve, MemorySource, ObjectId, Observer, Results,
    Rows, Sink, SourceError, Spill, Statistic, Step, Value,
};
use tape_exec::{Config, Partitioning, PlanChoice, PlanKind, plan, run};

use crate::support::Put;

struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _: Results) -> Result<(), SourceError> {
        Ok(())
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        Ok(())
    }
}

struct Count(Info);

impl Fold for Count {
    fn info(&self) -> &Info {
        &self.0
    }

    fn state_len(&self) -> usize {
        1
    }

    fn lift(&self, epochs: &LightCurve<'_>, state: &mut [f64]) {
        state[0] = f64::from(u32::try_from(epochs.len()).expect("few"));
    }

    fn combine(&self, state: &mut [f64], other: &[f64]) {
        state[0] += other[0];
    }

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        out[0] = Value::Float(state[0]);
    }
}

/// Adds up events as the documentation of [`Event`] describes.
#[derive(Default)]
struct Told {
    sums: Mutex<Sums>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Sums {
    ahead: [u64; 5],
    done: [u64; 5],
    again: u64,
    light_curves: u64,
    spilled: u64,
    restarts: u32,
}

impl Observer for Told {
    fn event(&self, event: Event) {
        let mut sums = self.sums.lock().expect("nothing panics");
        match event {
            Event::Ahead { step, rows } => sums.ahead[step as usize] = rows,
            Event::Done { step, rows } => sums.done[step as usize] += rows,
            Event::Again(rows) => sums.again += rows,
            Event::LightCurves(n) => sums.light_curves += n,
            Event::Spilled(bytes) => sums.spilled += bytes,
            Event::Restart => *sums = Sums { restarts: sums.restarts + 1, ..Sums::default() },
            _ => {}
        }
    }
}

/// A survey with twelve epochs of each object, by object or by epoch, in row groups of `each` rows.
fn survey(objects: i64, by_id: bool, each: usize) -> MemorySource {
    let bands = Bands::default();
    let code = bands.code("g").expect("it fits");
    let mut rows = Rows::new(IdType::Int64);
    for i in 0..objects * 12 {
        rows.ids.push(IdRef::Int(if by_id { i / 12 } else { i % objects })).expect("an integer");
        rows.band.push(code);
        let flux = f64::from(i32::try_from(i).expect("small"));
        rows.flux.push(flux);
        rows.time.push(flux);
        rows.error.push(1.0);
    }
    let cuts: Vec<usize> = (1..rows.len().div_ceil(each)).map(|i| i * each).collect();
    MemorySource::new(IdType::Int64, rows, bands, &cuts)
}

/// Runs a plan, and checks that all steps are complete at its end. Returns the sums of its events.
fn told(source: &MemorySource, statistic: Statistic, config: &Config, kind: PlanKind) -> Sums {
    let statistics = [statistic];
    let observer = Told::default();
    let plan = plan(source, &statistics, config, &observer).expect("plans");
    let summary = run(source, &statistics, config, &plan, &mut Nowhere, &observer).expect("runs");
    assert_eq!(summary.plan, kind);
    let sums = observer.sums.into_inner().expect("nothing panics");
    assert_eq!((sums.light_curves, sums.spilled), (summary.light_curves, summary.spilled));
    let mut ahead = sums.ahead;
    ahead[Step::Read as usize] += sums.again;
    assert_eq!(sums.done, ahead, "announced rows differ from completed rows: {sums:?}");
    sums
}

fn sum() -> Statistic {
    Statistic::from_fn("sum", Inputs::FLUX, |light_curve| light_curve.flux().iter().sum::<f64>())
}

fn config(plan: PlanChoice, rows_at_once: u64) -> Config {
    let spill: std::sync::Arc<dyn Spill> = std::sync::Arc::new(Put::default());
    let partitioning = Partitioning::Count(6);
    Config { plan, partitioning, workers: 2, rows_at_once, spill: Some(spill), ..Config::default() }
}

#[test]
fn map_and_stitch_read_every_row_once() {
    for (objects, kind) in [(60, PlanKind::Map), (50, PlanKind::Stitch)] {
        let each = usize::try_from(objects * 2).expect("small");
        let sums = told(&survey(objects, true, each), sum(), &config(PlanChoice::Auto, 0), kind);
        assert_eq!((sums.ahead, sums.again), ([0, 12 * objects.unsigned_abs(), 0, 0, 0], 0), "{kind:?}");
    }
}

#[test]
fn rows_that_are_read_again_are_reported() {
    let config = Config { partitioning: Partitioning::Count(1), ..config(PlanChoice::Auto, 0) };
    let sums = told(&survey(50, false, 600), sum(), &config, PlanKind::Map);
    assert!(sums.again > 0 && sums.ahead[Step::Read as usize] == 600, "{sums:?}");
}

#[test]
fn a_forced_plan_that_needs_a_scan_reports_the_read_step_first() {
    let source = survey(50, true, 100).claiming(|group| group.ids = None);
    let observer = Told::default();
    let statistics = [sum()];
    plan(&source, &statistics, &config(PlanChoice::Stitch, 0), &observer).expect("plans");
    let sums = observer.sums.into_inner().expect("nothing panics");
    assert_eq!((sums.ahead, sums.done), ([600, 600, 0, 0, 0], [600, 0, 0, 0, 0]));
}

#[test]
fn a_shuffle_reports_its_steps() {
    let source = survey(50, false, 100);
    let sums = told(&source, sum(), &config(PlanChoice::Auto, 0), PlanKind::Shuffle);
    assert_eq!(sums.ahead, [0, 600, 0, 600, 50]);
    let sums = told(&source, sum(), &config(PlanChoice::Auto, 250), PlanKind::Shuffle);
    assert_eq!(sums.ahead, [0, 600, 600, 600, 50]);
}

#[test]
fn a_fold_reports_its_steps() {
    let count = || Statistic::fold(Count(Info::new("count", Inputs::FLUX)));
    let sums = told(&survey(50, false, 100), count(), &config(PlanChoice::Auto, 250), PlanKind::Fold);
    assert_eq!(sums.ahead, [0, 600, 0, 600, 50]);
}

#[test]
fn a_restart_resets_the_sums() {
    // Footers that falsely claim that no object is in several row groups.
    let mut next = 0;
    let source = survey(50, false, 100).claiming(|group| {
        let id = |id| ObjectId::Int(id);
        group.ids = Some(IdRange { min: id(next), max: id(next), exact: true });
        next += 1;
    });
    let sums = told(&source, sum(), &config(PlanChoice::Auto, 0), PlanKind::Shuffle);
    assert_eq!((sums.restarts, sums.ahead, sums.again), (1, [0, 600, 0, 600, 50], 0));
}
