//! Stetson's index J of single epochs: how much of a light curve lies beyond its errors.
//!
//! J = Σ sgn(pᵢ) sqrt(|pᵢ|) / n with pᵢ = δᵢ² − 1 and δᵢ = sqrt(n/(n − 1)) (xᵢ − m)/σᵢ, where xᵢ are the n fluxes, σᵢ their
//! errors, and m is a mean that is weighted by 1/σᵢ² and made robust: up to 20 times each weight is divided by
//! 1 + (|δᵢ|/2)² and the mean taken again.
//!
//! The iteration stops when the new mean m is zero, or moved by d with d < 10⁻⁶ *and* d/m < 10⁻⁶. Where m is negative so is
//! d/m, and the second condition always holds: a quirk of TAPE, kept because its values are the specification.
//!
//! - Depends on: flux, error.
//! - Unit: none.
//! - Fewest epochs: 2.
//! - NaN: with fewer epochs, or where the weights sum to zero or to infinity (errors beyond 10^±154).
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
//! Sums are taken over deviations from the last mean instead of over fluxes, and the mean keeps the digits beyond its last
//! one, so that the order of the epochs does not matter. It would where the iteration starts beside an unstable mean: each
//! step then enlarges what the one before was rounded by, by a thousand altogether in one RR Lyrae of Stripe 82.
//!
//! The weights carry the factor n/(4 (n − 1)), which cancels in the mean and saves two operations; one division for each
//! epoch and iteration is left, and no root before the last pass. The last vector of a light curve is filled up with
//! weights of zero.
//!
//! With 25 epochs an iteration waits three times longer for its last operation than it has work, and light curves differ
//! in their number of iterations; so [`stetson_j_many`] keeps six light curves of like length in flight, and a slot
//! whose light curve has converged takes the next. What else is in flight changes no bit of a result.

use std::ops::Range;
use std::sync::LazyLock;

use tape_core::{Chunk, Info, Inputs, LightCurve, Value, WholeLightCurve};

use self::mean::{Mean, index, start, step};
use crate::dispatch::{Kernel, LANES, Lanes, Level};

mod mean;
#[doc(hidden)]
pub mod reference;

static INFO: LazyLock<Info> = LazyLock::new(|| Info {
    summary: "Stetson's J of single epochs: how much of a light curve lies beyond its errors".into(),
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
        stetson_j_many(&chunk.flux, &chunk.error, &rows, &mut values);
        for (value, out) in values.into_iter().zip(out) {
            *out = value.into();
        }
        true
    }
}

/// The J of one light curve: the same bits as [`stetson_j_many`] gives, at about half the speed if it is short.
///
/// # Panics
/// If there are fewer errors than fluxes.
#[must_use]
pub fn stetson_j(flux: &[f64], error: &[f64]) -> f64 {
    Level::best().run(One { flux, error })
}

/// The J of many light curves that lie in shared columns: `rows` are their epochs, `out` gets one value for each.
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
/// If rows lie outside the columns, or `out` is not as long as `rows`.
pub fn stetson_j_many(flux: &[f64], error: &[f64], rows: &[Range<usize>], out: &mut [f64]) {
    stetson_j_many_at(Level::best(), flux, error, rows, out);
}

/// [`stetson_j_many`] with the instructions of a given level, for tests and benches.
#[doc(hidden)]
pub fn stetson_j_many_at(level: Level, flux: &[f64], error: &[f64], rows: &[Range<usize>], out: &mut [f64]) {
    assert_eq!(rows.len(), out.len(), "one place for each light curve");
    level.run(Many { flux, error, rows, out });
}

/// Light curves in flight at once.
const SLOTS: usize = 6;

/// The longest light curves, in vectors, that share their time: above, one alone keeps the divider busy.
const SHORT: usize = 8;

/// The most iterations.
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
        let vectors = flux.len().div_ceil(LANES);
        let mut room = [[0.0; LANES]; 2 * SHORT];
        if vectors <= SHORT {
            return alone::<L>(flux, error, &mut room[..2 * vectors]);
        }
        alone::<L>(flux, error, &mut vec![[0.0; LANES]; 2 * vectors])
    }
}

