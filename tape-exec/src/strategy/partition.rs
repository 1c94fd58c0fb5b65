//! Computes the statistics of one partition, sorted or not.

use tape_core::{Event, IdRef, Ids, LeftOut, Part, Partition, Rows};

use crate::compute::{Job, Worker};
use crate::error::{Error, Result};
use crate::order::edge_stitcher::PartitionEdges;
use crate::order::pending_results::PendingResults;
use crate::plan::budget::WorkerBudget;

/// The output of one partition.
pub(crate) struct PartitionOutput {
    pub(crate) partition: PartitionEdges,
    /// The results of its light curves, by id and band, without those that are held back.
    pub(crate) results: PendingResults,
}

impl PartitionOutput {
    fn new(job: &Job<'_>) -> Self {
        let partition =
            PartitionEdges { edges: [None, None], ids: None, left_out: LeftOut::default(), rows: 0, spilled: 0 };
        Self { partition, results: PendingResults::new(job.no_results()) }
    }
}

/// Computes one partition. With `hold_edges`, light curves that its edges may cut are held back.
///
/// Rows are expected to be sorted by id, and are computed as they are read. If they are not sorted, the whole partition
/// is read again and grouped by hash, which is slower but gives the same results.
///
/// # Errors
/// [`Error::DoesNotFit`] if a light curve, or rows that must be regrouped, exceed the worker's share of memory.
pub(crate) fn compute(
    worker: &mut Worker<'_>,
    partition: &Partition,
    budget: WorkerBudget,
    hold_edges: bool,
) -> Result<PartitionOutput> {
    let (mut rows, mut read) = (worker.take_rows(), 0);
    let streamed = stream(worker, partition, budget, hold_edges, &mut rows, &mut read);
    worker.give_back(rows);
    match streamed? {
        Some(outcome) => Ok(outcome),
        None => {
            worker.job.observer.event(Event::Again(read));
            regroup(worker, partition, budget, hold_edges)
        }
    }
}

fn stream(
    worker: &mut Worker<'_>,
    partition: &Partition,
    budget: WorkerBudget,
    hold_edges: bool,
    rows: &mut Rows,
    read: &mut u64,
) -> Result<Option<PartitionOutput>> {
    let job = worker.job;
    let id_type = job.source.id_type();
    let mut reader = job.source.read(partition, job.inputs().columns()).map_err(Error::Source)?;
    let mut out = PartitionOutput::new(job);
    // All rows before this one have the same id.
    let mut one_run = 0;
    loop {
        let n = job.read(reader.as_mut(), rows, &mut out.partition.left_out)?;
        out.partition.rows += n as u64;
        *read = out.partition.rows;
        let last = n == 0;
        if rows.is_empty() {
            if last {
                return Ok(Some(out));
            }
            continue;
        }
        // The last run may continue in the next rows. At the end of the partition it is an edge.
        let cut = if last && !hold_edges { rows.len() } else { last_run(&rows.ids, one_run) };
        let mut start = 0;
        if cut > 0 {
            let first = rows.ids.get(0).to_owned(id_type);
            match &mut out.partition.ids {
                Some((_, max)) if *max >= first => return Ok(None),
                Some((_, max)) => *max = rows.ids.get(cut - 1).to_owned(id_type),
                None => {
                    out.partition.ids = Some((first, rows.ids.get(cut - 1).to_owned(id_type)));
                    if hold_edges {
                        start = first_run(&rows.ids, cut);
                        out.partition.edges[0] = Some(copy(rows, 0..start));
                        if start < cut && rows.ids.get(start) < rows.ids.get(0) {
                            return Ok(None);
                        }
                    }
                }
            }
            if worker.group_runs(rows, start..cut, &mut out.partition.left_out).is_err() {
                return Ok(None);
            }
            if out.results.is_empty() {
                out.results.held.reserve(expected(worker.chunk.segments.len(), cut - start, partition.rows()));
            }
            worker.evaluate(&mut out.results.held, &mut out.partition.left_out)?;
            out.partition.spilled += out.results.spill_beyond(job, budget.results, usize::MAX)?;
            rows.drain_front(cut);
        } else if rows.len() as u64 > budget.light_curve {
            let what = format!("object {}", rows.ids.get(0).to_owned(id_type));
            return Err(Error::DoesNotFit { what, rows: rows.len() as u64, most: budget.light_curve });
        }
        one_run = rows.len();
        if last {
            return Ok(finish(out, rows, id_type));
        }
    }
}

