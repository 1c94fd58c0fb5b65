//! Stetson's index J of single epochs, a measure of variability beyond the errors.
//!
//! J = Σ sgn(pᵢ) sqrt(|pᵢ|) / n with pᵢ = δᵢ² − 1 and δᵢ = sqrt(n/(n − 1)) (xᵢ − m)/σᵢ, where xᵢ are the n fluxes, σᵢ
//! their errors, and m is a robust mean weighted by 1/σᵢ²: in up to 20 iterations, each weight is divided by 1 +
//! (|δᵢ|/2)² and the mean is recomputed.
//!
//! The iteration stops when the new mean m is zero, or when it moved by d with d < 10⁻⁶ *and* d/m < 10⁻⁶. If m is
//! negative, so is d/m, and the second condition always holds. This is a quirk of TAPE, kept because its values are the
//! specification.
//!
//! - Depends on: flux, error.
//! - Unit: none.
//! - Minimum number of observations: 2; null with fewer.
//! - NaN: if the weights sum to zero or infinity (errors beyond 10^±154), or if two epochs are more than 10^77 errors
//!   away from the mean.
//! - Reference: Stetson 1996, PASP 108, 851, [doi:10.1086/133808](https://doi.org/10.1086/133808).
//!
//! ```
//! use tape_core::{LightCurve, Statistic, Value};
//! let light_curve = LightCurve::new(&[8.0, 12.0]).with_error(&[1.0, 1.0]);
//! let mut out = [Value::Null];
//! Statistic::whole(tape_analysis::statistics::stetson_j::StetsonJ).evaluate(&light_curve, &mut out);
//! assert_eq!(out, [Value::Float(7.0_f64.sqrt())]);
//! ```
//!
//! # The kernel
//!
//! Sums are over deviations from the last mean instead of over fluxes, and the mean is stored with its rounding error,
//! so that the order of the epochs does not matter. Without this, it would matter if the iteration starts close to an
//! unstable mean: each step then amplifies the rounding of the one before, by a factor of a thousand in total for one
//! RR Lyrae of Stripe 82. In such cases, the sums are not accurate enough either, so if the steps grow, the mean is
//! recomputed with twice the digits throughout.
//!
//! The weights include the factor n/(4 (n − 1)), which cancels in the mean and saves two operations. An epoch of the
//! first half of a light curve shares a division with one of the second half, a/p + b/q = (a q + b p)/(p q), and no
//! root is taken before the last pass. Vectors that are not full are padded with zero weights.
//!
//! A long light curve fills a vector with eight such pairs. A short one would leave lanes empty, and would wait in each
//! iteration for sums over the lanes and a division. Therefore, [`stetson_j_many`] processes short light curves of
//! similar length side by side, one in each lane. A lane whose light curve has converged takes the next one, so that no
//! light curve waits for a slower one. The order of the sums is the same in both cases, so that results are identical
//! bit by bit.

use std::ops::Range;
use std::sync::LazyLock;

use tape_core::{Chunk, DeviceKernel, Info, Inputs, LightCurve, Value, WholeLightCurve};

use self::mean::{Mean, Pairs, half, index, start, step, vectors};
use self::side_by_side::Group;
use crate::dispatch::{Kernel, LANES, Lanes, Level};

mod device;
mod mean;
#[doc(hidden)]
pub mod reference;
mod side_by_side;
mod twofold;

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "Stetson's J of single epochs: variability beyond the errors".into(),
    formula:
        "Σ sgn(p) sqrt(|p|) / n, p = δ² − 1, δ = sqrt(n/(n − 1)) (x − m)/σ; x: flux, σ: error, m: mean weighted by \
              1/σ² and, repeatedly, by 1/(1 + (δ/2)²), n: number of epochs"
            .into(),
    min_epochs: 2,
    reference: "Stetson 1996, PASP 108, 851, doi:10.1086/133808".into(),
    ..Info::new("stetson_j", Inputs::FLUX_ERROR)
});

/// Stetson's J; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct StetsonJ;

