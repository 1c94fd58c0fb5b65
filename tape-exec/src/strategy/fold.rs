//! The fold plan: epochs become partial states, and states are combined. Memory grows with the number of light curves,
//! not with the number of epochs.
//!
//! Rows are partitioned into buckets as for a shuffle, but only a limited number at once. Then the rows of each bucket
//! are lifted to states, and their memory is free for the next ones. Lifting batch by batch would not move rows at all,
//! but took seven times as long if a batch has hardly two epochs of any light curve, because nearly every epoch then
//! needs a lookup of its state.

use std::cell::Cell;
use std::hash::BuildHasher;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use tape_core::{Event, Fold, Grouping, Ids, LeftOut, Part, Partition, Results, Sink, Statistic, Step, Value};

use crate::compute::{Job, Worker};
use crate::error::{Error, Result};
use crate::order::edge_stitcher::Totals;
use crate::order::pending_results::PendingResults;
use crate::plan::budget::RegroupBudget;
use crate::plan::layout::rows_of;
use crate::plan::pieces::rounds;
use crate::pool::panic_message;
use crate::strategy::buckets::{BucketRows, scatter_all};
use crate::strategy::shuffle::write_by_id;

/// Returns the folds, if all statistics are folds and no step needs whole light curves.
pub(crate) fn folds(job: &Job<'_>) -> Option<Vec<Arc<dyn Fold>>> {
    if !job.steps.is_empty() {
        return None;
    }
    let fold = |s: &Statistic| match s {
        Statistic::Fold(fold) => Some(Arc::clone(fold)),
        Statistic::Whole(_) | Statistic::Object(_) | Statistic::Rows(_) => None,
    };
    job.statistics.iter().map(fold).collect()
}

/// Returns the number of floats in a partial state.
pub(crate) fn width(folds: &[Arc<dyn Fold>]) -> usize {
    folds.iter().map(|fold| fold.state_len()).sum()
}

/// Partial states of light curves, by (id, band).
pub(crate) struct States {
    ids: Ids,
    band: Vec<u8>,
    n_obs: Vec<u64>,
    /// For each light curve, the states of all folds next to each other.
    states: Vec<f64>,
    width: usize,
    index: HashTable<u32>,
}

pub(crate) fn run(
    job: &Job<'_>,
    budget: RegroupBudget,
    partitions: &[Partition],
    sink: &mut dyn Sink,
) -> Result<Totals> {
    let folds = &*folds(job).ok_or_else(not_folds)?;
    let states: Vec<_> = (0..budget.buckets).map(|_| Mutex::new(States::new(job, folds))).collect();
    let mut totals = Totals::default();
    job.ahead(Step::Compute, rows_of(partitions));
    for round in rounds(partitions, budget.rows_at_once, job.workers()) {
        lift_round(job, folds, &round, &states, &mut totals)?;
        check_room(&states, budget)?;
    }
    let mut results = Vec::with_capacity(states.len());
    job.executor.in_order(
        states.len(),
        || (),
        |(), bucket| {
            let states = std::mem::replace(&mut *lock(&states[bucket]), States::new(job, folds));
            states.finish(job, folds)
        },
        |of_bucket| {
            totals.counts += of_bucket.counts(job.statistics);
            results.push(of_bucket);
            Ok(())
        },
    )?;
    write_by_id(job, results, &totals, sink)?;
    Ok(totals)
}

/// The first stage: partitions rows into buckets, lifts the rows of each bucket to states, and combines these with the
/// earlier states of the bucket.
pub(crate) fn lift_round(
    job: &Job<'_>,
    folds: &[Arc<dyn Fold>],
    round: &Partition,
    states: &[Mutex<States>],
    totals: &mut Totals,
) -> Result<()> {
    let scattered = scatter_all(job, round, states.len())?;
    totals.rows += scattered.rows;
    totals.left_out += scattered.left_out;
    job.executor.in_order(
        states.len(),
        || job.worker(),
        |worker, bucket| {
            let parts = scattered.in_memory(bucket).unwrap_or_default();
            let left_out = lift(worker, folds, &parts, &mut lock(&states[bucket]))?;
            job.done(Step::Compute, scattered.rows(bucket));
            Ok(left_out)
        },
        |left_out| {
            totals.left_out += left_out;
            Ok(())
        },
    )
}

/// Checks that the states fit in memory.
///
/// # Errors
/// If there are too many light curves. It is then better to spill their rows.
fn check_room(states: &[Mutex<States>], budget: RegroupBudget) -> Result<()> {
    let bytes: u64 = states.iter().map(|states| lock(states).bytes()).sum();
    if bytes <= budget.results {
        return Ok(());
    }
    let rows = states.iter().map(|states| lock(states).band.len() as u64).sum::<u64>();
    let most = rows * budget.results / bytes;
    Err(Error::DoesNotFit { what: "the table of partial states".to_owned(), rows, most })
}

