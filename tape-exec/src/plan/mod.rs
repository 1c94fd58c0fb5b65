//! Chooses a plan from the footers, with a reason.

pub(crate) mod budget;
pub(crate) mod config;
pub(crate) mod layout;
pub(crate) mod partitioning;
pub(crate) mod pieces;
pub(crate) mod slices;

use std::fmt;

use tape_core::{Columns, Event, Observer, Partition, Role, Source, Statistic, Step};

use crate::error::{Error, Result};
use crate::plan::budget::SizeEstimate;
use crate::plan::config::{Config, PlanChoice, PlanKind};
use crate::plan::layout::{Cohesion, Layout, rows_of};
use crate::plan::partitioning::cut;
use crate::plan::slices::{NotSliced, Slice};

/// The plan of a run, with its reason. `Display` explains it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The kind of plan.
    pub kind: PlanKind,
    /// True if the user forced this kind.
    pub forced: bool,
    /// The partitions, and the information about them.
    pub layout: Layout,
    /// The reason for this plan.
    pub why: String,
    /// The columns to read.
    pub columns: Columns,
    /// The names of these columns.
    pub column_names: Vec<String>,
    /// Number of rows to read.
    pub rows: u64,
    /// Number of bytes to read.
    pub bytes: u64,
    /// The largest expected memory, in bytes, in addition to the program itself.
    pub peak_memory: u64,
    /// Bytes to spill, before compression.
    pub spill: u64,
    /// Number of worker threads.
    pub workers: usize,
    /// Slices of ids that the merge plan processes one at a time.
    pub(crate) slices: Vec<Slice>,
}

/// Plans a run from the footers. A scan of the ids may only be needed if the user forces a plan.
///
/// # Errors
/// If no statistic is selected, or if the requested plan would give wrong results.
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
        // Reported before the scan, so that observers do not take the end of the scan for the end of the run.
        observer.event(Event::Ahead { step: Step::Read, rows: rows_of(&layout.partitions) });
        layout = Layout::scanned(source, layout.partitions, Columns::default(), config, observer)?.layout;
    }
    let of_steps = config.steps.first().map(|step| step.name().to_owned());
    let of_statistics = || statistics.iter().find(|s| !s.is_fold()).map(|s| s.info().name.to_string());
    let whole = of_steps.or_else(of_statistics);
    let (mut kind, mut why) = choose(source, config.plan, &layout, whole.as_deref())?;
    let job = config.job(source, statistics, observer);
    let mut columns = job.inputs().columns();
    columns.band = source.column(Role::Band).is_some();
    let sizes = SizeEstimate::of(&layout.partitions, columns, &job);
    let mut slices = None;
    let forced = config.plan == PlanChoice::Merge;
    if forced || (config.plan == PlanChoice::Auto && layout.cohesion == Cohesion::Overlapping) {
        let most = sizes.for_merge(&job)?.rows_at_once;
        match slices::slices(source, &layout.partitions, most, forced) {
            Ok(found) => {
                (kind, why) = (PlanKind::Merge, merges(&found));
                slices = Some(found);
            }
            Err(not_sliced) if forced => return Err(cannot_merge(not_sliced, most)),
            Err(_) => {}
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
            Some(slices) => slices.iter().map(|slice| touched(&slice.partition())).fold(0, u64::saturating_add),
            None => layout.partitions.iter().map(touched).fold(0, u64::saturating_add),
        },
        peak_memory,
        spill,
        workers,
        slices: slices.unwrap_or_default(),
        layout,
    })
}

/// Checks that the bands that statistics compare are selected.
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

fn cannot_merge(not_sliced: NotSliced, most: u64) -> Error {
    let (why, instead) = match not_sliced {
        NotSliced::TooLarge { rows } => (
            format!(
                "row groups that may hold the same ids have {rows} rows together, but only {most} fit in the \
                 memory limit"
            ),
            "a larger memory limit, or the auto plan",
        ),
        NotSliced::NoClaims | NotSliced::Slower => {
            ("the footers do not have the range of ids of each row group".to_owned(), "the auto plan")
        }
    };
    Error::IllegalPlan { plan: "merge", why, instead }
}

