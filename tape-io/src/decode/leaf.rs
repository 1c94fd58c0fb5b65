//! The leaf columns of a file: what roles and expressions read of it.

use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

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
    /// How deep it lies.
    pub(crate) depth: Depth,
}

impl Leaf {
    /// Looks up the leaf at `index`; the error says what it is if it cannot be read.
    pub(crate) fn at(schema: &SchemaDescriptor, leaves: &[NamedLeaf], index: usize) -> Result<Self, String> {
        let (column, named) = (schema.column(index), &leaves[index]);
        let depth = Depth::of(&column, named.element);
        Ok(Self { index, name: named.name(), column_type: ColumnType::of(&column)?, depth })
    }

    /// Returns whether it may hold nulls.
    pub(crate) const fn optional(&self) -> bool {
        self.depth.value > 0
    }

    /// Returns whether its values lie in lists.
    pub(crate) const fn is_nested(&self) -> bool {
        self.depth.repetition > 0
    }
}

/// A role's column in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoleColumn {
    pub(crate) leaf: Leaf,
    /// Integers that make one unit, where a preset stores errors so; 1 elsewhere.
    pub(crate) per_unit: u32,
}

impl RoleColumn {
    /// The type in words.
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

/// Looks up the column called `name`; the error says what it is if it cannot be read.
pub(crate) fn role_column(
    schema: &SchemaDescriptor,
    leaves: &[NamedLeaf],
    name: &str,
) -> Option<Result<RoleColumn, String>> {
    let index = leaf_named(leaves, name)?;
    Some(Leaf::at(schema, leaves, index).map(|leaf| RoleColumn { leaf, per_unit: 1 }))
}

/// Returns all columns that a condition may name, each in the place of its leaf. Where light curves are lists, `flux` is one of
/// theirs.
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

/// Returns all columns, those of any list too: a column could be derived from them, if light curves lay there.
pub(crate) fn any_columns(schema: &SchemaDescriptor) -> Vec<Column> {
    let kind = |column: &ColumnDescriptor| ColumnType::of(column).map(ColumnType::in_expressions);
    let column = |(leaf, column): (&NamedLeaf, &parquet::schema::types::ColumnDescPtr)| Column {
        name: leaf.name(),
        kind: kind(column),
    };
    leaves(schema).iter().zip(schema.columns()).map(column).collect()
}

/// Returns the column at a place, if conditions can use it.
pub(crate) fn leaf(schema: &SchemaDescriptor, index: usize, nested: bool) -> Option<Leaf> {
    let column = schema.column(index);
    if !nested && column.max_rep_level() > 0 {
        return None;
    }
    Leaf::at(schema, &leaves(schema), index).ok()
}
