//! Memory limits of plans.

use tape_core::{Columns, IdType, Partition};

use crate::compute::{BATCH, Job};
use crate::error::{Error, Result};
use crate::plan::config::PlanKind;
use crate::plan::layout::{Layout, rows_of};
use crate::plan::slices::Slice;

/// Number of rows that the fold plan holds in memory at once by default. It is large enough that most light curves have
/// many epochs among them, so partial states rather than single epochs are looked up and combined.
const FOLDED_AT_ONCE: u64 = 4 << 20;
/// The largest number of buckets. With more, buckets would be read back in pieces of a few rows.
const MOST_BUCKETS: u64 = 4096;
/// The smallest number of rows in memory at once. With fewer, the overhead of each round exceeds the gain.
const FEWEST_AT_ONCE: u64 = 2 * BATCH as u64;
/// Target number of rows in a bucket, so that rows that are grouped together fit the caches.
const BUCKET_ROWS: u64 = 64 * 1024;
/// The largest number of buckets for speed alone. With more, scattering a batch costs more than larger buckets do.
const MOST_IN_CACHES: u64 = 512;
/// Bytes to sort a row when it is grouped: its target position and its object.
const PLACE: u64 = 16;

/// Estimates of the memory that rows take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SizeEstimate {
    /// Bytes of a row in memory.
    pub(crate) row: u64,
    /// Bytes that each worker needs for rows that pass through it.
    pub(crate) worker: u64,
    /// Bytes of all results.
    pub(crate) results: u64,
    /// Rows of the survey.
    pub(crate) rows: u64,
}

/// The rows and buckets that fit in the budget when rows are regrouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RegroupBudget {
    /// Rows held at once, as near as row groups allow.
    pub(crate) rows_at_once: u64,
    /// Number of buckets: a power of two.
    pub(crate) buckets: usize,
    /// Number of rows that a worker may group at once.
    pub(crate) grouped: u64,
    /// Bytes of results, or of partial states, to keep in memory.
    pub(crate) results: u64,
}

/// The rows that each worker may hold when partitions are computed without regrouping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WorkerBudget {
    /// Rows of one light curve. Several may be held to be stitched.
    pub(crate) light_curve: u64,
    /// Rows of a partition that must be grouped as a whole.
    pub(crate) partition: u64,
    /// Bytes of the results of a partition.
    pub(crate) results: u64,
}

impl SizeEstimate {
    /// Estimates the sizes for a job over `partitions`. The numbers of rows come from footers, and may be wrong.
    pub(crate) fn of(partitions: &[Partition], columns: Columns, job: &Job<'_>) -> Self {
        // Only the footers know how long texts are, and only for a whole row.
        let id = if job.source.id_type() == IdType::Utf8 { job.source.row_bytes() } else { 8 };
        let floats = [columns.time, columns.flux, columns.error].into_iter().filter(|&read| read).count() as u64;
        let row = id + 8 * floats + u64::from(columns.band);
        let rows = rows_of(partitions);
        Self {
            row,
            // Two pages per column, one compressed and one not, and a batch, raw and grouped.
            worker: (2 + floats) * (1 << 20) + 3 * job.batch as u64 * row,
            // Assumes light curves of 16 epochs, each with an id, a band, a count and its values.
            results: (rows / 16).saturating_mul(32 + 16 * job.outputs() as u64),
            rows,
        }
    }

