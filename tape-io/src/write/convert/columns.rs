//! Decides which columns belong to objects and which to epochs, and names them in the new shape.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use tape_core::{ColumnMap, Role, nearest};

use super::Convert;
use crate::decode::schema_paths::Shape;
use crate::error::Error;

/// The name that Parquet gives to the elements of lists.
const ELEMENT: &str = "element";
/// Prefix of the metadata of extension types.
const EXTENSION: &str = "ARROW:extension:";

/// The columns of a survey in one shape, by their positions in its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) shape: Shape,
    /// Columns with one value for each object. Where rows are epochs, all epochs of an object have the same value.
    pub(super) base: Vec<usize>,
    /// Columns of epochs, or the one column that holds all of them.
    pub(super) epochs: Vec<usize>,
}

impl Columns {
    /// Sorts the columns of the survey to convert into columns of objects and of epochs.
    pub(super) fn of(run: &Convert<'_>, schema: &Schema) -> Result<Self, Error> {
        let shape = run.survey.shape();
        for name in run.base {
            check_known(run, name, schema)?;
        }
        let named = |i: &usize| run.shape != Shape::Flat && run.base.contains(schema.field(*i).name());
        let id = run.survey.column(Role::Id).and_then(|name| schema.index_of(name).ok());
        let all = 0..schema.fields().len();
        let epochs: Vec<usize> = match shape {
            Shape::Flat => all.clone().filter(|i| Some(*i) != id && !named(i)).collect(),
            Shape::ListColumns => all.clone().filter(|i| is_list(schema.field(*i)) && !named(i)).collect(),
            Shape::StructOfLists | Shape::ListOfStructs | Shape::ListOfListsOfStructs => {
                let flux = run.survey.column(Role::Flux).unwrap_or_default();
                let holds = |i: &usize| within(flux, schema.field(*i).name());
                all.clone().filter(holds).take(1).collect()
            }
            Shape::Nested => vec![],
        };
        if epochs.is_empty() {
            return Err(Error::NotConverted {
                path: run.first().to_owned(),
                reason: format!("light curves in the shape {shape} cannot be converted"),
            });
        }
        let base = all.filter(|i| !epochs.contains(i)).collect();
        Ok(Self { shape, base, epochs })
    }

    /// Returns the fields of objects, and the fields of epochs.
    pub(super) fn fields(&self, run: &Convert<'_>, schema: &Schema) -> Result<(Vec<FieldRef>, Vec<FieldRef>), Error> {
        let field = |i: &usize| Arc::clone(&schema.fields()[*i]);
        let base = self.base.iter().map(field).collect();
        let columns = self.epochs.iter().map(field);
        let epochs = match self.shape {
            Shape::Flat => columns.collect(),
            Shape::ListColumns => columns.map(|list| of_list(run, &list, &list)).collect::<Result<_, _>>()?,
            Shape::StructOfLists => {
                let holder = field(&self.epochs[0]);
                let DataType::Struct(lists) = holder.data_type() else { return Err(strange(run, &holder)) };
                lists.iter().map(|list| of_list(run, list, &holder)).collect::<Result<_, _>>()?
            }
            _ => {
                let holder = field(&self.epochs[0]);
                let mut epoch = of_list(run, &holder, &holder)?;
                while is_list(&epoch) {
                    epoch = of_list(run, &epoch, &holder)?;
                }
                let DataType::Struct(fields) = epoch.data_type() else { return Err(strange(run, &holder)) };
                // All fields of a null epoch are null.
                let nullable = |field: &FieldRef| epoch.is_nullable() || field.is_nullable();
                fields.iter().map(|field| Arc::new(field.as_ref().clone().with_nullable(nullable(field)))).collect()
            }
        };
        Ok((base, epochs))
    }
}

