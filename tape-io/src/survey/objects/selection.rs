//! Selections of objects that need no table: by id, by sample, or by number of epochs.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use foldhash::fast::FixedState;
use tape_core::{IdRange, IdRef, IdSet, IdType, ObjectId, RowReader, Rows, Source, SourceError};

/// Number of rows whose ids are counted at a time.
const ROWS: usize = 1 << 16;

/// A selection of objects. Clones share the counts of epochs.
#[derive(Clone, Debug)]
pub(crate) enum Selection {
    /// Objects with these ids.
    Ids(Arc<IdSet>),
    /// A random fraction of the objects, decided by their ids.
    Sample { fraction: f64, seed: u64 },
    /// Objects with at least `least` epochs. They are counted at most once.
    Epochs { least: u64, ids: Arc<OnceLock<IdSet>>, counting: Arc<Mutex<()>> },
}

/// A selection of objects without a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Chosen {
    /// Objects with these ids, in order of id.
    Ids(Vec<ObjectId>),
    /// A random fraction of the objects.
    Sample {
        /// The fraction, from 0 to 1.
        fraction: f64,
        /// The seed of the sample.
        seed: u64,
    },
    /// Objects with at least this many epochs, among the objects selected before.
    Epochs(u64),
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ids(ids) => write!(f, "{} selected by id", ids.len()),
            Self::Sample { fraction, seed } => write!(f, "a random fraction of {fraction} (seed {seed})"),
            Self::Epochs { least, .. } => write!(f, "objects with at least {least} epochs"),
        }
    }
}

/// The objects of a selection whose epochs, if needed, were counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted<'a> {
    Ids(&'a IdSet),
    Sample { fraction: f64, seed: u64, id_type: IdType },
}

impl Wanted<'_> {
    pub(crate) fn has(&self, id: IdRef<'_>) -> bool {
        match self {
            Self::Ids(ids) => ids.place(id).is_some(),
            Self::Sample { fraction, seed, id_type } => drawn(&id.to_owned(*id_type), *seed) < *fraction,
        }
    }

    /// Returns true if any of the objects can be in a range.
    pub(crate) fn touches(&self, range: &IdRange) -> bool {
        match self {
            Self::Ids(ids) => ids.touches(range),
            Self::Sample { .. } => true,
        }
    }
}

impl Selection {
    pub(crate) fn epochs(least: u64) -> Self {
        Self::Epochs { least, ids: Arc::default(), counting: Arc::default() }
    }

    /// Discards the counts of epochs.
    pub(crate) fn forget(&mut self) {
        if let Self::Epochs { ids, .. } = self {
            *ids = Arc::default();
        }
    }

    /// Returns true if the selection needs the rows of the whole survey to be counted.
    pub(crate) const fn is_counted(&self) -> bool {
        matches!(self, Self::Epochs { .. })
    }

    pub(crate) fn chosen(&self, id_type: IdType) -> Chosen {
        match self {
            Self::Ids(ids) => Chosen::Ids(ids.iter().map(|id| id.to_owned(id_type)).collect()),
            &Self::Sample { fraction, seed } => Chosen::Sample { fraction, seed },
            Self::Epochs { least, .. } => Chosen::Epochs(*least),
        }
    }

    /// Returns the memory it currently takes, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Ids(ids) => ids.bytes() as u64,
            Self::Epochs { ids, .. } => ids.get().map_or(0, IdSet::bytes) as u64,
            Self::Sample { .. } => 0,
        }
    }

    /// Returns the selected objects. If epochs have to be counted, `read` opens the rows of a row group.
    pub(crate) fn wanted<'a>(
        &'a self,
        source: &'a dyn Source,
        read: impl Fn(usize) -> Result<Box<dyn RowReader + 'a>, SourceError>,
    ) -> Result<Wanted<'a>, SourceError> {
        let ids = match self {
            Self::Ids(ids) => &**ids,
            &Self::Sample { fraction, seed } => {
                return Ok(Wanted::Sample { fraction, seed, id_type: source.id_type() });
            }
            Self::Epochs { least, ids, counting } => match ids.get() {
                Some(ids) => ids,
                None => {
                    let one_at_a_time = counting.lock().unwrap_or_else(PoisonError::into_inner);
                    // In sequence: a pool thread that waits for other tasks may pick up a task that waits for this
                    // lock.
                    if ids.get().is_none() {
                        let mut all = Counts::default();
                        for row_group in 0..source.row_groups().len() {
                            all.add(Counts::of(source, read(row_group)?)?);
                        }
                        drop(ids.set(all.at_least(*least, source.id_type())));
                    }
                    drop(one_at_a_time);
                    return self.wanted(source, read);
                }
            },
        };
        Ok(Wanted::Ids(ids))
    }

    /// Counts epochs on all threads of the pool, if the selection needs them and they were not counted.
    pub(crate) fn count<'a>(
        &self,
        source: &dyn Source,
        read: impl Fn(usize) -> Result<Box<dyn RowReader + 'a>, SourceError> + Sync,
    ) -> Result<(), SourceError> {
        let Self::Epochs { least, ids, .. } = self else { return Ok(()) };
        if ids.get().is_none() {
            let count = |row_group| Counts::of(source, read(row_group)?);
            let all = tape_pool::try_map_reduce(source.row_groups().len(), count, Counts::default, |mut a, b| {
                a.add(b);
                a
            })?;
            drop(ids.set(all.at_least(*least, source.id_type())));
        }
        Ok(())
    }
}

