//! Settings of a run, and the kinds of plan.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use tape_core::{LightCurveStep, Observer, Source, Spill, Statistic, Step};

use crate::compute::skipped::OnError;
use crate::compute::{BATCH, Job};
use crate::plan::partitioning::Partitioning;
use crate::pool::{Executor, Threads, default_workers};

/// The plan that the user requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PlanChoice {
    /// The cheapest plan that is correct.
    #[default]
    Auto,
    /// Work per partition; an error if partitions cut light curves.
    Map,
    /// Work per partition, with light curves that partition edges cut joined.
    Stitch,
    /// A slice of ids at a time, for sorted runs that overlap. An error if the footers have no ranges of ids, or if
    /// each row group may hold any id.
    Merge,
    /// Rows regrouped by object first.
    Shuffle,
    /// Partial states are combined, so memory only grows with the number of light curves. Only for folds.
    Fold,
    /// Work per partition. Each piece of a light curve counts as a whole one.
    MapUnchecked,
}

/// The kind of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanKind {
    /// Work per partition, one pass, no exchange.
    Map,
    /// The map plan, with the rows of light curves at partition edges held back and joined.
    Stitch,
    /// A slice of ids at a time, read from the row groups that may hold them.
    Merge,
    /// Rows regrouped by a hash of their id.
    Shuffle,
    /// Partial states of light curves are combined, some rows at a time.
    Fold,
    /// Work per partition without a check.
    MapUnchecked,
}

impl PlanKind {
    /// All plans.
    pub const ALL: [Self; 6] = [Self::Map, Self::Stitch, Self::Merge, Self::Shuffle, Self::Fold, Self::MapUnchecked];

    /// Returns the name that the command line uses.
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

impl PlanChoice {
    /// All choices.
    pub const ALL: [Self; 7] =
        [Self::Auto, Self::Map, Self::Stitch, Self::Merge, Self::Shuffle, Self::Fold, Self::MapUnchecked];

    /// Returns the name that the command line uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.kind() {
            None => "auto",
            Some(kind) => kind.name(),
        }
    }

    /// Returns a description of the plan in one line.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Auto => "The fastest plan that is correct, according to the footers",
            Self::Map => "Work per partition; an error if partitions cut light curves",
            Self::Stitch => "Work per partition, and join light curves that partition edges cut",
            Self::Merge => {
                "Read a slice of ids at a time from the row groups that hold them; for sorted files that overlap"
            }
            Self::Shuffle => "Regroup the rows by object first",
            Self::Fold => "Combine partial states, some rows at a time; only for statistics that are folds",
            Self::MapUnchecked => "Work per partition without a check: WRONG if partitions cut light curves",
        }
    }

    /// Returns the requested plan, or `None` for [`PlanChoice::Auto`].
    #[must_use]
    pub const fn kind(self) -> Option<PlanKind> {
        match self {
            Self::Auto => None,
            Self::Map => Some(PlanKind::Map),
            Self::Stitch => Some(PlanKind::Stitch),
            Self::Merge => Some(PlanKind::Merge),
            Self::Shuffle => Some(PlanKind::Shuffle),
            Self::Fold => Some(PlanKind::Fold),
            Self::MapUnchecked => Some(PlanKind::MapUnchecked),
        }
    }
}

impl From<PlanKind> for PlanChoice {
    fn from(kind: PlanKind) -> Self {
        match kind {
            PlanKind::Map => Self::Map,
            PlanKind::Stitch => Self::Stitch,
            PlanKind::Merge => Self::Merge,
            PlanKind::Shuffle => Self::Shuffle,
            PlanKind::Fold => Self::Fold,
            PlanKind::MapUnchecked => Self::MapUnchecked,
        }
    }
}

/// The error for an unknown name of a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown plan '{name}': use one of {}", PlanChoice::ALL.map(PlanChoice::name).join(", "))]
pub struct NoSuchPlan {
    /// The name.
    pub name: String,
}

macro_rules! named {
    ($type:ty) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl FromStr for $type {
            type Err = NoSuchPlan;

            fn from_str(name: &str) -> Result<Self, NoSuchPlan> {
                let found = Self::ALL.into_iter().find(|plan| plan.name() == name);
                found.ok_or_else(|| NoSuchPlan { name: name.to_owned() })
            }
        }
    };
}

named!(PlanKind);
named!(PlanChoice);

/// Settings of a run.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The requested plan.
    pub plan: PlanChoice,
    /// Division of the survey into partitions.
    pub partitioning: Partitioning,
    /// Number of tasks to run at once. 0 means one per core.
    pub workers: usize,
    /// The threads to run on. The results do not depend on it.
    pub threads: Threads,
    /// The bands to compute. `None` means all.
    pub bands: Option<Vec<String>>,
    /// Number of rows that shuffle and fold hold in memory at once, as near as row groups allow. 0 means the best
    /// number for the budget.
    pub rows_at_once: u64,
    /// Number of rows that statistics get at once, as near as memory and partitions allow. 0 means as many as the cache
    /// of a core holds. A GPU needs many.
    pub chunk_rows: usize,
    /// Bytes of memory that a run may take in addition to the program itself. `None` means no limit.
    pub memory: Option<u64>,
    /// Storage for rows that do not fit in memory.
    pub spill: Option<Arc<dyn Spill>>,
    /// Behaviour on row groups that cannot be read, and on light curves that do not fit in memory.
    pub on_error: OnError,
    /// Steps that light curves pass through before statistics, in order.
    pub steps: Vec<Arc<dyn LightCurveStep>>,
}

impl Config {
    /// Returns the number of worker threads.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        if self.workers == 0 { default_workers() } else { self.workers }
    }

    /// Returns the number of rows to read at a time. Batches larger than a cache may take at most an eighth of the
    /// memory. A row is held three times, with 40 bytes each.
    fn batch(&self) -> usize {
        let fitting = self.memory.map_or(u64::MAX, |memory| memory / 8 / 120 / self.worker_count() as u64);
        self.chunk_rows.min(usize::try_from(fitting).unwrap_or(usize::MAX)).max(BATCH)
    }

    /// Creates a job with these settings.
    pub(crate) fn job<'a>(
        &'a self,
        source: &'a dyn Source,
        statistics: &'a [Statistic],
        observer: &'a dyn Observer,
    ) -> Job<'a> {
        let executor = Executor::new(self.worker_count(), self.threads.clone());
        let (bands, spill, batch) = (self.bands.as_deref(), self.spill.as_deref(), self.batch());
        let Self { memory, rows_at_once, on_error, .. } = *self;
        let (skipped, reads_for) = (Mutex::default(), Step::Read);
        Job {
            source,
            statistics,
            steps: &self.steps,
            bands,
            executor,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_names_can_be_parsed() {
        for choice in PlanChoice::ALL {
            assert_eq!(choice.to_string().parse(), Ok(choice));
            let json = serde_json::to_string(&choice).expect("plain");
            assert_eq!(json, format!("\"{choice}\""));
            assert_eq!(serde_json::from_str::<PlanChoice>(&json).expect("it is one"), choice);
        }
        for kind in PlanKind::ALL {
            assert_eq!((kind.to_string().parse(), PlanChoice::from(kind).kind()), (Ok(kind), Some(kind)));
            assert_eq!(serde_json::to_string(&kind).expect("plain"), format!("\"{kind}\""));
        }
        let error = "sort".parse::<PlanKind>().expect_err("none").to_string();
        assert!(error.contains("'sort'") && error.contains("map-unchecked"), "{error}");
    }
}
