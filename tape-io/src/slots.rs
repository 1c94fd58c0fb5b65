//! A column within lists, page by page as a flat column that may hold nulls; and where the records begin.
//!
//! A page of such a column has a slot for each element of a list, and one for a list that is empty or null. Each has a
//! repetition level, zero where a row of the file (a record) begins, and a definition level, the highest where there is a
//! value. Here the first are put aside, and of the second one bit is left: so all that decodes flat columns decodes these.
//! An empty or null list is a slot without a value, like a null.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};

use crate::nested::Nesting;
use crate::page::{malformed, prefix};
use crate::rle::{BadRuns, Runs};

/// So many levels are decoded at a time: groups of eight.
const CHUNK: usize = 1024;

/// Where records begin among the slots of the pages read so far, and which lists have no element.
#[derive(Clone, Default)]
pub(crate) struct Records(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    repetition: VecDeque<Levels>,
    /// One where there is an element; of a column that leads alone.
    elements: VecDeque<Levels>,
}

/// The levels of a page.
struct Levels {
    /// The number of the next slot in the column chunk.
    at: usize,
    left: usize,
    runs: Runs,
}

impl Records {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which of the `n` slots from number `from` on begin a record, counted from `from`. All before are forgotten.
    pub(crate) fn starts(&self, from: usize, n: usize, starts: &mut Vec<u32>) -> Result<()> {
        zeros(&mut self.pages().repetition, from, n, starts)
    }

    /// Which of these slots are lists without an element.
    pub(crate) fn empty(&self, from: usize, n: usize, empty: &mut Vec<u32>) -> Result<()> {
        zeros(&mut self.pages().elements, from, n, empty)
    }
}

/// Which levels are zero among the `n` from number `from` on, counted from there. All before are forgotten.
fn zeros(pages: &mut VecDeque<Levels>, from: usize, n: usize, zeros: &mut Vec<u32>) -> Result<()> {
    let (mut at, mut scratch) = (from, [0; CHUNK]);
    while at < from + n {
        let Some(page) = pages.front_mut() else { return Err(malformed(BadRuns)) };
        if page.left == 0 {
            pages.pop_front();
            continue;
        }
        let is_wanted = page.at >= from;
        if is_wanted && page.at != at {
            return Err(malformed(BadRuns));
        }
        let wanted = if is_wanted { from + n - at } else { from - page.at }.min(page.left);
        let base = at - from;
        let taken = page.take(wanted, &mut scratch, |slot| {
            if is_wanted {
                zeros.push(u32::try_from(base + slot).unwrap_or(u32::MAX));
            }
        })?;
        at += if is_wanted { taken } else { 0 };
    }
    Ok(())
}

impl Levels {
    /// Goes on by up to `n` slots, and tells which of them are zero. Returns how many.
    fn take(&mut self, n: usize, scratch: &mut [u32; CHUNK], mut zero: impl FnMut(usize)) -> Result<usize> {
        let taken = if let Some((level, times)) = self.runs.take_run(n) {
            if level == 0 {
                (0..times).for_each(zero);
            }
            times
        } else {
            let levels = &mut scratch[..n.min(CHUNK)];
            let read = self.runs.read_packed(levels).map_err(malformed)?;
            levels[..read].iter().enumerate().filter(|(_, level)| **level == 0).for_each(|(slot, _)| zero(slot));
            read
        };
        self.at += taken;
        self.left -= taken;
        Ok(taken)
    }
}

/// The pages of a column within lists as those of a flat one.
pub(crate) struct SlotPages<P> {
    pages: P,
    nesting: Nesting,
    records: Records,
    /// Whether every page is read: the levels of this column tell the others' records.
    leads: bool,
    /// The slots of all pages so far.
    at: usize,
}

impl<P: PageReader> SlotPages<P> {
    pub(crate) fn new(pages: P, nesting: Nesting, leads: bool, records: Records) -> Self {
        Self { pages, nesting, records, leads, at: 0 }
    }

