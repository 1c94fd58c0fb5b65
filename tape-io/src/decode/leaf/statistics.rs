//! The values that a column chunk may have, by its footer.

use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use tape_core::IdType;

use super::read::{SECONDS_OF_DAY, big_endian};
use super::{Leaf, LeafKind};
use crate::decode::column_type::Kind;
use crate::decode::footer::is_unsigned;
use crate::expr::{Possible, Range};

/// The values that a column chunk may have: any, where its footer does not tell.
pub(crate) fn possible(leaf: &Leaf, chunk: &ColumnChunkMetaData) -> Possible {
    let optional = leaf.depth.value > 0;
    let Some(statistics) = chunk.statistics() else { return Possible { null: optional, range: Range::Any } };
    let rows = u64::try_from(chunk.num_values()).unwrap_or(0);
    match statistics.null_count_opt() {
        // Writers differ in whether a list without elements is a null.
        _ if leaf.depth.repetition > 0 => Possible { null: true, range: range_of(leaf, statistics) },
        Some(nulls) if nulls == rows && optional => Possible::NULL,
        // A count that cannot be is none.
        Some(nulls) if nulls <= rows => Possible { null: optional && nulls > 0, range: range_of(leaf, statistics) },
        _ => Possible { null: optional, range: range_of(leaf, statistics) },
    }
}

/// The values that statistics allow.
pub(crate) fn range_of(leaf: &Leaf, statistics: &Statistics) -> Range {
    known(leaf.kind, statistics).unwrap_or(Range::Any)
}

/// The smallest and the largest value, as far as a footer can be believed.
fn known(kind: LeafKind, statistics: &Statistics) -> Option<Range> {
    // The deprecated fields of old writers compare unsigned integers, text and bytes in an order of their own.
    let old = statistics.is_min_max_deprecated();
    match (kind, statistics) {
        (LeafKind::Plain(Kind::F64), Statistics::Double(s)) => floats(*s.min_opt()?, *s.max_opt()?),
        (LeafKind::Plain(Kind::F32), Statistics::Float(s)) => {
            floats(f64::from(*s.min_opt()?), f64::from(*s.max_opt()?))
        }
        (LeafKind::Boolean, Statistics::Boolean(s)) => {
            let (min, max) = (*s.min_opt()?, *s.max_opt()?);
            (min <= max).then_some(Range::Booleans { yes: max, no: !min })
        }
        (LeafKind::Plain(Kind::Text), Statistics::ByteArray(s)) if !old => {
            // Ends that were cut short still bound.
            let end = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
            let (min, max) = (end(s.min_bytes_opt()), end(s.max_bytes_opt()));
            let in_order = min.as_ref().zip(max.as_ref()).is_none_or(|(min, max)| min <= max);
            in_order.then_some(Range::Texts(min, max))
        }
        (LeafKind::Decimal(_), Statistics::FixedLenByteArray(s)) if !old => {
            decimals(big_endian(s.min_bytes_opt()?), big_endian(s.max_bytes_opt()?))
        }
        (kind, Statistics::Int32(s)) => {
            let unsigned = matches!(kind, LeafKind::Plain(Kind::Int(id_type)) if is_unsigned(id_type));
            let wide = |value: i32| if unsigned { i64::from(value.cast_unsigned()) } else { i64::from(value) };
            if old && unsigned { None } else { whole(kind, wide(*s.min_opt()?), wide(*s.max_opt()?)) }
        }
        (LeafKind::Plain(Kind::Int(IdType::UInt64)), Statistics::Int64(s)) if !old => {
            let wide = |value: i64| i128::from(value.cast_unsigned());
            decimals(wide(*s.min_opt()?), wide(*s.max_opt()?))
        }
        (LeafKind::Plain(Kind::Int(IdType::UInt64)), _) => None,
        (kind, Statistics::Int64(s)) => whole(kind, *s.min_opt()?, *s.max_opt()?),
        _ => None,
    }
}

fn whole(kind: LeafKind, min: i64, max: i64) -> Option<Range> {
    use arrow::datatypes::TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    let nanoseconds = match kind {
        LeafKind::Plain(Kind::Int(_)) => return (min <= max).then_some(Range::Integers(min, max)),
        LeafKind::Decimal(_) => 1,
        LeafKind::Day => i128::from(SECONDS_OF_DAY) * 1_000_000_000,
        LeafKind::Time(Second) => 1_000_000_000,
        LeafKind::Time(Millisecond) => 1_000_000,
        LeafKind::Time(Microsecond) => 1000,
        LeafKind::Time(Nanosecond) => 1,
        LeafKind::Plain(_) | LeafKind::Boolean => return None,
    };
    decimals(i128::from(min) * nanoseconds, i128::from(max) * nanoseconds)
}

fn decimals(min: i128, max: i128) -> Option<Range> {
    (min <= max).then_some(Range::Decimals(min, max))
}

/// Statistics pass over NaN: there may be some beside any numbers.
fn floats(min: f64, max: f64) -> Option<Range> {
    (min <= max).then_some(Range::Floats { numbers: Some((min, max)), nan: true })
}
