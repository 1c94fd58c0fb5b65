//! Rows as a reader delivers them: the needed columns side by side, in the order of the file, not yet grouped.

use std::ops::Range;

use crate::bands::NO_BAND;
use crate::id::IdType;
use crate::ids::{Ids, drop_from};

/// Which of a light curve's columns a plan reads beside id, band and flux.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// The time of each epoch.
    pub time: bool,
    /// The flux (or magnitude) of each epoch. Off only for a scan of the ids.
    pub flux: bool,
    /// The error of each flux.
    pub error: bool,
    /// The band of each epoch.
    pub band: bool,
}

/// Some rows of a survey. All columns that were asked for have [`Rows::len`] values; the others are empty.
///
/// A null time, flux or error is NaN here; a null band is [`NO_BAND`]. The reader drops rows with a null id, which it counts in
/// `null_ids`, those that stand for a light curve that is null or empty, in `no_epoch`, and those that a condition excludes,
/// in `excluded`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Object ids.
    pub ids: Ids,
    /// Band codes of the source's [`crate::Bands`].
    pub band: Vec<u8>,
    /// Times, days.
    pub time: Vec<f64>,
    /// Fluxes or magnitudes, in the survey's unit.
    pub flux: Vec<f64>,
    /// Errors (sigma), in the unit of the flux.
    pub error: Vec<f64>,
    /// Rows that the reader dropped because their id is null.
    pub null_ids: u64,
    /// Rows that the reader dropped because their light curve is null or empty.
    pub no_epoch: u64,
    /// Rows that the reader dropped because the condition on rows is not true of them.
    pub excluded: u64,
}

impl Rows {
    /// No rows, for ids of type `id_type`.
    #[must_use]
    pub fn new(id_type: IdType) -> Self {
        Self::with_ids(Ids::new(id_type))
    }

    /// No rows, with ids of the same kind as these.
    #[must_use]
    pub fn new_like(&self) -> Self {
        Self::with_ids(self.ids.new_like())
    }

    fn with_ids(ids: Ids) -> Self {
        Self { ids, band: vec![], time: vec![], flux: vec![], error: vec![], null_ids: 0, no_epoch: 0, excluded: 0 }
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Makes room for `n` more rows of these columns.
    pub fn reserve(&mut self, n: usize, columns: Columns) {
        self.ids.reserve(n);
        if columns.band {
            self.band.reserve(n);
        }
        for (column, wanted) in self.values_mut().into_iter().zip([columns.time, columns.flux, columns.error]) {
            column.reserve(if wanted { n } else { 0 });
        }
    }

    /// For how many rows there is room without more memory.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.ids.capacity()
    }

    /// Appends rows `range` of `other`, which has the same columns.
    pub fn extend_from(&mut self, other: &Self, range: Range<usize>) {
        self.ids.extend_from(&other.ids, range.clone());
        if !other.band.is_empty() {
            self.band.extend_from_slice(&other.band[range.clone()]);
        }
        for (column, from) in self.values_mut().into_iter().zip(other.values()) {
            if !from.is_empty() {
                column.extend_from_slice(&from[range.clone()]);
            }
        }
    }

    /// Removes the first `n` rows and keeps the memory.
    pub fn drain_front(&mut self, n: usize) {
        if !self.ids.is_empty() {
            self.ids.drain_front(n);
        }
        if !self.band.is_empty() {
            self.band.drain(..n);
        }
        for column in self.values_mut() {
            if !column.is_empty() {
                column.drain(..n);
            }
        }
    }

