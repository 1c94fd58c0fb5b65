//! Fits the exponent with which time grows with the number of rows.

use serde::{Deserialize, Serialize};

use super::super::figures::{Measured, TargetResult};
use super::super::workload::Size;

/// Largest exponent. Slightly above 1, because tables and trees have logarithmic factors.
const MOST_EXPONENT: f64 = 1.05;

/// Growth of the cost of one row with the survey.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in super::super) struct Growth {
    /// Name of the row.
    pub(in super::super) row: String,
    /// Sizes of the surveys, at least two, ascending.
    pub(in super::super) sizes: Vec<Size>,
    /// Median rows per second of wall time at these sizes.
    pub(in super::super) rows_per_s: Vec<f64>,
    /// Exponents of the CPU time.
    pub(in super::super) cpu: Exponents,
    /// Exponents of the wall time.
    pub(in super::super) wall: Exponents,
}

/// The exponent n, where time grows with the n-th power of the number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(in super::super) struct Exponents {
    /// Fit over all sizes.
    pub(in super::super) all: f64,
    /// Between the two largest sizes, where startup matters least.
    pub(in super::super) last: f64,
}

impl Growth {
    /// Fits the growth of a row measured at ascending sizes. Returns `None` for a single size.
    pub(in super::super) fn fit(row: &str, measured: &[&Measured]) -> Option<Self> {
        if measured.len() < 2 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "no survey has 2^53 rows")]
        let times = |time: fn(&Measured) -> f64| -> Vec<(f64, f64)> {
            measured.iter().map(|row| (row.survey_rows as f64, time(row))).collect()
        };
        Some(Self {
            row: row.to_owned(),
            sizes: measured.iter().map(|row| row.size).collect(),
            rows_per_s: measured.iter().map(|row| row.rows_per_s.median).collect(),
            cpu: Exponents::fit(&times(|row| row.cpu_s.median)),
            wall: Exponents::fit(&times(|row| row.wall_s.median)),
        })
    }

    /// Compares the largest exponent with its target.
    pub(in super::super) fn target(&self) -> TargetResult {
        let Self { cpu, wall, .. } = self;
        let largest = [cpu.last, wall.all, wall.last].into_iter().fold(cpu.all, f64::max);
        TargetResult::at_most("growth, the largest exponent".to_owned(), largest, MOST_EXPONENT)
    }
}

impl Exponents {
    /// Fits at least two points (rows, seconds).
    fn fit(times: &[(f64, f64)]) -> Self {
        Self { all: exponent(times), last: exponent(&times[times.len() - 2..]) }
    }
}

/// Returns the slope of the least-squares line through the logarithms.
fn exponent(times: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = times.iter().map(|(rows, seconds)| (rows.ln(), seconds.ln())).collect();
    #[expect(clippy::cast_precision_loss, reason = "a few points")]
    let n = logs.len() as f64;
    let (x, y) = logs.iter().fold((0.0, 0.0), |(x, y), log| (x + log.0 / n, y + log.1 / n));
    let (covariance, variance) = logs.iter().fold((0.0, 0.0), |(covariance, variance), log| {
        (covariance + (log.0 - x) * (log.1 - y), variance + (log.0 - x).powi(2))
    });
    covariance / variance
}

#[cfg(test)]
mod tests {
    use super::super::super::process::Usage;
    use super::super::super::workload::Compression;
    use super::*;

    fn measured(size: Size, rows: u64, cpu_s: f64, wall_s: f64) -> Measured {
        Measured::new("map", size, Compression::None, rows, &[Usage { cpu_s, wall_s, peak_mb: 1.0 }])
    }

    #[test]
    fn a_power_law_has_its_power_and_noise_is_fitted_by_least_squares() {
        let power = |n: f64| [1e6, 1e7, 1e8].map(|rows: f64| (rows, 3e-8 * rows.powf(n)));
        for n in [0.9, 1.0, 1.3] {
            assert!((exponent(&power(n)) - n).abs() < 1e-12);
        }
        // y = 0, 2, 3 at x = 0, 1, 2: the slope is 3/2, and between the last two 1.
        let e = std::f64::consts::E;
        let times = [(1.0, 1.0), (e, e.powi(2)), (e.powi(2), e.powi(3))];
        let Exponents { all, last } = Exponents::fit(&times);
        assert!((all - 1.5).abs() < 1e-12 && (last - 1.0).abs() < 1e-12, "{all} {last}");
    }

    #[test]
    fn the_largest_exponent_is_judged() {
        let sizes = [Size::Million, Size::TenMillion, Size::HundredMillion];
        let judge = |cpu: [f64; 3], wall: [f64; 3]| {
            let rows = [1_000_000, 10_000_000, 100_000_000];
            let rows: Vec<_> = (0..3).map(|i| measured(sizes[i], rows[i], cpu[i], wall[i])).collect();
            let growth = Growth::fit("map", &rows.iter().collect::<Vec<_>>()).expect("three sizes");
            assert_eq!(growth.sizes, sizes);
            growth.target()
        };
        let line = [0.1, 1.0, 10.0];
        let judged = judge(line, line);
        assert!(judged.met && (judged.value - 1.0).abs() < 1e-12, "{judged:?}");
        // Startup hides what the last step shows: 0.5 s of 0.6 s.
        let judged = judge([0.6, 1.5, 20.0], line);
        assert!(!judged.met && (judged.value - (20.0_f64 / 1.5).log10()).abs() < 1e-12, "{judged:?}");
        assert!(!judge(line, [0.1, 1.3, 16.0]).met, "wall time counts as well");
    }

    #[test]
    fn one_size_has_no_growth() {
        assert_eq!(Growth::fit("map", &[&measured(Size::Million, 1_000_000, 1.0, 1.0)]), None);
    }
}
