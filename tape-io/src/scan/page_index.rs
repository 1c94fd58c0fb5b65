//! Finds the rows of a row group for which a condition may be true, from the statistics of single pages in the page
//! index, <https://parquet.apache.org/docs/file-format/pageindex/>.
//!
//! A missing or invalid index is ignored, because it only saves reading. The `parquet` crate is not used for it: it
//! allocates memory for the sizes that an index claims before it checks that the data is there.

use std::ops::Range;
use std::sync::Arc;

use parquet::basic::Type;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;
use parquet::file::statistics::Statistics;

use crate::decode::input::PositionedFile;
use crate::decode::leaf::Leaf;
use crate::decode::limits::Walk;
use crate::decode::statistics::range_of;
use crate::expr::{Possible, Range as Values};
use crate::file::opened::{is_remote, open};
use crate::survey::Survey;

/// The largest number of separate runs of rows. With more runs, the whole row group is read.
const MOST_RUNS: usize = 64;
/// The largest index to read, in bytes.
const MOST_BYTES: i32 = 16 << 20;

/// The possible values of a column from a row on, up to the next page.
struct Page {
    first_row: u64,
    values: Possible,
}

impl Survey {
    /// Returns the rows of a row group for which the condition may be true, in order, if the statistics of pages
    /// exclude other rows.
    pub(crate) fn rows_kept(&self, row_group: usize) -> Option<&[Range<u64>]> {
        self.expressions.kept.get(row_group)?.get_or_init(|| self.rows_by_pages(row_group)).as_deref()
    }

    fn rows_by_pages(&self, row_group: usize) -> Option<Vec<Range<u64>>> {
        let (footer, index) = self.footer(row_group);
        let expressions = self.expressions_of(row_group)?;
        // In list columns, pages may begin inside a row. In remote files, each run of rows would need its own request.
        if footer.is_nested() || is_remote(&footer.path) {
            return None;
        }
        let group = footer.metadata.row_group(index);
        let rows = u64::try_from(group.num_rows()).ok()?;
        let has_index = |leaf: &Leaf| group.column(leaf.index).column_index_offset().is_some();
        if !expressions.leaves_of_condition().flatten().any(has_index) {
            return None;
        }
        let (file, stamp) = open(&footer.path).ok().filter(|(_, stamp)| *stamp == footer.stamp)?;
        // An index is not column data, so its bytes are not counted.
        let file = PositionedFile::new(file, stamp.bytes, Arc::default());
        let whole = |values| vec![Page { first_row: 0, values }];
        let of_leaf = |leaf: Option<&Leaf>| match leaf {
            None => whole(Possible::ANY),
            Some(leaf) => {
                let chunk = group.column(leaf.index);
                let pages = pages(leaf, chunk, rows, &file).ok().flatten();
                pages.unwrap_or_else(|| whole(crate::decode::statistics::possible(leaf, chunk)))
            }
        };
        let columns: Vec<Vec<Page>> = expressions.leaves_of_condition().map(of_leaf).collect();
        let kept = runs(&columns, rows, |values| expressions.may_hold(values));
        let is_all = kept.first() == Some(&(0..rows));
        (!is_all && kept.len() <= MOST_RUNS).then_some(kept)
    }
}

/// Returns the runs of rows for which `may_hold` is true of the values in all columns.
fn runs(columns: &[Vec<Page>], rows: u64, may_hold: impl Fn(&[Possible]) -> bool) -> Vec<Range<u64>> {
    let mut starts: Vec<u64> = columns.iter().flatten().map(|page| page.first_row).collect();
    starts.sort_unstable();
    starts.dedup();
    let mut kept: Vec<Range<u64>> = vec![];
    for (place, &start) in starts.iter().enumerate() {
        let end = starts.get(place + 1).copied().unwrap_or(rows);
        let at = |pages: &Vec<Page>| {
            let before = pages.partition_point(|page| page.first_row <= start);
            pages.get(before.wrapping_sub(1)).map_or(Possible::ANY, |page| page.values.clone())
        };
        if !may_hold(&columns.iter().map(at).collect::<Vec<_>>()) {
            continue;
        }
        match kept.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => kept.push(start..end),
        }
    }
    kept
}

