//! Shuffle: rows regrouped by a hash of their id, then each bucket computed on its own. Where memory is too little for all
//! rows, they are regrouped some at a time and put away, each bucket's together.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use tape_core::{Event, IdRef, Ids, LeftOut, Part, Partition, Results, Rows, Sink, Spilled};

use crate::budget::{Room, rounds};
use crate::error::{Error, Result};
use crate::job::{Job, Worker};
use crate::map::Totals;
use crate::workers::in_order;

/// Rows that a bucket should hold: what is grouped at once then fits the caches.
const BUCKET_ROWS: u64 = 64 * 1024;
/// More buckets than this make the scattering of a batch slower than larger buckets do.
const MOST_BUCKETS: u64 = 512;
/// Rows scattered at a time: several reads, so that a bucket's share of a block is not a few rows.
const BLOCK_ROWS: usize = 32 * 1024;
/// Results handed to the sink at a time.
const RESULT_ROWS: usize = 64 * 1024;

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
pub(crate) struct Scattered {
    blocks: Vec<Block>,
    pub(crate) rows: u64,
    pub(crate) left_out: LeftOut,
}

impl Scattered {
    /// The rows of a bucket, in the order of the survey.
    pub(crate) fn parts(&self, bucket: usize) -> Vec<Part<'_>> {
        let share = |block: &Block| block.starts[bucket]..block.starts[bucket + 1];
        self.blocks.iter().map(|block| Part::of(&block.rows, share(block))).collect()
    }

    /// All rows, in blocks.
    pub(crate) fn blocks_mut(&mut self) -> impl Iterator<Item = &mut Rows> {
        self.blocks.iter_mut().map(|block| &mut block.rows)
    }
}

pub(crate) fn run(job: &Job<'_>, room: Room, partitions: &[Partition], sink: &mut dyn Sink) -> Result<Totals> {
    let rounds = rounds(partitions, room.rows_at_once);
    let mut totals = Totals::default();
    let mut scatter = |round: &[Partition]| {
        let scattered = scatter_all(job, round, room.buckets)?;
        totals.rows += scattered.rows;
        totals.left_out += scattered.left_out;
        Ok(scattered)
    };
    let results = if let [round] = &rounds[..] {
        let scattered = scatter(round)?;
        compute(job, room.buckets, &mut totals.left_out, |worker, bucket, left_out| {
            let parts = scattered.parts(bucket);
            if !parts.is_empty() {
                worker.group_any(&parts, left_out);
            }
            Ok(())
        })?
    } else {
        let put_away = rounds.iter().map(|round| put_away(job, room.buckets, &scatter(round)?));
        let put_away = put_away.collect::<Result<Vec<_>>>()?;
        totals.spilled = put_away.iter().flatten().map(|piece| piece.bytes).sum();
        compute(job, room.buckets, &mut totals.left_out, |worker, bucket, left_out| {
            let mut rows = worker.take_rows();
            for round in &put_away {
                job.spill()?.take(&round[bucket], &mut rows).map_err(Error::Spill)?;
            }
            worker.group_any(&[Part::of(&rows, 0..rows.len())], left_out);
            worker.give_back(rows);
            Ok(())
        })?
    };
    totals.light_curves = results.iter().map(Results::len).sum::<usize>() as u64;
    write_by_id(&results, sink)?;
    Ok(totals)
}

