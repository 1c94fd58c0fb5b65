//! Where results go: a table in memory, or a file.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use tape_core::{Results, Schema, Sink, Source, SourceError};
use tape_io::TableWriter;

use crate::error::Error;

/// How results become Arrow in one run.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) source: &'a dyn Source,
}

impl Table<'_> {
    fn batch(&self, results: &Results) -> Result<RecordBatch, Error> {
        Ok(self.schema.to_batch(results, &self.source.bands().labels())?)
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
        let whole = concat_batches(self.table.schema.arrow(), &self.batches);
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

/// Writes results to a file as they come.
pub(crate) struct WriterSink<'a> {
    pub(crate) table: Table<'a>,
    pub(crate) writer: TableWriter,
}

impl Sink for WriterSink<'_> {
    fn write(&mut self, results: Results) -> Result<(), SourceError> {
        let batch = self.table.batch(&results).map_err(Box::new)?;
        self.writer.write(&batch).map_err(|error| Box::new(Error::Io(error)))?;
        Ok(())
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        self.writer.restart().map_err(|error| Box::new(Error::Io(error)))?;
        Ok(())
    }
}
