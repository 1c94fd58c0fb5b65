//! Reads the rows that match a condition, with derived columns.

use std::ops::Range;

use tape_core::{Piece, Rows};

use crate::decode::column_reader::{ColumnReader, RowBuffers};
use crate::decode::guard::guarded;
use crate::decode::input::PositionedFile;
use crate::decode::list_pages::LevelQueue;
use crate::error::Error;
use crate::scan::error::ScanError;
use crate::scan::partition_reader::{OpenRowGroup, PartitionReader};
use crate::scan::row_filter::{FilterError, FilteredBatch, RowFilter};

impl<'a> PartitionReader<'a> {
    /// Opens the columns that expressions over rows need. Returns `None` if there are none.
    pub(super) fn open_filter(
        &self,
        row_group: usize,
        file: &PositionedFile,
        skip: usize,
    ) -> Result<Option<RowFilter<'a>>, Error> {
        let (footer, index) = self.survey.footer(row_group);
        // List columns have their own filter, over list elements.
        let expressions = self.survey.expressions_of(row_group).filter(|_| !footer.is_nested());
        let Some(expressions) = expressions else { return Ok(None) };
        let mut leaves = Vec::with_capacity(expressions.leaves.len());
        for (leaf, needed) in expressions.leaves.iter().zip(expressions.needed(self.columns)) {
            if !needed {
                leaves.push(None);
                continue;
            }
            let opened = guarded(|| {
                let mut opened = ColumnReader::open(footer, index, file, leaf, &LevelQueue::default())?;
                opened.skip(skip)?;
                Ok(opened)
            });
            leaves.push(Some(opened.map_err(|error| self.failed_column(row_group, &leaf.name, error))?));
        }
        // A filter is not needed if no expression uses these columns.
        Ok(expressions.asks(self.columns).then(|| RowFilter::new(expressions, self.columns, leaves, self.survey)))
    }

    /// Skips the rows at the start of the next piece for which the condition cannot be true. Returns their number, or
    /// `None` if there are none.
    pub(super) fn pass_over(&mut self, rows: &mut Rows) -> Option<usize> {
        while self.pieces.front()?.rows.is_empty() {
            self.pieces.pop_front();
        }
        let mut piece = self.pieces.pop_front()?;
        let passed = self.passed(&mut piece);
        rows.excluded += passed;
        if piece.rows.start < piece.rows.end {
            self.pieces.push_front(piece);
        }
        (passed > 0).then(|| usize::try_from(passed).unwrap_or(usize::MAX))
    }

    /// Skips the first rows of a piece for which the condition cannot be true, according to its row group or pages.
    /// Cuts the piece before the next such rows. Returns the number of skipped rows.
    fn passed(&mut self, piece: &mut Piece) -> u64 {
        let Range { start, end } = piece.rows;
        let next = if self.survey.skips(piece.row_group) {
            end
        } else {
            let Some(kept) = self.survey.rows_kept(piece.row_group) else { return 0 };
            let next = kept.get(kept.partition_point(|run| run.end <= start));
            let cut = next.filter(|run| run.start <= start && run.end < end);
            if let Some(run) = cut {
                self.pieces.push_front(Piece { rows: run.end..end, ..*piece });
                piece.rows.end = run.end;
            }
            next.map_or(end, |run| run.start.clamp(start, end))
        };
        piece.rows.start = next.max(start);
        piece.rows.start - start
    }

    /// Reads `n` rows, and appends those for which the condition is true.
    pub(super) fn read_filtered(&mut self, n: usize, rows: &mut Rows) -> Result<(), Error> {
        let mut batch = std::mem::replace(&mut self.batch, rows.new_like());
        batch.clear();
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let appended = self.append_filtered(n, &mut open, &mut batch, rows);
        (self.open, self.batch) = (Some(open), batch);
        appended
    }

    fn append_filtered(
        &self,
        n: usize,
        open: &mut OpenRowGroup<'_>,
        batch: &mut Rows,
        rows: &mut Rows,
    ) -> Result<(), Error> {
        let OpenRowGroup { row_group, columns, null_ids, filter: Some(filter), .. } = open else { return Ok(()) };
        let row_group = *row_group;
        let filtered = filter.read(n).map_err(|error| match error {
            FilterError::Column(place, error) => self.failed_column(row_group, &filter.leaf(place).name, error),
            FilterError::Table(error) => error,
            FilterError::Condition(source) => {
                let path = Some(self.survey.footer(row_group).0.path.clone());
                Error::Condition { path, source }
            }
        })?;
        let kept = filtered.keep.count_set_bits();
        rows.excluded += (n - kept) as u64;
        if kept == 0 {
            return Ok(());
        }
        null_ids.clear();
        let behind = filter.catch_up();
        for (role, column) in columns {
            let mut into = RowBuffers { rows: batch, null_ids, bands: self.survey.bands() };
            let read = guarded(|| {
                if behind > 0 {
                    column.skip(behind)?;
                }
                column.append(*role, n, &mut into)
            });
            read.map_err(|error| self.failed(row_group, ScanError::Column(*role, error)))?;
        }
        let appended = filter.append(&filtered, batch, null_ids, self.survey.bands());
        appended.map_err(|error| self.failed(row_group, error.into()))?;
        append_kept(&filtered, batch, null_ids, rows);
        Ok(())
    }
}

/// Appends the rows for which the condition is true, except rows with a null id, which are counted.
fn append_kept(filtered: &FilteredBatch, batch: &Rows, null_ids: &[bool], rows: &mut Rows) {
    let null = |row: usize| null_ids.get(row).copied().unwrap_or(false);
    for (start, end) in filtered.keep.set_slices() {
        let mut from = start;
        while from < end {
            let to = (from..end).find(|&row| null(row) != null(from)).unwrap_or(end);
            if null(from) {
                rows.null_ids += (to - from) as u64;
            } else {
                rows.extend_from(batch, from..to);
            }
            from = to;
        }
    }
}
