//! Counts of skipped epochs, by reason.

use std::ops::AddAssign;

/// Counts of skipped epochs. Each epoch counts once, under the first reason that applies, in the order of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// The row does not match the condition, or its object is not selected.
    pub excluded: u64,
    /// The light curve is null or empty. It counts as one epoch.
    pub no_epoch: u64,
    /// The id is null.
    pub null_id: u64,
    /// The band is null.
    pub null_band: u64,
    /// The band is not selected.
    pub other_band: u64,
    /// The time is null, NaN or infinite, and a statistic needs it.
    pub bad_time: u64,
    /// The flux is null, NaN or infinite.
    pub bad_flux: u64,
    /// The error is null, NaN or infinite, and a statistic needs it.
    pub bad_error: u64,
    /// The error is zero or negative, and a statistic needs it.
    pub nonpositive_error: u64,
    /// A step on light curves removed the epoch.
    pub by_step: u64,
}

impl LeftOut {
    /// Returns each reason as text, with its count.
    #[must_use]
    pub const fn reasons(&self) -> [(&'static str, u64); 10] {
        [
            ("row is excluded by a condition or choice", self.excluded),
            ("light curve is null or empty", self.no_epoch),
            ("id is null", self.null_id),
            ("band is null", self.null_band),
            ("band not asked for", self.other_band),
            ("time is null, NaN or infinite", self.bad_time),
            ("flux is null, NaN or infinite", self.bad_flux),
            ("error is null, NaN or infinite", self.bad_error),
            ("error is not positive", self.nonpositive_error),
            ("epoch is left out by a step on its light curve", self.by_step),
        ]
    }

    /// Returns the number of rows that the reader drops before grouping.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.excluded + self.no_epoch + self.null_id
    }

    /// Returns the total of all reasons.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.reasons().iter().map(|(_, n)| n).sum()
    }
}

impl AddAssign for LeftOut {
    fn add_assign(&mut self, other: Self) {
        self.excluded += other.excluded;
        self.no_epoch += other.no_epoch;
        self.null_id += other.null_id;
        self.null_band += other.null_band;
        self.other_band += other.other_band;
        self.bad_time += other.bad_time;
        self.bad_flux += other.bad_flux;
        self.bad_error += other.bad_error;
        self.nonpositive_error += other.nonpositive_error;
        self.by_step += other.by_step;
    }
}
