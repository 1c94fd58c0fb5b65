//! Tasks of the first round: they read rows of the survey.

use tape_core::{LeftOut, ObjectId, Part, Partition, Results, Rows};

use super::Work;
use super::labels::{Labels, Used};
use super::states::{lift_bucket, not_folds};
use crate::compute::partition::{Outcome, compute};
use crate::error::{Error, Result};
use crate::order::pending_results::Waiting;
use crate::plan::budget::{Share, Sizes};
use crate::plan::config::PlanKind;
use crate::pool::in_order;
use crate::strategy::fold::folds;
use crate::strategy::scatter::{Scattered, scatter_all};

/// What came of one partition.
#[derive(Clone, Debug)]
pub struct PartitionOutput {
    /// The labels of the bands in it.
    pub labels: Vec<String>,
    /// The results of its light curves, by id and band.
    pub results: Results,
    /// Held back by the stitch plan: the rows of its smallest id, and of its largest where that is another.
    pub edges: [Option<Rows>; 2],
    /// Its smallest and largest id, as read.
    pub ids: Option<(ObjectId, ObjectId)>,
    /// Rows read.
    pub rows: u64,
    /// Epochs that no statistic saw; those of the rows held back are not judged yet.
    pub left_out: LeftOut,
}

impl PartitionOutput {
    fn recode(&mut self, labels: &Labels) {
        labels.of_results(&mut self.results);
        self.edges.iter_mut().flatten().for_each(|rows| labels.of_rows(rows, 0));
    }

    /// The same with the band codes of a source, instead of places in the labels.
    ///
    /// # Errors
    /// If the source then had too many bands.
    pub fn known_to(mut self, source: &dyn tape_core::Source) -> Result<Self> {
        let labels = Labels::known_to(source.bands(), &self.labels).map_err(|error| Error::Source(error.into()))?;
        self.recode(&labels);
        Ok(self)
    }
}

/// Computes a partition where it lies.
///
/// # Errors
/// If it cannot be read, a statistic panics, or the observer asks to stop.
pub fn run_partition(work: Work<'_>, kind: PlanKind, partition: &Partition) -> Result<PartitionOutput> {
    let job = work.job();
    let mut worker = job.worker();
    let sizes = Sizes::of(std::slice::from_ref(partition), job.inputs().columns(), &job);
    // The results of one partition stay in memory, as the task's output.
    let share = Share { results: u64::MAX, ..sizes.share(&job) };
    let outcome = compute(&mut worker, partition, share, kind == PlanKind::Stitch)?;
    let mut used = Used::new();
    used.add(&outcome.results.held.band);
    outcome.edges.iter().flatten().for_each(|rows| used.add(&rows.band));
    let (names, labels) = used.labels(work.source.bands());
    let Outcome { results: Waiting { held: results, .. }, edges, ids, left_out, rows, .. } = outcome;
    let mut output = PartitionOutput { labels: names, results, edges, ids, rows, left_out };
    output.recode(&labels);
    Ok(output)
}

/// The rows of a partition, by bucket.
pub struct Scattering {
    /// The labels of the bands in it.
    pub labels: Vec<String>,
    /// Rows read.
    pub rows: u64,
    /// Rows that the reader dropped; of the others nothing is judged yet.
    pub left_out: LeftOut,
    scattered: Scattered,
}

impl Scattering {
    /// The rows of a bucket, in the order of the survey.
    #[must_use]
    pub fn parts(&self, bucket: usize) -> Vec<Part<'_>> {
        self.scattered.parts(bucket)
    }
}

/// Brings the rows of a partition to buckets.
///
/// # Errors
/// If it cannot be read, or the observer asks to stop.
pub fn scatter(work: Work<'_>, partition: &Partition, buckets: usize) -> Result<Scattering> {
    let mut scattered = scatter_all(&work.job(), std::slice::from_ref(partition), buckets)?;
    let mut used = Used::new();
    scattered.blocks_mut().for_each(|rows| used.add(&rows.band));
    let (names, labels) = used.labels(work.source.bands());
    scattered.blocks_mut().for_each(|rows| labels.of_rows(rows, 0));
    Ok(Scattering { labels: names, rows: scattered.rows, left_out: scattered.left_out, scattered })
}

/// The partial states of a partition's light curves, by bucket.
#[derive(Clone, Debug)]
pub struct Lifted {
    /// The labels of the bands in it.
    pub labels: Vec<String>,
    /// For each bucket the states, in the place of results: for each float of them a column.
    pub states: Vec<Results>,
    /// Rows read.
    pub rows: u64,
    /// Epochs that no statistic saw.
    pub left_out: LeftOut,
}

/// Lifts the rows of a partition to partial states, which it brings to buckets.
///
/// # Errors
/// If it cannot be read, a statistic panics, or the observer asks to stop.
pub fn lift(work: Work<'_>, partition: &Partition, buckets: usize) -> Result<Lifted> {
    let job = work.job();
    let Some(folds) = folds(work.statistics) else { return Err(not_folds()) };
    let each = partition.pieces.iter().map(|piece| Partition { pieces: vec![piece.clone()] });
    let scattered = scatter_all(&job, &each.collect::<Vec<_>>(), buckets)?;
    let mut out = Lifted {
        labels: vec![],
        states: Vec::with_capacity(buckets),
        rows: scattered.rows,
        left_out: scattered.left_out,
    };
    let mut used = Used::new();
    in_order(
        job.crew(),
        buckets,
        || job.worker(),
        |worker, bucket| lift_bucket(worker, &folds, &scattered.parts(bucket)),
        |(states, left_out)| {
            used.add(&states.band);
            out.left_out += left_out;
            out.states.push(states);
            Ok(())
        },
    )?;
    let (names, labels) = used.labels(work.source.bands());
    out.states.iter_mut().for_each(|states| labels.of_results(states));
    out.labels = names;
    Ok(out)
}
