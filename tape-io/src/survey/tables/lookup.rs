//! Columns of tables that expressions over rows use: held in memory, and looked up by the key of each row.

use std::sync::{Arc, PoisonError};

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::error::ArrowError;

use super::keyed::KeyedTable;
use super::keys::{Loaded, each};
use crate::decode::from_arrow::in_expressions;
use crate::error::Error;
use crate::expr::Column;

impl KeyedTable {
    /// Returns the columns with the names that expressions over rows use.
    pub(crate) fn in_expressions(&self) -> impl Iterator<Item = Column> {
        let prefix = self.kind().prefix();
        let columns = self.files[0].in_expressions().into_iter();
        columns.map(move |column| Column { name: format!("{prefix}{}", column.name), ..column })
    }

    /// Sets the columns that expressions over rows need.
    pub(crate) fn express(&mut self, columns: Vec<String>) {
        if self.expressed != columns {
            (self.expressed, self.values) = (columns, Arc::default());
        }
    }

    /// Returns the columns that expressions over rows need.
    #[must_use]
    pub fn expressed(&self) -> &[String] {
        &self.expressed
    }

    /// Reads the ids, and the columns that expressions need, unless they were read before.
    ///
    /// # Errors
    /// See [`KeyedTable::ids`].
    pub fn load(&self) -> Result<(), Error> {
        self.ids()?;
        if !self.expressed.is_empty() {
            self.expressed_values()?;
        }
        Ok(())
    }

    fn expressed_values(&self) -> Result<&RecordBatch, Error> {
        let one_at_a_time = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let values = match self.values.get() {
            Some(values) => values,
            None => {
                let read = self.columns_of(&self.expressed)?;
                self.values.get_or_init(|| read)
            }
        };
        drop(one_at_a_time);
        Ok(values)
    }

    /// Returns the values of these columns for each key. The columns must be among those that expressions need.
    pub(crate) fn values_of(&self, ids: &ArrayRef, columns: &[String]) -> Result<Vec<ArrayRef>, Error> {
        let wrong = |error: ArrowError| self.files[0].corrupt(0, &self.id, error.to_string());
        let (known, values) = (self.ids()?, self.expressed_values()?);
        let loaded = Loaded::new(ids, self.id_type);
        let loaded = loaded.map_err(|error| self.files[0].unreadable(0, &self.id, &error))?;
        let mut rows: Vec<Option<u32>> = Vec::with_capacity(ids.len());
        each(&loaded, self.id_type, |_, id| rows.push(id.and_then(|id| known.place(id))));
        let rows = UInt32Array::from(rows);
        let of = |name: &String| {
            let column = values.column_by_name(name).ok_or_else(|| {
                let (path, available) = (self.files[0].path.clone(), self.columns());
                Error::NoTableColumn { path, column: name.clone(), nearest: None, available }
            })?;
            let taken = take(column, &rows, None).map_err(wrong)?;
            in_expressions(&taken).map_err(|error| self.files[0].unreadable(0, name, &error))
        };
        columns.iter().map(of).collect()
    }
}
