//! Splits segments into parts, and assigns parts to teams by length.

use std::ops::Range;

/// Maximum number of epochs of a part. Longer segments are split among several workgroups.
pub(crate) const LONGEST: usize = 1 << 16;

/// Maximum number of epochs for a small team. For longer parts, a large workgroup is faster.
pub(crate) const SHORT: usize = 2048;

/// Consecutive epochs of one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The index of the segment.
    pub(crate) segment: usize,
    /// Rows of the epochs in the columns.
    pub(crate) rows: Range<usize>,
}

/// Splits segments into parts. Empty segments have no parts.
pub(crate) fn parts(segments: &[Range<usize>]) -> impl Iterator<Item = Part> + '_ {
    segments.iter().enumerate().flat_map(|(segment, rows)| {
        let end = rows.end;
        rows.clone().step_by(LONGEST).map(move |first| Part { segment, rows: first..end.min(first + LONGEST) })
    })
}

/// Returns the indices of the parts for small teams, and for large teams.
pub(crate) fn bins(lengths: impl Iterator<Item = usize>) -> [Vec<u32>; 2] {
    let mut bins = [vec![], vec![]];
    for (part, length) in (0..).zip(lengths) {
        bins[usize::from(length > SHORT)].push(part);
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_each_epoch_once() {
        let segments = [0..0, 0..5, 5..5 + 2 * LONGEST + 1, 5 + 2 * LONGEST + 1..6 + 3 * LONGEST + 1];
        let parts: Vec<Part> = parts(&segments).collect();
        let lengths: Vec<(usize, usize)> = parts.iter().map(|part| (part.segment, part.rows.len())).collect();
        assert_eq!(lengths, [(1, 5), (2, LONGEST), (2, LONGEST), (2, 1), (3, LONGEST), (3, 1)]);
        assert!(parts.windows(2).all(|pair| pair[0].rows.end == pair[1].rows.start));
    }

    #[test]
    fn a_part_goes_to_a_team_of_its_size() {
        assert_eq!(bins([1, SHORT + 1, SHORT].into_iter()), [vec![0, 2], vec![1]]);
    }
}
