//! The columns of a survey, which are all kept, with their types in the input, in memory and in the output.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::ARROW_SCHEMA_META_KEY;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::Type as Physical;
use parquet::file::metadata::ColumnChunkMetaData;
use tape_core::{IdType, Role};

use super::unify::{conform, unified};
use crate::decode::constant_columns::repeated;
use crate::decode::footer::Footer;
use crate::decode::from_arrow::ids_in;
use crate::decode::leaf::role_column;
use crate::decode::schema_paths::leaves;
use crate::error::{Error, words};
use crate::survey::Survey;

/// The metadata of pandas describes its index, and would be wrong for rows in a new order.
const PANDAS: &str = "pandas";

/// The columns of a survey's files.
pub(crate) struct Carried {
    /// The schema of rows in memory, from the first file.
    schema: SchemaRef,
    /// The schema that readers of the output see.
    declared: Schema,
    files: Vec<FileColumns>,
    /// Index of the id, and the type of the survey's ids.
    id: usize,
    id_type: IdType,
    /// Index of the time, if there is one.
    time: Option<usize>,
    /// Leaf columns that have no dictionary in the first file.
    plain: Vec<usize>,
    /// Estimated bytes of all rows in memory, and number of rows.
    size: (u64, u64),
}

/// The columns of one file.
struct FileColumns {
    metadata: ArrowReaderMetadata,
    /// Place of each column of the survey in this file.
    order: Vec<Place>,
}

/// The place of a column of the survey in a file.
enum Place {
    Stored(usize),
    /// In the path, with this value.
    Constant(ArrayRef),
    /// Nowhere: it is null.
    Missing,
}

impl Carried {
    /// Unifies the columns of all files.
    pub(crate) fn of(survey: &Survey) -> Result<Self, Error> {
        let footers = &survey.files;
        let first = &footers[0];
        let mut all = Unified::default();
        for footer in footers.iter() {
            all.add(footer, first)?;
        }
        let mut files = Vec::with_capacity(footers.len());
        for footer in footers.iter() {
            files.push(all.in_file(footer)?);
        }
        let Unified { mut fields, mut declared, .. } = all;
        // What lies in lists or in other columns is no column to sort by.
        let schema = first.metadata.file_metadata().schema_descr();
        let all_leaves = leaves(schema);
        let is_flat = |name: &&str| {
            let column = role_column(schema, &all_leaves, name);
            column.is_some_and(|column| column.is_ok_and(|column| column.leaf.depth.is_flat()))
        };
        let index = |role, fields: &[Field]| {
            let name = survey.column(role).filter(is_flat)?;
            fields.iter().position(|field| field.name() == name)
        };
        let Some(id) = index(Role::Id, &fields) else {
            return Err(Error::ColumnType {
                path: first.path.clone(),
                column: survey.column(Role::Id).unwrap_or_default().to_owned(),
                role: Role::Id,
                actual: "within another column".to_owned(),
                expected: "a column of its own where rows are sorted by it",
            });
        };
        // Floats cannot hold all ids that integers of other files can.
        let has_integers = files.iter().any(|file| match file.order[id] {
            Place::Stored(place) => file.metadata.schema().field(place).data_type().is_integer(),
            _ => false,
        });
        if has_integers && !fields[id].data_type().is_integer() {
            fields[id].set_data_type(survey.id_type().data_type());
            declared[id].set_data_type(survey.id_type().data_type());
        }
        let time = index(Role::Time, &fields);
        let groups = || footers.iter().flat_map(|footer| footer.metadata.row_groups());
        let bytes = groups().flat_map(|group| group.columns()).map(memory).sum();
        let rows = groups().map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).sum();
        let schema = Arc::new(Schema::new(fields));
        let declared = Schema::new_with_metadata(declared, common_metadata(footers).into_iter().collect());
        let plain = without_dictionary(first);
        Ok(Self { schema, declared, files, id, id_type: survey.id_type(), time, plain, size: (bytes, rows) })
    }

    /// Returns the schema of rows in memory. Dictionaries and views are unpacked, because the dictionaries of different
    /// files would have to be merged.
    pub(crate) const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Returns the schema for readers of the output, with the metadata that all files agree on.
    pub(crate) const fn declared(&self) -> &Schema {
        &self.declared
    }

    pub(crate) const fn id(&self) -> usize {
        self.id
    }

    /// Returns the ids of a batch as text, or as integers of 64 bits. NaN is null.
    pub(super) fn ids(&self, batch: &RecordBatch) -> Result<ArrayRef, ArrowError> {
        Ok(ids_in(batch.column(self.id), self.id_type)?)
    }

    pub(super) const fn time(&self) -> Option<usize> {
        self.time
    }

    /// Returns the leaf columns to write without a dictionary: columns without one in the first file. If values rarely
    /// repeat, trying a dictionary first makes a file a fifth larger.
    pub(crate) fn plain(&self) -> &[usize] {
        &self.plain
    }

    /// Returns the names of the leaf columns of [`Carried::plain`], without their parents.
    pub(crate) fn plain_names(&self) -> Vec<String> {
        let metadata = self.metadata(0);
        let leaves = leaves(metadata.parquet_schema());
        self.plain.iter().filter_map(|&leaf| Some(leaves.get(leaf)?.title().to_owned())).collect()
    }

    /// Estimates the memory for `rows` rows, in bytes.
    pub(super) fn memory_of(&self, rows: u64) -> u64 {
        let (bytes, all) = self.size;
        let estimate = u128::from(bytes) * u128::from(rows) / u128::from(all.max(1));
        u64::try_from(estimate).unwrap_or(u64::MAX)
    }

    /// Returns the number of rows that take about `bytes` of memory, at most `most`.
    pub(super) fn rows_in(&self, bytes: u64, most: usize) -> usize {
        let per_row = self.memory_of(1).max(1);
        usize::try_from(bytes / per_row).unwrap_or(most).clamp(1, most)
    }

    pub(super) fn metadata(&self, file: usize) -> &ArrowReaderMetadata {
        &self.files[file].metadata
    }

    /// Converts a batch of a file to the columns of the survey.
    pub(super) fn adapt(&self, file: usize, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let rows = batch.num_rows();
        let places = self.files[file].order.iter().zip(self.schema.fields()).enumerate();
        let columns = places.map(|(i, (place, field))| match place {
            Place::Stored(stored) => {
                let column = batch.column(*stored);
                let is_float = column.data_type().is_floating() && field.data_type().is_integer();
                let column = if i == self.id && is_float { &ids_in(column, self.id_type)? } else { column };
                conform(column, field.data_type())
            }
            Place::Constant(value) => conform(&repeated(value, rows)?, field.data_type()),
            Place::Missing => Ok(new_null_array(field.data_type(), rows)),
        });
        let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }
}

