//! The columns of a survey, which are all kept, with their types in the input, in memory and in the output.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, parquet_to_arrow_schema};
use parquet::basic::Type as Physical;
use parquet::file::metadata::ColumnChunkMetaData;
use tape_core::Role;

use crate::decode::footer::Footer;
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
    /// Index of the id column.
    id: usize,
    /// Index of the time column, if there is one.
    time: Option<usize>,
    /// Leaf columns that have no dictionary in the first file.
    plain: Vec<usize>,
    /// Estimated bytes of all rows in memory, and number of rows.
    size: (u64, u64),
}

/// The columns of one file.
struct FileColumns {
    metadata: ArrowReaderMetadata,
    /// The index in this file of each column of the survey.
    order: Vec<usize>,
}

impl Carried {
    /// Reads the footers of all files, and checks that their columns agree.
    pub(crate) fn of(survey: &Survey) -> Result<Self, Error> {
        let read = survey.paths().map(|path| Footer::read(path.to_owned(), survey.columns()));
        let footers = read.collect::<Result<Vec<_>, _>>()?;
        let first = &footers[0];
        let own = own_schema(first)?;
        let mut fields: Vec<Field> = own.fields().iter().map(|field| plain_field(field)).collect();
        let mut declared: Vec<Field> = own.fields().iter().map(|field| field.as_ref().clone()).collect();
        let mut files = Vec::with_capacity(footers.len());
        for footer in &footers {
            let (file, nullable) = file_columns(footer, first)?;
            files.push(file);
            for (i, nullable) in nullable.into_iter().enumerate().filter(|(_, nullable)| *nullable) {
                fields[i].set_nullable(nullable);
                declared[i].set_nullable(nullable);
            }
        }
        for field in &mut declared {
            field.set_data_type(declared_type(field.data_type()));
        }
        // Rows cannot be sorted by values inside lists or structs.
        let plain = |role: &Role| first.role(*role).is_some_and(|column| column.leaf.depth.is_flat());
        let index = |role| {
            let name = Some(role).filter(plain).and_then(|role| survey.column(role))?;
            fields.iter().position(|field| field.name() == name)
        };
        let Some(id) = index(Role::Id) else {
            return Err(Error::ColumnType {
                path: first.path.clone(),
                column: survey.column(Role::Id).unwrap_or_default().to_owned(),
                role: Role::Id,
                actual: "within another column".to_owned(),
                expected: "a column of its own where rows are sorted by it",
            });
        };
        let time = index(Role::Time);
        let groups = || footers.iter().flat_map(|footer| footer.metadata.row_groups());
        let bytes = groups().flat_map(|group| group.columns()).map(memory).sum();
        let rows = groups().map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).sum();
        let schema = Arc::new(Schema::new(fields));
        let declared = Schema::new_with_metadata(declared, common_metadata(&footers).into_iter().collect());
        let plain = without_dictionary(first);
        Ok(Self { schema, declared, files, id, time, plain, size: (bytes, rows) })
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

    /// Converts a batch of a file to the schema of rows in memory.
    pub(super) fn adapt(&self, file: usize, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let columns = self.files[file].order.iter().zip(self.schema.fields()).map(|(&i, field)| {
            let column = batch.column(i);
            if column.data_type() == field.data_type() {
                return Ok(Arc::clone(column));
            }
            // The same values in another layout, such as text with longer offsets. A value that does not fit is an
            // error.
            let exact = CastOptions { safe: false, ..CastOptions::default() };
            cast_with_options(column, field.data_type(), &exact)
        });
        let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
    }
}

/// Returns the schema that the writer of a file declared.
fn own_schema(footer: &Footer) -> Result<SchemaRef, Error> {
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(&footer.metadata), ArrowReaderOptions::new());
    Ok(Arc::clone(metadata.map_err(|error| unreadable(footer, words(&error)))?.schema()))
}

fn unreadable(footer: &Footer, reason: String) -> Error {
    Error::NotParquet { path: footer.path.clone(), reason }
}

fn mixed(footer: &Footer, first: &Footer, difference: String) -> Error {
    Error::MixedSchemas { path: footer.path.clone(), first: first.path.clone(), difference }
}

/// Maps the columns of `footer`'s file to those of `first`. Also returns which of them are nullable.
fn file_columns(footer: &Footer, first: &Footer) -> Result<(FileColumns, Vec<bool>), Error> {
    let stored = |footer: &Footer| {
        let schema = parquet_to_arrow_schema(footer.metadata.file_metadata().schema_descr(), None);
        schema.map_err(|error| unreadable(footer, words(&error)))
    };
    let (ours, theirs) = (stored(first)?, stored(footer)?);
    let mut order = Vec::with_capacity(ours.fields().len());
    for field in ours.fields() {
        let Some((i, other)) = theirs.fields().find(field.name()) else {
            return Err(mixed(footer, first, format!("column '{}' is missing", field.name())));
        };
        if !same_type(other.data_type(), field.data_type()) {
            let difference = format!("column '{}' is {}, not {}", field.name(), other.data_type(), field.data_type());
            return Err(mixed(footer, first, difference));
        }
        order.push(i);
    }
    if let Some(extra) = theirs.fields().iter().find(|field| ours.fields().find(field.name()).is_none()) {
        return Err(mixed(footer, first, format!("there is a column '{}'", extra.name())));
    }
    let plain: Fields = own_schema(footer)?.fields().iter().map(|field| plain_field(field)).collect();
    let nullable = order.iter().map(|&i| plain[i].is_nullable()).collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(plain)));
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(&footer.metadata), options);
    let metadata = metadata.map_err(|error| unreadable(footer, words(&error)))?;
    Ok((FileColumns { metadata, order }, nullable))
}

/// Returns true if two types hold the same values. Writers name the elements of lists differently.
fn same_type(a: &DataType, b: &DataType) -> bool {
    use DataType::{FixedSizeList, LargeList, List, Map, Struct};
    let same =
        |a: &FieldRef, b: &FieldRef| a.is_nullable() == b.is_nullable() && same_type(a.data_type(), b.data_type());
    match (a, b) {
        (List(a), List(b)) | (LargeList(a), LargeList(b)) => same(a, b),
        (FixedSizeList(a, n), FixedSizeList(b, m)) => n == m && same(a, b),
        (Map(a, _), Map(b, _)) => match (a.data_type(), b.data_type()) {
            (Struct(a), Struct(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
            _ => false,
        },
        (Struct(a), Struct(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name() == b.name() && same(a, b))
        }
        _ => a == b,
    }
}

fn plain_field(field: &Field) -> Field {
    map_field(field, &|data_type| match data_type {
        DataType::Dictionary(_, values) => Some(plain_type(values)),
        DataType::RunEndEncoded(_, values) => Some(plain_type(values.data_type())),
        DataType::Utf8View => Some(DataType::Utf8),
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
    let leaves = if groups.is_empty() { 0 } else { groups[0].num_columns() };
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
