//! The shuffle plan: rows are regrouped by a hash of their id, and each bucket is computed on its own. If the rows do
//! not fit in memory, they are regrouped in rounds, and spilled by bucket.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use tape_core::{Event, LeftOut, Part, Partition, Sink, Spilled, Step};

use crate::compute::{Job, Worker};
use crate::error::{Error, Result};
use crate::order::edge_stitcher::Totals;
use crate::order::merge::merge_buckets;
use crate::order::pending_results::PendingResults;
use crate::plan::budget::RegroupBudget;
use crate::plan::layout::rows_of;
use crate::plan::pieces::rounds;
use crate::strategy::buckets::{BucketRows, Scattered, SpilledRows, scatter_all};
use crate::strategy::oversized;

/// The largest number of rows to spill at a time. Encoding needs memory for the encoded rows in addition to the rows.
const PIECE_ROWS: usize = 128 * 1024;
/// The smallest number of results to spill at a time.
const FEWEST_RESULTS: usize = 256;

pub(crate) fn run(
    job: &Job<'_>,
    budget: RegroupBudget,
    partitions: &[Partition],
    sink: &mut dyn Sink,
) -> Result<Totals> {
    let mut totals = Totals::default();
    job.ahead(Step::Compute, rows_of(partitions));
    let rows = regroup(job, budget, partitions, &mut totals)?;
    let results = compute(job, budget, 0..budget.buckets, &*rows, &mut totals)?;
    drop(rows);
    write_by_id(job, results, &totals, sink)?;
    Ok(totals)
}

/// The first stage: partitions the rows into buckets.
pub(crate) fn regroup<'a>(
    job: &Job<'a>,
    budget: RegroupBudget,
    partitions: &[Partition],
    totals: &mut Totals,
) -> Result<Box<dyn BucketRows + 'a>> {
    let mut scatter = |round: &Partition| {
        let scattered = scatter_all(job, round, budget.buckets)?;
        totals.rows += scattered.rows;
        totals.left_out += scattered.left_out;
        Ok::<_, Error>(scattered)
    };
    let rounds = rounds(partitions, budget.rows_at_once, job.workers());
    if let [round] = &rounds[..] {
        return Ok(Box::new(scatter(round)?));
    }
    job.ahead(Step::PutAway, rows_of(partitions));
    let mut spilled = SpilledRows { spill: job.spill()?, buckets: vec![vec![]; budget.buckets] };
    for round in &rounds {
        spill(job, &scatter(round)?, &mut spilled)?;
    }
    totals.spilled += spilled.buckets.iter().flatten().map(|piece| piece.bytes).sum::<u64>();
    Ok(Box::new(spilled))
}

/// The second stage: computes the results of each of `buckets`.
pub(crate) fn compute(
    job: &Job<'_>,
    budget: RegroupBudget,
    buckets: Range<usize>,
    rows: &dyn BucketRows,
    totals: &mut Totals,
) -> Result<Vec<PendingResults>> {
    let mut all = Vec::with_capacity(buckets.len());
    // When buckets are merged, one piece of each bucket is in memory.
    let row = (job.outputs() as u64 * 16 + 32) * buckets.len() as u64;
    let piece = usize::try_from(budget.results / 2 / row.max(1)).unwrap_or(usize::MAX).max(FEWEST_RESULTS);
    let held = AtomicU64::new(0);
    job.executor.in_order(
        buckets.len(),
        || job.worker(),
        |worker, i| {
            job.check_stop()?;
            let bucket = buckets.start + i;
            let (n, mut left_out, mut results) = (rows.rows(bucket), LeftOut::default(), job.no_results());
            if n > budget.grouped {
                results = oversized::compute(worker, rows, bucket, budget.grouped, &mut left_out)?;
            } else {
                group(worker, rows, bucket, &mut left_out)?;
                worker.evaluate(&mut results, &mut left_out)?;
            }
            job.done(Step::Compute, n);
            let mut results = PendingResults::new(results);
            let bytes = results.held.bytes() as u64;
            let over = held.fetch_add(bytes, Ordering::Relaxed) + bytes > budget.results / 2;
            let spilled = if over { results.spill_beyond(job, 0, piece)? } else { 0 };
            held.fetch_sub(bytes - results.held.bytes() as u64, Ordering::Relaxed);
            Ok((results, left_out, spilled))
        },
        |(results, left_out, spilled)| {
            totals.left_out += left_out;
            totals.spilled += spilled;
            totals.counts += results.counts(job.statistics);
            all.push(results);
            Ok(())
        },
    )?;
    Ok(all)
}

/// Groups all rows of a bucket.
fn group(worker: &mut Worker<'_>, rows: &dyn BucketRows, bucket: usize, left_out: &mut LeftOut) -> Result<()> {
    worker.chunk.clear();
    match rows.in_memory(bucket) {
        Some(parts) if parts.is_empty() => {}
        Some(parts) => worker.group_any(&parts, left_out),
        None => {
            let mut all = worker.take_rows();
            rows.append_all(bucket, &mut all)?;
            worker.group_any(&[Part::of(&all, 0..all.len())], left_out);
            worker.give_back(all);
        }
    }
    Ok(())
}

/// The last stage: writes the results of all buckets to a sink, in order of id.
pub(crate) fn write_by_id(
    job: &Job<'_>,
    results: Vec<PendingResults>,
    totals: &Totals,
    sink: &mut dyn Sink,
) -> Result<()> {
    job.ahead(Step::Write, totals.counts.rows);
    merge_buckets(job, results, |results| sink.write(results).map_err(Error::Sink))
}

/// Appends the rows of a round to the spilled rows of each bucket.
fn spill(job: &Job<'_>, scattered: &Scattered, spilled: &mut SpilledRows<'_>) -> Result<()> {
    let spill = spilled.spill;
    let mut bucket = spilled.buckets.iter_mut();
    job.executor.in_order(
        bucket.len(),
        || (),
        |(), bucket| {
            job.check_stop()?;
            let portions = portions(&scattered.in_memory(bucket).unwrap_or_default(), PIECE_ROWS);
            let pieces = portions.iter().filter(|parts| !parts.is_empty()).map(|parts| spill.put(parts));
            pieces.collect::<std::result::Result<Vec<_>, _>>().map_err(Error::Spill)
        },
        |pieces: Vec<Spilled>| {
            job.observer.event(Event::Spilled(pieces.iter().map(|piece| piece.bytes).sum()));
            job.done(Step::PutAway, pieces.iter().map(|piece| piece.rows).sum());
            if let Some(bucket) = bucket.next() {
                bucket.extend(pieces);
            }
            Ok(())
        },
    )
}

/// Divides parts into portions of up to `most` rows.
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
    use tape_core::{IdType, Rows};

    use super::*;

    #[test]
    fn portions_hold_all_rows_in_order() {
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
