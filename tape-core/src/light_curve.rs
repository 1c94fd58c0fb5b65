//! The borrowed view of one light curve that every kernel receives.

use std::cell::OnceCell;

/// The valid epochs of one object in one band (or in all, where a survey has no band column).
///
/// All slices that a statistic declared as inputs have the same length; an input that no statistic of the run declared is
/// empty, because its column was never read. Values are finite and errors positive: other epochs were left out and counted.
/// Epochs are in time order if a statistic of the run declared that it depends on it, else in the order of the file.
#[derive(Debug, Default)]
pub struct LightCurve<'a> {
    band: &'a str,
    time: &'a [f64],
    flux: &'a [f64],
    error: &'a [f64],
    moments: OnceCell<Moments>,
    weighted: OnceCell<WeightedMoments>,
}

/// Count, mean and sum of squared deviations from it: a mergeable summary of the fluxes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// The number of epochs.
    pub n: f64,
    /// Their mean flux; 0 without epochs.
    pub mean: f64,
    /// The sum of squared deviations from the mean.
    pub m2: f64,
}

/// The same with each epoch weighted by 1/error².
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WeightedMoments {
    /// The sum of the weights.
    pub weight: f64,
    /// The weighted mean flux; 0 without epochs.
    pub mean: f64,
    /// The weighted sum of squared deviations from the weighted mean: the chi² of a constant source.
    pub m2: f64,
}

impl<'a> LightCurve<'a> {
    /// A light curve from its fluxes.
    #[must_use]
    pub fn new(flux: &'a [f64]) -> Self {
        Self { flux, ..Self::default() }
    }

    /// The same with errors, one for each flux.
    ///
    /// # Panics
    /// If there are not as many errors as fluxes.
    #[must_use]
    pub fn with_error(self, error: &'a [f64]) -> Self {
        assert_eq!(error.len(), self.flux.len(), "one error for each flux");
        Self { error, ..self }
    }

    /// The same with times, one for each flux.
    ///
    /// # Panics
    /// If there are not as many times as fluxes.
    #[must_use]
    pub fn with_time(self, time: &'a [f64]) -> Self {
        assert_eq!(time.len(), self.flux.len(), "one time for each flux");
        Self { time, ..self }
    }

    /// The same with its band's label.
    #[must_use]
    pub fn with_band(self, band: &'a str) -> Self {
        Self { band, ..self }
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

    /// Total weight, weighted mean and weighted squared deviations; computed at the first call.
    pub fn weighted(&self) -> &WeightedMoments {
        self.weighted.get_or_init(|| WeightedMoments::of(self.flux, self.error))
    }
}

/// Independent partial sums, so that the compiler may keep them in vector lanes.
const LANES: usize = 8;

/// The sum of `term(i)` for `i` in `0..n`, reassociated over [`LANES`] partial sums.
fn sum(n: usize, term: impl Fn(usize) -> f64) -> f64 {
    let mut lanes = [0.0; LANES];
    let whole = n - n % LANES;
    for start in (0..whole).step_by(LANES) {
        for (lane, total) in lanes.iter_mut().enumerate() {
            *total += term(start + lane);
        }
    }
    (whole..n).map(term).sum::<f64>() + lanes.iter().sum::<f64>()
}

impl Moments {
    /// The moments of some fluxes, in two passes: one for the mean, one for the deviations from it.
    #[must_use]
    pub fn of(flux: &[f64]) -> Self {
        if flux.is_empty() {
            return Self::default();
        }
        let n = count(flux.len());
        let mean = sum(flux.len(), |i| flux[i]) / n;
        Self { n, mean, m2: sum(flux.len(), |i| (flux[i] - mean).powi(2)) }
    }

    /// The moments of both sets of fluxes together (Chan et al. 1983, doi:10.1080/00031305.1983.10483115).
    #[must_use]
    pub fn combine(self, other: Self) -> Self {
        let Some(WeightedMoments { weight, mean, m2 }) = merge(self.weighted(), other.weighted()) else {
            return Self::default();
        };
        Self { n: weight, mean, m2 }
    }

    fn weighted(self) -> WeightedMoments {
        WeightedMoments { weight: self.n, mean: self.mean, m2: self.m2 }
    }
}

impl WeightedMoments {
    /// The moments of fluxes weighted by 1/error², in two passes.
    #[must_use]
    pub fn of(flux: &[f64], error: &[f64]) -> Self {
        if flux.is_empty() {
            return Self::default();
        }
        let error = &error[..flux.len()];
        let weight = sum(flux.len(), |i| error[i].powi(-2));
        let mean = sum(flux.len(), |i| flux[i] * error[i].powi(-2)) / weight;
        Self { weight, mean, m2: sum(flux.len(), |i| ((flux[i] - mean) / error[i]).powi(2)) }
    }

    /// The moments of both sets of fluxes together (Chan et al. 1983, doi:10.1080/00031305.1983.10483115).
    #[must_use]
    pub fn combine(self, other: Self) -> Self {
        merge(self, other).unwrap_or_default()
    }
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

/// A number of epochs as a float, exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "no light curve has 2^53 epochs")]
#[must_use]
pub fn count(n: usize) -> f64 {
    n as f64
}
