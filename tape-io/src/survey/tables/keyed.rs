//! A table with one row for each key. Columns are read whole.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use tape_core::{IdSet, IdType, Role, TableKind, nearest};

use super::joined::Joined;
use super::keys::{Loaded, can_be, each};
use crate::catalog::discover::discover;
use crate::decode::column_type::ColumnType;
use crate::decode::footer::read_metadata;
use crate::decode::from_arrow::{in_expressions, wrong_value};
use crate::decode::guard::guarded;
use crate::decode::input::PositionedFile;
use crate::error::{Error, words};
use crate::expr::{Column, Expression, Predicate};
use crate::file::opened::open;
use crate::file::stamp::FileStamp;

/// Number of rows to decode at a time.
const ROWS: usize = 1 << 16;
/// Bytes of memory for an id while ids are read and looked up: the column, the set, and its sorted keys.
const BYTES_OF_ID: u64 = 48;

/// A table with one row for each object or exposure. Clones share the values that were read.
#[derive(Clone, Debug)]
pub struct KeyedTable {
    kind: TableKind,
    pub(super) files: Arc<Vec<TableFile>>,
    /// The column of the key.
    pub(super) id: String,
    /// The type of the column in the survey that holds keys.
    pub(super) id_type: IdType,
    /// The condition on its rows as the user wrote it.
    filter: Option<String>,
    /// The ids of the rows that match the condition, once they were read.
    ids: Arc<OnceLock<IdSet>>,
    pub(super) reading: Arc<Mutex<()>>,
    /// The columns that expressions over rows need.
    pub(super) expressed: Vec<String>,
    /// The values of these columns, once they were read.
    pub(super) values: Arc<OnceLock<RecordBatch>>,
    bytes_read: Arc<AtomicU64>,
}

#[derive(Clone, Debug)]
pub(super) struct TableFile {
    pub(super) path: PathBuf,
    stamp: FileStamp,
    metadata: ArrowReaderMetadata,
    predicate: Option<Predicate>,
}

impl KeyedTable {
    /// Opens the files of a table of objects, for a survey with ids of type `id_type`. The column of ids is `id`, or
    /// else `of_survey` if the table has it, or else a column with a common name for ids. Only footers are read.
    ///
    /// # Errors
    /// If a file cannot be opened, has no such column, or has ids of a type that cannot be compared with the survey's
    /// ids.
    pub fn open_objects<P: AsRef<Path>>(
        inputs: &[P],
        id: Option<&str>,
        of_survey: Option<&str>,
        id_type: IdType,
    ) -> Result<Self, Error> {
        let files = discover(inputs)?.into_iter().map(TableFile::open).collect::<Result<Vec<_>, _>>()?;
        let available = files[0].columns();
        let of_survey = of_survey.filter(|name| available.iter().any(|column| column == name));
        let id = id
            .or(of_survey)
            .or_else(|| Role::Id.commonly_called(&available))
            .ok_or_else(|| Error::NoKeyColumn { path: files[0].path.clone(), available: available.clone() })?;
        let id = id.to_owned();
        Self::open_files(TableKind::Objects, files, id, id_type)
    }

    /// Opens the files of a table of exposures with the keys in the column `key`, for a survey whose column of
    /// exposures has the type `key_type`. Only footers are read.
    ///
    /// # Errors
    /// See [`KeyedTable::open_objects`].
    pub fn open_exposures<P: AsRef<Path>>(inputs: &[P], key: &str, key_type: IdType) -> Result<Self, Error> {
        let files = discover(inputs)?.into_iter().map(TableFile::open).collect::<Result<Vec<_>, _>>()?;
        Self::open_files(TableKind::Exposures, files, key.to_owned(), key_type)
    }

