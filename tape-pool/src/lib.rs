//! Threads for parallel work.
//!
//! Work runs on the pool that its caller is on. Where there is none, a pool is started for the work and ends with it. `TAPE_NUM_THREADS`
//! bounds each pool.
//!
//! rayon's global pool is never used. `TAPE_NUM_THREADS` does not bound it, and a child process after `fork` would wait for
//! its threads, which it does not have. rayon's parallel iterators use that pool wherever they are called outside of another
//! one, so they are called in this crate alone, which `cargo xtask tidy` checks.
//!
//! ```
//! let squares = tape_pool::map(vec![1, 2, 3], |n| n * n);
//! assert_eq!(squares, [1, 4, 9]);
//! ```
#![forbid(unsafe_code)]

mod parallel;

use rayon::{ThreadPool, ThreadPoolBuilder};

pub use parallel::{for_each, map, try_map, try_map_reduce};

/// Bounds the threads of every pool.
const NUM_THREADS: &str = "TAPE_NUM_THREADS";

/// The system does not give the threads of a pool.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {threads} threads: {reason}")]
#[non_exhaustive]
pub struct StartError {
    /// The number of threads.
    pub threads: usize,
    /// The message of the system.
    pub reason: String,
}

/// Starts a pool of `threads` threads, or of fewer where `TAPE_NUM_THREADS` allows no more. They end with the pool.
///
/// # Errors
/// [`StartError`] if the system does not give so many.
pub fn start(threads: usize) -> Result<ThreadPool, StartError> {
    let threads = bounded(threads);
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|i| format!("tape-worker-{i}"))
        .build()
        .map_err(|error| StartError { threads, reason: error.to_string() })
}

/// Threads for several pieces of work: those of the pool that its caller is on, or of one that ends with this value.
#[derive(Debug)]
pub struct Pool(Option<ThreadPool>);

impl Pool {
    /// Takes the pool that the caller is on, and otherwise starts one of [`default_workers`] threads. Where no second thread is
    /// to be had, the caller's does all.
    #[must_use]
    pub fn here() -> Self {
        let alone = rayon::current_thread_index().is_some() || default_workers() == 1;
        Self(if alone { None } else { start(default_workers()).ok() })
    }

    /// Does `work` on a thread of the pool, so that its parallel parts run there.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.0 {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}

/// Does `work` on the pool that the caller is on, and otherwise on one that ends with it; see [`Pool::here`].
pub fn in_pool<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    Pool::here().install(work)
}

/// Returns the number of threads of the pool that the caller is on, and 1 outside of any.
#[must_use]
pub fn current_threads() -> usize {
    // Outside of a pool, rayon would tell of its global one, and start it.
    rayon::current_thread_index().map_or(1, |_| rayon::current_num_threads())
}

/// Returns the number of workers to use where none was asked for: one for each core that this process may use, but no more
/// than the variable `TAPE_NUM_THREADS` of the environment allows.
#[must_use]
pub fn default_workers() -> usize {
    bounded(std::thread::available_parallelism().map_or(1, usize::from))
}

fn bounded(threads: usize) -> usize {
    let most = std::env::var(NUM_THREADS).ok().and_then(|text| text.trim().parse().ok());
    threads.min(most.unwrap_or(usize::MAX)).max(1)
}

#[cfg(test)]
mod tests;