/// Numbers of epochs of objects.
#[derive(Default)]
struct Counts {
    keys: HashMap<i64, u64, FixedState>,
    texts: HashMap<Box<str>, u64, FixedState>,
}

impl Counts {
    fn of<'a>(source: &dyn Source, mut reader: Box<dyn RowReader + 'a>) -> Result<Self, SourceError> {
        let (mut counts, mut rows) = (Self::default(), Rows::new(source.id_type()));
        while reader.read(&mut rows, ROWS)? > 0 {
            let mut start = 0;
            while start < rows.len() {
                let id = rows.ids.get(start);
                let end = (start..rows.len()).find(|&row| rows.ids.get(row) != id).unwrap_or(rows.len());
                counts.more(id, (end - start) as u64);
                start = end;
            }
            rows.clear();
        }
        Ok(counts)
    }

    fn more(&mut self, id: IdRef<'_>, epochs: u64) {
        match id {
            IdRef::Int(key) => *self.keys.entry(key).or_default() += epochs,
            IdRef::Text(text) => match self.texts.get_mut(text) {
                Some(count) => *count += epochs,
                None => drop(self.texts.insert(text.into(), epochs)),
            },
        }
    }

    fn add(&mut self, mut other: Self) {
        if other.keys.len() + other.texts.len() > self.keys.len() + self.texts.len() {
            std::mem::swap(self, &mut other);
        }
        other.keys.into_iter().for_each(|(key, epochs)| self.more(IdRef::Int(key), epochs));
        other.texts.into_iter().for_each(|(text, epochs)| self.more(IdRef::Text(&text), epochs));
    }

    fn at_least(&self, least: u64, id_type: IdType) -> IdSet {
        let keys = self.keys.iter().filter(|(_, epochs)| **epochs >= least).map(|(key, _)| IdRef::Int(*key));
        let texts = self.texts.iter().filter(|(_, epochs)| **epochs >= least).map(|(text, _)| IdRef::Text(text));
        // A map has no duplicate keys, so this cannot fail.
        IdSet::new(id_type, keys.chain(texts).map(|id| (id, 0))).unwrap_or_else(|_| IdSet::none(id_type))
    }
}

/// Maps an id to a number from 0 to 1 with splitmix64 (Steele, Lea & Flood 2014, doi:10.1145/2714064.2660195); text is
/// hashed with FNV-1a first. The result depends only on the id and the seed, not on the machine or on the integer type
/// of the id.
fn drawn(id: &ObjectId, seed: u64) -> f64 {
    let own = match id {
        ObjectId::Int(value) => value.cast_unsigned(),
        ObjectId::UInt(value) => *value,
        ObjectId::Text(text) => text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)),
    };
    let mixed = mix(own ^ mix(seed));
    #[expect(clippy::cast_precision_loss, reason = "53 bits are left")]
    let part = (mixed >> 11) as f64;
    part / (1_u64 << 53) as f64
}

const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_the_requested_fraction_for_any_ids() {
        let ids: Vec<ObjectId> = (0..4000).map(ObjectId::Int).collect();
        let of = |ids: &[ObjectId], seed| ids.iter().filter(|id| drawn(id, seed) < 0.25).count();
        // A quarter of 4,000, with a standard deviation of 27.
        assert!([1, 2, 3].into_iter().all(|seed| of(&ids, seed).abs_diff(1000) < 120));
        let texts: Vec<ObjectId> = (0..4000).map(|i| ObjectId::Text(format!("ZTF{i}").into())).collect();
        assert!(of(&texts, 1).abs_diff(1000) < 120);
        assert!(ids.iter().any(|id| (drawn(id, 1) < 0.25) != (drawn(id, 2) < 0.25)), "seeds are alike");
        assert_eq!(drawn(&ObjectId::Int(7), 1).to_bits(), drawn(&ObjectId::UInt(7), 1).to_bits());
    }

    #[test]
    fn counts_add_up_in_any_order() {
        let of = |ids: &[i64]| {
            let mut counts = Counts::default();
            ids.iter().for_each(|&id| counts.more(IdRef::Int(id), 1));
            counts
        };
        for (first, second) in [(vec![1, 2, 2], vec![2, 3]), (vec![3], vec![1, 2, 2, 2])] {
            let mut all = of(&first);
            all.add(of(&second));
            let kept = all.at_least(3, IdType::Int64);
            assert_eq!((kept.len(), kept.place(IdRef::Int(2))), (1, Some(0)));
        }
    }
}