/// The columns of all files met so far.
#[derive(Default)]
struct Unified {
    /// The name of each, and which of the columns of that name it is in a file.
    names: HashMap<(String, usize), usize>,
    /// Fields of rows in memory.
    fields: Vec<Field>,
    /// For readers of the output.
    declared: Vec<Field>,
    files: usize,
}

impl Unified {
    /// Adds the columns of a file.
    fn add(&mut self, footer: &Footer, first: &Footer) -> Result<(), Error> {
        let own = own_schema(footer)?;
        let in_path = footer.in_path().map(|(name, value)| Field::new(name, value.data_type().clone(), true));
        let all: Vec<Field> = own.fields().iter().map(|field| field.as_ref().clone()).chain(in_path).collect();
        let mut met = vec![false; self.fields.len()];
        for (key, field) in numbered(&all) {
            let (plain, declared) =
                (plain_field(field), field.clone().with_data_type(declared_type(field.data_type())));
            let Some(&place) = self.names.get(&key) else {
                self.names.insert(key, self.fields.len());
                // The files before have no value.
                let nullable = field.is_nullable() || self.files > 0;
                self.fields.push(plain.with_nullable(nullable));
                self.declared.push(declared.with_nullable(nullable));
                continue;
            };
            met[place] = true;
            let before = &mut self.fields[place];
            let Some(data_type) = unified(before.data_type(), plain.data_type()) else {
                let (ours, theirs) = (before.data_type(), plain.data_type());
                return Err(mixed(footer, first, format!("column '{}' is {theirs}, not {ours}", field.name())));
            };
            let nullable = before.is_nullable() || field.is_nullable();
            if data_type != *before.data_type() {
                before.set_data_type(data_type.clone());
                self.declared[place].set_data_type(data_type);
            }
            before.set_nullable(nullable);
            self.declared[place].set_nullable(nullable);
        }
        for place in (0..met.len()).filter(|place| !met[*place]) {
            self.fields[place].set_nullable(true);
            self.declared[place].set_nullable(true);
        }
        self.files += 1;
        Ok(())
    }

    /// Returns where the columns are in a file.
    fn in_file(&self, footer: &Footer) -> Result<FileColumns, Error> {
        let own = own_schema(footer)?;
        let plain: Vec<Field> = own.fields().iter().map(|field| plain_field(field)).collect();
        let mut order: Vec<Place> = self.fields.iter().map(|_| Place::Missing).collect();
        for (stored, (key, _)) in numbered(&plain).into_iter().enumerate() {
            order[self.names[&key]] = Place::Stored(stored);
        }
        for (name, value) in footer.in_path() {
            order[self.names[&(name.to_owned(), 0)]] = Place::Constant(Arc::clone(value));
        }
        let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(plain)));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(footer.stored()), options);
        let metadata = metadata.map_err(|error| unreadable(footer, words(&error)))?;
        Ok(FileColumns { metadata, order })
    }
}

/// Returns each field with its name and how many fields of that name are before it.
fn numbered(fields: &[Field]) -> Vec<((String, usize), &Field)> {
    let mut met: HashMap<&str, usize> = HashMap::new();
    let mut all = Vec::with_capacity(fields.len());
    for field in fields {
        let number = met.entry(field.name()).or_insert(0);
        all.push(((field.name().clone(), *number), field));
        *number += 1;
    }
    all
}

