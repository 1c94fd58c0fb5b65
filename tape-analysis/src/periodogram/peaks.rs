//! The highest peaks of a periodogram.

use tape_core::Cancellation;

use super::grid::Grid;

/// A peak of a periodogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Frequency, cycles per day.
    pub frequency: f64,
    /// Power at the peak.
    pub power: f64,
}

/// Returns the `number` highest local maxima of powers on a grid, the highest first, or fewer if there are not enough.
/// No two are closer than `width`, the width of a peak in frequency. An end of the grid is a maximum if it is higher
/// than its neighbour.
///
/// Most powers are far below the peaks, so only the blocks with the highest powers are searched, and more of them if
/// they do not have enough maxima.
pub(super) fn highest(
    grid: &Grid,
    powers: &[f64],
    width: f64,
    number: usize,
    cancellation: &Cancellation,
) -> Vec<Peak> {
    let blocks: Vec<f64> = powers.chunks(BLOCK).map(greatest).collect();
    let mut looked_into = 4 * number.max(1);
    loop {
        let least = one_of_the_greatest(&blocks, looked_into);
        let maxima = maxima(powers, &blocks, least);
        let maxima = maxima.into_iter().take_while(|_| !cancellation.is_cancelled());
        let peaks = apart(grid, powers, width, number, maxima);
        if peaks.len() == number || least == f64::NEG_INFINITY || cancellation.is_cancelled() {
            return peaks;
        }
        looked_into = looked_into.saturating_mul(4);
    }
}

/// Number of powers in a block.
const BLOCK: usize = 64;

fn greatest(powers: &[f64]) -> f64 {
    powers.iter().fold(f64::NEG_INFINITY, |most, &power| if power > most { power } else { most })
}

/// Returns the value at position `place` in descending order, starting at 1, or −∞ if there are not enough values.
fn one_of_the_greatest(values: &[f64], place: usize) -> f64 {
    let mut values = values.to_vec();
    if place > values.len() {
        return f64::NEG_INFINITY;
    }
    *values.select_nth_unstable_by(place - 1, |a, b| b.total_cmp(a)).1
}

/// Returns the indices of the local maxima that are at least `least`, the highest first.
fn maxima(powers: &[f64], blocks: &[f64], least: f64) -> Vec<usize> {
    let below = |i: usize| if i == 0 { f64::NEG_INFINITY } else { powers[i - 1] };
    let above = |i: usize| powers.get(i + 1).copied().unwrap_or(f64::NEG_INFINITY);
    let is_maximum = |&i: &usize| powers[i] >= least && powers[i] > below(i) && powers[i] >= above(i);
    let high = (0..blocks.len()).filter(|&block| blocks[block] >= least);
    let mut maxima: Vec<usize> =
        high.flat_map(|block| block * BLOCK..powers.len().min((block + 1) * BLOCK)).filter(is_maximum).collect();
    maxima.sort_by(|a, b| powers[*b].total_cmp(&powers[*a]));
    maxima
}

/// Returns the first `number` maxima that are at least `width` apart.
fn apart(grid: &Grid, powers: &[f64], width: f64, number: usize, maxima: impl Iterator<Item = usize>) -> Vec<Peak> {
    let mut peaks: Vec<Peak> = vec![];
    for index in maxima {
        if peaks.len() == number {
            break;
        }
        let frequency = grid.frequency(index);
        if peaks.iter().all(|peak| (peak.frequency - frequency).abs() >= width) {
            peaks.push(Peak { frequency, power: powers[index] });
        }
    }
    peaks
}

/// Keeps the `number` highest peaks that are at least `width` apart, the highest first, because refinement may have
/// moved two peaks to the same top.
pub(super) fn order(peaks: &mut Vec<Peak>, width: f64, number: usize) {
    peaks.sort_by(|a, b| b.power.total_cmp(&a.power));
    let mut kept: Vec<Peak> = Vec::with_capacity(number);
    for peak in peaks.drain(..) {
        if kept.len() < number && kept.iter().all(|other| (other.frequency - peak.frequency).abs() >= width) {
            kept.push(peak);
        }
    }
    *peaks = kept;
}

/// Refines a peak to within a fraction of a grid step, by the vertices of parabolas through three exact powers at
/// decreasing distances. The result is within `limits`, and never lower than the start.
pub(super) fn refine(peak: Peak, step: f64, limits: [f64; 2], power: impl Fn(f64) -> f64) -> Peak {
    const ROUNDS: usize = 4;
    let at = |frequency: f64| Peak { frequency, power: power(frequency) };
    let mut best = at(peak.frequency);
    let mut step = step;
    for _ in 0..ROUNDS {
        let start = best.frequency;
        let sides = [start - step, start + step].map(|f| at(f.clamp(limits[0], limits[1])));
        let curvature = sides[0].power - 2.0 * best.power + sides[1].power;
        let vertex = start + 0.5 * step * (sides[0].power - sides[1].power) / curvature;
        let mut candidates = sides.to_vec();
        if curvature < 0.0 && (vertex - start).abs() <= step {
            candidates.push(at(vertex.clamp(limits[0], limits[1])));
        }
        for candidate in candidates {
            if candidate.power > best.power {
                best = candidate;
            }
        }
        step *= 0.25;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sorts all local maxima, then keeps those that are far enough apart.
    fn plain(grid: &Grid, powers: &[f64], width: f64, number: usize) -> Vec<Peak> {
        let at = |i: usize| Peak { frequency: grid.frequency(i), power: powers[i] };
        let mut all: Vec<Peak> = (0..powers.len())
            .filter(|&i| (i == 0 || powers[i] > powers[i - 1]) && (i + 1 == powers.len() || powers[i] >= powers[i + 1]))
            .map(at)
            .collect();
        all.sort_by(|a, b| b.power.total_cmp(&a.power));
        let mut kept: Vec<Peak> = vec![];
        for peak in all {
            if kept.iter().all(|other| (other.frequency - peak.frequency).abs() >= width) {
                kept.push(peak);
            }
        }
        kept.truncate(number);
        kept
    }

    #[test]
    fn the_highest_peaks_agree_with_a_sort_of_all_maxima() {
        let mut state = 1_u32;
        let mut digits = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        for n in [1, 2, 63, 64, 65, 1000, 5000] {
            let grid = Grid::new(0.1, 0.01, n).expect("a grid");
            // Powers with few values, so that many are equal, and a slope, whose highest powers are neighbours.
            let equal: Vec<f64> = (0..n).map(|_| f64::from(digits() % 50)).collect();
            let slope: Vec<f64> = (0..n).map(|i| tape_core::count(i) + f64::from(digits() % 3)).collect();
            for powers in [equal, slope] {
                for (width, number) in [(0.0, 3), (0.05, 1), (0.05, 6), (3.0, 20), (0.02, 10_000)] {
                    let got = highest(&grid, &powers, width, number, &Cancellation::never());
                    assert_eq!(got, plain(&grid, &powers, width, number), "{n} powers, {number} peaks {width} apart");
                }
            }
        }
    }
}
