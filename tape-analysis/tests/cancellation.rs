//! Every statistic asks often enough whether it should stop: the processor time between two questions is measured over light
//! curves of 3,000 epochs, in builds that are not optimised too. A statistic that asks never must end in that time.
//!
//! Among the statistics tested is one that takes long and never asks: a harness that lets it pass is broken.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tape_analysis::{kinds, make, object_registry, registry};
use tape_core::{Cancellation, Chunk, IdType, Inputs, LightCurve, Object, Segment, Statistic, Value, count};

const EPOCHS: usize = 3000;

/// The most time between two questions, of the half second in which a run must stop.
const MOST: Duration = Duration::from_millis(300);

/// Computations that take longer than this are asked to stop.
const LONGEST: Duration = Duration::from_secs(3);

/// The processor time of this thread, which other programs do not make longer.
fn thread_time() -> Duration {
    let nanoseconds = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = nanoseconds.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(
        || {
            // Elsewhere than on Linux the time of day has to do.
            static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
            START.elapsed()
        },
        Duration::from_nanos,
    )
}

/// When something was asked last, and the longest time between two questions.
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

/// The longest time without a question while `work` runs, from its begin to its end. It is told to stop after `limit`.
fn longest_gap(limit: Duration, work: impl FnOnce(Cancellation)) -> Duration {
    let start = thread_time();
    let asked = Arc::new(Mutex::new(Asked { start, last: start, longest: Duration::ZERO }));
    let shared = Arc::clone(&asked);
    work(Cancellation::when(move || shared.lock().expect("nothing panics").note() > limit));
    let mut asked = asked.lock().expect("nothing panics");
    asked.note();
    asked.longest
}

/// Creates a chunk of one object, with light curves of a period, noise and outliers in two bands, of `epochs` epochs
/// each.
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

/// Every statistic, with its defaults and with what costs more.
fn all() -> Vec<Statistic> {
    let costly = [
        // A grid that is short enough for all that follows it to be seen.
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
fn every_statistic_asks_often_whether_to_stop() {
    let mut slow = vec![];
    for statistic in all() {
        let gap = gap_of(&statistic, LONGEST);
        if gap > MOST {
            slow.push(format!("{}: {gap:?}", statistic.info().name));
        }
    }
    assert!(slow.is_empty(), "these take longer than {MOST:?} from question to question: {slow:?}");
}

#[test]
fn every_statistic_ends_soon_after_it_was_told_to_stop() {
    for statistic in all() {
        for limit in [Duration::ZERO, Duration::from_millis(50)] {
            let gap = gap_of(&statistic, limit);
            assert!(gap < MOST, "{} goes on for {gap:?}", statistic.info().name);
        }
    }
}

#[test]
fn many_light_curves_at_once_are_no_reason_to_go_on() {
    // As many rows as a bucket may have, in one chunk.
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
fn a_request_that_is_not_made_changes_no_answer() {
    let (mut chunk, plain) = (chunk(300), chunk(300));
    chunk.cancellation = Cancellation::new();
    let bits = |values: Vec<Value>| format!("{values:?}");
    for name in ["structure_function:method=schmidt_2010", "lomb_scargle:minimum_period=20", "villar_fit", "median"] {
        let statistic = make(name).expect(name);
        assert_eq!(bits(evaluate(&statistic, &chunk)), bits(evaluate(&statistic, &plain)), "{name}");
    }
}

#[test]
fn a_statistic_that_never_asks_does_not_pass() {
    let deaf = Statistic::from_fn("deaf", Inputs::FLUX, |light_curve| {
        let start = thread_time();
        let mut sum = 0.0;
        while thread_time() - start < 2 * MOST {
            sum += light_curve.flux().iter().sum::<f64>();
        }
        sum
    });
    assert!(gap_of(&deaf, Duration::ZERO) > MOST, "a statistic that never asks was taken for one that does");
}
