//! What may be held in memory at once.

use tape_core::{Columns, IdType, Partition, Piece};

use crate::compute::{BATCH, Job};
use crate::error::{Error, Result};
use crate::plan::config::PlanKind;
use crate::plan::layout::{Layout, rows_of};
use crate::plan::slices::Slice;
use crate::strategy::scatter::buckets_for;

/// Rows that the fold plan holds in memory at once unless asked for otherwise: enough for most light curves to have many
/// epochs among them, so that states, not epochs, are what is looked up and combined.
const FOLDED_AT_ONCE: u64 = 4 << 20;
/// More buckets than this would be read back in pieces of a few rows.
const MOST_BUCKETS: u64 = 4096;
/// With room for fewer rows than this at once, more is lost by going to and fro than is saved.
const FEWEST_AT_ONCE: u64 = 2 * BATCH as u64;
/// Into no more pieces is a row group taken apart.
const MOST_PIECES: u64 = 1 << 16;
/// Where a row goes when it is grouped, and its object.
const PLACE: u64 = 16;

/// What rows take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Bytes of a row in memory.
    pub(crate) row: u64,
    /// Bytes that each worker needs for what passes through it.
    pub(crate) worker: u64,
    /// Bytes of all results.
    pub(crate) results: u64,
    /// Rows of the survey.
    pub(crate) rows: u64,
}

/// How rows are regrouped within a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Rows held at once, as near as row groups allow.
    pub(crate) rows_at_once: u64,
    /// Into how many buckets: a power of two.
    pub(crate) buckets: usize,
    /// Rows that a worker may group at once.
    pub(crate) grouped: u64,
    /// Bytes of results, or of partial states, that may wait in memory.
    pub(crate) results: u64,
}

/// What a worker may hold where partitions are computed where they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// Rows of one light curve, of which several may wait to be put together.
    pub(crate) light_curve: u64,
    /// Rows of a partition that must be grouped as a whole.
    pub(crate) partition: u64,
    /// Bytes of the results of a partition.
    pub(crate) results: u64,
}

impl Sizes {
    /// Of a job over `partitions`. The numbers of rows are the files' words, and may be any.
    pub(crate) fn of(partitions: &[Partition], columns: Columns, job: &Job<'_>) -> Self {
        // How long texts are, only the footers know, and of a whole row.
        let id = if job.source.id_type() == IdType::Utf8 { job.source.row_bytes() } else { 8 };
        let floats = [columns.time, columns.flux, columns.error].into_iter().filter(|&read| read).count() as u64;
        let row = id + 8 * floats + u64::from(columns.band);
        let rows = rows_of(partitions);
        Self {
            row,
            // Two pages per column, compressed and not; a batch raw and grouped.
            worker: (2 + floats) * (1 << 20) + 3 * job.batch as u64 * row,
            // Light curves of sixteen epochs, each an id, a band, a count and its values.
            results: (rows / 16).saturating_mul(32 + 16 * job.outputs() as u64),
            rows,
        }
    }

