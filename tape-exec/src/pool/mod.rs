//! Tasks over worker threads, with results taken in the order of the tasks.

pub(crate) mod executor;

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::pool::executor::{Crew, Threads, on_pool, one_by_one};

/// So many tasks per worker may be done and wait for an earlier one: enough to even out tasks of different length, and a
/// bound on what waits in memory.
pub(crate) const AHEAD: usize = 2;
/// So many threads can work on a task: readers share the columns of a row group with threads that have no task of their own.
const SHARING: usize = 4;

/// The number of workers to use where none was asked for: one for each core that this process may use.
#[must_use]
pub fn default_workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs `task` for `0..tasks` by a crew, each worker of which has a state of its own made by `state`, and hands the results to
/// `take` in the order of the tasks, whatever order they end in. The first error ends it.
pub(crate) fn in_order<S: Send, T: Send>(
    crew: Crew<'_>,
    tasks: usize,
    state: impl Fn() -> S + Sync,
    task: impl Fn(&mut S, usize) -> Result<T> + Sync,
    take: impl FnMut(T) -> Result<()> + Send,
) -> Result<()> {
    let workers = crew.workers;
    match crew.threads {
        Threads::Own => {}
        Threads::Pool(pool) => return on_pool(pool, workers, tasks, state, task, take),
        Threads::Caller => return one_by_one(tasks, state, task, take),
    }
    let pool = pool(workers.clamp(1, tasks.max(1).saturating_mul(SHARING)))?;
    let queue = Queue::new(tasks, AHEAD * workers.clamp(1, tasks.max(1)), take);
    pool.broadcast(|_| {
        let mut own = None;
        while let Some(index) = queue.claim() {
            let state = own.get_or_insert_with(&state);
            // A panic must not leave the other workers waiting for this task.
            let result = catch_unwind(AssertUnwindSafe(|| task(state, index)));
            queue.done(index, result.unwrap_or_else(|panic| Err(Error::Internal { message: words(&*panic) })));
        }
    });
    queue.ended()
}

/// Runs `task` for `0..tasks` on `workers` threads, and hands each result to `done` as it comes; `done` is not called twice at
/// once. A task that panics gives an error, and the others go on. `stop` is asked before each.
///
/// # Errors
/// If the threads cannot be had.
pub fn each<T: Send>(
    workers: usize,
    tasks: usize,
    stop: impl Fn() -> bool + Sync,
    task: impl Fn(usize) -> T + Sync,
    done: impl FnMut(usize, Result<T>) + Send,
) -> Result<()> {
    let workers = workers.clamp(1, tasks.max(1));
    let pool = pool(workers)?;
    let (next, done) = (AtomicUsize::new(0), Mutex::new(done));
    pool.broadcast(|_| {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= tasks || stop() {
                return;
            }
            let result = catch_unwind(AssertUnwindSafe(|| task(index)));
            let result = result.map_err(|panic| Error::Internal { message: words(&*panic) });
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done(index, result);
        }
    });
    Ok(())
}

/// Does `work`, with so many threads for what of it goes side by side.
///
/// # Errors
/// If the threads cannot be had.
pub fn with_threads<T: Send>(workers: usize, work: impl FnOnce() -> T + Send) -> Result<T> {
    Ok(pool(workers.max(1))?.install(work))
}

pub(crate) fn pool(workers: usize) -> Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(workers)
        .thread_name(|i| format!("tape-worker-{i}"))
        .build()
        .map_err(|error| Error::Workers { workers, reason: error.to_string() })
}

/// What a panic said.
pub(crate) fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

pub(crate) struct Queue<T, F> {
    progress: Mutex<Progress<T>>,
    moved: Condvar,
    take: Mutex<F>,
    tasks: usize,
    ahead: usize,
}

struct Progress<T> {
    claimed: usize,
    taken: usize,
    /// Whether some worker takes results at the moment, for all.
    taking: bool,
    /// Helpers that were called to a shared pool and have not left.
    helpers: usize,
    waiting: BTreeMap<usize, T>,
    /// The failed task that comes first, so that the message does not depend on timing more than it must.
    failed: Option<(usize, Error)>,
}

impl<T, F: FnMut(T) -> Result<()>> Queue<T, F> {
    pub(crate) fn new(tasks: usize, ahead: usize, take: F) -> Self {
        let (waiting, failed) = Default::default();
        let progress = Progress { claimed: 0, taken: 0, taking: false, helpers: 0, waiting, failed };
        Self { progress: Mutex::new(progress), moved: Condvar::new(), take: Mutex::new(take), tasks, ahead }
    }

    /// What became of it.
    pub(crate) fn ended(self) -> Result<()> {
        let progress = self.progress.into_inner().unwrap_or_else(PoisonError::into_inner);
        progress.failed.map_or(Ok(()), |(_, error)| Err(error))
    }

