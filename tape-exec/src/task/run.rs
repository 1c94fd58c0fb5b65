//! Runs tasks. Tasks of the first round read the survey, and tasks of the second round read the outputs of the first.

use std::sync::{Mutex, PoisonError};

use tape_core::{ObjectId, Part, Partition, Results, Rows, Statistic};

use super::labels::{InputLabels, OutputLabels};
use super::{StoredOutputs, TaskOutput, TaskReport, Tasks, Work};
use crate::compute::Job;
use crate::compute::skipped::or_skip;
use crate::error::{Error, Result};
use crate::order::edge_stitcher::Totals;
use crate::order::merge::merge_by_id;
use crate::order::pending_results::PendingResults;
use crate::plan::budget::SizeEstimate;
use crate::plan::config::PlanKind;
use crate::plan::slices::Slice;
use crate::strategy::buckets::BucketRows;
use crate::strategy::fold::{States, folds, lift_round, not_folds, width};
use crate::strategy::partition::{PartitionOutput, compute};
use crate::strategy::{merge, shuffle};

/// Number of results in a block. Blocks of all tasks of a round may be in memory at once.
const BLOCK_ROWS: usize = 4096;

/// Runs a task of the first round. `partition` is the partition with the task's number, by the row groups of this
/// source.
///
/// # Errors
/// If it cannot be read or stored, does not fit in memory, a statistic panics, or the observer requests a stop.
pub fn read(
    work: Work<'_>,
    tasks: &Tasks,
    number: usize,
    partition: &Partition,
    output: &mut dyn TaskOutput,
) -> Result<TaskReport> {
    let mut job = work.job();
    let sizes = SizeEstimate::of(std::slice::from_ref(partition), job.inputs().columns(), &job);
    // The budget of one of many tasks may be smaller than any task can work with.
    job.memory = job.memory.map(|memory| memory.max(sizes.least(&job)));
    let mut store = Store::new(&job, output);
    let mut totals = Totals::default();
    match tasks.kind {
        PlanKind::Map | PlanKind::Stitch | PlanKind::MapUnchecked => {
            let (mut worker, budget, stitch) = (job.worker(), sizes.share(&job), tasks.kind == PlanKind::Stitch);
            let computed = or_skip(&job, partition, |partition| compute(&mut worker, partition, budget, stitch))?;
            let PartitionOutput { partition, results } = computed;
            (totals.rows, totals.left_out) = (partition.rows, partition.left_out);
            totals.counts = results.counts(job.statistics);
            for edge in partition.edges {
                store.rows(edge.unwrap_or_else(|| Rows::new(job.source.id_type())))?;
            }
            store.results(vec![results])?;
            store.ids = partition.ids;
        }
        PlanKind::Merge => {
            let slice = slice(work, tasks, number, partition)?;
            let results = merge::run_slice(&job, sizes.for_merge(&job)?, &slice, &mut totals)?;
            for _edge in 0..2 {
                store.rows(Rows::new(job.source.id_type()))?;
            }
            store.results(results)?;
        }
        PlanKind::Shuffle => {
            let mut budget = sizes.for_shuffle(&job)?;
            budget.buckets = tasks.buckets;
            let rows = shuffle::regroup(&job, budget, std::slice::from_ref(partition), &mut totals)?;
            for bucket in 0..tasks.buckets {
                job.check_stop()?;
                let mut all = Rows::new(job.source.id_type());
                match rows.in_memory(bucket) {
                    Some(parts) => {
                        parts.iter().for_each(|part| all.extend_from(part.rows, part.start..part.end));
                    }
                    None => rows.append_all(bucket, &mut all)?,
                }
                store.rows(all)?;
            }
        }
        PlanKind::Fold => {
            let folds = folds(&job).ok_or_else(not_folds)?;
            let states: Vec<_> = (0..tasks.buckets).map(|_| Mutex::new(States::new(&job, &folds))).collect();
            lift_round(&job, &folds, partition, &states, &mut totals)?;
            for states in states {
                store.states(states.into_inner().unwrap_or_else(PoisonError::into_inner).into_stored())?;
            }
        }
    }
    Ok(store.report(totals))
}

/// Returns the slice of a merge that a task reads.
fn slice(work: Work<'_>, tasks: &Tasks, number: usize, partition: &Partition) -> Result<Slice> {
    let before = number.checked_sub(1).and_then(|before| tasks.partitions.get(before));
    let planned = &tasks.partitions[number];
    // A row group is read by consecutive slices.
    let is_first = |i: usize| before.is_none_or(|before| !before.pieces.contains(&planned.pieces[i]));
    let from = number.checked_sub(1).and_then(|before| tasks.cuts.get(before));
    let bounds = [from, tasks.cuts.get(number)].map(Option::<&ObjectId>::cloned);
    let slice = Slice::between(work.source, partition, bounds, is_first);
    slice.ok_or_else(|| Error::Internal { message: format!("task {number} has no slice of ids") })
}