impl WholeLightCurve for StetsonJ {
    fn info(&self) -> &Info {
        &INFO
    }

    fn evaluate(&self, light_curve: &LightCurve<'_>, out: &mut [Value]) {
        out[0] = stetson_j(light_curve.flux(), light_curve.error()).into();
    }

    fn evaluate_chunk(&self, chunk: &Chunk, out: &mut [Value]) -> bool {
        let rows: Vec<Range<usize>> = chunk.segments.iter().map(|segment| segment.rows.clone()).collect();
        let mut values = vec![0.0; rows.len()];
        let mut first = 0;
        while first < rows.len() && !chunk.cancelled() {
            let end = first + portion(&rows[first..]);
            stetson_j_many(&chunk.flux, &chunk.error, &rows[first..end], &mut values[first..end]);
            first = end;
        }
        for ((value, rows), out) in values.into_iter().zip(&rows).zip(out) {
            *out = if rows.len() < INFO.min_epochs { Value::Null } else { value.into() };
        }
        true
    }

    fn kernel(&self) -> Option<&'static DeviceKernel> {
        Some(&device::KERNEL)
    }
}

/// Returns the number of light curves to compute before the next check for cancellation, at least one.
fn portion(rows: &[Range<usize>]) -> usize {
    const EPOCHS: usize = 1 << 17;
    let mut epochs = 0;
    let fits = |rows: &&Range<usize>| {
        epochs += rows.len();
        epochs <= EPOCHS
    };
    rows.iter().take_while(fits).count().max(1)
}

/// Returns J of one light curve. The result is identical to that of [`stetson_j_many`]; short light curves take about
/// twice as long.
///
/// # Panics
/// If there are fewer errors than fluxes.
#[must_use]
pub fn stetson_j(flux: &[f64], error: &[f64]) -> f64 {
    Level::best().run(One { flux, error })
}

/// Computes J of many light curves in shared columns. `rows` are the rows of each light curve, and `out` gets one value
/// for each.
///
/// ```
/// use tape_analysis::statistics::stetson_j::stetson_j_many;
/// let (flux, error) = ([8.0, 12.0, 5.0, 5.0], [1.0; 4]);
/// let mut out = [0.0; 3];
/// stetson_j_many(&flux, &error, &[0..2, 2..4, 3..4], &mut out);
/// assert_eq!(out[..2], [7.0_f64.sqrt(), -1.0]);
/// assert!(out[2].is_nan());
/// ```
///
/// # Panics
/// If rows are out of bounds, or `out` is not as long as `rows`.
pub fn stetson_j_many(flux: &[f64], error: &[f64], rows: &[Range<usize>], out: &mut [f64]) {
    stetson_j_many_at(Level::best(), flux, error, rows, out);
}

/// Like [`stetson_j_many`], but with the instructions of a given level. For tests and benches.
#[doc(hidden)]
pub fn stetson_j_many_at(level: Level, flux: &[f64], error: &[f64], rows: &[Range<usize>], out: &mut [f64]) {
    assert_eq!(rows.len(), out.len(), "out needs one value for each light curve");
    level.run(Many { flux, error, rows, out });
}

/// Maximum number of epochs of light curves that are processed side by side. Longer ones fill the vectors by
/// themselves.
const SHORT: usize = 96;

/// Number of groups of light curves side by side. While the means of one group wait for their last operation, another
/// group can be processed. A third one gives new columns time to reach the cache before they are read.
const GROUPS: usize = 3;

/// Maximum number of iterations.
const ITERATIONS: u32 = 20;

struct One<'a> {
    flux: &'a [f64],
    error: &'a [f64],
}

impl Kernel for One<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<L: Lanes>(self) -> f64 {
        let Self { flux, error } = self;
        let vectors = vectors(flux.len());
        let mut room = [Pairs::EMPTY; 4];
        match room.get_mut(..vectors) {
            Some(room) => alone::<L>(flux, error, room),
            None => alone::<L>(flux, error, &mut vec![Pairs::EMPTY; vectors]),
        }
    }
}

