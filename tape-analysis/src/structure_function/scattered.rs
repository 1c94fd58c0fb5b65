//! Pairs sorted by the step of their Δt. The order within a step is established only on demand, because it is rarely
//! needed.

use std::ops::Range;

use tape_core::{Cancellation, count, sums};

use super::bins::{at_last, quantile};
use super::differences::Differences;
use super::steps::{Steps, extremes};

/// Distance up to which all pairs are compared with their neighbours to find equal Δt. Only longer steps need more.
const NEAR: usize = 3;
/// Maximum number of pairs in one step for which equal Δt are searched by comparison.
const FEW: usize = 64;
/// Number of pairs to process between checks for cancellation.
const PIECE: usize = 1 << 16;

/// The pairs of light curves, in the order of the steps of their Δt.
#[derive(Debug)]
pub(super) struct Scattered {
    steps: Steps,
    /// Start of each step, and the end of the last.
    starts: Vec<usize>,
    /// Maximum number of pairs in one step.
    most: usize,
    /// Minimum and maximum Δt.
    extremes: [f64; 2],
    dt: Vec<f64>,
    terms: [Vec<f64>; 2],
    cancellation: Cancellation,
}

impl Scattered {
    /// Sorts pairs by step, or returns `None` if the run is cancelled.
    pub(super) fn new(pairs: &Differences, cancellation: &Cancellation) -> Option<Self> {
        let all = &pairs.dt;
        let extremes = extremes(all);
        let [least, greatest] = extremes;
        cancellation.proceed()?;
        let steps = Steps::new(least, greatest, all.len());
        let mut places: Vec<u32> = Vec::with_capacity(all.len());
        let mut starts = vec![0; steps.number() + 1];
        for piece in all.chunks(PIECE) {
            cancellation.proceed()?;
            let first = places.len();
            places.extend(piece.iter().map(|dt| steps.of(*dt)));
            places[first..].iter().for_each(|&step| starts[step as usize] += 1);
        }
        let (mut end, mut most) = (0, 0);
        for start in &mut starts {
            most = most.max(*start);
            end += *start;
            *start = end;
        }
        let (dt, cancellation) = (vec![0.0; all.len()], cancellation.clone());
        let terms = [0, 1].map(|term| vec![0.0; pairs.terms[term].len()]);
        let mut scattered = Self { steps, starts, most, extremes, dt, terms, cancellation };
        for (piece, places) in places.chunks(PIECE).enumerate() {
            scattered.cancellation.proceed()?;
            let from = piece * PIECE;
            let [a, b] = [0, 1].map(|term| pairs.terms[term].get(from..).unwrap_or_default());
            scattered.put(places, &all[from..], [a, b]);
        }
        Some(scattered)
    }

    /// Puts each pair before the start of its step, and moves the start to it. Initially, starts are the ends of the
    /// steps.
    fn put(&mut self, places: &[u32], dt: &[f64], [a, b]: [&[f64]; 2]) {
        let [to_a, to_b] = &mut self.terms;
        if b.is_empty() {
            for ((&step, &dt), &a) in places.iter().zip(dt).zip(a) {
                let to = &mut self.starts[step as usize];
                *to -= 1;
                (self.dt[*to], to_a[*to]) = (dt, a);
            }
        } else {
            for (((&step, &dt), &a), &b) in places.iter().zip(dt).zip(a).zip(b) {
                let to = &mut self.starts[step as usize];
                *to -= 1;
                (self.dt[*to], to_a[*to], to_b[*to]) = (dt, a, b);
            }
        }
    }

    /// Returns the number of pairs.
    pub(super) fn len(&self) -> usize {
        self.dt.len()
    }

    /// Returns true if there are no pairs.
    pub(super) fn is_empty(&self) -> bool {
        self.dt.is_empty()
    }

    /// Returns the minimum and maximum Δt.
    pub(super) const fn extremes(&self) -> [f64; 2] {
        self.extremes
    }

    /// Returns the quantiles of the different Δt, or `None` if the run is cancelled.
    pub(super) fn quantiles(&mut self, fractions: &[f64]) -> Option<Vec<f64>> {
        if self.has_equal()? {
            let mut different = self.dt.clone();
            for step in self.starts.windows(2) {
                self.cancellation.proceed()?;
                different[step[0]..step[1]].sort_unstable_by(f64::total_cmp);
            }
            different.dedup();
            let quantile = |&fraction: &f64| {
                self.cancellation.proceed()?;
                Some(quantile(different.len(), fraction, |at| different[at]))
            };
            return fractions.iter().map(quantile).collect();
        }
        let number = self.dt.len();
        let mut one = |fraction: &f64| {
            self.cancellation.proceed()?;
            Some(quantile(number, *fraction, |at| {
                self.order(self.steps.of(self.dt[at]));
                self.dt[at]
            }))
        };
        fractions.iter().map(&mut one).collect()
    }

