//! A set of ids, each with a position: the objects of a table, or those that a user selected.

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use crate::id::{IdRef, IdType, ObjectId, key_from_u64};
use crate::ids::Ids;
use crate::layout::IdRange;

/// Unique ids of one type, each with a position.
#[derive(Clone, Debug)]
pub struct IdSet {
    id_type: IdType,
    held: Held,
}

#[derive(Clone, Debug)]
enum Held {
    /// Keys with their positions, and the sorted keys for range lookups.
    Int {
        places: HashMap<i64, u32, FixedState>,
        sorted: Vec<i64>,
    },
    Text(BTreeMap<Box<str>, u32>),
}

impl IdSet {
    /// Creates a set of ids with their positions. Ids of the other kind (integer or text) match no object and are
    /// skipped.
    ///
    /// # Errors
    /// The first duplicate id.
    pub fn new<'a>(id_type: IdType, ids: impl IntoIterator<Item = (IdRef<'a>, u32)>) -> Result<Self, ObjectId> {
        let held = if id_type == IdType::Utf8 { of_texts(ids) } else { of_keys(ids) };
        held.map(|held| Self { id_type, held }).map_err(|twice| twice.to_owned(id_type))
    }

    /// Creates an empty set.
    #[must_use]
    pub fn none(id_type: IdType) -> Self {
        let text = id_type == IdType::Utf8;
        let none = || Held::Int { places: HashMap::default(), sorted: vec![] };
        Self { id_type, held: if text { Held::Text(BTreeMap::new()) } else { none() } }
    }

    /// Creates a set of the ids of a column, each with a row in which it occurs.
    #[must_use]
    pub fn of(ids: &Ids, id_type: IdType) -> Self {
        let mut set = Self::none(id_type);
        match (&mut set.held, ids) {
            (Held::Int { places, sorted }, Ids::Int(keys)) => {
                places.extend(keys.iter().copied().zip(0..));
                sorted.extend(places.keys());
                sorted.sort_unstable();
            }
            (Held::Text(places), Ids::Text(texts)) => {
                places.extend((0..texts.len()).map(|row| texts.get(row).into()).zip(0..));
            }
            _ => {}
        }
        set
    }

    /// Returns the number of ids.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.held {
            Held::Int { sorted, .. } => sorted.len(),
            Held::Text(places) => places.len(),
        }
    }

    /// Returns true if the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the type of the ids.
    #[must_use]
    pub const fn id_type(&self) -> IdType {
        self.id_type
    }

    /// Returns the position of an id, if the set contains it.
    #[must_use]
    pub fn place(&self, id: IdRef<'_>) -> Option<u32> {
        match (&self.held, id) {
            (Held::Int { places, .. }, IdRef::Int(key)) => places.get(&key).copied(),
            (Held::Text(places), IdRef::Text(text)) => places.get(text).copied(),
            _ => None,
        }
    }

    /// Iterates over the ids in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = IdRef<'_>> {
        let (keys, texts) = match &self.held {
            Held::Int { sorted, .. } => (sorted.as_slice(), None),
            Held::Text(places) => (&[][..], Some(places.keys())),
        };
        keys.iter().map(|&key| IdRef::Int(key)).chain(texts.into_iter().flatten().map(|text| IdRef::Text(text)))
    }

    /// Returns true if any id of the set may lie in `range`.
    #[must_use]
    pub fn touches(&self, range: &IdRange) -> bool {
        // A footer whose minimum exceeds its maximum is wrong, so nothing can be excluded.
        match &self.held {
            Held::Int { sorted, .. } => {
                let (Some(min), Some(max)) = (key(&range.min), key(&range.max)) else { return true };
                let first = sorted.partition_point(|&id| id < min);
                min > max || sorted.get(first).is_some_and(|&id| id <= max)
            }
            Held::Text(places) => {
                let (ObjectId::Text(min), ObjectId::Text(max)) = (&range.min, &range.max) else { return true };
                min > max || places.range(min.clone()..=max.clone()).next().is_some()
            }
        }
    }

    /// Returns the approximate memory use, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.held {
            Held::Int { places, sorted } => places.allocation_size() + sorted.capacity() * size_of::<i64>(),
            Held::Text(places) => places.keys().map(|text| text.len() + 2 * size_of::<(Box<str>, u32)>()).sum(),
        }
    }
}

