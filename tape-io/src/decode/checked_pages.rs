//! Pages whose numbers of values are checked before a decoder makes room for them.

use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

use crate::decode::page::prefix;

/// The pages of a column chunk, which may hold nulls if `optional`.
pub(crate) struct CheckedPages<P> {
    pub(crate) pages: P,
    pub(crate) optional: bool,
    /// The fewest bytes that a value of a dictionary takes.
    pub(crate) value_bytes: usize,
}

/// Returns the fewest bytes that a plain value of a column takes.
pub(crate) fn value_bytes(column: &ColumnDescriptor) -> usize {
    match column.physical_type() {
        Physical::FIXED_LEN_BYTE_ARRAY => usize::try_from(column.type_length()).unwrap_or(1).max(1),
        Physical::INT64 | Physical::DOUBLE => 8,
        Physical::INT96 => 12,
        // A text takes four bytes for its length, if nothing else.
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

/// That blocks of deltas claim no more values than their page.
fn check_deltas(encoding: Encoding, bytes: &[u8], rows: u32) -> Result<()> {
    let streams = match encoding {
        Encoding::DELTA_BINARY_PACKED | Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
        // Lengths that are shared with the value before, then lengths of what follows.
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => 0,
    };
    if bytes.is_empty() {
        // Nulls alone.
        return Ok(());
    }
    let mut deltas = Deltas { bytes };
    (0..streams).try_for_each(|_| deltas.skip_stream(u64::from(rows)).ok_or_else(too_many))
}

/// Blocks of deltas, as <https://parquet.apache.org/docs/file-format/data-pages/encodings/#delta-encoding-delta_binary_packed--5>
/// lays them out.
struct Deltas<'a> {
    bytes: &'a [u8],
}

impl Deltas<'_> {
    /// Goes to the end of a stream; none if it is not one of up to `rows` values.
    fn skip_stream(&mut self, rows: u64) -> Option<()> {
        let (block, miniblocks) = (self.varint()?, self.varint()?);
        let (count, _first) = (self.varint()?, self.varint()?);
        if count > rows || block == 0 || miniblocks == 0 || block % miniblocks != 0 {
            // No value, no block: what the sizes say is of no matter.
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
                // The last may be cut short: some writers do not fill it.
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
    ParquetError::General("a page that claims more values than it holds".to_owned())
}
