//! Partial states of folds, in the place of results: for each float of them a column.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tape_core::{Fold, Grouping, IdRef, LeftOut, Part, Results, Value};

use crate::compute::{Job, Worker};
use crate::error::{Error, Result};
use crate::pool::words;
use crate::strategy::fold::{States, lift_each, width};

/// No states of these folds.
pub(super) fn no_states(job: &Job<'_>, folds: &[Arc<dyn Fold>]) -> Results {
    Results::new(job.source.id_type(), width(folds))
}

/// The states of a bucket's light curves.
pub(super) fn lift_bucket(
    worker: &mut Worker<'_>,
    folds: &[Arc<dyn Fold>],
    parts: &[Part<'_>],
) -> Result<(Results, LeftOut)> {
    let mut states = no_states(worker.job, folds);
    let left_out = lift_each(worker, folds, parts, |ids, at, band, n_obs, state| {
        states.ids.extend_from(ids, at..at + 1);
        states.band.push(band);
        states.n_obs.push(n_obs);
        states.values.iter_mut().zip(state).for_each(|(column, &float)| column.push(Value::Float(float)));
    })?;
    Ok((states, left_out))
}

/// The states of one bucket, combined.
pub(super) struct Combined<'a> {
    job: &'a Job<'a>,
    folds: &'a [Arc<dyn Fold>],
    states: States,
}

impl<'a> Combined<'a> {
    pub(super) fn new(job: &'a Job<'a>, folds: &'a [Arc<dyn Fold>]) -> Self {
        Self { job, folds, states: States::new(job.no_results().ids, width(folds)) }
    }

    /// Combines more states into them.
    pub(super) fn add(&mut self, more: &Results) -> Result<()> {
        if more.values.len() != width(self.folds) {
            return Err(Error::Internal { message: "partial states of other folds".to_owned() });
        }
        let at = Cell::new(0);
        let mut state = vec![0.0; more.values.len()];
        let combined = catch_unwind(AssertUnwindSafe(|| {
            for row in 0..more.len() {
                at.set(row);
                for (float, column) in state.iter_mut().zip(&more.values) {
                    let Value::Float(value) = column[row] else { return false };
                    *float = value;
                }
                self.states.add(&more.ids, row, more.band[row], more.n_obs[row], &state, self.folds);
            }
            true
        }));
        match combined {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::Internal { message: "a partial state that is no number".to_owned() }),
            Err(panic) => Err(self.panicked(more.ids.get(at.get()), &words(&*panic))),
        }
    }

    /// The results, by id and band.
    pub(super) fn finish(&self) -> Result<Results> {
        let grouping = Grouping::new(self.job.source.bands(), self.job.bands, self.job.inputs());
        let finished = catch_unwind(AssertUnwindSafe(|| self.states.finish(self.job, self.folds, &grouping)));
        finished.map_err(|panic| Error::Internal { message: words(&*panic) })
    }

    fn panicked(&self, id: IdRef<'_>, message: &str) -> Error {
        let names: Vec<&str> = self.job.statistics.iter().map(|s| s.info().name.as_ref()).collect();
        Error::Panicked {
            statistic: names.join(","),
            id: id.to_owned(self.job.source.id_type()),
            band: String::new(),
            message: message.to_owned(),
        }
    }
}

/// A program that asks for what cannot be.
pub(super) fn not_folds() -> Error {
    Error::Internal { message: "partial states of a statistic that is not a fold".to_owned() }
}