fn of_keys<'a>(ids: impl IntoIterator<Item = (IdRef<'a>, u32)>) -> Result<Held, IdRef<'a>> {
    let mut places = HashMap::with_hasher(FixedState::default());
    for (id, place) in ids {
        let IdRef::Int(key) = id else { continue };
        match places.entry(key) {
            Entry::Vacant(free) => drop(free.insert(place)),
            Entry::Occupied(_) => return Err(id),
        }
    }
    let mut sorted: Vec<i64> = places.keys().copied().collect();
    sorted.sort_unstable();
    Ok(Held::Int { places, sorted })
}

fn of_texts<'a>(ids: impl IntoIterator<Item = (IdRef<'a>, u32)>) -> Result<Held, IdRef<'a>> {
    let mut places = BTreeMap::new();
    for (id, place) in ids {
        let IdRef::Text(text) = id else { continue };
        if places.insert(text.into(), place).is_some() {
            return Err(id);
        }
    }
    Ok(Held::Text(places))
}

/// Returns the key of a range bound, which has the type of the ids.
const fn key(id: &ObjectId) -> Option<i64> {
    match id {
        ObjectId::Int(value) => Some(*value),
        ObjectId::UInt(value) => Some(key_from_u64(*value)),
        ObjectId::Text(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(min: ObjectId, max: ObjectId) -> IdRange {
        IdRange { min, max, exact: true }
    }

    #[test]
    fn ids_have_places_and_ranges_touch_those_within() {
        let ids = [3, -7, 40].map(IdRef::Int).into_iter().zip(0..);
        let set = IdSet::new(IdType::Int64, ids).expect("no duplicates");
        assert_eq!([-7, 3, 40, 4].map(|id| set.place(IdRef::Int(id))), [Some(1), Some(0), Some(2), None]);
        let touched = [(4, 39), (4, 40), (-7, -7), (41, 90), (-90, -8), (9, 4)]
            .map(|(min, max)| set.touches(&range(ObjectId::Int(min), ObjectId::Int(max))));
        assert_eq!(touched, [false, true, true, false, false, true]);
    }

    #[test]
    fn ranges_of_text_and_of_large_numbers_are_in_the_order_of_their_values() {
        let texts = ["b", "dé"].map(IdRef::Text).into_iter().zip(0..);
        let set = IdSet::new(IdType::Utf8, texts).expect("no duplicates");
        let text = |text: &str| ObjectId::Text(text.into());
        assert_eq!(set.place(IdRef::Text("dé")), Some(1));
        assert!(set.touches(&range(text("a"), text("b"))) && !set.touches(&range(text("ba"), text("d"))));
        assert!(set.touches(&range(text("z"), text("a"))), "an invalid range excludes nothing");
        let large = IdSet::new(IdType::UInt64, [(IdRef::Int(key_from_u64(u64::MAX)), 0)]).expect("one");
        assert!(large.touches(&range(ObjectId::UInt(1 << 63), ObjectId::UInt(u64::MAX))));
        assert!(!large.touches(&range(ObjectId::UInt(0), ObjectId::UInt(1 << 63))));
    }

    #[test]
    fn a_duplicate_id_is_reported() {
        let twice = IdSet::new(IdType::UInt64, [5, 5].map(|id| (IdRef::Int(key_from_u64(id)), 0)));
        assert_eq!(twice.expect_err("a duplicate"), ObjectId::UInt(5));
        let twice = IdSet::new(IdType::Utf8, ["a", "a"].map(|id| (IdRef::Text(id), 0)));
        assert_eq!(twice.expect_err("a duplicate"), ObjectId::Text("a".into()));
    }
}
