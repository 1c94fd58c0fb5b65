//! Reads the rows of a partition, one row group after another.

use std::collections::VecDeque;
use std::path::PathBuf;

use arrow::buffer::BooleanBuffer;
use parquet::errors::{ParquetError, Result as ParquetResult};
use tape_core::{Columns, Partition, Piece, Role, RowReader, Rows, SourceError};

use crate::decode::column_reader::ColumnReader;
use crate::decode::footer::{Footer, byte_ranges};
use crate::decode::from_arrow::wrong_value;
use crate::decode::guard::guarded;
use crate::decode::input::PositionedFile;
use crate::decode::list_pages::LevelQueue;
use crate::error::{Error, system, words};
use crate::file::opened::open;
use crate::scan::error::ScanError;
use crate::scan::list_filter::ListFilter;
use crate::scan::lists::Lists;
use crate::scan::parallel_columns;
use crate::scan::row_filter::RowFilter;
use crate::survey::{Survey, roles};

/// A reader of the rows of one partition.
pub(crate) struct PartitionReader<'a> {
    pub(super) survey: &'a Survey,
    pub(super) columns: Columns,
    pub(super) pieces: VecDeque<Piece>,
    pub(super) open: Option<OpenRowGroup<'a>>,
    /// All rows of a batch, before the filter drops some of them.
    pub(super) batch: Rows,
    /// True if rows are epochs, and false if rows are objects with light curves in lists.
    pub(super) epochs: bool,
}

/// The columns of a row group, all at the same row.
pub(super) struct OpenRowGroup<'a> {
    pub(super) row_group: usize,
    pub(super) left: usize,
    /// The columns with a value for each row.
    pub(super) columns: Vec<(Role, ColumnReader)>,
    /// The lists of rows, if light curves are lists: where they begin, and the columns with one value per list.
    pub(super) lists: Option<Lists>,
    /// For each of the rows read last, true if its id is null. Empty if no id is null.
    pub(super) null_ids: Vec<bool>,
    pub(super) filter: Option<RowFilter<'a>>,
    pub(super) list_filter: Option<ListFilter<'a>>,
}

impl<'a> PartitionReader<'a> {
    pub(crate) fn new(survey: &'a Survey, partition: &Partition, columns: Columns) -> Self {
        let pieces = partition.pieces.iter().cloned().collect();
        Self { survey, columns, pieces, open: None, batch: Rows::new(survey.id_type()), epochs: true }
    }

    /// Reads the ids of a row group, one for each row of the file, even if a row is a whole light curve.
    pub(crate) fn of_objects(survey: &'a Survey, row_group: usize) -> Self {
        let (footer, index) = survey.footer(row_group);
        let rows = u64::try_from(footer.metadata.row_group(index).num_rows()).unwrap_or(0);
        let pieces = VecDeque::from([Piece { row_group, rows: 0..rows }]);
        Self { epochs: false, pieces, ..Self::new(survey, &Partition { pieces: vec![] }, Columns::default()) }
    }

    pub(super) fn failed(&self, row_group: usize, failed: ScanError) -> Error {
        let (footer, index) = self.survey.footer(row_group);
        let name = |role| self.survey.column(role).unwrap_or_default().to_owned();
        let (path, row_group) = (footer.path.clone(), index);
        match failed {
            ScanError::Unequal([first, second], row) => {
                Error::UnequalLists { path, row_group, row: Some(row), first: name(first), second: name(second) }
            }
            ScanError::UnequalLeaf(role, second, row) => {
                Error::UnequalLists { path, row_group, row: Some(row), first: name(role), second }
            }
            ScanError::Column(role, error) => corrupt(path, row_group, name(role), error),
            ScanError::Leaf(column, error) => corrupt(path, row_group, column, error),
            ScanError::Table(error) => *error,
            ScanError::Condition(source) => Error::Condition { path: Some(path), source },
        }
    }

    pub(super) fn failed_column(&self, row_group: usize, column: &str, error: ParquetError) -> Error {
        let (footer, index) = self.survey.footer(row_group);
        corrupt(footer.path.clone(), index, column.to_owned(), error)
    }

    fn open_next(&mut self) -> Result<bool, Error> {
        let Some(piece) = self.pieces.pop_front() else { return Ok(false) };
        let (footer, index) = self.survey.footer(piece.row_group);
        let (file, stamp) = open(&footer.path)?;
        if stamp != footer.stamp {
            return Err(Error::Changed { path: footer.path.clone() });
        }
        let file = PositionedFile::new(file, stamp.bytes, self.survey.counter());
        let leaves = self.survey.leaves_read(piece.row_group, self.columns);
        file.prefetch(byte_ranges(footer, index, leaves))?;
        let skip = usize::try_from(piece.rows.start).unwrap_or(usize::MAX);
        let filter = self.open_filter(piece.row_group, &file, skip)?;
        let opened = self.open_columns(&piece, footer, index, &file, filter);
        self.open = Some(opened.map_err(|failed| self.failed(piece.row_group, failed))?);
        Ok(true)
    }