    /// The most memory that a plan is expected to take, from above, and what of its rows is put away. Bytes.
    ///
    /// # Errors
    /// If the plan cannot keep to the job's budget.
    pub(crate) fn memory(
        &self,
        kind: PlanKind,
        layout: &Layout,
        slices: &[Slice],
        job: &Job<'_>,
    ) -> Result<(u64, u64)> {
        let workers = job.workers as u64;
        let largest = layout.partitions.iter().map(Partition::rows).max().unwrap_or(0);
        let (held, spill) = match kind {
            PlanKind::Map | PlanKind::MapUnchecked | PlanKind::Stitch => {
                let share = self.share(job);
                let edges =
                    if kind == PlanKind::Stitch { layout.partitions.len() as u64 * 4096 / 8 * self.row } else { 0 };
                let regroups = if layout.sorted == Some(true) { 0 } else { largest.min(share.partition) };
                (edges + workers.saturating_mul(regroups.saturating_mul(self.grouped())), 0)
            }
            PlanKind::Shuffle => {
                let Room { rows_at_once, buckets, grouped, results } = self.for_shuffle(job)?;
                let bucket = (self.rows / buckets as u64).min(grouped).saturating_mul(self.grouped());
                let all = self.rows.saturating_mul(self.row);
                let (held, spill) =
                    if self.rows <= rows_at_once { (all, 0) } else { (rows_at_once.saturating_mul(self.row), all) };
                if spill > 0 {
                    job.spill()?;
                }
                (sum(&[held, workers.saturating_mul(bucket), self.results.min(results)]), spill)
            }
            PlanKind::Merge => {
                let Room { rows_at_once, .. } = self.for_merge(job)?;
                let widest = slices.iter().map(Slice::rows).max().unwrap_or(0).min(rows_at_once);
                let results = (widest / 16).saturating_mul(32 + 16 * job.outputs() as u64);
                (sum(&[widest.saturating_mul(self.row + self.row / 4), results]), 0)
            }
            PlanKind::Fold => {
                let Room { rows_at_once, results, .. } = self.for_fold(job)?;
                let held = self.rows.min(rows_at_once).saturating_mul(self.row);
                (sum(&[held, self.results.saturating_mul(3).min(results)]), 0)
            }
        };
        Ok((sum(&[64 << 20, held, workers.saturating_mul(self.worker)]), spill))
    }

    /// Bytes of a row that is held raw and grouped at once.
    const fn grouped(&self) -> u64 {
        2 * self.row + PLACE
    }

    /// Room for a shuffle within the job's budget.
    ///
    /// # Errors
    /// If the budget does not even hold what passes through the workers.
    pub(crate) fn for_shuffle(&self, job: &Job<'_>) -> Result<Room> {
        let in_caches = buckets_for(self.rows);
        let asked = if job.rows_at_once == 0 { u64::MAX } else { job.rows_at_once };
        let Some((free, results)) = self.free(job)? else {
            return Ok(Room { rows_at_once: asked, buckets: in_caches, grouped: u64::MAX, results: u64::MAX });
        };
        let workers = job.workers as u64;
        // A round is held, and what the workers encode of it beside it.
        let held = self.row + self.row / 4;
        let all = self.rows.saturating_mul(held);
        let usual = self.rows.div_ceil(in_caches as u64).saturating_mul(2 * workers * self.grouped());
        if self.rows <= asked && sum(&[all, usual]) <= free {
            let grouped = (free - all) / workers / self.grouped();
            return Ok(Room { rows_at_once: u64::MAX, buckets: in_caches, grouped, results });
        }
        // Buckets differ: half of what a worker may take is what one of them should.
        let grouped = free / workers / self.grouped();
        let fitting = self.rows.div_ceil((grouped / 2).max(1)).next_power_of_two();
        let buckets = (in_caches as u64).max(fitting).min(MOST_BUCKETS);
        let buckets = usize::try_from(buckets).unwrap_or(in_caches);
        Ok(Room { rows_at_once: (free / held).min(asked), buckets, grouped, results })
    }

    /// Room for a merge: a slice is held, and some of it grouped, and its results wait until it is done.
    ///
    /// # Errors
    /// If the budget does not even hold what passes through the workers.
    pub(crate) fn for_merge(&self, job: &Job<'_>) -> Result<Room> {
        let asked = if job.rows_at_once == 0 { u64::MAX } else { job.rows_at_once };
        let Some((free, results)) = self.free(job)? else {
            return Ok(Room { rows_at_once: asked, buckets: 1, grouped: u64::MAX, results: u64::MAX });
        };
        let fitting = free / 4 * 3 / (self.row + self.row / 4);
        let grouped = free / 4 / job.workers as u64 / self.grouped();
        Ok(Room { rows_at_once: fitting.min(asked), buckets: 1, grouped, results })
    }

