//! Columns of ids.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int8Array, Int16Array, Int32Array, Int64Array, StringArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array,
};

use crate::id::{IdRef, IdType, u64_from_key};

/// Text ids, concatenated in one buffer. Id `i` is at `offsets[i]..offsets[i + 1]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextIds {
    offsets: Vec<usize>,
    text: String,
}

impl Default for TextIds {
    fn default() -> Self {
        Self { offsets: vec![0], text: String::new() }
    }
}

impl TextIds {
    /// Returns the number of ids.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Returns true if there are no ids.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the id at index `i`.
    ///
    /// # Panics
    /// If `i` is out of range.
    #[must_use]
    pub fn get(&self, i: usize) -> &str {
        &self.text[self.offsets[i]..self.offsets[i + 1]]
    }

    /// Appends an id.
    pub fn push(&mut self, id: &str) {
        self.text.push_str(id);
        self.offsets.push(self.text.len());
    }

    fn drop_from(&mut self, from: usize, drops: &[bool]) {
        let start = self.offsets[from];
        let tail = self.text.split_off(start);
        let offsets = self.offsets.split_off(from + 1);
        let mut before = start;
        for (&end, &drop) in offsets.iter().zip(drops) {
            if !drop {
                self.push(&tail[before - start..end - start]);
            }
            before = end;
        }
    }

    fn drain_front(&mut self, n: usize) {
        let cut = self.offsets[n];
        self.text.drain(..cut);
        self.offsets.drain(..n);
        for offset in &mut self.offsets {
            *offset -= cut;
        }
    }
}

/// An id of a kind that the column cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id {id} is {kind}, but the ids of this column are {wanted}")]
pub struct OtherKind {
    id: String,
    kind: &'static str,
    wanted: &'static str,
}

impl OtherKind {
    fn text(id: &str) -> Self {
        Self { id: format!("'{id}'"), kind: "text", wanted: "integers" }
    }

    fn integer(key: i64) -> Self {
        Self { id: key.to_string(), kind: "an integer", wanted: "text" }
    }
}

/// A column of ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ids {
    /// Integers of any type, as order-preserving keys (see [`key_from_u64`](crate::key_from_u64)).
    Int(Vec<i64>),
    /// Text.
    Text(TextIds),
}

impl Ids {
    /// Creates an empty column for ids of type `id_type`.
    #[must_use]
    pub fn new(id_type: IdType) -> Self {
        if id_type == IdType::Utf8 { Self::Text(TextIds::default()) } else { Self::Int(Vec::new()) }
    }

    /// Creates an empty column of the same kind.
    #[must_use]
    pub fn new_like(&self) -> Self {
        match self {
            Self::Int(_) => Self::Int(Vec::new()),
            Self::Text(_) => Self::Text(TextIds::default()),
        }
    }

