//! The differences between all pairs of epochs of a light curve.

/// For each pair of epochs with Δt > 0 that, the change of flux from the earlier to the later, and the sum of their squared
/// errors.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Differences {
    pub(super) dt: Vec<f64>,
    change: Vec<f64>,
    variance: Vec<f64>,
}

impl Differences {
    /// (Δt, Δx, σ²) of one pair.
    pub(super) fn pair(&self, at: usize) -> [f64; 3] {
        [self.dt[at], self.change[at], self.variance[at]]
    }

    /// Those of all.
    pub(super) fn all(&self) -> impl Iterator<Item = [f64; 3]> + '_ {
        (0..self.dt.len()).map(|at| self.pair(at))
    }
}

/// All pairs of epochs in any order; without errors these are zero. Epochs at the same time are no pair.
pub(super) fn differences(time: &[f64], flux: &[f64], error: &[f64]) -> Differences {
    let n = flux.len();
    let mut out = Differences::default();
    out.dt.reserve(n * n.saturating_sub(1) / 2);
    let square = |at: usize| error.get(at).map_or(0.0, |error| error * error);
    for i in 0..n {
        for j in i + 1..n {
            let (from, to) = if time[j] > time[i] { (i, j) } else { (j, i) };
            let dt = time[to] - time[from];
            if dt > 0.0 {
                out.dt.push(dt);
                out.change.push(flux[to] - flux[from]);
                out.variance.push(square(i) + square(j));
            }
        }
    }
    out
}
