//! Fold: each partition's epochs lifted to partial states where they lie; states combined, no row moved.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use tape_core::{Fold, Grouping, IdRef, Ids, LeftOut, Part, Partition, Results, Rows, Sink, Statistic, Value};

use crate::error::{Error, Result};
use crate::job::{Job, Worker};
use crate::map::Totals;
use crate::shuffle::write_by_id;
use crate::workers::in_order;

/// The folds behind statistics, if all are folds.
pub(crate) fn folds(statistics: &[Statistic]) -> Option<Vec<Arc<dyn Fold>>> {
    let fold = |s: &Statistic| match s {
        Statistic::Fold(fold) => Some(Arc::clone(fold)),
        Statistic::Whole(_) => None,
    };
    statistics.iter().map(fold).collect()
}

/// Partial states of light curves, by (id, band).
struct States {
    ids: Ids,
    band: Vec<u8>,
    n_obs: Vec<u64>,
    /// The states of all folds side by side, for each light curve.
    states: Vec<f64>,
    width: usize,
    index: HashTable<u32>,
}

struct Folded {
    states: States,
    rows: u64,
    left_out: LeftOut,
}

pub(crate) fn run(
    job: &Job<'_>,
    folds: &[Arc<dyn Fold>],
    partitions: &[Partition],
    sink: &mut dyn Sink,
) -> Result<Totals> {
    let width = folds.iter().map(|fold| fold.state_len()).sum();
    let mut totals = Totals::default();
    let mut all = States::new(Ids::new(job.source.id_type()), width);
    in_order(
        job.workers,
        partitions.len(),
        || job.worker(),
        |worker, i| lift(worker, folds, &partitions[i], width),
        |folded| {
            totals.rows += folded.rows;
            totals.left_out += folded.left_out;
            all.merge(&folded.states, folds);
            Ok(())
        },
    )?;
    let worker = job.worker();
    let results = all.finish(job, folds, worker.grouping());
    totals.light_curves = results.len() as u64;
    job.observer.event(tape_core::Event::LightCurves(totals.light_curves));
    write_by_id(&results, sink)?;
    Ok(totals)
}

/// The states of one partition.
fn lift(worker: &mut Worker<'_>, folds: &[Arc<dyn Fold>], partition: &Partition, width: usize) -> Result<Folded> {
    let job = worker.job;
    let mut reader = job.source.read(partition, job.inputs().columns()).map_err(Error::Source)?;
    let mut rows = Rows::new(job.source.id_type());
    let mut out = Folded { states: States::new(rows.ids.new_like(), width), rows: 0, left_out: LeftOut::default() };
    let mut state = vec![0.0; width];
    loop {
        let n = job.read(reader.as_mut(), &mut rows, &mut out.left_out)?;
        if n == 0 {
            return Ok(out);
        }
        out.rows += n as u64;
        if worker.group_runs(&rows, 0..rows.len(), &mut out.left_out).is_err() {
            worker.group_any(&[Part::of(&rows, 0..rows.len())], &mut out.left_out);
        }
        for segment in &worker.chunk.segments {
            let light_curve = worker.chunk.light_curve(segment, worker.grouping().label(segment.band));
            let mut at = 0;
            for fold in folds {
                let own = at..at + fold.state_len();
                fold.lift(&light_curve, &mut state[own.clone()]);
                at = own.end;
            }
            let id = worker.chunk.ids.get(segment.object);
            out.states.add(id, segment.band, light_curve.len() as u64, &state, folds);
        }
        rows.clear();
    }
}

impl States {
    fn new(ids: Ids, width: usize) -> Self {
        Self { ids, band: vec![], n_obs: vec![], states: vec![], width, index: HashTable::new() }
    }

    /// Combines `state` into that of the light curve.
    fn add(&mut self, id: IdRef<'_>, band: u8, n_obs: u64, state: &[f64], folds: &[Arc<dyn Fold>]) {
        let hasher = FixedState::default();
        let hash = hasher.hash_one((id, band));
        let Self { ids, band: bands, .. } = &*self;
        let same = |&i: &u32| bands[i as usize] == band && ids.get(i as usize) == id;
        let Some(&at) = self.index.find(hash, same) else {
            // A table of 2^32 light curves would not fit any memory first.
            let at = u32::try_from(self.band.len()).unwrap_or(u32::MAX);
            self.ids.push(id);
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

    fn merge(&mut self, other: &Self, folds: &[Arc<dyn Fold>]) {
        for (i, &band) in other.band.iter().enumerate() {
            let state = &other.states[i * other.width..(i + 1) * other.width];
            self.add(other.ids.get(i), band, other.n_obs[i], state, folds);
        }
    }

    /// The results, with those of each id together and by band.
    fn finish(&self, job: &Job<'_>, folds: &[Arc<dyn Fold>], grouping: &Grouping) -> Results {
        let mut order: Vec<usize> = (0..self.band.len()).collect();
        let place = |i: usize| grouping.place(self.band[i]);
        order.sort_unstable_by(|&a, &b| self.ids.get(a).cmp(&self.ids.get(b)).then(place(a).cmp(&place(b))));
        let mut results = job.no_results();
        let mut values = vec![Value::Null; job.outputs()];
        for i in order {
            results.ids.push(self.ids.get(i));
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
