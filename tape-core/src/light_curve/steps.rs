//! Intervals and slopes between neighbouring epochs, and extremes.

use super::sums::{greater, lesser, reduce};

/// The smallest and largest of some numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremes {
    /// The smallest value; infinity for an empty set.
    pub min: f64,
    /// The largest value; minus infinity for an empty set.
    pub max: f64,
}

impl Extremes {
    /// The extremes of an empty set.
    pub const NONE: Self = Self { min: f64::INFINITY, max: f64::NEG_INFINITY };

    /// Returns the extremes of `term` over the rows of `columns`, which must not contain NaN.
    ///
    /// # Panics
    /// If a column is shorter than the first.
    #[must_use]
    pub fn of<const COLUMNS: usize>(columns: [&[f64]; COLUMNS], term: impl Fn([f64; COLUMNS]) -> f64) -> Self {
        let join = |[min, max]: [f64; 2], [low, high]: [f64; 2]| [lesser(low, min), greater(high, max)];
        let [min, max] =
            reduce(columns, [Self::NONE.min, Self::NONE.max], |so_far, row| join(so_far, [term(row); 2]), join);
        Self { min, max }
    }

    /// Merges the extremes of two sets.
    #[must_use]
    pub fn combine(self, other: Self) -> Self {
        Self { min: lesser(other.min, self.min), max: greater(other.max, self.max) }
    }

    /// Returns the difference between the largest and the smallest value.
    #[must_use]
    pub fn range(self) -> f64 {
        self.max - self.min
    }
}

/// The slopes (xᵢ₊₁ − xᵢ)/(tᵢ₊₁ − tᵢ) between neighbouring epochs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slopes {
    /// The sum of the squared slopes.
    pub squares: f64,
    /// The largest absolute slope.
    pub steepest: f64,
}

impl Slopes {
    pub(super) fn of(time: &[f64], flux: &[f64]) -> Self {
        let ([t, later], [x, next]) = (neighbours(time), neighbours(flux));
        let [squares, steepest] = reduce(
            [later, t, next, x],
            [0.0; 2],
            |[squares, steepest], [later, t, next, x]| {
                let slope = (next - x) / (later - t);
                [squares + slope * slope, greater(slope.abs(), steepest)]
            },
            |a, b| [a[0] + b[0], greater(b[1], a[1])],
        );
        Self { squares, steepest }
    }
}

/// Returns all values except the last, and all except the first.
pub(super) fn neighbours(values: &[f64]) -> [&[f64]; 2] {
    let last = values.len().saturating_sub(1);
    [&values[..last], &values[values.len() - last..]]
}
