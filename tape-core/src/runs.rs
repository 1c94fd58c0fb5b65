//! Finds the rows of each object, by runs of equal ids or by hash.

use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::ids::{Ids, TextIds};

/// Rows that should be sorted by id are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rows are not sorted by id")]
pub struct NotSorted;

/// Returns the end of the run of equal ids that starts at `start`.
pub(crate) fn run_end(ids: &Ids, start: usize, end: usize) -> Result<usize, NotSorted> {
    let (stop, ascends) = match ids {
        Ids::Int(keys) => {
            let key = keys[start];
            // Eight ids at a time, with one comparison for all of them, while they are equal.
            let blocks = keys[start..end].chunks_exact(8);
            let same = |block: &&[i64]| block.iter().fold(0, |differ, other| differ | (other ^ key)) == 0;
            let known = start + 8 * blocks.take_while(same).count();
            let stop = known + keys[known..end].iter().take_while(|&&other| other == key).count();
            (stop, stop == end || keys[stop] > key)
        }
        Ids::Text(text) => {
            let id = text.get(start);
            let stop = (start + 1..end).find(|&i| text.get(i) != id).unwrap_or(end);
            (stop, stop == end || text.get(stop) > id)
        }
    };
    if ascends { Ok(stop) } else { Err(NotSorted) }
}

/// The objects met so far, numbered in the order of their first rows.
pub(crate) enum Objects {
    Int { met: Vec<i64>, table: HashTable<u32> },
    Text { met: TextIds, table: HashTable<u32>, hasher: FixedState },
}

impl Objects {
    /// Creates an empty set, for ids of the same kind as `ids`.
    pub(crate) fn new(ids: &Ids) -> Self {
        match ids {
            Ids::Int(_) => Self::Int { met: Vec::new(), table: HashTable::new() },
            Ids::Text(_) => {
                Self::Text { met: TextIds::default(), table: HashTable::new(), hasher: FixedState::default() }
            }
        }
    }

    /// Appends the object number of each row to `numbers`.
    ///
    /// # Panics
    /// If the ids are of a different kind from earlier ones.
    pub(crate) fn number(&mut self, ids: &Ids, range: Range<usize>, numbers: &mut Vec<u32>) {
        match (self, ids) {
            (Self::Int { met, table }, Ids::Int(keys)) => {
                // Multiplying spreads the bits of a key enough to use it as a hash.
                let hash = |key: i64| key.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
                numbers.extend(keys[range].iter().map(|&key| {
                    table.find(hash(key), |&i| met[i as usize] == key).copied().unwrap_or_else(|| {
                        let number = index(met.len());
                        met.push(key);
                        table.insert_unique(hash(key), number, |&i| hash(met[i as usize]));
                        number
                    })
                }));
            }
            (Self::Text { met, table, hasher }, Ids::Text(ids)) => {
                numbers.extend(range.map(|row| {
                    let id = ids.get(row);
                    let hash = hasher.hash_one(id);
                    table.find(hash, |&i| met.get(i as usize) == id).copied().unwrap_or_else(|| {
                        let number = index(met.len());
                        met.push(id);
                        table.insert_unique(hash, number, |&i| hasher.hash_one(met.get(i as usize)));
                        number
                    })
                }));
            }
            _ => panic!("integer and text ids in one survey"),
        }
    }

    /// Returns the ids, indexed by object number.
    pub(crate) fn into_ids(self) -> Ids {
        match self {
            Self::Int { met, .. } => Ids::Int(met),
            Self::Text { met, .. } => Ids::Text(met),
        }
    }
}

/// Converts an index of a cell or row of a chunk to 32 bits.
///
/// # Panics
/// If the chunk has 2^32 rows or more, which would take over 100 GB.
pub(crate) fn index(i: usize) -> u32 {
    u32::try_from(i).expect("a chunk has fewer than 2^32 rows and light curves")
}
