//! A run cut into tasks that need nothing of each other, so that any process may run any of them, at any time and twice.
//!
//! Map and stitch have one round of tasks, a partition each ([`run_partition`]); [`link`] puts the results together. Shuffle
//! and fold have two: the first brings the rows of a partition, or the partial states of their light curves, to buckets
//! ([`scatter`], [`lift`]); the second computes a few buckets out of what all tasks of the first left ([`reduce`],
//! [`combine`]); [`merge`] puts the results together. The sink gets what [`crate::run`] would have given it, to the bit:
//! rows of a light curve meet in the same order, and partial states are those of the same rows.
//!
//! Where outputs lie between tasks is not known here. Their band codes are not those of a process but places in a list of
//! labels that goes with them, so that a task leaves the same bytes whoever runs it.

mod first;
mod labels;
mod link;
mod merge;
mod second;
mod states;

use tape_core::{Observer, Partition, Source, Statistic};

use crate::compute::Job;
use crate::error::Result;
use crate::plan::Plan;
use crate::plan::budget::{Sizes, rounds};
use crate::plan::config::{Config, PlanKind};
use crate::strategy::fold::{folds, width};
use crate::strategy::run::{bands_not_found, cut_unchecked};

pub use first::{Lifted, PartitionOutput, Scattering, lift, run_partition, scatter};
pub use labels::Labels;
pub use link::{Gathered, link};
pub use merge::merge;
pub use second::{Reduced, combine, reduce};

/// Rows that a task of the second round should have: enough that files are opened for more than a few, and a loss of a
/// minute at most.
const REDUCED_ROWS: u64 = 1 << 20;
/// Fewer tasks than this in the second round would leave workers idle.
const FEWEST_REDUCES: usize = 8;

/// What is computed, of what and how: all that tasks share.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// The survey, or what stands for it where rows come from elsewhere.
    pub source: &'a dyn Source,
    /// The statistics.
    pub statistics: &'a [Statistic],
    /// Bands, and the workers within a task: the folds of a [`lift`] use them, other tasks are one worker's.
    pub config: &'a Config,
    /// Who watches, and may stop it.
    pub observer: &'a dyn Observer,
}

impl<'a> Work<'a> {
    fn job(&self) -> Job<'a> {
        self.config.job(self.source, self.statistics, self.observer)
    }
}

/// How a run is cut into tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tasks {
    /// What each task of the first round reads.
    pub partitions: Vec<Partition>,
    /// Into how many buckets: a power of two, or 0 where there is no second round.
    pub buckets: usize,
    /// The tasks of the second round: a power of two that divides the buckets, or 0.
    pub reduces: usize,
}

impl Tasks {
    /// The buckets of a task of the second round.
    #[must_use]
    pub fn buckets_of(&self, reduce: usize) -> std::ops::Range<usize> {
        let each = self.buckets / self.reduces.max(1);
        reduce * each..(reduce + 1) * each
    }
}

/// Cuts a plan into tasks, each of which keeps to the budget of memory as long as no more than the workers of the
/// configuration run at once.
///
/// # Errors
/// If the budget is too small for any.
pub fn tasks(work: Work<'_>, plan: &Plan) -> Result<Tasks> {
    let partitions = &plan.layout.partitions;
    let job = work.job();
    let sizes = Sizes::of(partitions, plan.columns, &job);
    let (partitions, buckets) = match plan.kind {
        PlanKind::Map | PlanKind::MapUnchecked | PlanKind::Stitch => {
            return Ok(Tasks { partitions: partitions.clone(), buckets: 0, reduces: 0 });
        }
        // The slices of a merge are no tasks: each would read again what it shares with others.
        PlanKind::Shuffle | PlanKind::Merge => {
            let room = sizes.for_shuffle(&job)?;
            (fitting(partitions, room.rows_at_once / job.workers as u64), room.buckets)
        }
        // The rounds of the fold plan, because partial states are to be those of the same rows.
        PlanKind::Fold => {
            let room = sizes.for_fold(&job)?;
            let rounds = rounds(partitions, room.rows_at_once, job.workers).into_iter().map(joined);
            (rounds.filter(|round| !round.pieces.is_empty()).collect(), room.buckets)
        }
    };
    let wanted = usize::try_from(plan.rows.div_ceil(REDUCED_ROWS).next_power_of_two()).unwrap_or(buckets);
    Ok(Tasks { partitions, buckets, reduces: wanted.max(FEWEST_REDUCES).min(buckets) })
}

/// The floats in a partial state of these statistics, of which only folds have one.
#[must_use]
pub fn state_width(statistics: &[Statistic]) -> usize {
    folds(statistics).map_or(0, |folds| width(&folds))
}

/// What the user should know of a run that is put together. The source must know all bands that any task met.
#[must_use]
pub fn warnings(work: Work<'_>, gathered: &Gathered) -> Vec<String> {
    cut_unchecked(gathered.cut_edges).into_iter().chain(bands_not_found(&work.job())).collect()
}

/// Partitions of up to `most` rows each, as near as row groups allow.
fn fitting(partitions: &[Partition], most: u64) -> Vec<Partition> {
    let apart = |partition: &Partition| {
        let whole = partition.rows() <= most;
        if whole {
            vec![partition.clone()]
        } else {
            rounds(std::slice::from_ref(partition), most.max(1), 1).into_iter().map(joined).collect()
        }
    };
    partitions.iter().flat_map(apart).collect()
}

fn joined(round: Vec<Partition>) -> Partition {
    Partition { pieces: round.into_iter().flat_map(|partition| partition.pieces).collect() }
}
