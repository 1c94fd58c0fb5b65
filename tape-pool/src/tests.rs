//! Results do not depend on the number of threads, and rayon's global pool is never used.

use std::collections::HashSet;
use std::sync::Mutex;

use super::*;

/// Runs `work` outside of a pool, and on pools of one and three threads, and compares the results.
fn anywhere<T: Send + PartialEq + std::fmt::Debug>(work: impl Fn() -> T + Send + Sync) -> T {
    let outside = work();
    for threads in [1, 3] {
        assert_eq!(start(threads).expect("threads").install(&work), outside, "{threads} threads");
    }
    outside
}

#[test]
fn results_come_in_order() {
    for n in [0, 1, 2, 500_u64] {
        let squares: Vec<u64> = (0..n).map(|i| i * i).collect();
        assert_eq!(anywhere(|| map((0..n).collect(), |i| i * i)), squares);
        assert_eq!(anywhere(|| try_map((0..n).collect(), |i| Ok::<_, ()>(i * i))), Ok(squares.clone()));
        let mut places: Vec<usize> = vec![1; squares.len()];
        for_each(&mut places, |place, value| *value += place);
        assert!(places.iter().copied().eq(1..=squares.len()));
    }
}

#[test]
fn neighbours_are_joined_in_order() {
    for n in [0, 1, 2, 500] {
        let join = |mut a: Vec<usize>, b: Vec<usize>| {
            a.extend(b);
            a
        };
        let all = anywhere(|| try_map_reduce(n, |i| Ok::<_, ()>(vec![i]), Vec::new, join));
        assert_eq!(all, Ok((0..n).collect()));
    }
}

#[test]
fn an_error_of_an_item_is_returned() {
    for n in [1, 100] {
        let fails = |i: usize| if i + 1 == n { Err(i) } else { Ok(i) };
        assert_eq!(anywhere(|| try_map((0..n).collect(), fails)), Err(n - 1));
        assert_eq!(anywhere(|| try_map_reduce(n, fails, || 0, |a, b| a + b)), Err(n - 1));
    }
}

#[test]
fn work_stays_on_the_callers_pool() {
    let pool = start(3).expect("threads");
    let names = Mutex::new(HashSet::new());
    pool.install(|| {
        assert_eq!(current_threads(), 3);
        map((0..200).collect(), |_: i32| {
            names.lock().expect("no panic").insert(std::thread::current().id());
        });
        in_pool(|| assert!(rayon::current_thread_index().is_some()));
    });
    assert!(names.into_inner().expect("no panic").len() <= 3);
    assert_eq!(current_threads(), 1);
}

#[test]
fn outside_of_pools_the_global_one_is_not_used() {
    let names = map((0..200).collect(), |_: i32| std::thread::current().name().unwrap_or_default().to_owned());
    if default_workers() > 1 {
        assert!(names.iter().all(|name| name.starts_with("tape-worker-")), "{names:?}");
    }
    // Building the global pool fails if it was used before.
    ThreadPoolBuilder::new().num_threads(1).build_global().expect("nothing used the global pool");
}
