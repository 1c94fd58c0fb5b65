//! The types that columns of each role may have, read from a file's schema.

use std::fmt;

use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use tape_core::{IdType, Role};

use crate::decode::list_pages::Depth;
use crate::decode::scaled::Scaled;
use crate::decode::schema_paths::{Leaf, leaf_named};

/// How a column's values are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    F64,
    F32,
    Int(IdType),
    Text,
    /// A number that is stored as an integer of something else.
    Scaled(Scaled),
}

impl Kind {
    /// Bytes of a value in memory; a text counts as a letter and its offset.
    pub(crate) const fn bytes(self) -> u64 {
        match self {
            Self::Text => 9,
            Self::F64 | Self::Scaled(_) | Self::Int(IdType::Int64 | IdType::UInt64 | IdType::Utf8) => 8,
            Self::F32 | Self::Int(IdType::Int32 | IdType::UInt32) => 4,
            Self::Int(IdType::Int16 | IdType::UInt16) => 2,
            Self::Int(IdType::Int8 | IdType::UInt8) => 1,
        }
    }

    /// What plays `role` must be, and whether this is it.
    pub(crate) fn fits(self, role: Role) -> Result<(), &'static str> {
        match (role, self) {
            (Role::Id | Role::Band, Self::Int(_) | Self::Text) => Ok(()),
            (Role::Id | Role::Band, _) => Err("an integer or text"),
            (Role::Flux | Role::Error, Self::Scaled(scaled)) if scaled.is_time() => Err("a number"),
            (_, Self::Text) => Err("a number"),
            _ => Ok(()),
        }
    }

    /// Whether files with these kinds of a role's column can be one survey. Results carry ids in one type, and bands are
    /// either labels or numbers; other numbers become f64 anyway.
    pub(crate) fn agrees(self, other: Self, role: Role) -> bool {
        match role {
            Role::Id => self == other,
            Role::Band => (self == Self::Text) == (other == Self::Text),
            _ => true,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::F64 => f.write_str("float64"),
            Self::F32 => f.write_str("float32"),
            Self::Int(int) => f.write_str(&format!("{int:?}").to_lowercase()),
            Self::Text => f.write_str("text"),
            Self::Scaled(scaled) => write!(f, "{scaled}"),
        }
    }
}

/// A role's column in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoleColumn {
    /// Index of the leaf column.
    pub(crate) index: usize,
    pub(crate) kind: Kind,
    pub(crate) depth: Depth,
}

impl RoleColumn {
    /// Whether it may hold nulls.
    pub(crate) const fn optional(&self) -> bool {
        self.depth.value > 0
    }

    /// Whether its values lie in lists.
    pub(crate) const fn is_nested(&self) -> bool {
        self.depth.repetition > 0
    }
}

/// The names of columns that hold lists or structs.
pub(crate) fn nested_columns(schema: &SchemaDescriptor) -> Vec<String> {
    let fields = schema.root_schema().get_fields().iter();
    fields.filter(|field| field.is_group()).map(|field| field.name().to_owned()).collect()
}

/// The column called `name`, or in words what it is instead of something readable.
pub(crate) fn role_column(
    schema: &SchemaDescriptor,
    leaves: &[Leaf],
    name: &str,
) -> Option<Result<RoleColumn, String>> {
    let index = leaf_named(leaves, name)?;
    let column = schema.column(index);
    let scaled = || Scaled::of(&column).map(Kind::Scaled);
    let kind = kind(&column).or_else(scaled).ok_or_else(|| describe(&column));
    Some(kind.map(|kind| RoleColumn { index, kind, depth: Depth::of(&column, leaves[index].element) }))
}

pub(crate) fn kind(column: &ColumnDescriptor) -> Option<Kind> {
    let logical = column.logical_type_ref();
    let plain = logical.is_none() && column.converted_type() == ConvertedType::NONE;
    match column.physical_type() {
        Physical::DOUBLE if plain => Some(Kind::F64),
        Physical::FLOAT if plain => Some(Kind::F32),
        Physical::BYTE_ARRAY => {
            let text = plain || matches!(logical, Some(LogicalType::String | LogicalType::Enum));
            (text || column.converted_type() == ConvertedType::UTF8).then_some(Kind::Text)
        }
        Physical::INT32 if plain => Some(Kind::Int(IdType::Int32)),
        Physical::INT64 if plain => Some(Kind::Int(IdType::Int64)),
        Physical::INT32 | Physical::INT64 => integer(column).map(Kind::Int),
        _ => None,
    }
}

fn integer(column: &ColumnDescriptor) -> Option<IdType> {
    use IdType::{Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64};
    // Older writers state the converted type alone, newer ones may state the logical type alone.
    let (bits, signed) = match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Integer(int)), _) => (int.bit_width, int.is_signed),
        (None, ConvertedType::INT_8) => (8, true),
        (None, ConvertedType::INT_16) => (16, true),
        (None, ConvertedType::INT_32) => (32, true),
        (None, ConvertedType::INT_64) => (64, true),
        (None, ConvertedType::UINT_8) => (8, false),
        (None, ConvertedType::UINT_16) => (16, false),
        (None, ConvertedType::UINT_32) => (32, false),
        (None, ConvertedType::UINT_64) => (64, false),
        _ => return None,
    };
    Some(match (bits, signed) {
        (8, true) => Int8,
        (16, true) => Int16,
        (32, true) => Int32,
        (64, true) => Int64,
        (8, false) => UInt8,
        (16, false) => UInt16,
        (32, false) => UInt32,
        (64, false) => UInt64,
        _ => return None,
    })
}

/// A column's type in words.
pub(crate) fn describe(column: &ColumnDescriptor) -> String {
    match column.logical_type_ref() {
        Some(LogicalType::Timestamp(_)) => "a timestamp".to_owned(),
        Some(LogicalType::Decimal(_)) => "a decimal".to_owned(),
        Some(LogicalType::Date) => "a date".to_owned(),
        Some(LogicalType::Float16) => "a half-precision float".to_owned(),
        _ => format!("of Parquet type {}", column.physical_type()),
    }
}
