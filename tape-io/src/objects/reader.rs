//! The rows of some objects.

use tape_core::{RowReader, Rows, SourceError};

use super::Wanted;
use crate::reader::PartitionReader;

/// Reads what another reader does, and drops the rows of all objects but some.
pub(super) struct OfObjects<'a> {
    rows: PartitionReader<'a>,
    /// Each must have an object.
    wanted: Vec<Wanted<'a>>,
    /// Rows that need not be read, and were not told of yet.
    passed: u64,
    drops: Vec<bool>,
}

impl<'a> OfObjects<'a> {
    /// `passed` are rows that `rows` does not read, because none of them can be of these objects.
    pub(super) const fn new(rows: PartitionReader<'a>, wanted: Vec<Wanted<'a>>, passed: u64) -> Self {
        Self { rows, wanted, passed, drops: vec![] }
    }
}

impl RowReader for OfObjects<'_> {
    fn read(&mut self, rows: &mut Rows, max_rows: usize) -> Result<usize, SourceError> {
        if self.passed > 0 {
            let passed = usize::try_from(self.passed).unwrap_or(usize::MAX);
            rows.excluded += std::mem::take(&mut self.passed);
            return Ok(passed);
        }
        let base = rows.len();
        let read = self.rows.read(rows, max_rows)?;
        self.drops.clear();
        // Rows of an object mostly follow each other.
        let mut is_other = true;
        for row in base..rows.len() {
            let id = rows.ids.get(row);
            if row == base || id != rows.ids.get(row - 1) {
                is_other = !self.wanted.iter().all(|wanted| wanted.has(id));
            }
            self.drops.push(is_other);
        }
        let dropped = self.drops.iter().filter(|&&drop| drop).count();
        if dropped > 0 {
            rows.excluded += dropped as u64;
            rows.drop_from(base, &self.drops);
        }
        Ok(read)
    }
}
