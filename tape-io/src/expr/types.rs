//! The types that values of an expression have, and the columns that it may name.

use std::fmt;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Int64Type, TimeUnit, UInt64Type};
use arrow::error::ArrowError;

/// The digits of a decimal of 128 bits.
pub(super) const DIGITS: u8 = 38;
/// The digits after the point of a time in seconds: nanoseconds.
pub(super) const TIME_SCALE: i8 = 9;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Of nothing but NULL.
    Null,
    /// True or false.
    Boolean,
    /// A whole number of up to 64 bits, signed.
    Integer,
    /// A number with so many decimal digits after the point; also a whole number of 64 bits without a sign.
    Decimal(i8),
    /// A number of double precision.
    Float,
    /// Text, compared by its bytes.
    Text,
    /// A moment, UTC.
    Time,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "NULL",
            Self::Boolean => "a truth value",
            Self::Integer | Self::Decimal(0) => "a whole number",
            Self::Decimal(_) => "a decimal number",
            Self::Float => "a number",
            Self::Text => "text",
            Self::Time => "a time",
        })
    }
}

impl Type {
    /// The type that values of an Arrow column have in expressions, if they can be used there.
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

    /// Whether it is a number.
    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal(_) | Self::Float)
    }

    /// Whether it is a number without digits after the point.
    pub(super) const fn is_whole(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal(0))
    }

    /// The Arrow type in which kernels get its values. Text may come as a dictionary, too.
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

/// A column that an expression may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name; of a field of a nested column, the names with dots between them.
    pub name: String,
    /// Its type, or in words what it is instead of something that an expression can use.
    pub kind: Result<Type, String>,
}

/// A column as kernels get it.
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
        // The general cast checks digits, of which these have fewer.
        DataType::UInt64 => {
            let whole: PrimitiveArray<Decimal128Type> = array.as_primitive::<UInt64Type>().unary(i128::from);
            Ok(std::sync::Arc::new(whole.with_data_type(wanted)))
        }
        _ => cast(array, &wanted),
    }
}

/// Nanoseconds since 1970.
fn times(counts: &ArrayRef, factor: i128) -> ArrayRef {
    let times: PrimitiveArray<Decimal128Type> =
        counts.as_primitive::<Int64Type>().unary(|count| i128::from(count) * factor);
    std::sync::Arc::new(times.with_data_type(Type::Time.stored()))
}
