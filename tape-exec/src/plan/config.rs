//! How a run is planned.

use std::sync::{Arc, Mutex};

use tape_core::{Observer, Source, Spill, Statistic, Step};

use crate::compute::skipped::OnError;
use crate::compute::{BATCH, Job};
use crate::plan::partitioning::Partitioning;
use crate::pool::default_workers;
use crate::pool::executor::Threads;

/// The plan that a user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlanChoice {
    /// Whichever is right and cheapest.
    #[default]
    Auto,
    /// Work per partition; an error where partitions cut light curves.
    Map,
    /// Work per partition, with the light curves cut by partition edges put together.
    Stitch,
    /// Sorted runs that overlap, a slice of ids at a time; an error where the footers do not tell the ids of row groups, or
    /// where each may hold any.
    Merge,
    /// Rows regrouped by object first.
    Shuffle,
    /// Partial states combined, so that memory grows with the light curves alone; for folds only.
    Fold,
    /// Work per partition, each piece of a light curve taken for a whole one.
    MapUnchecked,
}

/// What a plan does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanKind {
    /// Work per partition, one pass, no exchange.
    Map,
    /// The map plan, with the rows of light curves at partition edges held back and put together.
    Stitch,
    /// A slice of ids at a time, from the row groups that may hold them.
    Merge,
    /// Rows regrouped by a hash of their id.
    Shuffle,
    /// Partial states of light curves combined, over some of the rows at a time.
    Fold,
    /// Work per partition without a check.
    MapUnchecked,
}

impl PlanKind {
    /// Its name, as on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Stitch => "stitch",
            Self::Merge => "merge",
            Self::Shuffle => "shuffle",
            Self::Fold => "fold",
            Self::MapUnchecked => "map-unchecked",
        }
    }
}

/// How a run is planned.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The plan asked for.
    pub plan: PlanChoice,
    /// How the survey is cut.
    pub partitioning: Partitioning,
    /// Tasks under way at once; as many as cores if 0.
    pub workers: usize,
    /// On which threads. Nothing that is computed depends on it.
    pub threads: Threads,
    /// The bands to compute; all if none is named.
    pub bands: Option<Vec<String>>,
    /// Rows that shuffle and fold hold in memory at once, as near as row groups allow; as many as the budget allows and is
    /// best if 0.
    pub rows_at_once: u64,
    /// Rows that statistics get at once, as near as memory and partitions allow; as many as the cache of a core holds if 0.
    /// A device wants many.
    pub chunk_rows: usize,
    /// Bytes of memory that a run may take beside the program itself; as many as it needs without.
    pub memory: Option<u64>,
    /// Where rows go for which that is too little.
    pub spill: Option<Arc<dyn Spill>>,
    /// What to do about what cannot be read, and about light curves that do not fit in memory.
    pub on_error: OnError,
}

impl Config {
    /// The number of worker threads.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        if self.workers == 0 { default_workers() } else { self.workers }
    }

    /// Rows read at a time. More than a cache holds of them takes an eighth of the memory at most: a row is held three times,
    /// in 40 bytes each.
    fn batch(&self) -> usize {
        let fitting = self.memory.map_or(u64::MAX, |memory| memory / 8 / 120 / self.worker_count() as u64);
        self.chunk_rows.min(usize::try_from(fitting).unwrap_or(usize::MAX)).max(BATCH)
    }

    /// What is computed in this way.
    pub(crate) fn job<'a>(
        &'a self,
        source: &'a dyn Source,
        statistics: &'a [Statistic],
        observer: &'a dyn Observer,
    ) -> Job<'a> {
        let (workers, spill) = (self.worker_count(), self.spill.as_deref());
        let Self { memory, rows_at_once, on_error, ref threads, .. } = *self;
        let (bands, skipped, reads_for) = (self.bands.as_deref(), Mutex::default(), Step::Read);
        let batch = self.batch();
        Job {
            source,
            statistics,
            bands,
            workers,
            threads,
            memory,
            spill,
            rows_at_once,
            batch,
            on_error,
            skipped,
            observer,
            reads_for,
        }
    }
}
