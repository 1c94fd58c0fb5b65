//! Reads text columns as codes into a dictionary, so that a label is processed once per dictionary, not once per row.
//!
//! The general reader of the `parquet` crate returns a byte string per row. Bands have few labels, so here the codes
//! are read from the pages as they are stored.

use std::str::Utf8Error;

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::PageReader;
use parquet::errors::{ParquetError, Result};

use crate::decode::page::{Levels, NextPage, malformed, next_page, pass_over, prefix};
use crate::decode::rle::Runs;

/// The code of a null row.
pub(crate) const NULL: u32 = u32::MAX;

/// Some rows: their codes, and the dictionary that the codes index.
pub(crate) struct Coded<'a> {
    /// An index into `dictionary`, or [`NULL`], for each row.
    pub(crate) codes: &'a [u32],
    pub(crate) dictionary: &'a [Bytes],
    /// True if the dictionary differs from that of the previous rows.
    pub(crate) fresh: bool,
}

impl Coded<'_> {
    /// Returns the i-th text of the dictionary.
    pub(crate) fn text(&self, i: usize) -> Result<&str> {
        let text = std::str::from_utf8(&self.dictionary[i]);
        text.map_err(|error: Utf8Error| ParquetError::General(format!("a text is not UTF-8: {error}")))
    }
}

/// Decodes dictionary-encoded pages, and plain pages as if each had its own dictionary.
pub(crate) struct TextPages {
    pages: Box<dyn PageReader>,
    optional: bool,
    /// The dictionary of the column chunk.
    shared: Vec<Bytes>,
    /// The texts of the current plain page.
    own: Vec<Bytes>,
    page: OpenPage,
    /// True if the next rows are the first with their dictionary.
    fresh: bool,
    codes: Vec<u32>,
}

/// The unread rows of the current page.
#[derive(Default)]
struct OpenPage {
    rows: usize,
    levels: Levels,
    values: Values,
}

enum Values {
    Codes(Runs),
    /// The index of the next text in the plain page.
    Plain(u32),
}

impl Default for Values {
    fn default() -> Self {
        Self::Plain(0)
    }
}

impl TextPages {
    pub(crate) fn new(pages: Box<dyn PageReader>, optional: bool) -> Self {
        Self { pages, optional, shared: vec![], own: vec![], page: OpenPage::default(), fresh: true, codes: vec![] }
    }

    /// Skips the next `n` rows, without reading pages that are skipped whole.
    pub(crate) fn skip(&mut self, mut n: usize) -> Result<()> {
        while n > 0 && self.page.rows == 0 {
            n -= pass_over(self.pages.as_mut(), n)?;
            if n > 0 {
                self.open_page()?;
            }
        }
        while n > 0 {
            n -= self.next(n)?.codes.len();
        }
        // The caller has not seen the dictionary yet.
        self.fresh = true;
        Ok(())
    }

    /// Reads up to `n` rows, and at least one unless `n` is 0.
    pub(crate) fn next(&mut self, n: usize) -> Result<Coded<'_>> {
        while self.page.rows == 0 {
            self.open_page()?;
        }
        let n = n.min(self.page.rows);
        self.page.rows -= n;
        let present = self.page.levels.present(n)?;
        self.codes.resize(present, 0);
        let dictionary = match &mut self.page.values {
            Values::Codes(runs) => {
                runs.read(&mut self.codes).map_err(malformed)?;
                &self.shared
            }
            Values::Plain(next) => {
                self.codes.iter_mut().for_each(|code| {
                    *code = *next;
                    *next += 1;
                });
                &self.own
            }
        };
        let entries = u32::try_from(dictionary.len()).unwrap_or(NULL);
        if self.codes.iter().fold(false, |beyond, &code| beyond | (code >= entries)) {
            return Err(ParquetError::General("a code is beyond the end of its dictionary".to_owned()));
        }
        if present < n {
            self.page.levels.spread(&mut self.codes, 0, NULL);
        }
        Ok(Coded { codes: &self.codes, dictionary, fresh: std::mem::take(&mut self.fresh) })
    }

    fn open_page(&mut self) -> Result<()> {
        let page = match next_page(self.pages.as_mut(), self.optional)? {
            NextPage::Dictionary { values, count } => {
                self.shared = plain(&values, count)?;
                self.fresh = true;
                return Ok(());
            }
            NextPage::Data(page) => page,
        };
        let was_plain = matches!(self.page.values, Values::Plain(_));
        let values = if page.encoding == Encoding::PLAIN {
            self.own = plain(&page.values, page.rows)?;
            Values::Plain(0)
        } else if !matches!(page.encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY) {
            return Err(ParquetError::General("a page is in an encoding that the footer does not list".to_owned()));
        } else if page.values.is_empty() {
            // A page with only nulls has no codes, not even their width.
            Values::Codes(Runs::new(page.values, 0).map_err(malformed)?)
        } else {
            Values::Codes(Runs::new(page.values.slice(1..), page.values[0]).map_err(malformed)?)
        };
        self.fresh |= was_plain || matches!(values, Values::Plain(_));
        self.page = OpenPage { rows: page.rows, levels: page.levels, values };
        Ok(())
    }
}

/// Splits a buffer into up to `most` length-prefixed texts.
fn plain(buffer: &Bytes, most: usize) -> Result<Vec<Bytes>> {
    // The count comes from the file, so allocate no more than the bytes can fill.
    let mut texts = Vec::with_capacity(most.min(buffer.len() / 4));
    let mut at = 0;
    while texts.len() < most && at < buffer.len() {
        let length = prefix(&buffer[at..])?;
        at += 4;
        if length > buffer.len() - at {
            return Err(ParquetError::EOF("a text is longer than its page".to_owned()));
        }
        texts.push(buffer.slice(at..at + length));
        at += length;
    }
    Ok(texts)
}