/// Reads the pages of a column chunk. Returns `None` if the index is missing or inconsistent.
fn pages(leaf: &Leaf, chunk: &ColumnChunkMetaData, rows: u64, file: &PositionedFile) -> Result<Option<Vec<Page>>> {
    let bytes = |offset: Option<i64>, length: Option<i32>| -> Result<Option<bytes::Bytes>> {
        let (Some(offset), Some(length)) = (offset, length.filter(|length| (1..=MOST_BYTES).contains(length))) else {
            return Ok(None);
        };
        file.get_bytes(u64::try_from(offset)?, usize::try_from(length)?).map(Some)
    };
    let columns = bytes(chunk.column_index_offset(), chunk.column_index_length())?;
    let offsets = bytes(chunk.offset_index_offset(), chunk.offset_index_length())?;
    let (Some(columns), Some(offsets)) = (columns, offsets) else { return Ok(None) };
    let (first_rows, Claims { empty, min, max, nulls }) = (first_rows(&offsets)?, Claims::read(&columns)?);
    let n = first_rows.len();
    let in_order = first_rows.first() == Some(&0) && first_rows.is_sorted_by(|a, b| a < b);
    let agree = [empty.len(), min.len(), max.len()].iter().all(|length| *length == n);
    let counted = nulls.as_ref().is_none_or(|nulls| nulls.len() == n);
    if !in_order || !agree || !counted || first_rows.last().is_none_or(|last| *last >= rows) {
        return Ok(None);
    }
    let optional = leaf.depth.value > 0;
    let page = |i: usize| {
        let null = optional && nulls.as_ref().is_none_or(|nulls| nulls[i] != 0);
        let end = first_rows.get(i + 1).copied().unwrap_or(rows);
        let all_null = nulls.as_ref().is_none_or(|nulls| u64::try_from(nulls[i]) == Ok(end - first_rows[i]));
        let values = match statistics(chunk, min[i], max[i]) {
            // Some writers also mark a page as empty if it only holds NaN.
            _ if empty[i] && optional && all_null => Possible::NULL,
            Some(statistics) if !empty[i] => Possible { null, range: range_of(leaf, &statistics) },
            _ => Possible { null: optional, range: Values::Any },
        };
        Page { first_row: first_rows[i], values }
    };
    Ok(Some((0..n).map(page).collect()))
}

/// The values of each page, as an index claims them.
#[derive(Default)]
struct Claims<'a> {
    /// True for pages with only nulls.
    empty: Vec<bool>,
    min: Vec<&'a [u8]>,
    max: Vec<&'a [u8]>,
    nulls: Option<Vec<i64>>,
}

impl<'a> Claims<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self> {
        let (mut walk, mut claims, mut last) = (Walk::new(bytes), Self::default(), 0);
        while let Some((field, kind)) = walk.field(&mut last)? {
            match (field, kind) {
                (1, 9) => claims.empty = walk.elements(&[1, 2], |walk| Ok(walk.byte()? == 1))?,
                (2, 9) => claims.min = walk.elements(&[8], Walk::text)?,
                (3, 9) => claims.max = walk.elements(&[8], Walk::text)?,
                (5, 9) => claims.nulls = Some(walk.elements(&[6], Walk::zigzag)?),
                _ => walk.pass(kind)?,
            }
        }
        Ok(claims)
    }
}

/// Reads the first row of each page.
fn first_rows(bytes: &[u8]) -> Result<Vec<u64>> {
    let (mut walk, mut rows, mut last) = (Walk::new(bytes), vec![], 0);
    let of_page = |walk: &mut Walk<'_>| {
        let (mut last, mut row) = (0, None);
        while let Some((field, kind)) = walk.field(&mut last)? {
            match (field, kind) {
                (3, 6) => row = u64::try_from(walk.zigzag()?).ok(),
                _ => walk.pass(kind)?,
            }
        }
        row.ok_or_else(|| ParquetError::General("a page has no first row".to_owned()))
    };
    while let Some((field, kind)) = walk.field(&mut last)? {
        match (field, kind) {
            (1, 9) => rows = walk.elements(&[12], of_page)?,
            _ => walk.pass(kind)?,
        }
    }
    Ok(rows)
}

/// Parses either structure and returns its number of pages.
#[cfg(any(fuzzing, test))]
pub(crate) fn parsed(bytes: &[u8]) -> [Option<usize>; 2] {
    [Claims::read(bytes).ok().map(|claims| claims.empty.len()), first_rows(bytes).ok().map(|rows| rows.len())]
}

/// Builds statistics from a minimum and a maximum in plain encoding.
fn statistics(chunk: &ColumnChunkMetaData, min: &[u8], max: &[u8]) -> Option<Statistics> {
    macro_rules! plain {
        ($of:ident, $type:ty) => {
            Statistics::$of(
                Some(<$type>::from_le_bytes(min.try_into().ok()?)),
                Some(<$type>::from_le_bytes(max.try_into().ok()?)),
                None,
                None,
                false,
            )
        };
    }
    let text = |bytes: &[u8]| ByteArray::from(bytes.to_vec());
    let fixed = |bytes: &[u8]| FixedLenByteArray::from(text(bytes));
    Some(match chunk.column_type() {
        Type::BOOLEAN => {
            let truth = |bytes: &[u8]| bytes.first().map(|byte| byte & 1 == 1);
            Statistics::boolean(Some(truth(min)?), Some(truth(max)?), None, None, false)
        }
        Type::INT32 => plain!(int32, i32),
        Type::INT64 => plain!(int64, i64),
        Type::FLOAT => plain!(float, f32),
        Type::DOUBLE => plain!(double, f64),
        Type::BYTE_ARRAY => Statistics::byte_array(Some(text(min)), Some(text(max)), None, None, false),
        Type::FIXED_LEN_BYTE_ARRAY => {
            Statistics::fixed_len_byte_array(Some(fixed(min)), Some(fixed(max)), None, None, false)
        }
        Type::INT96 => return None,
    })
}
