//! The progress of a run, and its remaining time.
//!
//! [`Progress`] is an observer for a run. Any thread can query it. The command writes its state with events.
//!
//! ```
//! use tape::prelude::*;
//! use tape::progress::Progress;
//!
//! let ensemble = Ensemble::from_columns(&[1, 1, 2], &[1.0, 2.0, 1.0], &[5.0, 7.0, 1.0], &[0.1; 3], &["g"; 3])?;
//! let batch = ensemble.batch_named(&["mean"])?;
//! let progress = Progress::new(1);
//! batch.run(&batch.plan_with(&progress)?, &progress)?;
//! assert_eq!(progress.moment().light_curves, 2);
//! # Ok::<(), tape::Error>(())
//! ```

mod counts;
mod estimate;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tape_core::{Cancellation, Event, Observer, Step};

pub use counts::{Counts, Rates};
pub use estimate::Estimate;

/// An observer that records the progress of a run and can stop it.
#[derive(Debug)]
pub struct Progress {
    start: Instant,
    state: Mutex<(Counts, Estimate)>,
    stop: Cancellation,
}

/// The state of a run at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Moment {
    /// Seconds since the start.
    pub seconds: f64,
    /// Estimated remaining seconds, or `None` if there is no estimate yet.
    pub seconds_left: Option<f64>,
    /// Finished fraction of the work, from 0 to 1.
    pub share: f64,
    /// The current step.
    pub step: Step,
    /// Number of finished rows of that step.
    pub rows: u64,
    /// Total number of rows of that step, as far as known.
    pub rows_of: u64,
    /// Number of light curves computed.
    pub light_curves: u64,
}

impl Progress {
    /// Starts the clock. `values` is the number of values in a row of the result.
    #[must_use]
    pub fn new(values: usize) -> Self {
        let state = Mutex::new((Counts::default(), Estimate::new(values)));
        Self { start: Instant::now(), state, stop: Cancellation::new() }
    }

    /// Returns the state of the run.
    #[must_use]
    pub fn moment(&self) -> Moment {
        let seconds = self.start.elapsed().as_secs_f64();
        let (counts, estimate) = &mut *self.state();
        estimate.observe(seconds, counts);
        let step = counts.step();
        Moment {
            seconds,
            seconds_left: estimate.left(seconds),
            share: estimate.share(seconds),
            step,
            rows: counts.done(step),
            rows_of: counts.ahead(step),
            light_curves: counts.light_curves,
        }
    }

    /// Asks the run to stop.
    pub fn cancel(&self) {
        self.stop.cancel();
    }

    fn state(&self) -> MutexGuard<'_, (Counts, Estimate)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Progress {
    fn event(&self, event: Event) {
        let seconds = self.start.elapsed().as_secs_f64();
        let (counts, estimate) = &mut *self.state();
        counts.take(&event);
        estimate.observe(seconds, counts);
    }

    fn cancellation(&self) -> Cancellation {
        self.stop.clone()
    }
}
