//! Runs a plan, and falls back where a claim of the input is found false.

use tape_core::{Event, LeftOut, Observer, Partition, Sink, Source, Statistic};

use crate::budget::Sizes;
use crate::error::{Error, Result};
use crate::fold;
use crate::job::Job;
use crate::map::{self, Edges, Ended, Totals};
use crate::plan::{Config, Plan, PlanKind};
use crate::shuffle;

/// What a run amounted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The plan that gave the answer.
    pub plan: PlanKind,
    /// Rows read.
    pub rows: u64,
    /// Light curves computed: rows of the result.
    pub light_curves: u64,
    /// Epochs that no statistic saw.
    pub left_out: LeftOut,
    /// Bytes put away for want of memory, as they were written.
    pub spilled: u64,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// Runs a plan into a sink.
///
/// # Errors
/// If the survey cannot be read, the results not written, a statistic panics, or the observer asks to stop. What the sink
/// then holds is not a result.
pub fn run(
    source: &dyn Source,
    statistics: &[Statistic],
    config: &Config,
    plan: &Plan,
    sink: &mut dyn Sink,
    observer: &dyn Observer,
) -> Result<Summary> {
    let job = config.job(source, statistics, observer);
    let partitions = &plan.layout.partitions;
    let sizes = Sizes::of(partitions, plan.columns, &job);
    let mut warnings = Vec::new();
    let mut kind = plan.kind;
    let totals = match kind {
        PlanKind::Map => over_edges(&job, plan, Edges::Cohesive, sink, &mut kind, &mut warnings)?,
        PlanKind::Stitch => over_edges(&job, plan, Edges::Stitched, sink, &mut kind, &mut warnings)?,
        PlanKind::MapUnchecked => over_edges(&job, plan, Edges::Unchecked, sink, &mut kind, &mut warnings)?,
        PlanKind::Shuffle => shuffle::run(&job, sizes.for_shuffle(&job)?, partitions, sink)?,
        PlanKind::Fold => fold_or_shuffle(&job, &sizes, partitions, sink)?,
    };
    warnings.extend(cut_unchecked(totals.cut_edges));
    warnings.extend(bands_not_found(&job));
    for warning in &warnings {
        observer.event(Event::Warning(warning.clone()));
    }
    let Totals { rows, light_curves, left_out, spilled, .. } = totals;
    Ok(Summary { plan: kind, rows, light_curves, left_out, spilled, warnings })
}

/// Runs over partitions in the order of their ids, and by shuffle instead if they turn out not to be in that order.
fn over_edges(
    job: &Job<'_>,
    plan: &Plan,
    edges: Edges,
    sink: &mut dyn Sink,
    kind: &mut PlanKind,
    warnings: &mut Vec<String>,
) -> Result<Totals> {
    let partitions = &plan.layout.partitions;
    let (id, cut, at) = match map::run(job, partitions, edges, sink)? {
        Ended::Whole(totals) => return Ok(totals),
        Ended::OutOfOrder { id, cut, partition } => (id, cut, partition),
    };
    let place = |i: usize| format!("partition {i} in {}", job.source.describe(partitions[i].pieces[0].row_group));
    let (before, after) = (place(at.saturating_sub(2)), place(at - 1));
    if plan.forced && cut {
        return Err(Error::CutLightCurve { id, before, after });
    }
    warnings.push(format!(
        "the {} plan was dropped for shuffle: object {id} lies in or before {before} and again in {after}, which its footer \
         denies; write the survey again with `tape repartition` to have the fast plan",
        kind.name()
    ));
    job.observer.event(Event::Restart);
    sink.restart().map_err(Error::Sink)?;
    *kind = PlanKind::Shuffle;
    let room = Sizes::of(partitions, plan.columns, job).for_shuffle(job)?;
    shuffle::run(job, room, partitions, sink)
}

fn fold_or_shuffle(job: &Job<'_>, sizes: &Sizes, partitions: &[Partition], sink: &mut dyn Sink) -> Result<Totals> {
    match fold::folds(job.statistics) {
        Some(folds) => fold::run(job, &folds, sizes.for_fold(job)?, partitions, sink),
        None => shuffle::run(job, sizes.for_shuffle(job)?, partitions, sink),
    }
}

/// A warning where an unchecked map cut light curves at so many edges.
pub(crate) fn cut_unchecked(edges: u64) -> Option<String> {
    (edges > 0).then(|| {
        format!(
            "unchecked map: {edges} partition edges cut light curves, and each piece has a result of its own; these are not \
             the statistics of the objects"
        )
    })
}

/// A warning for each band asked for that no epoch has.
pub(crate) fn bands_not_found(job: &Job<'_>) -> Vec<String> {
    let found = job.source.bands().labels();
    let asked = job.bands.unwrap_or_default();
    let missing = asked.iter().filter(|band| !found.contains(band));
    missing.map(|band| format!("no epoch has band '{band}'; bands found: {}", found.join(", "))).collect()
}
