//! Object ids of any integer type or text, as keys that are cheap to compare and hash.

use std::cmp::Ordering;
use std::fmt;

use arrow::datatypes::DataType;

/// The type of a survey's id column. Results have ids of the same type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdType {
    /// 8-bit signed integer.
    Int8,
    /// 16-bit signed integer.
    Int16,
    /// 32-bit signed integer.
    Int32,
    /// 64-bit signed integer.
    Int64,
    /// 8-bit unsigned integer.
    UInt8,
    /// 16-bit unsigned integer.
    UInt16,
    /// 32-bit unsigned integer.
    UInt32,
    /// 64-bit unsigned integer.
    UInt64,
    /// UTF-8 text, plain or dictionary-encoded.
    Utf8,
}

/// Maps a `u64` to an `i64` with the same sort order, so that all integer ids share one key type.
#[must_use]
pub const fn key_from_u64(value: u64) -> i64 {
    (value ^ (1 << 63)).cast_signed()
}

pub(crate) const fn u64_from_key(key: i64) -> u64 {
    key.cast_unsigned() ^ (1 << 63)
}

impl IdType {
    /// Returns true for the unsigned integer types.
    #[must_use]
    pub const fn is_unsigned(self) -> bool {
        matches!(self, Self::UInt8 | Self::UInt16 | Self::UInt32 | Self::UInt64)
    }

    /// Returns the Arrow type of this id type.
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            Self::Int8 => DataType::Int8,
            Self::Int16 => DataType::Int16,
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::UInt8 => DataType::UInt8,
            Self::UInt16 => DataType::UInt16,
            Self::UInt32 => DataType::UInt32,
            Self::UInt64 => DataType::UInt64,
            Self::Utf8 => DataType::Utf8,
        }
    }

    /// Returns the owned id for an integer key of this type.
    #[must_use]
    pub fn object_id(self, key: i64) -> ObjectId {
        if self == Self::UInt64 { ObjectId::UInt(u64_from_key(key)) } else { ObjectId::Int(key) }
    }
}

/// The owned id of one object, for messages, ranges and edges. For columns of ids see [`Ids`](crate::Ids).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ObjectId {
    /// Any integer except `u64`.
    Int(i64),
    /// A `u64`.
    UInt(u64),
    /// Text.
    Text(Box<str>),
}

impl ObjectId {
    /// Parses an id of a column of type `id_type`. Returns `None` if the text is not a valid id of that type.
    #[must_use]
    pub fn parse(text: &str, id_type: IdType) -> Option<Self> {
        match id_type {
            IdType::Utf8 => Some(Self::Text(text.into())),
            IdType::UInt64 => text.parse().ok().map(Self::UInt),
            _ => text.parse().ok().map(Self::Int),
        }
    }

    /// Returns true if a column of this type can hold this kind of id (integer or text).
    #[must_use]
    pub fn can_be(&self, id_type: IdType) -> bool {
        matches!(self, Self::Text(_)) == (id_type == IdType::Utf8)
    }

    /// Returns the key of this id in a column of type `id_type`, or `None` if the value does not fit that type.
    #[must_use]
    pub fn key(&self, id_type: IdType) -> Option<IdRef<'_>> {
        let key = match (self, id_type) {
            (Self::Text(text), IdType::Utf8) => return Some(IdRef::Text(text)),
            (Self::Text(_), _) | (_, IdType::Utf8) => None,
            (Self::Int(value), IdType::UInt64) => u64::try_from(*value).ok().map(key_from_u64),
            (Self::UInt(value), IdType::UInt64) => Some(key_from_u64(*value)),
            (Self::Int(value), _) => Some(*value),
            (Self::UInt(value), _) => i64::try_from(*value).ok(),
        };
        key.map(IdRef::Int)
    }
}

impl From<i32> for ObjectId {
    fn from(id: i32) -> Self {
        Self::Int(id.into())
    }
}

impl From<i64> for ObjectId {
    fn from(id: i64) -> Self {
        Self::Int(id)
    }
}

impl From<u64> for ObjectId {
    fn from(id: u64) -> Self {
        Self::UInt(id)
    }
}

impl From<&str> for ObjectId {
    fn from(id: &str) -> Self {
        Self::Text(id.into())
    }
}

impl From<String> for ObjectId {
    fn from(id: String) -> Self {
        Self::Text(id.into())
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => value.fmt(f),
            Self::UInt(value) => value.fmt(f),
            Self::Text(value) => write!(f, "'{value}'"),
        }
    }
}

impl PartialOrd for ObjectId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Ids of one survey share a variant. Across variants the order is arbitrary but total.
impl Ord for ObjectId {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::UInt(a), Self::UInt(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Int(_), _) | (Self::UInt(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), _) | (Self::UInt(_), Self::Int(_)) => Ordering::Greater,
        }
    }
}

/// A borrowed id of a column. Ids of the same column compare as their values do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdRef<'a> {
    /// An integer key.
    Int(i64),
    /// Text.
    Text(&'a str),
}

impl IdRef<'_> {
    /// Returns the owned id, for a column of type `id_type`.
    #[must_use]
    pub fn to_owned(self, id_type: IdType) -> ObjectId {
        match self {
            Self::Int(key) => id_type.object_id(key),
            Self::Text(text) => ObjectId::Text(text.into()),
        }
    }
}
