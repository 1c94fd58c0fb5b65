//! Shuffle: rows regrouped by a hash of their id, then each bucket computed on its own. Where memory is too little for all
//! rows, they are regrouped some at a time and put away, each bucket's together.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use tape_core::{Event, LeftOut, Part, Partition, Rows, Sink, Spilled, Step};

use crate::compute::{Job, Worker};
use crate::error::{Error, Result};
use crate::order::pending_results::{Waiting, write_by_id};
use crate::plan::budget::{Room, rounds};
use crate::plan::layout::rows_of;
use crate::pool::in_order;
use crate::strategy::calibration;
use crate::strategy::map::Totals;
use crate::strategy::oversized::{self, Again};
use crate::strategy::scatter::{Scattered, scatter_all};

/// Rows put away at a time, at the most: what is encoded stands in memory beside what it is made of.
const PIECE_ROWS: usize = 128 * 1024;
/// Results put away at a time, at the least.
const FEWEST_RESULTS: usize = 256;

pub(crate) fn run(job: &Job<'_>, room: Room, partitions: &[Partition], sink: &mut dyn Sink) -> Result<Totals> {
    let rounds = rounds(partitions, room.rows_at_once, job.workers);
    let rows = rows_of(partitions);
    if rounds.len() > 1 {
        job.ahead(Step::PutAway, rows);
    }
    job.ahead(Step::Compute, rows);
    calibration::tell(job, partitions, rounds.len() > 1);
    let mut totals = Totals::default();
    let mut scatter = |round: &[Partition]| {
        let scattered = scatter_all(job, round, room.buckets)?;
        totals.rows += scattered.rows;
        totals.left_out += scattered.left_out;
        Ok(scattered)
    };
    if let [round] = &rounds[..] {
        let scattered = scatter(round)?;
        of_buckets(job, room, scattered, &mut totals, sink)?;
        return Ok(totals);
    }
    let mut away = vec![vec![]; room.buckets];
    for round in &rounds {
        put_away(job, &scatter(round)?, &mut away)?;
    }
    let buckets = Buckets::Away(away);
    totals.spilled += buckets.spilled();
    reduce(job, room, buckets, &mut totals, sink)?;
    Ok(totals)
}

/// The results of rows that are in memory.
pub(crate) fn of_buckets(
    job: &Job<'_>,
    room: Room,
    scattered: Scattered,
    totals: &mut Totals,
    sink: &mut dyn Sink,
) -> Result<()> {
    reduce(job, room, Buckets::Held(scattered), totals, sink)
}

fn reduce(job: &Job<'_>, room: Room, buckets: Buckets, totals: &mut Totals, sink: &mut dyn Sink) -> Result<()> {
    let results = compute(job, room, &buckets, totals)?;
    drop(buckets);
    results.iter().for_each(|of_bucket| totals.counts += of_bucket.counts(job.statistics));
    job.ahead(Step::Write, totals.counts.rows);
    write_by_id(job, results, sink)
}

/// All rows, by bucket.
enum Buckets {
    Held(Scattered),
    /// For each bucket its pieces, in the order of the survey.
    Away(Vec<Vec<Spilled>>),
}

impl Buckets {
    fn spilled(&self) -> u64 {
        match self {
            Self::Held(_) => 0,
            Self::Away(buckets) => buckets.iter().flatten().map(|piece| piece.bytes).sum(),
        }
    }
}

/// One bucket of them.
struct Bucket<'a> {
    job: &'a Job<'a>,
    all: &'a Buckets,
    number: usize,
}

impl Bucket<'_> {
    fn rows(&self) -> u64 {
        match self.all {
            Buckets::Held(scattered) => scattered.rows_of(self.number),
            Buckets::Away(buckets) => buckets[self.number].iter().map(|piece| piece.rows).sum(),
        }
    }

    /// Groups all of it at once.
    fn group(&self, worker: &mut Worker<'_>, left_out: &mut LeftOut) -> Result<()> {
        match self.all {
            Buckets::Held(scattered) => {
                let parts = scattered.parts(self.number);
                if !parts.is_empty() {
                    worker.group_any(&parts, left_out);
                }
            }
            Buckets::Away(buckets) => {
                let mut rows = worker.take_rows();
                for piece in &buckets[self.number] {
                    self.job.spill()?.take(piece, &mut rows).map_err(Error::Spill)?;
                }
                worker.group_any(&[Part::of(&rows, 0..rows.len())], left_out);
                worker.give_back(rows);
            }
        }
        Ok(())
    }
}

