//! Thread pools for parallel work.
//!
//! Work runs on the caller's pool. Outside of a pool, a new pool is started for the work and ends with it.
//! `TAPE_NUM_THREADS` limits the size of every pool.
//!
//! rayon's global pool is never used: `TAPE_NUM_THREADS` does not limit it, and a child process after `fork` would wait
//! forever for its threads. rayon's parallel iterators use the global pool when they are called outside of another
//! pool. Therefore only this crate calls them, which `cargo xtask tidy` checks.
//!
//! ```
//! let squares = tape_pool::map(vec![1, 2, 3], |n| n * n);
//! assert_eq!(squares, [1, 4, 9]);
//! ```
#![forbid(unsafe_code)]

mod parallel;

use rayon::{ThreadPool, ThreadPoolBuilder};

pub use parallel::{for_each, map, try_map, try_map_reduce};

/// Environment variable that limits the threads of every pool.
const NUM_THREADS: &str = "TAPE_NUM_THREADS";

/// The system could not start the threads of a pool.
#[derive(Debug, thiserror::Error)]
#[error("cannot start {threads} threads: {reason}")]
#[non_exhaustive]
pub struct StartError {
    /// Number of threads.
    pub threads: usize,
    /// Error message of the system.
    pub reason: String,
}

/// Starts a pool of `threads` threads, or fewer if `TAPE_NUM_THREADS` is lower. The threads end with the pool.
///
/// # Errors
/// [`StartError`] if the system cannot start the threads.
pub fn start(threads: usize) -> Result<ThreadPool, StartError> {
    let threads = bounded(threads);
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|i| format!("tape-worker-{i}"))
        .build()
        .map_err(|error| StartError { threads, reason: error.to_string() })
}

/// A pool to run several pieces of work on: either the caller's, or a new one that ends with this value.
#[derive(Debug)]
pub struct Pool(Option<ThreadPool>);

impl Pool {
    /// Uses the caller's pool, or starts one with [`default_workers`] threads. If no threads can be started, work runs
    /// on the caller's thread.
    #[must_use]
    pub fn here() -> Self {
        let alone = rayon::current_thread_index().is_some() || default_workers() == 1;
        Self(if alone { None } else { start(default_workers()).ok() })
    }

    /// Runs `work` on a thread of the pool, so that its parallel parts use the pool.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.0 {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}

/// Runs `work` on the caller's pool, or on a new pool that ends with it; see [`Pool::here`].
pub fn in_pool<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    Pool::here().install(work)
}

/// Returns the number of threads of the caller's pool, or 1 outside of a pool.
#[must_use]
pub fn current_threads() -> usize {
    // Outside of a pool, rayon would start its global one and return its size.
    rayon::current_thread_index().map_or(1, |_| rayon::current_num_threads())
}

/// Returns the default number of workers: one for each core available to this process, limited by the environment
/// variable `TAPE_NUM_THREADS`.
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
