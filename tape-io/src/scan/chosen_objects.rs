//! Reads the rows of selected objects.

use tape_core::{Columns, IdRef, ObjectId, Partition, Piece, RowReader, Rows, SourceError, TableKind};

use crate::error::Error;
use crate::scan::partition_reader::PartitionReader;
use crate::survey::Survey;
use crate::survey::objects::Selection;
use crate::survey::objects::selection::Wanted;
use crate::survey::tables::KeyedTable;

/// A reader that drops the rows of all objects except the selected ones.
pub(super) struct ChosenObjects<'a> {
    rows: PartitionReader<'a>,
    /// The selections. An object must be in all of them.
    wanted: Vec<Wanted<'a>>,
    /// Number of rows that are not read, and not yet reported as excluded.
    passed: u64,
    drops: Vec<bool>,
}

impl<'a> ChosenObjects<'a> {
    /// `passed` is the number of rows that `rows` does not read, because their row groups cannot contain these objects.
    pub(super) const fn new(rows: PartitionReader<'a>, wanted: Vec<Wanted<'a>>, passed: u64) -> Self {
        Self { rows, wanted, passed, drops: vec![] }
    }
}

impl RowReader for ChosenObjects<'_> {
    fn read(&mut self, rows: &mut Rows, max_rows: usize) -> Result<usize, SourceError> {
        if self.passed > 0 {
            let passed = usize::try_from(self.passed).unwrap_or(usize::MAX);
            rows.excluded += std::mem::take(&mut self.passed);
            return Ok(passed);
        }
        let base = rows.len();
        let read = self.rows.read(rows, max_rows)?;
        self.drops.clear();
        // Rows of an object are mostly consecutive.
        let mut is_other = true;
        for row in base..rows.len() {
            let id = rows.ids.get(row);
            if row == base || id != rows.ids.get(row - 1) {
                is_other = !self.wanted.iter().all(|wanted| wanted.has(id));
            }
            self.drops.push(is_other);
        }
        let dropped = self.drops.iter().filter(|&&drop| drop).count();
        if dropped > 0 {
            rows.excluded += dropped as u64;
            rows.drop_from(base, &self.drops);
        }
        Ok(read)
    }
}

impl Survey {
    /// Reads the tables and counts the epochs that selections need, on all threads of the pool. Otherwise the first
    /// reader does so on one thread.
    ///
    /// # Errors
    /// If the table of objects or the ids of the survey cannot be read.
    pub fn prepare(&self) -> Result<(), SourceError> {
        TableKind::ALL.into_iter().filter_map(|kind| self.table(kind)).try_for_each(KeyedTable::load)?;
        for (before, selection) in self.selections.iter().enumerate() {
            selection.count(self, |row_group| self.read_ids(row_group, before))?;
        }
        Ok(())
    }

    /// Returns the selected objects of the table, in order, with or without light curves.
    ///
    /// # Errors
    /// [`Error::NoTable`] if there is no table. Also if the table or the survey cannot be read.
    pub fn listed(&self) -> Result<Vec<IdRef<'_>>, SourceError> {
        let table = self
            .objects
            .as_ref()
            .ok_or_else(|| Error::NoTable { kind: TableKind::Objects, what: "listing all objects".to_owned() })?;
        let mut all: Vec<IdRef<'_>> = table.ids()?.iter().collect();
        for (before, selection) in self.selections.iter().enumerate() {
            let wanted = selection.wanted(self, |row_group| self.read_ids(row_group, before))?;
            all.retain(|id| wanted.has(*id));
        }
        Ok(all)
    }

    /// Returns the objects selected by the last selection by number of epochs, in order, or `None` if there is no such
    /// selection. Other processes can use them in place of that selection and all earlier ones.
    ///
    /// # Errors
    /// If the table of objects or the ids of the survey cannot be read.
    pub fn counted(&self) -> Result<Option<Vec<ObjectId>>, SourceError> {
        let Some(last) = self.selections.iter().rposition(Selection::is_counted) else { return Ok(None) };
        let wanted = self.selections[last].wanted(self, |row_group| self.read_ids(row_group, last))?;
        let Wanted::Ids(ids) = wanted else { return Ok(None) };
        Ok(Some(ids.iter().map(|id| id.to_owned(self.id_type())).collect()))
    }

    fn read_ids(&self, row_group: usize, before: usize) -> Result<Box<dyn RowReader + '_>, SourceError> {
        let rows = 0..self.row_groups()[row_group].rows;
        self.read_wanted(&Partition { pieces: vec![Piece { row_group, rows }] }, Columns::default(), before)
    }

    /// Reads the rows of the objects in the table and in the first `chosen` selections.
    pub(crate) fn read_wanted(
        &self,
        partition: &Partition,
        columns: Columns,
        chosen: usize,
    ) -> Result<Box<dyn RowReader + '_>, SourceError> {
        let mut all = vec![];
        if let Some(table) = &self.objects {
            all.push(Wanted::Ids(table.ids()?));
        }
        for (before, selection) in self.selections.iter().enumerate().take(chosen) {
            all.push(selection.wanted(self, |row_group| self.read_ids(row_group, before))?);
        }
        if all.is_empty() {
            return Ok(Box::new(PartitionReader::new(self, partition, columns)));
        }
        let may_hold = |row_group: usize| {
            let range = self.row_groups()[row_group].ids.as_ref();
            range.is_none_or(|range| all.iter().all(|wanted| wanted.touches(range)))
        };
        let (pieces, passed): (Vec<_>, Vec<_>) =
            partition.pieces.iter().cloned().partition(|piece| may_hold(piece.row_group));
        let passed = passed.iter().map(|piece| piece.rows.end.saturating_sub(piece.rows.start)).sum();
        let reader = PartitionReader::new(self, &Partition { pieces }, columns);
        Ok(Box::new(ChosenObjects::new(reader, all, passed)))
    }
}
