//! A run cut into tasks that need nothing of each other, so that any process may run any of them, at any time and twice.
//!
//! The stages are those of [`crate::run`]; the outputs of each stage are stored. Map, stitch and merge have one round of tasks,
//! each of a partition or of a slice of ids ([`read`]). Shuffle and fold have two: the first brings rows or partial states to
//! buckets ([`read`]), the second computes a few buckets of all tasks of the first ([`reduce`]). [`gather`] checks the results
//! and puts them together. The sink gets what [`crate::run`] gives it, to the bit: rows of a light curve meet in the same
//! order, and partial states are those of the same rows.
//!
//! Where outputs lie is not known here: see [`TaskOutput`] and [`StoredOutputs`]. Their band codes are not those of a process
//! but places in a list of labels that goes with them, so that a task leaves the same bytes whoever runs it.

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

/// Rows that a task of the second round should have: enough that files are opened for more than a few, and a loss of a
/// minute at most.
const REDUCED_ROWS: u64 = 1 << 20;
/// Fewer tasks than this in the second round would leave workers idle.
const FEWEST_REDUCES: usize = 8;

/// The input and settings that all tasks share.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// The survey, or what stands for it where rows come from elsewhere.
    pub source: &'a dyn Source,
    /// The statistics.
    pub statistics: &'a [Statistic],
    /// Bands; workers and memory of one task; what to do about what cannot be read.
    pub config: &'a Config,
    /// Observes the tasks, and may stop them.
    pub observer: &'a dyn Observer,
}

impl<'a> Work<'a> {
    fn job(&self) -> Job<'a> {
        self.config.job(self.source, self.statistics, self.observer)
    }
}

/// The division of a run into tasks. They are numbered through both rounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tasks {
    /// The plan.
    pub kind: PlanKind,
    /// The partition that each task of the first round reads.
    pub partitions: Vec<Partition>,
    /// The smallest id of each slice of a merge but the first; a task reads a slice.
    pub cuts: Vec<ObjectId>,
    /// Into how many buckets: a power of two, or 0 where there is no second round.
    pub buckets: usize,
    /// The tasks of the second round: a power of two that divides the buckets, or 0.
    pub reduces: usize,
}

impl Tasks {
    /// Returns the buckets of a task of the second round, by its place in that round.
    #[must_use]
    pub fn buckets_of(&self, reduce: usize) -> std::ops::Range<usize> {
        let each = self.buckets / self.reduces.max(1);
        reduce * each..(reduce + 1) * each
    }

    /// Tells whether tasks of the first round share out their work, and the memory of all workers, within: they run one at a time.
    #[must_use]
    pub const fn read_one_by_one(&self) -> bool {
        matches!(self.kind, PlanKind::Fold | PlanKind::Merge)
    }
}

/// Takes the output of a task, block by block.
pub trait TaskOutput {
    /// Takes a block of rows.
    ///
    /// # Errors
    /// If it cannot be stored.
    fn rows(&mut self, parts: &[Part<'_>]) -> std::result::Result<(), SourceError>;

    /// Takes a block of results, or of partial states.
    ///
    /// # Errors
    /// If it cannot be stored.
    fn results(&mut self, results: &Results) -> std::result::Result<(), SourceError>;
}

/// The outputs of tasks that are done.
pub trait StoredOutputs: Sync {
    /// Returns what a task reported.
    fn report(&self, task: usize) -> TaskReport;

    /// Returns the number of rows in each block of a task's output.
    ///
    /// # Errors
    /// If it cannot be read.
    fn rows_by_block(&self, task: usize) -> std::result::Result<Vec<u64>, SourceError>;

    /// Appends the rows of a block.
    ///
    /// # Errors
    /// If it cannot be read, or is not what was stored.
    fn rows(&self, task: usize, block: usize, rows: &mut Rows) -> std::result::Result<(), SourceError>;

    /// Appends the results of a block.
    ///
    /// # Errors
    /// If it cannot be read, or is not what was stored.
    fn results(&self, task: usize, block: usize, results: &mut Results) -> std::result::Result<(), SourceError>;
}

/// The report of a task, in addition to its output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskReport {
    /// Rows read; of the second round, rows or partial states.
    pub rows: u64,
    /// Results in the output.
    pub rows_out: u64,
    /// Light curves that have none of them, where there may be many for each.
    pub without_rows: u64,
    /// Epochs that no statistic saw; those of rows that are held back at edges are not judged yet.
    pub left_out: LeftOut,
    /// The smallest and largest id of a partition, as read.
    pub ids: Option<(ObjectId, ObjectId)>,
    /// The labels that the band codes of the output stand for.
    pub labels: Vec<String>,
    /// Light curves and row groups that were skipped.
    pub skipped: Vec<Skipped>,
}

/// Cuts a plan into tasks. They keep to the memory budget as long as no more of them run at once than the configuration
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
        // The rounds of the fold plan, because partial states are to be those of the same rows.
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
