//! The types of expressions, and the columns that they can use.

use std::fmt;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Int64Type, TimeUnit, UInt64Type};
use arrow::error::ArrowError;

/// Maximum number of digits of a 128-bit decimal.
pub(super) const DIGITS: u8 = 38;
/// The scale of a time in seconds, which has nanosecond resolution.
pub(super) const TIME_SCALE: i8 = 9;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// The type of a value that is always NULL.
    Null,
    /// True or false.
    Boolean,
    /// A signed 64-bit integer.
    Integer,
    /// A decimal with this many digits after the point. Also used for unsigned 64-bit integers.
    Decimal(i8),
    /// A double-precision float.
    Float,
    /// Text, compared by bytes.
    Text,
    /// A time in UTC.
    Time,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "NULL",
            Self::Boolean => "a boolean",
            Self::Integer | Self::Decimal(0) => "a whole number",
            Self::Decimal(_) => "a decimal number",
            Self::Float => "a number",
            Self::Text => "text",
            Self::Time => "a time",
        })
    }
}

impl Type {
    /// Returns the type of an Arrow column in expressions, or `None` if it cannot be used there.
    #[must_use]
    pub fn of(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean,
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32 => Self::Integer,
            DataType::UInt64 => Self::Decimal(0),
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Float,
            DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale)
                if (0..=DIGITS.cast_signed()).contains(scale) =>
            {
                Self::Decimal(*scale)
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text,
            DataType::Dictionary(_, values) => Self::of(values)?,
            DataType::Timestamp(..) | DataType::Date32 => Self::Time,
            _ => return None,
        })
    }

    /// Returns true for numbers.
    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal(_) | Self::Float)
    }

    /// Returns true for integers, including unsigned ones.
    pub(super) const fn is_whole(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal(0))
    }

    /// Returns the Arrow type of the values in kernels. Text can also be a dictionary.
    pub(super) const fn stored(self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::Decimal(scale) => DataType::Decimal128(DIGITS, scale),
            Self::Float => DataType::Float64,
            Self::Text => DataType::Utf8,
            Self::Time => DataType::Decimal128(DIGITS, TIME_SCALE),
        }
    }
}

/// A column that an expression can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The column's name. For a field of a nested column, the names joined by dots.
    pub name: String,
    /// The column's type, or a description of a type that expressions cannot use.
    pub kind: Result<Type, String>,
}

/// Converts a column to the Arrow type that kernels use.
pub(super) fn load(array: &ArrayRef, kind: Type) -> Result<ArrayRef, ArrowError> {
    let wanted = kind.stored();
    match array.data_type() {
        actual if *actual == wanted => Ok(array.clone()),
        DataType::Dictionary(_, values) if **values == DataType::Utf8 => Ok(array.clone()),
        DataType::Timestamp(unit, _) => {
            let factor = match unit {
                TimeUnit::Second => 1_000_000_000,
                TimeUnit::Millisecond => 1_000_000,
                TimeUnit::Microsecond => 1000,
                TimeUnit::Nanosecond => 1,
            };
            Ok(times(&cast(array, &DataType::Int64)?, factor))
        }
        DataType::Date32 => Ok(times(&cast(&cast(array, &DataType::Int32)?, &DataType::Int64)?, 86_400_000_000_000)),
        // Faster than the general cast, which checks the number of digits; 64-bit integers always fit.
        DataType::UInt64 => {
            let whole: PrimitiveArray<Decimal128Type> = array.as_primitive::<UInt64Type>().unary(i128::from);
            Ok(std::sync::Arc::new(whole.with_data_type(wanted)))
        }
        _ => cast(array, &wanted),
    }
}

/// Converts counts of a time unit to nanoseconds since 1970.
fn times(counts: &ArrayRef, factor: i128) -> ArrayRef {
    let times: PrimitiveArray<Decimal128Type> =
        counts.as_primitive::<Int64Type>().unary(|count| i128::from(count) * factor);
    std::sync::Arc::new(times.with_data_type(Type::Time.stored()))
}