    fn flat(&mut self, page: Page) -> Result<Page> {
        let (buf, slots, encoding, levels) = match page {
            Page::DictionaryPage { .. } => return Ok(page),
            Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, .. } => {
                if [def_level_encoding, rep_level_encoding] != [Encoding::RLE; 2] {
                    let name = "levels in the encoding BIT_PACKED, which no writer has used for years";
                    return Err(ParquetError::General(format!("{name}: write the file again")));
                }
                let repetition = prefixed(&buf, 0)?;
                let definition = prefixed(&buf, repetition.end)?;
                (buf, num_values, encoding, [repetition, definition])
            }
            Page::DataPageV2 { buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let repetition = 0..rep_levels_byte_len as usize;
                let definition = repetition.end..repetition.end.saturating_add(def_levels_byte_len as usize);
                (buf, num_values, encoding, [repetition, definition])
            }
        };
        let [repetition, definition] = levels;
        if definition.end > buf.len() {
            return Err(malformed(BadRuns));
        }
        // Copies of what is small: the values stay where they are, and nothing else must hold on to the page.
        let owned = |range: &std::ops::Range<usize>| Bytes::copy_from_slice(&buf[range.clone()]);
        let runs = |bytes, most: i16| Runs::new(bytes, width(most)).map_err(malformed);
        let left = slots as usize;
        let starts = Levels { at: self.at, left, runs: runs(owned(&repetition), self.nesting.max_repetition)? };
        let levels = || runs(owned(&definition), self.nesting.max_definition);
        let present = one_bit(levels()?, left, self.nesting.max_definition).map_err(malformed)?;
        let mut pages = self.records.pages();
        pages.repetition.push_back(starts);
        if self.leads {
            let elements = one_bit(levels()?, left, self.nesting.element_definition).map_err(malformed)?;
            let runs = Runs::new(elements.into(), 1).map_err(malformed)?;
            pages.elements.push_back(Levels { at: self.at, left, runs });
        }
        drop(pages);
        self.at += left;
        let (num_values, encodings) = (slots, Encoding::RLE);
        Ok(Page::DataPage {
            buf: with_levels(buf, definition.end, &present)?,
            num_values,
            encoding,
            def_level_encoding: encodings,
            rep_level_encoding: encodings,
            statistics: None,
        })
    }
}

/// Where bytes lie whose length stands before them.
fn prefixed(buffer: &Bytes, at: usize) -> Result<std::ops::Range<usize>> {
    let length = prefix(buffer.get(at..).unwrap_or_default())?;
    let end = (at + 4).checked_add(length).filter(|end| *end <= buffer.len());
    end.map(|end| at + 4..end).ok_or_else(|| malformed(BadRuns))
}

/// The bits of levels up to `most`.
fn width(most: i16) -> u8 {
    // Of a number that is not negative, at most 15.
    u8::try_from(i16::BITS - most.leading_zeros()).unwrap_or(u8::MAX)
}

/// The levels of so many slots again, with one bit each: whether it is `least` or more. Runs stay runs, so that the size is
/// bounded by the bytes there, whatever the number claims.
fn one_bit(mut runs: Runs, mut slots: usize, least: i16) -> std::result::Result<Vec<u8>, BadRuns> {
    let (mut levels, mut out) = ([0; CHUNK], vec![]);
    let is_one = |level: u32| level >= u32::from(least.cast_unsigned());
    while slots > 0 {
        if let Some((level, times)) = runs.take_run(slots) {
            put_run(is_one(level), times, &mut out);
            slots -= times;
            continue;
        }
        let read = runs.read_packed(&mut levels[..slots.min(CHUNK)])?;
        if read % 8 == 0 || read == slots {
            let groups = read.div_ceil(8);
            put_varint(groups << 1 | 1, &mut out);
            let bits =
                |group: &[u32]| group.iter().enumerate().map(|(bit, level)| u8::from(is_one(*level)) << bit).sum();
            out.extend(levels[..read].chunks(8).map(|group| -> u8 { bits(group) }));
        } else {
            levels[..read].iter().for_each(|level| put_run(is_one(*level), 1, &mut out));
        }
        slots -= read;
    }
    Ok(out)
}

fn put_run(bit: bool, times: usize, out: &mut Vec<u8>) {
    put_varint(times << 1, out);
    out.push(u8::from(bit));
}

