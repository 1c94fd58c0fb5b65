//! A table with a row for each object, beside the survey of their light curves: which objects are meant, and what is known of
//! them.
//!
//! [`table`] is the table itself; [`ids`] are its ids as a survey has them; [`reader`] passes over the rows of all other
//! objects; [`joined`] puts its columns beside results.

mod ids;
mod joined;
mod reader;
mod table;

use std::sync::Arc;

use tape_core::{Partition, Role, RowReader, Source};

use crate::error::Error;
use crate::survey::Survey;
pub use joined::Joined;
use reader::OfObjects;
pub use table::ObjectTable;

impl Survey {
    /// The light curves of the objects of a table alone: its files have a row for each object, and the id in a column that is
    /// named, or called as that of the survey, or as ids commonly are. Only footers are read now; ids when rows are read
    /// first, and then row groups of no such object are not read at all.
    ///
    /// # Errors
    /// As [`ObjectTable::open`].
    pub fn with_objects<S: AsRef<str>>(mut self, inputs: &[S], id: Option<&str>) -> Result<Self, Error> {
        let mut table = ObjectTable::open(inputs, id, self.title(Role::Id), self.id_type())?;
        table.bytes_read = Arc::clone(&self.counter());
        self.objects = Some(table);
        Ok(self)
    }

    /// The same, of those objects alone for which a condition on the columns of the table is true; a second one must hold too.
    ///
    /// # Errors
    /// As [`ObjectTable::filtered`], and [`Error::NoObjects`] if there is no table.
    pub fn objects_filtered(mut self, condition: &str) -> Result<Self, Error> {
        let table = self.objects.take().ok_or_else(|| Error::NoObjects { what: format!("condition '{condition}'") })?;
        self.objects = Some(table.filtered(condition)?);
        Ok(self)
    }

    /// The table of objects, if there is one.
    #[must_use]
    pub const fn objects(&self) -> Option<&ObjectTable> {
        self.objects.as_ref()
    }

    /// Reads the rows of the objects that are meant.
    pub(crate) fn read_objects<'a>(
        &'a self,
        partition: &Partition,
        open: impl FnOnce(&Partition) -> Box<dyn RowReader + 'a>,
    ) -> Result<Box<dyn RowReader + 'a>, Error> {
        let Some(table) = &self.objects else { return Ok(open(partition)) };
        let (ids, groups) = (table.ids()?, self.row_groups());
        let may_hold = |row_group: usize| groups[row_group].ids.as_ref().is_none_or(|range| ids.touches(range));
        let (pieces, passed): (Vec<_>, Vec<_>) =
            partition.pieces.iter().cloned().partition(|piece| may_hold(piece.row_group));
        let passed = passed.iter().map(|piece| piece.rows.end.saturating_sub(piece.rows.start)).sum();
        Ok(Box::new(OfObjects::new(open(&Partition { pieces }), ids, passed)))
    }
}
