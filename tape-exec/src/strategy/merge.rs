//! The merge plan: sorted runs that overlap are read a slice of ids at a time. Each slice is a small shuffle, and
//! slices come in order of id, so no rows are spilled, and no results are held except those of one slice.

use tape_core::{IdRange, LeftOut, ObjectId, Partition, Rows, Sink, Step};

use crate::compute::skipped::or_skip;
use crate::compute::{Job, Worker};
use crate::error::{Error, Result};
use crate::order::edge_stitcher::Totals;
use crate::order::pending_results::PendingResults;
use crate::plan::budget::{RegroupBudget, buckets_for};
use crate::plan::slices::{self, Slice, SlicePart};
use crate::strategy::buckets::{Blocks, Scattered};
use crate::strategy::shuffle::{compute, write_by_id};

pub(crate) fn run(job: &Job<'_>, budget: RegroupBudget, slices: &[Slice], sink: &mut dyn Sink) -> Result<Totals> {
    let mut totals = Totals::default();
    job.ahead(Step::Compute, slices::rows(slices));
    for slice in slices {
        let results = run_slice(job, budget, slice, &mut totals)?;
        write_by_id(job, results, &totals, sink)?;
    }
    Ok(totals)
}

/// Computes a slice. Returns the results of each bucket.
pub(crate) fn run_slice(
    job: &Job<'_>,
    budget: RegroupBudget,
    slice: &Slice,
    totals: &mut Totals,
) -> Result<Vec<PendingResults>> {
    let buckets = buckets_for(slice.rows());
    let scattered = scatter(job, slice, buckets)?;
    totals.rows += scattered.rows;
    totals.left_out += scattered.left_out;
    compute(job, RegroupBudget { buckets, ..budget }, 0..buckets, &scattered, totals)
}

/// Scatters the rows of a slice.
fn scatter(job: &Job<'_>, slice: &Slice, buckets: usize) -> Result<Scattered> {
    let mut all = Scattered::default();
    job.executor.in_order(
        slice.parts.len(),
        || job.worker(),
        |worker, i| {
            let part = &slice.parts[i];
            let partition = Partition { pieces: vec![part.piece.clone()] };
            or_skip(job, &partition, |partition| {
                if partition.pieces.is_empty() {
                    Ok(Scattered::default())
                } else {
                    part_of(worker, slice, part, partition, buckets)
                }
            })
        },
        |scattered| {
            all.append(scattered);
            Ok(())
        },
    )?;
    Ok(all)
}

/// Scatters the rows of one part that belong to the slice.
fn part_of(
    worker: &mut Worker<'_>,
    slice: &Slice,
    part: &SlicePart,
    partition: &Partition,
    buckets: usize,
) -> Result<Scattered> {
    let job = worker.job;
    let mut reader = job.source.read(partition, job.inputs().columns()).map_err(Error::Source)?;
    let (mut batch, mut own) = (worker.take_rows(), Rows::new(job.source.id_type()));
    let mut blocks = Blocks::new(job, buckets);
    let mut rows_read = LeftOut::default();
    loop {
        let n = job.read(reader.as_mut(), &mut batch, &mut rows_read)?;
        if n == 0 {
            break;
        }
        take(job, slice, part, &batch, &mut own)?;
        batch.clear();
        blocks.scatter(&mut own, false);
    }
    blocks.scatter(&mut own, true);
    worker.give_back(batch);
    let mut scattered = blocks.scattered;
    // Rows that the reader dropped belong to no slice, so they are counted once.
    if part.first {
        scattered.rows += rows_read.dropped();
        scattered.left_out += rows_read;
    }
    Ok(scattered)
}

/// Appends the rows of `batch` that belong to the slice to `own`.
fn take(job: &Job<'_>, slice: &Slice, part: &SlicePart, batch: &Rows, own: &mut Rows) -> Result<()> {
    let id_type = job.source.id_type();
    let (mut start, mut at) = (0, 0);
    while at < batch.len() {
        let id = batch.ids.get(at);
        let next = (at + 1..batch.len()).find(|&row| batch.ids.get(row) != id).unwrap_or(batch.len());
        let id = id.to_owned(id_type);
        check(job, part, &id)?;
        if !slice.takes(&id) {
            own.extend_from(batch, start..at);
            start = next;
        }
        at = next;
    }
    own.extend_from(batch, start..at);
    Ok(())
}

/// Checks that an id is within the range that the footer of its row group claims. If not, slices that do not read the
/// row group could miss rows.
fn check(job: &Job<'_>, part: &SlicePart, id: &ObjectId) -> Result<()> {
    let IdRange { min, max, .. } = &part.claim;
    if min <= id && id <= max {
        return Ok(());
    }
    let place = job.source.describe(part.piece.row_group);
    Err(Error::FalseClaim { id: id.clone(), place, min: min.clone(), max: max.clone() })
}
