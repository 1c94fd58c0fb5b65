//! The borrowed view of one light curve that every kernel receives.

use std::cell::OnceCell;

use crate::cancellation::Cancellation;

mod line;
mod moments;
mod steps;
mod sums;

pub use line::Line;
pub use moments::{HigherMoments, Moments, WeightedMoments, count};
pub use steps::{Extremes, Slopes};
pub use sums::sums;

/// The valid epochs of one object in one band (or in all, where a survey has no band column).
///
/// All slices that a statistic declared as inputs have the same length; an input that no statistic of the run declared is
/// empty, because its column was never read. Values are finite and errors positive: other epochs were left out and counted.
/// Epochs are in time order if a statistic of the run declared that it depends on it, else in the order of the file.
///
/// What many statistics share (moments, sorted fluxes, a line through the epochs, …) is computed at the first call and kept:
/// statistics of one run see the same view.
#[derive(Debug, Default)]
pub struct LightCurve<'a> {
    band: &'a str,
    time: &'a [f64],
    flux: &'a [f64],
    error: &'a [f64],
    cancellation: Option<&'a Cancellation>,
    moments: OnceCell<Moments>,
    higher: OnceCell<HigherMoments>,
    extremes: OnceCell<Extremes>,
    sorted: OnceCell<Vec<f64>>,
    inverse_error: OnceCell<Vec<f64>>,
    weighted: OnceCell<WeightedMoments>,
    times: OnceCell<Moments>,
    intervals: OnceCell<Extremes>,
    slopes: OnceCell<Slopes>,
    line: OnceCell<Line>,
    weighted_line: OnceCell<Line>,
}

impl<'a> LightCurve<'a> {
    /// A light curve from its fluxes.
    #[must_use]
    #[inline]
    pub fn new(flux: &'a [f64]) -> Self {
        Self { flux, ..Self::default() }
    }

    /// The same with errors, one for each flux.
    ///
    /// # Panics
    /// If there are not as many errors as fluxes.
    #[must_use]
    #[inline]
    pub fn with_error(mut self, error: &'a [f64]) -> Self {
        assert_eq!(error.len(), self.flux.len(), "one error for each flux");
        self.error = error;
        self
    }

    /// The same with times, one for each flux.
    ///
    /// # Panics
    /// If there are not as many times as fluxes.
    #[must_use]
    #[inline]
    pub fn with_time(mut self, time: &'a [f64]) -> Self {
        assert_eq!(time.len(), self.flux.len(), "one time for each flux");
        self.time = time;
        self
    }

    /// The same with its band's label.
    #[must_use]
    #[inline]
    pub fn with_band(mut self, band: &'a str) -> Self {
        self.band = band;
        self
    }

    /// The same with a request to stop.
    #[must_use]
    #[inline]
    pub fn with_cancellation(mut self, cancellation: &'a Cancellation) -> Self {
        self.cancellation = Some(cancellation);
        self
    }

    /// Returns whether work on it should stop. A kernel that takes long asks at least every few hundredths of a second, and
    /// returns early if so: its values are dropped.
    #[must_use]
    #[inline]
    pub fn cancelled(&self) -> bool {
        self.cancellation.is_some_and(Cancellation::is_cancelled)
    }

    /// Returns the request to stop, for what outlives the light curve.
    #[must_use]
    pub fn cancellation(&self) -> Cancellation {
        self.cancellation.cloned().unwrap_or_default()
    }

    /// The number of epochs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.flux.len()
    }

    /// Whether there is no epoch.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.flux.is_empty()
    }

    /// The label of the band; empty where a survey has no band column.
    #[must_use]
    pub fn band(&self) -> &'a str {
        self.band
    }

    /// Times, days.
    #[must_use]
    pub fn time(&self) -> &'a [f64] {
        self.time
    }

    /// Fluxes or magnitudes, in the survey's unit.
    #[must_use]
    pub fn flux(&self) -> &'a [f64] {
        self.flux
    }

    /// Errors (sigma), in the unit of the flux.
    #[must_use]
    pub fn error(&self) -> &'a [f64] {
        self.error
    }

    /// Count, mean and squared deviations; computed at the first call.
    pub fn moments(&self) -> &Moments {
        self.moments.get_or_init(|| Moments::of(self.flux))
    }

    /// The moments of the flux up to the fourth; computed at the first call.
    pub fn higher_moments(&self) -> &HigherMoments {
        self.higher.get_or_init(|| HigherMoments::of(self.flux, *self.moments()))
    }

    /// The least and the greatest flux; computed at the first call.
    pub fn extremes(&self) -> Extremes {
        *self.extremes.get_or_init(|| match self.sorted.get().map(Vec::as_slice) {
            Some(&[min, .., max]) => Extremes { min, max },
            _ => Extremes::of([self.flux], |[x]| x),
        })
    }

    /// The fluxes in ascending order; sorted at the first call.
    pub fn sorted_flux(&self) -> &[f64] {
        self.sorted.get_or_init(|| {
            let mut sorted = self.flux.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            sorted
        })
    }

    /// The median flux: of an even number of epochs the mean of the two in the middle; NaN without epochs.
    ///
    /// ```
    /// assert_eq!(tape_core::LightCurve::new(&[3.0, 9.0, 1.0, 4.0]).median(), 3.5);
    /// ```
    pub fn median(&self) -> f64 {
        let sorted = self.sorted_flux();
        let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
        let (low, high) = (sorted[last / 2], sorted[last - last / 2]);
        // Half of each first, lest their sum overflow.
        if low == high { low } else { 0.5 * low + 0.5 * high }
    }

    /// One over each error; computed at the first call.
    pub fn inverse_error(&self) -> &[f64] {
        self.inverse_error.get_or_init(|| moments::inverse(self.error))
    }

    /// Total weight, weighted mean and weighted squared deviations; computed at the first call.
    pub fn weighted(&self) -> &WeightedMoments {
        self.weighted.get_or_init(|| WeightedMoments::of_inverse(self.flux, self.inverse_error()))
    }

    /// Count, mean and squared deviations of the times; computed at the first call.
    pub fn time_moments(&self) -> &Moments {
        self.times.get_or_init(|| Moments::of(self.time))
    }

    /// The shortest and the longest interval between neighbouring epochs, which are in time order; computed at the first
    /// call.
    pub fn intervals(&self) -> Extremes {
        let between = || Extremes::of(steps::neighbours(self.time), |[time, next]| next - time);
        *self.intervals.get_or_init(between)
    }

    /// The slopes between neighbouring epochs, which are in time order; computed at the first call. NaN or infinite where
    /// a time repeats.
    pub fn slopes(&self) -> &Slopes {
        self.slopes.get_or_init(|| Slopes::of(self.time, self.flux))
    }

    /// The line through the epochs, each weighing the same; computed at the first call.
    pub fn line(&self) -> &Line {
        self.line.get_or_init(|| Line::of(self.time, self.flux, *self.time_moments(), *self.moments()))
    }

    /// The line through the epochs weighted by 1/error²; computed at the first call.
    pub fn weighted_line(&self) -> &Line {
        let fit = || Line::weighted(self.time, self.flux, self.inverse_error(), *self.weighted());
        self.weighted_line.get_or_init(fit)
    }
}
