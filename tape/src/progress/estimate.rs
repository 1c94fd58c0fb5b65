//! Estimates the remaining time of a run.
//!
//! Each step of a run has a cost in seconds per row. The remaining time is the sum over all remaining rows at the cost
//! of their step. The cost of a step that has begun is measured: the time between two readings is attributed to the
//! steps whose rows advanced. The cost of a step that has not begun is estimated relative to reading, as on most
//! machines.

use tape_core::Step;

use super::Counts;

/// Cost per row of a step that has not begun, relative to reading.
const SCANNED: f64 = 0.5;
const PUT_AWAY: f64 = 1.0;
const COMPUTED: f64 = 0.5;
/// Cost per row of the result, which is merged with those of other buckets, and per value.
const ROW_WRITTEN: f64 = 3.0;
const VALUE_WRITTEN: f64 = 0.7;
/// Assumed rows per light curve before any was computed.
const EPOCHS: f64 = 32.0;

/// Estimates the remaining time from the progress so far.
#[derive(Debug, Default)]
pub struct Estimate {
    /// Time of the last progress, in seconds from the start.
    seconds: f64,
    counts: Counts,
    /// Time spent on each step in seconds.
    spent: [f64; 5],
    /// Number of values in a row of the result.
    values: usize,
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
impl Estimate {
    /// Creates an estimator for results with `values` values per row.
    #[must_use]
    pub fn new(values: usize) -> Self {
        Self { values, ..Self::default() }
    }

    /// Records the counts at `seconds` after the start.
    pub fn observe(&mut self, seconds: f64, counts: &Counts) {
        if counts.restarts != self.counts.restarts {
            // After a restart, the earlier work and its time are discarded, and costs are measured again.
            let counts = Counts { restarts: counts.restarts, ..Counts::default() };
            *self = Self { seconds: self.seconds, counts, ..Self::new(self.values) };
        }
        let went_on: [f64; 5] = std::array::from_fn(|i| counts.done[i].saturating_sub(self.counts.done[i]) as f64);
        let known = self.costs();
        self.counts = *counts;
        if went_on.iter().all(|rows| *rows == 0.0) {
            if self.spent == [0.0; 5] {
                // Opening files, before the first rows, is not counted as part of any step.
                self.seconds = seconds;
            }
            return;
        }
        let weight: [f64; 5] = std::array::from_fn(|i| went_on[i] * known[i].unwrap_or(1.0));
        let all: f64 = weight.iter().sum();
        for (spent, weight) in self.spent.iter_mut().zip(weight) {
            *spent += (seconds - self.seconds) * weight / all;
        }
        self.seconds = seconds;
    }

    /// Returns the remaining seconds at `seconds` after the start, or `None` if there is no estimate yet.
    #[must_use]
    pub fn left(&self, seconds: f64) -> Option<f64> {
        let costs = self.costs();
        let ahead = self.ahead();
        let mut left = 0.0;
        for step in Step::ALL {
            let rows = ahead[step as usize] - self.counts.done(step) as f64;
            if rows > 0.0 {
                left += rows * costs[step as usize]?;
            }
        }
        // Rows are reported in batches, so subtract the time since the last report.
        Some((left - (seconds - self.seconds)).max(0.0))
    }

    /// Returns the finished fraction of the work.
    #[must_use]
    pub fn share(&self, seconds: f64) -> f64 {
        let spent: f64 = self.spent.iter().sum::<f64>() + (seconds - self.seconds);
        self.left(seconds).map_or(0.0, |left| spent / (spent + left).max(f64::MIN_POSITIVE))
    }

    /// Returns the number of rows of each step.
    fn ahead(&self) -> [f64; 5] {
        let mut ahead = self.counts.ahead.map(|rows| rows as f64);
        let computed = self.counts.done(Step::Compute);
        if self.counts.ahead(Step::Write) == 0 {
            let light_curves = self.counts.light_curves;
            let each = if light_curves > 0 && computed > 0 { computed as f64 / light_curves as f64 } else { EPOCHS };
            ahead[Step::Write as usize] = ahead[Step::Compute as usize] / each;
        }
        ahead
    }

    /// Returns the cost per row of each step in seconds, as far as known.
    fn costs(&self) -> [Option<f64>; 5] {
        let measured = |step: Step| {
            let rows = self.counts.done(step);
            (rows > 0).then(|| self.spent[step as usize] / rows as f64)
        };
        let read = measured(Step::Read).or_else(|| Some(measured(Step::Scan)? / SCANNED));
        let to_come = |step: Step| {
            let beside_reading = match step {
                Step::Scan => SCANNED,
                Step::Read => 1.0,
                Step::PutAway => PUT_AWAY,
                Step::Compute => COMPUTED,
                Step::Write => ROW_WRITTEN + VALUE_WRITTEN * self.values as f64,
            };
            Some(read? * beside_reading)
        };
        Step::ALL.map(|step| measured(step).or_else(|| to_come(step)))
    }
}

#[cfg(test)]
mod tests;
