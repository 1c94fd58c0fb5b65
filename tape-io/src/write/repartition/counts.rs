//! Counts the rows of each object, and finds the ids where partitions begin.

use tape_core::{IdType, Ids, RowReader, Rows, SourceError};

use super::{Progress, Watch};
use crate::error::Error;
use crate::scan::partition_reader::PartitionReader;
use crate::survey::Survey;

/// Number of ids to count at a time.
const ROWS: usize = 1 << 17;

/// The objects of a survey in order of id, with their numbers of rows. Takes 16 bytes per object with an integer id, in
/// any order of the rows.
pub(super) enum Counts {
    Int(Vec<(i64, u64)>),
    Text(Vec<(Box<str>, u64)>),
}

/// The first id of each partition, except the first partition.
pub(super) enum Cuts {
    Int(Vec<i64>),
    Text(Vec<Box<str>>),
}

impl Counts {
    /// Counts rows. Only the id column is read.
    pub(super) fn of(survey: &Survey, watch: &Watch<'_>) -> Result<Self, Error> {
        let count = |row_group| of_row_group(survey, row_group, watch);
        let none = || Self::none(survey.id_type());
        tape_pool::try_map_reduce(survey.row_groups().len(), count, none, Self::plus)
    }

    fn none(id_type: IdType) -> Self {
        Self::of_ids(Ids::new(id_type))
    }

    fn of_ids(ids: Ids) -> Self {
        match ids {
            Ids::Int(keys) => Self::Int(count(keys)),
            Ids::Text(text) => {
                let counted = count((0..text.len()).map(|i| text.get(i)).collect());
                Self::Text(counted.into_iter().map(|(id, rows)| (id.into(), rows)).collect())
            }
        }
    }

    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Self::Int(merge(a, b)),
            (Self::Text(a), Self::Text(b)) => Self::Text(merge(a, b)),
            // All row groups have ids of one type. If one side is empty, its type does not matter.
            (some, none) => {
                if some.objects() > 0 {
                    some
                } else {
                    none
                }
            }
        }
    }

    pub(super) fn objects(&self) -> u64 {
        match self {
            Self::Int(counts) => counts.len() as u64,
            Self::Text(counts) => counts.len() as u64,
        }
    }

    /// Returns the length of the longest id in bytes, or 0 for integer ids.
    pub(super) fn longest_text(&self) -> usize {
        match self {
            Self::Int(_) => 0,
            Self::Text(counts) => counts.iter().map(|(id, _)| id.len()).max().unwrap_or(0),
        }
    }

    /// Cuts the objects into `n` partitions with about the same number of rows.
    pub(super) fn cut(&self, n: u64) -> Cuts {
        match self {
            Self::Int(counts) => Cuts::Int(cut(counts, n)),
            Self::Text(counts) => Cuts::Text(cut(counts, n)),
        }
    }
}

impl Cuts {
    pub(super) fn partitions(&self) -> usize {
        match self {
            Self::Int(firsts) => firsts.len() + 1,
            Self::Text(firsts) => firsts.len() + 1,
        }
    }
}

fn of_row_group(survey: &Survey, row_group: usize, watch: &Watch<'_>) -> Result<Counts, Error> {
    let failed = |error: SourceError| match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(error) => Error::io(watch.out, "read the ids of the survey", std::io::Error::other(error)),
    };
    // Repartition moves rows whole, including their lists, so ids of rows are counted rather than of epochs.
    let mut reader = PartitionReader::of_objects(survey, row_group);
    // Each list is more than twice as long as the next. So there are few lists, and a row takes part in few merges.
    let mut lists: Vec<Counts> = Vec::new();
    loop {
        let mut rows = Rows::new(survey.id_type());
        let n = reader.read(&mut rows, ROWS).map_err(failed)?;
        if n == 0 {
            break;
        }
        let mut last = Counts::of_ids(rows.ids);
        while let Some(before) = lists.pop_if(|before| before.objects() <= 2 * last.objects()) {
            last = before.plus(last);
        }
        lists.push(last);
        watch.tell(Progress::Counted(n as u64))?;
    }
    Ok(lists.into_iter().rev().reduce(|small, large| large.plus(small)).unwrap_or(Counts::none(survey.id_type())))
}

/// Returns the distinct ids in order, with the number of occurrences.
fn count<K: Ord + Copy>(mut ids: Vec<K>) -> Vec<(K, u64)> {
    ids.sort_unstable();
    ids.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u64)).collect()
}

/// Merges two sorted lists, and adds the counts of equal ids.
fn merge<K: Ord>(a: Vec<(K, u64)>, b: Vec<(K, u64)>) -> Vec<(K, u64)> {
    let mut out = Vec::with_capacity(a.len() + b.len());
    let mut b = b.into_iter().peekable();
    for mut one in a {
        while let Some(smaller) = b.next_if(|other| other.0 < one.0) {
            out.push(smaller);
        }
        if let Some(same) = b.next_if(|other| other.0 == one.0) {
            one.1 += same.1;
        }
        out.push(one);
    }
    out.extend(b);
    // If both lists had the same objects, half of the capacity is unused.
    out.shrink_to_fit();
    out
}

/// Returns the first ids of partitions 1 to `n - 1`. Each even cut moves to the nearest boundary between objects. Cuts
/// at the same boundary are merged.
fn cut<K: Ord + Clone>(counts: &[(K, u64)], n: u64) -> Vec<K> {
    let rows: u64 = counts.iter().map(|(_, rows)| rows).sum();
    // More partitions than rows would only be empty.
    let n = n.clamp(1, rows.max(1));
    let even = |k: u64| u64::try_from(u128::from(rows) * u128::from(k) / u128::from(n)).unwrap_or(rows);
    let mut firsts = Vec::new();
    let (mut k, mut before) = (1, 0);
    for (id, rows) in counts {
        let from = k;
        while k < n && even(k) <= before + rows / 2 {
            k += 1;
        }
        if k > from && before > 0 {
            firsts.push(id.clone());
        }
        before += rows;
    }
    firsts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_counts_do_not_depend_on_the_order() {
        let a = count(vec![3, 1, 3]);
        let b = count(vec![2, 3, 9]);
        let sum = vec![(1, 1), (2, 1), (3, 3), (9, 1)];
        assert_eq!(merge(a.clone(), b.clone()), sum);
        assert_eq!(merge(b, a), sum);
    }

    #[test]
    fn cuts_are_even_and_never_split_an_object() {
        let even: Vec<(u8, u64)> = (0..12).map(|id| (id, 10)).collect();
        assert_eq!(cut(&even, 3), [4, 8]);
        assert_eq!(cut(&even, 100).len(), 11, "a partition holds at least one object");
        assert!(cut(&even, 1).is_empty());
        let uneven = [(0_u8, 10), (1, 1000), (2, 10)];
        assert_eq!(cut(&uneven, 4), [1, 2], "cuts in the large object move to its ends, without duplicates");
        assert!(cut::<u8>(&[], 4).is_empty());
        assert!(cut(&[(7_u8, 100)], 4).is_empty());
    }
}
