//! Divides a survey into partitions.

use serde::{Deserialize, Serialize};
use tape_core::{IdRange, Partition, Piece, RowGroup, Source};

use crate::plan::pieces::cut_piece;

/// Smaller row groups are scheduled together with the next one, because opening a row group costs about as much as
/// reading this many rows.
const FEWEST_ROWS: u64 = 32 * 1024;
/// Row groups with overlapping ranges of ids are scheduled as one partition up to this many rows, which are then in
/// memory at once and grouped by one worker. Larger sets use a shuffle, which all workers share.
const MOST_SHARED_ROWS: u64 = 512 * 1024;

/// Larger row groups are cut if rows are declared sorted, so that the cut light curves can be joined. Otherwise a row
/// group of a hundred million rows would keep one worker busy while the others wait.
const MOST_ROWS: u64 = 4 << 20;
/// The largest number of parts of a row group, however many rows its footer claims.
const MOST_CUTS: u64 = 1 << 12;

/// The division of a survey into partitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partitioning {
    /// A partition per row group of the files, which is fastest.
    #[default]
    RowGroups,
    /// This many partitions with equal numbers of rows, which may split light curves.
    Count(u64),
    /// Partitions of this many bytes in memory, which may split light curves.
    Bytes(u64),
}

/// Cuts a survey into partitions, in order of id if the footers have the ids. `memory` is the budget of each worker. If
/// `stitched`, partitions may cut light curves, so very large row groups are cut.
#[must_use]
pub fn cut(source: &dyn Source, partitioning: Partitioning, memory: Option<u64>, stitched: bool) -> Vec<Partition> {
    let order = by_id(source.row_groups());
    let rows: u64 = source.row_groups().iter().map(|group| group.rows).sum();
    match partitioning {
        Partitioning::RowGroups => {
            // A row is held raw and grouped, together with its target position.
            let fitting = memory.map_or(u64::MAX, |memory| memory / (4 * source.row_bytes().max(1)));
            let partitions = together(source.row_groups(), &order, MOST_SHARED_ROWS.min(fitting));
            if stitched && sorted_throughout(source.row_groups(), &order) {
                partitions.into_iter().flat_map(|partition| apart(partition, MOST_ROWS)).collect()
            } else {
                partitions
            }
        }
        Partitioning::Count(n) => equal(source.row_groups(), &order, rows, n),
        Partitioning::Bytes(bytes) => {
            let n = rows.saturating_mul(source.row_bytes()).div_ceil(bytes.max(1));
            equal(source.row_groups(), &order, rows, n)
        }
    }
}

/// Makes each row group a partition.
#[must_use]
pub fn row_groups(source: &dyn Source) -> Vec<Partition> {
    source.row_groups().iter().enumerate().map(|(i, group)| Partition::row_group(i, group)).collect()
}

/// Returns the row groups in order of the ranges of ids that they claim, or in their own order if a row group claims
/// none.
fn by_id(groups: &[RowGroup]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..groups.len()).filter(|&i| groups[i].rows > 0).collect();
    if order.iter().all(|&i| groups[i].ids.is_some()) {
        order.sort_by(|&a, &b| {
            let key = |i: usize| groups[i].ids.as_ref().map(|ids| (&ids.min, &ids.max));
            key(a).cmp(&key(b))
        });
    }
    order
}

/// Joins small row groups with their neighbours. Also joins row groups with overlapping ranges of ids, if all
/// partitions stay small enough: files written by region of the sky hold whole objects, but their row groups may cut
/// them.
fn together(groups: &[RowGroup], order: &[usize], most_shared: u64) -> Vec<Partition> {
    let whole = |&i: &usize| Piece { row_group: i, rows: 0..groups[i].rows };
    let mut shared: Vec<Partition> = Vec::new();
    let mut range: Option<IdRange> = None;
    for i in order {
        let ids = groups[*i].ids.clone();
        let shares = matches!((&range, &ids), (Some(a), Some(b)) if a.max > b.min);
        match shared.last_mut().filter(|_| shares) {
            Some(partition) => partition.pieces.push(whole(i)),
            None => shared.push(Partition { pieces: vec![whole(i)] }),
        }
        range = match (range.filter(|_| shares), ids) {
            (Some(a), Some(b)) => Some(a.union(b)),
            (_, ids) => ids,
        };
    }
    if shared.iter().any(|partition| partition.pieces.len() > 1 && partition.rows() > most_shared) {
        shared = order.iter().map(|i| Partition { pieces: vec![whole(i)] }).collect();
    }
    let mut partitions: Vec<Partition> = Vec::new();
    for partition in shared {
        match partitions.last_mut().filter(|last| last.rows() < FEWEST_ROWS) {
            Some(last) => last.pieces.extend(partition.pieces),
            None => partitions.push(partition),
        }
    }
    partitions
}