    fn open_files(kind: TableKind, files: Vec<TableFile>, id: String, id_type: IdType) -> Result<Self, Error> {
        for file in &files {
            let actual = file.field(&id)?.data_type();
            if !can_be(actual, id_type) {
                let (path, column, actual) = (file.path.clone(), id, actual.to_string());
                let survey = if id_type == IdType::Utf8 { "text" } else { "integers" };
                return Err(Error::KeyType { kind, path, column, actual, survey });
            }
        }
        let (ids, reading, expressed, values, bytes_read) = Default::default();
        let files = Arc::new(files);
        Ok(Self { kind, files, id, id_type, filter: None, ids, reading, expressed, values, bytes_read })
    }

    /// Adds the bytes that are read from the table to a counter.
    pub(crate) fn counted_by(mut self, counter: Arc<AtomicU64>) -> Self {
        self.bytes_read = counter;
        self
    }

    /// Returns the kind of the table.
    #[must_use]
    pub const fn kind(&self) -> TableKind {
        self.kind
    }

    /// Keeps only the rows for which a condition is true.
    ///
    /// # Errors
    /// [`Error::Condition`] if the condition is not valid for the columns of the table.
    pub fn filtered(mut self, condition: &str) -> Result<Self, Error> {
        let parse = |text: &str| Expression::parse(text).map_err(|source| Error::Condition { path: None, source });
        let text = match &self.filter {
            // Parsed by itself first: joined with AND, text that is not a condition could pass.
            Some(first) => {
                parse(condition)?;
                format!("({first}\n) AND ({condition}\n)")
            }
            None => condition.to_owned(),
        };
        let parsed = parse(&text)?;
        for file in Arc::make_mut(&mut self.files) {
            let bound = parsed.bind_condition(&file.in_expressions());
            let path = || Some(file.path.clone());
            file.predicate = Some(bound.map_err(|source| Error::Condition { path: path(), source })?);
        }
        (self.filter, self.ids) = (Some(text), Arc::default());
        Ok(self)
    }

    /// Returns the paths of the files, in order.
    pub fn paths(&self) -> impl ExactSizeIterator<Item = &std::path::Path> {
        self.files.iter().map(|file| file.path.as_path())
    }

