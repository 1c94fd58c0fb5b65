//! The columns of a schema by the names that a user gives them, those within lists and structs included.
//!
//! Light curves lie in files in five ways: a row for each epoch; a list for each column; a struct of lists; a list of
//! structs; a list of lists of structs. In all but the first a row is an object, and an epoch is an element of a list. The
//! groups in which Parquet wraps lists have no names that a user knows: `lightcurve.list.element.mjd` is `lightcurve.mjd`.

use parquet::basic::{ConvertedType, LogicalType, Repetition};
use parquet::schema::types::{SchemaDescriptor, Type};

/// How deep the values of a column lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nesting {
    /// The definition level of a value.
    pub(crate) max_definition: i16,
    /// That of an element of the innermost list: below it, a list is empty or null.
    pub(crate) element_definition: i16,
    /// How many lists it lies in.
    pub(crate) max_repetition: i16,
}

/// A leaf column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// Names from the top, joined by dots, without those of the groups that make lists.
    pub(crate) name: String,
    /// Its number among all leaves.
    pub(crate) index: usize,
    /// Of one that lies in lists.
    pub(crate) nesting: Option<Nesting>,
    /// The column at the top whose lists and structs it lies in; none if its own list lies there.
    pub(crate) group: Option<String>,
    /// How its column at the top holds epochs.
    pub(crate) shape: Shape,
}

impl Leaf {
    /// The last of its names.
    pub(crate) fn short(&self) -> &str {
        self.group.as_ref().map_or(self.name.as_str(), |group| &self.name[group.len() + 1..])
    }
}

/// How light curves lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A row for each epoch.
    Flat,
    /// A row for each object, with a list for each column.
    ListColumns,
    /// A row for each object, with a struct of lists.
    StructOfLists,
    /// A row for each object, with a list of structs.
    ListOfStructs,
    /// A row for each object, with lists of lists of structs.
    ListOfListsOfStructs,
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Flat => "flat rows",
            Self::ListColumns => "a list for each column",
            Self::StructOfLists => "a struct of lists",
            Self::ListOfStructs => "a list of structs",
            Self::ListOfListsOfStructs => "a list of lists of structs",
        })
    }
}

/// All leaves that can be named: a struct outside of lists and a map have none.
pub(crate) fn leaves(schema: &SchemaDescriptor) -> Vec<Leaf> {
    let mut walk = Walk { leaves: vec![], index: 0 };
    for field in schema.root_schema().get_fields() {
        walk.node(field, &Place { names: vec![field.name()], ..Place::default() });
    }
    walk.leaves
}

struct Walk {
    leaves: Vec<Leaf>,
    index: usize,
}

/// Where a node lies.
#[derive(Clone, Default)]
struct Place<'a> {
    names: Vec<&'a str>,
    definition: i16,
    /// Of the innermost list's elements.
    element: i16,
    repetition: i16,
    /// Whether the outermost of lists and structs is a struct.
    struct_first: bool,
    /// Whether it lies in a struct at all.
    in_struct: bool,
    /// In something that has no epochs: a map.
    unnamed: bool,
}

impl<'a> Place<'a> {
    /// One level down, to a node that is or is not optional or repeated.
    fn at(&self, node: &Type) -> Self {
        let mut place = self.clone();
        let info = node.get_basic_info();
        let repetition = if info.has_repetition() { info.repetition() } else { Repetition::REQUIRED };
        place.definition += i16::from(repetition != Repetition::REQUIRED);
        if repetition == Repetition::REPEATED {
            place.repetition += 1;
            place.element = place.definition;
        }
        place
    }

    fn named(&self, name: &'a str) -> Self {
        let mut place = self.clone();
        place.names.push(name);
        place.struct_first |= place.repetition == 0;
        place.in_struct = true;
        place
    }
}

impl Walk {
    fn node(&mut self, node: &Type, before: &Place<'_>) {
        let place = before.at(node);
        if node.is_primitive() {
            return self.leaf(&place);
        }
        let fields = node.get_fields();
        match (is_list(node), fields) {
            (true, [repeated]) if repeated.get_basic_info().repetition() == Repetition::REPEATED => {
                self.element(node, repeated, &place);
            }
            _ => self.fields(node, &place),
        }
    }

    /// The element of a list: wrapped in a repeated group, or, as old writers have it, repeated itself.
    fn element(&mut self, list: &Type, repeated: &Type, place: &Place<'_>) {
        let inner = place.at(repeated);
        if repeated.is_primitive() {
            return self.leaf(&inner);
        }
        match repeated.get_fields() {
            [element] if !is_element(list, repeated) => self.node(element, &inner),
            _ => self.fields(repeated, &inner),
        }
    }

