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
/// A row of the result, which is merged with those of other buckets, and each value in it.
const ROW_WRITTEN: f64 = 3.0;
const VALUE_WRITTEN: f64 = 0.7;
/// Rows of a light curve, before any was computed.
const EPOCHS: f64 = 32.0;

/// Estimates the remaining time from the progress so far.
#[derive(Debug, Default)]
pub struct Estimate {
    /// Seconds from the start to when the counts last went on.
    seconds: f64,
    counts: Counts,
    /// The seconds that each step took.
    spent: [f64; 5],
    /// Values in a row of the result.
    values: usize,
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
impl Estimate {
    /// Creates an estimator for results with `values` values per row.
    #[must_use]
    pub fn new(values: usize) -> Self {
        Self { values, ..Self::default() }
    }

    /// Takes the counts as they stand `seconds` after the start.
    pub fn observe(&mut self, seconds: f64, counts: &Counts) {
        if counts.restarts != self.counts.restarts {
            // What was done is lost, and so is its time; what it cost is measured anew.
            let counts = Counts { restarts: counts.restarts, ..Counts::default() };
            *self = Self { seconds: self.seconds, counts, ..Self::new(self.values) };
        }
        let went_on: [f64; 5] = std::array::from_fn(|i| counts.done[i].saturating_sub(self.counts.done[i]) as f64);
        let known = self.costs();
        self.counts = *counts;
        if went_on.iter().all(|rows| *rows == 0.0) {
            if self.spent == [0.0; 5] {
                // The time before the first rows, in which files were opened, is that of no step.
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

    /// The seconds that are left `seconds` after the start, once something is known.
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
        // Rows are told of some at a time: meanwhile time goes on.
        Some((left - (seconds - self.seconds)).max(0.0))
    }

    /// The share of the whole work that is done.
    #[must_use]
    pub fn share(&self, seconds: f64) -> f64 {
        let spent: f64 = self.spent.iter().sum::<f64>() + (seconds - self.seconds);
        self.left(seconds).map_or(0.0, |left| spent / (spent + left).max(f64::MIN_POSITIVE))
    }

    /// The rows of each step.
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

    /// The seconds that a row costs in each step, as far as is known.
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
