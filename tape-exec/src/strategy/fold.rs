//! Fold: epochs become partial states, and states are combined, so that memory grows with the light curves and not with the
//! epochs.
//!
//! Rows are scattered to buckets as for a shuffle, but only so many at once; then each bucket's are lifted to states, and
//! their memory is free for the next. Lifting batch by batch would move no row at all, and took seven times as long where a
//! batch has hardly two epochs of any light curve: nearly every epoch was then a state to be looked up.

use std::cell::Cell;
use std::hash::BuildHasher;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use tape_core::{Fold, Grouping, Ids, LeftOut, Part, Partition, Results, Sink, Statistic, Step, Value};

use crate::compute::{Job, Worker};
use crate::error::{Error, Result};
use crate::order::pending_results::{Waiting, write_by_id};
use crate::plan::budget::{Room, rounds};
use crate::plan::layout::rows_of;
use crate::pool::{in_order, words};
use crate::strategy::map::Totals;
use crate::strategy::scatter::{rows_in, scatter_all};

/// The folds behind statistics, if all are folds.
pub(crate) fn folds(statistics: &[Statistic]) -> Option<Vec<Arc<dyn Fold>>> {
    let fold = |s: &Statistic| match s {
        Statistic::Fold(fold) => Some(Arc::clone(fold)),
        Statistic::Whole(_) | Statistic::Object(_) | Statistic::Rows(_) => None,
    };
    statistics.iter().map(fold).collect()
}

/// The number of floats in a partial state.
pub(crate) fn width(folds: &[Arc<dyn Fold>]) -> usize {
    folds.iter().map(|fold| fold.state_len()).sum()
}

/// Partial states of light curves, by (id, band).
pub(crate) struct States {
    ids: Ids,
    band: Vec<u8>,
    n_obs: Vec<u64>,
    /// The states of all folds side by side, for each light curve.
    states: Vec<f64>,
    width: usize,
    index: HashTable<u32>,
}

pub(crate) fn run(
    job: &Job<'_>,
    folds: &[Arc<dyn Fold>],
    room: Room,
    partitions: &[Partition],
    sink: &mut dyn Sink,
) -> Result<Totals> {
    let width = width(folds);
    let buckets = room.buckets;
    let states = || Mutex::new(States::new(Ids::new(job.source.id_type()), width));
    let states: Vec<Mutex<States>> = std::iter::repeat_with(states).take(buckets).collect();
    let mut totals = Totals::default();
    job.ahead(Step::Compute, rows_of(partitions));
    for round in rounds(partitions, room.rows_at_once, job.workers) {
        let scattered = scatter_all(job, &round, buckets)?;
        totals.rows += scattered.rows;
        totals.left_out += scattered.left_out;
        in_order(
            job.crew(),
            buckets,
            || job.worker(),
            |worker, bucket| {
                let parts = scattered.parts(bucket);
                let left_out = lift(worker, folds, &parts, &mut lock(&states[bucket]))?;
                job.done(Step::Compute, rows_in(&parts));
                Ok(left_out)
            },
            |left_out| {
                totals.left_out += left_out;
                Ok(())
            },
        )?;
        check_room(&states, room)?;
    }
    let mut results = Vec::with_capacity(buckets);
    in_order(
        job.crew(),
        buckets,
        || job.worker(),
        |worker, bucket| {
            let mut states = lock(&states[bucket]);
            let finished = Waiting::new(states.finish(job, folds, worker.grouping()));
            *states = States::new(Ids::new(job.source.id_type()), width);
            Ok(finished)
        },
        |of_bucket| {
            results.push(of_bucket);
            Ok(())
        },
    )?;
    results.iter().for_each(|of_bucket| totals.counts += of_bucket.counts(job.statistics));
    job.observer.event(tape_core::Event::LightCurves(totals.counts.light_curves));
    job.ahead(Step::Write, totals.counts.rows);
    write_by_id(job, results, sink)?;
    Ok(totals)
}

/// That the states fit.
///
/// # Errors
/// If there are so many light curves that it would be better to keep their rows on disk.
fn check_room(states: &[Mutex<States>], room: Room) -> Result<()> {
    let bytes: u64 = states.iter().map(|states| lock(states).bytes()).sum();
    if bytes <= room.results {
        return Ok(());
    }
    let rows = states.iter().map(|states| lock(states).band.len() as u64).sum::<u64>();
    let most = rows * room.results / bytes;
    Err(Error::DoesNotFit { what: "the table of partial states".to_owned(), rows, most })
}

/// Another worker's panic ends the run anyway.
fn lock(states: &Mutex<States>) -> MutexGuard<'_, States> {
    states.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lifts the epochs of a bucket, and combines them into its states.
fn lift(worker: &mut Worker<'_>, folds: &[Arc<dyn Fold>], parts: &[Part<'_>], states: &mut States) -> Result<LeftOut> {
    lift_each(worker, folds, parts, |ids, at, band, n_obs, state| states.add(ids, at, band, n_obs, state, folds))
}

