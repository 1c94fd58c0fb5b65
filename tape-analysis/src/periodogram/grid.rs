//! Evenly spaced frequencies.

use tape_core::count;

use super::epochs::average_nyquist;

/// Maximum number of frequencies of a grid. Their powers take 256 MiB.
pub const MOST_FREQUENCIES: usize = 1 << 25;

/// Evenly spaced frequencies, cycles per day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// The first frequency.
    pub first: f64,
    /// Step between neighbouring frequencies.
    pub step: f64,
    /// Number of frequencies.
    pub number: usize,
}

impl Grid {
    /// Creates a grid. Returns `None` unless `first` is finite and not negative, `step` is finite and positive, and
    /// `number` is at most [`MOST_FREQUENCIES`].
    #[must_use]
    pub fn new(first: f64, step: f64, number: usize) -> Option<Self> {
        let sound = first.is_finite() && first >= 0.0 && step > 0.0 && step.is_finite() && number <= MOST_FREQUENCIES;
        sound.then_some(Self { first, step, number })
    }

    /// Creates the grid of astropy's `autofrequency`: steps of 1/(`samples_per_peak` T), from half a step to
    /// `nyquist_factor` times the average Nyquist frequency n/(2T), for n epochs over a baseline of T days.
    ///
    /// ```
    /// let grid = tape_analysis::periodogram::Grid::automatic(101, 10.0, 5.0, 5.0).unwrap();
    /// assert_eq!((grid.first, grid.step, grid.number), (0.01, 0.02, 1263));
    /// ```
    #[must_use]
    pub fn automatic(epochs: usize, baseline: f64, samples_per_peak: f64, nyquist_factor: f64) -> Option<Self> {
        let step = 1.0 / (samples_per_peak * baseline);
        let first = 0.5 * step;
        let last = nyquist_factor * average_nyquist(epochs, baseline);
        Self::new(first, step, steps((last - first) / step)?)
    }

    /// Creates the grid between two periods, days, in steps of 1/(`samples_per_peak` T). The longest period is at most
    /// the baseline T, because longer ones have less than one cycle.
    #[must_use]
    pub fn of_periods(minimum: f64, maximum: f64, baseline: f64, samples_per_peak: f64) -> Option<Self> {
        let first = 1.0 / maximum.min(baseline);
        let step = 1.0 / (samples_per_peak * baseline);
        Self::new(first, step, steps((1.0 / minimum - first) / step)?)
    }

    /// Returns the frequency at `index`.
    #[must_use]
    pub fn frequency(&self, index: usize) -> f64 {
        self.first + count(index) * self.step
    }

    /// Returns the last frequency.
    #[must_use]
    pub fn last(&self) -> f64 {
        self.frequency(self.number.saturating_sub(1))
    }
}

/// Returns the number of frequencies for a number of steps: one more, rounded.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is compared with its limits first")]
fn steps(steps: f64) -> Option<usize> {
    let number = 1.0 + steps.round();
    (number >= 1.0 && number <= count(MOST_FREQUENCIES)).then_some(number as usize)
}
