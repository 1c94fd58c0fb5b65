//! Tests of executors on all kinds of threads.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::*;

fn pool(threads: usize) -> Threads {
    Threads::pool(threads).expect("threads")
}

fn executor(workers: usize, threads: &Threads) -> Executor {
    Executor::new(workers, threads.clone())
}

/// Runs tasks that share their work with other threads, as tasks that read do. Returns the results in the order in
/// which they were taken.
fn run(threads: &Threads, workers: usize, tasks: usize) -> Vec<usize> {
    let mut taken = vec![];
    let task = |times: &mut usize, i: usize| {
        *times += 1;
        let sum: usize = (0..64).into_par_iter().with_max_len(1).map(|k| std::hint::black_box(k * i)).sum();
        Ok(sum / 2016)
    };
    let take = |i| {
        taken.push(i);
        Ok(())
    };
    executor(workers, threads).in_order(tasks, || 0, task, take).expect("no task fails");
    taken
}

#[test]
fn results_are_in_order_of_the_tasks_on_any_threads() {
    for threads in [Threads::Own, Threads::Caller, pool(1), pool(2), pool(7)] {
        for (workers, tasks) in [(1, 50), (2, 50), (7, 50), (3, 2), (2, 0)] {
            assert_eq!(run(&threads, workers, tasks), (0..tasks).collect::<Vec<_>>(), "{threads:?}");
        }
    }
}

#[test]
fn concurrent_runs_can_share_a_pool() {
    for threads in [pool(1), pool(2), pool(3)] {
        std::thread::scope(|scope| {
            let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| run(&threads, 2, 200))).collect();
            runs.into_iter().for_each(|run| assert_eq!(run.join().expect("no panic"), (0..200).collect::<Vec<_>>()));
        });
    }
}

#[test]
fn a_thread_does_not_start_a_task_within_another() {
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
    let run = || executor(2, &threads).in_order(150, || (), task, |()| Ok(()));
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(run)).collect();
        runs.into_iter().for_each(|run| run.join().expect("no panic").expect("no task fails"));
    });
    assert_eq!(nested.load(Ordering::Relaxed), 0);
}

#[test]
fn a_run_inside_its_own_pool_does_not_deadlock() {
    for n in [1, 2, 3] {
        let threads = pool(n);
        let Threads::Pool(own) = &threads else { unreachable!("it is a pool") };
        assert_eq!(own.install(|| run(&threads, 4, 30)), (0..30).collect::<Vec<_>>());
        // Also from each task of another run.
        let inner = |(): &mut (), i: usize| Ok((i, run(&threads, 2, 10).len()));
        let mut taken = vec![];
        let take = |pair| {
            taken.push(pair);
            Ok(())
        };
        executor(3, &threads).in_order(20, || (), inner, take).expect("no task fails");
        assert_eq!(taken, (0..20).map(|i| (i, 10)).collect::<Vec<_>>());
    }
}

#[test]
fn at_most_the_requested_number_of_tasks_run_at_once() {
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let task = |(): &mut (), _| {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(std::time::Duration::from_micros(300));
        now.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    };
    executor(2, &pool(6)).in_order(100, || (), task, |()| Ok(())).expect("no task fails");
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[test]
fn a_pool_survives_errors_and_panics_of_a_run() {
    for threads in [Threads::Own, Threads::Caller, pool(1), pool(3)] {
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
            let error = executor(2, &threads).in_order(100, || (), task, take).expect_err("task 5");
            assert_eq!(matches!(&error, Error::Internal { message } if message == "five"), panics, "{error}");
            assert!(taken.len() <= 5 && taken.iter().copied().eq(0..taken.len()), "{taken:?}");
            assert_eq!(run(&threads, 2, 9).len(), 9);
        }
    }
}

#[test]
fn each_task_runs_once_and_a_panic_affects_only_its_task() {
    for workers in [1, 3] {
        let mut done = vec![];
        each(
            workers,
            &Threads::Own,
            20,
            || false,
            |i| assert_ne!(i, 7, "seven"),
            |i, result| done.push((i, result.is_ok())),
        )
        .expect("threads");
        done.sort_unstable();
        assert_eq!(done, (0..20).map(|i| (i, i != 7)).collect::<Vec<_>>());
        each(workers, &Threads::Own, 20, || true, |_| panic!("it was to stop"), |_, _| panic!("nothing is done"))
            .expect("threads");
    }
}
