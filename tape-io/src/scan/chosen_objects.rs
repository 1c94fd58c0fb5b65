//! The rows of some objects.

use tape_core::{Columns, IdRef, ObjectId, Partition, Piece, RowReader, Rows, SourceError, TableKind};

use crate::error::Error;
use crate::scan::partition_reader::PartitionReader;
use crate::survey::Survey;
use crate::survey::objects::Selection;
use crate::survey::objects::selection::Wanted;
use crate::survey::tables::KeyedTable;

/// Reads what another reader does, and drops the rows of all objects but some.
pub(super) struct ChosenObjects<'a> {
    rows: PartitionReader<'a>,
    /// Each must have an object.
    wanted: Vec<Wanted<'a>>,
    /// Rows that need not be read, and were not told of yet.
    passed: u64,
    drops: Vec<bool>,
}

impl<'a> ChosenObjects<'a> {
    /// `passed` are rows that `rows` does not read, because none of them can be of these objects.
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
        // Rows of an object mostly follow each other.
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
    /// Finds out which objects are meant, on all threads of the pool, so that readers need not do so one by one.
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

    /// The objects of the table that are meant, in order, whether they have light curves or not.
    ///
    /// # Errors
    /// [`Error::NoTable`] if there is no table; if that or the survey cannot be read.
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

    /// The objects that the last choice by epochs leaves, in order; none if there is no such choice. Other processes can take
    /// them for it and all choices before it.
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

    /// Reads the rows of the objects that are meant, by the table and the first `chosen` of the selections.
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
