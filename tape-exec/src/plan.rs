//! Chooses a plan from footers, and says why.

use std::fmt;
use std::sync::{Arc, Mutex};

use tape_core::{Columns, Event, Observer, Partition, Role, Source, Spill, Statistic, Step};

use crate::budget::Sizes;
use crate::crew::Threads;
use crate::cut::{Partitioning, cut};
use crate::error::{Error, Result};
use crate::job::{BATCH, Job};
use crate::layout::{Cohesion, Layout, rows_of};
use crate::skipped::OnError;
use crate::slices::{self, Slice};
use crate::workers::default_workers;

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

/// What will be done, and why. `Display` explains it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it does.
    pub kind: PlanKind,
    /// Whether the user forced it.
    pub forced: bool,
    /// The partitions, and what is known of them.
    pub layout: Layout,
    /// Why this plan.
    pub why: String,
    /// The columns that it reads.
    pub columns: Columns,
    /// Their names.
    pub column_names: Vec<String>,
    /// Rows to be read.
    pub rows: u64,
    /// Bytes to be read.
    pub bytes: u64,
    /// Bytes of memory that it is expected to need at most, beside the program itself.
    pub peak_memory: u64,
    /// Bytes that are put away for want of memory, before they are compressed.
    pub spill: u64,
    /// Worker threads.
    pub workers: usize,
    /// What the merge plan holds at a time.
    pub(crate) slices: Vec<Slice>,
}

/// Plans a run from footers. Only a plan that the user forces may need a scan of the ids.
///
/// # Errors
/// If nothing is asked for, or if the plan asked for would give a wrong answer.
pub fn plan(source: &dyn Source, statistics: &[Statistic], config: &Config, observer: &dyn Observer) -> Result<Plan> {
    if statistics.is_empty() {
        return Err(Error::NoStatistic);
    }
    let many = statistics.iter().find(|s| statistics.len() > 1 && s.has_many_rows());
    if let Some(statistic) = many.map(|s| s.info().name.to_string()) {
        return Err(Error::NotAlone { statistic });
    }
    check_bands(source, statistics, config)?;
    let workers = config.worker_count();
    let stitched = !matches!(config.plan, PlanChoice::Map | PlanChoice::MapUnchecked);
    let share = config.memory.map(|all| all / workers as u64);
    let mut layout = Layout::from_footers(source, cut(source, config.partitioning, share, stitched));
    let needs_proof = matches!(config.plan, PlanChoice::Map | PlanChoice::Stitch);
    let unproved = match &layout.cohesion {
        Cohesion::Unknown { .. } => true,
        Cohesion::CutAtEdges { first, .. } => first.is_none() && config.plan == PlanChoice::Map,
        Cohesion::Cohesive | Cohesion::Overlapping => false,
    };
    if needs_proof && unproved {
        // Told before the scan, so that its end does not look like that of the run.
        observer.event(Event::Ahead { step: Step::Read, rows: rows_of(&layout.partitions) });
        layout = Layout::scanned(source, layout.partitions, Columns::default(), config, observer)?.layout;
    }
    let whole = statistics.iter().find(|s| !s.is_fold()).map(|s| s.info().name.to_string());
    let (mut kind, mut why) = choose(source, config.plan, &layout, whole.as_deref())?;
    let job = config.job(source, statistics, observer);
    let mut columns = job.inputs().columns();
    columns.band = source.column(Role::Band).is_some();
    let sizes = Sizes::of(&layout.partitions, columns, &job);
    let mut slices = None;
    let forced = config.plan == PlanChoice::Merge;
    if forced || (config.plan == PlanChoice::Auto && layout.cohesion == Cohesion::Overlapping) {
        let room = sizes.for_merge(&job)?;
        slices = slices::slices(source, &layout.partitions, room.rows_at_once, forced);
        match &slices {
            Some(slices) => (kind, why) = (PlanKind::Merge, merges(slices)),
            None if forced => {
                let why =
                    "the footers do not tell the ids of row groups, or too many row groups hold the same".to_owned();
                return Err(Error::IllegalPlan { plan: "merge", why, instead: "--plan auto" });
            }
            None => {}
        }
    }
    let (peak_memory, spill) = sizes.memory(kind, &layout, slices.as_deref().unwrap_or_default(), &job)?;
    let touched = |p: &Partition| {
        p.pieces.iter().map(|piece| source.bytes(piece.row_group, columns)).fold(0, u64::saturating_add)
    };
    Ok(Plan {
        kind,
        forced: config.plan != PlanChoice::Auto,
        why,
        columns,
        column_names: column_names(source, columns),
        rows: rows_of(&layout.partitions),
        bytes: match &slices {
            Some(slices) => slices
                .iter()
                .flat_map(|slice| &slice.parts)
                .map(|part| touched(&part.partition()))
                .fold(0, u64::saturating_add),
            None => layout.partitions.iter().map(touched).fold(0, u64::saturating_add),
        },
        peak_memory,
        spill,
        workers,
        slices: slices.unwrap_or_default(),
        layout,
    })
}

/// Whether the bands that statistics compare are computed at all.
fn check_bands(source: &dyn Source, statistics: &[Statistic], config: &Config) -> Result<()> {
    for info in statistics.iter().filter(|s| s.is_of_objects()).map(Statistic::info) {
        let statistic = info.name.to_string();
        if source.column(Role::Band).is_none() {
            return Err(Error::NoBands { statistic });
        }
        let asked = |band: &&String| config.bands.as_ref().is_none_or(|asked| asked.contains(band));
        if let Some(band) = info.bands.iter().find(|band| !asked(band)) {
            return Err(Error::BandNotAsked { statistic, bands: info.bands.clone(), band: band.clone() });
        }
    }
    Ok(())
}

