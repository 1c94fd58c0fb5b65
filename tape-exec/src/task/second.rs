//! Tasks of the second round: they compute buckets out of what the first round left.

use std::ops::Range;

use tape_core::{LeftOut, Part, Results, Rows, SourceError};

use super::Work;
use super::labels::Used;
use super::merge::merge_sorted;
use super::states::{Combined, not_folds};
use crate::compute::Job;
use crate::error::{Error, Result};
use crate::strategy::fold::folds;

/// What came of some buckets.
#[derive(Clone, Debug)]
pub struct Reduced {
    /// The labels of the bands in them.
    pub labels: Vec<String>,
    /// The results of their light curves, by id and band.
    pub results: Results,
    /// Rows, or partial states, that went in.
    pub rows: u64,
    /// Epochs that no statistic saw.
    pub left_out: LeftOut,
}

/// Computes some buckets of rows. `fetch` appends those of a bucket, from all tasks of the first round in their order and
/// with the band codes of the source.
///
/// # Errors
/// If they cannot be fetched, a statistic panics, or the observer asks to stop.
pub fn reduce(
    work: Work<'_>,
    buckets: Range<usize>,
    mut fetch: impl FnMut(usize, &mut Rows) -> std::result::Result<(), SourceError>,
) -> Result<Reduced> {
    let job = work.job();
    let mut worker = job.worker();
    let (mut rows, mut left_out) = (0, LeftOut::default());
    let mut all = vec![];
    for bucket in buckets {
        check_stop(&job)?;
        let mut raw = worker.take_rows();
        fetch(bucket, &mut raw).map_err(Error::Source)?;
        rows += raw.len() as u64;
        let mut results = job.no_results();
        worker.group_any(&[Part::of(&raw, 0..raw.len())], &mut left_out);
        worker.give_back(raw);
        worker.evaluate(&mut results)?;
        all.push(results);
    }
    reduced(&job, all, rows, left_out)
}

/// Combines some buckets of partial states. `fetch` gives those of a bucket that a task of the first round left, with the
/// band codes of the source; of `inputs` tasks, in their order.
///
/// # Errors
/// As [`reduce`].
pub fn combine(
    work: Work<'_>,
    buckets: Range<usize>,
    inputs: usize,
    mut fetch: impl FnMut(usize, usize) -> std::result::Result<Results, SourceError>,
) -> Result<Reduced> {
    let job = work.job();
    let folds = folds(work.statistics).ok_or_else(not_folds)?;
    let mut rows = 0;
    let mut all = vec![];
    for bucket in buckets {
        let mut states = Combined::new(&job, &folds);
        for input in 0..inputs {
            check_stop(&job)?;
            let more = fetch(bucket, input).map_err(Error::Source)?;
            rows += more.len() as u64;
            states.add(&more)?;
        }
        all.push(states.finish()?);
    }
    reduced(&job, all, rows, LeftOut::default())
}

fn check_stop(job: &Job<'_>) -> Result<()> {
    if job.observer.cancelled() { Err(Error::Cancelled) } else { Ok(()) }
}

/// The results of several buckets as one table.
fn reduced(job: &Job<'_>, all: Vec<Results>, rows: u64, left_out: LeftOut) -> Result<Reduced> {
    let mut results = job.no_results();
    results.without_rows = all.iter().map(|some| some.without_rows).sum();
    let streams: Vec<_> = all.into_iter().map(|results| std::iter::once(Ok(results))).collect();
    merge_sorted(job, streams, |some| {
        results.append(&some);
        Ok(())
    })?;
    let mut used = Used::new();
    used.add(&results.band);
    let (labels, places) = used.labels(job.source.bands());
    places.of_results(&mut results);
    Ok(Reduced { labels, results, rows, left_out })
}
