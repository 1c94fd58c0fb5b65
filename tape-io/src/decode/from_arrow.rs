//! Converts Arrow arrays to the ids, bands and numbers of rows.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, StringArray, StringBuilder};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{
    ArrowNativeType, DataType, Decimal128Type, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt64Type,
};
use parquet::errors::{ParquetError, Result};
use tape_core::{Bands, IdType, Ids, NO_BAND, key_from_u64};

use crate::decode::column_type::ColumnType;

/// The Modified Julian Date of 1970-01-01.
const MJD_OF_1970: f64 = 40_587.0;

/// A value that is readable but not valid for the role of its column.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongValue(String);

/// Makes the error for a value that is not valid for the role of its column.
pub(crate) fn invalid(text: impl Into<String>) -> ParquetError {
    ParquetError::External(Box::new(WrongValue(text.into())))
}

/// Returns the [`WrongValue`] in an error, if it has one.
pub(crate) fn wrong_value(error: &ParquetError) -> Option<&WrongValue> {
    match error {
        ParquetError::External(source) => source.downcast_ref(),
        _ => None,
    }
}

/// Converts an array from the `parquet` crate to the type that expressions and roles use.
pub(crate) fn normalized(array: &ArrayRef, column_type: ColumnType) -> Result<ArrayRef> {
    let wanted = column_type.in_arrays();
    if *array.data_type() == wanted {
        return Ok(Arc::clone(array));
    }
    // A value that the type cannot hold is an error, not a null.
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let converted =
        |array: &ArrayRef, to: &DataType| cast_with_options(array, to, &options).map_err(ParquetError::from);
    match column_type {
        ColumnType::Bytes | ColumnType::Uuid => converted(&texts_of_bytes(array, column_type), &wanted),
        ColumnType::Text => converted(&converted(array, &DataType::Utf8)?, &wanted),
        ColumnType::TimeOfDay => converted(&converted(array, &DataType::Utf8)?, &wanted),
        ColumnType::Day => converted(&converted(array, &DataType::Date32)?, &wanted),
        // Drops the time zone, which affects only how a time is displayed.
        ColumnType::Time(unit) => converted(&converted(array, &DataType::Int64)?, &DataType::Timestamp(unit, None)),
        _ => converted(array, &wanted),
    }
}

/// Converts an array of any type that [`ColumnType`] knows to the type that expressions use.
pub(crate) fn in_expressions(array: &ArrayRef) -> Result<ArrayRef> {
    ColumnType::of_arrow(array.data_type()).map_or_else(|| Ok(Arc::clone(array)), |kind| normalized(array, kind))
}

/// Converts fixed-length bytes to text: without trailing zeros, with which numpy pads, or as hexadecimal if it is not
/// text.
fn texts_of_bytes(array: &ArrayRef, column_type: ColumnType) -> ArrayRef {
    let mut texts = StringBuilder::new();
    let Some(bytes) = array.as_fixed_size_binary_opt() else { return Arc::clone(array) };
    for value in bytes {
        match value {
            None => texts.append_null(),
            Some(value) if column_type == ColumnType::Uuid => texts.append_value(hexadecimal(value, true)),
            Some(value) => {
                let end = value.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
                match std::str::from_utf8(&value[..end]) {
                    Ok(text) if !text.chars().any(char::is_control) => texts.append_value(text),
                    _ => texts.append_value(hexadecimal(value, false)),
                }
            }
        }
    }
    Arc::new(texts.finish())
}