/// Returns the columns as the file's writer had them.
fn own_schema(footer: &Footer) -> Result<SchemaRef, Error> {
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(footer.stored()), ArrowReaderOptions::new());
    Ok(Arc::clone(metadata.map_err(|error| unreadable(footer, words(&error)))?.schema()))
}

fn unreadable(footer: &Footer, reason: String) -> Error {
    Error::NotParquet { path: footer.path.clone(), reason }
}

fn mixed(footer: &Footer, first: &Footer, difference: String) -> Error {
    Error::MixedSchemas { path: footer.path.clone(), first: first.path.clone(), difference }
}

fn plain_field(field: &Field) -> Field {
    map_field(field, &|data_type| match data_type {
        DataType::Dictionary(_, values) => Some(plain_type(values)),
        DataType::RunEndEncoded(_, values) => Some(plain_type(values.data_type())),
        DataType::Utf8View => Some(DataType::Utf8),
        // It would be written as an integer.
        DataType::Date64 => Some(DataType::Date32),
        DataType::BinaryView => Some(DataType::Binary),
        DataType::ListView(item) => Some(DataType::List(Arc::new(plain_field(item)))),
        DataType::LargeListView(item) => Some(DataType::LargeList(Arc::new(plain_field(item)))),
        _ => None,
    })
}

fn plain_type(data_type: &DataType) -> DataType {
    plain_field(&Field::new("", data_type.clone(), true)).data_type().clone()
}

/// Returns the declared type of a column. Dictionaries get wider keys, because all files together may have more values
/// than narrow keys can number.
fn declared_type(data_type: &DataType) -> DataType {
    let field = map_field(&Field::new("", data_type.clone(), true), &|data_type| match data_type {
        DataType::Dictionary(key, values) if matches!(key.primitive_width(), Some(1 | 2)) => {
            Some(DataType::Dictionary(Box::new(DataType::Int32), values.clone()))
        }
        DataType::Date64 => Some(DataType::Date32),
        _ => None,
    });
    field.data_type().clone()
}

/// Applies `change` to all types in a field, at any depth.
fn map_field(field: &Field, change: &dyn Fn(&DataType) -> Option<DataType>) -> Field {
    use DataType::{FixedSizeList, LargeList, List, Map, Struct};
    let inner = |field: &FieldRef| Arc::new(map_field(field, change));
    let data_type = change(field.data_type()).unwrap_or_else(|| match field.data_type() {
        List(item) => List(inner(item)),
        LargeList(item) => LargeList(inner(item)),
        FixedSizeList(item, n) => FixedSizeList(inner(item), *n),
        Map(entries, sorted) => Map(inner(entries), *sorted),
        Struct(fields) => Struct(fields.iter().map(inner).collect()),
        other => other.clone(),
    });
    field.clone().with_data_type(data_type)
}

fn without_dictionary(footer: &Footer) -> Vec<usize> {
    let groups = footer.metadata.row_groups();
    let plain = |&leaf: &usize| groups.iter().all(|group| group.column(leaf).dictionary_page_offset().is_none());
    let leaves = footer.stored().file_metadata().schema_descr().num_columns();
    (0..leaves).filter(plain).collect()
}

/// Returns the key-value metadata that is the same in all files.
fn common_metadata(footers: &[Footer]) -> BTreeMap<String, String> {
    let of = |footer: &Footer| -> BTreeMap<String, String> {
        let pairs = footer.metadata.file_metadata().key_value_metadata().into_iter().flatten();
        let pairs = pairs.filter(|pair| pair.key != ARROW_SCHEMA_META_KEY && pair.key != PANDAS);
        pairs.filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?))).collect()
    };
    let mut common = of(&footers[0]);
    for footer in &footers[1..] {
        let other = of(footer);
        common.retain(|key, value| other.get(key) == Some(value));
    }
    common
}

/// Estimates the memory for the values of a column chunk, in bytes.
fn memory(chunk: &ColumnChunkMetaData) -> u64 {
    let number = |n: i64| u64::try_from(n).unwrap_or(0);
    let values = number(chunk.num_values());
    let width = match chunk.column_type() {
        Physical::BOOLEAN => return values.div_ceil(8),
        Physical::INT32 | Physical::FLOAT => 4,
        Physical::INT64 | Physical::DOUBLE => 8,
        Physical::INT96 => 12,
        Physical::FIXED_LEN_BYTE_ARRAY => u64::try_from(chunk.column_descr().type_length()).unwrap_or(0),
        Physical::BYTE_ARRAY => {
            // Older writers do not store the size of text before dictionary encoding, so this may be too low.
            let text = chunk.unencoded_byte_array_data_bytes().unwrap_or(chunk.uncompressed_size());
            return values * 4 + number(text);
        }
    };
    values * width
}
