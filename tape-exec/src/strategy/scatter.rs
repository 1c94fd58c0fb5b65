//! Rows scattered to buckets by a hash of their id.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use tape_core::{Ids, LeftOut, Part, Partition, Rows};

use crate::compute::Job;
use crate::compute::skipped::or_skip;
use crate::error::{Error, Result};
use crate::pool::in_order;

/// Rows that a bucket should hold: what is grouped at once then fits the caches.
const BUCKET_ROWS: u64 = 64 * 1024;
/// More buckets than this make the scattering of a batch slower than larger buckets do.
const MOST_BUCKETS: u64 = 512;
/// A bucket's share of what is scattered at a time should be so many rows: what is gathered, and read back, in runs of a few
/// rows misses the caches with nearly each (100 million rows over 512 buckets took a third longer in blocks of 32k).
const SHARE_ROWS: usize = 256;
/// Rows scattered at a time, at least: several reads.
const FEWEST_ROWS: usize = 32 * 1024;
/// At most: no gain was found beyond.
const MOST_ROWS: usize = 128 * 1024;
/// The number of buckets for so many rows: a power of two.
pub(crate) fn buckets_for(rows: u64) -> usize {
    let buckets = rows.div_ceil(BUCKET_ROWS).next_power_of_two().min(MOST_BUCKETS);
    usize::try_from(buckets).unwrap_or(1)
}

/// A batch of rows in the order of their buckets.
struct Block {
    rows: Rows,
    /// Where each bucket starts, and the end.
    starts: Vec<usize>,
}

/// Rows scattered to buckets.
#[derive(Default)]
pub(crate) struct Scattered {
    blocks: Vec<Block>,
    pub(crate) rows: u64,
    pub(crate) left_out: LeftOut,
}

impl Scattered {
    /// All rows, in blocks.
    pub(crate) fn blocks_mut(&mut self) -> impl Iterator<Item = &mut Rows> {
        self.blocks.iter_mut().map(|block| &mut block.rows)
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.rows += other.rows;
        self.left_out += other.left_out;
        self.blocks.extend(other.blocks);
    }

    /// The number of rows of a bucket.
    pub(crate) fn rows_of(&self, bucket: usize) -> u64 {
        self.blocks.iter().map(|block| (block.starts[bucket + 1] - block.starts[bucket]) as u64).sum()
    }

    /// The rows of a bucket, in the order of the survey.
    pub(crate) fn parts(&self, bucket: usize) -> Vec<Part<'_>> {
        let share = |block: &Block| block.starts[bucket]..block.starts[bucket + 1];
        self.blocks.iter().map(|block| Part::of(&block.rows, share(block))).collect()
    }
}

/// The rows of all parts.
pub(crate) fn rows_in(parts: &[Part<'_>]) -> u64 {
    parts.iter().map(|part| part.end - part.start).sum::<usize>() as u64
}

/// Scatters the rows of all of `partitions`.
pub(crate) fn scatter_all(job: &Job<'_>, partitions: &[Partition], buckets: usize) -> Result<Scattered> {
    let mut all = Scattered::default();
    in_order(
        job.crew(),
        partitions.len(),
        || job.worker(),
        |worker, i| {
            or_skip(job, &partitions[i], |partition| {
                let mut rows = worker.take_rows();
                let scattered = scatter(job, partition, buckets, &mut rows);
                worker.give_back(rows);
                scattered
            })
        },
        |scattered| {
            all.append(scattered);
            Ok(())
        },
    )?;
    Ok(all)
}

fn scatter(job: &Job<'_>, partition: &Partition, buckets: usize, rows: &mut Rows) -> Result<Scattered> {
    let mut reader = job.source.read(partition, job.inputs().columns()).map_err(Error::Source)?;
    let mut blocks = Blocks::new(job, buckets);
    let mut left_out = LeftOut::default();
    loop {
        let n = job.read(reader.as_mut(), rows, &mut left_out)?;
        blocks.scatter(rows, n == 0);
        if n == 0 {
            break;
        }
    }
    // Rows that the reader dropped were read too.
    blocks.scattered.rows += left_out.dropped();
    blocks.scattered.left_out += left_out;
    Ok(blocks.scattered)
}

/// Scatters rows block by block.
pub(crate) struct Blocks {
    buckets: usize,
    /// Rows of a block.
    length: usize,
    order: Vec<u32>,
    pub(crate) scattered: Scattered,
}

impl Blocks {
    pub(crate) fn new(job: &Job<'_>, buckets: usize) -> Self {
        // A worker holds a block twice, of up to forty bytes a row: all of them together a sixteenth of the memory.
        let fitting = job.memory.map_or(u64::MAX, |memory| memory / 32 / job.workers as u64 / 40);
        let most = usize::try_from(fitting).unwrap_or(usize::MAX).clamp(FEWEST_ROWS, MOST_ROWS);
        let length = buckets.saturating_mul(SHARE_ROWS).clamp(FEWEST_ROWS, most);
        Self { buckets, length, order: vec![], scattered: Scattered::default() }
    }

    /// Takes the rows, if there are enough for a block or these are the last; leaves them for the next time if not.
    pub(crate) fn scatter(&mut self, rows: &mut Rows, last: bool) {
        if rows.is_empty() || (rows.len() < self.length && !last) {
            return;
        }
        let starts = by_bucket(&rows.ids, self.buckets, &mut self.order);
        self.scattered.rows += rows.len() as u64;
        self.scattered.blocks.push(Block { rows: rows.gather(&self.order), starts });
        rows.clear();
    }
}

/// The rows in the order of their buckets, and where each bucket starts.
fn by_bucket(ids: &Ids, buckets: usize, order: &mut Vec<u32>) -> Vec<usize> {
    let shift = 64 - buckets.trailing_zeros();
    let bucket: Vec<u16> = match ids {
        Ids::Int(keys) => keys.iter().map(|&key| top_bits(hash_of(key), shift)).collect(),
        Ids::Text(text) => {
            let hasher = FixedState::default();
            (0..text.len()).map(|row| top_bits(hasher.hash_one(text.get(row)), shift)).collect()
        }
    };
    let mut starts = vec![0; buckets + 1];
    for &bucket in &bucket {
        starts[usize::from(bucket) + 1] += 1;
    }
    for i in 0..buckets {
        starts[i + 1] += starts[i];
    }
    let mut next = starts.clone();
    order.clear();
    order.resize(ids.len(), 0);
    for (row, &bucket) in (0u32..).zip(&bucket) {
        let place = &mut next[usize::from(bucket)];
        order[*place] = row;
        *place += 1;
    }
    starts
}

/// Ids are often multiples or counters: a multiplication by an odd number near 2^64 / golden ratio spreads both over the
/// top bits.
const fn hash_of(key: i64) -> u64 {
    let key = key.cast_unsigned();
    (key ^ (key >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[expect(clippy::cast_possible_truncation, reason = "at most log2(MOST_BUCKETS) bits are left")]
const fn top_bits(hash: u64, shift: u32) -> u16 {
    // One bucket leaves no bit, and a shift by all bits is not defined.
    if shift == u64::BITS { 0 } else { (hash >> shift) as u16 }
}
