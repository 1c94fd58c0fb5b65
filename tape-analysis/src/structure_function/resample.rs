//! Random samples of the differences, to estimate errors from their scatter.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use tape_core::Cancellation;

use super::bins::quantile;
use super::differences::Differences;
use super::{Bin, refused};
use crate::error::Error;

/// The number of pairs to draw from each light curve, with replacement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Samples {
    /// The number of pairs of the light curve.
    #[default]
    All,
    /// The number of pairs of the light curve with the fewest pairs, so that all light curves have equal weight.
    Least,
    /// This number of pairs.
    Number(usize),
}

/// Settings of repeated sampling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resampling {
    /// Number of repetitions.
    pub repetitions: usize,
    /// Number of pairs to draw from each light curve.
    pub samples: Samples,
    /// Seed of the random numbers. The same seed gives the same result on every machine.
    pub seed: u64,
    /// Quantiles of the repetitions to report.
    pub quantiles: [f64; 2],
}

impl Default for Resampling {
    /// Returns a hundred repetitions with [`Samples::All`], and the quantiles one standard deviation from the median.
    fn default() -> Self {
        Self { repetitions: 100, samples: Samples::All, seed: 0, quantiles: [0.16, 0.84] }
    }
}

impl Resampling {
    pub(super) fn check(&self) -> Result<(), Error> {
        let [lower, upper] = self.quantiles;
        if self.repetitions == 0 {
            return Err(refused("repetitions", 0, "one or more"));
        }
        if self.samples == Samples::Number(0) {
            return Err(refused("samples", 0, "one or more"));
        }
        if 0.0 <= lower && lower <= upper && upper <= 1.0 {
            return Ok(());
        }
        Err(refused("quantiles", format!("{lower} and {upper}"), "between 0 and 1, the lower first"))
    }
}

/// Number of pairs to draw between checks for cancellation.
const PIECE: usize = 1 << 14;

/// Iterates over the pairs of each repetition. Items are `None` once the run is cancelled.
pub(super) fn draws<'a>(
    resampling: &Resampling,
    all: &'a [Differences],
    cancellation: &'a Cancellation,
) -> impl Iterator<Item = Option<Differences>> + use<'a> {
    let least = all.iter().map(|pairs| pairs.dt.len()).min().unwrap_or(0);
    let samples = resampling.samples;
    let mut random = Pcg64::seed_from_u64(resampling.seed);
    (0..resampling.repetitions).map(move |_| {
        let mut drawn = Differences::default();
        for pairs in all {
            let number = match samples {
                Samples::All => pairs.dt.len(),
                Samples::Least => least,
                Samples::Number(number) => number,
            };
            for start in (0..number).step_by(PIECE) {
                cancellation.proceed()?;
                let piece = start..number.min(start + PIECE);
                drawn.extend_with(pairs, piece.map(|_| random.random_range(0..pairs.dt.len())));
            }
        }
        Some(drawn)
    })
}

/// Returns the median and quantiles of each bin over the repetitions. Repetitions without pairs in the bin are ignored.
/// Returns `None` if the run is cancelled.
pub(super) fn spread(repeated: &[Vec<[f64; 2]>], quantiles: [f64; 2], cancellation: &Cancellation) -> Option<Vec<Bin>> {
    let bins = repeated.first().map_or(0, Vec::len);
    let ascending = |bin: usize, column: usize| {
        let values = repeated.iter().map(|bins| bins[bin][column]).filter(|value| !value.is_nan());
        let mut values: Vec<f64> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    };
    let median = |ascending: &[f64]| quantile(ascending.len(), 0.5, |at| ascending[at]);
    let one = |bin| {
        cancellation.proceed()?;
        let (dt, sf2) = (ascending(bin, 0), ascending(bin, 1));
        let quantiles = Some(quantiles.map(|fraction| quantile(sf2.len(), fraction, |at| sf2[at])));
        Some(Bin { dt: median(&dt), sf2: median(&sf2), quantiles })
    };
    (0..bins).map(one).collect()
}
