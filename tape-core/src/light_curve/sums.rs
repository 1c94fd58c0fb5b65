//! Reductions over columns, in vector lanes.

/// Independent partial results, so that the compiler may keep them in vector lanes.
const LANES: usize = 8;

/// The sums of `term` over the rows of some columns, reassociated over eight partial sums.
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

/// A reduction of the rows of some columns: `step` takes in a row, `merge` joins partial results, of which each begins as
/// `empty`.
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
    // In pairs, so that few wait for each other: in a short light curve this is most of the time.
    let by_four: [_; 4] = std::array::from_fn(|lane| merge(lanes[lane], lanes[lane + 4]));
    let total = merge(merge(by_four[0], by_four[2]), merge(by_four[1], by_four[3]));
    (0..n % LANES).fold(total, |total, row| step(total, columns.map(|(_, rest)| rest[row])))
}

fn add<const N: usize>(a: [f64; N], b: [f64; N]) -> [f64; N] {
    std::array::from_fn(|i| a[i] + b[i])
}

/// The lesser, without the care for NaN that keeps [`f64::min`] from being one instruction.
pub(super) fn lesser(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The greater; see [`lesser`].
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
