//! The names of a schema's leaves, and the shape of the light curves.
//!
//! For the layout of lists, see <https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists>.

use std::fmt;

use parquet::basic::{ConvertedType, LogicalType, Repetition};
use parquet::schema::types::{SchemaDescriptor, Type};
use tape_core::{ListColumn, RowUnit};

/// The shape of the light curves in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// A row is an epoch.
    Flat,
    /// A row is an object, and each column of epochs is a separate list.
    ListColumns,
    /// A row is an object, and a struct column holds the lists.
    StructOfLists,
    /// A row is an object, and a column holds a list of epochs.
    ListOfStructs,
    /// A row is an object, and a column holds a list of lists of epochs, such as one per band.
    ListOfListsOfStructs,
    /// Any other nesting of lists.
    Nested,
}

impl Shape {
    /// Returns whether a row is an epoch or a light curve.
    #[must_use]
    pub const fn row_unit(self) -> RowUnit {
        match self {
            Self::Flat => RowUnit::Epoch,
            _ => RowUnit::LightCurve,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flat => "flat rows",
            Self::ListColumns => "list columns",
            Self::StructOfLists => "struct of lists",
            Self::ListOfStructs => "list of structs",
            Self::ListOfListsOfStructs => "list of lists of structs",
            Self::Nested => "lists in lists",
        })
    }
}

/// A leaf of a schema.
pub(crate) struct NamedLeaf {
    /// The names on the path to the leaf, without the groups that only encode lists.
    names: Vec<String>,
    /// Number of repeated groups above the leaf.
    lists: usize,
    /// Number of names above the innermost list.
    above: usize,
    /// Definition level of an element of the innermost list.
    pub(crate) element: i16,
}

impl NamedLeaf {
    /// Returns the name by which users refer to the leaf.
    pub(crate) fn name(&self) -> String {
        self.names.join(".")
    }

    /// Returns true if both leaves are in the same lists, or if both are top-level list columns.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        let within = |leaf: &Self| leaf.names[..leaf.names.len().saturating_sub(1)].to_vec();
        self.lists > 0 && self.lists == other.lists && within(self) == within(other)
    }

    /// Returns the last part of the name.
    pub(crate) fn title(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// Returns true for a top-level column with one value per row.
    pub(crate) fn is_column(&self) -> bool {
        self.lists == 0 && self.names.len() == 1
    }

    fn shape(&self) -> Shape {
        match (self.lists, self.names.len(), self.above) {
            (0, ..) => Shape::Flat,
            (1, 1, _) => Shape::ListColumns,
            (1, names, above) if names == above => Shape::StructOfLists,
            (1, _, 1) => Shape::ListOfStructs,
            (2, 2, 1) => Shape::ListOfListsOfStructs,
            _ => Shape::Nested,
        }
    }

    fn list_column(&self) -> Option<ListColumn> {
        let (field, within) = self.names.split_last().filter(|_| self.lists > 0)?;
        Some(ListColumn { name: self.name(), within: within.join("."), field: field.clone() })
    }
}

/// Returns all leaves in schema order.
pub(crate) fn leaves(schema: &SchemaDescriptor) -> Vec<NamedLeaf> {
    let mut walk = Walk::default();
    schema.root_schema().get_fields().iter().for_each(|field| walk.node(field, true));
    walk.leaves
}

/// Returns the names of the leaves with one value per row.
pub(crate) fn flat_columns(schema: &SchemaDescriptor) -> Vec<String> {
    leaves(schema).iter().filter(|leaf| leaf.lists == 0).map(NamedLeaf::name).collect()
}

/// Returns the leaves with a list of values per row.
pub(crate) fn list_columns(schema: &SchemaDescriptor) -> Vec<ListColumn> {
    leaves(schema).iter().filter_map(NamedLeaf::list_column).collect()
}

/// Returns the index of the leaf called `name`. A top-level column takes precedence over a nested leaf of the same
/// name.
pub(crate) fn leaf_named(leaves: &[NamedLeaf], name: &str) -> Option<usize> {
    let column = leaves.iter().position(|leaf| leaf.is_column() && leaf.names[0] == name);
    column.or_else(|| leaves.iter().position(|leaf| leaf.name() == name))
}

/// Returns the last part of the name of a leaf.
pub(crate) fn title_of(schema: &SchemaDescriptor, name: &str) -> Option<String> {
    let leaves = leaves(schema);
    leaves[leaf_named(&leaves, name)?].names.last().cloned()
}

/// Returns the shape of the light curves that contain the leaf called `name`.
pub(crate) fn shape_of(schema: &SchemaDescriptor, name: &str) -> Shape {
    let leaves = leaves(schema);
    leaf_named(&leaves, name).map_or(Shape::Flat, |leaf| leaves[leaf].shape())
}

/// A recursive walk down a schema, whose depth was checked before it was decoded.
#[derive(Default)]
struct Walk {
    names: Vec<String>,
    lists: usize,
    above: usize,
    level: i16,
    element: i16,
    leaves: Vec<NamedLeaf>,
}

