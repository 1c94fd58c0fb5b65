//! The highest peaks of a periodogram.

use super::grid::Grid;

/// One peak of a periodogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Its frequency, cycles a day.
    pub frequency: f64,
    /// The power there.
    pub power: f64,
}

/// The `number` highest local maxima of powers on a grid, highest first, no two of them closer than `width`, a peak's width in
/// frequency; fewer if there are not so many. The ends of the grid count as maxima if they are higher than their neighbour.
pub(super) fn highest(grid: &Grid, powers: &[f64], width: f64, number: usize) -> Vec<Peak> {
    let below = |i: usize| if i == 0 { f64::NEG_INFINITY } else { powers[i - 1] };
    let above = |i: usize| powers.get(i + 1).copied().unwrap_or(f64::NEG_INFINITY);
    let is_maximum = |&i: &usize| powers[i] > below(i) && powers[i] >= above(i);
    let mut maxima: Vec<usize> = (0..powers.len()).filter(is_maximum).collect();
    maxima.sort_by(|a, b| powers[*b].total_cmp(&powers[*a]));
    let mut peaks: Vec<Peak> = Vec::with_capacity(number.min(maxima.len()));
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

/// Leaves the `number` highest peaks, highest first, of which no two are closer than `width`: climbing may have brought two
/// to one top.
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

/// The top of a peak that is within a step of the grid: the vertices of parabolas through three exact powers, ever closer
/// together. It stays within `limits`, and is never lower than where it began.
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
