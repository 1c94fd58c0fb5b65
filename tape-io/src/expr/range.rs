//! What values a column may have, as statistics tell it, and arithmetic with that.

use super::typed::{Arithmetic, Members, Set};

/// The values that some rows of a column may have.
#[derive(Clone, Debug, PartialEq)]
pub struct Possible {
    /// Whether one may be NULL.
    pub null: bool,
    /// The values that are not.
    pub range: Range,
}

/// The values that may occur, both ends included.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Range {
    /// None: all are NULL.
    Nothing,
    /// Nothing is known.
    Any,
    /// Truth values.
    Booleans {
        /// Whether one may be true.
        yes: bool,
        /// Whether one may be false.
        no: bool,
    },
    /// Integers.
    Integers(i64, i64),
    /// Decimals, by their digits; times, in nanoseconds since 1970.
    Decimals(i128, i128),
    /// Floats: the smallest and the largest number, if there may be numbers, and whether there may be NaN.
    Floats {
        /// The numbers.
        numbers: Option<(f64, f64)>,
        /// Whether there may be NaN.
        nan: bool,
    },
    /// Text, by its bytes. Either end may be unknown.
    Texts(Option<Vec<u8>>, Option<Vec<u8>>),
}

impl Possible {
    /// Any value, and NULL.
    pub const ANY: Self = Self { null: true, range: Range::Any };
    /// NULL alone.
    pub const NULL: Self = Self { null: true, range: Range::Nothing };

    pub(super) const fn of(null: bool, range: Range) -> Self {
        Self { null, range }
    }

    pub(super) const fn truth(yes: bool, no: bool, null: bool) -> Self {
        Self { null, range: Range::Booleans { yes, no } }
    }

    /// Whether it may be true, and whether false.
    pub(super) const fn truths(&self) -> (bool, bool) {
        match self.range {
            Range::Nothing => (false, false),
            Range::Booleans { yes, no } => (yes, no),
            _ => (true, true),
        }
    }
}

impl Range {
    /// Below zero what was above. None if that may not fit.
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

    /// The results of an operator. None if nothing is known of them: some may then be NULL, for they do not fit.
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

    /// Whether `set` has a member that is possible, and whether nothing but members is.
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

/// The least and the greatest sum, difference or product of numbers in two ranges; none if one does not fit, or is another.
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

/// Arithmetic of floats rounds, and rounding keeps order: what comes of the ends bounds what comes of all between them.
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
        // Near zero quotients are of any size and sign.
        Arithmetic::Divide if c > 0.0 || d < 0.0 => corners((a, b), (c, d)).map(|(x, y)| x / y),
        Arithmetic::Divide | Arithmetic::Remainder => return None,
    };
    if all.iter().any(|corner| corner.is_nan()) {
        return None;
    }
    // The difference of infinities, and infinity times what lies between the ends, are NaN.
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
