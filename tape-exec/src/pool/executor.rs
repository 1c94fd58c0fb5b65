//! Threads that are there already: those of a pool that several runs share, or the caller's alone.
//!
//! What runs on a shared pool must never wait for what began before it: rayon gives a thread that waits for the columns of a
//! row group whatever else is to be done, so below any task there may lie another. Helpers therefore leave where they
//! would have to wait, and are called again once there is more to do; and a thread that is at a task never begins a second
//! one, which could want a lock that the first holds. Only the caller of a run waits, for tasks that all began after it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::{Scope, ThreadPool};

use crate::error::{Error, Result};
use crate::pool::{AHEAD, Queue, words};

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
    /// A pool of so many threads.
    ///
    /// # Errors
    /// If the system does not give so many.
    pub fn pool(threads: usize) -> Result<Self> {
        crate::pool::pool(threads).map(|pool| Self::Pool(Arc::new(pool)))
    }
}

/// How many tasks of a run may be under way at once, and on which threads.
#[derive(Clone, Copy)]
pub(crate) struct Crew<'a> {
    pub(crate) workers: usize,
    pub(crate) threads: &'a Threads,
}

thread_local! {
    /// Whether this thread is at a task.
    static AT_A_TASK: Cell<bool> = const { Cell::new(false) };
}

/// Runs tasks one after the other where it is called.
pub(crate) fn one_by_one<S, T>(
    tasks: usize,
    state: impl Fn() -> S,
    task: impl Fn(&mut S, usize) -> Result<T>,
    mut take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let mut own = None;
    (0..tasks).try_for_each(|index| {
        let state = own.get_or_insert_with(&state);
        let done = catch_unwind(AssertUnwindSafe(|| take(task(state, index)?)));
        done.unwrap_or_else(|panic| Err(Error::Internal { message: words(&*panic) }))
    })
}

/// Runs tasks on a pool, at most `workers` at once; the caller takes part where nobody else does.
pub(crate) fn on_pool<S: Send, T: Send>(
    pool: &ThreadPool,
    workers: usize,
    tasks: usize,
    state: impl Fn() -> S + Sync,
    task: impl Fn(&mut S, usize) -> Result<T> + Sync,
    take: impl FnMut(T) -> Result<()> + Send,
) -> Result<()> {
    let workers = workers.clamp(1, tasks.max(1));
    let queue = Queue::new(tasks, AHEAD * workers, take);
    // A thread of the pool that waited for others of it might be the last one.
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
    /// What helpers that left worked with.
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
    /// Calls as many helpers as there is work for.
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
        self.queue.done(index, result.unwrap_or_else(|panic| Err(Error::Internal { message: words(&*panic) })));
        AT_A_TASK.set(before);
        self.call(scope);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use rayon::prelude::*;

    use super::*;
    use crate::pool::in_order;

    fn pool(threads: usize) -> Threads {
        Threads::pool(threads).expect("threads")
    }

    /// Tasks that share their work with other threads, as those do that read; what was taken.
    fn run(threads: &Threads, workers: usize, tasks: usize) -> Vec<usize> {
        let mut taken = vec![];
        let task = |times: &mut usize, i: usize| {
            *times += 1;
            let sum: usize = (0..64).into_par_iter().with_max_len(1).map(|k| std::hint::black_box(k * i)).sum();
            Ok(sum / 2016)
        };
        let crew = Crew { workers, threads };
        let take = |i| {
            taken.push(i);
            Ok(())
        };
        in_order(crew, tasks, || 0, task, take).expect("no task fails");
        taken
    }

    #[test]
    fn results_come_in_order_of_the_tasks_on_any_threads() {
        for threads in [Threads::Own, Threads::Caller, pool(1), pool(2), pool(7)] {
            for (workers, tasks) in [(1, 50), (2, 50), (7, 50), (3, 2), (2, 0)] {
                assert_eq!(run(&threads, workers, tasks), (0..tasks).collect::<Vec<_>>(), "{threads:?}");
            }
        }
    }

    #[test]
    fn runs_share_a_pool_at_the_same_time() {
        for threads in [pool(1), pool(2), pool(3)] {
            std::thread::scope(|scope| {
                let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| run(&threads, 2, 200))).collect();
                runs.into_iter()
                    .for_each(|run| assert_eq!(run.join().expect("no panic"), (0..200).collect::<Vec<_>>()));
            });
        }
    }

    #[test]
    fn a_thread_at_a_task_begins_no_other_while_it_waits_for_help() {
        thread_local! {
            static DEPTH: Cell<usize> = const { Cell::new(0) };
        }
        let nested = AtomicUsize::new(0);
        let task = |(): &mut (), i: usize| {
            nested.fetch_add(DEPTH.replace(DEPTH.get() + 1), Ordering::Relaxed);
            let wait = |k| std::thread::sleep(std::time::Duration::from_micros(((i * 7 + k * 13) % 50) as u64));
            (0..8_usize).into_par_iter().with_max_len(1).for_each(wait);
            DEPTH.set(DEPTH.get() - 1);
            Ok(())
        };
        let threads = pool(3);
        let run = || in_order(Crew { workers: 2, threads: &threads }, 150, || (), task, |()| Ok(()));
        std::thread::scope(|scope| {
            let runs: Vec<_> = (0..3).map(|_| scope.spawn(run)).collect();
            runs.into_iter().for_each(|run| run.join().expect("no panic").expect("no task fails"));
        });
        assert_eq!(nested.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_run_inside_the_pool_that_it_runs_on_does_not_wait_for_itself() {
        for n in [1, 2, 3] {
            let threads = pool(n);
            let Threads::Pool(own) = &threads else { unreachable!("it is a pool") };
            assert_eq!(own.install(|| run(&threads, 4, 30)), (0..30).collect::<Vec<_>>());
            // From each task of another run, too.
            let inner = |(): &mut (), i: usize| Ok((i, run(&threads, 2, 10).len()));
            let mut taken = vec![];
            let take = |pair| {
                taken.push(pair);
                Ok(())
            };
            in_order(Crew { workers: 3, threads: &threads }, 20, || (), inner, take).expect("no task fails");
            assert_eq!(taken, (0..20).map(|i| (i, 10)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_more_tasks_are_under_way_than_workers_were_asked_for() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let task = |(): &mut (), _| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_micros(300));
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        };
        in_order(Crew { workers: 2, threads: &pool(6) }, 100, || (), task, |()| Ok(())).expect("no task fails");
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn an_error_or_a_panic_ends_a_run_on_any_threads_and_the_pool_remains() {
        for threads in [Threads::Caller, pool(1), pool(3)] {
            for panics in [false, true] {
                let task = |(): &mut (), i: usize| match i {
                    5 if panics => panic!("five"),
                    5 => Err(Error::Cancelled),
                    _ => Ok(i),
                };
                let mut taken = vec![];
                let take = |i| {
                    taken.push(i);
                    Ok(())
                };
                let error =
                    in_order(Crew { workers: 2, threads: &threads }, 100, || (), task, take).expect_err("task 5");
                assert_eq!(matches!(&error, Error::Internal { message } if message == "five"), panics, "{error}");
                assert!(taken.len() <= 5 && taken.iter().copied().eq(0..taken.len()), "{taken:?}");
                assert_eq!(run(&threads, 2, 9).len(), 9);
            }
        }
    }
}
