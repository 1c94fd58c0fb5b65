//! The borrowed view of one light curve that kernels receive.

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

/// The valid epochs of one object in one band, or in all bands if the survey has no band column.
///
/// All slices that a statistic declared as inputs have the same length. An input that no statistic of the run declared
/// is empty, because its column was not read. Values are finite and errors are positive; all other epochs were skipped
/// and counted. Epochs are in time order if a statistic of the run declared that it depends on the order, and otherwise
/// in file order.
///
/// Quantities that many statistics share (moments, sorted fluxes, a line through the epochs, …) are computed on first
/// use and cached, because all statistics of a run see the same view.
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
    /// Creates a light curve from its fluxes.
    #[must_use]
    #[inline]
    pub fn new(flux: &'a [f64]) -> Self {
        Self { flux, ..Self::default() }
    }

    /// Adds errors, one for each flux.
    ///
    /// # Panics
    /// If the lengths differ.
    #[must_use]
    #[inline]
    pub fn with_error(mut self, error: &'a [f64]) -> Self {
        assert_eq!(error.len(), self.flux.len(), "one error for each flux");
        self.error = error;
        self
    }

    /// Adds times, one for each flux.
    ///
    /// # Panics
    /// If the lengths differ.
    #[must_use]
    #[inline]
    pub fn with_time(mut self, time: &'a [f64]) -> Self {
        assert_eq!(time.len(), self.flux.len(), "one time for each flux");
        self.time = time;
        self
    }

    /// Sets the label of the band.
    #[must_use]
    #[inline]
    pub fn with_band(mut self, band: &'a str) -> Self {
        self.band = band;
        self
    }

    /// Sets the request to stop.
    #[must_use]
    #[inline]
    pub fn with_cancellation(mut self, cancellation: &'a Cancellation) -> Self {
        self.cancellation = Some(cancellation);
        self
    }

    /// Returns true if work on this light curve should stop. A long-running kernel should check it at least every few
    /// hundredths of a second and return early. Its values are then discarded.
    #[must_use]
    #[inline]
    pub fn cancelled(&self) -> bool {
        self.cancellation.is_some_and(Cancellation::is_cancelled)
    }

    /// Returns a clone of the request to stop, which may outlive the light curve.
    #[must_use]
    pub fn cancellation(&self) -> Cancellation {
        self.cancellation.cloned().unwrap_or_default()
    }

    /// Returns the number of epochs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.flux.len()
    }

    /// Returns true if there are no epochs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.flux.is_empty()
    }

    /// Returns the label of the band, empty if the survey has no band column.
    #[must_use]
    pub fn band(&self) -> &'a str {
        self.band
    }

    /// Returns the times, days.
    #[must_use]
    pub fn time(&self) -> &'a [f64] {
        self.time
    }

    /// Returns the fluxes or magnitudes, in the survey's unit.
    #[must_use]
    pub fn flux(&self) -> &'a [f64] {
        self.flux
    }

    /// Returns the errors (sigma), in the unit of the flux.
    #[must_use]
    pub fn error(&self) -> &'a [f64] {
        self.error
    }

    /// Returns the count, mean and squared deviations of the flux. Cached.
    pub fn moments(&self) -> &Moments {
        self.moments.get_or_init(|| Moments::of(self.flux))
    }

    /// Returns the moments of the flux up to the fourth. Cached.
    pub fn higher_moments(&self) -> &HigherMoments {
        self.higher.get_or_init(|| HigherMoments::of(self.flux, *self.moments()))
    }

    /// Returns the smallest and largest flux. Cached.
    pub fn extremes(&self) -> Extremes {
        *self.extremes.get_or_init(|| match self.sorted.get().map(Vec::as_slice) {
            Some(&[min, .., max]) => Extremes { min, max },
            _ => Extremes::of([self.flux], |[x]| x),
        })
    }

    /// Returns the fluxes in ascending order. Cached.
    pub fn sorted_flux(&self) -> &[f64] {
        self.sorted.get_or_init(|| {
            let mut sorted = self.flux.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            sorted
        })
    }

    /// Returns the median flux: the mean of the middle two for an even number of epochs; NaN without epochs.
    ///
    /// ```
    /// assert_eq!(tape_core::LightCurve::new(&[3.0, 9.0, 1.0, 4.0]).median(), 3.5);
    /// ```
    pub fn median(&self) -> f64 {
        let sorted = self.sorted_flux();
        let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
        let (low, high) = (sorted[last / 2], sorted[last - last / 2]);
        // Halved before adding, so that the sum cannot overflow.
        if low == high { low } else { 0.5 * low + 0.5 * high }
    }

    /// Returns the reciprocal of each error. Cached.
    pub fn inverse_error(&self) -> &[f64] {
        self.inverse_error.get_or_init(|| moments::inverse(self.error))
    }

    /// Returns the total weight, weighted mean and weighted squared deviations of the flux. Cached.
    pub fn weighted(&self) -> &WeightedMoments {
        self.weighted.get_or_init(|| WeightedMoments::of_inverse(self.flux, self.inverse_error()))
    }

    /// Returns the count, mean and squared deviations of the times. Cached.
    pub fn time_moments(&self) -> &Moments {
        self.times.get_or_init(|| Moments::of(self.time))
    }

    /// Returns the shortest and longest interval between neighbouring epochs, which must be in time order. Cached.
    pub fn intervals(&self) -> Extremes {
        let between = || Extremes::of(steps::neighbours(self.time), |[time, next]| next - time);
        *self.intervals.get_or_init(between)
    }

    /// Returns the slopes between neighbouring epochs, which must be in time order. NaN or infinite where a time
    /// repeats. Cached.
    pub fn slopes(&self) -> &Slopes {
        self.slopes.get_or_init(|| Slopes::of(self.time, self.flux))
    }

    /// Returns the unweighted line through the epochs. Cached.
    pub fn line(&self) -> &Line {
        self.line.get_or_init(|| Line::of(self.time, self.flux, *self.time_moments(), *self.moments()))
    }

    /// Returns the line through the epochs weighted by 1/error². Cached.
    pub fn weighted_line(&self) -> &Line {
        let fit = || Line::weighted(self.time, self.flux, self.inverse_error(), *self.weighted());
        self.weighted_line.get_or_init(fit)
    }
}
