//! Reads integer columns as ids and bands.

use parquet::errors::Result;
use tape_core::{Bands, IdRef, IdType, NO_BAND, key_from_u64};

use crate::decode::fixed_width::{FixedWidth, FixedWidthColumn};
use crate::decode::from_arrow::invalid;

/// An integer type that can be a key.
pub(crate) trait Key: FixedWidth {
    /// Returns the key of an id of this type.
    fn key(self, id_type: IdType) -> i64;
}

impl Key for i64 {
    fn key(self, id_type: IdType) -> i64 {
        if id_type == IdType::UInt64 { key_from_u64(self.cast_unsigned()) } else { self }
    }
}

impl Key for i32 {
    fn key(self, id_type: IdType) -> i64 {
        if id_type.is_unsigned() { self.cast_unsigned().into() } else { self.into() }
    }
}

/// Appends the keys of the next `n` rows. If some are null, `nulls` marks them.
pub(crate) fn append_keys<T: Key>(
    column: &mut FixedWidthColumn<T>,
    n: usize,
    id_type: IdType,
    keys: &mut Vec<i64>,
    nulls: &mut Vec<bool>,
) -> Result<()> {
    column.append(
        n,
        keys,
        |value| value.key(id_type),
        0,
        |row| {
            nulls.resize(n, false);
            nulls[row] = true;
        },
    )
}

/// Converts keys of ids of one type to those of another, except those of nulls.
///
/// # Errors
/// If an id is not valid in the other type.
pub(crate) fn convert_keys(keys: &mut [i64], nulls: &[bool], from: IdType, to: IdType) -> Result<()> {
    if (from == IdType::UInt64) == (to == IdType::UInt64) {
        return Ok(());
    }
    for (row, key) in keys.iter_mut().enumerate() {
        let id = from.object_id(*key);
        *key = match id.key(to) {
            Some(IdRef::Int(key)) => key,
            _ if nulls.get(row).copied().unwrap_or(false) => 0,
            _ => return Err(invalid(format!("id {id} is too large for ids of type {}", to.data_type()))),
        };
    }
    Ok(())
}

/// The band codes of the values met so far in a column chunk.
#[derive(Default)]
pub(crate) struct BandCodes {
    /// Codes of numbers.
    met: Vec<(i64, u8)>,
    /// Codes of the entries of the current text dictionary.
    pub(crate) of_dictionary: Vec<u8>,
    keys: Vec<i64>,
}

impl BandCodes {
    /// Appends the codes of the next `n` rows.
    pub(crate) fn append<T: Key>(
        &mut self,
        column: &mut FixedWidthColumn<T>,
        n: usize,
        id_type: IdType,
        codes: &mut Vec<u8>,
        bands: &Bands,
    ) -> Result<()> {
        let (mut keys, mut nulls) = (std::mem::take(&mut self.keys), vec![]);
        keys.clear();
        append_keys(column, n, id_type, &mut keys, &mut nulls)?;
        for (row, &key) in keys.iter().enumerate() {
            let null = nulls.get(row).copied().unwrap_or(false);
            codes.push(if null { NO_BAND } else { self.code(key, id_type, bands)? });
        }
        self.keys = keys;
        Ok(())
    }

    fn code(&mut self, key: i64, id_type: IdType, bands: &Bands) -> Result<u8> {
        if let Some(&(_, code)) = self.met.iter().find(|(met, _)| *met == key) {
            return Ok(code);
        }
        let label = id_type.object_id(key).to_string();
        let code = bands.code(&label).map_err(|error| invalid(error.to_string()))?;
        self.met.push((key, code));
        Ok(code)
    }
}
