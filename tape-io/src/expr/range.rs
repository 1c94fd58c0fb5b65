//! Value ranges of columns, as known from statistics, and interval arithmetic on them.

use super::typed::{Arithmetic, Members, Set};

/// The possible values of a column in some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Possible {
    /// True if a value may be NULL.
    pub null: bool,
    /// The range of the other values.
    pub range: Range,
}

/// The range of possible values, both ends included.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Range {
    /// No values: all are NULL.
    Nothing,
    /// Nothing is known.
    Any,
    /// Booleans.
    Booleans {
        /// True if a value may be true.
        yes: bool,
        /// True if a value may be false.
        no: bool,
    },
    /// Integers.
    Integers(i64, i64),
    /// Decimals, as unscaled integers. Times, in nanoseconds since 1970.
    Decimals(i128, i128),
    /// Floats.
    Floats {
        /// The minimum and maximum, or `None` if all values are NaN.
        numbers: Option<(f64, f64)>,
        /// True if a value may be NaN.
        nan: bool,
    },
    /// Text, in the order of its bytes. Either end may be unknown.
    Texts(Option<Vec<u8>>, Option<Vec<u8>>),
}

impl Possible {
    /// Any value, and NULL.
    pub const ANY: Self = Self { null: true, range: Range::Any };
    /// Only NULL.
    pub const NULL: Self = Self { null: true, range: Range::Nothing };

    pub(super) const fn of(null: bool, range: Range) -> Self {
        Self { null, range }
    }

    pub(super) const fn truth(yes: bool, no: bool, null: bool) -> Self {
        Self { null, range: Range::Booleans { yes, no } }
    }

    /// Returns whether a value may be true, and whether one may be false.
    pub(super) const fn truths(&self) -> (bool, bool) {
        match self.range {
            Range::Nothing => (false, false),
            Range::Booleans { yes, no } => (yes, no),
            _ => (true, true),
        }
    }
}

impl Range {
    /// Returns the range of the negated values, or `None` if they may overflow.
    pub(super) fn negated(&self) -> Option<Self> {
        Some(match self {
            Self::Nothing => Self::Nothing,
            Self::Integers(min, max) => Self::Integers(max.checked_neg()?, min.checked_neg()?),
            Self::Decimals(min, max) => Self::Decimals(max.checked_neg()?, min.checked_neg()?),
            Self::Floats { numbers, nan } => {
                Self::Floats { numbers: numbers.map(|(min, max)| (-max, -min)), nan: *nan }
            }
            _ => return None,
        })
    }

    /// Returns the range of an operator's results, or `None` if it is unknown. Results may then also be NULL, on
    /// overflow.
    pub(super) fn combined(operator: Arithmetic, left: &Self, right: &Self) -> Option<Self> {
        match (left, right) {
            (Self::Nothing, _) | (_, Self::Nothing) => Some(Self::Nothing),
            (&Self::Integers(a, b), &Self::Integers(c, d)) => {
                let checked = [i64::checked_add, i64::checked_sub, i64::checked_mul];
                let (least, most) = combined_exactly(operator, (a, b), (c, d), checked)?;
                Some(Self::Integers(least, most))
            }
            (&Self::Decimals(a, b), &Self::Decimals(c, d)) => {
                let checked = [i128::checked_add, i128::checked_sub, i128::checked_mul];
                let (least, most) = combined_exactly(operator, (a, b), (c, d), checked)?;
                Some(Self::Decimals(least, most))
            }
            (Self::Floats { numbers: a, nan: x }, Self::Floats { numbers: b, nan: y }) => {
                combined_floats(operator, (*a, *x), (*b, *y))
            }
            _ => None,
        }
    }

    /// Returns whether a value may be a member of `set`, and whether every value must be one.
    pub(super) fn meets(&self, set: &Set) -> (bool, bool) {
        match (self, &set.members) {
            (Self::Nothing, _) => (false, false),
            (Self::Integers(min, max), Members::Integers(all)) => meets(all, |m| m < min, |m| m <= max, min == max),
            (Self::Decimals(min, max), Members::Decimals(all)) => meets(all, |m| m < min, |m| m <= max, min == max),
            (Self::Floats { numbers: Some((min, max)), nan }, Members::Floats(all)) => {
                #[expect(clippy::float_cmp, reason = "one number, and no other")]
                let one = min == max && !nan;
                meets(all, |m| m < min, |m| m <= max, one)
            }
            (Self::Floats { numbers: None, .. }, Members::Floats(_)) => (false, false),
            (Self::Texts(min, max), Members::Texts(all)) => meets(
                all,
                |m| min.as_ref().is_some_and(|min| m.as_bytes() < min.as_slice()),
                |m| max.as_ref().is_none_or(|max| m.as_bytes() <= max.as_slice()),
                min.is_some() && min == max,
            ),
            _ => (true, false),
        }
    }
}

/// Returns the minimum and maximum of a sum, difference or product of two ranges, or `None` on overflow or for another
/// operator.
fn combined_exactly<T: Ord + Copy>(
    operator: Arithmetic,
    left: (T, T),
    right: (T, T),
    [add, subtract, multiply]: [fn(T, T) -> Option<T>; 3],
) -> Option<(T, T)> {
    let combine = match operator {
        Arithmetic::Add => add,
        Arithmetic::Subtract => subtract,
        Arithmetic::Multiply => multiply,
        Arithmetic::Divide | Arithmetic::Remainder => return None,
    };
    let all = corners(left, right).map(|(x, y)| combine(x, y));
    let all = all.into_iter().collect::<Option<Vec<T>>>()?;
    Some((*all.iter().min()?, *all.iter().max()?))
}

/// Returns the range of an operator's results on floats. Rounding is monotonic, so the results at the ends of the
/// ranges bound all results in between.
fn combined_floats(
    operator: Arithmetic,
    (left, left_nan): (Option<(f64, f64)>, bool),
    (right, right_nan): (Option<(f64, f64)>, bool),
) -> Option<Range> {
    let nan = left_nan || right_nan;
    let (Some((a, b)), Some((c, d))) = (left, right) else { return Some(Range::Floats { numbers: None, nan }) };
    let all = match operator {
        Arithmetic::Add => corners((a, b), (c, d)).map(|(x, y)| x + y),
        Arithmetic::Subtract => corners((a, b), (c, d)).map(|(x, y)| x - y),
        Arithmetic::Multiply => corners((a, b), (c, d)).map(|(x, y)| x * y),
        // Near zero, quotients have any size and sign.
        Arithmetic::Divide if c > 0.0 || d < 0.0 => corners((a, b), (c, d)).map(|(x, y)| x / y),
        Arithmetic::Divide | Arithmetic::Remainder => return None,
    };
    if all.iter().any(|corner| corner.is_nan()) {
        return None;
    }
    // The difference of infinities and infinity times zero are NaN.
    let nan = nan || [a, b, c, d].iter().any(|end| end.is_infinite());
    let (min, max) = all.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), &x| (min.min(x), max.max(x)));
    Some(Range::Floats { numbers: Some((min, max)), nan })
}

fn corners<T: Copy>((a, b): (T, T), (c, d): (T, T)) -> [(T, T); 4] {
    [(a, c), (a, d), (b, c), (b, d)]
}

fn meets<T>(sorted: &[T], below: impl Fn(&T) -> bool, not_above: impl Fn(&T) -> bool, one: bool) -> (bool, bool) {
    let first = sorted.partition_point(|member| below(member));
    let met = sorted.get(first).is_some_and(not_above);
    (met, met && one)
}