/// The results of each bucket, whose rows `group` brings together.
fn compute(
    job: &Job<'_>,
    buckets: usize,
    left_out: &mut LeftOut,
    group: impl Fn(&mut Worker<'_>, usize, &mut LeftOut) -> Result<()> + Sync,
) -> Result<Vec<Results>> {
    let mut all = Vec::with_capacity(buckets);
    in_order(
        job.workers,
        buckets,
        || job.worker(),
        |worker, bucket| {
            if job.observer.cancelled() {
                return Err(Error::Cancelled);
            }
            let mut left_out = LeftOut::default();
            worker.chunk.clear();
            group(worker, bucket, &mut left_out)?;
            let mut results = job.no_results();
            worker.evaluate(&mut results)?;
            Ok((results, left_out))
        },
        |(results, of_bucket)| {
            *left_out += of_bucket;
            all.push(results);
            Ok(())
        },
    )?;
    Ok(all)
}

/// Puts the buckets of a round away.
fn put_away(job: &Job<'_>, buckets: usize, scattered: &Scattered) -> Result<Vec<Spilled>> {
    let mut pieces = Vec::with_capacity(buckets);
    in_order(
        job.workers,
        buckets,
        || (),
        |(), bucket| {
            if job.observer.cancelled() {
                return Err(Error::Cancelled);
            }
            job.spill()?.put(&scattered.parts(bucket)).map_err(Error::Spill)
        },
        |piece| {
            job.observer.event(Event::Spilled(piece.bytes));
            pieces.push(piece);
            Ok(())
        },
    )?;
    Ok(pieces)
}

/// Scatters the rows of all of `partitions`.
pub(crate) fn scatter_all(job: &Job<'_>, partitions: &[Partition], buckets: usize) -> Result<Scattered> {
    let mut all = Scattered { blocks: vec![], rows: 0, left_out: LeftOut::default() };
    in_order(
        job.workers,
        partitions.len(),
        || job.worker(),
        |worker, i| {
            let mut rows = worker.take_rows();
            let scattered = scatter(job, &partitions[i], buckets, &mut rows);
            worker.give_back(rows);
            scattered
        },
        |scattered| {
            all.rows += scattered.rows;
            all.left_out += scattered.left_out;
            all.blocks.extend(scattered.blocks);
            Ok(())
        },
    )?;
    Ok(all)
}

fn scatter(job: &Job<'_>, partition: &Partition, buckets: usize, rows: &mut Rows) -> Result<Scattered> {
    let mut reader = job.source.read(partition, job.inputs().columns()).map_err(Error::Source)?;
    let mut out = Scattered { blocks: vec![], rows: 0, left_out: LeftOut::default() };
    let mut order = Vec::new();
    loop {
        let n = job.read(reader.as_mut(), rows, &mut out.left_out)?;
        out.rows += n as u64;
        if rows.len() >= BLOCK_ROWS || (n == 0 && !rows.is_empty()) {
            let starts = by_bucket(&rows.ids, buckets, &mut order);
            out.blocks.push(Block { rows: rows.gather(&order), starts });
            rows.clear();
        }
        if n == 0 {
            return Ok(out);
        }
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

/// Merges the results of all buckets by id. Within a bucket they are by id already, and no id is in two.
pub(crate) fn write_by_id(buckets: &[Results], sink: &mut dyn Sink) -> Result<()> {
    let mut next: BinaryHeap<Reverse<(IdRef<'_>, usize, usize)>> = BinaryHeap::with_capacity(buckets.len());
    let at = |bucket: usize, row: usize| (row < buckets[bucket].len()).then(|| buckets[bucket].ids.get(row));
    next.extend((0..buckets.len()).filter_map(|bucket| Some(Reverse((at(bucket, 0)?, bucket, 0)))));
    let Some(first) = buckets.first() else { return Ok(()) };
    let mut out = first.new_like();
    while let Some(Reverse((id, bucket, start))) = next.pop() {
        let end = (start + 1..).find(|&row| at(bucket, row) != Some(id)).unwrap_or(start);
        out.extend_from(&buckets[bucket], start..end);
        next.extend(at(bucket, end).map(|id| Reverse((id, bucket, end))));
        if out.len() >= RESULT_ROWS {
            sink.write(std::mem::replace(&mut out, first.new_like())).map_err(Error::Sink)?;
        }
    }
    if out.is_empty() { Ok(()) } else { sink.write(out).map_err(Error::Sink) }
}
