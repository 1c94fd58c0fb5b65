//! Cuts a survey into slices of ids, for sorted files that overlap, such as one file per night.
//!
//! The merge plan holds one slice at a time: all rows with these ids, from the row groups that may hold them according
//! to their footers. A row group at the border of two slices is read for both, so wide slices are better, within limits
//! of memory and parallelism.

use std::collections::BTreeSet;

use tape_core::{IdRange, ObjectId, Partition, Piece, Source};

/// Number of rows in a slice, if memory allows. It keeps all workers busy, and memory small.
const SLICE_ROWS: u64 = 4 << 20;
/// A slice holds at least this many times the rows that overlap at any single id. At most about one row in this many is
/// then read twice.
const TIMES_OVERLAP: u64 = 5;
/// The largest fraction of rows that may be read twice. Beyond it, regrouping by hash is faster.
const MOST_TWICE: f64 = 0.3;

/// All rows with ids in a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slice {
    /// The smallest id.
    pub(crate) from: ObjectId,
    /// The first id after the slice. `None` for the last slice.
    pub(crate) to: Option<ObjectId>,
    /// Row groups that may hold these ids.
    pub(crate) parts: Vec<SlicePart>,
}

/// Rows of one row group that may belong to the slice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SlicePart {
    pub(crate) piece: Piece,
    /// Range of the ids according to the footer.
    pub(crate) claim: IdRange,
    /// True for the first slice that reads these rows.
    pub(crate) first: bool,
}

impl Slice {
    /// Returns the number of rows to read for the slice.
    pub(crate) fn rows(&self) -> u64 {
        self.parts.iter().map(|part| length(&part.piece)).fold(0, u64::saturating_add)
    }

    /// Returns true if `id` is in the slice.
    pub(crate) fn takes(&self, id: &ObjectId) -> bool {
        *id >= self.from && self.to.as_ref().is_none_or(|to| id < to)
    }
}

impl Slice {
    /// Returns the rows to read.
    pub(crate) fn partition(&self) -> Partition {
        Partition { pieces: self.parts.iter().map(|part| part.piece.clone()).collect() }
    }

    /// Creates the slice that reads `partition` and takes the ids from `from` up to but not including `to`. `is_first`
    /// returns, for the index of a piece, true if no earlier slice reads it.
    pub(crate) fn between(
        source: &dyn Source,
        partition: &Partition,
        [from, to]: [Option<ObjectId>; 2],
        is_first: impl Fn(usize) -> bool,
    ) -> Option<Self> {
        let mut parts = vec![];
        for (i, piece) in partition.pieces.iter().enumerate() {
            let claim = source.row_groups().get(piece.row_group)?.ids.clone()?;
            parts.push(SlicePart { piece: piece.clone(), claim, first: is_first(i) });
        }
        let smallest = || parts.iter().map(|part| part.claim.min.clone()).min();
        Some(Self { from: from.or_else(smallest)?, to, parts })
    }
}

/// Returns the number of rows of the survey. Rows that are read twice count once.
pub(crate) fn rows(slices: &[Slice]) -> u64 {
    let own = slices.iter().flat_map(|slice| &slice.parts).filter(|part| part.first);
    own.map(|part| length(&part.piece)).fold(0, u64::saturating_add)
}

/// Returns the number of rows that are read for all slices. Some are read twice.
pub(crate) fn rows_read(slices: &[Slice]) -> u64 {
    slices.iter().map(Slice::rows).fold(0, u64::saturating_add)
}

/// Returns the fraction of rows that are read twice.
#[expect(clippy::cast_precision_loss, reason = "a rough part")]
pub(crate) fn read_twice(slices: &[Slice]) -> f64 {
    rows_read(slices) as f64 / rows(slices).max(1) as f64 - 1.0
}

/// The reason why a survey is not cut into slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotSliced {
    /// A footer has no range of ids for its row group.
    NoClaims,
    /// The row groups that may hold one id have more rows than fit in memory.
    TooLarge { rows: u64 },
    /// Another plan is faster.
    Slower,
}

/// Cuts a survey into slices of at most `most` rows. Unless `forced`, returns an error if many rows would be read
/// twice.
pub(crate) fn slices(
    source: &dyn Source,
    partitions: &[Partition],
    most: u64,
    forced: bool,
) -> Result<Vec<Slice>, NotSliced> {
    let parts = by_smallest(source, partitions).ok_or(NotSliced::NoClaims)?;
    let wide = SLICE_ROWS.max(TIMES_OVERLAP.saturating_mul(overlap(&parts)));
    let slices = sweep(parts, wide.min(most / 2));
    let rows = slices.iter().map(Slice::rows).max().unwrap_or(0);
    if rows > most {
        return Err(NotSliced::TooLarge { rows });
    }
    let quick = slices.len() > 1 && read_twice(&slices) <= MOST_TWICE;
    if forced || quick { Ok(slices) } else { Err(NotSliced::Slower) }
}