/// Returns true if all rows are declared sorted by id, within and across row groups.
fn sorted_throughout(groups: &[RowGroup], order: &[usize]) -> bool {
    let follows = |pair: &[usize]| match (&groups[pair[0]].ids, &groups[pair[1]].ids) {
        (Some(a), Some(b)) => a.max <= b.min,
        _ => false,
    };
    order.iter().all(|&i| groups[i].sorted && groups[i].ids.is_some()) && order.windows(2).all(follows)
}

/// Cuts a partition of one row group with more than `most` rows into parts of nearly equal length.
fn apart(partition: Partition, most: u64) -> Vec<Partition> {
    let rows = partition.rows();
    match &partition.pieces[..] {
        [piece] if rows > most => {
            let length = rows.div_ceil(rows.div_ceil(most).min(MOST_CUTS));
            cut_piece(piece, length).map(|piece| Partition { pieces: vec![piece] }).collect()
        }
        _ => vec![partition],
    }
}

/// Cuts the survey into `n` partitions with equal numbers of rows, to within one row.
fn equal(groups: &[RowGroup], order: &[usize], rows: u64, n: u64) -> Vec<Partition> {
    let n = n.clamp(1, rows.max(1));
    let mut partitions = Vec::new();
    let mut left = order.iter().copied();
    let mut current = left.next();
    let (mut at, mut done) = (0, 0);
    for i in 1..=n {
        let end = u64::try_from(u128::from(rows) * u128::from(i) / u128::from(n)).unwrap_or(rows);
        let mut partition = Partition::default();
        while let Some(group) = current.filter(|_| done < end) {
            let taken = (groups[group].rows - at).min(end - done);
            partition.pieces.push(Piece { row_group: group, rows: at..at + taken });
            (at, done) = (at + taken, done + taken);
            if at == groups[group].rows {
                (current, at) = (left.next(), 0);
            }
        }
        partitions.push(partition);
    }
    partitions
}

#[cfg(test)]
mod tests {
    use super::*;
    use tape_core::ObjectId;

    fn group(rows: u64, ids: Option<(i64, i64)>) -> RowGroup {
        let ids = ids.map(|(min, max)| IdRange { min: ObjectId::Int(min), max: ObjectId::Int(max), exact: true });
        RowGroup { file: 0, index: 0, rows, ids, sorted: false }
    }

    fn pieces(partitions: &[Partition]) -> Vec<Vec<(usize, std::ops::Range<u64>)>> {
        let of = |p: &Partition| p.pieces.iter().map(|piece| (piece.row_group, piece.rows.clone())).collect();
        partitions.iter().map(of).collect()
    }

    #[test]
    fn equal_partitions_cut_row_groups() {
        let groups = [group(5, None), group(0, None), group(7, None)];
        let partitions = equal(&groups, &by_id(&groups), 12, 3);
        assert_eq!(pieces(&partitions), [vec![(0, 0..4)], vec![(0, 4..5), (2, 0..3)], vec![(2, 3..7)]]);
        assert_eq!(equal(&groups, &by_id(&groups), 12, 100).len(), 12, "no more partitions than rows");
    }

    #[test]
    fn row_groups_with_overlapping_ids_become_one_partition() {
        let big = FEWEST_ROWS;
        let groups = [
            group(big, Some((50, 90))),
            group(big, Some((1, 9))),
            group(big, Some((40, 60))),
            group(big, Some((9, 30))),
        ];
        let partitions = together(&groups, &by_id(&groups), MOST_SHARED_ROWS);
        assert_eq!(pieces(&partitions), [vec![(1, 0..big)], vec![(3, 0..big)], vec![(2, 0..big), (0, 0..big)]]);
    }

    #[test]
    fn a_large_row_group_is_cut_if_it_is_declared_sorted() {
        let whole = |rows| Partition { pieces: vec![Piece { row_group: 3, rows: 0..rows }] };
        assert_eq!(apart(whole(10), 10), [whole(10)]);
        assert_eq!(pieces(&apart(whole(25), 10)), [vec![(3, 0..9)], vec![(3, 9..18)], vec![(3, 18..25)]]);
        assert_eq!(apart(whole(u64::MAX), 1).len() as u64, MOST_CUTS);
        let sorted = |claims: &[(i64, i64)], sorted| {
            let group = |&(min, max): &(i64, i64)| RowGroup { sorted, ..group(5, Some((min, max))) };
            let groups: Vec<_> = claims.iter().map(group).collect();
            sorted_throughout(&groups, &by_id(&groups))
        };
        assert!(sorted(&[(5, 9), (1, 5)], true));
        assert!(!sorted(&[(5, 9), (1, 5)], false));
        assert!(!sorted(&[(5, 9), (1, 6)], true));
    }

    #[test]
    fn an_unordered_survey_has_one_partition_per_row_group() {
        let groups = vec![group(MOST_SHARED_ROWS / 2, Some((0, 99))); 3];
        assert_eq!(together(&groups, &by_id(&groups), MOST_SHARED_ROWS).len(), 3);
    }
}