fn put_varint(mut value: usize, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// The page with these levels and their length before its values, which begin at `values`: written over the old levels, if
/// nobody else has the page and there is room.
fn with_levels(buf: Bytes, values: usize, levels: &[u8]) -> Result<Bytes> {
    let length = u32::try_from(levels.len()).map_err(|_| malformed(BadRuns))?.to_le_bytes();
    let all = length.len() + levels.len();
    let Some(start) = values.checked_sub(all) else { return Ok(joined(&length, levels, &buf[values..])) };
    match buf.try_into_mut() {
        Ok(mut page) => {
            page[start..start + 4].copy_from_slice(&length);
            page[start + 4..values].copy_from_slice(levels);
            Ok(page.freeze().slice(start..))
        }
        Err(buf) => Ok(joined(&length, levels, &buf[values..])),
    }
}

fn joined(length: &[u8], levels: &[u8], values: &[u8]) -> Bytes {
    [length, levels, values].concat().into()
}

impl<P: PageReader> PageReader for SlotPages<P> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let Some(page) = self.pages.get_next_page()? else { return Ok(None) };
        self.flat(page).map(Some)
    }

    /// Without the number of rows, which nothing is passed over by: rows are slots here. A page of a column that leads is
    /// never passed over.
    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        let page = self.pages.peek_next_page()?;
        let num_levels = |page: &PageMetadata| if self.leads { None } else { page.num_levels };
        Ok(page.map(|page| PageMetadata { num_rows: num_levels(&page), num_levels: num_levels(&page), ..page }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        let page = self.pages.peek_next_page()?;
        self.at += page.filter(|page| !page.is_dict).and_then(|page| page.num_levels).unwrap_or(0);
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        Ok(true)
    }
}

impl<P: PageReader> Iterator for SlotPages<P> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Levels as a writer has them: runs, and groups of eight packed.
    fn encoded(levels: &[u32], most: u16) -> Bytes {
        let bits = u32::from(width(most.cast_signed()));
        let mut out = vec![];
        for group in levels.chunks(8) {
            if group.iter().all(|level| *level == group[0]) {
                put_varint(group.len() << 1, &mut out);
                out.push(group[0].to_le_bytes()[0]);
                continue;
            }
            put_varint(3, &mut out);
            let packed = group.iter().rfold(0_u64, |all, level| all << bits | u64::from(*level));
            out.extend(&packed.to_le_bytes()[..bits as usize]);
        }
        out.into()
    }

    proptest! {
        #[test]
        fn one_bit_says_whether_there_is_a_value(
            levels in prop::collection::vec(prop_oneof![3 => Just(3_u32), 1 => 0_u32..4], 1..3000),
        ) {
            let runs = Runs::new(encoded(&levels, 3), 2).expect("two bits");
            let bits = one_bit(runs, levels.len(), 3).expect("well-formed");
            let mut got = vec![0; levels.len()];
            Runs::new(bits.into(), 1).expect("one bit").read(&mut got).expect("as many");
            prop_assert_eq!(got, levels.iter().map(|level| u32::from(*level == 3)).collect::<Vec<_>>());
        }

        #[test]
        fn starts_are_where_levels_are_zero(
            pages in prop::collection::vec(prop::collection::vec(prop_oneof![1 => Just(0_u32), 3 => 1_u32..3], 1..200), 1..5),
            skip in 0_usize..150,
            step in 1_usize..90,
        ) {
            let records = Records::default();
            let mut at = 0;
            for page in &pages {
                let runs = Runs::new(encoded(page, 2), 2).expect("two bits");
                records.pages().repetition.push_back(Levels { at, left: page.len(), runs });
                at += page.len();
            }
            let all: Vec<u32> = pages.concat();
            let mut from = skip.min(all.len());
            while from < all.len() {
                let n = step.min(all.len() - from);
                let mut starts = vec![];
                records.starts(from, n, &mut starts).expect("there are as many");
                let want: Vec<u32> = (0..).zip(&all[from..from + n]).filter(|(_, level)| **level == 0).map(|(i, _)| i).collect();
                prop_assert_eq!(starts, want);
                from += n;
            }
            prop_assert!(records.starts(all.len(), 1, &mut vec![]).is_err());
        }
    }

    #[test]
    fn levels_that_end_too_soon_are_an_error_and_claims_take_no_room() {
        let three = || Runs::new(encoded(&[3, 3, 3], 3), 2).expect("two bits");
        assert!(one_bit(three(), 4, 3).is_err());
        let many: Bytes = vec![0xfe, 0xff, 0xff, 0xff, 0x0f, 3].into();
        let out = one_bit(Runs::new(many, 2).expect("two bits"), 1 << 30, 3).expect("one run");
        assert!(out.len() < 10);
    }

    #[test]
    fn values_stay_where_they_are_if_there_is_room() {
        let page = Bytes::from(vec![9; 40]);
        let before = page.as_ptr();
        let flat = with_levels(page, 12, &[7, 8]).expect("short");
        assert_eq!(flat[..7], [2, 0, 0, 0, 7, 8, 9]);
        assert_eq!(flat.as_ptr(), before.wrapping_add(6));
        let shared = Bytes::from(vec![9; 40]);
        assert_eq!(with_levels(shared.clone(), 3, &[7]).expect("short")[..6], [1, 0, 0, 0, 7, 9]);
        assert_eq!(shared[..], [9; 40]);
    }
}