/// Returns all pieces in order of the smallest id that they claim, or `None` if a row group claims none.
fn by_smallest(source: &dyn Source, partitions: &[Partition]) -> Option<Vec<SlicePart>> {
    let pieces = partitions.iter().flat_map(|partition| &partition.pieces).filter(|piece| length(piece) > 0);
    let part = |piece: &Piece| {
        let claim = source.row_groups()[piece.row_group].ids.clone()?;
        Some(SlicePart { piece: piece.clone(), claim, first: true })
    };
    let mut parts = pieces.map(part).collect::<Option<Vec<_>>>()?;
    // A stable sort: the rows of an object keep the order of the files.
    parts.sort_by(|a, b| a.claim.min.cmp(&b.claim.min));
    Some(parts)
}

/// Returns the largest number of rows that may hold any single id, according to the footers.
fn overlap(parts: &[SlicePart]) -> u64 {
    let (mut rows, mut most) = (0u64, 0);
    let mut open: BTreeSet<(&ObjectId, usize)> = BTreeSet::new();
    for (i, part) in parts.iter().enumerate() {
        while let Some((max, ended)) = open.pop_first() {
            if *max >= part.claim.min {
                open.insert((max, ended));
                break;
            }
            rows -= length(&parts[ended].piece);
        }
        open.insert((&part.claim.max, i));
        rows = rows.saturating_add(length(&part.piece));
        most = most.max(rows);
    }
    most
}

/// Starts a new slice at the start of a row group, once the current slice has `wide` rows.
fn sweep(parts: Vec<SlicePart>, wide: u64) -> Vec<Slice> {
    let mut slices: Vec<Slice> = vec![];
    let mut open: Option<Slice> = None;
    for part in parts {
        let slice = match open.take() {
            None => Slice { from: part.claim.min.clone(), to: None, parts: vec![] },
            Some(slice) if slice.rows() < wide || slice.from == part.claim.min => slice,
            Some(mut full) => {
                let from = part.claim.min.clone();
                let goes_on = full.parts.iter().filter(|part| part.claim.max >= from);
                let parts = goes_on.map(|part| SlicePart { first: false, ..part.clone() }).collect();
                full.to = Some(from.clone());
                slices.push(full);
                Slice { from, to: None, parts }
            }
        };
        let slice = open.insert(slice);
        slice.parts.push(part);
    }
    slices.extend(open);
    slices
}

const fn length(piece: &Piece) -> u64 {
    piece.rows.end.saturating_sub(piece.rows.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds parts from tuples (smallest id, largest id, rows).
    fn parts(claims: &[(i64, i64, u64)]) -> Vec<SlicePart> {
        let part = |(row_group, &(min, max, rows)): (usize, &(i64, i64, u64))| SlicePart {
            piece: Piece { row_group, rows: 0..rows },
            claim: IdRange { min: ObjectId::Int(min), max: ObjectId::Int(max), exact: true },
            first: true,
        };
        claims.iter().enumerate().map(part).collect()
    }

    fn row_groups(slice: &Slice) -> Vec<(usize, bool)> {
        slice.parts.iter().map(|part| (part.piece.row_group, part.first)).collect()
    }

    #[test]
    fn slices_cover_all_ids_without_overlap() {
        // Two files of three row groups each, and one row group that covers all ids.
        let claims = [(0, 99, 10), (0, 29, 10), (5, 34, 10), (30, 60, 10), (35, 69, 10), (61, 90, 10), (70, 99, 10)];
        let slices = sweep(parts(&claims), 30);
        let bounds: Vec<_> = slices.iter().map(|slice| (slice.from.clone(), slice.to.clone())).collect();
        assert_eq!(
            bounds,
            [
                (ObjectId::Int(0), Some(ObjectId::Int(30))),
                (ObjectId::Int(30), Some(ObjectId::Int(35))),
                (ObjectId::Int(35), Some(ObjectId::Int(61))),
                (ObjectId::Int(61), Some(ObjectId::Int(70))),
                (ObjectId::Int(70), None),
            ]
        );
        assert_eq!(row_groups(&slices[0]), [(0, true), (1, true), (2, true)]);
        assert_eq!(row_groups(&slices[1]), [(0, false), (2, false), (3, true)]);
        assert_eq!(row_groups(&slices[4]), [(0, false), (5, false), (6, true)]);
        for id in 0..100 {
            let takers = slices.iter().filter(|slice| slice.takes(&ObjectId::Int(id)));
            assert_eq!(takers.count(), 1, "object {id}");
        }
        assert!((read_twice(&slices) - 8.0 / 7.0).abs() < 1e-12, "{}", read_twice(&slices));
    }

    #[test]
    fn overlap_counts_the_rows_that_may_hold_one_id() {
        assert_eq!(overlap(&parts(&[(0, 9, 5), (10, 19, 7), (20, 29, 6)])), 7);
        assert_eq!(overlap(&parts(&[(0, 10, 5), (10, 19, 7), (19, 29, 6)])), 13);
        assert_eq!(overlap(&parts(&[(0, 99, 5), (1, 2, 7), (3, 4, 8), (5, 98, 9)])), 14);
    }

    #[test]
    fn nested_row_groups_are_one_slice() {
        let claims: Vec<_> = (0..50).map(|i| (i, 1000 - i, 10)).collect();
        let all = parts(&claims);
        assert_eq!(sweep(all.clone(), TIMES_OVERLAP * overlap(&all)).len(), 1);
    }
}
