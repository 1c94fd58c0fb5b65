//! What may be held in memory at once.

use tape_core::{Columns, IdType, Partition};

use crate::error::{Error, Result};
use crate::job::{BATCH, Job};
use crate::layout::{Layout, rows_of};
use crate::plan::PlanKind;
use crate::shuffle::buckets_for;

/// Rows that the fold plan holds in memory at once unless asked for otherwise: enough for most light curves to have many
/// epochs among them, so that states, not epochs, are what is looked up and combined.
const FOLDED_AT_ONCE: u64 = 4 << 20;
/// More buckets than this would be read back in pieces of a few rows.
const MOST_BUCKETS: u64 = 4096;

/// What rows take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Bytes of a row in memory.
    pub(crate) row: u64,
    /// Bytes that each worker needs for what passes through it.
    pub(crate) worker: u64,
    /// Bytes of the results, collected.
    pub(crate) results: u64,
    /// Rows of the survey.
    pub(crate) rows: u64,
    /// Rows of the largest row group, which is read whole.
    pub(crate) largest: u64,
}

/// How rows are regrouped within a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Rows held at once, as near as row groups allow.
    pub(crate) rows_at_once: u64,
    /// Into how many buckets: a power of two.
    pub(crate) buckets: usize,
}

impl Sizes {
    /// Of a job over `partitions`. The numbers of rows are the files' words, and may be any.
    pub(crate) fn of(partitions: &[Partition], columns: Columns, job: &Job<'_>) -> Self {
        // How long texts are, only the footers know, and of a whole row.
        let id = if job.source.id_type() == IdType::Utf8 { job.source.row_bytes() } else { 8 };
        let floats = [columns.time, columns.flux, columns.error].into_iter().filter(|&read| read).count() as u64;
        let row = id + 8 * floats + u64::from(columns.band);
        let rows = rows_of(partitions);
        let pieces = partitions.iter().flat_map(|partition| &partition.pieces);
        Self {
            row,
            // Two pages per column, compressed and not; a batch raw and grouped.
            worker: (2 + floats) * (1 << 20) + 3 * BATCH as u64 * row,
            // Light curves of sixteen epochs, each an id, a band, a count and its values.
            results: (rows / 16).saturating_mul(32 + 16 * job.outputs() as u64),
            rows,
            largest: pieces.map(|piece| piece.rows.end.saturating_sub(piece.rows.start)).max().unwrap_or(0),
        }
    }

    /// The most memory that a plan is expected to take, from above, and what of its rows is put away. Bytes.
    ///
    /// # Errors
    /// If the plan cannot keep to the job's budget.
    pub(crate) fn memory(&self, kind: PlanKind, layout: &Layout, job: &Job<'_>) -> Result<(u64, u64)> {
        let workers = job.workers as u64;
        let regrouped = self.largest.saturating_mul(3 * self.row);
        let (collected, spill) = match kind {
            PlanKind::Map | PlanKind::MapUnchecked => (0, 0),
            PlanKind::Stitch => (layout.partitions.len() as u64 * 4096 * self.row / 8, 0),
            PlanKind::Shuffle => {
                let Room { rows_at_once, buckets } = self.for_shuffle(job)?;
                let bucket = (self.rows / buckets as u64).saturating_mul(3 * self.row);
                let all = self.rows.saturating_mul(self.row);
                let (held, spill) =
                    if self.rows <= rows_at_once { (all, 0) } else { (rows_at_once.saturating_mul(self.row), all) };
                if spill > 0 {
                    job.spill()?;
                }
                (sum(&[held, workers.saturating_mul(bucket), self.results, self.results]), spill)
            }
            PlanKind::Fold => {
                let Room { rows_at_once, .. } = self.for_fold(job)?;
                let held = self.rows.min(rows_at_once.saturating_add(self.largest)).saturating_mul(self.row);
                (sum(&[held, self.results, self.results, self.results]), 0)
            }
        };
        let regroups = layout.sorted != Some(true) && kind != PlanKind::Shuffle && kind != PlanKind::Fold;
        let worker = self.worker.saturating_add(if regroups { regrouped } else { 0 });
        Ok((sum(&[64 << 20, collected, workers.saturating_mul(worker)]), spill))
    }

    /// Room for a shuffle within the job's budget.
    ///
    /// # Errors
    /// If the budget does not even hold the largest row group.
    pub(crate) fn for_shuffle(&self, job: &Job<'_>) -> Result<Room> {
        let in_caches = buckets_for(self.rows);
        let asked = if job.rows_at_once == 0 { u64::MAX } else { job.rows_at_once };
        // A round is held, and what the workers encode of it beside it.
        let held = self.row + self.row / 4;
        let free = self.free(job, held)?;
        if self.rows <= asked && self.rows.saturating_mul(held) <= free {
            return Ok(Room { rows_at_once: u64::MAX, buckets: in_caches });
        }
        // Each worker holds a bucket twice, raw and grouped, and where each of its rows goes.
        let grouped = (2 * self.row + 16) * job.workers as u64;
        let fitting = self.rows.saturating_mul(grouped).div_ceil(free.max(1)).next_power_of_two();
        let buckets = (in_caches as u64).max(fitting).min(MOST_BUCKETS);
        Ok(Room { rows_at_once: (free / held).min(asked), buckets: usize::try_from(buckets).unwrap_or(in_caches) })
    }