fn hexadecimal(bytes: &[u8], uuid: bool) -> String {
    let mut text = String::with_capacity(2 * bytes.len() + 4);
    for (i, byte) in bytes.iter().enumerate() {
        if uuid && matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Replaces NaN by null, because pandas converts integers with nulls to floats with NaN.
fn without_nan(column: &ArrayRef) -> ArrayRef {
    match column.as_primitive_opt::<Float64Type>() {
        Some(values) if values.values().iter().any(|value| value.is_nan()) => {
            let values = values.iter().map(|value| value.filter(|value| !value.is_nan()));
            Arc::new(values.collect::<PrimitiveArray<Float64Type>>())
        }
        _ => Arc::clone(column),
    }
}

/// Appends ids. If some are null, `null_ids` marks them. NaN is null.
pub(crate) fn append_ids(column: &ArrayRef, ids: &mut Ids, null_ids: &mut Vec<bool>) -> Result<()> {
    let column = &without_nan(column);
    if let Some(nulls) = column.logical_nulls() {
        null_ids.clear();
        null_ids.extend(nulls.iter().map(|valid| !valid));
    }
    match ids {
        Ids::Int(keys) => match column.data_type() {
            DataType::UInt64 => {
                keys.extend(column.as_primitive::<UInt64Type>().values().iter().map(|&value| key_from_u64(value)));
            }
            DataType::Int64 => keys.extend_from_slice(column.as_primitive::<Int64Type>().values()),
            DataType::Float64 => {
                let ids = column.as_primitive::<Float64Type>().iter();
                append_whole(ids.map(|id| id.map(whole_float)), keys)?;
            }
            &DataType::Decimal128(_, scale) => {
                let unit = 10_i128.pow(u32::try_from(scale).unwrap_or(0));
                let ids = column.as_primitive::<Decimal128Type>().iter();
                append_whole(ids.map(|id| id.map(|id| whole_decimal(id, unit))), keys)?;
            }
            _ => keys.resize(keys.len() + column.len(), 0),
        },
        Ids::Text(ids) => {
            let texts = as_texts(column)?;
            let texts = texts.as_dictionary::<Int32Type>();
            let texts = texts.downcast_dict::<StringArray>();
            let texts = texts.ok_or_else(|| invalid("the ids are not text"))?;
            texts.into_iter().for_each(|text| ids.push(text.unwrap_or_default()));
        }
    }
    Ok(())
}

/// Returns ids as text, or as integers: those of 64 bits if they were no integers before. NaN is null.
pub(crate) fn ids_in(ids: &ArrayRef, id_type: IdType) -> Result<ArrayRef> {
    use DataType::{Binary, LargeBinary, LargeUtf8, Utf8};
    let is_known = if id_type == IdType::Utf8 {
        matches!(ids.data_type(), Utf8 | LargeUtf8 | Binary | LargeBinary)
    } else {
        ids.data_type().is_integer()
    };
    if is_known {
        return Ok(Arc::clone(ids));
    }
    let column_type = ColumnType::of_arrow(ids.data_type()).unwrap_or(ColumnType::Text);
    let ids = normalized(ids, column_type)?;
    if id_type == IdType::Utf8 {
        return Ok(cast(&as_texts(&ids)?, &Utf8)?);
    }
    let mut keys = Ids::new(IdType::Int64);
    append_ids(&ids, &mut keys, &mut vec![])?;
    let keys = match keys {
        Ids::Int(keys) => keys,
        Ids::Text(_) => vec![],
    };
    Ok(Arc::new(PrimitiveArray::<Int64Type>::new(keys.into(), without_nan(&ids).logical_nulls())))
}

fn append_whole(ids: impl Iterator<Item = Option<Result<i64>>>, keys: &mut Vec<i64>) -> Result<()> {
    for id in ids {
        keys.push(id.transpose()?.unwrap_or_default());
    }
    Ok(())
}

/// Converts a float to an id. It must be whole, and at most 2^53, up to which floats represent every integer.
#[expect(clippy::cast_possible_truncation, reason = "whole, and below 2^53")]
fn whole_float(id: f64) -> Result<i64> {
    if id.fract() == 0.0 && id.abs() <= 9_007_199_254_740_992.0 {
        return Ok(id as i64);
    }
    Err(invalid(format!("{id} is not a valid id: ids that are floats must be whole numbers up to 2^53")))
}

fn whole_decimal(id: i128, unit: i128) -> Result<i64> {
    let whole = (id % unit == 0).then(|| i64::try_from(id / unit).ok()).flatten();
    whole.ok_or_else(|| {
        invalid(format!("{id} / {unit} is not a valid id: ids that are decimals must be whole and fit 64 bits"))
    })
}

/// Converts values to a dictionary of text. Numbers are written without trailing zeros.
fn as_texts(column: &ArrayRef) -> Result<ArrayRef> {
    let wanted = ColumnType::Text.in_arrays();
    let texts: ArrayRef = match column.data_type() {
        data_type if *data_type == wanted => return Ok(Arc::clone(column)),
        DataType::Float64 => {
            let values = column.as_primitive::<Float64Type>().iter();
            Arc::new(values.map(|value| value.map(|value| value.to_string())).collect::<StringArray>())
        }
        DataType::Decimal128(_, 1..) => {
            let texts = cast(column, &DataType::Utf8)?;
            let short = |text: &str| text.trim_end_matches('0').trim_end_matches('.').to_owned();
            Arc::new(texts.as_string::<i32>().iter().map(|text| text.map(short)).collect::<StringArray>())
        }
        _ => cast(column, &DataType::Utf8)?,
    };
    Ok(cast(&texts, &wanted)?)
}

/// Appends band codes. Labels that occur only in dropped rows are not added to the bands.
pub(crate) fn append_bands(column: &ArrayRef, keep: &BooleanBuffer, codes: &mut Vec<u8>, bands: &Bands) -> Result<()> {
    let learn = |label: &str| bands.code(label).map_err(|error| invalid(error.to_string()));
    let column = &without_nan(column);
    let column = match column.data_type() {
        DataType::Int64 | DataType::UInt64 | DataType::Utf8 => Arc::clone(column),
        _ => as_texts(column)?,
    };
    if let Some(texts) = column.as_dictionary_opt::<Int32Type>() {
        let labels = texts.values().as_string::<i32>();
        let mut known: Vec<Option<u8>> = vec![None; labels.len()];
        for (row, key) in texts.keys().iter().enumerate() {
            let key = key.filter(|_| keep.value(row)).map(ArrowNativeType::as_usize);
            codes.push(match key {
                None => NO_BAND,
                Some(key) => match known[key] {
                    Some(code) => code,
                    None => *known[key].insert(learn(labels.value(key))?),
                },
            });
        }
        return Ok(());
    }
    if let Some(texts) = column.as_string_opt::<i32>() {
        let mut last: Option<(&str, u8)> = None;
        for (row, text) in texts.iter().enumerate() {
            codes.push(match (text.filter(|_| keep.value(row)), last) {
                (None, _) => NO_BAND,
                (Some(text), Some((label, code))) if label == text => code,
                (Some(text), _) => last.insert((text, learn(text)?)).1,
            });
        }
        return Ok(());
    }
    let mut known: Vec<(i128, u8)> = vec![];
    let unsigned = column.as_primitive_opt::<UInt64Type>();
    let signed = column.as_primitive_opt::<Int64Type>();
    for row in 0..column.len() {
        let value = match (unsigned, signed) {
            _ if !keep.value(row) || column.is_null(row) => None,
            (Some(values), _) => Some(i128::from(values.value(row))),
            (None, values) => values.map(|values| i128::from(values.value(row))),
        };
        codes.push(match value {
            None => NO_BAND,
            Some(value) => match known.iter().find(|(met, _)| *met == value) {
                Some((_, code)) => *code,
                None => {
                    let code = learn(&value.to_string())?;
                    known.push((value, code));
                    code
                }
            },
        });
    }
    Ok(())
}

/// Appends numbers: times as Modified Julian Dates, null as NaN, integers divided by `per_unit`.
#[expect(clippy::cast_precision_loss, reason = "times, fluxes and errors are f64 from here on")]
pub(crate) fn append_numbers(column: &ArrayRef, per_unit: u32, out: &mut Vec<f64>) {
    fn all<T: ArrowPrimitiveType>(column: &ArrayRef, out: &mut Vec<f64>, number: impl Fn(T::Native) -> f64) {
        out.extend(column.as_primitive::<T>().values().iter().map(|&value| number(value)));
    }
    let from = out.len();
    let parts = f64::from(per_unit);
    match column.data_type() {
        DataType::Float64 => out.extend_from_slice(column.as_primitive::<Float64Type>().values()),
        DataType::Int64 => all::<Int64Type>(column, out, |value| value as f64 / parts),
        DataType::UInt64 => all::<UInt64Type>(column, out, |value| value as f64 / parts),
        &DataType::Decimal128(_, scale) => {
            let unit = 10_f64.powi(scale.into());
            all::<Decimal128Type>(column, out, |value| value as f64 / unit);
        }
        DataType::Timestamp(unit @ TimeUnit::Second, _) => {
            all::<TimestampSecondType>(column, out, |at| mjd(at, *unit));
        }
        DataType::Timestamp(unit @ TimeUnit::Millisecond, _) => {
            all::<TimestampMillisecondType>(column, out, |at| mjd(at, *unit));
        }
        DataType::Timestamp(unit @ TimeUnit::Microsecond, _) => {
            all::<TimestampMicrosecondType>(column, out, |at| mjd(at, *unit));
        }
        DataType::Timestamp(unit @ TimeUnit::Nanosecond, _) => {
            all::<TimestampNanosecondType>(column, out, |at| mjd(at, *unit));
        }
        DataType::Boolean => {
            out.extend(column.as_boolean().values().iter().map(|value| if value { 1.0 } else { 0.0 }));
        }
        _ => out.resize(from + column.len(), f64::NAN),
    }
    if let Some(nulls) = column.logical_nulls() {
        out[from..].iter_mut().zip(&nulls).filter(|(_, valid)| !valid).for_each(|(value, _)| *value = f64::NAN);
    }
}

/// Returns the Modified Julian Date of a time since 1970. Whole days are exact, so only the fraction of a day is
/// rounded.
#[expect(clippy::cast_precision_loss, reason = "days since 1970 and a fraction of a day")]
pub(crate) fn mjd(since_1970: i64, unit: TimeUnit) -> f64 {
    let per_day: i64 = 86_400
        * match unit {
            TimeUnit::Second => 1,
            TimeUnit::Millisecond => 1000,
            TimeUnit::Microsecond => 1_000_000,
            TimeUnit::Nanosecond => 1_000_000_000,
        };
    let (days, rest) = (since_1970.div_euclid(per_day), since_1970.rem_euclid(per_day));
    MJD_OF_1970 + days as f64 + rest as f64 / per_day as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modified_julian_dates_are_correctly_rounded() {
        // 2023-02-25 12:00 is MJD 60,000.5.
        let noon = 1_677_326_400_i64;
        assert_eq!(mjd(noon, TimeUnit::Second), 60_000.5);
        assert_eq!(mjd(noon * 1_000_000_000, TimeUnit::Nanosecond), 60_000.5);
        assert_eq!(mjd(noon * 1000 + 432, TimeUnit::Millisecond), 60_000.500_005);
        assert_eq!(mjd(-1, TimeUnit::Second), MJD_OF_1970 - 1.0 / 86_400.0);
    }

    #[test]
    fn integers_in_fractions_of_a_unit_are_rounded_once() {
        let stored: ArrayRef = Arc::new(arrow::array::UInt64Array::from(vec![123, 7, 0]));
        let mut out = vec![];
        append_numbers(&stored, 10_000, &mut out);
        assert_eq!(out, [0.0123, 0.0007, 0.0]);
    }
}
