//! Finds where the records of nested columns begin, and which elements stand for a null or empty list.

use std::collections::VecDeque;

use parquet::column::page::PageReader;
use parquet::errors::{ParquetError, Result};

use crate::decode::list_pages::{Depth, LevelQueue, PageLevels};
use crate::decode::page::{ended, malformed};
use crate::decode::rle::{BadRuns, Runs};

/// Number of bit-packed levels to decode at a time.
const STEP: usize = 1024;

/// The starts of records and the empty lists among some elements, as indices that begin at 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListStarts {
    /// Elements that begin a record.
    pub(crate) starts: Vec<u32>,
    /// Elements that stand for a null or empty list.
    pub(crate) empty: Vec<u32>,
}

impl ListStarts {
    fn clear(&mut self) {
        self.starts.clear();
        self.empty.clear();
    }

    /// Returns how many records begin up to and including the first that differs, or `None` if there is no difference.
    pub(crate) fn differ(&self, other: &Self) -> Option<usize> {
        let first = |a: &[u32], b: &[u32]| {
            let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()));
            a.get(at).into_iter().chain(b.get(at)).min().copied()
        };
        let begun = |slot: u32| self.starts.iter().take_while(|&&start| start < slot).count();
        match (first(&self.starts, &other.starts), first(&self.empty, &other.empty)) {
            // A list ends in one column and continues in the other.
            (Some(start), empty) if empty.is_none_or(|empty| start <= empty) => Some(begun(start)),
            (_, Some(empty)) => Some(begun(empty + 1)),
            (_, None) => None,
        }
    }
}

/// Reads the records of a leaf from the levels of its pages.
pub(crate) struct Records {
    depth: Depth,
    levels: LevelQueue,
}

impl Records {
    pub(crate) const fn new(depth: Depth, levels: LevelQueue) -> Self {
        Self { depth, levels }
    }

    /// Reads the levels of the next `n` elements, whose pages must have been read.
    pub(crate) fn next(&mut self, n: usize, marks: &mut ListStarts) -> Result<()> {
        marks.clear();
        let (mut queue, mut done) = (self.levels.lock(), 0);
        while done < n {
            let (taken, repetition, definition) = front(&mut queue, n - done)?;
            let (Some(repetition), Some(definition)) = (repetition, definition) else { return Err(ended()) };
            let element = self.depth.element;
            mark(repetition, taken, done, |level| level == 0, &mut marks.starts).map_err(malformed)?;
            mark(definition, taken, done, |level| level < element, &mut marks.empty).map_err(malformed)?;
            done += taken;
        }
        Ok(())
    }

    /// Skips the next `n` elements.
    pub(crate) fn skip(&mut self, n: usize) -> Result<()> {
        let (mut queue, mut done) = (self.levels.lock(), 0);
        while done < n {
            let (taken, repetition, definition) = front(&mut queue, n - done)?;
            for levels in [repetition, definition].into_iter().flatten() {
                pass(levels, taken, |_, _| {}).map_err(malformed)?;
            }
            done += taken;
        }
        Ok(())
    }
}

/// Takes up to `n` elements of the first page that is not used up. Also returns its levels if the page was read.
fn front(queue: &mut VecDeque<PageLevels>, n: usize) -> Result<(usize, Option<&mut Runs>, Option<&mut Runs>)> {
    while let Some(PageLevels::Unread(0) | PageLevels::Read { slots: 0, .. }) = queue.front() {
        queue.pop_front();
    }
    match queue.front_mut() {
        None => Err(ended()),
        Some(PageLevels::Unread(slots)) => {
            let taken = n.min(*slots);
            *slots -= taken;
            Ok((taken, None, None))
        }
        Some(PageLevels::Read { slots, repetition, definition }) => {
            let taken = n.min(*slots);
            *slots -= taken;
            Ok((taken, Some(repetition), Some(definition)))
        }
    }
}

