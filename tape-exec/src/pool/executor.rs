//! Runs tasks on a pool that several runs may share.
//!
//! A task on a shared pool must never wait for work that began before it. While a rayon thread waits for the columns of
//! a row group, it may execute any other job of the pool, so any task may run on top of another on the same stack.
//! Helpers therefore leave instead of waiting, and are called again when there is more to do. A thread never starts a
//! second task during a first one, because the second could need a lock that the first holds. Only the caller of a run
//! waits, and only for tasks that began after it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use rayon::{Scope, ThreadPool};

use super::panic_message;
use super::queue::Queue;
use crate::error::{Error, Result};

thread_local! {
    /// True if this thread is working on a task.
    static AT_A_TASK: Cell<bool> = const { Cell::new(false) };
}

/// Runs tasks on a pool, at most `workers` at once. The caller takes part if there are no helpers.
pub(super) fn on_pool<S: Send, T: Send>(
    pool: &ThreadPool,
    workers: usize,
    tasks: usize,
    ahead: usize,
    state: impl Fn() -> S + Sync,
    task: impl Fn(&mut S, usize) -> Result<T> + Sync,
    take: impl FnMut(T) -> Result<()> + Send,
) -> Result<()> {
    let workers = workers.clamp(1, tasks.max(1));
    let queue = Queue::new(tasks, ahead, take);
    // If a thread of the pool waited for others, it could be the only one left.
    let inside = pool.current_thread_index().is_some();
    if inside {
        queue.join();
    }
    let run = Run { queue, workers, idle: Mutex::default(), state, task };
    pool.in_place_scope(|scope| {
        run.call(scope);
        while let Some(index) = run.queue.claim_as_caller(inside) {
            run.work(index, scope);
            if !inside {
                run.queue.leave();
                run.call(scope);
            }
        }
    });
    run.queue.ended()
}

struct Run<S, T, F, M, W> {
    queue: Queue<T, F>,
    workers: usize,
    /// States of helpers that left, to be reused.
    idle: Mutex<Vec<S>>,
    state: M,
    task: W,
}

impl<S, T, F, M, W> Run<S, T, F, M, W>
where
    S: Send,
    T: Send,
    F: FnMut(T) -> Result<()> + Send,
    M: Fn() -> S + Sync,
    W: Fn(&mut S, usize) -> Result<T> + Sync,
{
    /// Spawns helpers if there is work for them.
    fn call<'scope>(&'scope self, scope: &Scope<'scope>) {
        for _ in 0..self.queue.wanted(self.workers) {
            scope.spawn(|scope| self.help(scope));
        }
    }

    fn help<'scope>(&'scope self, scope: &Scope<'scope>) {
        if AT_A_TASK.get() {
            self.queue.leave();
            return;
        }
        while let Some(index) = self.queue.claim_or_leave() {
            self.work(index, scope);
        }
    }

    fn work<'scope>(&'scope self, index: usize, scope: &Scope<'scope>) {
        let before = AT_A_TASK.replace(true);
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let found = idle().pop();
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut state = found.unwrap_or_else(&self.state);
            let result = (self.task)(&mut state, index);
            idle().push(state);
            result
        }));
        self.queue.done(index, result.unwrap_or_else(|panic| Err(Error::Internal { message: panic_message(&*panic) })));
        AT_A_TASK.set(before);
        self.call(scope);
    }
}