/// Lifts the epochs of a bucket, and hands each light curve's id (a column, and its place there), band, epochs and state to
/// `take`.
pub(crate) fn lift_each(
    worker: &mut Worker<'_>,
    folds: &[Arc<dyn Fold>],
    parts: &[Part<'_>],
    mut take: impl FnMut(&Ids, usize, u8, u64, &[f64]),
) -> Result<LeftOut> {
    if worker.job.observer.cancelled() {
        return Err(Error::Cancelled);
    }
    let mut left_out = LeftOut::default();
    if parts.is_empty() {
        return Ok(left_out);
    }
    worker.group_any(parts, &mut left_out);
    let mut state = vec![0.0; width(folds)];
    // Who is at work, should one panic.
    let at = Cell::new((0, None));
    let lifted = catch_unwind(AssertUnwindSafe(|| {
        for (i, segment) in worker.chunk.segments.iter().enumerate() {
            if worker.chunk.cancelled() {
                return;
            }
            let light_curve = worker.chunk.light_curve(segment, worker.grouping().label(segment.band));
            let mut first = 0;
            for (f, fold) in folds.iter().enumerate() {
                at.set((f, Some(i)));
                let own = first..first + fold.state_len();
                fold.lift(&light_curve, &mut state[own.clone()]);
                first = own.end;
            }
            take(&worker.chunk.ids, segment.object, segment.band, light_curve.len() as u64, &state);
        }
    }));
    lifted.map_err(|panic| worker.panicked(at.get(), &words(&*panic)))?;
    if worker.chunk.cancelled() { Err(Error::Cancelled) } else { Ok(left_out) }
}

impl States {
    pub(crate) fn new(ids: Ids, width: usize) -> Self {
        Self { ids, band: vec![], n_obs: vec![], states: vec![], width, index: HashTable::new() }
    }

    /// Bytes of memory that they take.
    fn bytes(&self) -> u64 {
        let row = size_of::<u8>() + size_of::<u64>() + self.width * size_of::<f64>();
        let index = self.index.capacity() * (size_of::<u32>() + 1);
        (self.ids.bytes() + self.band.len() * row + index) as u64
    }

    /// Combines `state` into that of the light curve with the id at `place` in `of`.
    pub(crate) fn add(&mut self, of: &Ids, place: usize, band: u8, n_obs: u64, state: &[f64], folds: &[Arc<dyn Fold>]) {
        let id = of.get(place);
        let hasher = FixedState::default();
        let hash = hasher.hash_one((id, band));
        let Self { ids, band: bands, .. } = &*self;
        let same = |&i: &u32| bands[i as usize] == band && ids.get(i as usize) == id;
        let Some(&at) = self.index.find(hash, same) else {
            // A table of 2^32 light curves would not fit any memory first.
            let at = u32::try_from(self.band.len()).unwrap_or(u32::MAX);
            self.ids.extend_from(of, place..place + 1);
            self.band.push(band);
            self.n_obs.push(n_obs);
            self.states.extend_from_slice(state);
            let (ids, bands) = (&self.ids, &self.band);
            let rehash = |&i: &u32| hasher.hash_one((ids.get(i as usize), bands[i as usize]));
            self.index.insert_unique(hash, at, rehash);
            return;
        };
        let at = at as usize;
        self.n_obs[at] += n_obs;
        let mut mine = &mut self.states[at * self.width..(at + 1) * self.width];
        let mut theirs = state;
        for fold in folds {
            let (own, rest) = mine.split_at_mut(fold.state_len());
            let (other, others) = theirs.split_at(fold.state_len());
            fold.combine(own, other);
            (mine, theirs) = (rest, others);
        }
    }

    /// The results, with those of each id together and by band.
    pub(crate) fn finish(&self, job: &Job<'_>, folds: &[Arc<dyn Fold>], grouping: &Grouping) -> Results {
        let mut order: Vec<usize> = (0..self.band.len()).collect();
        let place = |i: usize| grouping.place(self.band[i]);
        order.sort_unstable_by(|&a, &b| self.ids.get(a).cmp(&self.ids.get(b)).then(place(a).cmp(&place(b))));
        let mut results = job.no_results();
        let mut values = vec![Value::Null; job.outputs()];
        for i in order {
            results.ids.extend_from(&self.ids, i..i + 1);
            results.band.push(self.band[i]);
            results.n_obs.push(self.n_obs[i]);
            let (mut state, mut first) = (i * self.width, 0);
            for (fold, statistic) in folds.iter().zip(job.statistics) {
                let out = &mut values[first..first + fold.info().outputs.len()];
                if self.n_obs[i] < fold.info().min_epochs as u64 {
                    statistic.undefined(out);
                } else {
                    fold.finish(&self.states[state..state + fold.state_len()], out);
                }
                state += fold.state_len();
                first += fold.info().outputs.len();
            }
            for (column, &value) in results.values.iter_mut().zip(&values) {
                column.push(value);
            }
        }
        results
    }
}
