//! Reads text columns as ids, bands and Arrow dictionaries.

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, PrimitiveArray, StringBuilder};
use arrow::datatypes::Int32Type;
use parquet::errors::Result;
use tape_core::{Bands, IdRef, Ids, NO_BAND};

use crate::decode::from_arrow::invalid;
use crate::decode::text::{Coded, NULL, TextPages};

/// Dictionaries with more entries than this are large: only the labels that occur are added to the bands.
const LARGE: usize = 64;

/// Appends `n` ids. If some are null, `nulls` marks them.
pub(crate) fn text_ids(text: &mut TextPages, mut n: usize, ids: &mut Ids, nulls: &mut Vec<bool>) -> Result<()> {
    let total = n;
    while n > 0 {
        let coded = text.next(n)?;
        for &code in coded.codes {
            let id = if code == NULL { "" } else { coded.text(code as usize)? };
            ids.push(IdRef::Text(id)).map_err(|error| invalid(error.to_string()))?;
        }
        if coded.codes.contains(&NULL) {
            nulls.resize(total - n, false);
            nulls.extend(coded.codes.iter().map(|&code| code == NULL));
        }
        n -= coded.codes.len();
    }
    if !nulls.is_empty() {
        nulls.resize(total, false);
    }
    Ok(())
}

/// Appends `n` band codes. `codes` keeps the band code of each entry of the current dictionary between calls.
pub(crate) fn text_bands(
    text: &mut TextPages,
    codes: &mut Vec<u8>,
    mut n: usize,
    band: &mut Vec<u8>,
    bands: &Bands,
) -> Result<()> {
    while n > 0 {
        let coded = text.next(n)?;
        if coded.dictionary.len() > LARGE {
            learn_met(&coded, codes, bands)?;
        } else if coded.fresh {
            codes.clear();
            for i in 0..coded.dictionary.len() {
                codes.push(learn(bands, coded.text(i)?)?);
            }
        }
        push_bands(coded.codes, codes, band);
        n -= coded.codes.len();
    }
    Ok(())
}

/// Adds the labels of a large dictionary that occur in these rows to the bands. The dictionary may have unused
/// categories.
fn learn_met(coded: &Coded<'_>, codes: &mut Vec<u8>, bands: &Bands) -> Result<()> {
    if coded.fresh {
        codes.clear();
        codes.resize(coded.dictionary.len(), NO_BAND);
    }
    for &code in coded.codes.iter().filter(|&&code| code != NULL) {
        let i = code as usize;
        if codes[i] == NO_BAND {
            // A plain page is a dictionary with an entry per row, so nearby entries usually repeat.
            let again =
                (i.saturating_sub(8)..i).find(|&j| codes[j] != NO_BAND && coded.dictionary[j] == coded.dictionary[i]);
            codes[i] = match again {
                Some(j) => codes[j],
                None => learn(bands, coded.text(i)?)?,
            };
        }
    }
    Ok(())
}

fn learn(bands: &Bands, label: &str) -> Result<u8> {
    bands.code(label).map_err(|error| invalid(error.to_string()))
}

/// Appends the bands of `rows`, each an index into `bands` or [`NULL`].
fn push_bands(rows: &[u32], bands: &[u8], to: &mut Vec<u8>) {
    let mut table = [NO_BAND; 256];
    if let Some(known) = table[..255].get_mut(..bands.len()) {
        // The low byte of NULL is 255, which is not the index of a band: a table lookup without a branch.
        known.copy_from_slice(bands);
        to.extend(rows.iter().map(|&code| table[usize::from(code.to_le_bytes()[0])]));
    } else {
        to.extend(rows.iter().map(|&code| bands.get(code as usize).copied().unwrap_or(NO_BAND)));
    }
}

/// Maps each entry of a column's dictionary to its key in an array's dictionary.
#[derive(Default)]
pub(crate) struct Places(Vec<Option<i32>>);

impl Places {
    /// Reads `n` rows as a dictionary array with only the texts that occur.
    pub(crate) fn read(&mut self, text: &mut TextPages, n: usize) -> Result<ArrayRef> {
        let Self(places) = self;
        let mut keys: Vec<Option<i32>> = Vec::with_capacity(n);
        let mut texts = StringBuilder::new();
        let mut met = 0_i32;
        // Each array has its own keys.
        places.fill(None);
        while keys.len() < n {
            let coded = text.next(n - keys.len())?;
            if coded.fresh {
                places.clear();
            }
            places.resize(coded.dictionary.len(), None);
            for &code in coded.codes {
                if code == NULL {
                    keys.push(None);
                    continue;
                }
                let code = code as usize;
                let place = match places[code] {
                    Some(place) => place,
                    None => {
                        texts.append_value(coded.text(code)?);
                        met += 1;
                        *places[code].insert(met - 1)
                    }
                };
                keys.push(Some(place));
            }
        }
        let keys: PrimitiveArray<Int32Type> = keys.into();
        Ok(Arc::new(DictionaryArray::try_new(keys, Arc::new(texts.finish()))?))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn unused_categories_are_not_bands() {
        let dictionary: Vec<Bytes> = (0..300).map(|i| Bytes::from(format!("band {i}"))).collect();
        let (bands, mut codes) = (Bands::default(), vec![]);
        for (rows, fresh) in [([3, 299, NULL], true), ([3, 7, 3], false)] {
            learn_met(&Coded { codes: &rows, dictionary: &dictionary, fresh }, &mut codes, &bands).expect("few");
        }
        assert_eq!(bands.labels(), ["band 3", "band 299", "band 7"]);
        assert_eq!([codes[3], codes[299], codes[7], codes[0]], [0, 1, 2, NO_BAND]);
    }
}
