//! The tasks of one call: who takes the next one, and results handed on in the order of the tasks.

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
    /// True if some worker is currently taking results, for all.
    taking: bool,
    /// Helpers that were called to a shared pool and have not left.
    helpers: usize,
    waiting: BTreeMap<usize, T>,
    /// The failed task that comes first, so that the message does not depend on timing more than it must.
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

    /// The next task for the one who called the helpers, who counts as one of them then: once there is one that none of them
    /// will do. Who is one of them already gets whatever is not too far ahead.
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

    /// The next task for a helper, who leaves if there is none now.
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

    /// Counts a helper that joins without being called.
    pub(super) fn join(&self) {
        self.lock().helpers += 1;
    }

    /// A helper leaves.
    pub(super) fn leave(&self) {
        self.lock().helpers -= 1;
        self.moved.notify_all();
    }

    /// Returns the number of helpers to call, up to `most` in total. They are counted from now on.
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
            if let Err(error) = taken.unwrap_or_else(|panic| Err(Error::Internal { message: panic_message(&*panic) })) {
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