    /// Room for a fold, which puts nothing away.
    ///
    /// # Errors
    /// If the budget does not even hold what passes through the workers.
    pub(crate) fn for_fold(&self, job: &Job<'_>) -> Result<Room> {
        let most = if job.rows_at_once == 0 { FOLDED_AT_ONCE } else { job.rows_at_once };
        let Some((free, results)) = self.free(job)? else {
            let buckets = buckets_for(self.rows.min(most));
            return Ok(Room { rows_at_once: most, buckets, grouped: u64::MAX, results: u64::MAX });
        };
        // Rows take no more than half of it; the states, which stay, have the other.
        let rows_at_once = most.min(free / 2 / (self.row + self.grouped()));
        let buckets = buckets_for(self.rows.min(rows_at_once));
        Ok(Room { rows_at_once, buckets, grouped: u64::MAX, results: free / 2 + results })
    }

    /// What each worker may hold where partitions are computed where they lie. There is always room for a few batches.
    pub(crate) fn share(&self, job: &Job<'_>) -> Share {
        let Some(memory) = job.memory else {
            return Share { light_curve: u64::MAX, partition: u64::MAX, results: u64::MAX };
        };
        let workers = job.workers as u64;
        let free = memory.saturating_sub(workers * self.worker);
        // Of what waits for the edges before it, there is at most four times as much as there are workers.
        let light_curve = free / 4 / (4 * workers) / self.row.max(1);
        let partition = free / 2 / workers / self.grouped();
        let results = free / 4 / (4 * workers);
        Share {
            light_curve: light_curve.max(FEWEST_AT_ONCE),
            partition: partition.max(FEWEST_AT_ONCE),
            results: results.max(1 << 20),
        }
    }

    /// Bytes of the budget that are left for rows, and those set apart for results; none if there is no budget.
    fn free(&self, job: &Job<'_>) -> Result<Option<(u64, u64)>> {
        let Some(memory) = job.memory else { return Ok(None) };
        let passing = job.workers as u64 * self.worker;
        let least = FEWEST_AT_ONCE.min(self.rows).saturating_mul(self.grouped());
        let results = self.results.min(memory.saturating_sub(passing) / 4);
        let free = memory.saturating_sub(sum(&[passing, results]));
        if least > free {
            return Err(Error::TooLittleMemory { memory, needed: sum(&[passing, least, least / 3]) });
        }
        Ok(Some((free, results)))
    }
}

/// A sum of what may be absurd.
fn sum(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |sum, part| sum.saturating_add(*part))
}

/// The partitions in groups of up to `most` rows. A larger one is taken apart where its row groups end, and a larger row
/// group so that each worker has a share of it.
pub(crate) fn rounds(partitions: &[Partition], most: u64, workers: usize) -> Vec<Vec<Partition>> {
    let mut rounds = vec![];
    let (mut round, mut rows) = (vec![], 0);
    for piece in partitions.iter().flat_map(|partition| &partition.pieces).flat_map(|piece| apart(piece, most, workers))
    {
        let partition = Partition { pieces: vec![piece] };
        if rows > 0 && partition.rows() > most.saturating_sub(rows) {
            rounds.push(std::mem::take(&mut round));
            rows = 0;
        }
        rows = rows.saturating_add(partition.rows());
        round.push(partition);
    }
    rounds.push(round);
    rounds
}

/// The piece, in several of equal length if it has more than `most` rows.
fn apart(piece: &Piece, most: u64, workers: usize) -> impl Iterator<Item = Piece> {
    let Piece { row_group, ref rows } = *piece;
    let (start, end) = (rows.start, rows.end);
    let n = end.saturating_sub(start);
    let share = if n > most { most / workers.max(1) as u64 } else { n };
    // The number of rows is the file's word: it must not decide how long this list is.
    let length = share.max(n / MOST_PIECES).max(1);
    (0..n.div_ceil(length).max(1)).map(move |i| {
        let from = start + i * length;
        Piece { row_group, rows: from..end.min(from.saturating_add(length)) }
    })
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