    /// Room for a fold, which puts nothing away.
    ///
    /// # Errors
    /// If the budget does not even hold the largest row group.
    pub(crate) fn for_fold(&self, job: &Job<'_>) -> Result<Room> {
        let most = if job.rows_at_once == 0 { FOLDED_AT_ONCE } else { job.rows_at_once };
        let rows_at_once = most.min(self.free(job, self.row)? / self.row);
        Ok(Room { rows_at_once, buckets: buckets_for(self.rows.min(rows_at_once)) })
    }

    /// Bytes of the budget that are left for rows, where each takes `row`.
    fn free(&self, job: &Job<'_>, row: u64) -> Result<u64> {
        let Some(memory) = job.memory else { return Ok(u64::MAX) };
        let needed = sum(&[job.workers as u64 * self.worker, self.results]);
        let (free, least) = (memory.saturating_sub(needed), self.largest.saturating_mul(row));
        if least > free {
            return Err(Error::TooLittleMemory { memory, needed: sum(&[needed, least]) });
        }
        Ok(free)
    }
}

/// A sum of what may be absurd.
fn sum(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |sum, part| sum.saturating_add(*part))
}

/// The partitions in groups of up to `most` rows; a larger one is taken apart where its row groups end.
pub(crate) fn rounds(partitions: &[Partition], most: u64) -> Vec<Vec<Partition>> {
    let mut rounds = vec![];
    let (mut round, mut rows) = (vec![], 0);
    for piece in partitions.iter().flat_map(|partition| &partition.pieces) {
        let partition = Partition { pieces: vec![piece.clone()] };
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

#[cfg(test)]
mod tests {
    use tape_core::{Bands, MemorySource, Piece, Rows, Silent};

    use super::*;
    use crate::plan::Config;

    fn partitions(rows: &[u64]) -> Vec<Partition> {
        let partition = |(i, &n): (usize, &u64)| Partition { pieces: vec![Piece { row_group: i, rows: 0..n }] };
        rows.iter().enumerate().map(partition).collect()
    }

    #[test]
    fn rounds_hold_every_row_once_and_no_more_than_fit() {
        let sizes = |most| -> Vec<u64> {
            let rounds = rounds(&partitions(&[5, 5, 1, 20, 3, 4]), most);
            rounds.iter().map(|round| round.iter().map(Partition::rows).sum()).collect()
        };
        assert_eq!(sizes(10), [10, 1, 20, 7]);
        assert_eq!(sizes(u64::MAX), [38]);
        assert_eq!(sizes(1), [5, 5, 1, 20, 3, 4]);
    }

    #[test]
    fn a_budget_is_kept_by_more_rounds_and_more_buckets() {
        let columns = Columns { time: false, flux: true, error: true, band: true };
        let source = MemorySource::new(IdType::Int64, Rows::new(IdType::Int64), Bands::default(), &[]);
        let statistics = [];
        let config = Config::default();
        let of = |rows: &[u64]| Sizes::of(&partitions(rows), columns, &config.job(&source, &statistics, &Silent));
        let sizes = of(&[100_000; 1000]);
        assert_eq!((sizes.row, sizes.rows, sizes.largest), (25, 100_000_000, 100_000));
        let room = |memory| {
            let config = Config { memory, workers: 2, ..Config::default() };
            sizes.for_shuffle(&config.job(&source, &statistics, &Silent))
        };
        assert_eq!(room(None).expect("no budget"), Room { rows_at_once: u64::MAX, buckets: 512 });
        for memory in [1_000_000_000, 500_000_000] {
            let room = room(Some(memory)).expect("enough");
            assert!(room.rows_at_once * sizes.row < memory && room.rows_at_once > sizes.largest, "{room:?}");
            assert!(sizes.rows / room.buckets as u64 * 2 * (2 * sizes.row + 16) < memory, "{room:?}");
        }
        let error = room(Some(100_000_000)).expect_err("less than the results take");
        assert!(matches!(error, Error::TooLittleMemory { needed, .. } if needed > 200_000_000), "{error}");
        // What no file holds is no reason to panic.
        let absurd = of(&[u64::MAX, u64::MAX / 2]);
        let config = Config { memory: Some(1 << 30), workers: 2, ..Config::default() };
        let error = absurd.for_shuffle(&config.job(&source, &statistics, &Silent)).expect_err("absurd");
        assert!(matches!(error, Error::TooLittleMemory { needed: u64::MAX, .. }), "{error}");
    }
}