/// Why slices are read.
fn merges(slices: &[Slice]) -> String {
    let twice = 100.0 * slices::read_twice(slices);
    format!(
        "row groups share ranges of ids, but none holds all: {} slices of ids, {twice:.0} % read twice",
        slices.len()
    )
}

fn choose(source: &dyn Source, choice: PlanChoice, layout: &Layout, whole: Option<&str>) -> Result<(PlanKind, String)> {
    let illegal = |plan, why: String, instead| Err(Error::IllegalPlan { plan, why, instead });
    match (choice, &layout.cohesion) {
        (PlanChoice::Auto, _) => Ok(auto(layout, whole)),
        (PlanChoice::MapUnchecked, _) => Ok((PlanKind::MapUnchecked, "asked for, unchecked".to_owned())),
        (PlanChoice::Shuffle | PlanChoice::Merge, _) => Ok((PlanKind::Shuffle, "asked for".to_owned())),
        (PlanChoice::Fold, _) => match whole {
            Some(name) => illegal("fold", format!("'{name}' needs whole light curves"), "--plan auto"),
            None => Ok((PlanKind::Fold, "asked for; every statistic is a fold".to_owned())),
        },
        (PlanChoice::Map, Cohesion::Cohesive) => {
            Ok((PlanKind::Map, "asked for; no partition cuts a light curve".to_owned()))
        }
        (PlanChoice::Map, Cohesion::CutAtEdges { first: Some((id, before, after)), .. }) => {
            let place = |i: &usize| source.describe(layout.partitions[*i].pieces[0].row_group);
            Err(Error::CutLightCurve {
                id: id.clone(),
                before: format!("partition {before} in {}", place(before)),
                after: format!("partition {after} in {}", place(after)),
            })
        }
        (PlanChoice::Stitch, Cohesion::Cohesive | Cohesion::CutAtEdges { .. }) => {
            Ok((PlanKind::Stitch, "asked for; partitions follow each other by id".to_owned()))
        }
        (PlanChoice::Map | PlanChoice::Stitch, cohesion) => {
            let plan = if choice == PlanChoice::Map { "map" } else { "stitch" };
            let why = match cohesion {
                Cohesion::Unknown { why } => why.clone(),
                _ => "partitions share ranges of ids, so an object's rows may lie in many of them".to_owned(),
            };
            illegal(plan, why, "--plan shuffle, or leave the choice to --plan auto")
        }
    }
}

fn auto(layout: &Layout, whole: Option<&str>) -> (PlanKind, String) {
    let (kind, why) = match &layout.cohesion {
        Cohesion::Cohesive => return (PlanKind::Map, "no partition cuts a light curve".to_owned()),
        Cohesion::CutAtEdges { edges, .. } => {
            let edges = edges.map_or_else(|| "some".to_owned(), |n| n.to_string());
            return (PlanKind::Stitch, format!("sorted by id, but {edges} partition edges cut light curves"));
        }
        Cohesion::Overlapping => (PlanKind::Shuffle, "an object's rows may lie in many partitions".to_owned()),
        Cohesion::Unknown { why } => (PlanKind::Shuffle, format!("where light curves lie is not known: {why}")),
    };
    match whole {
        Some(_) => (kind, why),
        None => (PlanKind::Fold, format!("every statistic is a fold, so rows need not be kept ({why})")),
    }
}

/// The columns read, by the names that they have in the survey.
fn column_names(source: &dyn Source, columns: Columns) -> Vec<String> {
    let read = |role: &Role| match role {
        Role::Id => true,
        Role::Time => columns.time,
        Role::Flux => columns.flux,
        Role::Error => columns.error,
        Role::Band => columns.band,
    };
    Role::ALL.into_iter().filter(read).filter_map(|role| source.column(role)).map(str::to_owned).collect()
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.kind {
            PlanKind::Map => "work per partition, no exchange",
            PlanKind::Stitch => "work per partition, light curves at partition edges put together",
            PlanKind::Merge => "a slice of ids at a time, from the row groups that hold them",
            PlanKind::Shuffle => "rows regrouped by object first",
            PlanKind::Fold => "rows regrouped by object, some at a time, and partial states combined",
            PlanKind::MapUnchecked => "work per partition, WITHOUT a check: pieces count as light curves",
        };
        writeln!(f, "plan       {} ({verb})", self.kind.name())?;
        writeln!(f, "why        {}", self.why)?;
        writeln!(f, "evidence   {}; checked while it runs", self.layout.evidence)?;
        writeln!(f, "input      {} rows in {} partitions", self.rows, self.layout.partitions.len())?;
        writeln!(f, "to read    {} ({})", mebibytes(self.bytes), self.column_names.join(", "))?;
        write!(f, "memory     at most about {}, {} workers", mebibytes(self.peak_memory), self.workers)?;
        if self.spill > 0 {
            write!(f, "\nspill      about {} put away on disk, for want of memory", mebibytes(self.spill))?;
        }
        Ok(())
    }
}

/// Bytes for people.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn mebibytes(bytes: u64) -> String {
    let mib = bytes as f64 / f64::from(1 << 20);
    if mib < 1.0 { format!("{:.1} KiB", mib * 1024.0) } else { format!("{mib:.1} MiB") }
}
