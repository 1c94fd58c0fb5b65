//! Columns of a file as conditions on rows need them: of any type, as Arrow arrays, whatever role they play.

mod read;
mod statistics;

use arrow::datatypes::TimeUnit;
use parquet::basic::{LogicalType, TimeUnit as ParquetUnit, Type as Physical};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use tape_core::IdType;

use crate::predicate::{Column, Type};
use crate::schema::{Kind, describe, kind};

pub(crate) use read::{OpenLeaf, big_endian};
pub(crate) use statistics::possible;

/// How the values of a column are stored, beyond what columns with a role can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeafKind {
    /// As those with a role.
    Plain(Kind),
    Boolean,
    /// By so many digits after the point.
    Decimal(i8),
    /// By so much each, since 1970.
    Time(TimeUnit),
    /// Days since 1970.
    Day,
}

/// A column in one file.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// Index of the leaf column.
    pub(crate) index: usize,
    pub(crate) name: String,
    pub(crate) kind: LeafKind,
    /// Whether it may hold nulls.
    pub(crate) optional: bool,
}

impl LeafKind {
    pub(crate) const fn in_expressions(self) -> Type {
        match self {
            Self::Plain(Kind::F64 | Kind::F32 | Kind::Scaled(_)) => Type::Float,
            Self::Plain(Kind::Int(IdType::UInt64)) => Type::Decimal(0),
            Self::Plain(Kind::Int(_)) => Type::Integer,
            Self::Plain(Kind::Text) => Type::Text,
            Self::Boolean => Type::Boolean,
            Self::Decimal(scale) => Type::Decimal(scale),
            Self::Time(_) | Self::Day => Type::Time,
        }
    }
}

/// All columns that a condition may name, each in the place of its leaf.
pub(crate) fn columns(schema: &SchemaDescriptor) -> Vec<Column> {
    let column = |column: &parquet::schema::types::ColumnDescPtr| Column {
        name: column.path().parts().join("."),
        kind: leaf_kind(column).map(LeafKind::in_expressions).ok_or_else(|| in_words(column)),
    };
    schema.columns().iter().map(column).collect()
}

/// What a column is that no condition can use.
fn in_words(column: &ColumnDescriptor) -> String {
    match (column.max_rep_level(), column.path().parts()) {
        (0, [_]) => describe(column),
        (0, _) => "nested".to_owned(),
        _ => "a list".to_owned(),
    }
}

/// The column at a place, if conditions can use it.
pub(crate) fn leaf(schema: &SchemaDescriptor, index: usize) -> Option<Leaf> {
    let column = schema.column(index);
    let (kind, optional) = (leaf_kind(&column)?, column.max_def_level() > 0);
    Some(Leaf { index, name: column.path().parts().join("."), kind, optional })
}

fn leaf_kind(column: &ColumnDescriptor) -> Option<LeafKind> {
    // A level says that a value is null, and not which of the groups around it is.
    if column.max_rep_level() > 0 || column.max_def_level() > 1 {
        return None;
    }
    if let Some(kind) = kind(column) {
        return Some(LeafKind::Plain(kind));
    }
    match (column.physical_type(), column.logical_type_ref()) {
        (Physical::BOOLEAN, _) => Some(LeafKind::Boolean),
        (Physical::INT32, Some(LogicalType::Date)) => Some(LeafKind::Day),
        (Physical::INT64, Some(LogicalType::Timestamp(timestamp))) => Some(LeafKind::Time(match timestamp.unit {
            ParquetUnit::MILLIS => TimeUnit::Millisecond,
            ParquetUnit::MICROS => TimeUnit::Microsecond,
            ParquetUnit::NANOS => TimeUnit::Nanosecond,
        })),
        (physical, Some(LogicalType::Decimal(decimal))) => {
            let fits = match physical {
                Physical::INT32 | Physical::INT64 => true,
                // Dictionaries of narrower values are refused as claiming too many.
                Physical::FIXED_LEN_BYTE_ARRAY => (4..=16).contains(&column.type_length()),
                _ => false,
            };
            let scale = i8::try_from(decimal.scale).ok().filter(|scale| fits && (0..=38).contains(scale));
            scale.map(LeafKind::Decimal)
        }
        _ => None,
    }
}
