//! Surveys in random order: rows are scattered over many buckets, and each bucket is shuffled. This is an unbiased
//! shuffle that touches one bucket in memory at a time. If not all rows fit in memory, the sky is drawn again for the
//! next group of buckets, because drawing is cheaper than spilling.

use std::collections::VecDeque;
use std::ops::Range;

use rand::RngExt;
use rand::seq::SliceRandom;

use super::SimulateError;
use super::layout::Group;
use super::object::{Purpose, Row, Rows, Sky, Truth, stream};
use super::run::Run;

/// Number of rows per bucket, which fit in the cache of a core.
pub(super) const BUCKET_ROWS: usize = 1 << 15;
/// Number of buckets in memory at once: 32 million rows of 40 bytes.
pub(super) const BUCKETS_AT_ONCE: usize = 1 << 10;
/// Number of rows that a thread draws before they are scattered.
const BLOCK_ROWS: usize = 1 << 16;

/// The division of the work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Buckets {
    pub(super) rows_each: usize,
    pub(super) at_once: usize,
}

impl Buckets {
    fn count(self, rows: usize) -> usize {
        rows.div_ceil(self.rows_each).max(1)
    }

    /// Returns how often the sky is drawn.
    pub(super) fn passes(self, rows: usize) -> usize {
        self.count(rows).div_ceil(self.at_once)
    }
}

/// Writes the survey's row groups, one group of buckets at a time.
pub(super) fn write<'a>(
    mut run: Run<'a>,
    sky: &Sky,
    starts: &[usize],
    mut groups: &[Group],
    buckets: Buckets,
) -> Result<Run<'a>, SimulateError> {
    let count = buckets.count(starts[starts.len() - 1]);
    let mut left_over: Vec<Row> = Vec::new();
    for first in (0..count).step_by(buckets.at_once) {
        let mut drawn = scatter(&mut run, sky, starts, first..count.min(first + buckets.at_once), count)?;
        run.pool.install(|| {
            tape_pool::for_each(&mut drawn, |bucket, rows| {
                rows.shuffle(&mut stream(sky.seed, Purpose::Shuffle, first + bucket));
            });
        });
        let mut rows = Pool::new(std::iter::once(&left_over).chain(&drawn).map(Vec::as_slice));
        loop {
            let (some, later) = groups.split_at(rows.fitting(&groups[..run.window().min(groups.len())]));
            if some.is_empty() {
                break;
            }
            append(&mut run, some, &mut rows)?;
            groups = later;
        }
        left_over = rows.take(rows.left).concat();
    }
    Ok(run)
}

/// Draws the whole sky and keeps the rows of some buckets. The first pass also writes the truth.
fn scatter(
    run: &mut Run<'_>,
    sky: &Sky,
    starts: &[usize],
    wanted: Range<usize>,
    count: usize,
) -> Result<Vec<Vec<Row>>, SimulateError> {
    let expected = starts[starts.len() - 1] as f64 / count as f64;
    #[expect(clippy::cast_possible_truncation, reason = "a capacity: rounding it down costs nothing")]
    let capacity = (expected + 6.0 * expected.sqrt()) as usize;
    let mut buckets: Vec<Vec<Row>> = wanted.clone().map(|_| Vec::with_capacity(capacity)).collect();
    for some in blocks(starts).chunks(run.window()) {
        // Threads draw objects, and this thread collects their rows in a fixed order, so the result depends only on the
        // seed.
        let drawn = run.map(some.iter().collect(), |block| draw(sky, starts, block, &wanted, count));
        for (block, (rows, truths)) in some.iter().zip(drawn) {
            for (bucket, row) in rows {
                buckets[bucket - wanted.start].push(row);
            }
            if wanted.start == 0 {
                run.truth.append(&truths)?;
            }
            run.advance(starts[block.end] - starts[block.start])?;
        }
    }
    Ok(buckets)
}

/// Splits objects into blocks of about equal row counts.
pub(super) fn blocks(starts: &[usize]) -> Vec<Range<usize>> {
    let objects = starts.len() - 1;
    let mut blocks = Vec::new();
    let mut start = 0;
    while start < objects {
        let full = starts[start].saturating_add(BLOCK_ROWS);
        let end = starts.partition_point(|&row| row <= full).saturating_sub(1).clamp(start + 1, objects);
        blocks.push(start..end);
        start = end;
    }
    blocks
}

/// Draws the rows of some objects and returns those in the wanted buckets, each with its bucket.
fn draw(
    sky: &Sky,
    starts: &[usize],
    objects: &Range<usize>,
    wanted: &Range<usize>,
    count: usize,
) -> (Vec<(usize, Row)>, Vec<Truth>) {
    let mut kept = Vec::new();
    let mut truths = Vec::with_capacity(objects.len());
    let mut rows = Rows::default();
    for object in objects.clone() {
        rows.keep(0..0);
        truths.push(sky.draw(object, starts[object + 1] - starts[object], &mut rows));
        let mut chance = stream(sky.seed, Purpose::Scatter, object);
        for row in 0..rows.len() {
            let bucket = chance.random_range(0..count);
            if wanted.contains(&bucket) {
                kept.push((bucket, rows.row(row)));
            }
        }
    }
    (kept, truths)
}

/// Encodes and appends row groups of the next rows.
fn append(run: &mut Run<'_>, groups: &[Group], rows: &mut Pool<'_>) -> Result<(), SimulateError> {
    let parts: Vec<_> = groups.iter().map(|group| rows.take(group.rows.len())).collect();
    let (encoder, out) = (&run.encoder, run.out);
    let encoded = run.map(parts, |parts| {
        let mut rows = Rows::with_capacity(parts.iter().map(|part| part.len()).sum());
        parts.into_iter().flatten().for_each(|row| rows.push(row));
        encoder.encode(rows).map_err(SimulateError::parquet(out))
    });
    for (group, chunks) in groups.iter().zip(encoded) {
        run.survey.append(group, chunks?)?;
        run.advance(group.rows.len())?;
    }
    Ok(())
}

/// A queue of shuffled rows.
struct Pool<'a> {
    parts: VecDeque<&'a [Row]>,
    left: usize,
}

impl<'a> Pool<'a> {
    fn new(parts: impl Iterator<Item = &'a [Row]>) -> Self {
        let parts: VecDeque<_> = parts.collect();
        let left = parts.iter().map(|part| part.len()).sum();
        Self { parts, left }
    }

    /// Returns how many of these row groups can be filled.
    fn fitting(&self, groups: &[Group]) -> usize {
        let mut rows = 0;
        groups
            .iter()
            .take_while(|group| {
                rows += group.rows.len();
                rows <= self.left
            })
            .count()
    }

    /// Takes the next rows, as slices.
    fn take(&mut self, rows: usize) -> Vec<&'a [Row]> {
        let mut taken = Vec::new();
        let mut missing = rows.min(self.left);
        self.left -= missing;
        while missing > 0 {
            let Some(part) = self.parts.pop_front() else { break };
            let (now, later) = part.split_at(missing.min(part.len()));
            missing -= now.len();
            taken.push(now);
            if !later.is_empty() {
                self.parts.push_front(later);
            }
        }
        taken
    }
}
