//! Results in long form: one or more rows for each light curve, and one row for each object if bands are compared.

use crate::id::IdType;
use crate::ids::Ids;
use crate::statistic::Value;

/// Results as columns, with one row for each light curve. If a statistic compares bands, each object has another row
/// without a band, after the rows of its light curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// Object ids.
    pub ids: Ids,
    /// Band codes; [`NO_BAND`](crate::NO_BAND) in the row of an object.
    pub band: Vec<u8>,
    /// Number of epochs used. In the row of an object, this is the sum over all bands.
    pub n_obs: Vec<u64>,
    /// Values of each output column.
    pub values: Vec<Vec<Value>>,
    /// Number of light curves without rows, for a statistic with many rows.
    pub without_rows: u64,
}

impl Results {
    /// Creates an empty table, with ids of type `id_type` and `outputs` output columns.
    #[must_use]
    pub fn new(id_type: IdType, outputs: usize) -> Self {
        Self { ids: Ids::new(id_type), band: vec![], n_obs: vec![], values: vec![vec![]; outputs], without_rows: 0 }
    }

    /// Creates an empty table with the same columns.
    #[must_use]
    pub fn new_like(&self) -> Self {
        let values = vec![vec![]; self.values.len()];
        Self { ids: self.ids.new_like(), band: vec![], n_obs: vec![], values, without_rows: 0 }
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.n_obs.len()
    }

    /// Returns true if there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.n_obs.is_empty()
    }

    /// Returns the memory that the rows take, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let row = size_of::<u8>() + size_of::<u64>() + self.values.len() * size_of::<Value>();
        self.ids.bytes() + self.len() * row
    }

    /// Reserves memory for `n` more rows.
    pub fn reserve(&mut self, n: usize) {
        self.ids.reserve(n);
        self.band.reserve(n);
        self.n_obs.reserve(n);
        self.values.iter_mut().for_each(|column| column.reserve(n));
    }

    /// Appends all rows of `other`, and its count of light curves without rows.
    pub fn append(&mut self, other: &Self) {
        self.extend_from(other, 0..other.len());
        self.without_rows += other.without_rows;
    }

    /// Appends rows `range` of `other`, without its count of light curves without rows.
    pub fn extend_from(&mut self, other: &Self, range: std::ops::Range<usize>) {
        self.ids.extend_from(&other.ids, range.clone());
        self.band.extend_from_slice(&other.band[range.clone()]);
        self.n_obs.extend_from_slice(&other.n_obs[range.clone()]);
        for (column, from) in self.values.iter_mut().zip(&other.values) {
            column.extend_from_slice(&from[range.clone()]);
        }
    }
}