    /// Returns upper bounds for the memory that a plan takes and the bytes that it spills.
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
        let workers = job.workers();
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
                let RegroupBudget { rows_at_once, buckets, grouped, results } = self.for_shuffle(job)?;
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
                let RegroupBudget { rows_at_once, .. } = self.for_merge(job)?;
                let widest = slices.iter().map(Slice::rows).max().unwrap_or(0).min(rows_at_once);
                let results = (widest / 16).saturating_mul(32 + 16 * job.outputs() as u64);
                (sum(&[widest.saturating_mul(self.row + self.row / 4), results]), 0)
            }
            PlanKind::Fold => {
                let RegroupBudget { rows_at_once, results, .. } = self.for_fold(job)?;
                let held = self.rows.min(rows_at_once).saturating_mul(self.row);
                (sum(&[held, self.results.saturating_mul(3).min(results)]), 0)
            }
        };
        Ok((sum(&[64 << 20, held, workers.saturating_mul(self.worker)]), spill))
    }

    /// Returns the bytes of a row that is held raw and grouped at the same time.
    const fn grouped(&self) -> u64 {
        2 * self.row + PLACE
    }

    /// Returns the budget of a shuffle.
    ///
    /// # Errors
    /// If the budget is too small even for the rows that pass through the workers.
    pub(crate) fn for_shuffle(&self, job: &Job<'_>) -> Result<RegroupBudget> {
        let in_caches = buckets_for(self.rows);
        let asked = if job.rows_at_once == 0 { u64::MAX } else { job.rows_at_once };
        let Some((free, results)) = self.free(job)? else {
            return Ok(RegroupBudget { rows_at_once: asked, buckets: in_caches, grouped: u64::MAX, results: u64::MAX });
        };
        let workers = job.workers();
        // Rows of a round are held, plus the data that workers encode from them.
        let held = self.row + self.row / 4;
        let all = self.rows.saturating_mul(held);
        let usual = self.rows.div_ceil(in_caches as u64).saturating_mul(2 * workers * self.grouped());
        if self.rows <= asked && sum(&[all, usual]) <= free {
            let grouped = (free - all) / workers / self.grouped();
            return Ok(RegroupBudget { rows_at_once: u64::MAX, buckets: in_caches, grouped, results });
        }
        // Bucket sizes vary, so aim for half of a worker's budget per bucket.
        let grouped = free / workers / self.grouped();
        let fitting = self.rows.div_ceil((grouped / 2).max(1)).next_power_of_two();
        let buckets = (in_caches as u64).max(fitting).min(MOST_BUCKETS);
        let buckets = usize::try_from(buckets).unwrap_or(in_caches);
        Ok(RegroupBudget { rows_at_once: (free / held).min(asked), buckets, grouped, results })
    }

    /// Returns the budget of a merge. A slice is held, some of it is grouped, and its results are held until it is
    /// complete.
    ///
    /// # Errors
    /// If the budget is too small even for the rows that pass through the workers.
    pub(crate) fn for_merge(&self, job: &Job<'_>) -> Result<RegroupBudget> {
        let asked = if job.rows_at_once == 0 { u64::MAX } else { job.rows_at_once };
        let Some((free, results)) = self.free(job)? else {
            return Ok(RegroupBudget { rows_at_once: asked, buckets: 1, grouped: u64::MAX, results: u64::MAX });
        };
        let fitting = free / 4 * 3 / (self.row + self.row / 4);
        let grouped = free / 4 / job.workers() / self.grouped();
        Ok(RegroupBudget { rows_at_once: fitting.min(asked), buckets: 1, grouped, results })
    }

    /// Returns the budget of a fold, which never spills.
    ///
    /// # Errors
    /// If the budget is too small even for the rows that pass through the workers.
    pub(crate) fn for_fold(&self, job: &Job<'_>) -> Result<RegroupBudget> {
        let most = if job.rows_at_once == 0 { FOLDED_AT_ONCE } else { job.rows_at_once };
        let Some((free, results)) = self.free(job)? else {
            let buckets = buckets_for(self.rows.min(most));
            return Ok(RegroupBudget { rows_at_once: most, buckets, grouped: u64::MAX, results: u64::MAX });
        };
        // Rows take at most half of the memory. Partial states, which stay, take the other half.
        let rows_at_once = most.min(free / 2 / (self.row + self.grouped()));
        let buckets = buckets_for(self.rows.min(rows_at_once));
        Ok(RegroupBudget { rows_at_once, buckets, grouped: u64::MAX, results: free / 2 + results })
    }

    /// Returns the limits of each worker when partitions are computed without regrouping. A worker can always hold a
    /// few batches.
    pub(crate) fn share(&self, job: &Job<'_>) -> WorkerBudget {
        let Some(memory) = job.memory else {
            return WorkerBudget { light_curve: u64::MAX, partition: u64::MAX, results: u64::MAX };
        };
        let workers = job.workers();
        let free = memory.saturating_sub(workers * self.worker);
        // At most four partitions per worker wait for the edges before them.
        let light_curve = free / 4 / (4 * workers) / self.row.max(1);
        let partition = free / 2 / workers / self.grouped();
        let results = free / 4 / (4 * workers);
        WorkerBudget {
            light_curve: light_curve.max(FEWEST_AT_ONCE),
            partition: partition.max(FEWEST_AT_ONCE),
            results: results.max(1 << 20),
        }
    }

    /// Returns the smallest budget in which rows can be regrouped, in bytes.
    pub(crate) fn least(&self, job: &Job<'_>) -> u64 {
        let least = self.least_rows();
        sum(&[job.workers() * self.worker, least, least / 3, 1])
    }

    /// Returns the size of the smallest useful round, in bytes.
    fn least_rows(&self) -> u64 {
        FEWEST_AT_ONCE.min(self.rows).saturating_mul(self.grouped())
    }

    /// Returns the bytes of the budget for rows and for results, or `None` if there is no budget.
    fn free(&self, job: &Job<'_>) -> Result<Option<(u64, u64)>> {
        let Some(memory) = job.memory else { return Ok(None) };
        let passing = job.workers() * self.worker;
        let least = self.least_rows();
        let results = self.results.min(memory.saturating_sub(passing) / 4);
        let free = memory.saturating_sub(sum(&[passing, results]));
        if least > free {
            return Err(Error::TooLittleMemory { memory, needed: self.least(job) });
        }
        Ok(Some((free, results)))
    }
}

/// Adds up sizes without overflow, because footers may claim any size.
fn sum(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |sum, part| sum.saturating_add(*part))
}

/// Returns the number of buckets for `rows` rows: a power of two.
pub(crate) fn buckets_for(rows: u64) -> usize {
    let buckets = rows.div_ceil(BUCKET_ROWS).next_power_of_two().min(MOST_IN_CACHES);
    usize::try_from(buckets).unwrap_or(1)
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
