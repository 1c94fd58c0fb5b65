//! Which objects of a survey are meant, beside those of a table.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use foldhash::fast::FixedState;
use tape_core::{IdRange, IdRef, IdSet, IdType, ObjectId, RowReader, Rows, Source, SourceError};

/// Number of rows whose ids are counted at a time.
const ROWS: usize = 1 << 16;

/// A choice of objects. Clones share what was counted.
#[derive(Clone, Debug)]
pub(crate) enum Selection {
    /// Those that are named.
    Ids(Arc<IdSet>),
    /// A part of all, by their ids alone.
    Sample { fraction: f64, seed: u64 },
    /// Objects with enough epochs, which are counted at most once.
    Epochs { least: u64, ids: Arc<OnceLock<IdSet>>, counting: Arc<Mutex<()>> },
}

/// A choice of objects beside a table of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Chosen {
    /// These, in order.
    Ids(Vec<ObjectId>),
    /// A part of all, and what decides which.
    Sample {
        /// From 0 to 1.
        fraction: f64,
        /// The seed of the sample.
        seed: u64,
    },
    /// Objects with at least this many epochs, among those selected before.
    Epochs(u64),
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ids(ids) => write!(f, "{} named by id", ids.len()),
            Self::Sample { fraction, seed } => write!(f, "{fraction} of all, drawn with seed {seed}"),
            Self::Epochs { least, .. } => write!(f, "those with at least {least} epochs, which are counted first"),
        }
    }
}

/// The objects of a choice, known.
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

    /// Lets go of what was counted.
    pub(crate) fn forget(&mut self) {
        if let Self::Epochs { ids, .. } = self {
            *ids = Arc::default();
        }
    }

    /// Tells whether rows of the whole survey are counted for it.
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

    /// Returns the memory it currently takes, bytes.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Ids(ids) => ids.bytes() as u64,
            Self::Epochs { ids, .. } => ids.get().map_or(0, IdSet::bytes) as u64,
            Self::Sample { .. } => 0,
        }
    }

    /// The objects. Where epochs have to be counted, `read` reads the rows of a row group.
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
                    // Not side by side: a thread of a pool that waits for others may be given what waits for this lock.
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

    /// Counts epochs, if they must be, on all threads of the pool.
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

/// Counts of the epochs of objects.
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
        // Keys of a map are different ones.
        IdSet::new(id_type, keys.chain(texts).map(|id| (id, 0))).unwrap_or_else(|_| IdSet::none(id_type))
    }
}

/// A number from 0 to 1 that the id and the seed decide, on every machine and whatever integer the id is stored in: by
/// splitmix64 (Steele, Lea & Flood 2014, doi:10.1145/2714064.2660195), text first by FNV-1a.
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
    fn a_sample_is_the_part_that_is_asked_for_whatever_the_ids_are() {
        let ids: Vec<ObjectId> = (0..4000).map(ObjectId::Int).collect();
        let of = |ids: &[ObjectId], seed| ids.iter().filter(|id| drawn(id, seed) < 0.25).count();
        // A quarter of 4,000 with a deviation of 27.
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
