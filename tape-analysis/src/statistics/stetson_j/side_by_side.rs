//! Short light curves, processed side by side, one in each lane, so that no lane waits for another.

use super::mean::{Mean, Pairs, Steps, half, index, robust, start, vectors};
use super::{ITERATIONS, SHORT, finish};
use crate::dispatch::{LANES, Lanes};

/// Light curves in progress, one in each lane.
pub(super) struct Group {
    /// The transposed light curves: the first epoch of each half for all lanes, then the second, and so on.
    columns: [Pairs; half(SHORT)],
    /// Number of `columns` that the longest light curve needs. The other light curves are padded.
    used: usize,
    high: [f64; LANES],
    low: [f64; LANES],
    smallest: [f64; LANES],
    last: [f64; LANES],
    iterations: [f64; LANES],
    curves: [Curve; LANES],
}

/// A light curve of a [`Group`].
#[derive(Clone, Copy)]
struct Curve {
    /// Index of the light curve.
    id: usize,
    /// Number of epochs.
    n: usize,
    /// A copy of the epochs, laid out for computations on this light curve only.
    pairs: [Pairs; vectors(SHORT)],
}

impl Group {
    pub(super) const EMPTY: Self = Self {
        columns: [Pairs::EMPTY; half(SHORT)],
        used: 0,
        high: [0.0; LANES],
        low: [0.0; LANES],
        smallest: [f64::INFINITY; LANES],
        last: [0.0; LANES],
        iterations: [0.0; LANES],
        curves: [Curve { id: 0, n: 0, pairs: [Pairs::EMPTY; vectors(SHORT)] }; LANES],
    };

    /// Puts light curve `id` into `lane`. Except in an empty group, it must not be longer than the one put before it.
    #[inline(always)]
    pub(super) fn put<L: Lanes>(&mut self, lane: usize, id: usize, flux: &[f64], error: &[f64]) {
        let (n, needed) = (flux.len(), half(flux.len()));
        let curve = &mut self.curves[lane];
        let last = half(curve.n);
        (curve.id, curve.n) = (id, n);
        let pairs = &mut curve.pairs[..vectors(n)];
        let mean = start::<L>(flux, error, pairs);
        for (i, column) in self.columns[..needed].iter_mut().enumerate() {
            let (pairs, i) = (&pairs[i / LANES], i % LANES);
            for half in 0..2 {
                column.x[half][lane] = pairs.x[half][i];
                column.w[half][lane] = pairs.w[half][i];
            }
        }
        self.used = self.used.max(needed);
        for column in &mut self.columns[needed..self.used] {
            for half in 0..2 {
                column.x[half][lane] = flux[0];
                column.w[half][lane] = 0.0;
            }
        }
        (self.high[lane], self.low[lane]) = first_lane(mean);
        (self.smallest[lane], self.last[lane]) = (f64::INFINITY, 0.0);
        self.iterations[lane] = 0.0;
        if needed < last && last == self.used {
            self.used = self.curves.iter().map(|curve| half(curve.n)).max().unwrap_or(0);
        }
    }

    /// Takes a step in all lanes, and returns the lanes that stop.
    #[inline(always)]
    pub(super) fn step<L: Lanes>(&mut self) -> u8 {
        let steps = Steps { smallest: L::load(&self.smallest), last: L::load(&self.last) };
        let mut mean = Mean::<L> { high: L::load(&self.high), low: L::load(&self.low), steps };
        // Eight sums, added pairwise like `Lanes::sum`, so that the result equals that of `step` bit by bit.
        let (mut shift, mut weight) = ([L::splat(0.0); LANES], [L::splat(0.0); LANES]);
        for (i, columns) in self.columns[..self.used].iter().enumerate() {
            let (shift_of, weight_of) = robust::<L>(columns, mean);
            shift[i % LANES] = L::add(shift[i % LANES], shift_of);
            weight[i % LANES] = L::add(weight[i % LANES], weight_of);
        }
        let stops = mean.advance(L::div(total::<L>(shift), total::<L>(weight)));
        let iterations = L::add(L::load(&self.iterations), L::splat(1.0));
        L::store(mean.high, &mut self.high);
        L::store(mean.low, &mut self.low);
        L::store(mean.steps.smallest, &mut self.smallest);
        L::store(mean.steps.last, &mut self.last);
        L::store(iterations, &mut self.iterations);
        stops | L::equal(iterations, L::splat(f64::from(ITERATIONS)))
    }

    /// Returns the index of the light curve in `lane`, and J around its current mean.
    #[inline(always)]
    pub(super) fn index<L: Lanes>(&self, lane: usize) -> (usize, f64) {
        let curve = &self.curves[lane];
        (curve.id, index::<L>(&curve.pairs[..vectors(curve.n)], self.mean::<L>(lane), curve.n))
    }

    /// Returns the index of the light curve in `lane`, and its J after all remaining iterations.
    #[inline(always)]
    pub(super) fn finish<L: Lanes>(&self, lane: usize) -> (usize, f64) {
        let curve = &self.curves[lane];
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number up to 20")]
        let done = self.iterations[lane] as u32;
        (curve.id, finish::<L>(&curve.pairs[..vectors(curve.n)], self.mean::<L>(lane), done, curve.n))
    }

    #[inline(always)]
    fn mean<L: Lanes>(&self, lane: usize) -> Mean<L> {
        let steps = Steps { smallest: L::splat(self.smallest[lane]), last: L::splat(self.last[lane]) };
        Mean { high: L::splat(self.high[lane]), low: L::splat(self.low[lane]), steps }
    }
}

#[inline(always)]
fn first_lane<L: Lanes>(mean: Mean<L>) -> (f64, f64) {
    let (mut high, mut low) = ([0.0; LANES], [0.0; LANES]);
    L::store(mean.high, &mut high);
    L::store(mean.low, &mut low);
    (high[0], low[0])
}

/// Sums the vectors in the order of [`Lanes::sum`].
#[inline(always)]
fn total<L: Lanes>(a: [L::Vector; LANES]) -> L::Vector {
    let (even, odd) = (L::add(a[0], a[4]), L::add(a[1], a[5]));
    L::add(L::add(even, L::add(a[2], a[6])), L::add(odd, L::add(a[3], a[7])))
}
