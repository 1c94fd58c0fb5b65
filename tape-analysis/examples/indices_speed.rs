//! Measures the time of all variability indices for a light curve on one core, and that of a sort of its fluxes and two
//! passes over them: `cargo run --release -p tape-analysis --example indices_speed`. With `--each`, also measures every
//! statistic separately, for light curves of ten and of 150 epochs.
#![expect(clippy::print_stdout, reason = "it prints a table")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use tape_core::{LightCurve, Moments, Statistic, Value, count};

/// Light curves of one length.
struct Survey {
    time: Vec<f64>,
    flux: Vec<f64>,
    error: Vec<f64>,
    length: usize,
}

/// A generator of uniform numbers in 0..1 (linear congruential), good enough to vary the work.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).expect("32 bits")) / f64::from(u32::MAX)
    }
}

impl Survey {
    fn new(length: usize) -> Self {
        let mut random = Random(7);
        let n = 100_000 / length * length;
        let time = (0..n).map(|i| 60_000.0 + 3.0 * count(i % length) + 2.0 * random.uniform()).collect();
        let flux = (0..n).map(|_| 11.0 + (0..12).map(|_| random.uniform()).sum::<f64>()).collect();
        let error = (0..n).map(|_| 0.5 + random.uniform()).collect();
        Self { time, flux, error, length }
    }

    /// Returns microseconds per light curve, in the best of many runs.
    fn time(&self, mut work: impl FnMut(&LightCurve<'_>)) -> f64 {
        let begin = Instant::now();
        let mut best = f64::INFINITY;
        while begin.elapsed() < Duration::from_millis(100) {
            let start = Instant::now();
            for rows in (0..self.flux.len()).step_by(self.length).map(|start| start..start + self.length) {
                let light_curve = LightCurve::new(&self.flux[rows.clone()])
                    .with_error(&self.error[rows.clone()])
                    .with_time(&self.time[rows]);
                work(&light_curve);
            }
            best = best.min(start.elapsed().as_secs_f64());
        }
        best * 1e6 * count(self.length) / count(self.flux.len())
    }
}

fn evaluate(statistics: &[Statistic], light_curve: &LightCurve<'_>, out: &mut [Value]) {
    for statistic in statistics {
        statistic.evaluate(light_curve, out);
        black_box(&out);
    }
}

fn main() {
    let names = tape_analysis::group("variability").expect("a group");
    // The statistics of `golden/indices.parquet`, which does not have Stetson's J.
    let statistics: Vec<Statistic> =
        names.iter().filter(|name| **name != "stetson_j").filter_map(|name| tape_analysis::find(name)).collect();
    let outputs: usize = statistics.iter().map(|statistic| statistic.info().outputs.len()).sum();
    println!("{} statistics with {outputs} outputs, microseconds per light curve", statistics.len());
    println!("{:>8} {:>14} {:>10} {:>6}", "epochs", "sort+2 passes", "all", "ratio");
    let mut out = [Value::Null; 8];
    for length in [10, 50, 150, 700, 5000] {
        let survey = Survey::new(length);
        let floor = survey.time(|light_curve| {
            black_box(light_curve.sorted_flux());
            black_box(Moments::of(light_curve.flux()));
        });
        let all = survey.time(|light_curve| evaluate(&statistics, light_curve, &mut out));
        println!("{length:>8} {floor:>14.3} {all:>10.3} {:>6.2}", all / floor);
    }
    if std::env::args().any(|argument| argument == "--each") {
        let surveys = [10, 150].map(Survey::new);
        for statistic in &statistics {
            let each = std::slice::from_ref(statistic);
            let [short, long] = surveys.each_ref().map(|survey| survey.time(|lc| evaluate(each, lc, &mut out)));
            println!("{:>42} {short:>8.3} {long:>8.3}", statistic.info().name);
        }
    }
}