    fn lock(&self) -> MutexGuard<'_, Progress<T>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self, progress: &Progress<T>) -> bool {
        progress.failed.is_some() || progress.claimed == self.tasks
    }

    /// The next task, if there is one that is not too far ahead. The task that all wait for is never held back here, so some
    /// worker always gets on.
    fn next(&self, progress: &mut Progress<T>) -> Option<usize> {
        let next = progress.claimed;
        let free = !self.is_over(progress) && next < progress.taken + self.ahead;
        free.then(|| {
            progress.claimed += 1;
            next
        })
    }

    /// The next task, once it is not too far ahead.
    fn claim(&self) -> Option<usize> {
        let mut progress = self.lock();
        loop {
            if let Some(index) = self.next(&mut progress) {
                return Some(index);
            }
            if self.is_over(&progress) {
                return None;
            }
            progress = self.moved.wait(progress).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next task for the one who called the helpers, who counts as one of them then: once there is one that none of them
    /// will do. Who is one of them already gets whatever is not too far ahead.
    pub(crate) fn claim_as_caller(&self, is_helper: bool) -> Option<usize> {
        let mut progress = self.lock();
        loop {
            let index = if is_helper || progress.helpers == 0 { self.next(&mut progress) } else { None };
            if index.is_some() || self.is_over(&progress) {
                progress.helpers += usize::from(index.is_some() && !is_helper);
                return index;
            }
            progress = self.moved.wait(progress).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next task for a helper, who leaves if there is none now.
    pub(crate) fn claim_or_leave(&self) -> Option<usize> {
        let mut progress = self.lock();
        let next = self.next(&mut progress);
        if next.is_none() {
            progress.helpers -= 1;
            drop(progress);
            self.moved.notify_all();
        }
        next
    }

    /// One more helper is there without being called.
    pub(crate) fn join(&self) {
        self.lock().helpers += 1;
    }

    /// A helper leaves.
    pub(crate) fn leave(&self) {
        self.lock().helpers -= 1;
        self.moved.notify_all();
    }

    /// How many helpers are to be called, where there should be no more than `most`; they count from now on.
    pub(crate) fn wanted(&self, most: usize) -> usize {
        let mut progress = self.lock();
        if progress.failed.is_some() {
            return 0;
        }
        let free = self.tasks.min(progress.taken + self.ahead) - progress.claimed;
        let wanted = most.saturating_sub(progress.helpers).min(free);
        progress.helpers += wanted;
        wanted
    }

    pub(crate) fn done(&self, index: usize, result: Result<T>) {
        let mut progress = self.lock();
        match result {
            Ok(value) => drop(progress.waiting.insert(index, value)),
            Err(error) => {
                drop(progress);
                return self.fail(index, error);
            }
        }
        // One worker takes for all; whoever finds it at work leaves its result to it.
        if progress.taking {
            return;
        }
        progress.taking = true;
        loop {
            let next = progress.taken;
            let Some(value) = progress.waiting.remove(&next).filter(|_| progress.failed.is_none()) else {
                progress.taking = false;
                return;
            };
            drop(progress);
            let taken = catch_unwind(AssertUnwindSafe(|| {
                let mut take = self.take.lock().unwrap_or_else(PoisonError::into_inner);
                take(value)
            }));
            if let Err(error) = taken.unwrap_or_else(|panic| Err(Error::Internal { message: words(&*panic) })) {
                // Nothing is taken any more.
                return self.fail(next, error);
            }
            progress = self.lock();
            progress.taken += 1;
            self.moved.notify_all();
        }
    }

    fn fail(&self, index: usize, error: Error) {
        let mut progress = self.lock();
        if progress.failed.as_ref().is_none_or(|(first, _)| index < *first) {
            progress.failed = Some((index, error));
        }
        drop(progress);
        self.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_of_the_tasks() {
        for workers in [1, 2, 7] {
            let crew = Crew { workers, threads: &Threads::Own };
            let mut taken = vec![];
            let task = |_: &mut (), i: usize| {
                std::thread::sleep(std::time::Duration::from_micros((i as u64 * 7919) % 300));
                Ok(i)
            };
            in_order(
                crew,
                100,
                || (),
                task,
                |i| {
                    taken.push(i);
                    Ok(())
                },
            )
            .expect("no task fails");
            assert_eq!(taken, (0..100).collect::<Vec<_>>());
        }
    }

    #[test]
    fn each_task_is_done_once_and_a_panic_is_its_own() {
        for workers in [1, 3] {
            let mut done = vec![];
            each(workers, 20, || false, |i| assert_ne!(i, 7, "seven"), |i, result| done.push((i, result.is_ok())))
                .expect("threads");
            done.sort_unstable();
            assert_eq!(done, (0..20).map(|i| (i, i != 7)).collect::<Vec<_>>());
            each(workers, 20, || true, |_| panic!("it was to stop"), |_, _| panic!("nothing is done"))
                .expect("threads");
        }
    }

    #[test]
    fn an_error_or_a_panic_ends_the_run_with_what_came_before() {
        for panics in [false, true] {
            let mut taken = vec![];
            let task = |_: &mut (), i: usize| match i {
                5 if panics => panic!("five"),
                5 => Err(Error::Cancelled),
                _ => Ok(i),
            };
            let error = in_order(
                Crew { workers: 2, threads: &Threads::Own },
                100,
                || (),
                task,
                |i| {
                    taken.push(i);
                    Ok(())
                },
            )
            .expect_err("task 5 fails");
            assert_eq!(matches!(&error, Error::Internal { message } if message == "five"), panics);
            assert!(taken.len() <= 5 && taken.iter().copied().eq(0..taken.len()), "{taken:?}");
        }
    }
}
