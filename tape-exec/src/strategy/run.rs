//! Runs a plan, and falls back where a claim of the input is found false.

use std::sync::PoisonError;

use tape_core::{Event, LeftOut, Observer, Partition, Sink, Source, Statistic, Step};

use crate::compute::Job;
use crate::compute::counts::Counts;
use crate::compute::skipped::Skipped;
use crate::error::{Error, Result, WRITE_SORTED, not_in_order};
use crate::plan::Plan;
use crate::plan::budget::Sizes;
use crate::plan::config::{Config, PlanKind};
use crate::plan::slices;
use crate::strategy::fold;
use crate::strategy::map::{self, Edges, Ended, Totals};
use crate::strategy::merge;
use crate::strategy::shuffle;

/// What a run amounted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The plan that gave the answer.
    pub plan: PlanKind,
    /// Rows read.
    pub rows: u64,
    /// Light curves computed: rows of the result that have a band, if the survey has any; where a statistic has many rows
    /// for each, those without a row too.
    pub light_curves: u64,
    /// Objects of which bands were compared: rows of the result without a band.
    pub objects: u64,
    /// For each statistic, how many have no result for want of epochs.
    pub too_few: Vec<TooFew>,
    /// Epochs that no statistic saw.
    pub left_out: LeftOut,
    /// Bytes put away for want of memory, as they were written.
    pub spilled: u64,
    /// What was left out rather than stop, if that was asked for.
    pub skipped: Vec<Skipped>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

impl Summary {
    /// Of a run, or of what tasks left.
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
        // Nothing was counted where there was nothing at all.
        too_few.resize(statistics.len(), 0);
        let too_few = statistics.iter().zip(too_few).map(|(statistic, light_curves)| {
            let statistic = statistic.info().name.to_string();
            TooFew { statistic, light_curves }
        });
        let too_few = too_few.collect();
        Self { plan, rows, light_curves, objects, too_few, left_out, spilled, skipped, warnings }
    }
}

/// Light curves without a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooFew {
    /// The name of the statistic.
    pub statistic: String,
    /// How many light curves have too few epochs for it; of a statistic that compares bands, objects.
    pub light_curves: u64,
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
    let mut run = Course { kind: plan.kind, warnings: vec![] };
    job.ahead(Step::Read, if plan.kind == PlanKind::Merge { slices::rows_read(&plan.slices) } else { sizes.rows });
    let totals = match plan.kind {
        PlanKind::Map => over_edges(&job, plan, &sizes, Edges::Cohesive, sink, &mut run)?,
        PlanKind::Stitch => over_edges(&job, plan, &sizes, Edges::Stitched, sink, &mut run)?,
        PlanKind::MapUnchecked => over_edges(&job, plan, &sizes, Edges::Unchecked, sink, &mut run)?,
        PlanKind::Merge => over_slices(&job, plan, &sizes, sink, &mut run)?,
        PlanKind::Shuffle | PlanKind::Fold => regrouped(&job, &sizes, partitions, sink, &mut run)?,
    };
    let Course { kind, mut warnings } = run;
    warnings.extend(cut_unchecked(totals.cut_edges));
    warnings.extend(bands_not_found(&job));
    let skipped = std::mem::take(&mut *job.skipped.lock().unwrap_or_else(PoisonError::into_inner));
    warnings.extend(skipped.iter().map(ToString::to_string));
    for warning in &warnings {
        observer.event(Event::Warning(warning.clone()));
    }
    Ok(Summary::of(kind, statistics, totals, skipped, warnings))
}