    /// Returns the number of ids.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Int(keys) => keys.len(),
            Self::Text(text) => text.len(),
        }
    }

    /// Returns true if there are no ids.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the id at index `i`.
    ///
    /// # Panics
    /// If `i` is out of range.
    #[must_use]
    pub fn get(&self, i: usize) -> IdRef<'_> {
        match self {
            Self::Int(keys) => IdRef::Int(keys[i]),
            Self::Text(text) => IdRef::Text(text.get(i)),
        }
    }

    /// Appends an id.
    ///
    /// # Errors
    /// [`OtherKind`] if the id is text and the column has integers, or the other way round.
    pub fn push(&mut self, id: IdRef<'_>) -> Result<(), OtherKind> {
        match (self, id) {
            (Self::Int(keys), IdRef::Int(key)) => keys.push(key),
            (Self::Text(text), IdRef::Text(id)) => text.push(id),
            (Self::Int(_), IdRef::Text(id)) => return Err(OtherKind::text(id)),
            (Self::Text(_), IdRef::Int(key)) => return Err(OtherKind::integer(key)),
        }
        Ok(())
    }

    /// Checks that ids of `other` can be appended. Readers outside of this crate must call it first.
    ///
    /// # Errors
    /// [`OtherKind`] if `other` has text and this column integers, or the other way round.
    pub fn check_kind(&self, other: &Self) -> Result<(), OtherKind> {
        match (self, other) {
            (Self::Int(_), Self::Text(text)) if !text.is_empty() => Err(OtherKind::text(text.get(0))),
            (Self::Text(_), Self::Int(keys)) => keys.first().map_or(Ok(()), |&key| Err(OtherKind::integer(key))),
            _ => Ok(()),
        }
    }

    /// Panics if the columns are of different kinds. Within one survey they never are.
    #[track_caller]
    fn must_be_like(&self, other: &Self) {
        assert!(std::mem::discriminant(self) == std::mem::discriminant(other), "integer and text ids in one survey");
    }

    /// Reserves memory for `n` more ids.
    pub fn reserve(&mut self, n: usize) {
        match self {
            Self::Int(keys) => keys.reserve(n),
            Self::Text(text) => text.offsets.reserve(n),
        }
    }

    /// Returns how many ids fit without allocating, not counting the bytes of texts.
    #[must_use]
    pub fn capacity(&self) -> usize {
        match self {
            Self::Int(keys) => keys.capacity(),
            // There is one more offset than ids.
            Self::Text(text) => text.offsets.capacity().saturating_sub(1),
        }
    }

    /// Appends rows `range` of `other`.
    ///
    /// # Panics
    /// If the columns are of different kinds, or the range does not lie in `other`.
    pub fn extend_from(&mut self, other: &Self, range: std::ops::Range<usize>) {
        match (&mut *self, other) {
            (Self::Int(keys), Self::Int(other)) => keys.extend_from_slice(&other[range]),
            (Self::Text(text), Self::Text(other)) => range.for_each(|i| text.push(other.get(i))),
            (ids, other) => ids.must_be_like(other),
        }
    }

    /// Appends the id at index `i` of `other`, `times` times.
    ///
    /// # Panics
    /// If the columns are of different kinds, or `i` is out of range.
    pub fn repeat(&mut self, other: &Self, i: usize, times: usize) {
        match (&mut *self, other) {
            (Self::Int(keys), Self::Int(other)) => keys.resize(keys.len() + times, other[i]),
            (Self::Text(text), Self::Text(other)) => (0..times).for_each(|_| text.push(other.get(i))),
            (ids, other) => ids.must_be_like(other),
        }
    }

    /// Removes ids, like [`crate::Rows::drop_from`] removes rows.
    pub(crate) fn drop_from(&mut self, from: usize, drops: &[bool]) {
        match self {
            Self::Int(keys) => drop_from(keys, from, drops),
            Self::Text(text) => text.drop_from(from, drops),
        }
    }

    /// Returns the ids at the indices `places`, in that order.
    ///
    /// # Panics
    /// If an index is not below [`Ids::len`].
    #[must_use]
    pub fn gather(&self, places: &[u32]) -> Self {
        match self {
            Self::Int(keys) => Self::Int(places.iter().map(|&at| keys[at as usize]).collect()),
            Self::Text(text) => {
                let mut out = TextIds::default();
                places.iter().for_each(|&at| out.push(text.get(at as usize)));
                Self::Text(out)
            }
        }
    }

    /// Removes the first `n` ids.
    pub fn drain_front(&mut self, n: usize) {
        match self {
            Self::Int(keys) => drop(keys.drain(..n)),
            Self::Text(text) => text.drain_front(n),
        }
    }

    /// Removes all ids but keeps the allocated memory.
    pub fn clear(&mut self) {
        self.drain_front(self.len());
    }

    /// Returns the memory that the values take, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Int(keys) => keys.len() * size_of::<i64>(),
            Self::Text(text) => text.text.len() + text.offsets.len() * size_of::<usize>(),
        }
    }

    /// Converts the column to an Arrow array of the survey's id type.
    #[must_use]
    pub fn to_array(&self, id_type: IdType) -> ArrayRef {
        match self {
            Self::Int(keys) => int_array(keys, id_type),
            Self::Text(text) => Arc::new(StringArray::from_iter_values((0..text.len()).map(|i| text.get(i)))),
        }
    }
}

