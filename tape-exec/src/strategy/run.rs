//! Runs a plan, and switches to another plan if a claim of the footers proves false.

use tape_core::{Event, LeftOut, Observer, Sink, Source, Statistic, Step};

use crate::compute::Job;
use crate::compute::counts::Counts;
use crate::compute::skipped::Skipped;
use crate::error::{Error, Result, WRITE_SORTED, not_in_order};
use crate::order::edge_stitcher::{Edges, Totals};
use crate::plan::Plan;
use crate::plan::budget::SizeEstimate;
use crate::plan::config::{Config, PlanKind};
use crate::plan::slices;
use crate::strategy::{fold, map, merge, shuffle};

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The plan that gave the results.
    pub plan: PlanKind,
    /// Number of rows read.
    pub rows: u64,
    /// Number of light curves computed. This is the number of rows of the result, without the rows of objects. For a
    /// statistic with many rows per light curve, it includes light curves without a row.
    pub light_curves: u64,
    /// Number of objects whose bands were compared. Each has a row without a band.
    pub objects: u64,
    /// Light curves with too few epochs for a result, for each statistic.
    pub too_few: Vec<TooFew>,
    /// Epochs that were left out of the statistics.
    pub left_out: LeftOut,
    /// Bytes written to disk because the memory limit was reached.
    pub spilled: u64,
    /// Light curves and row groups that were skipped.
    pub skipped: Vec<Skipped>,
    /// Warnings for the user.
    pub warnings: Vec<String>,
}

impl Summary {
    /// Summarizes a run, or the outputs of tasks.
    #[must_use]
    pub fn of(
        plan: PlanKind,
        statistics: &[Statistic],
        totals: Totals,
        skipped: Vec<Skipped>,
        warnings: Vec<String>,
    ) -> Self {
        let Totals { rows, counts, left_out, spilled, .. } = totals;
        let Counts { light_curves, objects, mut too_few, .. } = counts;
        // Counts are empty if there were no results.
        too_few.resize(statistics.len(), 0);
        let too_few = statistics.iter().zip(too_few).map(|(statistic, light_curves)| {
            let statistic = statistic.info().name.to_string();
            TooFew { statistic, light_curves }
        });
        let too_few = too_few.collect();
        Self { plan, rows, light_curves, objects, too_few, left_out, spilled, skipped, warnings }
    }
}

/// The number of light curves without a result, for one statistic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooFew {
    /// The name of the statistic.
    pub statistic: String,
    /// Light curves with too few epochs for it, or objects for a statistic that compares bands.
    pub light_curves: u64,
}

/// Runs a plan into a sink.
///
/// # Errors
/// If the survey cannot be read, the results cannot be written, a statistic panics, or the observer requests a stop.
/// The content of the sink is then not a valid result.
pub fn run(
    source: &dyn Source,
    statistics: &[Statistic],
    config: &Config,
    plan: &Plan,
    sink: &mut dyn Sink,
    observer: &dyn Observer,
) -> Result<Summary> {
    let job = config.job(source, statistics, observer);
    let (mut kind, mut warnings) = (plan.kind, vec![]);
    let totals = loop {
        let error = match carry_out(&job, kind, plan, sink) {
            Ok(totals) => break totals,
            Err(error) => error,
        };
        let (instead, why) = another_plan(kind, plan.forced, can_fold(statistics, config), error)?;
        warnings.push(format!("the {kind} plan was dropped for {instead}: {why}"));
        kind = instead;
        drop(job.take_skipped());
        observer.event(Event::Restart);
        sink.restart().map_err(Error::Sink)?;
    };
    warnings.extend(warnings_of(&job, &totals));
    let skipped = job.take_skipped();
    warnings.extend(skipped.iter().map(ToString::to_string));
    for warning in &warnings {
        observer.event(Event::Warning(warning.clone()));
    }
    Ok(Summary::of(kind, statistics, totals, skipped, warnings))
}

