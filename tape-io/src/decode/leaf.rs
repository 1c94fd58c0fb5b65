//! The leaf columns of a file that roles and expressions can read.

use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};
use tape_core::IdType;

use crate::decode::column_type::ColumnType;
use crate::decode::list_pages::Depth;
use crate::decode::schema_paths::{NamedLeaf, leaf_named, leaves};
use crate::expr::Column;

/// A leaf column in one file that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// Index of the leaf column.
    pub(crate) index: usize,
    pub(crate) name: String,
    pub(crate) column_type: ColumnType,
    /// Nesting depth of the leaf.
    pub(crate) depth: Depth,
}

impl Leaf {
    /// Looks up the leaf at `index`. The error describes a type that cannot be read.
    pub(crate) fn at(schema: &SchemaDescriptor, leaves: &[NamedLeaf], index: usize) -> Result<Self, String> {
        let (column, named) = (schema.column(index), &leaves[index]);
        let depth = Depth::of(&column, named.element);
        Ok(Self { index, name: named.name(), column_type: ColumnType::of(&column)?, depth })
    }

    /// Returns true if the leaf may hold nulls.
    pub(crate) const fn optional(&self) -> bool {
        self.depth.value > 0
    }

    /// Returns true if the values are in lists.
    pub(crate) const fn is_nested(&self) -> bool {
        self.depth.repetition > 0
    }
}

/// A role's column in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoleColumn {
    pub(crate) leaf: Leaf,
    /// Divisor of integers, for presets that store errors in fractions of the unit. Otherwise 1.
    pub(crate) per_unit: u32,
    /// The type of the survey's ids, which other files can widen.
    pub(crate) id_type: IdType,
}

impl RoleColumn {
    /// Describes the column's type.
    pub(crate) fn describe(&self) -> String {
        match self.per_unit {
            1 => self.leaf.column_type.to_string(),
            per_unit => format!("integer, {per_unit} to the unit"),
        }
    }
}

/// Returns the names of columns that hold lists or structs.
pub(crate) fn nested_columns(schema: &SchemaDescriptor) -> Vec<String> {
    let fields = schema.root_schema().get_fields().iter();
    fields.filter(|field| field.is_group()).map(|field| field.name().to_owned()).collect()
}

/// Looks up the column called `name`. The error describes a type that cannot be read.
pub(crate) fn role_column(
    schema: &SchemaDescriptor,
    leaves: &[NamedLeaf],
    name: &str,
) -> Option<Result<RoleColumn, String>> {
    let index = leaf_named(leaves, name)?;
    let of = |leaf: Leaf| RoleColumn { id_type: leaf.column_type.id_type(), leaf, per_unit: 1 };
    Some(Leaf::at(schema, leaves, index).map(of))
}

/// Returns a column for every leaf, as conditions see them. If light curves are lists, `flux` is the index of the flux
/// leaf.
pub(crate) fn columns(schema: &SchemaDescriptor, flux: Option<usize>) -> Vec<Column> {
    let leaves = leaves(schema);
    let beside = |leaf: &NamedLeaf| flux.is_some_and(|flux| leaf.is_beside(&leaves[flux]));
    let column = |(leaf, column): (&NamedLeaf, &parquet::schema::types::ColumnDescPtr)| {
        let kind = match flux {
            None if column.max_rep_level() > 0 => Err("a list".to_owned()),
            Some(_) if column.max_rep_level() > 0 && !beside(leaf) => Err("in another list than the fluxes".to_owned()),
            _ => ColumnType::of(column).map(ColumnType::in_expressions),
        };
        Column { name: leaf.name(), kind }
    };
    leaves.iter().zip(schema.columns()).map(column).collect()
}

/// Returns all columns, including those of any list, from which columns could be derived if the light curves were in
/// that list.
pub(crate) fn any_columns(schema: &SchemaDescriptor) -> Vec<Column> {
    let kind = |column: &ColumnDescriptor| ColumnType::of(column).map(ColumnType::in_expressions);
    let column = |(leaf, column): (&NamedLeaf, &parquet::schema::types::ColumnDescPtr)| Column {
        name: leaf.name(),
        kind: kind(column),
    };
    leaves(schema).iter().zip(schema.columns()).map(column).collect()
}

/// Returns the leaf at `index`, or `None` if conditions cannot use it.
pub(crate) fn leaf(schema: &SchemaDescriptor, index: usize, nested: bool) -> Option<Leaf> {
    let column = schema.column(index);
    if !nested && column.max_rep_level() > 0 {
        return None;
    }
    Leaf::at(schema, &leaves(schema), index).ok()
}
