//! The differences between all pairs of epochs of a light curve.

use tape_core::Cancellation;

/// Columns with one value for each pair of epochs with Δt > 0: Δt, and the terms that a method computes from the change
/// of flux from the earlier to the later epoch and the sum of the squared errors.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Differences {
    pub(super) dt: Vec<f64>,
    /// Terms of the method. The second is empty if the method has only one term.
    pub(super) terms: [Vec<f64>; 2],
}

impl Differences {
    /// Appends some pairs of `other`, given by their indices.
    pub(super) fn extend_with(&mut self, other: &Self, pairs: impl Iterator<Item = usize>) {
        let [a, b] = &mut self.terms;
        for pair in pairs {
            self.dt.push(other.dt[pair]);
            a.push(other.terms[0][pair]);
            b.extend(other.terms[1].get(pair));
        }
    }

    /// Concatenates the pairs of many light curves.
    pub(super) fn together(all: &[Self]) -> Self {
        let mut together = Self::default();
        for one in all {
            together.dt.extend(&one.dt);
            together.terms.iter_mut().zip(&one.terms).for_each(|(terms, those)| terms.extend(those));
        }
        together
    }
}

/// Computes the differences of all pairs of epochs. Epochs may be in any order. If there are no errors, they are zero.
/// Epochs at the same time are not a pair. `first` and `second` compute terms from Δx and σ². Returns `None` if the run
/// is cancelled.
pub(super) fn differences(
    [time, flux, error]: [&[f64]; 3],
    first: impl Fn(f64, f64) -> f64,
    second: Option<impl Fn(f64, f64) -> f64>,
    cancellation: &Cancellation,
) -> Option<Differences> {
    let n = flux.len();
    let squares: Vec<f64> =
        if error.is_empty() { vec![0.0; n] } else { error.iter().map(|error| error * error).collect() };
    let pairs = n * n.saturating_sub(1) / 2;
    let mut dt = Vec::with_capacity(pairs);
    let [mut a, mut b] = [Vec::with_capacity(pairs), Vec::with_capacity(if second.is_some() { pairs } else { 0 })];
    // If times ascend, no branch for each pair is needed, which would take as long as the rest of the computation.
    let ascends = time.is_sorted_by(|a, b| a < b);
    for (i, (&t, (&x, &square))) in time.iter().zip(flux.iter().zip(&squares)).enumerate() {
        cancellation.proceed()?;
        let later = flux[i + 1..].iter().zip(&squares[i + 1..]);
        if ascends {
            dt.extend(time[i + 1..].iter().map(|later| later - t));
            a.extend(later.clone().map(|(other, error)| first(other - x, square + error)));
            if let Some(second) = &second {
                b.extend(later.map(|(other, error)| second(other - x, square + error)));
            }
            continue;
        }
        for (other, (y, error)) in time[i + 1..].iter().zip(later) {
            let (interval, change) = if *other > t { (other - t, y - x) } else { (t - other, x - y) };
            if interval > 0.0 {
                dt.push(interval);
                a.push(first(change, square + error));
                b.extend(second.as_ref().map(|second| second(change, square + error)));
            }
        }
    }
    Some(Differences { dt, terms: [a, b] })
}
