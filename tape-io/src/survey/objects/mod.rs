//! Selections of objects, by a table of objects or without one ([`selection`]).

pub(crate) mod selection;

use std::path::Path;
use std::sync::Arc;

use tape_core::{IdSet, Ids, ObjectId, Role, TableKind};

use crate::error::Error;
use crate::survey::Survey;
use crate::survey::tables::KeyedTable;
pub use selection::Chosen;
pub(crate) use selection::Selection;

impl Survey {
    /// Keeps only the objects of a table, whose files have one row for each object. The ids are in the column `id`, or
    /// else in a column named like the survey's, or else in one with a common name for ids. Only footers are read now.
    /// The ids are read before the first rows, and row groups without any of these objects are then skipped.
    ///
    /// # Errors
    /// See [`KeyedTable::open_objects`].
    pub fn with_objects<P: AsRef<Path>>(mut self, inputs: &[P], id: Option<&str>) -> Result<Self, Error> {
        let table = KeyedTable::open_objects(inputs, id, self.title(Role::Id), self.id_type())?;
        self.objects = Some(table.counted_by(self.counter()));
        self.with_waiting()
    }

    /// Keeps only objects for which a condition on the columns of the table is true. Several conditions must all be
    /// true.
    ///
    /// # Errors
    /// See [`KeyedTable::filtered`]. Also [`Error::NoTable`] if there is no table.
    pub fn objects_filtered(mut self, condition: &str) -> Result<Self, Error> {
        let table = self
            .objects
            .take()
            .ok_or_else(|| Error::NoTable { kind: TableKind::Objects, what: format!("the condition '{condition}'") })?;
        self.objects = Some(table.filtered(condition)?);
        self.bound()
    }

    /// Returns the table of objects, if there is one.
    #[must_use]
    pub const fn objects(&self) -> Option<&KeyedTable> {
        self.objects.as_ref()
    }

    /// Keeps only the objects with these ids. Ids that are not in the survey are ignored.
    #[must_use]
    pub fn of_ids(mut self, ids: &[ObjectId]) -> Self {
        let mut own = Ids::new(self.id_type());
        let keys = ids.iter().filter_map(|id| id.key(self.id_type()));
        keys.for_each(|key| own.push(key).expect("a key is of the column's kind"));
        self.selections.push(Selection::Ids(Arc::new(IdSet::of(&own, self.id_type()))));
        self
    }

    /// Keeps about this fraction of the objects. The choice depends only on `seed` and the ids, so it is the same on
    /// every machine.
    #[must_use]
    pub fn sampled(mut self, fraction: f64, seed: u64) -> Self {
        self.selections.push(Selection::Sample { fraction, seed });
        self
    }

    /// Keeps only objects with at least `least` epochs, among the rows and objects selected so far. Ids are read and
    /// counted first, before other columns are read.
    #[must_use]
    pub fn with_epochs(mut self, least: u64) -> Self {
        self.selections.push(Selection::epochs(least));
        self
    }

    /// Discards the counts of epochs, because the selected rows have changed.
    pub(crate) fn counting_again(mut self) -> Self {
        self.selections.iter_mut().for_each(Selection::forget);
        self
    }

    /// Describes the selections, except the table of objects.
    pub fn selections(&self) -> impl Iterator<Item = String> {
        self.selections.iter().map(ToString::to_string)
    }

    /// Returns the selections in order, except the table of objects.
    pub fn chosen(&self) -> impl Iterator<Item = Chosen> {
        self.selections.iter().map(|selection| selection.chosen(self.id_type()))
    }

    /// Estimates the memory that the selections hold now, in bytes.
    #[must_use]
    pub fn selected_bytes(&self) -> u64 {
        self.selections.iter().map(Selection::bytes).sum()
    }
}
