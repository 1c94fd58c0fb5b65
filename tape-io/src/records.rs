//! Columns with one value for each record, a row of the file, beside those with one for each epoch in its lists.

use parquet::errors::{ParquetError, Result};
use tape_core::{Bands, IdType, Role, Rows};

use crate::column::{Column, Into};
use crate::footer::Footer;
use crate::slots::Records;

/// So many epochs are passed over at a time: where their records begin is noted no longer.
const STEP: usize = 1 << 16;

/// The columns of a row group that have a value for each record.
pub(crate) struct PerRecord {
    /// Where records begin, by each column in lists.
    pub(crate) lists: Vec<(Role, Records)>,
    pub(crate) columns: Vec<(Role, Column)>,
    /// The values of the record that the epoch before lies in, and of those that begun since.
    values: Rows,
    is_null: Vec<bool>,
    /// The next epoch, and how many records begin before it.
    at: usize,
    begun: usize,
    /// How many of both the footer claims.
    epochs: usize,
    records: usize,
    /// Where records begin in the column that was looked at first, and in another; and which lists have no element.
    starts: [Vec<u32>; 2],
    empty: Vec<u32>,
    /// The column that tells the latter.
    leader: Records,
}

impl PerRecord {
    /// No column yet, of a row group.
    pub(crate) fn new(footer: &Footer, index: usize, id_type: IdType) -> Self {
        let group = footer.metadata.row_group(index);
        let epochs = usize::try_from(footer.epochs(group)).unwrap_or(usize::MAX);
        let records = usize::try_from(group.num_rows()).unwrap_or(0);
        Self {
            lists: vec![],
            columns: vec![],
            values: Rows::new(id_type),
            is_null: vec![],
            at: 0,
            begun: 0,
            epochs,
            records,
            starts: Default::default(),
            empty: vec![],
            leader: Records::default(),
        }
    }

    /// Passes over `n` epochs of the column that leads, and counts the records that begin there.
    pub(crate) fn skip(&mut self, leader: &mut Column, records: &Records, n: usize) -> Result<()> {
        self.leader = records.clone();
        while self.at < n {
            let step = STEP.min(n - self.at);
            leader.skip(step)?;
            self.starts[0].clear();
            records.starts(self.at, step, &mut self.starts[0])?;
            records.empty(self.at, step, &mut self.empty)?;
            self.empty.clear();
            self.begun += self.starts[0].len();
            self.at += step;
        }
        Ok(())
    }

    /// Goes to the record that the epochs passed over end in; `at` tells which role's column is read.
    pub(crate) fn open(&mut self, at: &mut Role, bands: &Bands) -> Result<()> {
        if self.begun == 0 {
            return Ok(());
        }
        for (role, column) in &mut self.columns {
            *at = *role;
            column.skip(self.begun - 1)?;
        }
        self.read(1, at, bands)
    }

    /// Reads the values of the next records.
    fn read(&mut self, records: usize, at: &mut Role, bands: &Bands) -> Result<()> {
        let mut null_ids = vec![];
        for (role, column) in &mut self.columns {
            *at = *role;
            column.append(*role, records, &mut Into { rows: &mut self.values, null_ids: &mut null_ids, bands })?;
        }
        null_ids.resize(records, false);
        self.is_null.append(&mut null_ids);
        Ok(())
    }

    /// Appends to each of the next `n` epochs what its record has, and notes which are none: lists without an element.
    pub(crate) fn append(
        &mut self,
        n: usize,
        at: &mut Role,
        into: &mut Into<'_>,
        no_epoch: &mut Vec<u32>,
    ) -> Result<()> {
        self.find_starts(n, at)?;
        self.leader.empty(self.at, n, no_epoch)?;
        self.begun += self.starts[0].len();
        self.at += n;
        if self.begun > self.records || (self.at == self.epochs && self.begun != self.records) {
            let (begun, records) = (self.begun, self.records);
            *at = self.lists.first().map_or(Role::Flux, |list| list.0);
            return Err(ParquetError::General(format!("lists of {begun} rows in a row group of {records}")));
        }
        self.read(self.starts[0].len(), at, into.bands)?;
        let first = self.starts[0].first().map_or(n, |start| *start as usize);
        let has_before = self.is_null.len() > self.starts[0].len();
        if first > 0 && !has_before {
            return Err(ParquetError::General("a list that begins within a row".to_owned()));
        }
        let ends = self.starts[0].iter().map(|start| *start as usize).chain([n]);
        let mut start = 0;
        for (record, end) in ends.enumerate() {
            // The first is the record of the epoch before, if there is one.
            if let Some(value) = (record + usize::from(has_before)).checked_sub(1) {
                into.rows.repeat(&self.values, value, end - start);
            }
            start = end;
        }
        self.put_nulls(n, has_before, into.null_ids);
        let last = self.is_null.len().saturating_sub(1);
        self.is_null.drain(..last);
        self.keep_last(last);
        Ok(())
    }

    /// Removes all values but those of the last record. Some columns may be within lists, and empty here.
    fn keep_last(&mut self, last: usize) {
        let Rows { ids, band, time, flux, error, .. } = &mut self.values;
        ids.drain_front(last.min(ids.len()));
        band.drain(..last.min(band.len()));
        for column in [time, flux, error] {
            column.drain(..last.min(column.len()));
        }
    }

    /// Where records begin among the next `n` epochs, for which all columns in lists must agree.
    fn find_starts(&mut self, n: usize, at: &mut Role) -> Result<()> {
        let [first, other] = &mut self.starts;
        for (number, (role, records)) in self.lists.iter().enumerate() {
            *at = *role;
            let starts = if number == 0 { &mut *first } else { &mut *other };
            starts.clear();
            records.starts(self.at, n, starts)?;
            if number > 0 && first != other {
                let same = first.iter().zip(&*other).take_while(|(a, b)| a == b).count();
                let row = (self.begun + same).saturating_sub(1);
                return Err(ParquetError::General(format!(
                    "its list in row {row} of the row group is not as long as that of the {}",
                    self.lists[0].0
                )));
            }
        }
        Ok(())
    }

    /// Which of the next `n` epochs are of a record without an id, if some are.
    fn put_nulls(&self, n: usize, has_before: bool, null_ids: &mut Vec<bool>) {
        if !self.columns.iter().any(|(role, _)| *role == Role::Id) || !self.is_null.contains(&true) {
            return;
        }
        null_ids.clear();
        let before = self.starts[0].first().map_or(n, |start| *start as usize);
        null_ids.resize(before, has_before && self.is_null[0]);
        let ends = self.starts[0].iter().skip(1).map(|start| *start as usize).chain([n]);
        let of_new = self.is_null.iter().skip(usize::from(has_before));
        of_new.zip(ends).for_each(|(null, end)| null_ids.resize(end, *null));
    }
}
