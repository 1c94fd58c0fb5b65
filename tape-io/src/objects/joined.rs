//! What is known of objects, beside results of them.

use std::sync::Arc;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use tape_core::IdSet;

use super::ids::{Loaded, each};

/// Columns of a table of objects.
#[derive(Clone, Debug)]
pub struct Joined<'a> {
    /// Each with its row of the table.
    ids: &'a IdSet,
    columns: RecordBatch,
}

impl<'a> Joined<'a> {
    pub(super) const fn new(ids: &'a IdSet, columns: RecordBatch) -> Self {
        Self { ids, columns }
    }

    /// The columns of a table of results with these behind them. All may be null: of an object that is not in the table
    /// nothing is known.
    #[must_use]
    pub fn schema(&self, results: &Schema) -> SchemaRef {
        let known = self.columns.schema();
        let known = known.fields().iter().map(|field| Arc::new(field.as_ref().clone().with_nullable(true)));
        let fields = results.fields().iter().cloned().chain(known);
        Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), results.metadata().clone()))
    }

    /// A table of results, of which the first column is the id, with the values of each row's object behind.
    ///
    /// # Errors
    /// If the first column is none of ids.
    pub fn beside(&self, results: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let id_type = self.ids.id_type();
        let ids = Loaded::new(results.column(0), id_type)?;
        let mut rows: Vec<Option<u32>> = Vec::with_capacity(results.num_rows());
        each(&ids, id_type, |_, id| rows.push(id.and_then(|id| self.ids.place(id))));
        let rows = UInt32Array::from(rows);
        let mut columns = results.columns().to_vec();
        for column in self.columns.columns() {
            columns.push(take(column, &rows, None)?);
        }
        RecordBatch::try_new(self.schema(&results.schema()), columns)
    }
}
