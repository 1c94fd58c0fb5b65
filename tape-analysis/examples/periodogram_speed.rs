//! Measures the time of a periodogram on one core with each method: `cargo run --release -p tape-analysis --example
//! periodogram_speed`.
#![expect(clippy::print_stdout, reason = "it prints a table")]

use std::time::Instant;

use tape_analysis::periodogram::{Grid, LombScargle, Method};
use tape_core::count;

/// A generator of uniform numbers in 0..1 (linear congruential), good enough to vary the work.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).expect("32 bits")) / f64::from(u32::MAX)
    }

    /// Creates times over a thousand days, fluxes and errors.
    fn light_curve(&mut self, n: usize) -> [Vec<f64>; 3] {
        let time: Vec<f64> = (0..n).map(|_| 1000.0 * self.uniform()).collect();
        let flux = time.iter().map(|t| (t * 6.0).sin() + self.uniform()).collect();
        [time, flux, (0..n).map(|_| 0.5 + self.uniform()).collect()]
    }
}

fn main() {
    let mut random = Random(7);
    println!("{:>8} {:>12} {:>12} {:>12}   ms per light curve, median", "epochs", "frequencies", "direct", "fast");
    for (epochs, frequencies) in [
        (10, 50_000),
        (40, 50_000),
        (150, 200),
        (150, 1000),
        (150, 50_000),
        (150, 500_000),
        (1000, 50_000),
        (3000, 50_000),
    ] {
        let grid = Grid::new(0.1, 0.0002, frequencies).expect("a grid");
        // A constant amount of work: 1000 light curves with 5,000 frequencies, fewer with more, and at least 5.
        let number = (50_000_000 / (frequencies * 10)).clamp(5, 1000);
        let curves: Vec<_> = (0..number).map(|_| random.light_curve(epochs)).collect();
        print!("{epochs:>8} {frequencies:>12}");
        for method in [Method::Direct, Method::Fast] {
            let mut times: Vec<f64> = curves
                .iter()
                .map(|[time, flux, error]| {
                    let start = Instant::now();
                    std::hint::black_box(LombScargle::new(time, flux, error).power(&grid, method));
                    start.elapsed().as_secs_f64() * 1e3
                })
                .collect();
            times.sort_by(f64::total_cmp);
            print!(" {:>12.4}", times[times.len() / 2]);
        }
        println!();
    }
    let curves: Vec<_> = (0..1000).map(|_| random.light_curve(150)).collect();
    let grid = Grid::new(0.1, 0.0002, 50_000).expect("a grid");
    let start = Instant::now();
    let total: f64 = curves.iter().map(|[t, x, e]| LombScargle::new(t, x, e).power(&grid, Method::Automatic)[7]).sum();
    let seconds = start.elapsed().as_secs_f64();
    println!("{} light curves of 150 epochs, 50,000 frequencies: {seconds:.3} s ({total:.3})", count(curves.len()));
}