/// Returns the reason for a merge plan.
fn merges(slices: &[Slice]) -> String {
    let twice = 100.0 * slices::read_twice(slices);
    format!(
        "row groups share ranges of ids, but none holds all ids: {} slices of ids, {twice:.0} % read twice",
        slices.len()
    )
}

fn choose(source: &dyn Source, choice: PlanChoice, layout: &Layout, whole: Option<&str>) -> Result<(PlanKind, String)> {
    let illegal = |plan, why: String, instead| Err(Error::IllegalPlan { plan, why, instead });
    match (choice, &layout.cohesion) {
        (PlanChoice::Auto, _) => Ok(auto(layout, whole)),
        (PlanChoice::MapUnchecked, _) => Ok((PlanKind::MapUnchecked, "requested, not checked".to_owned())),
        (PlanChoice::Shuffle | PlanChoice::Merge, _) => Ok((PlanKind::Shuffle, "requested".to_owned())),
        (PlanChoice::Fold, _) => match whole {
            Some(name) => illegal("fold", format!("'{name}' needs whole light curves"), "the auto plan"),
            None => Ok((PlanKind::Fold, "requested; every statistic is a fold".to_owned())),
        },
        (PlanChoice::Map, Cohesion::Cohesive) => {
            Ok((PlanKind::Map, "requested; no partition cuts a light curve".to_owned()))
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
            Ok((PlanKind::Stitch, "requested; partitions are in order of id".to_owned()))
        }
        (PlanChoice::Map | PlanChoice::Stitch, cohesion) => {
            let plan = if choice == PlanChoice::Map { "map" } else { "stitch" };
            let why = match cohesion {
                Cohesion::Unknown { why } => why.clone(),
                _ => "partitions share ranges of ids, so the rows of an object may be in several".to_owned(),
            };
            illegal(plan, why, "the shuffle plan, or the auto plan")
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
        Cohesion::Overlapping => (PlanKind::Shuffle, "the rows of an object may be in several partitions".to_owned()),
        Cohesion::Unknown { why } => (PlanKind::Shuffle, format!("the location of light curves is not known: {why}")),
    };
    match whole {
        Some(_) => (kind, why),
        None => (PlanKind::Fold, format!("every statistic is a fold, so rows need not be kept ({why})")),
    }
}

/// Returns the names of these columns in the survey.
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
            PlanKind::Stitch => "work per partition, light curves at partition edges joined",
            PlanKind::Merge => "a slice of ids at a time, from the row groups that hold them",
            PlanKind::Shuffle => "rows regrouped by object first",
            PlanKind::Fold => "rows regrouped by object, some at a time, partial states combined",
            PlanKind::MapUnchecked => "work per partition, WITHOUT a check: pieces count as light curves",
        };
        writeln!(f, "plan       {} ({verb})", self.kind.name())?;
        writeln!(f, "why        {}", self.why)?;
        writeln!(f, "evidence   {}; checked while it runs", self.layout.evidence)?;
        writeln!(f, "input      {} rows in {} partitions", self.rows, self.layout.partitions.len())?;
        writeln!(f, "to read    {} ({})", mebibytes(self.bytes), self.column_names.join(", "))?;
        write!(f, "memory     at most about {}, {} workers", mebibytes(self.peak_memory), self.workers)?;
        if self.spill > 0 {
            write!(f, "\nspill      about {} spilled to disk (memory limit reached)", mebibytes(self.spill))?;
        }
        Ok(())
    }
}

/// Formats a number of bytes.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn mebibytes(bytes: u64) -> String {
    let mib = bytes as f64 / f64::from(1 << 20);
    if mib < 1.0 { format!("{:.1} KiB", mib * 1024.0) } else { format!("{mib:.1} MiB") }
}
