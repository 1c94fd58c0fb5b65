//! The robust mean with twice the digits, for the few light curves whose iteration amplifies rounding. It uses pairs of
//! floats, where the second is the rounding error of the first (Dekker 1971,
//! [doi:10.1007/BF01397083](https://doi.org/10.1007/BF01397083)).

use super::ITERATIONS;
use super::mean::Pairs;

/// A number as the sum of two floats.
#[derive(Clone, Copy, Debug)]
pub(super) struct Twofold {
    /// The number, rounded.
    pub(super) high: f64,
    /// The rounding error of `high`.
    pub(super) low: f64,
}

impl Twofold {
    const ZERO: Self = Self::of(0.0);

    const fn of(value: f64) -> Self {
        Self { high: value, low: 0.0 }
    }

    /// Adds two floats. The first must be the larger in absolute value.
    fn new(large: f64, small: f64) -> Self {
        let high = large + small;
        Self { high, low: small - (high - large) }
    }

    fn add(self, other: Self) -> Self {
        let sum = self.high + other.high;
        let of_other = sum - self.high;
        let rounded = (self.high - (sum - of_other)) + (other.high - of_other);
        Self::new(sum, rounded + self.low + other.low)
    }

    fn sub(self, other: Self) -> Self {
        self.add(Self { high: -other.high, low: -other.low })
    }

    fn mul(self, other: Self) -> Self {
        let product = self.high * other.high;
        let rounded = self.high.mul_add(other.high, -product);
        Self::new(product, rounded + (self.high * other.low + self.low * other.high))
    }

    fn div(self, other: Self) -> Self {
        let quotient = self.high / other.high;
        let rest = self.sub(other.mul(Self::of(quotient)));
        Self::new(quotient, rest.high / other.high)
    }
}

/// Returns the robust mean of the light curve in `pairs`, by the same steps as the kernel.
#[cold]
#[inline(never)]
pub(super) fn mean(pairs: &[Pairs]) -> Twofold {
    let first = Twofold::of(pairs[0].x[0][0]);
    let mut mean = first.add(shift(pairs, first, |_, weight| weight));
    for _ in 0..ITERATIONS {
        let last = mean.high;
        mean = mean.add(shift(pairs, mean, |deviation, weight| {
            weight.div(Twofold::of(1.0).add(weight.mul(deviation).mul(deviation)))
        }));
        let moved = (mean.high - last).abs();
        if mean.high == 0.0 || (moved / mean.high < 1e-6 && moved < 1e-6) {
            break;
        }
    }
    mean
}

/// Computes a mean minus `mean`. `weight` returns the weight of an epoch from its deviation and its 1/σ² weight.
fn shift(pairs: &[Pairs], mean: Twofold, weight: impl Fn(Twofold, Twofold) -> Twofold) -> Twofold {
    let (mut shift, mut weights) = (Twofold::ZERO, Twofold::ZERO);
    for (&x, &w) in pairs.iter().flat_map(|Pairs { x, w }| x.as_flattened().iter().zip(w.as_flattened())) {
        let deviation = Twofold::of(x).sub(mean);
        let weight = weight(deviation, Twofold::of(w));
        shift = shift.add(weight.mul(deviation));
        weights = weights.add(weight);
    }
    shift.div(weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_keeps_twice_the_digits() {
        let third = Twofold::of(1.0).div(Twofold::of(3.0));
        // 1/3 is 2^-54/3 more than its float: 1/3 = (1 - 4^-27) / 3 + 4^-27 / 3.
        assert_eq!((third.high, third.low), (1.0 / 3.0, 0.25_f64.powi(27) / 3.0));
        let one = third.mul(Twofold::of(3.0));
        assert!(((one.high - 1.0) + one.low).abs() < 1e-31, "{one:?}");
        let tiny = Twofold::of(1.0).add(Twofold::of(1e-25)).sub(Twofold::of(1.0));
        assert!((tiny.high - 1e-25).abs() < 1e-31, "{tiny:?}");
    }
}
