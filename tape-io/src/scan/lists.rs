//! Reads the lists of a row group: finds where records begin, checks that all columns agree on it, and repeats the
//! values of each record for its epochs. A slot is a list element, or stands for a null or empty list.

use arrow::array::UInt32Array;
use tape_core::{Bands, Columns, IdType, Piece, Role, Rows};

use parquet::errors::ParquetError;

use crate::decode::column_reader::{ColumnReader, RowBuffers, levels_alone};
use crate::decode::footer::Footer;
use crate::decode::guard::guarded;
use crate::decode::input::PositionedFile;
use crate::decode::list_levels::{LevelReader, ListStarts, Records, no_start};
use crate::decode::list_pages::{Depth, LevelQueue};
use crate::scan::error::ScanError;
use crate::survey::roles;

/// The lists of a row group, from some slot on.
pub(crate) struct Lists {
    /// The list columns to read, with their records.
    leaves: Vec<(Role, Records)>,
    /// A reader that counts records if no list column is read.
    alone: Option<LevelReader>,
    /// The role of the column whose records are counted.
    counting: Role,
    /// Number of records begun so far.
    begun: u64,
    /// Number of rows of the row group, if the slots reach its end. The same number of records must begin.
    rows: Option<u64>,
    /// The columns with a value for each record.
    columns: Vec<(Role, ColumnReader)>,
    /// Their values for the records of a batch. The first record may have begun in an earlier batch.
    objects: Rows,
    /// For each of these records, true if its id is null. Empty if no id is null.
    null_ids: Vec<bool>,
    marks: ListStarts,
    other: ListStarts,
}

impl Lists {
    /// Opens the lists at the start of the piece, and counts the records that begin before it.
    pub(crate) fn open(
        footer: &Footer,
        index: usize,
        file: &PositionedFile,
        columns: Columns,
        piece: &Piece,
    ) -> Result<Self, ScanError> {
        let read = |role: Role| roles(columns).any(|read| read == role);
        let is_nested = |role: &Role| footer.role(*role).is_some_and(|column| column.leaf.is_nested());
        let any = Role::ALL.iter().any(|role| read(*role) && is_nested(role));
        // In nested surveys, fluxes are always in lists.
        let counting = footer.counting(index, read).unwrap_or(Role::Flux);
        let failed = |error: ParquetError| ScanError::Column(counting, error);
        let start = usize::try_from(piece.rows.start).unwrap_or(usize::MAX);
        let (mut alone, mut begun) = (None, 0);
        if let Some(column) = footer.role(counting).filter(|_| start > 0 || !any) {
            let mut levels = guarded(|| levels_alone(footer, index, file, &column.leaf)).map_err(failed)?;
            begun = guarded(|| levels.count(start)).map_err(failed)?;
            alone = (!any).then_some(levels);
        }
        let rows = u64::try_from(footer.metadata.row_group(index).num_rows()).unwrap_or(0);
        let rows = (piece.rows.end == footer.slots(index)).then_some(rows);
        let (marks, other) = (ListStarts::default(), ListStarts::default());
        let objects = Rows::new(IdType::Int64);
        let (leaves, columns, null_ids) = (vec![], vec![], vec![]);
        Ok(Self { leaves, alone, counting, begun, rows, columns, objects, null_ids, marks, other })
    }

    /// Returns the number of values to skip in a column of objects: records before that of the first slot.
    pub(crate) fn objects_to_skip(&self) -> usize {
        usize::try_from(self.begun.saturating_sub(1)).unwrap_or(usize::MAX)
    }

    /// Adds a column of objects, at the record that began before the first slot.
    pub(crate) fn add_object(&mut self, role: Role, column: ColumnReader) {
        self.columns.push((role, column));
    }

    /// Adds a list column, after `skipped` slots were skipped.
    pub(crate) fn add_leaf(
        &mut self,
        role: Role,
        depth: Depth,
        levels: LevelQueue,
        skipped: usize,
    ) -> Result<(), ParquetError> {
        let mut records = Records::new(depth, levels);
        records.skip(skipped)?;
        self.leaves.push((role, records));
        Ok(())
    }

    /// Reads the values of the record that began before the first slot.
    pub(crate) fn carry(&mut self, bands: &Bands, id_type: IdType) -> Result<(), ScanError> {
        self.objects = Rows::new(id_type);
        if self.begun > 0 { self.take_objects(0, 1, bands) } else { Ok(()) }
    }