    /// Returns the stamp that each file had when its footer was read. It identifies the content without reading it.
    pub fn stamps(&self) -> impl ExactSizeIterator<Item = FileStamp> + '_ {
        self.files.iter().map(|file| file.stamp)
    }

    /// Returns the name of the key column.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the condition on its rows, if there is one.
    #[must_use]
    pub fn filter(&self) -> Option<&str> {
        self.filter.as_deref()
    }

    /// Returns the names of the columns.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        self.files[0].columns()
    }

    /// Returns the number of rows, according to the footers.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let rows = |file: &TableFile| u64::try_from(file.metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
        self.files.iter().map(rows).fold(0, u64::saturating_add)
    }

    /// Returns the schema of these columns.
    ///
    /// # Errors
    /// If the table lacks one of the columns.
    pub fn schema(&self, columns: &[String]) -> Result<SchemaRef, Error> {
        let fields = columns.iter().map(|name| {
            let all = self.files.iter().map(|file| file.field(name)).collect::<Result<Vec<_>, _>>()?;
            Ok(all[0].clone().with_nullable(all.iter().any(|field| field.is_nullable())))
        });
        Ok(Arc::new(Schema::new(fields.collect::<Result<Vec<Field>, Error>>()?)))
    }

    /// Estimates from the footers how much memory the ids and all rows of these columns take, in bytes.
    ///
    /// # Errors
    /// If the table lacks one of the columns.
    pub fn memory_of(&self, columns: &[String]) -> Result<u64, Error> {
        self.schema(columns)?;
        let sizes = self.files.iter().flat_map(|file| file.sizes(columns));
        Ok(sizes.fold(self.rows().saturating_mul(BYTES_OF_ID), u64::saturating_add))
    }

    /// Returns columns to add to results.
    ///
    /// # Errors
    /// If the table lacks one of the columns or cannot be read, or if an id is there twice.
    pub fn joined(&self, columns: &[String]) -> Result<Joined<'_>, Error> {
        Ok(Joined::new(self.ids()?, self.columns_of(columns)?))
    }

    /// Reads all rows of these columns.
    pub(crate) fn columns_of(&self, columns: &[String]) -> Result<RecordBatch, Error> {
        let schema = self.schema(columns)?;
        let mut batches = vec![];
        for file in self.files.iter() {
            file.each_batch(columns, &self.bytes_read, &mut |columns, _| {
                let batch = RecordBatch::try_new(Arc::clone(&schema), columns);
                batches.push(batch.map_err(|error| file.differs(&self.files[0], error.to_string()))?);
                Ok(())
            })?;
        }
        let columns = concat_batches(&schema, &batches);
        columns.map_err(|error| self.files[0].corrupt(0, "(one of several)", error.to_string()))
    }

    /// Returns the ids of the rows that match the condition, each with its row number. They are read at the first call.
    ///
    /// # Errors
    /// If the table cannot be read, or an id is there twice.
    pub fn ids(&self) -> Result<&IdSet, Error> {
        let one_at_a_time = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let ids = match self.ids.get() {
            Some(ids) => ids,
            None => {
                let read = self.read_ids()?;
                self.ids.get_or_init(|| read)
            }
        };
        drop(one_at_a_time);
        Ok(ids)
    }

    fn read_ids(&self) -> Result<IdSet, Error> {
        let mut kept = vec![];
        for file in self.files.iter() {
            let needed = file.predicate.as_ref().map_or(&[][..], Predicate::columns);
            let fields = file.metadata.schema().fields();
            let names: Vec<String> = needed.iter().map(|&i| fields[i].name().clone()).collect();
            let columns = [std::slice::from_ref(&self.id), &names].concat();
            file.each_batch(&columns, &self.bytes_read, &mut |columns, row_group| {
                let ids = Loaded::new(&columns[0], self.id_type);
                let ids = ids.map_err(|error| file.unreadable(row_group, &self.id, &error))?;
                let rows = columns[0].len();
                let needed = columns[1..].iter().map(in_expressions).collect::<Result<Vec<_>, _>>();
                let needed = needed.map_err(|error| file.unreadable(row_group, &names.join("', '"), &error))?;
                let keep = file.predicate.as_ref().map(|predicate| predicate.keep(&needed, rows)).transpose();
                let keep = keep.map_err(|source| Error::Condition { path: Some(file.path.clone()), source })?;
                kept.push((ids, keep));
                Ok(())
            })?;
        }
        self.set_of(&kept)
    }

    /// Collects the ids of the rows that are kept.
    fn set_of(&self, batches: &[(Loaded, Option<BooleanBuffer>)]) -> Result<IdSet, Error> {
        let path = || self.files[0].path.clone();
        if self.rows() > u64::from(u32::MAX) {
            return Err(Error::TooManyTableRows { kind: self.kind, path: path() });
        }
        let (mut ids, mut place) = (vec![], 0_u32);
        for (batch, keep) in batches {
            each(batch, self.id_type, |row, id| {
                if let Some(id) = id.filter(|_| keep.as_ref().is_none_or(|keep| keep.value(row))) {
                    ids.push((id, place));
                }
                place += 1;
            });
        }
        IdSet::new(self.id_type, ids).map_err(|key| Error::KeyTwice {
            kind: self.kind,
            path: path(),
            column: self.id.clone(),
            key,
        })
    }
}

impl TableFile {
    fn open(path: PathBuf) -> Result<Self, Error> {
        let (metadata, stamp) = read_metadata(&path)?;
        let read = ArrowReaderMetadata::try_new(Arc::new(metadata), ArrowReaderOptions::new());
        match read {
            Ok(metadata) => Ok(Self { path, stamp, metadata, predicate: None }),
            Err(error) => Err(Error::NotParquet { path, reason: words(&error) }),
        }
    }

