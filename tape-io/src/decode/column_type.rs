//! The single table of column types: how each type is read as an id, a band and a number, and in expressions.
//!
//! | type in the file | as an id | as a band | as a time, flux or error | in expressions |
//! | --- | --- | --- | --- | --- |
//! | integer, 8 to 64 bits | as it is | its digits | float64 | whole number |
//! | float16, float32, float64 | if whole | its digits | float64 | number |
//! | decimal of any width | if whole | its digits | float64 | decimal, or a number above 38 digits |
//! | boolean | text | `true`, `false` | 1 or 0 | boolean |
//! | text | text | text | refused | text |
//! | UUID | text, with hyphens | text | refused | text |
//! | bytes of a fixed length | text, or hexadecimal if it is not UTF-8 | the same | refused | text |
//! | timestamp, INT96 | ISO 8601 | ISO 8601 | MJD, for times only | time |
//! | date | ISO 8601 | ISO 8601 | MJD, for times only | time |
//! | time of day | text | text | refused | text |
//! | null | null | null | NaN | null |
//!
//! Old writers declare some of these types only by the converted type. Arrow's own conversion decides which type a
//! column has.

use std::fmt;

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, TimeUnit};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::basic::LogicalType;
use parquet::schema::types::ColumnDescriptor;
use tape_core::{IdType, Role};

use crate::decode::arrow_column::flat_schema;
use crate::expr::Type;

/// The type of the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnType {
    Null,
    Boolean,
    Int(IdType),
    /// A float of 2, 4 or 8 bytes.
    Float(u8),
    /// A decimal with this scale.
    Decimal(i8),
    /// A decimal of more than 38 digits, or with a negative scale.
    WideDecimal,
    /// Time since 1970, in the time scale of the file.
    Time(TimeUnit),
    /// Days since 1970.
    Day,
    TimeOfDay,
    Text,
    /// Byte strings of a fixed length.
    Bytes,
    Uuid,
}

impl ColumnType {
    /// Reads the type of a leaf from the schema. The error describes a type that cannot be read as a number or text.
    pub(crate) fn of(column: &ColumnDescriptor) -> Result<Self, String> {
        let logical = column.logical_type_ref();
        if matches!(logical, Some(LogicalType::Uuid)) {
            return Ok(Self::Uuid);
        }
        let arrow = flat_schema(column, true).and_then(|schema| parquet_to_arrow_schema(&schema, None));
        let unread = || format!("of Parquet type {}", column.physical_type());
        let arrow = arrow.map_err(|_| unread())?;
        Self::of_arrow(arrow.field(0).data_type()).ok_or_else(unread)
    }

