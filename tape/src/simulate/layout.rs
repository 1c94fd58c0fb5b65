//! Assigns rows to row groups and files, for layouts in which this is possible without drawing the rows. Row groups are
//! in the order in which they are written.

use std::ops::Range;

/// A planned row group: its file, and its range of rows in the survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) file: usize,
    pub(super) rows: Range<usize>,
}

/// Returns files and row groups of equal row counts, which can split light curves.
pub(super) fn equal(rows: usize, files: usize, row_group_rows: usize) -> Vec<Group> {
    let mut groups = Vec::new();
    for file in 0..files {
        let end = share(rows, file + 1, files);
        let mut start = share(rows, file, files);
        while start < end {
            let next = end.min(start.saturating_add(row_group_rows));
            groups.push(Group { file, rows: start..next });
            start = next;
        }
    }
    groups
}

/// Returns files of about equal row counts and row groups as full as possible, with whole light curves. `starts` holds
/// the first row of each object, and then the total number of rows.
pub(super) fn cohesive(starts: &[usize], files: usize, row_group_rows: usize) -> Vec<Group> {
    let objects = starts.len() - 1;
    let rows = starts[objects];
    let mut groups = Vec::new();
    let mut object = 0;
    for file in 0..files {
        // Every file, including later ones, needs at least one object.
        let wanted = starts.partition_point(|&start| start < share(rows, file + 1, files));
        let end = wanted.clamp(object + 1, objects - (files - file - 1));
        while object < end {
            let full = starts[object].saturating_add(row_group_rows);
            let next = (starts.partition_point(|&start| start <= full) - 1).clamp(object + 1, end);
            groups.push(Group { file, rows: starts[object]..starts[next] });
            object = next;
        }
    }
    groups
}

/// Returns the end of part `part` of `parts` equal parts of `rows`, without overflow.
fn share(rows: usize, part: usize, parts: usize) -> usize {
    let (each, left) = (rows / parts, rows % parts);
    each * part + left.min(part)
}
