//! Tests that every statistic checks for cancellation often enough. The processor time between two checks is measured
//! for light curves of 3,000 epochs, also in unoptimised builds. A statistic that never checks must finish in that
//! time.
//!
//! One tested statistic is slow and never checks, to verify that the tests reject it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tape_analysis::{kinds, make, object_registry, registry};
use tape_core::{Cancellation, Chunk, IdType, Inputs, LightCurve, Object, Segment, Statistic, Value, count};

const EPOCHS: usize = 3000;

/// Maximum time between two checks. A run must stop within half a second.
const MOST: Duration = Duration::from_millis(300);

/// Time after which computations are cancelled.
const LONGEST: Duration = Duration::from_secs(3);

/// Returns the processor time of this thread, which does not depend on other programs.
fn thread_time() -> Duration {
    let nanoseconds = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = nanoseconds.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(
        || {
            // Other systems than Linux use wall time.
            static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
            START.elapsed()
        },
        Duration::from_nanos,
    )
}

/// The time of the last check, and the longest time between two checks.
struct Asked {
    start: Duration,
    last: Duration,
    longest: Duration,
}

impl Asked {
    fn note(&mut self) -> Duration {
        let now = thread_time();
        self.longest = self.longest.max(now.saturating_sub(self.last));
        self.last = now;
        now.saturating_sub(self.start)
    }
}

/// Returns the longest time without a check during `work`, including its start and end. Cancels it after `limit`.
fn longest_gap(limit: Duration, work: impl FnOnce(Cancellation)) -> Duration {
    let start = thread_time();
    let asked = Arc::new(Mutex::new(Asked { start, last: start, longest: Duration::ZERO }));
    let shared = Arc::clone(&asked);
    work(Cancellation::when(move || shared.lock().expect("nothing panics").note() > limit));
    let mut asked = asked.lock().expect("nothing panics");
    asked.note();
    asked.longest
}

/// Creates a chunk of one object with two bands of `epochs` epochs each. Fluxes have a period, noise and outliers.
fn chunk(epochs: usize) -> Chunk {
    let mut chunk = Chunk::new(IdType::Int64);
    let mut state = 1_u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(state >> 40).expect("24 bits")) / f64::from(1_u32 << 24)
    };
    chunk.ids = tape_core::Ids::Int(vec![1]);
    for band in 0..2 {
        for i in 0..epochs {
            let time = 60_000.0 + 0.5 * count(i) + 0.4 * uniform();
            let outlier = if uniform() < 0.02 { 3.0 } else { 0.0 };
            chunk.time.push(time);
            chunk.flux.push(18.0 + (time / 0.571).sin() + 0.3 * uniform() + outlier);
            chunk.error.push(0.05 + 0.1 * uniform());
        }
        let first = usize::from(band) * epochs;
        chunk.segments.push(Segment { object: 0, band, rows: first..first + epochs });
    }
    chunk
}

/// Computes a statistic for the first light curve, or for the object.
fn evaluate(statistic: &Statistic, chunk: &Chunk) -> Vec<Value> {
    let light_curves: Vec<LightCurve<'_>> =
        chunk.segments.iter().zip(["g", "r"]).map(|(segment, label)| chunk.light_curve(segment, label)).collect();
    let mut out = vec![Value::Null; statistic.info().outputs.len()];
    match statistic {
        Statistic::Rows(many) => {
            out.clear();
            many.rows(&light_curves[0], &mut out);
        }
        Statistic::Object(_) => statistic.evaluate_object(&Object::new(&light_curves), &mut out),
        _ => statistic.evaluate(&light_curves[0], &mut out),
    }
    out
}

fn gap_of(statistic: &Statistic, limit: Duration) -> Duration {
    let mut chunk = chunk(EPOCHS);
    longest_gap(limit, |cancellation| {
        chunk.cancellation = cancellation;
        evaluate(statistic, &chunk);
    })
}

/// Returns every statistic with its defaults, and some with more expensive parameters.
fn all() -> Vec<Statistic> {
    let costly = [
        // A short grid, so that the steps after it are measured too.
        "lomb_scargle:minimum_period=2",
        "lomb_scargle:minimum_period=2:terms=10:peaks=100",
        "lomb_scargle_multiband:minimum_period=5:base_terms=10:band_terms=10:candidates=1000",
        "structure_function:method=macleod_2012",
        "structure_function:bins=loglength:repetitions=100",
        "structure_function:times=ignored:target=1",
        "binned_light_curve:window=0.01",
        "lafler_kinman:period=0.3",
        "bins:window=0.5:of=lomb_scargle:minimum_period=1.5",
    ];
    let with_defaults = kinds().iter().filter_map(|kind| kind.make("").ok());
    let costly = costly.into_iter().map(|name| make(name).expect(name));
    registry().iter().chain(object_registry()).cloned().chain(with_defaults).chain(costly).collect()
}

#[test]
fn every_statistic_checks_often_for_cancellation() {
    let mut slow = vec![];
    for statistic in all() {
        let gap = gap_of(&statistic, LONGEST);
        if gap > MOST {
            slow.push(format!("{}: {gap:?}", statistic.info().name));
        }
    }
    assert!(slow.is_empty(), "more than {MOST:?} between two checks: {slow:?}");
}

#[test]
fn every_statistic_ends_soon_after_cancellation() {
    for statistic in all() {
        for limit in [Duration::ZERO, Duration::from_millis(50)] {
            let gap = gap_of(&statistic, limit);
            assert!(gap < MOST, "{} continues for {gap:?}", statistic.info().name);
        }
    }
}

#[test]
fn whole_chunks_end_soon_after_cancellation() {
    // A chunk with as many rows as a bucket may have.
    let mut chunk = chunk(EPOCHS);
    for object in 1..200 {
        chunk.flux.extend_from_within(..EPOCHS);
        chunk.error.extend_from_within(..EPOCHS);
        chunk.segments.push(Segment { object, band: 0, rows: (object + 1) * EPOCHS..(object + 2) * EPOCHS });
    }
    let statistic = tape_analysis::find("stetson_j").expect("it is registered");
    let mut out = vec![Value::Null; chunk.segments.len()];
    assert!(statistic.evaluate_chunk(&chunk, &mut out), "it takes whole chunks");
    let gap = longest_gap(LONGEST, |cancellation| {
        chunk.cancellation = cancellation;
        assert!(statistic.evaluate_chunk(&chunk, &mut out));
    });
    assert!(gap < MOST, "{gap:?}");
}

#[test]
fn a_cancellation_that_is_not_requested_changes_no_result() {
    let (mut chunk, plain) = (chunk(300), chunk(300));
    chunk.cancellation = Cancellation::new();
    let bits = |values: Vec<Value>| format!("{values:?}");
    for name in ["structure_function:method=schmidt_2010", "lomb_scargle:minimum_period=20", "villar_fit", "median"] {
        let statistic = make(name).expect(name);
        assert_eq!(bits(evaluate(&statistic, &chunk)), bits(evaluate(&statistic, &plain)), "{name}");
    }
}

#[test]
fn a_statistic_that_never_checks_is_rejected() {
    let deaf = Statistic::from_fn("deaf", Inputs::FLUX, |light_curve| {
        let start = thread_time();
        let mut sum = 0.0;
        while thread_time() - start < 2 * MOST {
            sum += light_curve.flux().iter().sum::<f64>();
        }
        sum
    });
    assert!(gap_of(&deaf, Duration::ZERO) > MOST, "a statistic that never checks passed");
}
