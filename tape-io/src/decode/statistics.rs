//! Reads the possible values of a column chunk from its statistics.

use arrow::datatypes::{ArrowPrimitiveType, Float16Type};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use tape_core::IdType;

use crate::decode::column_reader::SECONDS_OF_DAY;
use crate::decode::column_type::ColumnType;
use crate::decode::leaf::Leaf;
use crate::expr::{Possible, Range};

type HalfFloat = <Float16Type as ArrowPrimitiveType>::Native;

/// Returns the possible values of a column chunk: any value if there are no statistics.
pub(crate) fn possible(leaf: &Leaf, chunk: &ColumnChunkMetaData) -> Possible {
    let optional = leaf.depth.value > 0;
    let Some(statistics) = chunk.statistics() else { return Possible { null: optional, range: Range::Any } };
    let rows = u64::try_from(chunk.num_values()).unwrap_or(0);
    match statistics.null_count_opt() {
        // Writers differ in whether an empty list counts as a null.
        _ if leaf.depth.repetition > 0 => Possible { null: true, range: range_of(leaf, statistics) },
        Some(nulls) if nulls == rows && optional => Possible::NULL,
        // Ignore a null count that exceeds the number of rows.
        Some(nulls) if nulls <= rows => Possible { null: optional && nulls > 0, range: range_of(leaf, statistics) },
        _ => Possible { null: optional, range: range_of(leaf, statistics) },
    }
}

/// Returns the range of values that statistics allow.
pub(crate) fn range_of(leaf: &Leaf, statistics: &Statistics) -> Range {
    known(leaf.column_type, statistics).unwrap_or(Range::Any)
}

/// Returns the range from the minimum to the maximum, or `None` if they are missing or not reliable.
fn known(kind: ColumnType, statistics: &Statistics) -> Option<Range> {
    // The deprecated fields of old writers order unsigned integers, text and bytes as signed values.
    let old = statistics.is_min_max_deprecated();
    match (kind, statistics) {
        (ColumnType::Float(8), Statistics::Double(s)) => floats(*s.min_opt()?, *s.max_opt()?),
        (ColumnType::Float(4), Statistics::Float(s)) => floats(f64::from(*s.min_opt()?), f64::from(*s.max_opt()?)),
        (ColumnType::Float(2), Statistics::FixedLenByteArray(s)) if !old => {
            let half = |bytes: &[u8]| Some(HalfFloat::from_le_bytes(bytes.try_into().ok()?).to_f64());
            floats(half(s.min_bytes_opt()?)?, half(s.max_bytes_opt()?)?)
        }
        (ColumnType::Boolean, Statistics::Boolean(s)) => {
            let (min, max) = (*s.min_opt()?, *s.max_opt()?);
            (min <= max).then_some(Range::Booleans { yes: max, no: !min })
        }
        (ColumnType::Text, Statistics::ByteArray(s)) if !old => {
            // Truncated ends are still bounds.
            let end = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
            let (min, max) = (end(s.min_bytes_opt()), end(s.max_bytes_opt()));
            let in_order = min.as_ref().zip(max.as_ref()).is_none_or(|(min, max)| min <= max);
            in_order.then_some(Range::Texts(min, max))
        }
        (ColumnType::Decimal(_), Statistics::FixedLenByteArray(s)) if !old => {
            decimals(big_endian(s.min_bytes_opt()?), big_endian(s.max_bytes_opt()?))
        }
        (kind, Statistics::Int32(s)) => {
            let unsigned = kind.is_unsigned();
            let wide = |value: i32| if unsigned { i64::from(value.cast_unsigned()) } else { i64::from(value) };
            if old && unsigned { None } else { whole(kind, wide(*s.min_opt()?), wide(*s.max_opt()?)) }
        }
        (ColumnType::Int(IdType::UInt64), Statistics::Int64(s)) if !old => {
            let wide = |value: i64| i128::from(value.cast_unsigned());
            decimals(wide(*s.min_opt()?), wide(*s.max_opt()?))
        }
        (ColumnType::Int(IdType::UInt64), _) => None,
        (kind, Statistics::Int64(s)) => whole(kind, *s.min_opt()?, *s.max_opt()?),
        _ => None,
    }
}

fn whole(kind: ColumnType, min: i64, max: i64) -> Option<Range> {
    use arrow::datatypes::TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    let nanoseconds = match kind {
        ColumnType::Int(_) => return (min <= max).then_some(Range::Integers(min, max)),
        ColumnType::Decimal(_) => 1,
        ColumnType::Day => i128::from(SECONDS_OF_DAY) * 1_000_000_000,
        ColumnType::Time(Second) => 1_000_000_000,
        ColumnType::Time(Millisecond) => 1_000_000,
        ColumnType::Time(Microsecond) => 1000,
        ColumnType::Time(Nanosecond) => 1,
        _ => return None,
    };
    decimals(i128::from(min) * nanoseconds, i128::from(max) * nanoseconds)
}

fn decimals(min: i128, max: i128) -> Option<Range> {
    (min <= max).then_some(Range::Decimals(min, max))
}

/// Makes a range of floats, which may include NaN because statistics ignore it.
fn floats(min: f64, max: f64) -> Option<Range> {
    (min <= max).then_some(Range::Floats { numbers: Some((min, max)), nan: true })
}

/// Reads a signed big-endian integer of up to sixteen bytes.
fn big_endian(bytes: &[u8]) -> i128 {
    let negative = bytes.first().is_some_and(|&byte| byte & 0x80 != 0);
    bytes.iter().take(16).fold(if negative { -1 } else { 0 }, |value, &byte| value << 8 | i128::from(byte))
}