/// Estimates the number of light curves in a partition of `all` rows, if its first `rows` have `found`. Allocating once
/// touches less memory than growing.
fn expected(found: usize, rows: usize, all: u64) -> usize {
    // The number of rows is only a claim of the file. Limit what a false claim can cost.
    const MOST: usize = 1 << 16;
    let all = usize::try_from(all).unwrap_or(usize::MAX);
    let most = found.saturating_mul(all / rows.max(1) + 1);
    most.clamp(found, MOST.max(found))
}

/// Holds back the remaining rows, which are the last run.
fn finish(mut out: PartitionOutput, rows: &Rows, id_type: tape_core::IdType) -> Option<PartitionOutput> {
    if rows.is_empty() {
        return Some(out);
    }
    let id = rows.ids.get(0).to_owned(id_type);
    match &mut out.partition.ids {
        Some((_, max)) if *max >= id => return None,
        Some((_, max)) => {
            *max = id;
            out.partition.edges[1] = Some(copy(rows, 0..rows.len()));
        }
        None => {
            out.partition.ids = Some((id.clone(), id));
            out.partition.edges[0] = Some(copy(rows, 0..rows.len()));
        }
    }
    Some(out)
}

fn regroup(
    worker: &mut Worker<'_>,
    partition: &Partition,
    budget: WorkerBudget,
    hold_edges: bool,
) -> Result<PartitionOutput> {
    let job = worker.job;
    let id_type = job.source.id_type();
    let mut reader = job.source.read(partition, job.inputs().columns()).map_err(Error::Source)?;
    let mut out = PartitionOutput::new(job);
    let mut rows = Rows::new(id_type);
    loop {
        let n = job.read(reader.as_mut(), &mut rows, &mut out.partition.left_out)?;
        if n == 0 {
            break;
        }
        out.partition.rows += n as u64;
        if rows.len() as u64 > budget.partition {
            let what = format!("{}, which is not sorted by id,", job.source.describe(partition.pieces[0].row_group));
            return Err(Error::DoesNotFit { what, rows: partition.rows(), most: budget.partition });
        }
    }
    let ids = (0..rows.len()).map(|row| rows.ids.get(row));
    if let Some((min, max)) = ids.clone().min().zip(ids.max()) {
        out.partition.ids = Some((min.to_owned(id_type), max.to_owned(id_type)));
        if hold_edges {
            let of = |id: IdRef<'_>| rows.filtered(|row| rows.ids.get(row) == id);
            out.partition.edges = [Some(of(min)), (min != max).then(|| of(max))];
            rows = rows.filtered(|row| rows.ids.get(row) != min && rows.ids.get(row) != max);
        }
        worker.group_any(&[Part::of(&rows, 0..rows.len())], &mut out.partition.left_out);
        worker.evaluate(&mut out.results.held, &mut out.partition.left_out)?;
        out.partition.spilled += out.results.spill_beyond(job, budget.results, usize::MAX)?;
    }
    Ok(out)
}

/// Returns the start of the last run of equal ids. All rows before `one_run` are known to be one run.
fn last_run(ids: &Ids, one_run: usize) -> usize {
    let mut start = ids.len() - 1;
    let last = ids.get(start);
    let one_run = one_run.min(start);
    while start > one_run && ids.get(start - 1) == last {
        start -= 1;
    }
    if start == one_run && start > 0 && ids.get(start - 1) == last { 0 } else { start }
}

/// Returns the end of the first run of equal ids.
fn first_run(ids: &Ids, end: usize) -> usize {
    (1..end).find(|&row| ids.get(row) != ids.get(0)).unwrap_or(end)
}

fn copy(rows: &Rows, range: std::ops::Range<usize>) -> Rows {
    let mut out = rows.new_like();
    out.extend_from(rows, range);
    out
}
