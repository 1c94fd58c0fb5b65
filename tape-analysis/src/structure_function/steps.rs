//! Equal steps between two values, to sort values approximately without comparisons.
//!
//! A light curve of 150 epochs has eleven thousand pairs. Sorting them by comparison, and searching the bin of each,
//! would take nearly all of the time of a structure function.

use tape_core::count;

/// Maximum number of steps, so that their counters fit in the cache.
const MOST: usize = 1 << 16;

/// Equal steps from the minimum to the maximum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    least: f64,
    per_unit: f64,
    last: f64,
}

impl Steps {
    /// Creates up to `number` steps, and at least one.
    pub(super) fn new(least: f64, greatest: f64, number: usize) -> Self {
        let number = count(number.clamp(1, MOST));
        Self { least, per_unit: number / (greatest - least), last: number - 1.0 }
    }

    /// Returns the number of steps.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
    pub(super) fn number(&self) -> usize {
        self.last as usize + 1
    }

    /// Returns the step of a value. Values outside the range are in the first or last step. A larger value is never in
    /// an earlier step, regardless of rounding.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are the integer")]
    pub(super) fn of(&self, value: f64) -> u32 {
        // Adding 2⁵² rounds to an integer. NaN is in the first step, because f64::max returns the other operand.
        const WHOLE: f64 = 4_503_599_627_370_496.0;
        let step = ((value - self.least) * self.per_unit).max(0.0).min(self.last);
        (step + WHOLE).to_bits() as u32
    }
}

/// Returns the minimum and maximum, or infinities without values.
pub(super) fn extremes(values: &[f64]) -> [f64; 2] {
    const LANES: usize = 8;
    let least = |a: f64, b: f64| if b < a { b } else { a };
    let greatest = |a: f64, b: f64| if b > a { b } else { a };
    let (mut low, mut high) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &value) in chunk.iter().enumerate() {
            low[lane] = least(low[lane], value);
            high[lane] = greatest(high[lane], value);
        }
    }
    let low = low.iter().chain(rest).copied().fold(f64::INFINITY, least);
    [low, high.iter().chain(rest).copied().fold(f64::NEG_INFINITY, greatest)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_larger_value_is_never_in_an_earlier_step(a in -10.0..2e3, b in -10.0..2e3, number in 1_usize..70_000) {
            let steps = Steps::new(0.1, 1e3, number);
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            prop_assert!(steps.of(low) <= steps.of(high) && (steps.of(high) as usize) < steps.number());
        }
    }

    #[test]
    fn equal_values_are_in_the_first_step() {
        assert_eq!(Steps::new(1.0, 1.0, 8).of(1.0), 0);
        assert_eq!(Steps::new(0.0, f64::INFINITY, 8).of(f64::INFINITY), 0);
    }
}
