//! The values of an expression: a scalar, or an array with a value per row.

use arrow::array::{Array, ArrayRef, Datum, PrimitiveArray};
use arrow::compute::take;
use arrow::datatypes::Int64Type;
use arrow::error::ArrowError;

use super::typed::Typed;

pub(super) type Result<T> = std::result::Result<T, ArrowError>;

/// The values of an expression: a scalar, or an array with a value per row.
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

    /// Returns an array with a value for each of `rows` rows.
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

    /// Wraps the result of a kernel over both operands, which is a scalar if both are.
    pub(super) fn of(both: [&Self; 2], array: ArrayRef) -> Self {
        if both.iter().all(|side| matches!(side, Self::One(_))) { Self::One(array) } else { Self::Many(array) }
    }
}

/// Computes the values of several expressions as arrays with a value per row.
pub(super) fn columns_of(all: &[Typed], of: impl Fn(&Typed) -> Result<Values>, rows: usize) -> Result<Vec<ArrayRef>> {
    all.iter().map(|typed| of(typed)?.spread(rows)).collect()
}