    fn fields(&mut self, node: &Type, place: &Place<'_>) {
        let mut place = place.clone();
        place.unnamed |= is_map(node);
        for field in node.get_fields() {
            self.node(field, &place.named(field.name()));
        }
    }

    fn leaf(&mut self, place: &Place<'_>) {
        let index = self.index;
        self.index += 1;
        let is_named = !place.unnamed && (place.repetition > 0 || place.names.len() == 1);
        if !is_named {
            return;
        }
        let nesting = (place.repetition > 0).then_some(Nesting {
            max_definition: place.definition,
            element_definition: place.element,
            max_repetition: place.repetition,
        });
        let shape = match (place.repetition, place.in_struct) {
            (0, _) => Shape::Flat,
            (_, false) => Shape::ListColumns,
            (1, true) if place.struct_first => Shape::StructOfLists,
            (1, true) => Shape::ListOfStructs,
            _ => Shape::ListOfListsOfStructs,
        };
        let group = place.in_struct.then(|| place.names[0].to_owned());
        self.leaves.push(Leaf { name: place.names.join("."), index, nesting, group, shape });
    }
}

/// Whether a repeated group of one field is the element, by the rules for lists of old writers:
/// <https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists>.
fn is_element(list: &Type, repeated: &Type) -> bool {
    let name = repeated.name();
    name == "array" || name.strip_suffix("_tuple") == Some(list.name())
}

fn is_list(node: &Type) -> bool {
    let info = node.get_basic_info();
    info.logical_type_ref() == Some(&LogicalType::List) || info.converted_type() == ConvertedType::LIST
}

fn is_map(node: &Type) -> bool {
    let info = node.get_basic_info();
    let old = matches!(info.converted_type(), ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE);
    info.logical_type_ref() == Some(&LogicalType::Map) || old
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::schema::parser::parse_message_type;

    use super::*;

    fn of(message: &str) -> Vec<(String, usize, Option<[i16; 3]>, Shape)> {
        let schema = SchemaDescriptor::new(Arc::new(parse_message_type(message).expect("a schema")));
        let levels = |nesting: Nesting| [nesting.max_definition, nesting.element_definition, nesting.max_repetition];
        for leaf in leaves(&schema).iter().filter(|leaf| leaf.nesting.is_some()) {
            let column = schema.column(leaf.index);
            let nesting = leaf.nesting.expect("it was asked for");
            assert_eq!(
                (column.max_def_level(), column.max_rep_level()),
                (nesting.max_definition, nesting.max_repetition)
            );
        }
        leaves(&schema).into_iter().map(|leaf| (leaf.name, leaf.index, leaf.nesting.map(levels), leaf.shape)).collect()
    }

    #[test]
    fn every_shape_has_the_same_names() {
        let lists = of("message m { required int64 id;
            optional group mjd (LIST) { repeated group list { optional double element; } }
            optional group flux (LIST) { repeated double array; } }");
        let want = [
            ("id".to_owned(), 0, None, Shape::Flat),
            ("mjd".to_owned(), 1, Some([3, 2, 1]), Shape::ListColumns),
            ("flux".to_owned(), 2, Some([2, 2, 1]), Shape::ListColumns),
        ];
        assert_eq!(lists, want);
        for (message, levels, shape) in [
            (
                "message m { required group lc { optional group mjd (LIST) { repeated group list { required double item; } } } }",
                [2, 2, 1],
                Shape::StructOfLists,
            ),
            (
                "message m { optional group lc (LIST) { repeated group list { optional group element { optional double mjd; } } } }",
                [4, 2, 1],
                Shape::ListOfStructs,
            ),
            (
                "message m { optional group lc (LIST) { repeated group array { required double mjd; } } }",
                [2, 2, 1],
                Shape::ListOfStructs,
            ),
            (
                "message m { optional group lc (LIST) { repeated group list { optional group element (LIST) {
                 repeated group list { optional group element { required double mjd; } } } } } }",
                [5, 4, 2],
                Shape::ListOfListsOfStructs,
            ),
        ] {
            assert_eq!(of(message), [("lc.mjd".to_owned(), 0, Some(levels), shape)]);
        }
    }

    #[test]
    fn maps_and_structs_outside_of_lists_count_but_have_no_name() {
        let found = of("message m {
            optional group m (MAP) { repeated group key_value { required binary key; optional double value; } }
            required group pos { required double ra; required double dec; }
            required double flux; }");
        assert_eq!(found, [("flux".to_owned(), 4, None, Shape::Flat)]);
    }
}
