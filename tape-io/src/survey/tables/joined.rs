//! Appends columns of the table of objects to results.

use std::sync::Arc;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use tape_core::IdSet;

use super::keys::{Loaded, each};

/// Columns of a table of objects.
#[derive(Clone, Debug)]
pub struct Joined<'a> {
    /// The row of each id in the table. If `None`, the first column of results holds row numbers, and these columns
    /// replace it.
    ids: Option<&'a IdSet>,
    columns: RecordBatch,
}

impl<'a> Joined<'a> {
    pub(super) const fn new(ids: &'a IdSet, columns: RecordBatch) -> Self {
        Self { ids: Some(ids), columns }
    }

    pub(crate) const fn in_place_of_ids(columns: RecordBatch) -> Self {
        Self { ids: None, columns }
    }

    /// Returns the schema of a table of results with these columns appended. They are nullable, because an object may
    /// be missing in the table. Columns that replace the id come first.
    #[must_use]
    pub fn schema(&self, results: &Schema) -> SchemaRef {
        let known = self.columns.schema();
        if self.ids.is_none() {
            let fields = known.fields().iter().chain(results.fields().iter().skip(1)).cloned();
            return Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), results.metadata().clone()));
        }
        let known = known.fields().iter().map(|field| Arc::new(field.as_ref().clone().with_nullable(true)));
        let fields = results.fields().iter().cloned().chain(known);
        Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), results.metadata().clone()))
    }

    /// Adds these columns to a table of results whose first column is the id. Each row gets the values of its object.
    /// The columns are appended, or replace the id.
    ///
    /// # Errors
    /// If the first column does not hold ids.
    pub fn beside(&self, results: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let Some(ids) = self.ids else { return self.in_place(results) };
        let id_type = ids.id_type();
        let loaded = Loaded::new(results.column(0), id_type)?;
        let mut rows: Vec<Option<u32>> = Vec::with_capacity(results.num_rows());
        each(&loaded, id_type, |_, id| rows.push(id.and_then(|id| ids.place(id))));
        let rows = UInt32Array::from(rows);
        let mut columns = results.columns().to_vec();
        for column in self.columns.columns() {
            columns.push(take(column, &rows, None)?);
        }
        RecordBatch::try_new(self.schema(&results.schema()), columns)
    }

    fn in_place(&self, results: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let rows = results.column(0);
        let keys = self.columns.columns().iter().map(|column| take(column, rows, None));
        let columns = keys.chain(results.columns().iter().skip(1).cloned().map(Ok));
        RecordBatch::try_new(self.schema(&results.schema()), columns.collect::<Result<_, _>>()?)
    }
}
