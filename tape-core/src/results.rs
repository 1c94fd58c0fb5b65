//! Results in long form: one row for each light curve, and for each object where bands are compared, or many for each light
//! curve.

use crate::id::IdType;
use crate::ids::Ids;
use crate::statistic::Value;

/// One row for each light curve, as columns; where a statistic compares bands, also one for each object, after those of
/// its light curves and without a band.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// Object ids.
    pub ids: Ids,
    /// Band codes; [`NO_BAND`](crate::NO_BAND) in the row of an object.
    pub band: Vec<u8>,
    /// Epochs used: in the row of an object those of all bands.
    pub n_obs: Vec<u64>,
    /// For each output column its values.
    pub values: Vec<Vec<Value>>,
    /// Light curves without a row, where there may be many for each.
    pub without_rows: u64,
}

impl Results {
    /// No rows, with ids of type `id_type` and so many output columns.
    #[must_use]
    pub fn new(id_type: IdType, outputs: usize) -> Self {
        Self { ids: Ids::new(id_type), band: vec![], n_obs: vec![], values: vec![vec![]; outputs], without_rows: 0 }
    }

    /// No rows, with the same columns.
    #[must_use]
    pub fn new_like(&self) -> Self {
        let values = vec![vec![]; self.values.len()];
        Self { ids: self.ids.new_like(), band: vec![], n_obs: vec![], values, without_rows: 0 }
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.n_obs.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.n_obs.is_empty()
    }

    /// Bytes of memory that they take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let row = size_of::<u8>() + size_of::<u64>() + self.values.len() * size_of::<Value>();
        self.ids.bytes() + self.len() * row
    }

    /// Makes room for `n` more rows.
    pub fn reserve(&mut self, n: usize) {
        self.ids.reserve(n);
        self.band.reserve(n);
        self.n_obs.reserve(n);
        self.values.iter_mut().for_each(|column| column.reserve(n));
    }

    /// Appends all rows of `other`.
    pub fn append(&mut self, other: &Self) {
        self.extend_from(other, 0..other.len());
        self.without_rows += other.without_rows;
    }

    /// Appends rows `range` of `other`, but not the light curves that have none.
    pub fn extend_from(&mut self, other: &Self, range: std::ops::Range<usize>) {
        self.ids.extend_from(&other.ids, range.clone());
        self.band.extend_from_slice(&other.band[range.clone()]);
        self.n_obs.extend_from_slice(&other.n_obs[range.clone()]);
        for (column, from) in self.values.iter_mut().zip(&other.values) {
            column.extend_from_slice(&from[range.clone()]);
        }
    }
}