impl Walk {
    /// Visits a node, whose name is part of the path if `named`.
    fn node(&mut self, node: &Type, named: bool) {
        let before = (self.lists, self.above, self.level, self.element);
        if named {
            self.names.push(node.name().to_owned());
        }
        // Only the root has no repetition.
        let repetition = if node.get_basic_info().has_repetition() {
            node.get_basic_info().repetition()
        } else {
            Repetition::REQUIRED
        };
        self.level += i16::from(repetition != Repetition::REQUIRED);
        if repetition == Repetition::REPEATED {
            (self.lists, self.above, self.element) = (self.lists + 1, self.names.len(), self.level);
        }
        match node {
            Type::PrimitiveType { .. } => {
                let (names, lists, above, element) = (self.names.clone(), self.lists, self.above, self.element);
                self.leaves.push(NamedLeaf { names, lists, above, element });
            }
            Type::GroupType { fields, .. } => match &fields[..] {
                [repeated] if is_list(node) && is_repeated(repeated) => self.repeated(repeated, node.name()),
                fields => fields.iter().for_each(|field| self.node(field, true)),
            },
        }
        if named {
            self.names.pop();
        }
        (self.lists, self.above, self.level, self.element) = before;
    }

    /// Visits the repeated node of a list: a group around the element or, from old writers, the element itself.
    fn repeated(&mut self, repeated: &Type, list: &str) {
        let wraps = match repeated {
            Type::GroupType { fields, .. } => {
                let old = repeated.name() == "array" || repeated.name() == format!("{list}_tuple");
                !old && fields.len() == 1
            }
            Type::PrimitiveType { .. } => false,
        };
        if !wraps {
            return self.node(repeated, false);
        }
        let before = (self.lists, self.above, self.level, self.element);
        self.level += 1;
        (self.lists, self.above, self.element) = (self.lists + 1, self.names.len(), self.level);
        self.node(&repeated.get_fields()[0], false);
        (self.lists, self.above, self.level, self.element) = before;
    }
}

fn is_list(node: &Type) -> bool {
    let info = node.get_basic_info();
    info.converted_type() == ConvertedType::LIST || matches!(info.logical_type_ref(), Some(LogicalType::List))
}

fn is_repeated(node: &Type) -> bool {
    node.get_basic_info().has_repetition() && node.get_basic_info().repetition() == Repetition::REPEATED
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::schema::parser::parse_message_type;

    use super::*;

    fn schema(text: &str) -> SchemaDescriptor {
        SchemaDescriptor::new(Arc::new(parse_message_type(&format!("message m {{ {text} }}")).expect("a schema")))
    }

    #[test]
    fn names_skip_the_groups_that_encode_lists() {
        let schema = schema(
            "optional int64 id;
             optional group mjd (LIST) { repeated group list { optional double element; } }
             required group old (LIST) { repeated double array; }
             repeated double bare;
             optional group s { optional group mag (LIST) { repeated group item { required double x; } } }
             optional group l (LIST) { repeated group list { optional group element {
               optional double mjd; optional double mag; } } }
             optional group t (LIST) { repeated group t_tuple { optional double mjd; } }
             optional group ll (LIST) { repeated group list { optional group element (LIST) {
               repeated group list { optional group element { optional double mjd; } } } } }
             optional group deep { optional group ll (LIST) { repeated group list {
               optional group element (LIST) { repeated group list { optional double element; } } } } }
             optional group object { optional double ra; }",
        );
        let told: Vec<_> = leaves(&schema).iter().map(|leaf| (leaf.name(), leaf.shape(), leaf.element)).collect();
        let expected = [
            ("id", Shape::Flat, 0),
            ("mjd", Shape::ListColumns, 2),
            ("old", Shape::ListColumns, 1),
            ("bare", Shape::ListColumns, 1),
            ("s.mag", Shape::StructOfLists, 3),
            ("l.mjd", Shape::ListOfStructs, 2),
            ("l.mag", Shape::ListOfStructs, 2),
            ("t.mjd", Shape::ListOfStructs, 2),
            ("ll.mjd", Shape::ListOfListsOfStructs, 4),
            ("deep.ll", Shape::Nested, 5),
            ("object.ra", Shape::Flat, 0),
        ];
        assert_eq!(told, expected.map(|(name, shape, element)| (name.to_owned(), shape, element)));
        assert_eq!(flat_columns(&schema), ["id", "object.ra"]);
        assert_eq!(title_of(&schema, "ll.mjd").as_deref(), Some("mjd"));
        let lists = list_columns(&schema);
        let of = |name: &str| lists.iter().find(|list| list.name == name).map(|list| list.within.as_str());
        assert_eq!((of("mjd"), of("l.mag"), of("object.ra")), (Some(""), Some("l"), None));
    }

    #[test]
    fn a_top_level_column_takes_precedence_over_a_nested_leaf() {
        let schema = schema("optional group a { repeated double b; } optional double a.b;");
        assert_eq!(leaf_named(&leaves(&schema), "a.b"), Some(1));
        assert_eq!(leaf_named(&leaves(&schema), "a"), None);
        assert_eq!(title_of(&schema, "a.b").as_deref(), Some("a.b"));
    }
}
