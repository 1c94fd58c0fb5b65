//! The general decoder: reads a column chunk of any type and encoding with the Arrow reader of the `parquet` crate.
//!
//! The pages are the same as those of the fast decoders: checked, and for columns in lists, with one row per element.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, new_empty_array};
use arrow::compute::concat;
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowGroups, RowSelection, RowSelector};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::Repetition;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor, Type};

use crate::decode::column_type::ColumnType;
use crate::decode::from_arrow::normalized;
use crate::decode::page::ended;

/// Number of rows to decode at a time.
const BATCH: usize = 4096;
/// A number of rows that no row group exceeds.
const ALL: usize = usize::MAX >> 1;

/// Returns a schema with only this column, not nested.
pub(crate) fn flat_schema(column: &ColumnDescriptor, optional: bool) -> Result<SchemaDescriptor> {
    let info = column.self_type().get_basic_info();
    let repetition = if optional { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    let leaf = Type::primitive_type_builder("value", column.physical_type())
        .with_repetition(repetition)
        .with_converted_type(info.converted_type())
        .with_logical_type(info.logical_type_ref().cloned())
        .with_length(column.type_length())
        .with_precision(column.type_precision())
        .with_scale(column.type_scale())
        .build()?;
    let root = Type::group_type_builder("schema").with_fields(vec![Arc::new(leaf)]).build()?;
    Ok(SchemaDescriptor::new(Arc::new(root)))
}

/// A reader of a column chunk as Arrow arrays, in the types that expressions use.
pub(crate) struct ArrowColumn {
    column_type: ColumnType,
    chunk: Option<Chunk>,
    reader: Option<ParquetRecordBatchReader>,
    /// Rows that were decoded but not read yet.
    ready: Option<ArrayRef>,
    failed: Failure,
}

/// The original error of reading a page, because Arrow's reader passes on only its text.
type Failure = Arc<Mutex<Option<ParquetError>>>;

/// The parts from which a reader is built.
struct Chunk {
    schema: SchemaDescriptor,
    metadata: Arc<ParquetMetaData>,
    row_group: usize,
    pages: Mutex<Option<Box<dyn PageReader>>>,
}

impl ArrowColumn {
    /// Opens a column chunk whose pages are flat.
    pub(crate) fn new(
        column_type: ColumnType,
        column: &ColumnDescriptor,
        optional: bool,
        (metadata, row_group): (Arc<ParquetMetaData>, usize),
        pages: Box<dyn PageReader>,
    ) -> Result<Self> {
        let schema = flat_schema(column, optional)?;
        let failed = Failure::default();
        let pages: Box<dyn PageReader> = Box::new(NotedPages { pages, failed: Arc::clone(&failed) });
        let chunk = Chunk { schema, metadata, row_group, pages: Some(pages).into() };
        Ok(Self { column_type, chunk: Some(chunk), reader: None, ready: None, failed })
    }

    /// Skips the next `n` rows. Before the first read, does not decode pages that are skipped whole.
    pub(crate) fn skip(&mut self, mut n: usize) -> Result<()> {
        if n == 0 {
            return Ok(());
        }
        if self.chunk.is_some() {
            self.open(n)?;
            // Decode now, because skipping a page is what adds it to the queue of list levels.
            self.ready = self.decode()?;
            return Ok(());
        }
        while n > 0 {
            n -= self.take(n)?.len();
        }
        Ok(())
    }

    /// Reads the next `n` rows.
    pub(crate) fn read(&mut self, n: usize) -> Result<ArrayRef> {
        if n == 0 {
            return Ok(new_empty_array(&self.column_type.in_arrays()));
        }
        let (mut parts, mut rows) = (vec![], 0);
        while rows < n {
            let part = self.take(n - rows)?;
            rows += part.len();
            parts.push(part);
        }
        if let [part] = &parts[..] {
            return Ok(Arc::clone(part));
        }
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        Ok(concat(&parts)?)
    }

    /// Takes up to `n` rows, at least one.
    fn take(&mut self, n: usize) -> Result<ArrayRef> {
        self.open(0)?;
        let ready = match self.ready.take() {
            Some(ready) => ready,
            None => self.decode()?.ok_or_else(ended)?,
        };
        if ready.len() > n {
            self.ready = Some(ready.slice(n, ready.len() - n));
            return Ok(ready.slice(0, n));
        }
        Ok(ready)
    }

    fn decode(&mut self) -> Result<Option<ArrayRef>> {
        let batch = match self.reader.as_mut().and_then(Iterator::next) {
            None => return Ok(None),
            Some(Ok(batch)) => batch,
            Some(Err(error)) => return Err(self.error(error)),
        };
        let array = normalized(batch.column(0), self.column_type)?;
        Ok(Some(array).filter(|array| !array.is_empty()))
    }

    fn error(&self, error: ArrowError) -> ParquetError {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        failed.unwrap_or_else(|| match error {
            ArrowError::ParquetError(text) => {
                ParquetError::General(text.strip_prefix("Parquet error: ").unwrap_or(&text).to_owned())
            }
            other => other.into(),
        })
    }

    fn open(&mut self, skip: usize) -> Result<()> {
        let Some(chunk) = self.chunk.take() else { return Ok(()) };
        let levels = parquet_to_arrow_field_levels(&chunk.schema, ProjectionMask::all(), None)?;
        let selection = (skip > 0).then(|| RowSelection::from(vec![RowSelector::skip(skip), RowSelector::select(ALL)]));
        self.reader = Some(ParquetRecordBatchReader::try_new_with_row_groups(&levels, &chunk, BATCH, selection)?);
        Ok(())
    }
}

impl RowGroups for Chunk {
    fn num_rows(&self) -> usize {
        ALL
    }

    fn column_chunks(&self, _: usize) -> Result<Box<dyn PageIterator>> {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner).take();
        let pages = pages.ok_or_else(|| ParquetError::General("the column chunk was opened twice".to_owned()))?;
        Ok(Box::new(OneChunk(Some(pages))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.metadata.row_group(self.row_group)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// A page reader that records the errors of another.
struct NotedPages {
    pages: Box<dyn PageReader>,
    failed: Failure,
}

impl NotedPages {
    fn noted<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|error| {
            let again = ParquetError::General(error.to_string());
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            again
        })
    }
}

impl PageReader for NotedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page();
        self.noted(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        let page = self.pages.peek_next_page();
        self.noted(page)
    }

    fn skip_next_page(&mut self) -> Result<()> {
        let skipped = self.pages.skip_next_page();
        self.noted(skipped)
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

impl Iterator for NotedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

/// An iterator over the pages of one column chunk.
struct OneChunk(Option<Box<dyn PageReader>>);

impl Iterator for OneChunk {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl PageIterator for OneChunk {}