/// Combines the fields of objects and of epochs into the fields of a file in the new shape.
pub(super) fn compose(run: &Convert<'_>, base: &[FieldRef], epochs: &[FieldRef]) -> Result<Fields, Error> {
    let list = |name: &str, of: Field| Field::new(name, DataType::List(Arc::new(of)), true);
    let lists = epochs.iter().map(|field| {
        let element = field.as_ref().clone().with_name(ELEMENT);
        let of_list = |(key, _): &(&String, &String)| !key.starts_with(EXTENSION);
        let metadata = field.metadata().iter().filter(of_list).map(|(key, value)| (key.clone(), value.clone()));
        Arc::new(list(field.name(), element).with_metadata(metadata.collect()))
    });
    let own: Vec<FieldRef> = match run.shape {
        Shape::Flat => epochs.to_vec(),
        Shape::ListColumns => lists.collect(),
        Shape::StructOfLists => {
            vec![Arc::new(Field::new(run.nested, DataType::Struct(lists.collect()), false))]
        }
        _ => {
            let epoch = Field::new(ELEMENT, DataType::Struct(epochs.iter().cloned().collect()), false);
            vec![Arc::new(list(run.nested, epoch))]
        }
    };
    let all: Vec<FieldRef> = base.iter().cloned().chain(own).collect();
    match (1..all.len()).find(|&i| all[..i].iter().any(|other| other.name() == all[i].name())) {
        Some(twice) => Err(Error::NotConverted {
            path: run.first().to_owned(),
            reason: format!("two columns would be named '{}': one of objects and one of epochs", all[twice].name()),
        }),
        None => Ok(all.into()),
    }
}

/// Maps the roles to the names of their columns in the new shape.
pub(super) fn roles(run: &Convert<'_>, columns: &Columns, epochs: &[FieldRef]) -> ColumnMap {
    let inside = matches!(run.shape, Shape::StructOfLists | Shape::ListOfStructs);
    Role::ALL.into_iter().fold(ColumnMap::new(), |map, role| {
        let Some(name) = run.survey.column(role) else { return map };
        let title = run.survey.title(role).filter(|_| columns.shape != Shape::Flat).unwrap_or(name);
        let of_epochs = epochs.iter().any(|field| field.name() == title);
        if inside && of_epochs { map.with(role, &format!("{}.{title}", run.nested)) } else { map.with(role, title) }
    })
}

/// Returns the field of a list's elements.
fn of_list(run: &Convert<'_>, list: &FieldRef, holder: &FieldRef) -> Result<FieldRef, Error> {
    let (DataType::List(of) | DataType::LargeList(of) | DataType::FixedSizeList(of, _)) = list.data_type() else {
        return Err(strange(run, holder));
    };
    // The type of elements can be an extension, such as UUID. Other metadata is of the list.
    let extension = of.metadata().iter().filter(|(key, _)| key.starts_with(EXTENSION));
    let metadata = list.metadata().iter().chain(extension).map(|(key, value)| (key.clone(), value.clone()));
    Ok(Arc::new(of.as_ref().clone().with_name(list.name()).with_metadata(metadata.collect())))
}

pub(super) fn is_list(field: &Field) -> bool {
    matches!(field.data_type(), DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..))
}

/// Returns true if a name with dots refers to a field of this column.
fn within(name: &str, column: &str) -> bool {
    name.strip_prefix(column).is_some_and(|rest| rest.starts_with('.'))
}

fn strange(run: &Convert<'_>, holder: &Field) -> Error {
    Error::NotConverted {
        path: run.first().to_owned(),
        reason: format!("column '{}' holds {}, which is not a list of epochs", holder.name(), holder.data_type()),
    }
}

fn check_known(run: &Convert<'_>, name: &str, schema: &Schema) -> Result<(), Error> {
    let available: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    if available.iter().any(|column| column == name) {
        return Ok(());
    }
    let nearest = nearest(name, &available).map(str::to_owned);
    Err(Error::NoTableColumn { path: run.first().to_owned(), column: name.to_owned(), nearest, available })
}