/// Computes J of one light curve. `room` is a buffer for its fluxes and weights.
#[inline(always)]
fn alone<L: Lanes>(flux: &[f64], error: &[f64], room: &mut [Pairs]) -> f64 {
    if flux.len() < 2 {
        return f64::NAN;
    }
    let mean = start::<L>(flux, error, room);
    finish::<L>(room, mean, 0, flux.len())
}

/// Computes J of one light curve of `n` epochs from its mean after `done` iterations.
#[inline(always)]
fn finish<L: Lanes>(pairs: &[Pairs], mut mean: Mean<L>, done: u32, n: usize) -> f64 {
    for _ in done..ITERATIONS {
        if mean.advance(step::<L>(pairs, mean)) != 0 {
            break;
        }
    }
    index::<L>(pairs, mean, n)
}

struct Many<'a> {
    flux: &'a [f64],
    error: &'a [f64],
    rows: &'a [Range<usize>],
    out: &'a mut [f64],
}

impl Kernel for Many<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self) {
        let mut by_half: [Vec<usize>; half(SHORT) + 1] = [const { vec![] }; half(SHORT) + 1];
        let mut room = vec![];
        for (i, rows) in self.rows.iter().enumerate() {
            if (2..=SHORT).contains(&rows.len()) {
                by_half[half(rows.len())].push(i);
            } else {
                self.alone::<L>(i, &mut room);
            }
        }
        let short: Vec<usize> = by_half.into_iter().rev().flatten().collect();
        // With fewer light curves, the lanes would be full for too short a time.
        if short.len() < 2 * GROUPS * LANES {
            for i in short {
                self.alone::<L>(i, &mut room);
            }
        } else {
            self.side_by_side::<L>(&short);
        }
    }
}

impl<'a> Many<'a> {
    #[inline(always)]
    fn columns(&self, i: usize) -> (&'a [f64], &'a [f64]) {
        let rows = self.rows[i].clone();
        (&self.flux[rows.clone()], &self.error[rows])
    }

    #[inline(always)]
    fn alone<L: Lanes>(&mut self, i: usize, room: &mut Vec<Pairs>) {
        let (flux, error) = self.columns(i);
        let vectors = vectors(flux.len());
        room.resize(vectors.max(room.len()), Pairs::EMPTY);
        self.out[i] = alone::<L>(flux, error, &mut room[..vectors]);
    }

    /// Computes short light curves, the longest first. Their number must be at least the number of lanes.
    #[inline(always)]
    fn side_by_side<L: Lanes>(&mut self, short: &[usize]) {
        let (first, waiting) = short.split_at(GROUPS * LANES);
        let mut groups = [const { Group::EMPTY }; GROUPS];
        for (place, &i) in first.iter().enumerate() {
            let (flux, error) = self.columns(i);
            groups[place / LANES].put::<L>(place % LANES, i, flux, error);
        }
        let mut waiting = waiting.iter();
        let mut stopped = [0; GROUPS];
        'busy: loop {
            for now in 0..GROUPS {
                stopped[now] = groups[now].step::<L>();
                // Handle the previous group, because the step of this one is still in progress.
                let last = (now + GROUPS - 1) % GROUPS;
                while stopped[last] != 0 {
                    let lane = stopped[last].trailing_zeros() as usize;
                    let Some(&next) = waiting.next() else { break 'busy };
                    stopped[last] &= stopped[last] - 1;
                    let (i, value) = groups[last].index::<L>(lane);
                    self.out[i] = value;
                    let (flux, error) = self.columns(next);
                    groups[last].put::<L>(lane, next, flux, error);
                }
            }
        }
        for (group, stopped) in groups.iter().zip(stopped) {
            for lane in 0..LANES {
                let has_stopped = stopped >> lane & 1 == 1;
                let (i, value) = if has_stopped { group.index::<L>(lane) } else { group.finish::<L>(lane) };
                self.out[i] = value;
            }
        }
    }
}

#[cfg(test)]
mod tests;
