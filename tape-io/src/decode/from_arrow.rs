//! Arrow arrays to the ids, bands and numbers of rows.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Float64Type, Int32Type, Int64Type, UInt64Type};
use parquet::errors::{ParquetError, Result};
use tape_core::{Bands, IdRef, Ids, NO_BAND, key_from_u64};

/// Appends ids; where some are null, `null_ids` says which.
pub(crate) fn append_ids(column: &ArrayRef, ids: &mut Ids, null_ids: &mut Vec<bool>) {
    if let Some(nulls) = column.nulls() {
        null_ids.clear();
        null_ids.extend(nulls.iter().map(|valid| !valid));
    }
    match ids {
        Ids::Int(keys) => match column.as_primitive_opt::<UInt64Type>() {
            Some(values) => keys.extend(values.values().iter().map(|&value| key_from_u64(value))),
            None => keys.extend_from_slice(column.as_primitive::<Int64Type>().values()),
        },
        Ids::Text(_) => {
            let texts = column.as_dictionary::<Int32Type>();
            let texts = texts.downcast_dict::<arrow::array::StringArray>();
            texts.into_iter().flatten().for_each(|text| ids.push(IdRef::Text(text.unwrap_or_default())));
        }
    }
}

/// Labels of rows that are dropped are not learned.
pub(crate) fn append_bands(column: &ArrayRef, keep: &BooleanBuffer, codes: &mut Vec<u8>, bands: &Bands) -> Result<()> {
    let learn = |label: &str| bands.code(label).map_err(|error| ParquetError::General(error.to_string()));
    let mut known: Vec<(i64, u8)> = vec![];
    let mut code = |value: i64, label: &dyn Fn() -> String| -> Result<u8> {
        match known.iter().find(|(met, _)| *met == value) {
            Some((_, code)) => Ok(*code),
            None => {
                let code = learn(&label())?;
                known.push((value, code));
                Ok(code)
            }
        }
    };
    if let Some(texts) = column.as_dictionary_opt::<Int32Type>() {
        let labels = texts.values().as_string::<i32>();
        for (row, key) in texts.keys().iter().enumerate() {
            codes.push(match key {
                Some(key) if keep.value(row) => {
                    code(key.into(), &|| labels.value(usize::try_from(key).unwrap_or_default()).to_owned())?
                }
                _ => NO_BAND,
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
    let unsigned = column.as_primitive_opt::<UInt64Type>();
    let number = |row| match unsigned {
        Some(values) => key_from_u64(values.value(row)),
        None => column.as_primitive::<Int64Type>().value(row),
    };
    let label = |row| match unsigned {
        Some(values) => values.value(row).to_string(),
        None => number(row).to_string(),
    };
    for row in 0..column.len() {
        let kept = keep.value(row) && column.is_valid(row);
        codes.push(if kept { code(number(row), &|| label(row))? } else { NO_BAND });
    }
    Ok(())
}

/// Null is NaN.
#[expect(clippy::cast_precision_loss, reason = "times, fluxes and errors are f64 from here on")]
pub(crate) fn append_numbers(column: &ArrayRef, out: &mut Vec<f64>) {
    let from = out.len();
    if let Some(values) = column.as_primitive_opt::<Float64Type>() {
        out.extend_from_slice(values.values());
    } else if let Some(values) = column.as_primitive_opt::<UInt64Type>() {
        out.extend(values.values().iter().map(|&value| value as f64));
    } else {
        out.extend(column.as_primitive::<Int64Type>().values().iter().map(|&value| value as f64));
    }
    if let Some(nulls) = column.nulls() {
        out[from..].iter_mut().zip(nulls).filter(|(_, valid)| !valid).for_each(|(value, _)| *value = f64::NAN);
    }
}
