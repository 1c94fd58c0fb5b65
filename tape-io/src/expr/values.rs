//! The values of an expression: one for all rows, or one for each.

use arrow::array::{Array, ArrayRef, Datum, PrimitiveArray};
use arrow::compute::take;
use arrow::datatypes::Int64Type;
use arrow::error::ArrowError;

use super::typed::Typed;

pub(super) type Result<T> = std::result::Result<T, ArrowError>;

/// The values of an expression: one for all rows, or one for each.
#[derive(Clone, Debug)]
pub(super) enum Values {
    One(ArrayRef),
    Many(ArrayRef),
}

impl Datum for Values {
    fn get(&self) -> (&dyn Array, bool) {
        match self {
            Self::One(array) => (array, true),
            Self::Many(array) => (array, false),
        }
    }
}

impl Values {
    pub(super) const fn array(&self) -> &ArrayRef {
        match self {
            Self::One(array) | Self::Many(array) => array,
        }
    }

    /// A value for each of `rows` rows.
    pub(super) fn spread(self, rows: usize) -> Result<ArrayRef> {
        match self {
            Self::Many(array) => Ok(array),
            Self::One(array) => take(&array, &PrimitiveArray::<Int64Type>::from_value(0, rows), None),
        }
    }

    pub(super) fn map(&self, work: impl FnOnce(&ArrayRef) -> Result<ArrayRef>) -> Result<Self> {
        Ok(match self {
            Self::One(array) => Self::One(work(array)?),
            Self::Many(array) => Self::Many(work(array)?),
        })
    }

    /// The result of a kernel over both, which has one value if both have.
    pub(super) fn of(both: [&Self; 2], array: ArrayRef) -> Self {
        if both.iter().all(|side| matches!(side, Self::One(_))) { Self::One(array) } else { Self::Many(array) }
    }
}

/// The values of several expressions, one for each row.
pub(super) fn columns_of(all: &[Typed], of: impl Fn(&Typed) -> Result<Values>, rows: usize) -> Result<Vec<ArrayRef>> {
    all.iter().map(|typed| of(typed)?.spread(rows)).collect()
}
