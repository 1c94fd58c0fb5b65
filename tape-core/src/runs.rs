//! Which rows are of one object: by runs of equal ids, or by hash.

use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::group::{NotSorted, index};
use crate::id::Ids;

/// The end of the run of equal ids that starts at `start`.
pub(crate) fn run_end(ids: &Ids, start: usize, end: usize) -> Result<usize, NotSorted> {
    let (stop, ascends) = match ids {
        Ids::Int(keys) => {
            let key = keys[start];
            let same = keys[start..end].iter().take_while(|&&other| other == key).count();
            let stop = start + same;
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

/// Numbers the ids of some rows in the order in which they are met: `objects` gets the number of each row's, the answer is
/// the ids by number.
pub(crate) fn intern(ids: &Ids, range: Range<usize>, objects: &mut Vec<u32>) -> Ids {
    match ids {
        Ids::Int(keys) => {
            // A key is a hash of itself once its bits are spread.
            let hash = |key: i64| key.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
            let mut met: Vec<i64> = Vec::new();
            let mut table: HashTable<u32> = HashTable::new();
            for &key in &keys[range] {
                let object = table.find(hash(key), |&i| met[i as usize] == key).copied().unwrap_or_else(|| {
                    let object = index(met.len());
                    met.push(key);
                    table.insert_unique(hash(key), object, |&i| hash(met[i as usize]));
                    object
                });
                objects.push(object);
            }
            Ids::Int(met)
        }
        Ids::Text(_) => intern_text(ids, range, objects),
    }
}

fn intern_text(ids: &Ids, range: Range<usize>, objects: &mut Vec<u32>) -> Ids {
    let hasher = FixedState::default();
    let mut met = ids.new_like();
    let mut table: HashTable<u32> = HashTable::new();
    for row in range {
        let id = ids.get(row);
        let hash = hasher.hash_one(id);
        if let Some(&object) = table.find(hash, |&object| met.get(object as usize) == id) {
            objects.push(object);
            continue;
        }
        let object = index(met.len());
        met.push(id);
        objects.push(object);
        table.insert_unique(hash, object, |&other| hasher.hash_one(met.get(other as usize)));
    }
    met
}
