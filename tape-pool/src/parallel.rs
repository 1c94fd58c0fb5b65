//! Parallel loops over many items.

use rayon::prelude::*;

use crate::{current_threads, in_pool};

/// Calls `f` for each item in parallel, and returns the results in order.
pub fn map<T: Send, R: Send>(items: Vec<T>, f: impl Fn(T) -> R + Send + Sync) -> Vec<R> {
    if items.len() < 2 {
        return items.into_iter().map(f).collect();
    }
    in_pool(|| match current_threads() {
        1 => items.into_iter().map(f).collect(),
        _ => items.into_par_iter().map(f).collect(),
    })
}

/// Calls `f` for each item in parallel. Returns the results in order, or one of the errors.
///
/// # Errors
/// If `f` fails for an item. Later items may be skipped.
pub fn try_map<T: Send, R: Send, E: Send>(
    items: Vec<T>,
    f: impl Fn(T) -> Result<R, E> + Send + Sync,
) -> Result<Vec<R>, E> {
    if items.len() < 2 {
        return items.into_iter().map(f).collect();
    }
    in_pool(|| match current_threads() {
        1 => items.into_iter().map(f).collect(),
        _ => items.into_par_iter().map(f).collect(),
    })
}

/// Calls `f` for `0..number` in parallel, and joins the results of neighbours into one. `none` returns the result for
/// no calls.
///
/// # Errors
/// If `f` fails for a number. Later numbers may be skipped.
pub fn try_map_reduce<R: Send, E: Send>(
    number: usize,
    f: impl Fn(usize) -> Result<R, E> + Send + Sync,
    none: impl Fn() -> R + Send + Sync,
    join: impl Fn(R, R) -> R + Send + Sync,
) -> Result<R, E> {
    if number < 2 {
        return (0..number).try_fold(none(), |all, index| Ok(join(all, f(index)?)));
    }
    in_pool(|| match current_threads() {
        1 => (0..number).try_fold(none(), |all, index| Ok(join(all, f(index)?))),
        _ => (0..number).into_par_iter().map(f).try_reduce(none, |a, b| Ok(join(a, b))),
    })
}

/// Calls `f` for each item and its index in parallel.
pub fn for_each<T: Send>(items: &mut [T], f: impl Fn(usize, &mut T) + Send + Sync) {
    in_pool(|| match current_threads() {
        1 => items.iter_mut().enumerate().for_each(|(index, item)| f(index, item)),
        _ => items.par_iter_mut().enumerate().for_each(|(index, item)| f(index, item)),
    });
}
