//! Reads the rows of a partition, one row group after another.

use std::collections::VecDeque;

use parquet::errors::ParquetError;
use tape_core::{Columns, Partition, Piece, Role, RowReader, Rows, Source, SourceError};

use crate::column::{Column, Into, Place, open_column};
use crate::error::{Error, system, words};
use crate::footer::open;
use crate::guard::guarded;
use crate::pread::PositionedFile;
use crate::records::PerRecord;
use crate::slots::Records;
use crate::survey::{Survey, roles};

/// The rows of one partition.
pub(crate) struct PartitionReader<'a> {
    survey: &'a Survey,
    columns: Columns,
    pieces: VecDeque<Piece>,
    open: Option<OpenRowGroup>,
}

/// The columns of a row group, all at the same row.
struct OpenRowGroup {
    row_group: usize,
    left: usize,
    columns: Vec<(Role, Column)>,
    /// What has one value for each record, where epochs are elements of lists.
    per_record: Option<PerRecord>,
    /// Of the rows read last, which have a null id; empty if none has.
    null_ids: Vec<bool>,
    /// Of the rows read last, which are no epoch.
    no_epoch: Vec<u32>,
}

impl<'a> PartitionReader<'a> {
    pub(crate) fn new(survey: &'a Survey, partition: &Partition, columns: Columns) -> Self {
        Self { survey, columns, pieces: partition.pieces.iter().cloned().collect(), open: None }
    }

    fn failed(&self, row_group: usize, role: Role, error: ParquetError) -> Error {
        let (footer, index) = self.survey.footer(row_group);
        let reason = match system(error) {
            Ok(refused) => return Error::io(&footer.path, "read the file", refused),
            Err(error) => words(&error),
        };
        let column = self.survey.columns().get(role).unwrap_or_default().to_owned();
        Error::Corrupt { path: footer.path.clone(), row_group: index, column, reason }
    }

    fn open_next(&mut self) -> Result<bool, Error> {
        let Some(piece) = self.pieces.pop_front() else { return Ok(false) };
        let (footer, index) = self.survey.footer(piece.row_group);
        let (file, stamp) = open(&footer.path)?;
        if stamp != footer.stamp {
            return Err(Error::Changed { path: footer.path.clone() });
        }
        let file = PositionedFile::new(file, stamp.len, self.survey.counter());
        let skip = usize::try_from(piece.rows.start).unwrap_or(usize::MAX);
        let left = usize::try_from(piece.rows.end).unwrap_or(usize::MAX) - skip;
        let place = Place { footer, index, file: &file };
        let row_group = piece.row_group;
        let mut columns = Vec::with_capacity(5);
        let leader = footer.leader();
        let mut per_record = leader.map(|_| PerRecord::new(footer, index, self.survey.id_type()));
        let levels = leader.filter(|_| !self.columns.flux).map(|_| Role::Flux);
        for role in roles(self.columns).chain(levels) {
            let Some(column) = footer.role(role) else { continue };
            let (records, leads) = (Records::default(), leader == Some(column));
            let opened = guarded(|| {
                let mut opened = open_column(place, role, column, &records, leads)?;
                match &mut per_record {
                    None => opened.skip(skip)?,
                    Some(per_record) if leads => per_record.skip(&mut opened, &records, skip)?,
                    Some(_) if column.nesting.is_some() => opened.skip(skip)?,
                    Some(_) => {}
                }
                Ok(opened)
            });
            let opened = opened.map_err(|error| self.failed(row_group, role, error))?;
            match &mut per_record {
                Some(per_record) if column.nesting.is_none() => per_record.columns.push((role, opened)),
                Some(per_record) => {
                    per_record.lists.push((role, records));
                    columns.push((role, opened));
                }
                None => columns.push((role, opened)),
            }
        }
        if let Some(per_record) = &mut per_record {
            let mut role = Role::Id;
            let opened = guarded(|| per_record.open(&mut role, self.survey.bands()));
            opened.map_err(|error| self.failed(row_group, role, error))?;
        }
        self.open = Some(OpenRowGroup { row_group, left, columns, per_record, null_ids: vec![], no_epoch: vec![] });
        Ok(true)
    }
}

impl RowReader for PartitionReader<'_> {
    fn read(&mut self, rows: &mut Rows, max_rows: usize) -> Result<usize, SourceError> {
        while self.open.as_ref().is_none_or(|open| open.left == 0) {
            if !self.open_next()? {
                return Ok(0);
            }
        }
        let survey = self.survey;
        let Some(group) = &mut self.open else { return Ok(0) };
        let n = group.left.min(max_rows.max(1));
        group.left -= n;
        let base = rows.len();
        let OpenRowGroup { row_group, columns, per_record, null_ids, no_epoch, .. } = group;
        null_ids.clear();
        no_epoch.clear();
        for (role, column) in columns {
            let mut into = Into { rows, null_ids, bands: survey.bands() };
            if let Err(error) = guarded(|| column.append(*role, n, &mut into)) {
                let (row_group, role) = (*row_group, *role);
                return Err(self.failed(row_group, role, error).into());
            }
        }
        if let Some(per_record) = per_record {
            let (mut role, mut into) = (Role::Id, Into { rows, null_ids, bands: survey.bands() });
            if let Err(error) = guarded(|| per_record.append(n, &mut role, &mut into, no_epoch)) {
                let row_group = *row_group;
                return Err(self.failed(row_group, role, error).into());
            }
            if !self.columns.flux {
                // It was read for its levels.
                rows.flux.clear();
            }
        }
        drop_rows(rows, base, n, null_ids, no_epoch);
        Ok(n)
    }
}

/// Drops those of the `n` rows from `base` on that are no epoch, or have no id, and counts them.
fn drop_rows(rows: &mut Rows, base: usize, n: usize, null_ids: &mut Vec<bool>, no_epoch: &[u32]) {
    if null_ids.is_empty() && no_epoch.is_empty() {
        return;
    }
    null_ids.resize(n, false);
    no_epoch.iter().for_each(|&row| null_ids[row as usize] = false);
    rows.null_ids += null_ids.iter().filter(|&&null| null).count() as u64;
    rows.no_epoch += no_epoch.len() as u64;
    no_epoch.iter().for_each(|&row| null_ids[row as usize] = true);
    rows.drop_from(base, null_ids);
}