/// The J of one light curve, with `room` for its fluxes and weights.
#[inline(always)]
fn alone<L: Lanes>(flux: &[f64], error: &[f64], room: &mut [[f64; LANES]]) -> f64 {
    if flux.len() < 2 {
        return f64::NAN;
    }
    let (x, w) = room.split_at_mut(room.len() / 2);
    let mut mean = start::<L>(flux, error, x, w);
    for _ in 0..ITERATIONS {
        let moved = mean.advance(step::<L>(x, w, mean));
        if mean.stops(moved) {
            break;
        }
    }
    index::<L>(x, w, mean, flux.len())
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
        let mut by_vectors: [Vec<usize>; SHORT + 1] = Default::default();
        let mut room = vec![];
        for (i, rows) in self.rows.iter().enumerate() {
            let vectors = rows.len().div_ceil(LANES);
            if vectors <= SHORT {
                by_vectors[vectors].push(i);
            } else {
                room.resize((2 * vectors).max(room.len()), [0.0; LANES]);
                let (flux, error) = self.columns(i);
                self.out[i] = alone::<L>(flux, error, &mut room[..2 * vectors]);
            }
        }
        for &i in &by_vectors[0] {
            self.out[i] = f64::NAN;
        }
        self.together::<L, 1>(&by_vectors[1]);
        self.together::<L, 2>(&by_vectors[2]);
        self.together::<L, 3>(&by_vectors[3]);
        self.together::<L, 4>(&by_vectors[4]);
        self.together::<L, 5>(&by_vectors[5]);
        self.together::<L, 6>(&by_vectors[6]);
        self.together::<L, 7>(&by_vectors[7]);
        self.together::<L, 8>(&by_vectors[8]);
    }
}

/// A light curve in flight.
#[derive(Clone, Copy)]
struct Slot<const VECTORS: usize> {
    x: [[f64; LANES]; VECTORS],
    w: [[f64; LANES]; VECTORS],
    mean: Mean,
    iterations: u32,
    /// Which light curve it is, and its number of epochs.
    busy: Option<(usize, usize)>,
}

impl<'a> Many<'a> {
    #[inline(always)]
    fn columns(&self, i: usize) -> (&'a [f64], &'a [f64]) {
        let rows = self.rows[i].clone();
        (&self.flux[rows.clone()], &self.error[rows])
    }

    /// Works off light curves of `VECTORS` vectors each, [`SLOTS`] at a time.
    #[inline(always)]
    fn together<L: Lanes, const VECTORS: usize>(&mut self, waiting: &[usize]) {
        let mut waiting = waiting.iter().copied();
        let empty = [[0.0; LANES]; VECTORS];
        let mut slots = [Slot { x: empty, w: empty, mean: Mean::at(0.0), iterations: 0, busy: None }; SLOTS];
        let mut in_flight = 0;
        for slot in &mut slots {
            in_flight += usize::from(self.refill::<L, VECTORS>(slot, &mut waiting));
        }
        while in_flight > 0 {
            // All slots take a step before any is looked at: the processor overlaps them, and one branch that it cannot
            // foresee throws away the work of none.
            let mut steps = [0.0; SLOTS];
            for (step_of, slot) in steps.iter_mut().zip(&slots) {
                *step_of = step::<L>(&slot.x, &slot.w, slot.mean);
            }
            let mut moved = [0.0; SLOTS];
            let mut candidates = 0_u32;
            for (bit, (slot, step)) in slots.iter_mut().zip(steps).enumerate() {
                slot.iterations += 1;
                moved[bit] = slot.mean.advance(step);
                candidates |= u32::from(slot.mean.may_stop(moved[bit]) | (slot.iterations >= ITERATIONS)) << bit;
            }
            for bit in 0..SLOTS {
                if candidates >> bit & 1 == 0 {
                    continue;
                }
                let slot = &mut slots[bit];
                if !slot.mean.stops(moved[bit]) && slot.iterations < ITERATIONS {
                    continue;
                }
                if let Some((i, n)) = slot.busy {
                    self.out[i] = index::<L>(&slot.x, &slot.w, slot.mean, n);
                    in_flight -= usize::from(!self.refill::<L, VECTORS>(slot, &mut waiting));
                }
            }
        }
    }

    /// Starts the next light curve in `slot`, and says whether there was one.
    #[inline(always)]
    fn refill<L: Lanes, const VECTORS: usize>(
        &mut self,
        slot: &mut Slot<VECTORS>,
        waiting: &mut impl Iterator<Item = usize>,
    ) -> bool {
        slot.busy = None;
        for i in waiting.by_ref() {
            let (flux, error) = self.columns(i);
            if flux.len() < 2 {
                self.out[i] = f64::NAN;
                continue;
            }
            slot.mean = start::<L>(flux, error, &mut slot.x, &mut slot.w);
            slot.iterations = 0;
            slot.busy = Some((i, flux.len()));
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests;
