//! Sort keys of rows: by id in the order of `tape_core`, then by time.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};
use arrow::error::ArrowError;
use tape_core::key_from_u64;

use super::carried::Carried;

/// The sort key of a row in its partition. Rows with the same id and time keep their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) id: i64,
    time: Time,
    pub(super) batch: u32,
    pub(super) row: u32,
}

/// A time as it is ordered: numbers, then NaN, then null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Time {
    Number(i64),
    NaN,
    Null,
}

/// The ids of a batch.
pub(super) enum BatchIds<'a> {
    Int(Vec<i64>),
    Text(Vec<&'a [u8]>),
}

impl<'a> BatchIds<'a> {
    /// Reads a column of ids. A null id gets an arbitrary value.
    pub(super) fn of(ids: &'a ArrayRef) -> Result<Self, ArrowError> {
        Ok(Self::Text(match ids.data_type() {
            DataType::Utf8 => ids.as_string::<i32>().iter().map(|id| id.unwrap_or("").as_bytes()).collect(),
            DataType::LargeUtf8 => ids.as_string::<i64>().iter().map(|id| id.unwrap_or("").as_bytes()).collect(),
            DataType::Binary => ids.as_binary::<i32>().iter().map(Option::unwrap_or_default).collect(),
            DataType::LargeBinary => ids.as_binary::<i64>().iter().map(Option::unwrap_or_default).collect(),
            _ => return Ok(Self::Int(integers(ids)?)),
        }))
    }
}

/// Returns the keys of all rows of a partition, in the order of the input.
pub(super) fn keys(batches: &[RecordBatch], carried: &Carried) -> Result<Vec<Key>, ArrowError> {
    let columns = batches.iter().map(|batch| carried.ids(batch)).collect::<Result<Vec<_>, _>>()?;
    let ids = ranked(columns.iter().map(BatchIds::of).collect::<Result<_, _>>()?);
    let mut keys = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for ((batch, ids), number) in batches.iter().zip(ids).zip(0..) {
        let times = match carried.time() {
            Some(time) => times(batch.column(time))?,
            None => vec![Time::Null; batch.num_rows()],
        };
        keys.extend(ids.into_iter().zip(times).zip(0..).map(|((id, time), row)| Key { id, time, batch: number, row }));
    }
    Ok(keys)
}

/// Replaces text by its rank among all distinct texts, so that rows are compared by number.
fn ranked(ids: Vec<BatchIds<'_>>) -> Vec<Vec<i64>> {
    let mut distinct: Vec<&[u8]> = Vec::new();
    for ids in &ids {
        if let BatchIds::Text(texts) = ids {
            distinct.extend(texts.chunk_by(|a, b| a == b).map(|same| same[0]));
        }
    }
    distinct.sort_unstable();
    distinct.dedup();
    let ranks: HashMap<&[u8], i64> = distinct.into_iter().zip(0..).collect();
    let of = |ids| match ids {
        BatchIds::Int(keys) => keys,
        BatchIds::Text(texts) => texts.into_iter().map(|text| ranks[text]).collect(),
    };
    ids.into_iter().map(of).collect()
}

/// Converts integers of any type to keys.
fn integers(values: &ArrayRef) -> Result<Vec<i64>, ArrowError> {
    if let Some(values) = values.as_primitive_opt::<UInt64Type>() {
        return Ok(values.values().iter().map(|&value| key_from_u64(value)).collect());
    }
    Ok(cast(values, &DataType::Int64)?.as_primitive::<Int64Type>().values().to_vec())
}

fn times(values: &ArrayRef) -> Result<Vec<Time>, ArrowError> {
    let mut times: Vec<Time> = match values.data_type() {
        data_type if data_type.is_floating() || data_type.is_decimal() => {
            let values = cast(values, &DataType::Float64)?;
            values.as_primitive::<Float64Type>().values().iter().map(|&value| real(value)).collect()
        }
        _ => integers(values)?.into_iter().map(Time::Number).collect(),
    };
    if let Some(nulls) = values.nulls().filter(|nulls| nulls.null_count() > 0) {
        for (time, valid) in times.iter_mut().zip(nulls) {
            if !valid {
                *time = Time::Null;
            }
        }
    }
    Ok(times)
}

/// Maps a number to an integer with the same order.
fn real(value: f64) -> Time {
    if value.is_nan() {
        return Time::NaN;
    }
    // Adding zero makes both zeros the same time.
    let bits = (value + 0.0).to_bits().cast_signed();
    Time::Number(if bits < 0 { !bits ^ i64::MIN } else { bits })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float64Array, UInt32Array};
    use std::sync::Arc;

    #[test]
    fn times_are_ordered_as_numbers_with_nulls_last() {
        let ordered =
            [f64::NEG_INFINITY, -2.5, -f64::MIN_POSITIVE, 0.0, 5e-324, 1.0, 60_000.5, f64::MAX, f64::INFINITY];
        assert!(ordered.map(real).is_sorted_by(|a, b| a < b));
        assert_eq!(real(-0.0), real(0.0));
        let mixed: ArrayRef = Arc::new(Float64Array::from(vec![None, Some(-f64::NAN), Some(f64::INFINITY)]));
        let mut times = times(&mixed).expect("floats");
        times.sort_unstable();
        assert_eq!(times, [real(f64::INFINITY), Time::NaN, Time::Null]);
    }

    #[test]
    fn text_is_ordered_by_its_bytes() {
        let texts = vec![BatchIds::Text(vec![b"b", b"a10", "é".as_bytes()]), BatchIds::Text(vec![b"a9", b"b", b""])];
        assert_eq!(ranked(texts), [[3, 1, 4], [2, 3, 0]]);
    }

    #[test]
    fn narrow_unsigned_integers_keep_their_value() {
        let ids: ArrayRef = Arc::new(UInt32Array::from(vec![u32::MAX, 0]));
        assert_eq!(integers(&ids).expect("integers"), [i64::from(u32::MAX), 0]);
    }
}
