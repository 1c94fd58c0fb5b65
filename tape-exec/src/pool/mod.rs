//! Tasks over threads, with results taken in the order of the tasks.
//!
//! A run has one pool, made when it begins or shared with other runs, or the caller's thread alone.

mod executor;
mod queue;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use rayon::ThreadPool;
pub use tape_pool::default_workers;

use crate::error::{Error, Result};

/// Tasks per worker that may be done and wait for an earlier one: enough to even out tasks of different length, and a
/// bound on what waits in memory.
const AHEAD: usize = 2;

/// On which threads a run works.
#[derive(Clone, Debug, Default)]
pub enum Threads {
    /// On threads of its own, which are gone when it ends.
    #[default]
    Own,
    /// On those of a pool, which other runs may share at the same time.
    Pool(Arc<ThreadPool>),
    /// On the caller's alone.
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

    /// Starts a pool of `workers` threads in the place of [`Threads::Own`]; others stay what they are.
    ///
    /// # Errors
    /// If the system cannot start the threads.
    pub fn started(&self, workers: usize) -> Result<Self> {
        match self {
            Self::Own => Self::pool(workers),
            other => Ok(other.clone()),
        }
    }

    /// Does `work` on a thread of the pool, so that its parallel parts run there; on a single thread for [`Threads::Caller`].
    ///
    /// # Errors
    /// If threads of its own cannot be had.
    pub fn install<T: Send>(&self, workers: usize, work: impl FnOnce() -> T + Send) -> Result<T> {
        match self.started(workers)? {
            Self::Pool(pool) => Ok(pool.install(work)),
            Self::Own | Self::Caller => Ok(pool(1)?.install(work)),
        }
    }
}

/// Carries tasks out: at most `workers` at once, on the threads of a pool, started when it is first needed, or on the caller's.
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

    /// Runs `task` for `0..tasks`, with a state for each worker made by `state`, and hands the results to `take` in the order of
    /// the tasks, whatever order they end in. The first error ends it.
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

/// Runs tasks one after the other where it is called.
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

/// Runs `task` for `0..tasks` on `workers` threads, and hands each result to `done` in the order of the tasks; `done` is not
/// called twice at once. A task that panics gives an error, and the others go on. `stop` is asked before each.
///
/// # Errors
/// If the threads cannot be had.
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

/// Does `work` with `workers` threads for its parallel parts.
///
/// # Errors
/// If the threads cannot be had.
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
