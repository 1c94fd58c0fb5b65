//! The least-squares line through fluxes over time, as a mergeable summary.

use super::moments::{Moments, WeightedMoments};
use super::sums::sums;

/// The least-squares line through fluxes over time.
///
/// Stores the slope and the residual instead of sums of products. The difference of such sums would lose the digits of
/// a small scatter about a steep line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Line {
    /// The sum of the weights: the number of epochs if unweighted.
    pub weight: f64,
    /// The mean time; 0 without epochs.
    pub time: f64,
    /// The mean flux, which is the line's value at the mean time; 0 without epochs.
    pub flux: f64,
    /// The sum of squared deviations from the mean time: exactly 0 if all times are equal.
    pub spread: f64,
    /// The slope; 0 if all times are equal.
    pub slope: f64,
    /// The sum of squared deviations from the line.
    pub residual: f64,
}

impl Line {
    /// Fits an unweighted line, given the moments of time and flux. Takes two passes.
    pub(super) fn of(time: &[f64], flux: &[f64], times: Moments, fluxes: Moments) -> Self {
        let (t, x) = (times.mean, fluxes.mean);
        let [product] = sums([time, flux], |[time, flux]| [(time - t) * (flux - x)]);
        let slope = slope(product, times.m2);
        let [residual] = sums([time, flux], |[time, flux]| {
            let off = (flux - x) - slope * (time - t);
            [off * off]
        });
        Self { weight: times.n, time: t, flux: x, spread: times.m2, slope, residual }
    }

    /// Fits a line weighted by 1/error², given the weighted moments of flux. Takes three passes.
    pub(super) fn weighted(time: &[f64], flux: &[f64], inverse_error: &[f64], fluxes: WeightedMoments) -> Self {
        let Some(&first) = time.first() else { return Self::default() };
        let WeightedMoments { weight, mean: x, .. } = fluxes;
        let [total] = sums([time, inverse_error], |[time, e]| [e * e * (time - first)]);
        let t = first + total / weight;
        let [spread, product] = sums([time, flux, inverse_error], |[time, flux, e]| {
            let (a, b) = ((time - t) * e, (flux - x) * e);
            [a * a, a * b]
        });
        let slope = slope(product, spread);
        let [residual] = sums([time, flux, inverse_error], |[time, flux, e]| {
            let off = ((flux - x) - slope * (time - t)) * e;
            [off * off]
        });
        Self { weight, time: t, flux: x, spread, slope, residual }
    }

    /// Returns the line through both sets of epochs together.
    ///
    /// The new slope is the weighted mean of three: the slopes of the two lines, and the slope between their means. The
    /// weights are their spreads in time. The deviation of each from the new slope adds to the residual. All these
    /// terms are positive, so nothing cancels.
    #[must_use]
    pub fn combine(self, other: Self) -> Self {
        if self.weight == 0.0 {
            return other;
        }
        if other.weight == 0.0 {
            return self;
        }
        let weight = self.weight + other.weight;
        let share = other.weight / weight;
        let (time, flux) = (other.time - self.time, other.flux - self.flux);
        let between = self.weight * share;
        let spread = self.spread + other.spread + between * time * time;
        let product = self.spread * self.slope + other.spread * other.slope + between * time * flux;
        let slope = slope(product, spread);
        let residual = self.residual
            + other.residual
            + self.spread * (self.slope - slope).powi(2)
            + other.spread * (other.slope - slope).powi(2)
            + between * (flux - slope * time).powi(2);
        Self { weight, time: self.time + share * time, flux: self.flux + share * flux, spread, slope, residual }
    }
}

fn slope(product: f64, spread: f64) -> f64 {
    if spread == 0.0 { 0.0 } else { product / spread }
}
