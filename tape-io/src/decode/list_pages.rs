//! Presents the leaf of a nested column as a flat column, with one row per element.
//!
//! A leaf below lists has an element for each list element, and one for each null or empty list. The repetition and
//! definition levels, <https://parquet.apache.org/docs/file-format/nestedencoding/>, tell where records begin and which
//! elements have a value. Here the levels are removed from each page and queued for [`Records`], and replaced by one
//! bit per element, which tells a value from a null. The decoders of flat columns then read the page.
//!
//! [`Records`]: crate::decode::list_levels::Records

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

use crate::decode::page::{malformed, prefix};
use crate::decode::rle::{BadRuns, Runs};

/// Number of levels to decode at a time.
const STEP: usize = 1024;

/// The nesting depth of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Depth {
    /// Number of nested lists.
    pub(crate) repetition: u8,
    /// Definition level of a value.
    pub(crate) value: u32,
    /// Definition level of an element of the innermost list. A lower level stands for a null or empty list.
    pub(crate) element: u32,
}

impl Depth {
    /// Returns the depth of a leaf.
    pub(crate) fn of(column: &ColumnDescriptor, element: i16) -> Self {
        let level = |level: i16| u32::try_from(level).unwrap_or(0);
        let repetition = u8::try_from(column.max_rep_level()).unwrap_or(u8::MAX);
        Self { repetition, value: level(column.max_def_level()), element: level(element) }
    }

    /// Returns true if the decoders of flat columns can read the leaf without conversion.
    pub(crate) const fn is_flat(self) -> bool {
        self.repetition == 0 && self.value <= 1
    }
}

/// Returns the number of bits that hold any level up to `most`.
fn width(most: u32) -> u8 {
    u8::try_from(u32::BITS - most.leading_zeros()).unwrap_or(32)
}

/// The levels of consecutive elements.
pub(crate) enum PageLevels {
    /// The number of elements of a page that was skipped without being read.
    Unread(usize),
    /// The levels of a page that was read.
    Read { slots: usize, repetition: Runs, definition: Runs },
}

/// A queue of the levels of pages that were read, but whose records were not read yet.
#[derive(Clone, Default)]
pub(crate) struct LevelQueue(Arc<Mutex<VecDeque<PageLevels>>>);

impl LevelQueue {
    pub(crate) fn lock(&self) -> MutexGuard<'_, VecDeque<PageLevels>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A page reader that presents the pages of a nested leaf as those of a flat, nullable column.
pub(crate) struct ListPages<P> {
    pages: P,
    depth: Depth,
    levels: LevelQueue,
}

impl<P: PageReader> ListPages<P> {
    /// Creates a reader that queues levels in `levels`.
    pub(crate) const fn new(pages: P, depth: Depth, levels: LevelQueue) -> Self {
        Self { pages, depth, levels }
    }

    /// Converts a page to one with a row per element.
    fn as_flat(&self, page: Page) -> Result<Page> {
        let (split, buf, num_values, encoding) = match page {
            Page::DictionaryPage { .. } => return Ok(page),
            Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, .. } => {
                let levels = [(self.depth.repetition > 0, rep_level_encoding), (true, def_level_encoding)];
                if levels.iter().any(|(there, encoding)| *there && *encoding != Encoding::RLE) {
                    return Err(ParquetError::General("levels are in the deprecated BIT_PACKED encoding".to_owned()));
                }
                (Split::first_version(&buf, self.depth)?, buf, num_values, encoding)
            }
            Page::DataPageV2 { buf, num_values, encoding, rep_levels_byte_len, def_levels_byte_len, .. } => {
                (Split::second_version(&buf, rep_levels_byte_len, def_levels_byte_len)?, buf, num_values, encoding)
            }
        };
        let slots = num_values as usize;
        let definition = Runs::new(split.definition.clone(), width(self.depth.value)).map_err(malformed)?;
        let (validity, present) = validity(definition, slots, self.depth.value).map_err(malformed)?;
        if self.depth.repetition > 0 {
            let runs = |levels, most| Runs::new(levels, width(most)).map_err(malformed);
            let repetition = runs(split.repetition, u32::from(self.depth.repetition))?;
            let definition = runs(split.definition, self.depth.value)?;
            self.levels.lock().push_back(PageLevels::Read { slots, repetition, definition });
        }
        let (buf, start) = put_before(buf, split.values, &validity);
        let length = |n: usize| u32::try_from(n).map_err(|_| malformed(BadRuns));
        Ok(Page::DataPageV2 {
            num_values,
            encoding,
            num_nulls: num_values - length(present)?,
            num_rows: num_values,
            def_levels_byte_len: length(validity.len())?,
            rep_levels_byte_len: length(start)?,
            buf,
            is_compressed: false,
            statistics: None,
        })
    }
}

