//! Splits pages into levels and the bytes of the values. Lengths come from the file and are checked.

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::errors::{ParquetError, Result};

use crate::decode::rle::{BadRuns, Runs};

/// The next page of a column chunk.
pub(crate) enum NextPage {
    /// The dictionary that the codes of later pages index.
    Dictionary {
        values: Bytes,
        count: usize,
    },
    Data(DataPage),
}

/// A data page.
pub(crate) struct DataPage {
    pub(crate) rows: usize,
    pub(crate) levels: Levels,
    pub(crate) values: Bytes,
    pub(crate) encoding: Encoding,
}

/// The definition levels of a page, which tell which rows are null. Required columns have none.
#[derive(Default)]
pub(crate) struct Levels {
    runs: Option<Runs>,
    /// The levels of the last rows read, if some of them are null.
    levels: Vec<u32>,
}

/// Reads the next page of a column, which may hold nulls if `optional`.
pub(crate) fn next_page(pages: &mut dyn PageReader, optional: bool) -> Result<NextPage> {
    match pages.get_next_page()? {
        None => Err(ended()),
        Some(Page::DictionaryPage { buf, num_values, .. }) => {
            Ok(NextPage::Dictionary { values: buf, count: num_values as usize })
        }
        Some(Page::DataPage { buf, num_values, encoding, .. }) => {
            let (levels, values) = if optional {
                let length = prefix(&buf)?;
                if length > buf.len() - 4 {
                    return Err(malformed(BadRuns));
                }
                (Some(buf.slice(4..4 + length)), buf.slice(4 + length..))
            } else {
                (None, buf)
            };
            data_page(num_values, levels, values, encoding)
        }
        Some(Page::DataPageV2 { buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. }) => {
            let levels = rep_levels_byte_len as usize..(rep_levels_byte_len + def_levels_byte_len) as usize;
            if levels.start > levels.end || levels.end > buf.len() {
                return Err(malformed(BadRuns));
            }
            let values = buf.slice(levels.end..);
            data_page(num_values, optional.then(|| buf.slice(levels)), values, encoding)
        }
    }
}

/// Skips whole pages of up to `n` rows in total, without reading them. Stops before a dictionary page and before a page
/// with more rows than remain. Returns the number of rows skipped.
pub(crate) fn pass_over(pages: &mut dyn PageReader, n: usize) -> Result<usize> {
    let mut passed = 0;
    while let Some(page) = pages.peek_next_page()? {
        // Columns are flat here, so each level is a row.
        match page.num_rows.or(page.num_levels) {
            Some(rows) if !page.is_dict && rows <= n - passed => passed += rows,
            _ => break,
        }
        pages.skip_next_page()?;
    }
    Ok(passed)
}

fn data_page(rows: u32, levels: Option<Bytes>, values: Bytes, encoding: Encoding) -> Result<NextPage> {
    let runs = levels.map(|levels| Runs::new(levels, 1)).transpose().map_err(malformed)?;
    let levels = Levels { runs, levels: vec![] };
    Ok(NextPage::Data(DataPage { rows: rows as usize, levels, values, encoding }))
}

impl Levels {
    /// Reads the levels of the next `n` rows. Returns how many are not null.
    pub(crate) fn present(&mut self, n: usize) -> Result<usize> {
        let Some(runs) = &mut self.runs else { return Ok(n) };
        // Usually there are no nulls, and the levels are a single run.
        match runs.take_repeated(n) {
            Some(1) => Ok(n),
            Some(level) => {
                self.levels.clear();
                self.levels.resize(n, level);
                Ok(0)
            }
            None => {
                self.levels.resize(n, 0);
                runs.read(&mut self.levels).map_err(malformed)?;
                Ok(self.levels.iter().filter(|&&level| level != 0).count())
            }
        }
    }

    /// Returns the rows that are null among the last rows read, which must have some.
    pub(crate) fn nulls(&self) -> impl Iterator<Item = usize> + '_ {
        self.levels.iter().enumerate().filter(|(_, level)| **level == 0).map(|(row, _)| row)
    }

    /// Moves the values from index `base`, which are those of the last rows read without nulls, to their rows, and
    /// fills the gaps with `null`.
    pub(crate) fn spread<V: Copy>(&self, values: &mut Vec<V>, base: usize, null: V) {
        let mut from = values.len();
        values.resize(base + self.levels.len(), null);
        for (row, &level) in self.levels.iter().enumerate().rev() {
            values[base + row] = if level == 0 {
                null
            } else {
                from -= 1;
                values[from]
            };
        }
    }
}

/// Reads a length prefix.
pub(crate) fn prefix(buffer: &[u8]) -> Result<usize> {
    let bytes = buffer.first_chunk().ok_or_else(|| ParquetError::EOF("a page ends within a length".to_owned()))?;
    Ok(u32::from_le_bytes(*bytes) as usize)
}

/// Makes the error for a column that ends too soon.
pub(crate) fn ended() -> ParquetError {
    ParquetError::EOF("the column ends before the other columns".to_owned())
}

pub(crate) fn malformed(error: BadRuns) -> ParquetError {
    ParquetError::General(error.to_string())
}
