//! Runs tasks on threads, and takes their results in the order of the tasks.
//!
//! A run uses a pool of its own, a pool that it shares with other runs, or the caller's thread.

mod executor;
mod queue;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use rayon::ThreadPool;
pub use tape_pool::default_workers;

use crate::error::{Error, Result};

/// Number of completed tasks per worker that may wait for an earlier one. It evens out tasks of different lengths, and
/// bounds the memory for waiting results.
const AHEAD: usize = 2;

/// The threads that a run works on.
#[derive(Clone, Debug, Default)]
pub enum Threads {
    /// Threads that are started for the run, and end with it.
    #[default]
    Own,
    /// The threads of a pool, which other runs may share.
    Pool(Arc<ThreadPool>),
    /// Only the caller's thread.
    Caller,
}

impl Threads {
    /// Starts a pool of `threads` threads.
    ///
    /// # Errors
    /// If the system cannot start the threads.
    pub fn pool(threads: usize) -> Result<Self> {
        Ok(Self::Pool(Arc::new(pool(threads)?)))
    }

    /// Starts a pool of `workers` threads for [`Threads::Own`]. Returns other kinds unchanged.
    ///
    /// # Errors
    /// If the system cannot start the threads.
    pub fn started(&self, workers: usize) -> Result<Self> {
        match self {
            Self::Own => Self::pool(workers),
            other => Ok(other.clone()),
        }
    }

    /// Calls `work` on a thread of the pool, so that its parallel parts run there. For [`Threads::Caller`] this is a
    /// single thread.
    ///
    /// # Errors
    /// If the system cannot start the threads.
    pub fn install<T: Send>(&self, workers: usize, work: impl FnOnce() -> T + Send) -> Result<T> {
        match self.started(workers)? {
            Self::Pool(pool) => Ok(pool.install(work)),
            Self::Own | Self::Caller => Ok(pool(1)?.install(work)),
        }
    }
}

/// Runs at most `workers` tasks at once, on the caller's thread or on a pool. A pool is started at the first use.
#[derive(Debug)]
pub(crate) struct Executor {
    pub(crate) workers: usize,
    threads: Threads,
    started: OnceLock<Threads>,
}

impl Executor {
    pub(crate) const fn new(workers: usize, threads: Threads) -> Self {
        Self { workers, threads, started: OnceLock::new() }
    }

    /// Returns the threads. All uses share one pool.
    fn threads(&self) -> Result<&Threads> {
        if let Some(threads) = self.started.get() {
            return Ok(threads);
        }
        let started = self.threads.started(self.workers)?;
        Ok(self.started.get_or_init(|| started))
    }

    /// Runs `task` for `0..tasks`, and passes the results to `take` in the order of the tasks. `state` creates a state
    /// for each worker. The first error ends the run.
    pub(crate) fn in_order<S: Send, T: Send>(
        &self,
        tasks: usize,
        state: impl Fn() -> S + Sync,
        task: impl Fn(&mut S, usize) -> Result<T> + Sync,
        take: impl FnMut(T) -> Result<()> + Send,
    ) -> Result<()> {
        let workers = self.workers.clamp(1, tasks.max(1));
        self.run(tasks, AHEAD * workers, state, task, take)
    }

    fn run<S: Send, T: Send>(
        &self,
        tasks: usize,
        ahead: usize,
        state: impl Fn() -> S + Sync,
        task: impl Fn(&mut S, usize) -> Result<T> + Sync,
        take: impl FnMut(T) -> Result<()> + Send,
    ) -> Result<()> {
        match self.threads()? {
            Threads::Pool(pool) => executor::on_pool(pool, self.workers, tasks, ahead, state, task, take),
            Threads::Own | Threads::Caller => one_by_one(tasks, state, task, take),
        }
    }
}

/// Runs tasks one after another on the caller's thread.
fn one_by_one<S, T>(
    tasks: usize,
    state: impl Fn() -> S,
    task: impl Fn(&mut S, usize) -> Result<T>,
    mut take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let mut own = None;
    (0..tasks).try_for_each(|index| {
        let state = own.get_or_insert_with(&state);
        let done = catch_unwind(AssertUnwindSafe(|| take(task(state, index)?)));
        done.unwrap_or_else(|panic| Err(Error::Internal { message: panic_message(&*panic) }))
    })
}

/// Runs `task` for `0..tasks` on `workers` threads, and passes each result to `done` in the order of the tasks. Calls
/// of `done` do not overlap. A task that panics gives an error, and the others continue. `stop` is called before each
/// task, and ends the run if it returns true.
///
/// # Errors
/// If the system cannot start the threads.
pub fn each<T: Send>(
    workers: usize,
    threads: &Threads,
    tasks: usize,
    stop: impl Fn() -> bool + Sync,
    task: impl Fn(usize) -> T + Sync,
    mut done: impl FnMut(usize, Result<T>) + Send,
) -> Result<()> {
    let run = |(): &mut (), index: usize| {
        if stop() {
            return Err(Error::Cancelled);
        }
        let result = catch_unwind(AssertUnwindSafe(|| task(index)));
        Ok((index, result.map_err(|panic| Error::Internal { message: panic_message(&*panic) })))
    };
    let take = |(index, result)| {
        done(index, result);
        Ok(())
    };
    match Executor::new(workers.clamp(1, tasks.max(1)), threads.clone()).run(tasks, tasks, || (), run, take) {
        Err(Error::Cancelled) => Ok(()),
        ended => ended,
    }
}

/// Calls `work` with `workers` threads for its parallel parts.
///
/// # Errors
/// If the system cannot start the threads.
pub fn with_threads<T: Send>(workers: usize, work: impl FnOnce() -> T + Send) -> Result<T> {
    Threads::Own.install(workers, work)
}

fn pool(threads: usize) -> Result<ThreadPool> {
    tape_pool::start(threads)
        .map_err(|tape_pool::StartError { threads, reason, .. }| Error::Workers { workers: threads, reason })
}

/// Returns the message of a panic.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests;