/// Runs a task of the second round. `number` counts through both rounds.
///
/// # Errors
/// If the outputs of the first round cannot be read. Otherwise see [`read`].
pub fn reduce(
    work: Work<'_>,
    tasks: &Tasks,
    number: usize,
    inputs: &dyn StoredOutputs,
    output: &mut dyn TaskOutput,
) -> Result<TaskReport> {
    let mut job = work.job();
    let buckets = tasks.buckets_of(number - tasks.partitions.len());
    let rows = StoredRows::new(&job, tasks, inputs)?;
    let mut totals = Totals { rows: buckets.clone().map(|bucket| rows.rows(bucket)).sum(), ..Totals::default() };
    let mut sizes = SizeEstimate::of(&tasks.partitions, job.inputs().columns(), &job);
    sizes.rows = totals.rows;
    job.memory = job.memory.map(|memory| memory.max(sizes.least(&job)));
    let results = if tasks.kind == PlanKind::Fold {
        let folds = folds(&job).ok_or_else(not_folds)?;
        let finish = |bucket| {
            let mut states = States::new(&job, &folds);
            for task in 0..rows.labels.len() {
                job.check_stop()?;
                let mut more = Results::new(job.source.id_type(), width(&folds));
                inputs.results(task, bucket, &mut more).map_err(Error::Source)?;
                rows.labels[task].decode_results(&mut more);
                states.add_stored(&job, &more, &folds)?;
            }
            states.finish(&job, &folds)
        };
        let results = buckets.map(finish).collect::<Result<Vec<_>>>()?;
        results.iter().for_each(|results| totals.counts += results.counts(job.statistics));
        results
    } else {
        shuffle::compute(&job, sizes.for_shuffle(&job)?, buckets, &rows, &mut totals)?
    };
    let mut store = Store::new(&job, output);
    store.results(results)?;
    store.ids = None;
    Ok(store.report(totals))
}

/// Rows by bucket, in the outputs of the first round.
struct StoredRows<'a> {
    inputs: &'a dyn StoredOutputs,
    /// The labels of each output.
    labels: Vec<InputLabels>,
    /// The number of rows of each bucket.
    rows: Vec<u64>,
}

impl<'a> StoredRows<'a> {
    fn new(job: &Job<'_>, tasks: &Tasks, inputs: &'a dyn StoredOutputs) -> Result<Self> {
        let mut stored = Self { inputs, labels: vec![], rows: vec![0; tasks.buckets] };
        for task in 0..tasks.partitions.len() {
            let rows = inputs.rows_by_block(task).map_err(Error::Source)?;
            if rows.len() != tasks.buckets {
                let reason = format!("it has {} buckets, not {}", rows.len(), tasks.buckets);
                return Err(Error::WrongOutput { task, reason });
            }
            stored.rows.iter_mut().zip(rows).for_each(|(sum, rows)| *sum = sum.saturating_add(rows));
            stored.labels.push(InputLabels::new(job.source.bands(), &inputs.report(task).labels)?);
        }
        Ok(stored)
    }
}

impl BucketRows for StoredRows<'_> {
    fn rows(&self, bucket: usize) -> u64 {
        self.rows[bucket]
    }

    fn pieces(&self, _: usize) -> usize {
        self.labels.len()
    }

    fn append_piece(&self, bucket: usize, task: usize, rows: &mut Rows) -> Result<()> {
        let from = rows.len();
        self.inputs.rows(task, bucket, rows).map_err(Error::Source)?;
        self.labels[task].decode_rows(rows, from);
        Ok(())
    }
}

/// Stores the output of a task, and converts its band codes to positions in a list of labels.
struct Store<'a> {
    job: &'a Job<'a>,
    output: &'a mut dyn TaskOutput,
    labels: OutputLabels<'a>,
    rows_out: u64,
    /// The smallest and largest id stored so far.
    ids: Option<(ObjectId, ObjectId)>,
}

impl<'a> Store<'a> {
    fn new(job: &'a Job<'a>, output: &'a mut dyn TaskOutput) -> Self {
        Self { job, output, labels: OutputLabels::new(job.source.bands()), rows_out: 0, ids: None }
    }

    fn rows(&mut self, mut rows: Rows) -> Result<()> {
        self.labels.encode(&mut rows.band);
        let all = Part::of(&rows, 0..rows.len());
        let parts = if rows.is_empty() { &[][..] } else { std::slice::from_ref(&all) };
        self.output.rows(parts).map_err(Error::Sink)
    }

    fn states(&mut self, mut states: Results) -> Result<()> {
        self.labels.encode(&mut states.band);
        self.output.results(&states).map_err(Error::Sink)
    }

    /// Merges the results of buckets by id, and stores them.
    fn results(&mut self, buckets: Vec<PendingResults>) -> Result<()> {
        let id_type = self.job.source.id_type();
        let runs = buckets.into_iter().map(|bucket| bucket.into_blocks(self.job)).enumerate().collect();
        merge_by_id(self.job, runs, |results| {
            let id = |row: usize| results.ids.get(row).to_owned(id_type);
            let first = self.ids.take().map_or_else(|| id(0), |(first, _)| first);
            self.ids = Some((first, id(results.len() - 1)));
            self.rows_out += results.len() as u64;
            for from in (0..results.len()).step_by(BLOCK_ROWS) {
                let mut block = results.new_like();
                block.extend_from(&results, from..results.len().min(from + BLOCK_ROWS));
                self.labels.encode(&mut block.band);
                self.output.results(&block).map_err(Error::Sink)?;
            }
            Ok(())
        })
    }

    fn report(self, totals: Totals) -> TaskReport {
        let many_rows = self.job.statistics.iter().any(Statistic::has_many_rows);
        let without_rows = totals.counts.too_few.first().copied().filter(|_| many_rows).unwrap_or(0);
        TaskReport {
            rows: totals.rows,
            rows_out: self.rows_out,
            without_rows,
            left_out: totals.left_out,
            ids: self.ids,
            labels: self.labels.labels,
            skipped: self.job.take_skipped(),
        }
    }
}