    /// Returns the type of an Arrow array, or `None` if it cannot be read as a number or text.
    pub(crate) fn of_arrow(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean,
            DataType::Int8 => Self::Int(IdType::Int8),
            DataType::Int16 => Self::Int(IdType::Int16),
            DataType::Int32 => Self::Int(IdType::Int32),
            DataType::Int64 => Self::Int(IdType::Int64),
            DataType::UInt8 => Self::Int(IdType::UInt8),
            DataType::UInt16 => Self::Int(IdType::UInt16),
            DataType::UInt32 => Self::Int(IdType::UInt32),
            DataType::UInt64 => Self::Int(IdType::UInt64),
            DataType::Float16 => Self::Float(2),
            DataType::Float32 => Self::Float(4),
            DataType::Float64 => Self::Float(8),
            &(DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale))
                if scale >= 0 =>
            {
                Self::Decimal(scale)
            }
            DataType::Decimal128(..) | DataType::Decimal256(..) => Self::WideDecimal,
            DataType::Timestamp(unit, _) => Self::Time(*unit),
            DataType::Date32 | DataType::Date64 => Self::Day,
            DataType::Time32(_) | DataType::Time64(_) => Self::TimeOfDay,
            // Old writers declare no type for text.
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Binary => Self::Text,
            DataType::Dictionary(_, values) => Self::of_arrow(values)?,
            DataType::FixedSizeBinary(_) => Self::Bytes,
            _ => return None,
        })
    }

    /// Returns the type that ids from a column of this type have in memory.
    pub(crate) const fn id_type(self) -> IdType {
        match self {
            Self::Int(id_type) => id_type,
            Self::Float(_) | Self::Decimal(_) | Self::WideDecimal | Self::Null => IdType::Int64,
            _ => IdType::Utf8,
        }
    }

    /// Returns the type of the values in expressions.
    pub(crate) const fn in_expressions(self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Boolean => Type::Boolean,
            Self::Int(IdType::UInt64) => Type::Decimal(0),
            Self::Int(_) => Type::Integer,
            Self::Float(_) | Self::WideDecimal => Type::Float,
            Self::Decimal(scale) => Type::Decimal(scale),
            Self::Time(_) | Self::Day => Type::Time,
            Self::TimeOfDay | Self::Text | Self::Bytes | Self::Uuid => Type::Text,
        }
    }

    /// Returns the type of the Arrow arrays that values of this type are read into.
    pub(crate) fn in_arrays(self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Boolean => DataType::Boolean,
            Self::Int(IdType::UInt64) => DataType::UInt64,
            Self::Int(_) => DataType::Int64,
            Self::Float(_) | Self::WideDecimal => DataType::Float64,
            Self::Decimal(scale) => DataType::Decimal128(DECIMAL128_MAX_PRECISION, scale),
            Self::Time(unit) => DataType::Timestamp(unit, None),
            Self::Day => DataType::Timestamp(TimeUnit::Second, None),
            Self::TimeOfDay | Self::Text | Self::Bytes | Self::Uuid => {
                DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
            }
        }
    }

    /// Checks that a column of this type can play `role`. The error describes the types that the role accepts.
    pub(crate) const fn fits(self, role: Role) -> Result<(), &'static str> {
        match (role, self) {
            (Role::Id | Role::Band, _) => Ok(()),
            (_, Self::Text | Self::Bytes | Self::Uuid | Self::TimeOfDay) => Err("a number"),
            (Role::Flux | Role::Error, Self::Time(_) | Self::Day) => Err("a number"),
            _ => Ok(()),
        }
    }

    /// Returns true if files with these types of a role's column can form one survey. Results hold ids in one type, and
    /// bands are either labels or numbers. Other numbers are converted to f64 anyway.
    pub(crate) fn agrees(self, other: Self, role: Role) -> bool {
        let is_number = |column_type: Self| column_type.id_type() != IdType::Utf8;
        match role {
            // A column that holds only nulls fits any type.
            _ if self == Self::Null || other == Self::Null => true,
            Role::Id => common_id_type(self.id_type(), other.id_type()).is_some(),
            Role::Band => is_number(self) == is_number(other),
            _ => true,
        }
    }

    /// Returns the size of a value in memory in bytes. A text counts as one character and its offset.
    pub(crate) const fn bytes(self) -> u64 {
        match self {
            Self::Int(IdType::Int32 | IdType::UInt32) | Self::Float(4) => 4,
            Self::Int(IdType::Int16 | IdType::UInt16) => 2,
            Self::Int(IdType::Int8 | IdType::UInt8) => 1,
            Self::Int(_)
            | Self::Float(_)
            | Self::Decimal(_)
            | Self::WideDecimal
            | Self::Null
            | Self::Time(_)
            | Self::Day => 8,
            Self::Boolean | Self::TimeOfDay | Self::Text | Self::Bytes | Self::Uuid => 9,
        }
    }

    /// Returns true for unsigned integers.
    pub(crate) const fn is_unsigned(self) -> bool {
        matches!(self, Self::Int(id_type) if id_type.is_unsigned())
    }
}

/// Returns the narrowest type that holds the ids of both types: `Int64` for `UInt64` and a signed type, if the values fit.
/// Text and integers have none.
pub(crate) fn common_id_type(a: IdType, b: IdType) -> Option<IdType> {
    use IdType::{Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Utf8};
    // Types in order of width, each with the narrowest signed type that holds it.
    let rank = |id_type: IdType| match id_type {
        Int8 | UInt8 => 0,
        Int16 | UInt16 => 1,
        Int32 | UInt32 => 2,
        Int64 | UInt64 | Utf8 => 3,
    };
    match (a, b) {
        _ if a == b => Some(a),
        (Utf8, _) | (_, Utf8) => None,
        _ if a.is_unsigned() == b.is_unsigned() => Some(if rank(a) > rank(b) { a } else { b }),
        _ => {
            let (unsigned, signed) = if a.is_unsigned() { (a, b) } else { (b, a) };
            let wide = [Int16, Int32, Int64, Int64][rank(unsigned)];
            Some(if rank(wide) > rank(signed) { wide } else { signed })
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean => f.write_str("boolean"),
            Self::Int(int) => f.write_str(&format!("{int:?}").to_lowercase()),
            Self::Float(bytes) => write!(f, "float{}", 8 * u32::from(*bytes)),
            Self::Decimal(scale) => write!(f, "decimal with {scale} digits"),
            Self::WideDecimal => f.write_str("decimal"),
            Self::Time(_) => f.write_str("timestamp, read as MJD"),
            Self::Day => f.write_str("date, read as MJD"),
            Self::TimeOfDay => f.write_str("time of day"),
            Self::Text => f.write_str("text"),
            Self::Bytes => f.write_str("bytes of a fixed length"),
            Self::Uuid => f.write_str("UUID"),
        }
    }
}
