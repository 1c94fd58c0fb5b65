//! Compares estimates with the end of runs that were recorded with `--json-events`, ten times a second, on 18 million
//! rows of 60,000 objects.

use serde_json::Value;
use tape_core::Step;

use super::*;

const STITCH: &str = include_str!("recorded/stitch.jsonl");
const FOLD: &str = include_str!("recorded/fold.jsonl");
const SHUFFLE: &str = include_str!("recorded/shuffle.jsonl");

/// A recorded run.
struct Recorded {
    values: usize,
    moments: Vec<(f64, Counts)>,
    end: f64,
}

impl Recorded {
    fn of(text: &str) -> Self {
        let mut run = Self { values: 0, moments: vec![], end: 0.0 };
        for line in text.lines() {
            let event: Value = serde_json::from_str(line).expect("JSON");
            let seconds = || event["seconds"].as_f64().expect("a time");
            match event["event"].as_str().expect("a name") {
                "start" => run.values = usize::try_from(event["values"].as_u64().expect("a number")).expect("few"),
                "progress" => run.moments.push((seconds(), counts(&event))),
                "end" => run.end = seconds(),
                other => panic!("an event called {other}"),
            }
        }
        run
    }
}

fn counts(event: &Value) -> Counts {
    let mut counts = Counts { light_curves: event["light_curves"].as_u64().expect("a number"), ..Counts::default() };
    for step in Step::ALL {
        let told = &event["steps"][step.name()];
        counts.ahead[step as usize] = told["of"].as_u64().unwrap_or(0);
        counts.done[step as usize] = told["rows"].as_u64().unwrap_or(0);
    }
    counts
}

/// An estimator, which returns the remaining seconds for the counts at a given time.
type Estimator = Box<dyn FnMut(f64, &Counts) -> Option<f64>>;

fn ours(values: usize) -> Estimator {
    let mut estimate = Estimate::new(values);
    Box::new(move |seconds, counts| {
        estimate.observe(seconds, counts);
        estimate.left(seconds)
    })
}

/// Estimates by the rows read, like a plain progress bar.
#[expect(clippy::cast_precision_loss, reason = "a share")]
fn by_rows_read(_: usize) -> Estimator {
    Box::new(|seconds, counts| {
        let share = counts.done(Step::Read) as f64 / counts.ahead(Step::Read) as f64;
        Some(seconds * (1.0 - share) / share)
    })
}

/// Returns the largest error of the predicted end after `begin` seconds, as a fraction of the run; and the largest
/// relative error of the remaining time.
fn worst(run: &Recorded, begin: f64, estimator: fn(usize) -> Estimator) -> (f64, f64) {
    let mut left = estimator(run.values);
    let told: Vec<_> = run.moments.iter().map(|(at, counts)| (*at, left(*at, counts))).collect();
    let late: Vec<_> = told.into_iter().filter(|(at, _)| *at >= begin).collect();
    let end = |(at, left): &(f64, Option<f64>)| at + left.expect("something is known by now");
    let worst = late.iter().map(|told| (end(told) / run.end - 1.0).abs()).fold(0.0, f64::max);
    let (at, left) = late[0];
    (worst, (left.expect("known") / (run.end - at) - 1.0).abs())
}

#[test]
fn the_time_left_is_right_within_a_fifth_after_a_tenth_of_the_run() {
    for (name, text) in [("stitch", STITCH), ("fold", FOLD)] {
        let run = Recorded::of(text);
        let (worst, left) = worst(&run, run.end / 10.0, ours);
        assert!(
            worst < 0.2 && left < 0.2,
            "{name}: the end is misjudged by {worst:.2}, the remaining time by {left:.2}"
        );
    }
}

#[test]
fn the_time_left_of_a_shuffle_is_right_within_a_fifth_once_it_computes() {
    let run = Recorded::of(SHUFFLE);
    let computes = |(_, counts): &&(f64, Counts)| counts.done(Step::Compute) > counts.ahead(Step::Compute) / 10;
    let begin = run.moments.iter().find(computes).expect("it computes").0;
    let (worst_of_ours, left) = worst(&run, begin, ours);
    assert!(worst_of_ours < 0.2 && left < 0.2, "{worst_of_ours:.2}, {left:.2}");
    let (worst, left) = worst(&run, run.end / 10.0, by_rows_read);
    assert!(worst > 0.2 && left > 0.2, "an estimator that knows of reading alone: {worst:.2}, {left:.2}");
}

#[test]
fn a_run_that_starts_again_is_estimated_anew() {
    let (first, second) = (Recorded::of(STITCH), Recorded::of(FOLD));
    let broken_at = first.moments[5].0;
    let again = second.moments.iter().map(|(at, counts)| (broken_at + at, Counts { restarts: 1, ..*counts }));
    // The restart is observed at once.
    let restart = (broken_at, Counts { restarts: 1, ..Counts::default() });
    let moments = first.moments[..5].iter().copied().chain([restart]).chain(again).collect();
    let run = Recorded { values: 1, moments, end: broken_at + second.end };
    let mut estimate = Estimate::new(run.values);
    for (at, counts) in &run.moments {
        estimate.observe(*at, counts);
        if counts.restarts == 1 && at - broken_at > second.end / 10.0 {
            let end = at + estimate.left(*at).expect("known");
            assert!((end - run.end).abs() < 0.2 * second.end, "{end:.2} at {at:.2}, not {:.2}", run.end);
        }
    }
}

#[test]
fn between_two_reports_the_time_left_runs_down_and_the_share_grows() {
    let ahead = [0, 100, 0, 0, 0];
    let mut estimate = Estimate::new(1);
    estimate.observe(1.0, &Counts { ahead, ..Counts::default() });
    assert_eq!(estimate.left(1.0), None, "nothing is known");
    assert_eq!(estimate.share(1.0), 0.0);
    estimate.observe(2.0, &Counts { ahead, done: [0, 25, 0, 0, 0], ..Counts::default() });
    assert_eq!((estimate.left(2.0), estimate.share(2.0)), (Some(3.0), 0.25));
    assert_eq!((estimate.left(2.5), estimate.share(2.5)), (Some(2.5), 0.375));
    assert_eq!((estimate.left(9.0), estimate.share(9.0)), (Some(0.0), 1.0));
}