fn carry_out(job: &Job<'_>, kind: PlanKind, plan: &Plan, sink: &mut dyn Sink) -> Result<Totals> {
    let partitions = &plan.layout.partitions;
    let sizes = SizeEstimate::of(partitions, plan.columns, job);
    job.ahead(Step::Read, if kind == PlanKind::Merge { slices::rows_read(&plan.slices) } else { sizes.rows });
    match kind {
        PlanKind::Map | PlanKind::Stitch | PlanKind::MapUnchecked => {
            map::run(job, sizes.share(job), partitions, Edges::of(kind), sink)
        }
        PlanKind::Merge => merge::run(job, sizes.for_merge(job)?, &plan.slices, sink),
        PlanKind::Shuffle => shuffle::run(job, sizes.for_shuffle(job)?, partitions, sink),
        PlanKind::Fold => fold::run(job, sizes.for_fold(job)?, partitions, sink),
    }
}

/// Returns true if partial states can replace light curves: all statistics are folds, and there are no steps before
/// them.
#[must_use]
pub fn can_fold(statistics: &[Statistic], config: &Config) -> bool {
    config.steps.is_empty() && statistics.iter().all(Statistic::is_fold)
}

/// Returns the plan to start again with after `error` showed that `kind` does not suit the survey, and the reason.
///
/// # Errors
/// Returns `error` if there is no other plan.
pub fn another_plan(kind: PlanKind, forced: bool, can_fold: bool, error: Error) -> Result<(PlanKind, String)> {
    let without_order = if can_fold { PlanKind::Fold } else { PlanKind::Shuffle };
    match (kind, error) {
        (PlanKind::Map | PlanKind::Stitch, Error::OutOfOrder { id, cut: true, before, after }) if forced => {
            Err(Error::CutLightCurve { id, before, after })
        }
        (PlanKind::Map | PlanKind::Stitch, Error::OutOfOrder { id, cut, before, after }) => {
            Ok((without_order, format!("{before} and {after} {}; {WRITE_SORTED}", not_in_order(&id, cut))))
        }
        (PlanKind::Map | PlanKind::Stitch, Error::DoesNotFit { what, rows, most }) => Ok((
            without_order,
            format!("{what} has at least {rows} rows, but a worker's share of memory only holds {most}"),
        )),
        (PlanKind::Merge, error @ (Error::DoesNotFit { .. } | Error::FalseClaim { .. })) => {
            Ok((without_order, error.to_string()))
        }
        (PlanKind::Fold, Error::DoesNotFit { what, rows, most }) => {
            Ok((PlanKind::Shuffle, format!("{what} has {rows} rows, but only {most} fit in memory")))
        }
        (_, error) => Err(error),
    }
}

/// Returns the warnings of a completed run. The source must know all bands that were met.
pub(crate) fn warnings_of(job: &Job<'_>, totals: &Totals) -> Vec<String> {
    cut_unchecked(totals.cut_edges).into_iter().chain(bands_not_found(job)).collect()
}

/// Warns if an unchecked map may have cut light curves at `edges` edges.
fn cut_unchecked(edges: u64) -> Option<String> {
    (edges > 0).then(|| {
        format!(
            "unchecked map: {edges} partition edges cut light curves, and each piece has a result of its own; these are \
             not the statistics of the objects"
        )
    })
}

/// Returns a warning for each selected or compared band that no epoch has.
fn bands_not_found(job: &Job<'_>) -> Vec<String> {
    let found = job.source.bands().labels();
    let compared = job.statistics.iter().flat_map(|statistic| &statistic.info().bands);
    let mut asked: Vec<&String> = job.bands.unwrap_or_default().iter().collect();
    asked.extend(compared);
    let once = |i: &usize| !asked[..*i].contains(&asked[*i]);
    let missing = (0..asked.len()).filter(once).map(|i| asked[i]).filter(|band| !found.contains(band));
    missing.map(|band| format!("no epoch has band '{band}'; bands found: {}", found.join(", "))).collect()
}
