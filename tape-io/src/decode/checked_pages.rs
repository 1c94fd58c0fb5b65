//! Checks the number of values that a page claims before a decoder allocates memory for them.

use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

use crate::decode::page::prefix;

/// A page reader that checks the pages of a column chunk, which may hold nulls if `optional`.
pub(crate) struct CheckedPages<P> {
    pub(crate) pages: P,
    pub(crate) optional: bool,
    /// Minimum size of a dictionary value in bytes.
    pub(crate) value_bytes: usize,
}

/// Returns the minimum size of a plain value of a column in bytes.
pub(crate) fn value_bytes(column: &ColumnDescriptor) -> usize {
    match column.physical_type() {
        Physical::FIXED_LEN_BYTE_ARRAY => usize::try_from(column.type_length()).unwrap_or(1).max(1),
        Physical::INT64 | Physical::DOUBLE => 8,
        Physical::INT96 => 12,
        // A text takes at least the four bytes of its length.
        _ => 4,
    }
}

impl<P: PageReader> PageReader for CheckedPages<P> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        page.as_ref().map_or(Ok(()), |page| self.check(page))?;
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

impl<P: PageReader> Iterator for CheckedPages<P> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl<P> CheckedPages<P> {
    fn check(&self, page: &Page) -> Result<()> {
        match page {
            Page::DictionaryPage { buf, num_values, .. } if *num_values as usize > buf.len() / self.value_bytes => {
                Err(too_many())
            }
            Page::DictionaryPage { .. } => Ok(()),
            Page::DataPage { buf, num_values, encoding, .. } => {
                let values = if self.optional { buf.get(4 + prefix(buf)?..).unwrap_or_default() } else { &buf[..] };
                check_deltas(*encoding, values, *num_values)
            }
            Page::DataPageV2 { buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let levels = *def_levels_byte_len as usize + *rep_levels_byte_len as usize;
                check_deltas(*encoding, buf.get(levels..).unwrap_or_default(), *num_values)
            }
        }
    }
}

/// Checks that delta-encoded blocks do not claim more values than their page.
fn check_deltas(encoding: Encoding, bytes: &[u8], rows: u32) -> Result<()> {
    let streams = match encoding {
        Encoding::DELTA_BINARY_PACKED | Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
        // Lengths of the prefixes shared with the previous value, then lengths of the suffixes.
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => 0,
    };
    if bytes.is_empty() {
        // The page holds only nulls.
        return Ok(());
    }
    let mut deltas = Deltas { bytes };
    (0..streams).try_for_each(|_| deltas.skip_stream(u64::from(rows)).ok_or_else(too_many))
}

/// A walk over delta-encoded blocks:
/// <https://parquet.apache.org/docs/file-format/data-pages/encodings/#delta-encoding-delta_binary_packed--5>.
struct Deltas<'a> {
    bytes: &'a [u8],
}

impl Deltas<'_> {
    /// Skips a stream. Returns `None` unless it is a valid stream of at most `rows` values.
    fn skip_stream(&mut self, rows: u64) -> Option<()> {
        let (block, miniblocks) = (self.varint()?, self.varint()?);
        let (count, _first) = (self.varint()?, self.varint()?);
        if count > rows || block == 0 || miniblocks == 0 || block % miniblocks != 0 {
            // Without values there are no blocks, so the sizes do not matter.
            return (count == 0).then_some(());
        }
        let each = block / miniblocks;
        let mut left = count.saturating_sub(1);
        while left > 0 {
            self.varint()?;
            let widths = self.bytes.get(..usize::try_from(miniblocks).ok()?)?;
            self.bytes = &self.bytes[widths.len()..];
            for &width in widths {
                if left == 0 {
                    break;
                }
                let bytes = usize::try_from(each.checked_mul(u64::from(width))?.div_ceil(8)).ok()?;
                // The last miniblock may be shorter: some writers do not fill it.
                self.bytes = self.bytes.get(bytes..).unwrap_or_default();
                left = left.saturating_sub(each);
            }
        }
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

fn too_many() -> ParquetError {
    ParquetError::General("a page claims more values than it holds".to_owned())
}
