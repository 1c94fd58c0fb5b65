//! Vectorized reductions over columns.

/// Number of independent partial results, which the compiler can keep in vector lanes.
const LANES: usize = 8;

/// Returns the sums of `term` over the rows of `columns`, reassociated over eight partial sums.
///
/// ```
/// let (flux, weight) = ([1.0, 2.0, 3.0], [1.0, 0.5, 1.0]);
/// assert_eq!(tape_core::sums([&flux, &weight], |[x, w]| [w, w * x]), [2.5, 5.0]);
/// ```
///
/// # Panics
/// If a column is shorter than the first.
#[must_use]
pub fn sums<const COLUMNS: usize, const N: usize>(
    columns: [&[f64]; COLUMNS],
    term: impl Fn([f64; COLUMNS]) -> [f64; N],
) -> [f64; N] {
    reduce(columns, [0.0; N], |total, row| add(total, term(row)), add)
}

/// Reduces the rows of `columns`: `step` adds a row to a partial result, and `merge` joins partial results, which start
/// as `empty`.
///
/// # Panics
/// If a column is shorter than the first.
pub(super) fn reduce<const COLUMNS: usize, const N: usize>(
    columns: [&[f64]; COLUMNS],
    empty: [f64; N],
    step: impl Fn([f64; N], [f64; COLUMNS]) -> [f64; N],
    merge: impl Fn([f64; N], [f64; N]) -> [f64; N],
) -> [f64; N] {
    let n = columns.first().map_or(0, |column| column.len());
    let columns = columns.map(|column| column[..n].as_chunks::<LANES>());
    let mut lanes = [empty; LANES];
    for chunk in 0..n / LANES {
        let rows = columns.map(|(chunks, _)| &chunks[chunk]);
        for (lane, partial) in lanes.iter_mut().enumerate() {
            *partial = step(*partial, rows.map(|column| column[lane]));
        }
    }
    // In pairs, to shorten the chain of dependent operations: in a short light curve this takes most of the time.
    let by_four: [_; 4] = std::array::from_fn(|lane| merge(lanes[lane], lanes[lane + 4]));
    let total = merge(merge(by_four[0], by_four[2]), merge(by_four[1], by_four[3]));
    (0..n % LANES).fold(total, |total, row| step(total, columns.map(|(_, rest)| rest[row])))
}

fn add<const N: usize>(a: [f64; N], b: [f64; N]) -> [f64; N] {
    std::array::from_fn(|i| a[i] + b[i])
}

/// Returns the smaller value. Ignores NaN, unlike [`f64::min`], so that it compiles to one instruction.
pub(super) fn lesser(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// Returns the larger value; see [`lesser`].
pub(super) fn greater(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_counted_once() {
        for n in 0..40_u32 {
            let column: Vec<f64> = (0..n).map(f64::from).collect();
            assert_eq!(sums([&column], |[x]| [1.0, x]), [f64::from(n), f64::from(n * n.saturating_sub(1) / 2)]);
        }
    }
}