/// Appends the elements among the next `n` whose level `is` accepts to `out`. The first of them is element `at`.
fn mark(
    levels: &mut Runs,
    n: usize,
    at: usize,
    is: impl Fn(u32) -> bool,
    out: &mut Vec<u32>,
) -> std::result::Result<(), BadRuns> {
    let mut slot = u32::try_from(at).map_err(|_| BadRuns)?;
    pass(levels, n, |found, times| {
        let many = u32::try_from(times).unwrap_or(u32::MAX);
        match found {
            Found::Run(level) => {
                if is(level) {
                    out.extend(slot..slot.saturating_add(many));
                }
            }
            Found::Each(levels) => {
                out.extend((slot..).zip(levels).filter(|(_, level)| is(**level)).map(|(slot, _)| slot));
            }
        }
        slot = slot.saturating_add(many);
    })
}

/// Some decoded levels.
enum Found<'a> {
    Run(u32),
    Each(&'a [u32]),
}

/// Decodes the next `n` levels in pieces, and passes each piece with its length to `found`.
fn pass(levels: &mut Runs, mut n: usize, mut found: impl FnMut(Found<'_>, usize)) -> std::result::Result<(), BadRuns> {
    let mut packed = [0; STEP];
    while n > 0 {
        let taken = if let Some((level, times)) = levels.take_run(n) {
            found(Found::Run(level), times);
            times
        } else {
            let read = levels.read_packed(&mut packed[..n.min(STEP)])?;
            found(Found::Each(&packed[..read]), read);
            read
        };
        n -= taken;
    }
    Ok(())
}

/// Reads the records of a leaf without its values.
pub(crate) struct LevelReader {
    pages: Box<dyn PageReader>,
    levels: LevelQueue,
    records: Records,
}

impl LevelReader {
    /// Creates a reader. `pages` must write its levels to `levels`.
    pub(crate) fn new(pages: Box<dyn PageReader>, depth: Depth, levels: LevelQueue) -> Self {
        Self { pages, records: Records::new(depth, levels.clone()), levels }
    }

    /// Reads the levels of the next `n` elements.
    pub(crate) fn next(&mut self, n: usize, marks: &mut ListStarts) -> Result<()> {
        while self.there() < n {
            self.pages.get_next_page()?.ok_or_else(ended)?;
        }
        self.records.next(n, marks)
    }

    /// Skips the next `n` elements and returns the number of records that begin there. Works in steps, because `n`
    /// comes from the file and can be arbitrarily large.
    pub(crate) fn count(&mut self, mut n: usize) -> Result<u64> {
        let (mut marks, mut records) = (ListStarts::default(), 0);
        while n > 0 {
            let step = n.min(64 * 1024);
            self.next(step, &mut marks)?;
            records += marks.starts.len() as u64;
            n -= step;
        }
        Ok(records)
    }

    /// Returns the number of elements whose levels are available.
    fn there(&self) -> usize {
        let slots = |page: &PageLevels| match page {
            PageLevels::Unread(slots) | PageLevels::Read { slots, .. } => *slots,
        };
        self.levels.lock().iter().map(slots).fold(0, usize::saturating_add)
    }
}

/// Maximum number of elements to search for an error message. A few bytes in the file can stand for any number of
/// elements.
const MOST_LOOKED_AT: usize = 1 << 26;

/// Returns the index of the first record in which two leaves differ in length, among the next `n` elements. If they
/// agree there, returns the last record, which is the one that continues differently.
pub(crate) fn first_difference(a: &mut LevelReader, b: &mut LevelReader, mut n: usize) -> Result<Option<u64>> {
    if n > MOST_LOOKED_AT {
        return Ok(None);
    }
    let (mut ours, mut theirs, mut before) = (ListStarts::default(), ListStarts::default(), 0);
    while n > 0 {
        let step = n.min(16 * 1024);
        a.next(step, &mut ours)?;
        b.next(step, &mut theirs)?;
        if let Some(at) = ours.differ(&theirs) {
            return Ok((before + at as u64).checked_sub(1));
        }
        before += ours.starts.len() as u64;
        n -= step;
    }
    Ok(before.checked_sub(1))
}

/// Makes the error for a leaf whose first element does not begin a record.
pub(crate) fn no_start() -> ParquetError {
    ParquetError::General("the row group begins within a list".to_owned())
}
