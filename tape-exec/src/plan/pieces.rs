//! Cuts partitions into pieces by number of rows, and packs pieces into partitions.

use tape_core::{Partition, Piece};

/// The largest number of pieces of a row group. Without it, a false number of rows in a footer could make a list of any
/// length.
const MOST_PIECES: u64 = 1 << 16;

/// Cuts a piece into pieces of `length` rows. The last one may be shorter.
pub(crate) fn cut_piece(piece: &Piece, length: u64) -> impl Iterator<Item = Piece> {
    let Piece { row_group, ref rows } = *piece;
    let (start, end) = (rows.start, rows.end);
    let n = end.saturating_sub(start);
    let length = length.max(n / MOST_PIECES).max(1);
    (0..n.div_ceil(length).max(1)).map(move |i| {
        let from = start + i * length;
        Piece { row_group, rows: from..end.min(from.saturating_add(length)) }
    })
}

/// Packs the rows of `partitions` into partitions of up to `most` rows each, as near as row groups allow. Row groups
/// with more rows are cut so that each worker gets a part.
pub(crate) fn rounds(partitions: &[Partition], most: u64, workers: u64) -> Vec<Partition> {
    let length = |piece: &Piece| {
        let rows = piece.rows.end.saturating_sub(piece.rows.start);
        if rows > most { most / workers.max(1) } else { rows }
    };
    let pieces = partitions.iter().flat_map(|partition| &partition.pieces);
    let mut rounds = vec![Partition::default()];
    let mut rows: u64 = 0;
    for piece in pieces.flat_map(|piece| cut_piece(piece, length(piece))) {
        let more = piece.rows.end.saturating_sub(piece.rows.start);
        if rows > 0 && more > most.saturating_sub(rows) {
            rounds.push(Partition::default());
            rows = 0;
        }
        rows = rows.saturating_add(more);
        if let Some(round) = rounds.last_mut() {
            round.pieces.push(piece);
        }
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_hold_every_row_once_and_stay_within_the_limit() {
        let rows = [5, 5, 1, 20, 3, 4];
        let partition = |(i, &n): (usize, &u64)| Partition { pieces: vec![Piece { row_group: i, rows: 0..n }] };
        let partitions: Vec<_> = rows.iter().enumerate().map(partition).collect();
        let sizes = |most| rounds(&partitions, most, 2).iter().map(Partition::rows).collect::<Vec<_>>();
        assert_eq!(sizes(10), [10, 6, 10, 8, 4]);
        assert_eq!(sizes(u64::MAX), [38]);
        assert_eq!(sizes(1), [1; 38]);
        let absurd = [Partition { pieces: vec![Piece { row_group: 0, rows: 0..u64::MAX }] }];
        assert!(rounds(&absurd, 1 << 20, 2).len() < 100_000, "the number of pieces is limited");
    }

    #[test]
    fn a_row_group_is_cut_without_a_gap() {
        let pieces = |piece: &Piece, length| -> Vec<(u64, u64)> {
            cut_piece(piece, length).map(|piece| (piece.rows.start, piece.rows.end)).collect()
        };
        let piece = Piece { row_group: 3, rows: 100..125 };
        assert_eq!(pieces(&piece, 25), [(100, 125)]);
        assert_eq!(pieces(&piece, 10), [(100, 110), (110, 120), (120, 125)]);
        assert_eq!(pieces(&piece, 0).len(), 25);
    }
}