/// Runs over partitions in the order of their ids; in another way if they turn out not to be in that order, or if a light
/// curve or a partition turns out to be too large for it.
fn over_edges(
    job: &Job<'_>,
    plan: &Plan,
    sizes: &Sizes,
    edges: Edges,
    sink: &mut dyn Sink,
    run: &mut Course,
) -> Result<Totals> {
    let partitions = &plan.layout.partitions;
    let why = match map::run(job, sizes.share(job), partitions, edges, sink) {
        Ok(Ended::Whole(totals)) => return Ok(totals),
        Ok(Ended::OutOfOrder { id, cut, partition: at }) => {
            let place =
                |i: usize| format!("partition {i} in {}", job.source.describe(partitions[i].pieces[0].row_group));
            let (before, after) = (place(at.saturating_sub(2)), place(at - 1));
            if plan.forced && cut {
                return Err(Error::CutLightCurve { id, before, after });
            }
            format!("{before} and {after} {}; {WRITE_SORTED}", not_in_order(&id, cut))
        }
        Err(Error::DoesNotFit { what, rows, most }) if edges != Edges::Unchecked => {
            format!("{what} has at least {rows} rows, of which a worker's share of memory holds {most}")
        }
        Err(error) => return Err(error),
    };
    run.restart(job, sizes, without_order(job), &why, sink)?;
    regrouped(job, sizes, partitions, sink, run)
}

/// Runs over slices of ids; in another way if a footer turns out to be wrong, or a light curve too large.
fn over_slices(job: &Job<'_>, plan: &Plan, sizes: &Sizes, sink: &mut dyn Sink, run: &mut Course) -> Result<Totals> {
    let why = match merge::run(job, sizes.for_merge(job)?, &plan.slices, sink) {
        Err(error @ (Error::DoesNotFit { .. } | Error::FalseClaim { .. })) => error.to_string(),
        done => return done,
    };
    run.restart(job, sizes, without_order(job), &why, sink)?;
    regrouped(job, sizes, &plan.layout.partitions, sink, run)
}

/// The plan for rows that may lie anywhere.
fn without_order(job: &Job<'_>) -> PlanKind {
    if fold::folds(job.statistics).is_some() { PlanKind::Fold } else { PlanKind::Shuffle }
}

/// Runs by shuffle or fold; by shuffle if partial states turn out to be too many.
fn regrouped(
    job: &Job<'_>,
    sizes: &Sizes,
    partitions: &[Partition],
    sink: &mut dyn Sink,
    run: &mut Course,
) -> Result<Totals> {
    if let (PlanKind::Fold, Some(folds)) = (run.kind, fold::folds(job.statistics)) {
        let why = match sizes.for_fold(job).and_then(|room| fold::run(job, &folds, room, partitions, sink)) {
            Err(Error::DoesNotFit { what, rows, most }) => {
                format!("{what} has {rows} rows, of which {most} fit in memory")
            }
            done => return done,
        };
        run.restart(job, sizes, PlanKind::Shuffle, &why, sink)?;
    }
    shuffle::run(job, sizes.for_shuffle(job)?, partitions, sink)
}

/// Which way a run takes, and what there is to say of it.
struct Course {
    kind: PlanKind,
    warnings: Vec<String>,
}

impl Course {
    /// Starts again by another plan.
    fn restart(
        &mut self,
        job: &Job<'_>,
        sizes: &Sizes,
        instead: PlanKind,
        why: &str,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        self.warnings.push(format!("the {} plan was dropped for {}: {why}", self.kind.name(), instead.name()));
        self.kind = instead;
        job.skipped.lock().unwrap_or_else(PoisonError::into_inner).clear();
        job.observer.event(Event::Restart);
        job.ahead(Step::Read, sizes.rows);
        sink.restart().map_err(Error::Sink)
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

/// A warning for each band asked for, or compared, that no epoch has.
pub(crate) fn bands_not_found(job: &Job<'_>) -> Vec<String> {
    let found = job.source.bands().labels();
    let compared = job.statistics.iter().flat_map(|statistic| &statistic.info().bands);
    let mut asked: Vec<&String> = job.bands.unwrap_or_default().iter().collect();
    asked.extend(compared);
    let once = |i: &usize| !asked[..*i].contains(&asked[*i]);
    let missing = (0..asked.len()).filter(once).map(|i| asked[i]).filter(|band| !found.contains(band));
    missing.map(|band| format!("no epoch has band '{band}'; bands found: {}", found.join(", "))).collect()
}