    fn columns(&self) -> Vec<String> {
        self.metadata.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    fn field(&self, name: &str) -> Result<&Field, Error> {
        self.metadata.schema().field_with_name(name).map_err(|_| {
            let available = self.columns();
            let nearest = nearest(name, &available).map(str::to_owned);
            Error::NoTableColumn { path: self.path.clone(), column: name.to_owned(), nearest, available }
        })
    }

    /// Returns the columns that conditions can use.
    pub(super) fn in_expressions(&self) -> Vec<Column> {
        let kind = |field: &Field| {
            let column_type = ColumnType::of_arrow(field.data_type());
            column_type.map(ColumnType::in_expressions).ok_or_else(|| field.data_type().to_string())
        };
        let column = |field: &Arc<Field>| Column { name: field.name().clone(), kind: kind(field) };
        self.metadata.schema().fields().iter().map(column).collect()
    }

    /// Returns the uncompressed sizes of the chunks of these columns, in bytes.
    fn sizes(&self, columns: &[String]) -> impl Iterator<Item = u64> {
        let parquet = self.metadata.parquet_schema();
        let is_asked = |leaf: usize| columns.iter().any(|name| name == parquet.get_column_root(leaf).name());
        let chunks = self.metadata.metadata().row_groups().iter().flat_map(|group| group.columns().iter().enumerate());
        chunks
            .filter(move |(leaf, _)| is_asked(*leaf))
            .map(|(_, chunk)| u64::try_from(chunk.uncompressed_size()).unwrap_or(0))
    }

    /// Decodes these columns in batches, and passes each batch to `take`, with the columns in this order, and its row
    /// group.
    fn each_batch(
        &self,
        columns: &[String],
        counter: &Arc<AtomicU64>,
        take: &mut dyn FnMut(Vec<ArrayRef>, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (file, stamp) = open(&self.path)?;
        if stamp != self.stamp {
            return Err(Error::Changed { path: self.path.clone() });
        }
        let schema = self.metadata.schema();
        let places = columns.iter().filter_map(|name| schema.index_of(name).ok());
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), places);
        for row_group in 0..self.metadata.metadata().num_row_groups() {
            let input = PositionedFile::new(file.clone(), stamp.bytes, Arc::clone(counter));
            let group = self.metadata.metadata().row_group(row_group);
            let read = group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf));
            input.prefetch(read.map(|(_, chunk)| {
                let (start, length) = chunk.byte_range();
                start..start.saturating_add(length)
            }))?;
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(input, self.metadata.clone())
                .with_row_groups(vec![row_group])
                .with_batch_size(ROWS)
                .with_projection(mask.clone());
            let broken = |error: ParquetError| self.corrupt(row_group, &columns.join("', '"), words(&error));
            let mut reader = guarded(|| builder.build()).map_err(broken)?;
            while let Some(batch) = guarded(|| reader.next().transpose().map_err(ParquetError::from)).map_err(broken)? {
                take(columns.iter().filter_map(|name| batch.column_by_name(name).cloned()).collect(), row_group)?;
            }
        }
        Ok(())
    }

    /// Returns the error for a value that cannot be used, or for a column that cannot be read.
    pub(super) fn unreadable(&self, row_group: usize, column: &str, error: &ParquetError) -> Error {
        match wrong_value(error) {
            Some(wrong) => {
                let (path, column) = (self.path.clone(), column.to_owned());
                Error::WrongValue { path, row_group, column, reason: wrong.to_string() }
            }
            None => self.corrupt(row_group, column, words(error)),
        }
    }

    pub(super) fn corrupt(&self, row_group: usize, column: &str, reason: String) -> Error {
        Error::Corrupt { path: self.path.clone(), row_group, column: column.to_owned(), reason }
    }

    fn differs(&self, first: &Self, difference: String) -> Error {
        Error::MixedSchemas { path: self.path.clone(), first: first.path.clone(), difference }
    }
}
