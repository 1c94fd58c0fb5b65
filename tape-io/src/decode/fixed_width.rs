//! Decodes columns of 4-byte or 8-byte numbers directly from their pages: plain, dictionary-encoded and
//! byte-stream-split.
//!
//! The general reader of the `parquet` crate first expands the level of every row. Ids of a sorted survey are stored as
//! runs of one code, and here each run is filled at once.

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::PageReader;
use parquet::errors::{ParquetError, Result};

use crate::decode::page::{DataPage, Levels, NextPage, ended, malformed, next_page, pass_over};
use crate::decode::rle::Runs;

/// Encodings that a column chunk may list to be decoded here. `RLE` is the encoding of levels.
pub(crate) const ENCODINGS: [Encoding; 5] =
    [Encoding::PLAIN, Encoding::PLAIN_DICTIONARY, Encoding::RLE, Encoding::RLE_DICTIONARY, Encoding::BYTE_STREAM_SPLIT];

/// A fixed-width value.
pub(crate) trait FixedWidth: Copy + Default {
    /// Reads all values in some bytes.
    fn read(bytes: &[u8]) -> impl Iterator<Item = Self>;

    /// Reads `n` byte-stream-split values from index `first`, where each stream has `count` bytes.
    fn read_split(bytes: &[u8], count: usize, first: usize, n: usize) -> impl Iterator<Item = Self>;
}

macro_rules! fixed_width {
    ($($type:ty),*) => {$(
        impl FixedWidth for $type {
            fn read(bytes: &[u8]) -> impl Iterator<Item = Self> {
                bytes.as_chunks().0.iter().map(|&bytes| Self::from_le_bytes(bytes))
            }

            fn read_split(bytes: &[u8], count: usize, first: usize, n: usize) -> impl Iterator<Item = Self> {
                (first..first + n).map(move |i| Self::from_le_bytes(std::array::from_fn(|byte| bytes[byte * count + i])))
            }
        }
    )*};
}

fixed_width!(f64, f32, i64, i32);

/// A reader of one column chunk.
pub(crate) struct FixedWidthColumn<T> {
    pages: Box<dyn PageReader>,
    optional: bool,
    dictionary: Vec<T>,
    /// Number of rows left in the current page.
    rows: usize,
    levels: Levels,
    values: Values,
    codes: Vec<u32>,
}

enum Values {
    Plain(Bytes),
    Codes(Runs),
    /// Byte streams of `count` values. The first `taken` values were read already.
    Split {
        bytes: Bytes,
        count: usize,
        taken: usize,
    },
}

impl<T: FixedWidth> FixedWidthColumn<T> {
    pub(crate) fn new(pages: Box<dyn PageReader>, optional: bool) -> Self {
        let values = Values::Plain(Bytes::new());
        Self { pages, optional, dictionary: vec![], rows: 0, levels: Levels::default(), values, codes: vec![] }
    }

    /// Appends the next `n` rows, converted by `convert`, with `null` for nulls. Calls `is_null` with the index of each
    /// null row, counted from 0 in this call.
    pub(crate) fn append<V: Copy>(
        &mut self,
        n: usize,
        out: &mut Vec<V>,
        convert: impl Fn(T) -> V,
        null: V,
        mut is_null: impl FnMut(usize),
    ) -> Result<()> {
        let mut done = 0;
        while done < n {
            while self.rows == 0 {
                self.open_page()?;
            }
            let rows = (n - done).min(self.rows);
            let present = self.levels.present(rows)?;
            let base = out.len();
            match &mut self.values {
                Values::Plain(bytes) => {
                    let length = present * size_of::<T>();
                    if length > bytes.len() {
                        return Err(ended());
                    }
                    out.extend(T::read(&bytes.split_to(length)).map(&convert));
                }
                Values::Codes(runs) => look_up(runs, present, &self.dictionary, &mut self.codes, out, &convert)?,
                Values::Split { bytes, count, taken } => {
                    if present > *count - *taken {
                        return Err(ended());
                    }
                    out.extend(T::read_split(bytes, *count, *taken, present).map(&convert));
                    *taken += present;
                }
            }
            if present < rows {
                self.levels.nulls().for_each(|row| is_null(done + row));
                self.levels.spread(out, base, null);
            }
            self.rows -= rows;
            done += rows;
        }
        Ok(())
    }

    pub(crate) fn skip(&mut self, mut n: usize) -> Result<()> {
        while n > 0 && self.rows == 0 {
            n -= pass_over(self.pages.as_mut(), n)?;
            if n > 0 {
                self.open_page()?;
            }
        }
        // In steps, because `n` comes from the file and can be arbitrarily large.
        let mut skipped = Vec::new();
        while n > 0 {
            let step = n.min(16 * 1024);
            skipped.clear();
            self.append(step, &mut skipped, |value| value, T::default(), |_| {})?;
            n -= step;
        }
        Ok(())
    }

    fn open_page(&mut self) -> Result<()> {
        let DataPage { rows, levels, values, encoding } = match next_page(self.pages.as_mut(), self.optional)? {
            NextPage::Dictionary { values, count } => {
                self.dictionary = T::read(&values).take(count).collect();
                return Ok(());
            }
            NextPage::Data(page) => page,
        };
        (self.rows, self.levels) = (rows, levels);
        self.values = match encoding {
            Encoding::PLAIN => Values::Plain(values),
            Encoding::BYTE_STREAM_SPLIT => {
                let count = values.len() / size_of::<T>();
                Values::Split { bytes: values, count, taken: 0 }
            }
            // A page with only nulls has no codes, not even their width.
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY if values.is_empty() => Values::Plain(values),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                Values::Codes(Runs::new(values.slice(1..), values[0]).map_err(malformed)?)
            }
            _ => {
                return Err(ParquetError::General("a page is in an encoding that the footer does not list".to_owned()));
            }
        };
        Ok(())
    }
}

/// Appends the dictionary values of the next `n` codes.
fn look_up<T: Copy, V: Copy>(
    runs: &mut Runs,
    mut n: usize,
    dictionary: &[T],
    codes: &mut Vec<u32>,
    out: &mut Vec<V>,
    convert: impl Fn(T) -> V,
) -> Result<()> {
    let beyond = || ParquetError::General("a code is beyond the end of its dictionary".to_owned());
    while n > 0 {
        if let Some((code, times)) = runs.take_run(n) {
            let value = *dictionary.get(code as usize).ok_or_else(beyond)?;
            out.resize(out.len() + times, convert(value));
            n -= times;
            continue;
        }
        codes.resize(n.min(1024), 0);
        let read = runs.read_packed(codes).map_err(malformed)?;
        let codes = &codes[..read];
        if codes.iter().fold(false, |any, &code| any | (code as usize >= dictionary.len())) {
            return Err(beyond());
        }
        out.extend(codes.iter().map(|&code| convert(dictionary[code as usize])));
        n -= read;
    }
    Ok(())
}
