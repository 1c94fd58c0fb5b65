//! Rows as a reader delivers them: the required columns in file order, not yet grouped.

use std::ops::Range;

use crate::bands::NO_BAND;
use crate::id::IdType;
use crate::ids::{Ids, drop_from};

/// The columns of a light curve that a plan reads, in addition to the id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// The time of each epoch.
    pub time: bool,
    /// The flux or magnitude of each epoch. False only for a scan of the ids.
    pub flux: bool,
    /// The error of each flux.
    pub error: bool,
    /// The band of each epoch.
    pub band: bool,
}

/// Some rows of a survey. All columns that were requested have [`Rows::len`] values, and the others are empty.
///
/// A null time, flux or error is NaN, and a null band is [`NO_BAND`]. The reader drops rows with a null id (counted in
/// `null_ids`), rows of light curves that are null or empty (counted in `no_epoch`), and rows that a condition excludes
/// (counted in `excluded`).
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Object ids.
    pub ids: Ids,
    /// Band codes, see [`crate::Bands`].
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
    /// Rows that the reader dropped because they do not match the condition.
    pub excluded: u64,
}

impl Rows {
    /// Creates an empty set of rows, for ids of type `id_type`.
    #[must_use]
    pub fn new(id_type: IdType) -> Self {
        Self::with_ids(Ids::new(id_type))
    }

    /// Creates an empty set of rows, with ids of the same kind.
    #[must_use]
    pub fn new_like(&self) -> Self {
        Self::with_ids(self.ids.new_like())
    }

    fn with_ids(ids: Ids) -> Self {
        Self { ids, band: vec![], time: vec![], flux: vec![], error: vec![], null_ids: 0, no_epoch: 0, excluded: 0 }
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns true if there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Reserves memory for `n` more rows of these columns.
    pub fn reserve(&mut self, n: usize, columns: Columns) {
        self.ids.reserve(n);
        if columns.band {
            self.band.reserve(n);
        }
        for (column, wanted) in self.values_mut().into_iter().zip([columns.time, columns.flux, columns.error]) {
            column.reserve(if wanted { n } else { 0 });
        }
    }

    /// Returns how many rows fit without allocating.
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

    /// Removes the first `n` rows but keeps the allocated memory.
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

    /// Removes all rows but keeps the allocated memory. Works even if a failed reader left columns of different
    /// lengths.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.band.clear();
        self.values_mut().into_iter().for_each(Vec::clear);
        (self.null_ids, self.no_epoch, self.excluded) = (0, 0, 0);
    }

    /// Returns the rows whose index `keep` accepts, in the same order.
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

    /// Removes each row `from + i` for which `drops[i]` is true, and keeps the order of the others.
    ///
    /// # Panics
    /// If the length of `drops` is not the number of rows from `from` on.
    pub fn drop_from(&mut self, from: usize, drops: &[bool]) {
        assert_eq!(drops.len(), self.len() - from, "one flag for each row");
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

    /// Appends row `row` of `other`, `times` times, to each column that `other` has.
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

    /// Returns the rows at the indices `places`, in that order.
    ///
    /// # Panics
    /// If an index is not below [`Rows::len`].
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

    /// Returns the band code of a row, or [`NO_BAND`] if the band is null. A survey without a band column has one band,
    /// with code 0.
    #[must_use]
    pub fn band_of(&self, row: usize) -> u8 {
        if self.band.is_empty() { 0 } else { self.band[row] }
    }

    /// Returns the memory that the values take, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let floats: usize = self.values().iter().map(|column| column.len()).sum();
        self.ids.bytes() + self.band.len() + floats * size_of::<f64>()
    }

    /// Returns the number of rows without a band.
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
    fn the_rows_of_a_failed_reader_are_cleared() {
        let mut rows = Rows::new(IdType::Int64);
        rows.ids = Ids::Int((0..3).collect());
        rows.flux = vec![1.0];
        (rows.null_ids, rows.no_epoch) = (1, 1);
        rows.clear();
        assert!(rows.is_empty() && rows.flux.is_empty() && rows.null_ids == 0 && rows.no_epoch == 0);
    }

    #[test]
    fn earlier_rows_are_not_dropped() {
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
