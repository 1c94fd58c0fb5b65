//! Divides a run into independent tasks. Any process may run any task, at any time and repeatedly.
//!
//! The stages are those of [`crate::run`], but the outputs of each stage are stored. Map, stitch and merge have one
//! round of tasks, one per partition or slice of ids ([`read`]). Shuffle and fold have two rounds: the first partitions
//! rows or partial states into buckets ([`read`]), the second computes a few buckets from all outputs of the first
//! ([`reduce`]). [`gather`] checks and combines the results. The sink receives exactly the bits that [`crate::run`]
//! gives: rows of a light curve are combined in the same order, and partial states are made of the same rows.
//!
//! This module does not know where outputs are stored: see [`TaskOutput`] and [`StoredOutputs`]. Their band codes are
//! positions in a list of labels, so that a task writes the same bytes in any process.

mod gather;
mod labels;
mod run;

use tape_core::{LeftOut, ObjectId, Observer, Part, Partition, Results, Rows, Source, SourceError, Statistic};

use crate::compute::Job;
use crate::compute::skipped::Skipped;
use crate::error::Result;
use crate::plan::Plan;
use crate::plan::budget::SizeEstimate;
use crate::plan::config::{Config, PlanKind};
use crate::plan::pieces::rounds;

pub use gather::{Gathered, gather};
pub use run::{read, reduce};

/// Target number of rows for a task of the second round. It is large enough to open each file for more than a few rows,
/// and small enough that a failed task costs a minute at most.
const REDUCED_ROWS: u64 = 1 << 20;
/// The smallest number of tasks in the second round. With fewer, workers would be idle.
const FEWEST_REDUCES: usize = 8;

/// The input and settings that all tasks share.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// The survey, or a source that replaces it if rows come from elsewhere.
    pub source: &'a dyn Source,
    /// The statistics.
    pub statistics: &'a [Statistic],
    /// The bands, the workers and memory of one task, and the reaction to errors.
    pub config: &'a Config,
    /// Observes the tasks, and may stop them.
    pub observer: &'a dyn Observer,
}

impl<'a> Work<'a> {
    fn job(&self) -> Job<'a> {
        self.config.job(self.source, self.statistics, self.observer)
    }
}

/// The division of a run into tasks, which are numbered through both rounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tasks {
    /// The plan.
    pub kind: PlanKind,
    /// The partition that each task of the first round reads.
    pub partitions: Vec<Partition>,
    /// For a merge, the smallest id of each slice except the first. Each task reads one slice.
    pub cuts: Vec<ObjectId>,
    /// Number of buckets: a power of two, or 0 without a second round.
    pub buckets: usize,
    /// Number of tasks in the second round: a power of two that divides `buckets`, or 0.
    pub reduces: usize,
}

impl Tasks {
    /// Returns the buckets of a task, by its number within the second round.
    #[must_use]
    pub fn buckets_of(&self, reduce: usize) -> std::ops::Range<usize> {
        let each = self.buckets / self.reduces.max(1);
        reduce * each..(reduce + 1) * each
    }

    /// Returns true if a task of the first round uses all workers and their memory, so that these tasks run one at a
    /// time.
    #[must_use]
    pub const fn read_one_by_one(&self) -> bool {
        matches!(self.kind, PlanKind::Fold | PlanKind::Merge)
    }
}

/// Receives the output of a task, block by block.
pub trait TaskOutput {
    /// Stores a block of rows.
    ///
    /// # Errors
    /// If it cannot be stored.
    fn rows(&mut self, parts: &[Part<'_>]) -> std::result::Result<(), SourceError>;

    /// Stores a block of results, or of partial states.
    ///
    /// # Errors
    /// If it cannot be stored.
    fn results(&mut self, results: &Results) -> std::result::Result<(), SourceError>;
}

/// The outputs of completed tasks.
pub trait StoredOutputs: Sync {
    /// Returns the report of a task.
    fn report(&self, task: usize) -> TaskReport;

    /// Returns the number of rows in each block of a task's output.
    ///
    /// # Errors
    /// If it cannot be read.
    fn rows_by_block(&self, task: usize) -> std::result::Result<Vec<u64>, SourceError>;

    /// Appends the rows of a block.
    ///
    /// # Errors
    /// If it cannot be read, or was changed since it was stored.
    fn rows(&self, task: usize, block: usize, rows: &mut Rows) -> std::result::Result<(), SourceError>;

    /// Appends the results of a block.
    ///
    /// # Errors
    /// If it cannot be read, or was changed since it was stored.
    fn results(&self, task: usize, block: usize, results: &mut Results) -> std::result::Result<(), SourceError>;
}

/// The report of a task, in addition to its output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskReport {
    /// Number of rows read. In the second round, number of rows or partial states.
    pub rows: u64,
    /// Number of results in the output.
    pub rows_out: u64,
    /// Number of light curves without a row, for a statistic with many rows for each light curve.
    pub without_rows: u64,
    /// Epochs that were left out of the statistics. Rows that are held back at edges are not included yet.
    pub left_out: LeftOut,
    /// The smallest and largest id of a partition, as found in its rows.
    pub ids: Option<(ObjectId, ObjectId)>,
    /// The labels of the output's band codes.
    pub labels: Vec<String>,
    /// Light curves and row groups that were skipped.
    pub skipped: Vec<Skipped>,
}

/// Divides a plan into tasks. They stay within the memory budget if at most as many run at once as the configuration
/// has workers.
///
/// # Errors
/// If the budget is too small for any task.
pub fn tasks(work: Work<'_>, plan: &Plan) -> Result<Tasks> {
    let (kind, job, partitions) = (plan.kind, work.job(), &plan.layout.partitions);
    let sizes = SizeEstimate::of(partitions, plan.columns, &job);
    let one_round = |partitions| Tasks { kind, partitions, cuts: vec![], buckets: 0, reduces: 0 };
    let (partitions, buckets) = match kind {
        PlanKind::Map | PlanKind::MapUnchecked | PlanKind::Stitch => return Ok(one_round(partitions.clone())),
        PlanKind::Merge => {
            let cuts = plan.slices.iter().skip(1).map(|slice| slice.from.clone()).collect();
            let partitions = plan.slices.iter().map(crate::plan::slices::Slice::partition).collect();
            return Ok(Tasks { cuts, ..one_round(partitions) });
        }
        PlanKind::Shuffle => {
            let budget = sizes.for_shuffle(&job)?;
            let most = (budget.rows_at_once / job.workers()).max(1);
            let fitting = |partition| rounds(std::slice::from_ref(partition), most, 1);
            (partitions.iter().flat_map(fitting).collect(), budget.buckets)
        }
        // Uses the rounds of the fold plan, so that partial states are made of the same rows.
        PlanKind::Fold => {
            let budget = sizes.for_fold(&job)?;
            (rounds(partitions, budget.rows_at_once, job.workers()), budget.buckets)
        }
    };
    let partitions: Vec<_> = partitions.into_iter().filter(|partition| !partition.pieces.is_empty()).collect();
    let wanted = usize::try_from(plan.rows.div_ceil(REDUCED_ROWS).next_power_of_two()).unwrap_or(buckets);
    let reduces = wanted.max(FEWEST_REDUCES).min(buckets);
    Ok(Tasks { buckets, reduces, ..one_round(partitions) })
}
