//! Sinks for results: a table in memory, or a file.

use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{Schema as ArrowSchema, SchemaRef};
use tape_core::{Results, ResultsError, Schema, Sink, Source, SourceError, Statistic};
use tape_io::internal::Joined;
use tape_io::{TableOptions, TableWriter};

use super::wide::Pivot;
use crate::error::Error;
use crate::options::WriteOptions;

/// Converts the results of one run to Arrow.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    schema: &'a Schema,
    source: &'a dyn Source,
    /// Columns of the object table to append.
    joined: Option<&'a Joined<'a>>,
}

impl<'a> Table<'a> {
    pub(crate) const fn new(schema: &'a Schema, source: &'a dyn Source, joined: Option<&'a Joined<'a>>) -> Self {
        Self { schema, source, joined }
    }

    pub(crate) fn arrow(&self) -> SchemaRef {
        let long = self.schema.arrow();
        self.joined.map_or_else(|| Arc::clone(long), |joined| joined.schema(long))
    }

    pub(crate) fn batch(&self, results: &Results) -> Result<RecordBatch, Error> {
        beside(self.joined, self.schema.to_batch(results, &self.source.bands().labels())?)
    }
}

/// Appends the columns of the object table to results, if any.
pub(crate) fn beside(joined: Option<&Joined<'_>>, results: RecordBatch) -> Result<RecordBatch, Error> {
    let Some(joined) = joined else { return Ok(results) };
    check_names(&joined.schema(&results.schema()))?;
    joined.beside(&results).map_err(|error| Error::Results(error.into()))
}

/// Checks that no two columns of a table have the same name.
pub(crate) fn check_names(schema: &ArrowSchema) -> Result<(), Error> {
    let fields = schema.fields();
    match (1..fields.len()).find(|&i| fields[..i].iter().any(|field| field.name() == fields[i].name())) {
        Some(twice) => Err(ResultsError::DuplicateColumn { name: fields[twice].name().clone() }.into()),
        None => Ok(()),
    }
}

/// Collects results in memory.
pub(crate) struct Collector<'a> {
    table: Table<'a>,
    batches: Vec<RecordBatch>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(table: Table<'a>) -> Self {
        Self { table, batches: vec![] }
    }

    pub(crate) fn finish(self) -> Result<RecordBatch, Error> {
        let whole = concat_batches(&self.table.arrow(), &self.batches);
        whole.map_err(|error| Error::Results(error.into()))
    }
}

impl Sink for Collector<'_> {
    fn write(&mut self, results: Results) -> Result<(), SourceError> {
        self.batches.push(self.table.batch(&results).map_err(Box::new)?);
        Ok(())
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        self.batches.clear();
        Ok(())
    }
}

/// Number of rows written at a time. Page boundaries depend on it, so it must not depend on how results arrive.
const ROWS_AT_ONCE: usize = 64 * 1024;

/// A sink that writes results to a file. The bytes do not depend on the portions in which results arrive.
pub(crate) struct WriterSink<'a> {
    table: Table<'a>,
    writer: TableWriter,
    /// Buffered results, fewer than [`ROWS_AT_ONCE`].
    waiting: Option<Results>,
}

impl<'a> WriterSink<'a> {
    pub(crate) fn new(table: Table<'a>, writer: TableWriter) -> Self {
        Self { table, writer, waiting: None }
    }

    /// Writes the buffered results and completes the file.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        if let Some(rest) = self.waiting.take() {
            self.write_now(&rest)?;
        }
        self.writer.finish()?;
        Ok(())
    }

    fn write_now(&mut self, results: &Results) -> Result<(), Error> {
        Ok(self.writer.write(&self.table.batch(results)?)?)
    }
}

impl Sink for WriterSink<'_> {
    fn write(&mut self, results: Results) -> Result<(), SourceError> {
        let mut waiting = self.waiting.take().unwrap_or_else(|| results.new_like());
        let mut from = 0;
        while waiting.len() + results.len() - from >= ROWS_AT_ONCE {
            let to = from + ROWS_AT_ONCE - waiting.len();
            waiting.extend_from(&results, from..to);
            self.write_now(&waiting).map_err(Box::new)?;
            waiting = results.new_like();
            from = to;
        }
        waiting.extend_from(&results, from..results.len());
        self.waiting = Some(waiting);
        Ok(())
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        self.waiting = None;
        self.writer.restart().map_err(|error| Box::new(Error::Io(error)))?;
        Ok(())
    }
}

/// A description of the output file.
#[derive(Clone, Copy)]
pub(crate) struct Output<'a> {
    pub(crate) source: &'a dyn Source,
    pub(crate) statistics: &'a [Statistic],
    /// The selected bands.
    pub(crate) bands: Option<&'a [String]>,
    pub(crate) wide: bool,
    /// Columns of the object table to append.
    pub(crate) joined: Option<&'a Joined<'a>>,
    /// True if objects without a light curve get a row.
    pub(crate) all_objects: bool,
    /// Metadata of the file.
    pub(crate) metadata: &'a [(String, String)],
}

impl Output<'_> {
    /// Returns the schema of results in long form.
    pub(crate) fn schema(&self) -> Result<Schema, Error> {
        let schema = Schema::new(self.source, self.statistics)?;
        Ok(if self.all_objects { schema.with_null_bands() } else { schema })
    }

    /// Checks before the run that a file can probably be written at `path`.
    pub(crate) fn check(&self, path: &Path, options: WriteOptions) -> Result<(), Error> {
        let schema = self.schema()?;
        let settings = TableOptions { overwrite: options.overwrite, ..TableOptions::default() };
        drop(TableWriter::create(path, schema.arrow().clone(), settings)?);
        Ok(())
    }

    /// Calls `run` with a sink that writes to a file. The file appears only when it is complete.
    pub(crate) fn write<T>(
        &self,
        path: &Path,
        options: WriteOptions,
        run: impl FnOnce(&mut dyn Sink) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let schema = &self.schema()?;
        let (overwrite, metadata) = (options.overwrite, self.metadata.to_vec());
        let settings = TableOptions { overwrite, metadata, unsorted: false };
        let create = |arrow| TableWriter::create(path, arrow, settings.clone());
        if !self.wide {
            let table = Table::new(schema, self.source, self.joined);
            check_names(&table.arrow())?;
            let mut sink = WriterSink::new(table, create(table.arrow())?);
            let summary = run(&mut sink)?;
            sink.finish()?;
            return Ok(summary);
        }
        // An unsuitable schema must fail before the run.
        drop(create(schema.arrow().clone())?);
        let mut pivot = Pivot::new(schema, self.source);
        let summary = run(&mut pivot)?;
        let table = beside(self.joined, pivot.table(schema, self.source, self.bands)?)?;
        let mut writer = create(table.schema())?;
        writer.write(&table)?;
        writer.finish()?;
        Ok(summary)
    }
}
