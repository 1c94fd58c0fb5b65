//! Where the records of nested columns begin, and which of their slots stand for no epoch, as slots go by.

use std::collections::VecDeque;

use parquet::column::page::PageReader;
use parquet::errors::{ParquetError, Result};

use crate::decode::list_pages::{Depth, LevelQueue, PageLevels};
use crate::decode::page::{ended, malformed};
use crate::decode::rle::{BadRuns, Runs};

/// Levels that are decoded at a time where they do not repeat.
const STEP: usize = 1024;

/// What levels say of some slots, of which the first is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListStarts {
    /// Those with which a record begins.
    pub(crate) starts: Vec<u32>,
    /// Those of a list that is null or empty.
    pub(crate) empty: Vec<u32>,
}

impl ListStarts {
    fn clear(&mut self) {
        self.starts.clear();
        self.empty.clear();
    }

    /// How many records have begun with the first of which both do not say the same, if there is one.
    pub(crate) fn differ(&self, other: &Self) -> Option<usize> {
        let first = |a: &[u32], b: &[u32]| {
            let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()));
            a.get(at).into_iter().chain(b.get(at)).min().copied()
        };
        let begun = |slot: u32| self.starts.iter().take_while(|&&start| start < slot).count();
        match (first(&self.starts, &other.starts), first(&self.empty, &other.empty)) {
            // One is at its end there, and the other goes on.
            (Some(start), empty) if empty.is_none_or(|empty| start <= empty) => Some(begun(start)),
            (_, Some(empty)) => Some(begun(empty + 1)),
            (_, None) => None,
        }
    }
}

/// The records of a leaf, by the levels of the pages that were taken for its values.
pub(crate) struct Records {
    depth: Depth,
    levels: LevelQueue,
}

impl Records {
    pub(crate) const fn new(depth: Depth, levels: LevelQueue) -> Self {
        Self { depth, levels }
    }

    /// Looks at the next `n` slots, of pages that were read.
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

    /// Goes past the next `n` slots.
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

/// Up to `n` slots of the first page of which some are left, and its levels if it was read.
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

/// Notes which of the next `n` levels, the first of them that of slot `at`, are meant.
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

/// Some levels.
enum Found<'a> {
    Run(u32),
    Each(&'a [u32]),
}

/// Hands the next `n` levels over, with how many they are.
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

/// The records of a leaf of which no value is wanted.
pub(crate) struct LevelReader {
    pages: Box<dyn PageReader>,
    levels: LevelQueue,
    records: Records,
}

impl LevelReader {
    /// `pages` gives the levels to `levels`.
    pub(crate) fn new(pages: Box<dyn PageReader>, depth: Depth, levels: LevelQueue) -> Self {
        Self { pages, records: Records::new(depth, levels.clone()), levels }
    }

    /// Looks at the next `n` slots.
    pub(crate) fn next(&mut self, n: usize, marks: &mut ListStarts) -> Result<()> {
        while self.there() < n {
            self.pages.get_next_page()?.ok_or_else(ended)?;
        }
        self.records.next(n, marks)
    }

    /// Goes past the next `n` slots, some at a time, as they may be any number. Returns how many records begin there.
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

    /// Slots of which the levels are there.
    fn there(&self) -> usize {
        let slots = |page: &PageLevels| match page {
            PageLevels::Unread(slots) | PageLevels::Read { slots, .. } => *slots,
        };
        self.levels.lock().iter().map(slots).fold(0, usize::saturating_add)
    }
}

/// Slots that are looked at for a message: a run of any number of them takes a few bytes.
const MOST_LOOKED_AT: usize = 1 << 26;

/// The index of the first record of which two leaves have not the same number of elements, if it begins in the next `n` slots;
/// of two that agree there, the last.
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

/// What a leaf says that does not begin with the start of a record.
pub(crate) fn no_start() -> ParquetError {
    ParquetError::General("a row group that begins within a list".to_owned())
}
