//! Measures the epochs per second of the Stetson J kernel on one core, with every instruction set of this machine, and
//! of a plain loop: `cargo run --release -p tape-analysis --example stetson_speed`.
#![expect(clippy::print_stdout, reason = "it prints a table")]

use std::ops::Range;
use std::time::{Duration, Instant};

use tape_analysis::Level;
use tape_analysis::statistics::stetson_j::{reference::stetson_j_scalar, stetson_j, stetson_j_many_at};
use tape_core::count;

/// Light curves side by side in shared columns.
struct Survey {
    flux: Vec<f64>,
    error: Vec<f64>,
    rows: Vec<Range<usize>>,
}

/// A generator of uniform numbers in 0..1 (linear congruential), good enough to vary the work.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).expect("32 bits")) / f64::from(u32::MAX)
    }

    /// Returns an approximately normal number.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Creates about 200,000 epochs in light curves with log-normal lengths around `length`. One in ten is variable.
fn survey(length: usize) -> Survey {
    let mut random = Random(7);
    let mut survey = Survey { flux: vec![], error: vec![], rows: vec![] };
    while survey.flux.len() < 200_000 {
        let start = survey.flux.len();
        let target = count(length) * (0.3 * random.normal()).exp();
        let (mean, amplitude) = (17.0 + 4.0 * random.uniform(), if random.uniform() < 0.1 { 0.3 } else { 0.0 });
        while count(survey.flux.len() - start) < target {
            let error = 0.02 * (0.5 * random.normal()).exp();
            survey.flux.push(mean + error * random.normal() + amplitude * random.normal());
            survey.error.push(error);
        }
        survey.rows.push(start..survey.flux.len());
    }
    survey
}

/// Returns millions of epochs per second, in the best of many runs.
fn speed(survey: &Survey, mut work: impl FnMut()) -> f64 {
    let begin = Instant::now();
    let mut best = f64::INFINITY;
    while begin.elapsed() < Duration::from_millis(400) {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed().as_secs_f64());
    }
    count(survey.flux.len()) / best / 1e6
}

fn main() {
    let levels = Level::available();
    print!("{:>8} {:>8} {:>12}", "epochs", "scalar", "one by one");
    levels.iter().for_each(|level| print!(" {:>10}", level.to_string()));
    println!("   million epochs/s");
    for length in [10, 25, 50, 150, 1000, 100_000] {
        let survey = survey(length);
        let mut out = vec![0.0; survey.rows.len()];
        let each = |out: &mut [f64], f: fn(&[f64], &[f64]) -> f64| {
            for (out, rows) in out.iter_mut().zip(&survey.rows) {
                *out = f(&survey.flux[rows.clone()], &survey.error[rows.clone()]);
            }
        };
        print!("{length:>8} {:>8.1}", speed(&survey, || each(&mut out, stetson_j_scalar)));
        print!(" {:>12.1}", speed(&survey, || each(&mut out, stetson_j)));
        for &level in &levels {
            let many = || stetson_j_many_at(level, &survey.flux, &survey.error, &survey.rows, &mut out);
            print!(" {:>10.1}", speed(&survey, many));
        }
        println!();
    }
}
