//! The location of light curves according to file footers, and the partitions that a plan schedules.

use std::ops::Range;

use crate::id::ObjectId;

/// The smallest and largest id of some rows, according to the footer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdRange {
    /// Lower bound of the ids.
    pub min: ObjectId,
    /// Upper bound of the ids.
    pub max: ObjectId,
    /// True if both ids occur. Statistics of long text are truncated: they are bounds that need not occur.
    pub exact: bool,
}

impl IdRange {
    /// Returns the smallest range that contains both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max), exact: self.exact && other.exact }
    }
}

/// A row group as its footer describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct RowGroup {
    /// Index of the file in the source.
    pub file: usize,
    /// Index of the row group in its file.
    pub index: usize,
    /// Number of rows: one per epoch, and one per light curve without epochs, even where the file stores epochs in
    /// lists.
    pub rows: u64,
    /// Range of the ids, if the footer has statistics of them.
    pub ids: Option<IdRange>,
    /// True if the footer declares the rows sorted by ascending id.
    pub sorted: bool,
}

/// A range of rows in one row group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Index of the row group in [`crate::Source::row_groups`].
    pub row_group: usize,
    /// The rows within it.
    pub rows: Range<u64>,
}

/// The unit of scheduling: rows in the order in which they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partition {
    /// The row ranges that make up the partition.
    pub pieces: Vec<Piece>,
}

impl Partition {
    /// Creates a partition of one complete row group.
    #[must_use]
    pub fn row_group(index: usize, row_group: &RowGroup) -> Self {
        Self { pieces: vec![Piece { row_group: index, rows: 0..row_group.rows }] }
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.rows.end - piece.rows.start).sum()
    }
}
