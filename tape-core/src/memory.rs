//! A survey in memory, for tests and for columns that were never in a file.

use std::ops::Range;

use crate::bands::Bands;
use crate::id::IdType;
use crate::layout::{IdRange, Partition, Piece, RowGroup};
use crate::ports::{RowReader, Source, SourceError};
use crate::role::Role;
use crate::rows::{Columns, Rows};

/// Rows in memory, divided into row groups as a file would be.
#[derive(Debug)]
pub struct MemorySource {
    id_type: IdType,
    rows: Rows,
    bands: Bands,
    row_groups: Vec<RowGroup>,
    starts: Vec<usize>,
}

impl MemorySource {
    /// Creates a survey of `rows`, with the band codes of `bands`. A new row group starts at each row of `cuts`
    /// (ascending). The ranges of ids in the row groups are correct.
    #[must_use]
    pub fn new(id_type: IdType, rows: Rows, bands: Bands, cuts: &[usize]) -> Self {
        let mut edges = vec![0];
        edges.extend(cuts.iter().map(|&cut| cut.min(rows.len())));
        edges.push(rows.len());
        let row_groups = edges
            .windows(2)
            .enumerate()
            .map(|(index, edge)| {
                let ids = (edge[0]..edge[1]).map(|row| rows.ids.get(row));
                let range = ids.clone().min().zip(ids.max()).map(|(min, max)| IdRange {
                    min: min.to_owned(id_type),
                    max: max.to_owned(id_type),
                    exact: true,
                });
                RowGroup { file: 0, index, rows: (edge[1] - edge[0]) as u64, ids: range, sorted: false }
            })
            .collect();
        edges.pop();
        Self { id_type, rows, bands, row_groups, starts: edges }
    }

    /// Changes the claims of the row groups, to test footers that are wrong.
    #[must_use]
    pub fn claiming(mut self, mut claim: impl FnMut(&mut RowGroup)) -> Self {
        self.row_groups.iter_mut().for_each(&mut claim);
        self
    }
}

impl Source for MemorySource {
    fn id_type(&self) -> IdType {
        self.id_type
    }

    fn column(&self, role: Role) -> Option<&str> {
        let there = match role {
            Role::Id | Role::Flux => true,
            Role::Time => !self.rows.time.is_empty(),
            Role::Error => !self.rows.error.is_empty(),
            Role::Band => !self.rows.band.is_empty(),
        };
        there.then(|| ["id", "time", "flux", "error", "band"][role as usize])
    }

    fn bands(&self) -> &Bands {
        &self.bands
    }

    fn row_groups(&self) -> &[RowGroup] {
        &self.row_groups
    }

    fn describe(&self, row_group: usize) -> String {
        format!("row group {row_group} in memory")
    }

    fn bytes(&self, row_group: usize, columns: Columns) -> u64 {
        let floats = u64::from(columns.time) + u64::from(columns.flux) + u64::from(columns.error);
        self.row_groups[row_group].rows * (8 + 8 * floats + u64::from(columns.band))
    }

    fn row_bytes(&self) -> u64 {
        let roles = Role::ALL.into_iter().filter(|&role| self.column(role).is_some());
        roles.map(|role| if role == Role::Band { 1 } else { 8 }).sum()
    }

    fn read<'a>(&'a self, partition: &Partition, columns: Columns) -> Result<Box<dyn RowReader + 'a>, SourceError> {
        let range = |piece: &Piece| -> Result<Range<usize>, SourceError> {
            let start = self.starts[piece.row_group];
            Ok(start + usize::try_from(piece.rows.start)?..start + usize::try_from(piece.rows.end)?)
        };
        let mut ranges = partition.pieces.iter().map(range).collect::<Result<Vec<_>, _>>()?;
        ranges.reverse();
        Ok(Box::new(MemoryReader { rows: &self.rows, ranges, columns }))
    }
}

struct MemoryReader<'a> {
    rows: &'a Rows,
    /// The ranges still to read, in reverse order.
    ranges: Vec<Range<usize>>,
    columns: Columns,
}

impl RowReader for MemoryReader<'_> {
    fn read(&mut self, rows: &mut Rows, max_rows: usize) -> Result<usize, SourceError> {
        rows.ids.check_kind(&self.rows.ids)?;
        while let Some(range) = self.ranges.last_mut() {
            if Range::is_empty(range) {
                self.ranges.pop();
                continue;
            }
            let taken = range.start..range.end.min(range.start + max_rows.max(1));
            range.start = taken.end;
            rows.ids.extend_from(&self.rows.ids, taken.clone());
            if self.columns.band && !self.rows.band.is_empty() {
                rows.band.extend_from_slice(&self.rows.band[taken.clone()]);
            }
            for (wanted, to, from) in [
                (self.columns.time, &mut rows.time, &self.rows.time),
                (self.columns.flux, &mut rows.flux, &self.rows.flux),
                (self.columns.error, &mut rows.error, &self.rows.error),
            ] {
                if wanted {
                    to.extend_from_slice(&from[taken.clone()]);
                }
            }
            return Ok(taken.len());
        }
        Ok(0)
    }
}
