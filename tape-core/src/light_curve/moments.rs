//! Mergeable summaries of fluxes: moments about the mean up to the fourth, and weighted moments.

use super::sums::sums;

/// Count, mean and sum of squared deviations of the flux, as a mergeable summary.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// The number of epochs.
    pub n: f64,
    /// The mean flux; 0 without epochs.
    pub mean: f64,
    /// The sum of squared deviations from the mean: exactly 0 if all fluxes are equal.
    pub m2: f64,
}

/// [`Moments`] with the sums of the third and fourth powers of the deviations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HigherMoments {
    /// Count, mean and squared deviations.
    pub moments: Moments,
    /// The sum of cubed deviations from the mean.
    pub m3: f64,
    /// The sum of fourth powers of the deviations.
    pub m4: f64,
}

/// Moments with each epoch weighted by 1/error².
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WeightedMoments {
    /// The sum of the weights.
    pub weight: f64,
    /// The weighted mean flux; 0 without epochs.
    pub mean: f64,
    /// The weighted sum of squared deviations from the weighted mean: chi² for a constant source.
    pub m2: f64,
}

impl Moments {
    /// Computes the moments of `flux` in two passes: one for the mean, one for the deviations.
    ///
    /// The mean is computed from the differences to the first flux. For a constant source these are zero, and so is
    /// `m2`.
    #[must_use]
    pub fn of(flux: &[f64]) -> Self {
        let Some(&first) = flux.first() else { return Self::default() };
        let n = count(flux.len());
        let [total] = sums([flux], |[x]| [x - first]);
        let mean = first + total / n;
        let [m2] = sums([flux], |[x]| [(x - mean) * (x - mean)]);
        Self { n, mean, m2 }
    }

    /// Merges the moments of two sets of fluxes (Chan et al. 1983, doi:10.1080/00031305.1983.10483115).
    #[must_use]
    pub fn combine(self, other: Self) -> Self {
        let Some(WeightedMoments { weight, mean, m2 }) = merge(self.weighted(), other.weighted()) else {
            return Self::default();
        };
        Self { n: weight, mean, m2 }
    }

    /// Returns the sample variance; NaN for fewer than two epochs.
    #[must_use]
    pub fn variance(self) -> f64 {
        if self.n < 2.0 { f64::NAN } else { self.m2 / (self.n - 1.0) }
    }

    fn weighted(self) -> WeightedMoments {
        WeightedMoments { weight: self.n, mean: self.mean, m2: self.m2 }
    }
}

impl HigherMoments {
    /// Computes the higher moments of `flux`, given the lower ones, in one pass.
    #[must_use]
    pub fn of(flux: &[f64], moments: Moments) -> Self {
        let [m3, m4] = sums([flux], |[x]| {
            let deviation = x - moments.mean;
            let square = deviation * deviation;
            [square * deviation, square * square]
        });
        Self { moments, m3, m4 }
    }

    /// Merges the moments of two sets of fluxes (Pébay 2008, doi:10.2172/1028931).
    #[must_use]
    pub fn combine(self, other: Self) -> Self {
        let (a, b) = (self.moments, other.moments);
        if a.n == 0.0 {
            return other;
        }
        if b.n == 0.0 {
            return self;
        }
        let n = a.n + b.n;
        let shift = b.mean - a.mean;
        let (p, q) = (a.n / n, b.n / n);
        let between = shift * shift * a.n * q;
        let m3 = self.m3 + other.m3 + between * shift * (p - q) + 3.0 * shift * (p * b.m2 - q * a.m2);
        let m4 = self.m4
            + other.m4
            + between * shift * shift * (p * p - p * q + q * q)
            + 6.0 * shift * shift * (p * p * b.m2 + q * q * a.m2)
            + 4.0 * shift * (p * other.m3 - q * self.m3);
        Self { moments: a.combine(b), m3, m4 }
    }
}

impl WeightedMoments {
    /// Computes the moments of `flux` weighted by 1/error², in two passes.
    #[must_use]
    pub fn of(flux: &[f64], error: &[f64]) -> Self {
        Self::of_inverse(flux, &inverse(&error[..flux.len()]))
    }

    /// Computes the moments of `flux` from the inverse errors.
    ///
    /// The mean is computed from the differences to the first flux, as in [`Moments::of`].
    pub(super) fn of_inverse(flux: &[f64], inverse_error: &[f64]) -> Self {
        let Some(&first) = flux.first() else { return Self::default() };
        let [weight, total] = sums([flux, inverse_error], |[x, e]| [e * e, e * e * (x - first)]);
        let mean = first + total / weight;
        let [m2] = sums([flux, inverse_error], |[x, e]| {
            let deviation = (x - mean) * e;
            [deviation * deviation]
        });
        Self { weight, mean, m2 }
    }

    /// Merges the moments of two sets of fluxes (Chan et al. 1983, doi:10.1080/00031305.1983.10483115).
    #[must_use]
    pub fn combine(self, other: Self) -> Self {
        merge(self, other).unwrap_or_default()
    }
}

/// Returns the reciprocal of each error.
pub(super) fn inverse(error: &[f64]) -> Vec<f64> {
    error.iter().map(|error| error.recip()).collect()
}

fn merge(a: WeightedMoments, b: WeightedMoments) -> Option<WeightedMoments> {
    let weight = a.weight + b.weight;
    if a.weight == 0.0 || b.weight == 0.0 {
        return [a, b].into_iter().find(|side| side.weight != 0.0);
    }
    let shift = b.mean - a.mean;
    let share = b.weight / weight;
    Some(WeightedMoments { weight, mean: a.mean + shift * share, m2: a.m2 + b.m2 + shift * shift * a.weight * share })
}

/// Converts a number of epochs to a float, exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "no light curve has 2^53 epochs")]
#[must_use]
pub fn count(n: usize) -> f64 {
    n as f64
}
