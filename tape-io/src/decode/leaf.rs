//! Columns of a file as conditions on rows need them: of any type, as Arrow arrays, whatever role they play.

mod read;
mod statistics;

use arrow::datatypes::TimeUnit;
use parquet::basic::{LogicalType, TimeUnit as ParquetUnit, Type as Physical};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use tape_core::IdType;

use crate::decode::column_type::{Kind, describe, kind};
use crate::decode::list_pages::Depth;
use crate::decode::schema_paths::{Leaf as Named, leaves};
use crate::expr::{Column, Type};

pub(crate) use read::{OpenLeaf, big_endian};
pub(crate) use statistics::{possible, range_of};

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
    /// How deep it lies.
    pub(crate) depth: Depth,
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

/// All columns that a condition may name, each in the place of its leaf. Where light curves are lists, `flux` is one of theirs.
pub(crate) fn columns(schema: &SchemaDescriptor, flux: Option<usize>) -> Vec<Column> {
    let leaves = leaves(schema);
    let beside = |leaf: &Named| flux.is_some_and(|flux| leaf.is_beside(&leaves[flux]));
    let column = |(leaf, column): (&Named, &parquet::schema::types::ColumnDescPtr)| {
        let usable = flux.is_none() || column.max_rep_level() == 0 || beside(leaf);
        let kind = leaf_kind(column, flux.is_some()).filter(|_| usable).map(LeafKind::in_expressions);
        let in_words = || if usable { in_words(column) } else { "in another list than the fluxes".to_owned() };
        Column { name: leaf.name(), kind: kind.ok_or_else(in_words) }
    };
    leaves.iter().zip(schema.columns()).map(column).collect()
}

/// All columns, those of any list, too: of which a column could be derived, if light curves lay there.
pub(crate) fn any_columns(schema: &SchemaDescriptor) -> Vec<Column> {
    let column = |(leaf, column): (&Named, &parquet::schema::types::ColumnDescPtr)| {
        let kind = leaf_kind(column, true).map(LeafKind::in_expressions);
        Column { name: leaf.name(), kind: kind.ok_or_else(|| in_words(column)) }
    };
    leaves(schema).iter().zip(schema.columns()).map(column).collect()
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
pub(crate) fn leaf(schema: &SchemaDescriptor, index: usize, nested: bool) -> Option<Leaf> {
    let (column, leaves) = (schema.column(index), leaves(schema));
    let kind = leaf_kind(&column, nested)?;
    Some(Leaf { index, name: leaves[index].name(), kind, depth: Depth::of(&column, leaves[index].element) })
}

fn leaf_kind(column: &ColumnDescriptor, nested: bool) -> Option<LeafKind> {
    // A level says that a value is null, and not which of the groups around it is.
    if !nested && (column.max_rep_level() > 0 || column.max_def_level() > 1) {
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
