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

/// The plan that a user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
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

/// The kind of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Map, Self::Stitch, Self::Merge, Self::Shuffle, Self::Fold, Self::MapUnchecked];

    /// Returns its name, as on the command line.
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
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Auto, Self::Map, Self::Stitch, Self::Merge, Self::Shuffle, Self::Fold, Self::MapUnchecked];

    /// Returns its name, as on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.kind() {
            None => "auto",
            Some(kind) => kind.name(),
        }
    }

    /// Returns what the plan does, in one line.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Auto => "The fastest plan that is right, by what the footers say",
            Self::Map => "Work per partition; an error where partitions cut light curves",
            Self::Stitch => "Work per partition, and put together light curves that partition edges cut",
            Self::Merge => {
                "Read a slice of ids at a time from the row groups that hold them; for sorted files that overlap"
            }
            Self::Shuffle => "Bring the rows of each object together first",
            Self::Fold => "Combine partial states, some rows at a time; for statistics that are folds",
            Self::MapUnchecked => "Work per partition without a check: WRONG where partitions cut light curves",
        }
    }

    /// Returns the plan that is asked for, if it is a certain one.
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

/// No plan has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no plan called '{name}': plans are {}", PlanChoice::ALL.map(PlanChoice::name).join(", "))]
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
    /// The plan asked for.
    pub plan: PlanChoice,
    /// Division of the survey into partitions.
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
    /// Storage for rows that do not fit in memory.
    pub spill: Option<Arc<dyn Spill>>,
    /// Behaviour on row groups that cannot be read, and on light curves that do not fit in memory.
    pub on_error: OnError,
    /// Steps that light curves go through before statistics, in order.
    pub steps: Vec<Arc<dyn LightCurveStep>>,
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

    /// Returns the job with these settings.
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
    fn plans_come_back_from_their_names() {
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
