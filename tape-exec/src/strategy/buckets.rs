//! Partitions rows into buckets by a hash of their id, and reads buckets back.

use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;
use tape_core::{IdType, Ids, LeftOut, Part, Partition, Rows, Spill, Spilled};

use crate::compute::Job;
use crate::compute::skipped::or_skip;
use crate::error::{Error, Result};

/// Target number of rows for each bucket in a block of rows that is partitioned at once. Copying and reading back short
/// runs causes a cache miss for nearly every row: 100 million rows over 512 buckets took a third longer in blocks of
/// 32k.
const SHARE_ROWS: usize = 256;
/// The smallest number of rows to scatter at a time: several reads.
const FEWEST_ROWS: usize = 32 * 1024;
/// The largest number of rows to scatter at a time. Larger blocks brought no gain.
const MOST_ROWS: usize = 128 * 1024;

/// Rows by bucket: in memory, on disk, or in the outputs of tasks. They can be read repeatedly.
pub(crate) trait BucketRows: Sync {
    /// Returns the number of rows of a bucket.
    fn rows(&self, bucket: usize) -> u64;

    /// Returns the rows of a bucket, in the order of the survey, if they are in memory.
    fn in_memory(&self, _bucket: usize) -> Option<Vec<Part<'_>>> {
        None
    }

    /// Returns the number of pieces of a bucket, if its rows are not in memory.
    fn pieces(&self, _bucket: usize) -> usize {
        0
    }

    /// Appends the rows of a piece.
    fn append_piece(&self, _bucket: usize, _piece: usize, _rows: &mut Rows) -> Result<()> {
        Ok(())
    }

    /// Calls `take` with all rows of a bucket, in the order of the survey.
    fn each(
        &self,
        bucket: usize,
        id_type: IdType,
        take: &mut dyn FnMut(&Rows, Range<usize>) -> Result<()>,
    ) -> Result<()> {
        if let Some(parts) = self.in_memory(bucket) {
            return parts.into_iter().try_for_each(|part| take(part.rows, part.start..part.end));
        }
        let mut rows = Rows::new(id_type);
        (0..self.pieces(bucket)).try_for_each(|piece| {
            rows.clear();
            self.append_piece(bucket, piece, &mut rows)?;
            take(&rows, 0..rows.len())
        })
    }

    /// Appends all rows of a bucket.
    fn append_all(&self, bucket: usize, rows: &mut Rows) -> Result<()> {
        (0..self.pieces(bucket)).try_for_each(|piece| self.append_piece(bucket, piece, rows))
    }
}

/// A batch of rows, ordered by bucket.
struct Block {
    rows: Rows,
    /// The start of each bucket, and the end of the last.
    starts: Vec<usize>,
}

/// Rows that were scattered to buckets, in memory.
#[derive(Default)]
pub(crate) struct Scattered {
    blocks: Vec<Block>,
    pub(crate) rows: u64,
    pub(crate) left_out: LeftOut,
}

impl Scattered {
    pub(crate) fn append(&mut self, other: Self) {
        self.rows += other.rows;
        self.left_out += other.left_out;
        self.blocks.extend(other.blocks);
    }
}

impl BucketRows for Scattered {
    fn rows(&self, bucket: usize) -> u64 {
        self.blocks.iter().map(|block| (block.starts[bucket + 1] - block.starts[bucket]) as u64).sum()
    }

    fn in_memory(&self, bucket: usize) -> Option<Vec<Part<'_>>> {
        let share = |block: &Block| block.starts[bucket]..block.starts[bucket + 1];
        Some(self.blocks.iter().map(|block| Part::of(&block.rows, share(block))).collect())
    }
}

/// Spilled rows: the pieces of each bucket, in the order of the survey.
pub(crate) struct SpilledRows<'a> {
    pub(crate) spill: &'a dyn Spill,
    pub(crate) buckets: Vec<Vec<Spilled>>,
}

impl BucketRows for SpilledRows<'_> {
    fn rows(&self, bucket: usize) -> u64 {
        self.buckets[bucket].iter().map(|piece| piece.rows).sum()
    }

    fn pieces(&self, bucket: usize) -> usize {
        self.buckets[bucket].len()
    }

    fn append_piece(&self, bucket: usize, piece: usize, rows: &mut Rows) -> Result<()> {
        self.spill.take(&self.buckets[bucket][piece], rows).map_err(Error::Spill)
    }
}

/// Scatters the rows of a partition, piece by piece.
pub(crate) fn scatter_all(job: &Job<'_>, partition: &Partition, buckets: usize) -> Result<Scattered> {
    let mut all = Scattered::default();
    job.executor.in_order(
        partition.pieces.len(),
        || job.worker(),
        |worker, i| {
            let piece = Partition { pieces: vec![partition.pieces[i].clone()] };
            or_skip(job, &piece, |piece| {
                let mut rows = worker.take_rows();
                let scattered = scatter(job, piece, buckets, &mut rows);
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
    // Rows that the reader dropped were read, too.
    blocks.scattered.rows += left_out.dropped();
    blocks.scattered.left_out += left_out;
    Ok(blocks.scattered)
}

/// Scatters rows block by block.
pub(crate) struct Blocks {
    buckets: usize,
    /// Number of rows in a block.
    length: usize,
    order: Vec<u32>,
    pub(crate) scattered: Scattered,
}

impl Blocks {
    pub(crate) fn new(job: &Job<'_>, buckets: usize) -> Self {
        // Each worker holds a block twice, with up to 40 bytes per row. All blocks together may take a sixteenth of the
        // memory.
        let fitting = job.memory.map_or(u64::MAX, |memory| memory / 32 / job.workers() / 40);
        let most = usize::try_from(fitting).unwrap_or(usize::MAX).clamp(FEWEST_ROWS, MOST_ROWS);
        let length = buckets.saturating_mul(SHARE_ROWS).clamp(FEWEST_ROWS, most);
        Self { buckets, length, order: vec![], scattered: Scattered::default() }
    }

    /// Scatters the rows if they fill a block, or if they are the last rows. Otherwise leaves them for the next call.
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

/// Sorts rows by bucket. Returns the start of each bucket.
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

/// Hashes an integer id. Ids are often multiples or counters. A multiplication by an odd number near 2^64 / golden
/// ratio spreads both over the top bits.
const fn hash_of(key: i64) -> u64 {
    let key = key.cast_unsigned();
    (key ^ (key >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[expect(clippy::cast_possible_truncation, reason = "at most log2(MOST_BUCKETS) bits are left")]
const fn top_bits(hash: u64, shift: u32) -> u16 {
    // With one bucket there is no bit left, and a shift by all bits is undefined.
    if shift == u64::BITS { 0 } else { (hash >> shift) as u16 }
}
