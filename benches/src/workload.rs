//! Generates light curves for benchmarks from a fixed seed.

use std::ops::Range;

use tape_core::LightCurve;

/// Light curves of one length in shared columns, as in a chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct LightCurves {
    /// Times, days, ascending within each light curve.
    pub time: Vec<f64>,
    /// Fluxes, nJy.
    pub flux: Vec<f64>,
    /// Errors, nJy.
    pub error: Vec<f64>,
    /// The rows of each light curve.
    pub rows: Vec<Range<usize>>,
}

impl LightCurves {
    /// Generates `n` light curves of `epochs` epochs. Every tenth one varies, and one epoch in a hundred is an outlier,
    /// so that iterative kernels take as many rounds as on a survey. Fluxes are about 30 times their errors. At a
    /// thousand times, as for magnitudes, the rounding error of a plain loop's mean would reach the 1e-12 to which the
    /// forms of a statistic are compared.
    #[must_use]
    pub fn new(n: usize, epochs: usize) -> Self {
        let mut random = Random(1);
        let rows: Vec<_> = (0..n).map(|i| i * epochs..(i + 1) * epochs).collect();
        let (mut time, mut flux, mut error) = (vec![], vec![], vec![]);
        for i in 0..n {
            let mean = 500.0 + 1000.0 * random.uniform();
            let amplitude = if i % 10 == 0 { 0.3 * mean } else { 0.0 };
            let mut now = 60_000.0;
            for _ in 0..epochs {
                now += 0.01 + 6.0 * random.uniform();
                let sigma = 20.0 + 40.0 * random.uniform();
                let scale = if random.uniform() < 0.01 { 8.0 } else { 1.0 };
                time.push(now);
                flux.push(mean + amplitude * now.sin() + scale * sigma * random.normal());
                error.push(sigma);
            }
        }
        Self { time, flux, error, rows }
    }

    /// Returns the total number of epochs.
    #[must_use]
    pub fn epochs(&self) -> usize {
        self.flux.len()
    }

    /// Iterates over the light curves.
    pub fn iter(&self) -> impl Iterator<Item = LightCurve<'_>> {
        let light_curve = |rows: &Range<usize>| {
            LightCurve::new(&self.flux[rows.clone()])
                .with_error(&self.error[rows.clone()])
                .with_time(&self.time[rows.clone()])
                .with_band("r")
        };
        self.rows.iter().map(light_curve)
    }
}

/// `SplitMix64` (Steele et al. 2014, doi:10.1145/2660193.2660195): good enough for noise, and portable.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns a number from 0 (inclusive) to 1 (exclusive).
    #[expect(clippy::cast_precision_loss, reason = "a float holds 53 bits")]
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns an approximately normal number with mean 0 and variance 1: the sum of twelve uniform numbers minus 6.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_curves_are_reproducible_ordered_and_valid() {
        let curves = LightCurves::new(50, 25);
        assert_eq!(curves, LightCurves::new(50, 25));
        assert_eq!((curves.rows.len(), curves.epochs()), (50, 1250));
        for light_curve in curves.iter() {
            assert_eq!(light_curve.len(), 25);
            assert!(light_curve.time().is_sorted());
            assert!(light_curve.error().iter().all(|&error| error > 0.0));
            assert!(light_curve.moments().m2 > 0.0);
        }
    }

    #[test]
    fn noise_has_mean_0_and_variance_1() {
        let mut random = Random(7);
        let noise: Vec<f64> = (0..100_000).map(|_| random.normal()).collect();
        let moments = tape_core::Moments::of(&noise);
        // Five standard deviations of each estimate.
        assert!(moments.mean.abs() < 5.0 / 100_000_f64.sqrt(), "{moments:?}");
        assert!((moments.m2 / moments.n - 1.0).abs() < 5.0 * (2.0_f64 / 100_000.0).sqrt(), "{moments:?}");
    }
}
