//! What footers tell of where light curves lie, and the partitions that a plan schedules.

use std::ops::Range;

use crate::id::ObjectId;

/// The smallest and largest id that some rows claim to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdRange {
    /// No id is smaller.
    pub min: ObjectId,
    /// No id is larger.
    pub max: ObjectId,
    /// Whether both ids occur. Statistics of long text are cut short: they bound the ids and need not occur.
    pub exact: bool,
}

impl IdRange {
    /// The range that holds both.
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
    /// Rows in it: epochs, and one for each light curve without any, also where the file has them in lists.
    pub rows: u64,
    /// The range of its ids, where the footer has statistics of them.
    pub ids: Option<IdRange>,
    /// Whether the footer declares the rows sorted by ascending id.
    pub sorted: bool,
}

/// Some rows of one row group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Index of the row group in [`crate::Source::row_groups`].
    pub row_group: usize,
    /// The rows in it.
    pub rows: Range<u64>,
}

/// The unit that is scheduled: some rows, in the order in which they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partition {
    /// Where the rows lie.
    pub pieces: Vec<Piece>,
}

impl Partition {
    /// A whole row group.
    #[must_use]
    pub fn row_group(index: usize, row_group: &RowGroup) -> Self {
        Self { pieces: vec![Piece { row_group: index, rows: 0..row_group.rows }] }
    }

    /// Rows in it.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.rows.end - piece.rows.start).sum()
    }
}