    /// Returns true if two Δt may be equal. Equal values are in the same step, so their distance is below its length.
    /// Returns `None` if the run is cancelled.
    fn has_equal(&self) -> Option<bool> {
        if self.most > FEW {
            return Some(true);
        }
        for apart in 1..self.most.min(NEAR + 1) {
            for (piece, ahead) in self.dt.chunks(PIECE).zip(self.dt.get(apart..).unwrap_or_default().chunks(PIECE)) {
                self.cancellation.proceed()?;
                if piece.iter().zip(ahead).fold(false, |equal, (a, b)| equal | (a == b)) {
                    return Some(true);
                }
            }
        }
        // Only few steps are longer.
        for step in self.starts.windows(2).filter(|step| step[1] - step[0] > NEAR + 1) {
            self.cancellation.proceed()?;
            let dt = &self.dt[step[0]..step[1]];
            if (NEAR + 1..dt.len()).any(|apart| dt.iter().zip(&dt[apart..]).any(|(a, b)| a == b)) {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Returns the indices of the pairs of a step.
    fn rows(&self, step: u32) -> Range<usize> {
        self.starts[step as usize]..self.starts[step as usize + 1]
    }

    /// Sorts the pairs of a step by Δt.
    fn order(&mut self, step: u32) {
        let rows = self.rows(step);
        if self.dt[rows.clone()].is_sorted() {
            return;
        }
        let mut order: Vec<usize> = rows.clone().collect();
        order.sort_unstable_by(|&a, &b| self.dt[a].total_cmp(&self.dt[b]));
        let [a, b] = &mut self.terms;
        for column in [&mut self.dt, a, b].into_iter().filter(|column| !column.is_empty()) {
            let ordered: Vec<f64> = order.iter().map(|&at| column[at]).collect();
            column[rows.clone()].copy_from_slice(&ordered);
        }
    }

    /// Returns the start of the pairs of each bin, and the end of the last. A bin includes its lower edge; for the last
    /// edge, see [`at_last`]. Returns `None` if the run is cancelled.
    pub(super) fn places(&mut self, edges: &[f64]) -> Option<Vec<usize>> {
        let first_at = |&edge: &f64| {
            self.cancellation.proceed()?;
            Some(self.first_at(edge))
        };
        let mut places: Vec<usize> = edges.iter().map(first_at).collect::<Option<_>>()?;
        let Some(last) = places.last_mut() else { return Some(places) };
        let at_last = at_last(edges);
        while let Some(&dt) = self.dt.get(*last) {
            let step = self.steps.of(dt);
            self.order(step);
            let end = self.rows(step).end;
            *last += self.dt[*last..end].partition_point(|&dt| at_last(dt));
            if *last < end {
                break;
            }
        }
        Some(places)
    }

    /// Returns the index of the first pair that is not below an edge.
    fn first_at(&mut self, edge: f64) -> usize {
        let step = self.steps.of(edge);
        self.order(step);
        let rows = self.rows(step);
        rows.start + self.dt[rows].partition_point(|&dt| dt < edge)
    }

    /// Iterates over the bins: the number of pairs, and the sums of their Δt and terms. Items are `None` once the run
    /// is cancelled.
    pub(super) fn sums(&self, places: &[usize]) -> impl Iterator<Item = Option<[f64; 4]>> {
        places.windows(2).map(|edge| {
            self.cancellation.proceed()?;
            let rows = edge[0]..edge[1];
            let [dt, a] = [&self.dt, &self.terms[0]].map(|column| &column[rows.clone()]);
            let b = self.terms[1].get(rows.clone()).unwrap_or_default();
            let [dt, a] = sums([dt, a], |row| row);
            Some([count(rows.len()), dt, a, sums([b], |b| b)[0]])
        })
    }

    /// Iterates over the first terms of the pairs of each bin.
    pub(super) fn first_terms(&self, places: &[usize]) -> impl Iterator<Item = &[f64]> {
        places.windows(2).map(|edge| &self.terms[0][edge[0]..edge[1]])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Generates intervals that are scattered, clustered in few steps, equal, or far from all others.
    fn intervals() -> impl Strategy<Value = Vec<f64>> {
        let one = prop_oneof![0.1..1e4, 17.0..17.001, Just(3.0), Just(1e300), Just(1e-310)];
        prop::collection::vec(one, 1..400)
    }

    fn scattered(dt: &[f64]) -> Scattered {
        let squares = dt.iter().map(|dt| dt * dt).collect();
        let pairs = Differences { dt: dt.to_vec(), terms: [dt.to_vec(), squares] };
        Scattered::new(&pairs, &Cancellation::never()).expect("it is never cancelled")
    }

    proptest! {
        #[test]
        fn quantiles_agree_with_a_sort(dt in intervals()) {
            let fractions = [0.0, 0.01, 0.25, 0.5, 0.77, 1.0];
            let mut different = dt.clone();
            different.sort_unstable_by(f64::total_cmp);
            different.dedup();
            let want = fractions.map(|fraction| quantile(different.len(), fraction, |at| different[at]));
            prop_assert_eq!(scattered(&dt).quantiles(&fractions), Some(want.to_vec()));
        }

        /// Checks that each pair is in the bin that a search finds, with its own terms.
        #[test]
        fn bins_agree_with_a_search(
            dt in intervals(),
            mut edges in prop::collection::vec(prop_oneof![0.0..1e4, 16.99..17.01, Just(3.0), Just(1e300)], 2..60),
        ) {
            edges.sort_unstable_by(f64::total_cmp);
            edges.dedup();
            prop_assume!(edges.len() > 1);
            let last = edges.len() - 1;
            let mut want = vec![vec![]; last];
            for &dt in dt.iter().filter(|&&dt| dt < edges[last]) {
                if let Some(bin) = edges.partition_point(|edge| *edge <= dt).checked_sub(1) {
                    want[bin].push(dt);
                }
            }
            let mut pairs = scattered(&dt);
            let mut places = pairs.places(&edges).expect("it is never cancelled");
            // Equality with the last edge depends on the narrowest bin, which the tests of structure functions check.
            places[last] = pairs.first_at(edges[last]);
            for (got, want) in pairs.first_terms(&places).zip(&mut want) {
                let mut got = got.to_vec();
                got.sort_unstable_by(f64::total_cmp);
                want.sort_unstable_by(f64::total_cmp);
                prop_assert_eq!(&got, want);
            }
            let squares = pairs.dt.iter().zip(&pairs.terms[1]).all(|(dt, square)| dt * dt == *square);
            prop_assert!(squares, "terms belong to other pairs");
        }
    }
}