/// Locks the states. A lock may be poisoned by a panic in another worker, which ends the run anyway.
fn lock(states: &Mutex<States>) -> MutexGuard<'_, States> {
    states.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lifts the epochs of a bucket, and combines them into its states.
fn lift(worker: &mut Worker<'_>, folds: &[Arc<dyn Fold>], parts: &[Part<'_>], states: &mut States) -> Result<LeftOut> {
    worker.job.check_stop()?;
    let mut left_out = LeftOut::default();
    if parts.is_empty() {
        return Ok(left_out);
    }
    worker.group_any(parts, &mut left_out);
    let mut state = vec![0.0; states.width];
    // The fold and segment at work, for the message if the fold panics.
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
            states.add(&worker.chunk.ids, segment.object, segment.band, light_curve.len() as u64, &state, folds);
        }
    }));
    lifted.map_err(|panic| worker.panicked(at.get(), &panic_message(&*panic)))?;
    if worker.chunk.cancelled() { Err(Error::Cancelled) } else { Ok(left_out) }
}

/// Returns the error for a fold plan with a statistic that is not a fold, which is a bug.
pub(crate) fn not_folds() -> Error {
    Error::Internal { message: "partial states of a statistic that is not a fold".to_owned() }
}

impl States {
    pub(crate) fn new(job: &Job<'_>, folds: &[Arc<dyn Fold>]) -> Self {
        let (ids, width) = (Ids::new(job.source.id_type()), width(folds));
        Self { ids, band: vec![], n_obs: vec![], states: vec![], width, index: HashTable::new() }
    }

    /// Converts the states to results, with a column for each float. The order is that of insertion.
    pub(crate) fn into_stored(self) -> Results {
        let mut values = vec![Vec::with_capacity(self.band.len()); self.width];
        for state in self.states.chunks_exact(self.width.max(1)) {
            values.iter_mut().zip(state).for_each(|(column, &float)| column.push(Value::Float(float)));
        }
        let Self { ids, band, n_obs, .. } = self;
        Results { ids, band, n_obs, values, without_rows: 0 }
    }

    /// Combines states from [`States::into_stored`] with these.
    pub(crate) fn add_stored(&mut self, job: &Job<'_>, more: &Results, folds: &[Arc<dyn Fold>]) -> Result<()> {
        if more.values.len() != self.width {
            return Err(Error::Internal { message: "partial states of other folds".to_owned() });
        }
        let at = Cell::new(0);
        let mut state = vec![0.0; self.width];
        let combined = catch_unwind(AssertUnwindSafe(|| {
            for row in 0..more.len() {
                at.set(row);
                for (float, column) in state.iter_mut().zip(&more.values) {
                    let Value::Float(value) = column[row] else { return false };
                    *float = value;
                }
                self.add(&more.ids, row, more.band[row], more.n_obs[row], &state, folds);
            }
            true
        }));
        match combined {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::Internal { message: "a partial state that is not a number".to_owned() }),
            Err(panic) => {
                let names: Vec<&str> = job.statistics.iter().map(|s| s.info().name.as_ref()).collect();
                let id = more.ids.get(at.get()).to_owned(job.source.id_type());
                let (statistic, message) = (names.join(","), panic_message(&*panic));
                Err(Error::Panicked { statistic, id, band: String::new(), message })
            }
        }
    }

    /// Returns the size in memory, in bytes.
    fn bytes(&self) -> u64 {
        let row = size_of::<u8>() + size_of::<u64>() + self.width * size_of::<f64>();
        let index = self.index.capacity() * (size_of::<u32>() + 1);
        (self.ids.bytes() + self.band.len() * row + index) as u64
    }

    /// Combines `state` with that of the light curve whose id is at index `place` of `of`.
    fn add(&mut self, of: &Ids, place: usize, band: u8, n_obs: u64, state: &[f64], folds: &[Arc<dyn Fold>]) {
        let id = of.get(place);
        let hasher = FixedState::default();
        let hash = hasher.hash_one((id, band));
        let Self { ids, band: bands, .. } = &*self;
        let same = |&i: &u32| bands[i as usize] == band && ids.get(i as usize) == id;
        let Some(&at) = self.index.find(hash, same) else {
            // No memory holds a table of 2^32 light curves.
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

    /// The second stage: computes the results, in order of id and band.
    pub(crate) fn finish(&self, job: &Job<'_>, folds: &[Arc<dyn Fold>]) -> Result<PendingResults> {
        let finished = catch_unwind(AssertUnwindSafe(|| self.results(job, folds)));
        let results = finished.map_err(|panic| Error::Internal { message: panic_message(&*panic) })?;
        job.observer.event(Event::LightCurves(results.len() as u64));
        Ok(PendingResults::new(results))
    }

    fn results(&self, job: &Job<'_>, folds: &[Arc<dyn Fold>]) -> Results {
        let grouping = Grouping::new(job.source.bands(), job.bands, job.inputs());
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
