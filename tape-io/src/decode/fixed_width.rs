//! Columns of eight-byte values, taken from their pages: plain ones are copied, and codes looked up, with nothing in between.
//!
//! The general reader of the `parquet` crate writes the level of every row out first. Ids of a sorted survey are stored as
//! runs of one code; here each run is filled in at once.

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::PageReader;
use parquet::errors::{ParquetError, Result};

use crate::decode::page::{DataPage, Levels, NextPage, ended, malformed, next_page, pass_over};
use crate::decode::rle::Runs;

/// The encodings that [`Stored`] knows.
pub(crate) const ENCODINGS: [Encoding; 4] =
    [Encoding::PLAIN, Encoding::PLAIN_DICTIONARY, Encoding::RLE, Encoding::RLE_DICTIONARY];

/// A value as a plain page has it.
pub(crate) trait EightBytes: Copy {
    fn from_bytes(bytes: [u8; 8]) -> Self;
}

impl EightBytes for f64 {
    fn from_bytes(bytes: [u8; 8]) -> Self {
        Self::from_le_bytes(bytes)
    }
}

impl EightBytes for i64 {
    fn from_bytes(bytes: [u8; 8]) -> Self {
        Self::from_le_bytes(bytes)
    }
}

/// One column chunk.
pub(crate) struct Stored<T> {
    pages: Box<dyn PageReader>,
    optional: bool,
    dictionary: Vec<T>,
    /// What is left of the current page.
    rows: usize,
    levels: Levels,
    values: Values,
    codes: Vec<u32>,
}

enum Values {
    Plain(Bytes),
    Codes(Runs),
}

impl<T: EightBytes> Stored<T> {
    pub(crate) fn new(pages: Box<dyn PageReader>, optional: bool) -> Self {
        let values = Values::Plain(Bytes::new());
        Self { pages, optional, dictionary: vec![], rows: 0, levels: Levels::default(), values, codes: vec![] }
    }

    /// Appends `n` rows with `null` for nulls, and names those: the first row of this call is 0.
    pub(crate) fn append(&mut self, n: usize, out: &mut Vec<T>, null: T, mut is_null: impl FnMut(usize)) -> Result<()> {
        let mut done = 0;
        while done < n {
            while self.rows == 0 {
                self.open_page()?;
            }
            let taken = (n - done).min(self.rows);
            let present = self.levels.present(taken)?;
            let base = out.len();
            match &mut self.values {
                Values::Plain(bytes) => {
                    let length = present * size_of::<T>();
                    if length > bytes.len() {
                        return Err(ended());
                    }
                    out.extend(bytes.split_to(length).as_chunks().0.iter().map(|&bytes| T::from_bytes(bytes)));
                }
                Values::Codes(runs) => look_up(runs, present, &self.dictionary, &mut self.codes, out)?,
            }
            if present < taken {
                self.levels.nulls().for_each(|row| is_null(done + row));
                self.levels.spread(out, base, null);
            }
            self.rows -= taken;
            done += taken;
        }
        Ok(())
    }

    pub(crate) fn skip(&mut self, mut n: usize) -> Result<()>
    where
        T: Default,
    {
        while n > 0 && self.rows == 0 {
            n -= pass_over(self.pages.as_mut(), n)?;
            if n > 0 {
                self.open_page()?;
            }
        }
        // A few at a time: the number comes from the file, and may be any.
        let mut skipped = Vec::new();
        while n > 0 {
            let step = n.min(16 * 1024);
            skipped.clear();
            self.append(step, &mut skipped, T::default(), |_| {})?;
            n -= step;
        }
        Ok(())
    }

    fn open_page(&mut self) -> Result<()> {
        let DataPage { rows, levels, values, encoding } = match next_page(self.pages.as_mut(), self.optional)? {
            NextPage::Dictionary { values, count } => {
                let known = values.as_chunks().0.iter().take(count).map(|&bytes| T::from_bytes(bytes));
                self.dictionary = known.collect();
                return Ok(());
            }
            NextPage::Data(page) => page,
        };
        (self.rows, self.levels) = (rows, levels);
        self.values = match encoding {
            Encoding::PLAIN => Values::Plain(values),
            // A page of nulls alone has no codes, not even their width.
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY if values.is_empty() => Values::Plain(values),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                Values::Codes(Runs::new(values.slice(1..), values[0]).map_err(malformed)?)
            }
            _ => {
                return Err(ParquetError::General("a page in another encoding than its footer says".to_owned()));
            }
        };
        Ok(())
    }
}

/// Appends the values of the next `n` codes.
fn look_up<T: Copy>(
    runs: &mut Runs,
    mut n: usize,
    dictionary: &[T],
    codes: &mut Vec<u32>,
    out: &mut Vec<T>,
) -> Result<()> {
    let beyond = || ParquetError::General("a code beyond the end of its dictionary".to_owned());
    while n > 0 {
        if let Some((code, times)) = runs.take_run(n) {
            let value = *dictionary.get(code as usize).ok_or_else(beyond)?;
            out.resize(out.len() + times, value);
            n -= times;
            continue;
        }
        codes.resize(n.min(1024), 0);
        let read = runs.read_packed(codes).map_err(malformed)?;
        let codes = &codes[..read];
        if codes.iter().fold(false, |any, &code| any | (code as usize >= dictionary.len())) {
            return Err(beyond());
        }
        out.extend(codes.iter().map(|&code| dictionary[code as usize]));
        n -= read;
    }
    Ok(())
}
