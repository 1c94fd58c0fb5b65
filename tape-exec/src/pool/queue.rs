//! A queue of the tasks of one run. It assigns tasks to workers, and passes on results in the order of the tasks.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::panic_message;
use crate::error::{Error, Result};

pub(super) struct Queue<T, F> {
    progress: Mutex<Progress<T>>,
    moved: Condvar,
    take: Mutex<F>,
    tasks: usize,
    ahead: usize,
}

struct Progress<T> {
    claimed: usize,
    taken: usize,
    /// True while a worker passes on results.
    taking: bool,
    /// Number of helpers that were called and have not left.
    helpers: usize,
    waiting: BTreeMap<usize, T>,
    /// The first failed task by number, so that the error depends on timing as little as possible.
    failed: Option<(usize, Error)>,
}

impl<T, F: FnMut(T) -> Result<()>> Queue<T, F> {
    pub(super) fn new(tasks: usize, ahead: usize, take: F) -> Self {
        let (waiting, failed) = Default::default();
        let progress = Progress { claimed: 0, taken: 0, taking: false, helpers: 0, waiting, failed };
        Self { progress: Mutex::new(progress), moved: Condvar::new(), take: Mutex::new(take), tasks, ahead }
    }

    /// Returns the outcome of the run.
    pub(super) fn ended(self) -> Result<()> {
        let progress = self.progress.into_inner().unwrap_or_else(PoisonError::into_inner);
        progress.failed.map_or(Ok(()), |(_, error)| Err(error))
    }

    fn lock(&self) -> MutexGuard<'_, Progress<T>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self, progress: &Progress<T>) -> bool {
        progress.failed.is_some() || progress.claimed == self.tasks
    }

    /// Claims the next task, unless it is too far ahead. The task that others wait for is never held back, so some
    /// worker always makes progress.
    fn next(&self, progress: &mut Progress<T>) -> Option<usize> {
        let next = progress.claimed;
        let free = !self.is_over(progress) && next < progress.taken + self.ahead;
        free.then(|| {
            progress.claimed += 1;
            next
        })
    }

    /// Waits for a task for the caller of the run, and claims it. A caller that is not a helper only gets a task if
    /// there are no helpers, and counts as a helper while it works. A caller that is a helper gets any task that is not
    /// too far ahead.
    pub(super) fn claim_as_caller(&self, is_helper: bool) -> Option<usize> {
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

    /// Claims the next task for a helper, or removes the helper if there is none.
    pub(super) fn claim_or_leave(&self) -> Option<usize> {
        let mut progress = self.lock();
        let next = self.next(&mut progress);
        if next.is_none() {
            progress.helpers -= 1;
            drop(progress);
            self.moved.notify_all();
        }
        next
    }

    /// Adds a helper that was not called.
    pub(super) fn join(&self) {
        self.lock().helpers += 1;
    }

    /// Removes a helper.
    pub(super) fn leave(&self) {
        self.lock().helpers -= 1;
        self.moved.notify_all();
    }

    /// Returns the number of helpers to call, up to `most` in total, and counts them as called.
    pub(super) fn wanted(&self, most: usize) -> usize {
        let mut progress = self.lock();
        if progress.failed.is_some() {
            return 0;
        }
        let free = self.tasks.min(progress.taken + self.ahead) - progress.claimed;
        let wanted = most.saturating_sub(progress.helpers).min(free);
        progress.helpers += wanted;
        wanted
    }

    pub(super) fn done(&self, index: usize, result: Result<T>) {
        let mut progress = self.lock();
        match result {
            Ok(value) => drop(progress.waiting.insert(index, value)),
            Err(error) => {
                drop(progress);
                return self.fail(index, error);
            }
        }
        // One worker passes on results for all. Others leave their results to it.
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
            if let Err(error) = taken.unwrap_or_else(|panic| Err(Error::Internal { message: panic_message(&*panic) })) {
                // No more results are passed on after this.
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