impl Again for Bucket<'_> {
    fn each(&self, take: &mut dyn FnMut(&Rows, Range<usize>) -> Result<()>) -> Result<()> {
        match self.all {
            Buckets::Held(scattered) => {
                scattered.parts(self.number).into_iter().try_for_each(|part| take(part.rows, part.start..part.end))
            }
            Buckets::Away(buckets) => {
                let mut rows = Rows::new(self.job.source.id_type());
                buckets[self.number].iter().try_for_each(|piece| {
                    rows.clear();
                    self.job.spill()?.take(piece, &mut rows).map_err(Error::Spill)?;
                    take(&rows, 0..rows.len())
                })
            }
        }
    }
}

/// The results of each bucket.
fn compute(job: &Job<'_>, room: Room, buckets: &Buckets, totals: &mut Totals) -> Result<Vec<Waiting>> {
    let mut all = Vec::with_capacity(room.buckets);
    // As many rows of every bucket may be in memory when they are merged.
    let row = (job.no_results().values.len() as u64 * 16 + 32) * room.buckets as u64;
    let piece = usize::try_from(room.results / 2 / row).unwrap_or(usize::MAX).max(FEWEST_RESULTS);
    let held = AtomicU64::new(0);
    in_order(
        job.crew(),
        room.buckets,
        || job.worker(),
        |worker, number| {
            if job.observer.cancelled() {
                return Err(Error::Cancelled);
            }
            let mut left_out = LeftOut::default();
            let bucket = Bucket { job, all: buckets, number };
            let mut results = job.no_results();
            if bucket.rows() > room.grouped {
                results = oversized::compute(worker, &bucket, room.grouped, &mut left_out)?;
            } else {
                worker.chunk.clear();
                bucket.group(worker, &mut left_out)?;
                worker.evaluate(&mut results)?;
            }
            job.done(Step::Compute, bucket.rows());
            let mut results = Waiting::new(results);
            let bytes = results.held.bytes() as u64;
            let over = held.fetch_add(bytes, Ordering::Relaxed) + bytes > room.results / 2;
            let spilled = if over { results.keep_to(job, 0, piece)? } else { 0 };
            held.fetch_sub(bytes - results.held.bytes() as u64, Ordering::Relaxed);
            Ok((results, left_out, spilled))
        },
        |(results, left_out, spilled)| {
            totals.left_out += left_out;
            totals.spilled += spilled;
            all.push(results);
            Ok(())
        },
    )?;
    Ok(all)
}

/// Puts the buckets of a round away, after what is there of each.
fn put_away(job: &Job<'_>, scattered: &Scattered, away: &mut [Vec<Spilled>]) -> Result<()> {
    let spill = job.spill()?;
    let mut bucket = away.iter_mut();
    in_order(
        job.crew(),
        bucket.len(),
        || (),
        |(), bucket| {
            if job.observer.cancelled() {
                return Err(Error::Cancelled);
            }
            let portions = portions(&scattered.parts(bucket), PIECE_ROWS);
            let put = portions.iter().filter(|parts| !parts.is_empty()).map(|parts| spill.put(parts));
            put.collect::<std::result::Result<Vec<_>, _>>().map_err(Error::Spill)
        },
        |pieces| {
            job.observer.event(Event::Spilled(pieces.iter().map(|piece| piece.bytes).sum()));
            job.done(Step::PutAway, pieces.iter().map(|piece| piece.rows).sum());
            if let Some(bucket) = bucket.next() {
                bucket.extend(pieces);
            }
            Ok(())
        },
    )
}

/// The parts, in portions of up to `most` rows.
fn portions<'a>(parts: &[Part<'a>], most: usize) -> Vec<Vec<Part<'a>>> {
    let mut portions = vec![vec![]];
    let mut free = most;
    for part in parts {
        let mut start = part.start;
        while start < part.end {
            if free == 0 {
                portions.push(vec![]);
                free = most;
            }
            let end = part.end.min(start + free);
            if let Some(portion) = portions.last_mut() {
                portion.push(Part::of(part.rows, start..end));
            }
            free -= end - start;
            start = end;
        }
    }
    portions
}

#[cfg(test)]
mod tests {
    use tape_core::IdType;

    use super::*;

    #[test]
    fn portions_hold_all_rows_in_their_order() {
        let mut rows = Rows::new(IdType::Int64);
        rows.ids = tape_core::Ids::Int((0..20).collect());
        let parts = [Part::of(&rows, 0..5), Part::of(&rows, 5..5), Part::of(&rows, 7..20)];
        let of = |most| -> Vec<Vec<(usize, usize)>> {
            let ranges = |portion: &Vec<Part<'_>>| portion.iter().map(|part| (part.start, part.end)).collect();
            portions(&parts, most).iter().map(ranges).collect()
        };
        assert_eq!(of(100), [vec![(0, 5), (7, 20)]]);
        assert_eq!(of(8), [vec![(0, 5), (7, 10)], vec![(10, 18)], vec![(18, 20)]]);
        assert_eq!(of(9).concat().iter().map(|(start, end)| end - start).sum::<usize>(), 18);
    }
}
