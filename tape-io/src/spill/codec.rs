//! Encodes rows and results as one compressed Arrow batch in the streaming format.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Float64Array, Int64Array, LargeStringArray, RecordBatch, UInt8Array, UInt64Array,
};
use arrow::datatypes::{ArrowPrimitiveType, Float64Type, Int64Type, UInt8Type, UInt64Type};
use arrow::error::ArrowError;
use arrow::ipc::CompressionType;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};
use tape_core::{IdRef, Ids, Part, Results, Rows, Value};

/// Encodes the rows of `parts`.
pub(crate) fn encode(parts: &[Part<'_>]) -> Result<Vec<u8>, ArrowError> {
    let Some(Part { rows: like, .. }) = parts.iter().find(|part| part.end > part.start) else { return Ok(vec![]) };
    let numbers = |column: fn(&Rows) -> &Vec<f64>| -> Option<ArrayRef> {
        let all = parts.iter().flat_map(|part| &column(part.rows)[part.start..part.end]);
        (!column(like).is_empty()).then(|| Arc::new(Float64Array::from_iter_values(all.copied())) as ArrayRef)
    };
    let bands = parts.iter().flat_map(|part| &part.rows.band[part.start..part.end]);
    let bands = || Arc::new(UInt8Array::from_iter_values(bands.copied())) as ArrayRef;
    let columns = [
        ("id", Some(ids(&parts.iter().map(|part| (&part.rows.ids, part.start..part.end)).collect::<Vec<_>>()))),
        ("band", (!like.band.is_empty()).then(bands)),
        ("time", numbers(|rows| &rows.time)),
        ("flux", numbers(|rows| &rows.flux)),
        ("error", numbers(|rows| &rows.error)),
    ];
    written(columns.into_iter().filter_map(|(name, column)| Some((name, column?))))
}

/// Encodes results. Values have different types, so each is stored as its kind and its bits.
pub(crate) fn encode_results(results: &Results) -> Result<Vec<u8>, ArrowError> {
    if results.is_empty() {
        return Ok(vec![]);
    }
    let column = |name: &str, array: ArrayRef| (name.to_owned(), array);
    let mut columns = vec![
        column("id", ids(&[(&results.ids, 0..results.len())])),
        column("band", Arc::new(UInt8Array::from_iter_values(results.band.iter().copied()))),
        column("n_obs", Arc::new(UInt64Array::from_iter_values(results.n_obs.iter().copied()))),
    ];
    for (i, values) in results.values.iter().enumerate() {
        let (kinds, bits): (Vec<u8>, Vec<u64>) = values.iter().map(bits_of).unzip();
        columns.push(column(&format!("kind{i}"), Arc::new(UInt8Array::from(kinds))));
        columns.push(column(&format!("bits{i}"), Arc::new(UInt64Array::from(bits))));
    }
    written(columns)
}

fn bits_of(value: &Value) -> (u8, u64) {
    match *value {
        Value::Null => (0, 0),
        Value::Float(value) => (1, value.to_bits()),
        Value::Int(value) => (2, value.cast_unsigned()),
        Value::Bool(value) => (3, u64::from(value)),
    }
}

fn value_of((&kind, &bits): (&u8, &u64)) -> Value {
    match kind {
        0 => Value::Null,
        1 => Value::Float(f64::from_bits(bits)),
        2 => Value::Int(bits.cast_signed()),
        _ => Value::Bool(bits != 0),
    }
}

fn written<S: Into<String>>(columns: impl IntoIterator<Item = (S, ArrayRef)>) -> Result<Vec<u8>, ArrowError> {
    let batch = RecordBatch::try_from_iter(columns.into_iter().map(|(name, column)| (name.into(), column)))?;
    let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options)?;
    writer.write(&batch)?;
    writer.into_inner()
}

/// Joins several ranges of ids, which must have the same kind, into one column.
fn ids(parts: &[(&Ids, Range<usize>)]) -> ArrayRef {
    if let Some((Ids::Text(_), _)) = parts.first() {
        let texts = parts.iter().flat_map(|(ids, range)| {
            range.clone().filter_map(|row| match ids.get(row) {
                IdRef::Text(text) => Some(text),
                IdRef::Int(_) => None,
            })
        });
        // Arrow needs an iterator with a known length.
        return Arc::new(LargeStringArray::from_iter_values(texts.collect::<Vec<_>>()));
    }
    let keys = parts.iter().filter_map(|(ids, range)| match ids {
        Ids::Int(keys) => Some(&keys[range.clone()]),
        Ids::Text(_) => None,
    });
    Arc::new(Int64Array::from_iter_values(keys.flatten().copied()))
}

/// Appends rows that [`encode`] wrote.
pub(crate) fn decode(bytes: &[u8], rows: &mut Rows) -> Result<(), ArrowError> {
    for batch in StreamReader::try_new(bytes, None)? {
        let batch = batch?;
        take_ids(&batch, &mut rows.ids)?;
        if batch.column_by_name("band").is_some() {
            rows.band.extend_from_slice(numbers::<UInt8Type>(&batch, "band")?);
        }
        for (name, to) in [("time", &mut rows.time), ("flux", &mut rows.flux), ("error", &mut rows.error)] {
            if batch.column_by_name(name).is_some() {
                to.extend_from_slice(numbers::<Float64Type>(&batch, name)?);
            }
        }
    }
    Ok(())
}

/// Appends results that [`encode_results`] wrote.
pub(crate) fn decode_results(bytes: &[u8], results: &mut Results) -> Result<(), ArrowError> {
    for batch in StreamReader::try_new(bytes, None)? {
        let batch = batch?;
        take_ids(&batch, &mut results.ids)?;
        results.band.extend_from_slice(numbers::<UInt8Type>(&batch, "band")?);
        results.n_obs.extend_from_slice(numbers::<UInt64Type>(&batch, "n_obs")?);
        for (i, values) in results.values.iter_mut().enumerate() {
            let kinds = numbers::<UInt8Type>(&batch, &format!("kind{i}"))?;
            values.extend(kinds.iter().zip(numbers::<UInt64Type>(&batch, &format!("bits{i}"))?).map(value_of));
        }
    }
    Ok(())
}

fn take_ids(batch: &RecordBatch, to: &mut Ids) -> Result<(), ArrowError> {
    match to {
        Ids::Int(keys) => keys.extend_from_slice(numbers::<Int64Type>(batch, "id")?),
        Ids::Text(to) => {
            let ids = batch.column_by_name("id").and_then(|ids| ids.as_string_opt::<i64>());
            ids.ok_or_else(|| missing("id"))?.iter().flatten().for_each(|id| to.push(id));
        }
    }
    Ok(())
}

/// Returns the values of a column.
fn numbers<'a, T: ArrowPrimitiveType>(batch: &'a RecordBatch, name: &str) -> Result<&'a [T::Native], ArrowError> {
    let column = batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<T>());
    column.map(|column| &column.values()[..]).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> ArrowError {
    ArrowError::SchemaError(format!("no column {name} of the expected type"))
}