/// Converts keys back to the type they were read from, in which they fit by construction.
#[expect(clippy::cast_possible_truncation, reason = "each key was widened from this type")]
#[expect(clippy::cast_sign_loss, reason = "each key was widened from this type")]
fn int_array(keys: &[i64], id_type: IdType) -> ArrayRef {
    let keys = keys.iter().copied();
    match id_type {
        IdType::Int8 => Arc::new(Int8Array::from_iter_values(keys.map(|k| k as i8))),
        IdType::Int16 => Arc::new(Int16Array::from_iter_values(keys.map(|k| k as i16))),
        IdType::Int32 => Arc::new(Int32Array::from_iter_values(keys.map(|k| k as i32))),
        IdType::UInt8 => Arc::new(UInt8Array::from_iter_values(keys.map(|k| k as u8))),
        IdType::UInt16 => Arc::new(UInt16Array::from_iter_values(keys.map(|k| k as u16))),
        IdType::UInt32 => Arc::new(UInt32Array::from_iter_values(keys.map(|k| k as u32))),
        IdType::UInt64 => Arc::new(UInt64Array::from_iter_values(keys.map(u64_from_key))),
        IdType::Int64 | IdType::Utf8 => Arc::new(Int64Array::from_iter_values(keys)),
    }
}

/// Removes the values at `from + i` for which `drops[i]` is true.
pub(crate) fn drop_from<T: Copy>(values: &mut Vec<T>, from: usize, drops: &[bool]) {
    let mut to = from;
    for (at, _) in (from..).zip(drops).filter(|(_, drop)| !**drop) {
        values[to] = values[at];
        to += 1;
    }
    values.truncate(to);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::key_from_u64;

    #[test]
    fn unsigned_keys_keep_their_order_and_value() {
        let values = [0, 1, i64::MAX.cast_unsigned(), 1 << 63, u64::MAX];
        let keys: Vec<i64> = values.iter().map(|&v| key_from_u64(v)).collect();
        assert!(keys.is_sorted());
        let array = Ids::Int(keys).to_array(IdType::UInt64);
        assert_eq!(*array, UInt64Array::from(values.to_vec()));
    }

    #[test]
    fn text_ids_survive_draining_from_the_front() {
        let mut ids = Ids::new(IdType::Utf8);
        for id in ["a", "", "ccc", "dé"] {
            ids.push(IdRef::Text(id)).expect("text");
        }
        ids.drain_front(2);
        assert_eq!(ids.len(), 2);
        assert_eq!(ids.get(0), IdRef::Text("ccc"));
        assert_eq!(ids.get(1), IdRef::Text("dé"));
        ids.clear();
        assert!(ids.is_empty());
    }

    #[test]
    fn an_id_of_the_other_kind_is_rejected() {
        let (mut integers, mut texts) = (Ids::new(IdType::Int64), Ids::new(IdType::Utf8));
        let error = integers.push(IdRef::Text("ZTF7")).expect_err("it has integers");
        assert_eq!(error.to_string(), "the id 'ZTF7' is text, but the ids of this column are integers");
        let error = texts.push(IdRef::Int(-7)).expect_err("it has texts");
        assert_eq!(error.to_string(), "the id -7 is an integer, but the ids of this column are text");
        assert!(integers.is_empty() && texts.is_empty());
    }

    #[test]
    #[should_panic(expected = "integer and text ids")]
    fn columns_of_both_kinds_cannot_be_combined() {
        Ids::new(IdType::Int64).extend_from(&Ids::Text(TextIds::default()), 0..0);
    }
}