    /// Removes all rows and keeps the memory. Columns need not be of one length: a reader that failed leaves them as far as it
    /// came.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.band.clear();
        self.values_mut().into_iter().for_each(Vec::clear);
        (self.null_ids, self.no_epoch, self.excluded) = (0, 0, 0);
    }

    /// The rows whose index `keep` accepts, in the same order.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(usize) -> bool) -> Self {
        let mut out = self.new_like();
        let mut start = 0;
        while start < self.len() {
            if !keep(start) {
                start += 1;
                continue;
            }
            let end = (start + 1..self.len()).find(|&i| !keep(i)).unwrap_or(self.len());
            out.extend_from(self, start..end);
            start = end;
        }
        out
    }

    /// Removes the rows from `from` on of which `drops` says so, the first of it being row `from`, and keeps the order of the
    /// others.
    ///
    /// # Panics
    /// If `drops` has not a value for each of them.
    pub fn drop_from(&mut self, from: usize, drops: &[bool]) {
        assert_eq!(drops.len(), self.len() - from, "rows to drop or to keep");
        self.ids.drop_from(from, drops);
        if !self.band.is_empty() {
            drop_from(&mut self.band, from, drops);
        }
        for column in self.values_mut() {
            if !column.is_empty() {
                drop_from(column, from, drops);
            }
        }
    }

    /// Appends row `row` of `other`, which has some of these columns, `times` times: those that it has grow.
    pub fn repeat(&mut self, other: &Self, row: usize, times: usize) {
        if row < other.ids.len() {
            self.ids.repeat(&other.ids, row, times);
        }
        if let Some(&band) = other.band.get(row) {
            self.band.resize(self.band.len() + times, band);
        }
        for (column, from) in self.values_mut().into_iter().zip(other.values()) {
            if let Some(&value) = from.get(row) {
                column.resize(column.len() + times, value);
            }
        }
    }

    /// The rows at `places`, in that order.
    ///
    /// # Panics
    /// If a place is not below [`Rows::len`].
    #[must_use]
    pub fn gather(&self, places: &[u32]) -> Self {
        let pick = |from: &Vec<f64>| -> Vec<f64> {
            if from.is_empty() { vec![] } else { places.iter().map(|&at| from[at as usize]).collect() }
        };
        let band =
            if self.band.is_empty() { vec![] } else { places.iter().map(|&at| self.band[at as usize]).collect() };
        let (time, flux, error) = (pick(&self.time), pick(&self.flux), pick(&self.error));
        Self { ids: self.ids.gather(places), band, time, flux, error, null_ids: 0, no_epoch: 0, excluded: 0 }
    }

    /// The band code of a row; [`NO_BAND`] where there is none. A survey without a band column has one band, code 0.
    #[must_use]
    pub fn band_of(&self, row: usize) -> u8 {
        if self.band.is_empty() { 0 } else { self.band[row] }
    }

    /// Bytes of memory that the values take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let floats: usize = self.values().iter().map(|column| column.len()).sum();
        self.ids.bytes() + self.band.len() + floats * size_of::<f64>()
    }

    /// The rows that have no band.
    #[must_use]
    pub fn without_band(&self) -> usize {
        self.band.iter().filter(|&&code| code == NO_BAND).count()
    }

    fn values(&self) -> [&Vec<f64>; 3] {
        [&self.time, &self.flux, &self.error]
    }

    fn values_mut(&mut self) -> [&mut Vec<f64>; 3] {
        [&mut self.time, &mut self.flux, &mut self.error]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::IdRef;

    #[test]
    fn what_a_reader_that_failed_leaves_is_cleared() {
        let mut rows = Rows::new(IdType::Int64);
        rows.ids = Ids::Int((0..3).collect());
        rows.flux = vec![1.0];
        (rows.null_ids, rows.no_epoch) = (1, 1);
        rows.clear();
        assert!(rows.is_empty() && rows.flux.is_empty() && rows.null_ids == 0 && rows.no_epoch == 0);
    }

    #[test]
    fn rows_are_dropped_behind_those_that_were_there_before() {
        let mut rows = Rows::new(IdType::Utf8);
        for (id, flux) in ["a", "", "bé", "c", "b"].into_iter().zip(0..) {
            rows.ids.push(IdRef::Text(id)).expect("text");
            rows.flux.push(f64::from(flux));
        }
        rows.drop_from(1, &[true, false, true, false]);
        let ids: Vec<_> = (0..rows.len()).map(|i| rows.ids.get(i)).collect();
        assert_eq!(ids, ["a", "bé", "b"].map(IdRef::Text));
        assert_eq!((rows.flux.as_slice(), rows.band.len()), ([0.0, 2.0, 4.0].as_slice(), 0));
    }

    #[test]
    fn a_row_is_repeated_in_the_columns_that_it_has() {
        let mut objects = Rows::new(IdType::Int64);
        objects.ids = Ids::Int((5..7).collect());
        objects.band = vec![1, 2];
        let mut rows = objects.new_like();
        rows.repeat(&objects, 1, 2);
        rows.repeat(&objects, 0, 1);
        assert_eq!((rows.ids, rows.band, rows.flux), (Ids::Int(vec![6, 6, 5]), vec![2, 2, 1], vec![]));
    }
}