    /// Appends the values and null ids of objects for the next `n` slots. [`Lists::empty`] tells which slots are not
    /// epochs.
    pub(crate) fn append(
        &mut self,
        n: usize,
        rows: &mut Rows,
        null_ids: &mut Vec<bool>,
        bands: &Bands,
    ) -> Result<(), ScanError> {
        self.mark(n)?;
        let carried = usize::from(self.begun > 0);
        if carried == 0 && self.marks.starts.first() != Some(&0) {
            return Err(ScanError::Column(self.counting, no_start()));
        }
        let begun = self.marks.starts.len();
        self.take_objects(carried, begun, bands)?;
        self.begun += begun as u64;
        let starts = self.marks.starts.iter().map(|&start| start as usize);
        let ends = starts.clone().skip(1 - carried).chain([n]);
        let mut from = 0;
        if !self.null_ids.is_empty() && null_ids.is_empty() {
            null_ids.resize(n, false);
        }
        for (record, end) in ends.enumerate() {
            rows.repeat(&self.objects, record, end - from);
            if self.null_ids.get(record) == Some(&true) {
                null_ids[from..end].fill(true);
            }
            from = end;
        }
        // The last record may continue in the next batch.
        let before = carried + begun - 1;
        self.objects.drain_front(before);
        self.null_ids.drain(..before.min(self.null_ids.len()));
        if self.null_ids == [false] {
            self.null_ids.clear();
        }
        Ok(())
    }

    /// Reads the list starts of the next `n` slots in all columns, and checks that they agree.
    fn mark(&mut self, n: usize) -> Result<(), ScanError> {
        let Self { leaves, alone, marks, other, .. } = self;
        if let Some(alone) = alone {
            return guarded(|| alone.next(n, marks)).map_err(|error| ScanError::Column(self.counting, error));
        }
        let mut first = None;
        for (role, records) in leaves {
            let looked = records.next(n, if first.is_none() { marks } else { other });
            looked.map_err(|error| ScanError::Column(*role, error))?;
            let Some(first) = first else {
                first = Some(*role);
                continue;
            };
            if let Some(begun) = marks.differ(other) {
                return Err(ScanError::Unequal([first, *role], (self.begun + begun as u64).saturating_sub(1)));
            }
        }
        Ok(())
    }

    /// Reads the values of the next `n` records, after those of the `carried` records that began earlier.
    fn take_objects(&mut self, carried: usize, n: usize, bands: &Bands) -> Result<(), ScanError> {
        let mut nulls = vec![];
        for (role, column) in &mut self.columns {
            let mut into = RowBuffers { rows: &mut self.objects, null_ids: &mut nulls, bands };
            guarded(|| column.append(*role, n, &mut into)).map_err(|error| ScanError::Column(*role, error))?;
        }
        if !nulls.is_empty() || !self.null_ids.is_empty() {
            self.null_ids.resize(carried, false);
            nulls.resize(n, false);
            self.null_ids.append(&mut nulls);
        }
        Ok(())
    }

    /// Returns true if a record began before the next slot.
    pub(crate) const fn has_begun(&self) -> bool {
        self.begun > 0
    }

    /// Returns the number of records that begin in the last batch.
    pub(crate) fn begun_in_batch(&self) -> usize {
        self.marks.starts.len()
    }

    /// Returns, for each of the `n` slots of the last batch, the index of its record. The first record is the one that
    /// began in an earlier batch, if any.
    pub(crate) fn objects_of_slots(&self, n: usize) -> UInt32Array {
        let carried = self.begun > self.marks.starts.len() as u64;
        let (mut places, mut place) = (Vec::with_capacity(n), u32::from(carried));
        let mut starts = self.marks.starts.iter().peekable();
        for slot in 0..n {
            if starts.next_if(|start| **start as usize == slot).is_some() {
                place += 1;
            }
            places.push(place.saturating_sub(1));
        }
        places.into()
    }

    /// Checks that the lists of another column match those of the last batch.
    pub(crate) fn check_alike(&self, other: &ListStarts, name: &str) -> Result<(), ScanError> {
        match self.marks.differ(other) {
            None => Ok(()),
            Some(begun) => {
                let before = self.begun - self.marks.starts.len() as u64;
                Err(ScanError::UnequalLeaf(self.counting, name.to_owned(), (before + begun as u64).saturating_sub(1)))
            }
        }
    }

    /// Returns the slots of the last batch that stand for null or empty lists.
    pub(crate) fn empty(&self) -> &[u32] {
        &self.marks.empty
    }

    /// Checks that the number of records equals the number of rows of the row group, if all slots were read.
    pub(crate) fn end(&self) -> Result<(), ScanError> {
        match self.rows {
            Some(rows) if rows != self.begun => {
                let reason = format!("{} lists in a row group of {rows} rows", self.begun);
                Err(ScanError::Column(self.counting, ParquetError::General(reason)))
            }
            _ => Ok(()),
        }
    }
}