    fn open_columns(
        &self,
        piece: &Piece,
        footer: &Footer,
        index: usize,
        file: &PositionedFile,
        mut filter: Option<RowFilter<'a>>,
    ) -> Result<OpenRowGroup<'a>, ScanError> {
        let skip = usize::try_from(piece.rows.start).unwrap_or(usize::MAX);
        let left = usize::try_from(piece.rows.end).unwrap_or(usize::MAX) - skip;
        let nested = footer.is_nested() && self.epochs;
        let of_files = self.survey.of_files(self.columns);
        let mut lists = if nested { Some(Lists::open(footer, index, file, of_files, piece)?) } else { None };
        let mut columns = Vec::with_capacity(5);
        for role in roles(of_files) {
            let Some(column) = footer.role(role) else { continue };
            if filter.as_mut().is_some_and(|filter| filter.plays(role, column)) {
                continue;
            }
            let (of_object, levels) = (nested && !column.leaf.is_nested(), LevelQueue::default());
            let skip = match &lists {
                Some(lists) if of_object => lists.objects_to_skip(),
                _ => skip,
            };
            let open = || -> ParquetResult<ColumnReader> {
                let mut opened = ColumnReader::open_role(footer, index, file, column, &levels)?;
                opened.skip(skip)?;
                Ok(opened)
            };
            let opened = guarded(open).map_err(|error| ScanError::Column(role, error))?;
            match &mut lists {
                Some(lists) if of_object => lists.add_object(role, opened),
                Some(lists) => {
                    lists
                        .add_leaf(role, column.leaf.depth, levels, skip)
                        .map_err(|error| ScanError::Column(role, error))?;
                    columns.push((role, opened));
                }
                None => columns.push((role, opened)),
            }
        }
        if let Some(lists) = &mut lists {
            lists.carry(self.survey.bands(), self.survey.id_type())?;
        }
        let asked = self.survey.expressions_of(piece.row_group).zip(lists.as_ref());
        let list_filter = asked.map(|(expressions, lists)| {
            ListFilter::open((expressions, self.columns, self.survey), footer, index, file, skip, lists)
        });
        let list_filter = list_filter.transpose()?;
        Ok(OpenRowGroup { row_group: piece.row_group, left, columns, lists, null_ids: vec![], filter, list_filter })
    }
}

impl RowReader for PartitionReader<'_> {
    fn read(&mut self, rows: &mut Rows, max_rows: usize) -> Result<usize, SourceError> {
        while self.open.as_ref().is_none_or(|open| open.left == 0) {
            if let Some(passed) = self.pass_over(rows).filter(|&passed| passed > 0) {
                return Ok(passed);
            }
            if !self.open_next()? {
                return Ok(0);
            }
        }
        let survey = self.survey;
        let Some(group) = &mut self.open else { return Ok(0) };
        // Positions in a batch are 32-bit numbers.
        let n = group.left.min(max_rows.clamp(1, 1 << 30));
        group.left -= n;
        if group.filter.is_some() {
            self.read_filtered(n, rows)?;
            return Ok(n);
        }
        let row_group = group.row_group;
        group.append(n, rows, survey).map_err(|failed| self.failed(row_group, failed))?;
        Ok(n)
    }
}

impl OpenRowGroup<'_> {
    fn append(&mut self, n: usize, rows: &mut Rows, survey: &Survey) -> Result<(), ScanError> {
        let Self { columns, lists, null_ids, left, list_filter, .. } = self;
        let base = rows.len();
        null_ids.clear();
        parallel_columns::append(columns, n, rows, null_ids, survey.bands())?;
        if let Some(lists) = lists {
            lists.append(n, rows, null_ids, survey.bands())?;
            if *left == 0 {
                lists.end()?;
            }
            if let Some(filter) = list_filter {
                let keep = filter.append(n, lists, rows, survey.bands())?;
                drop_filtered(&keep, lists.empty(), null_ids, base, rows);
                return Ok(());
            }
            let empty = lists.empty();
            if !empty.is_empty() {
                null_ids.resize(n, false);
                empty.iter().for_each(|&slot| null_ids[slot as usize] = true);
                rows.no_epoch += empty.len() as u64;
            }
        }
        if !null_ids.is_empty() {
            let dropped = null_ids.iter().filter(|&&null| null).count();
            let empty = lists.as_ref().map_or(0, |lists| lists.empty().len());
            rows.null_ids += (dropped - empty) as u64;
            rows.drop_from(base, null_ids);
        }
        Ok(())
    }
}

/// Drops slots that do not match a condition, and slots without an epoch or an id. Each slot is counted once.
fn drop_filtered(keep: &BooleanBuffer, empty: &[u32], null_ids: &mut Vec<bool>, base: usize, rows: &mut Rows) {
    let mut drops = vec![false; keep.len()];
    for &slot in empty {
        drops[slot as usize] = true;
    }
    null_ids.resize(keep.len(), false);
    for (slot, (drop, null)) in drops.iter_mut().zip(&*null_ids).enumerate() {
        match (keep.value(slot), *drop, *null) {
            (false, ..) => rows.excluded += 1,
            (true, true, _) => rows.no_epoch += 1,
            (true, false, true) => rows.null_ids += 1,
            (true, false, false) => continue,
        }
        *drop = true;
    }
    if drops.contains(&true) {
        rows.drop_from(base, &drops);
    }
}

fn corrupt(path: PathBuf, row_group: usize, column: String, error: ParquetError) -> Error {
    if let Some(wrong) = wrong_value(&error) {
        return Error::WrongValue { path, row_group, column, reason: wrong.to_string() };
    }
    match system(error) {
        Ok(refused) => Error::io(path, "read the file", refused),
        Err(error) => Error::Corrupt { path, row_group, column, reason: words(&error) },
    }
}