impl<P: PageReader> PageReader for ListPages<P> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.pages.get_next_page()?.map(|page| self.as_flat(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        let page = self.pages.peek_next_page()?;
        // The number of rows in a page header counts records, not elements.
        Ok(page.map(|page| PageMetadata { num_rows: page.num_levels, ..page }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        if let Some(PageMetadata { num_levels: Some(slots), is_dict: false, .. }) = self.pages.peek_next_page()?
            && self.depth.repetition > 0
        {
            self.levels.lock().push_back(PageLevels::Unread(slots));
        }
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        Ok(true)
    }
}

impl<P: PageReader> Iterator for ListPages<P> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

/// The parts of a page. Levels are copied, so that the page has a single owner and can be changed in place.
struct Split {
    repetition: Bytes,
    definition: Bytes,
    /// Offset of the values.
    values: usize,
}

impl Split {
    fn first_version(buf: &Bytes, depth: Depth) -> Result<Self> {
        let mut at = 0;
        let mut next = || {
            let length = prefix(&buf[at..])?;
            let levels = buf[at + 4..].get(..length).ok_or_else(|| malformed(BadRuns))?;
            at += 4 + length;
            Ok::<Bytes, ParquetError>(Bytes::copy_from_slice(levels))
        };
        let repetition = if depth.repetition > 0 { next()? } else { Bytes::new() };
        let definition = next()?;
        Ok(Self { repetition, definition, values: at })
    }

    fn second_version(buf: &Bytes, repetition: u32, definition: u32) -> Result<Self> {
        let (repetition, definition) = (repetition as usize, definition as usize);
        let levels = buf.get(..repetition + definition).ok_or_else(|| malformed(BadRuns))?;
        let (first, second) = levels.split_at(repetition);
        let (first, second) = (Bytes::copy_from_slice(first), Bytes::copy_from_slice(second));
        Ok(Self { repetition: first, definition: second, values: repetition + definition })
    }
}

/// Encodes which of `slots` elements have a value, as levels of one bit, and counts them. Runs stay runs, so the result
/// takes about as much memory as the levels, however many elements they stand for.
fn validity(mut levels: Runs, slots: usize, value: u32) -> Result<(Vec<u8>, usize), BadRuns> {
    let (mut out, mut present, mut left) = (Vec::new(), 0, slots);
    let mut packed = [0; STEP];
    while left > 0 {
        let taken = if let Some((level, n)) = levels.take_run(left) {
            if level > value {
                return Err(BadRuns);
            }
            push_varint(&mut out, n << 1);
            out.push(u8::from(level == value));
            present += if level == value { n } else { 0 };
            n
        } else {
            let n = levels.read_packed(&mut packed[..left.min(STEP)])?;
            if packed[..n].iter().any(|&level| level > value) || (n % 8 > 0 && n < left) {
                return Err(BadRuns);
            }
            // Only the last group may be incomplete.
            push_varint(&mut out, n.div_ceil(8) << 1 | 1);
            out.extend(
                packed[..n]
                    .chunks(8)
                    .map(|group| group.iter().rev().fold(0, |bits, &level| bits << 1 | u8::from(level == value))),
            );
            present += packed[..n].iter().filter(|&&level| level == value).count();
            n
        };
        left -= taken;
    }
    Ok((out, present))
}

fn push_varint(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// Returns the page with `levels` right before its values, and the offset of these levels. They overwrite the old
/// levels if there is room and the page has no other owner, so that values are not copied.
fn put_before(buf: Bytes, values: usize, levels: &[u8]) -> (Bytes, usize) {
    let buf = match (values.checked_sub(levels.len()), buf.try_into_mut()) {
        (Some(start), Ok(mut page)) => {
            page[start..values].copy_from_slice(levels);
            return (page.freeze(), start);
        }
        (_, Ok(page)) => page.freeze(),
        (_, Err(page)) => page,
    };
    ([levels, &buf[values..]].concat().into(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_become_one_bit_each() {
        // Width two: a run of five 3s, then the packed group 3 2 3 3 1 0 3 3, whose first seven levels count.
        let levels = Bytes::from_static(&[10, 3, 3, 0b1111_1011, 0b1111_0001]);
        let (bits, present) = validity(Runs::new(levels.clone(), 2).expect("a width"), 12, 3).expect("whole");
        assert_eq!((bits, present), (vec![10, 1, 3, 0b0100_1101], 9));
        let beyond = validity(Runs::new(levels.clone(), 2).expect("a width"), 12, 2);
        assert_eq!(beyond, Err(BadRuns), "a level above that of a value");
        let short = validity(Runs::new(levels, 2).expect("a width"), 14, 3);
        assert_eq!(short, Err(BadRuns), "fewer levels than elements");
    }

    #[test]
    fn long_runs_stay_short() {
        let levels = Bytes::from_static(&[0xfe, 0xff, 0xff, 0xff, 0x0f, 1]);
        let (bits, present) = validity(Runs::new(levels, 1).expect("a width"), 1 << 30, 1).expect("whole");
        assert!(bits.len() < 8 && present == 1 << 30, "{bits:?} {present}");
    }

    #[test]
    fn values_are_not_moved_if_there_is_room_before_them() {
        let page = || Bytes::from(b"levelsvalues".to_vec());
        assert_eq!(put_before(page(), 6, b"ab"), (Bytes::from_static(b"leveabvalues"), 4));
        assert_eq!(put_before(page(), 6, b"abcdefg"), (Bytes::from_static(b"abcdefgvalues"), 0));
        let owned = page();
        assert_eq!(put_before(owned.clone(), 6, b"ab"), (Bytes::from_static(b"abvalues"), 0));
        assert_eq!(owned, b"levelsvalues"[..], "a shared page is not changed");
    }
}
