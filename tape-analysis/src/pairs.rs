//! Near-simultaneous epochs of two bands, and what they have in common.

use std::ops::Bound;

use tape_core::LightCurve;

use crate::error::Error;
use crate::kind::Kind;
use crate::parameter::{Allowed, Parameter};

/// The first band of a comparison.
pub(crate) const FIRST: Parameter =
    Parameter { name: "first", summary: "the band that comes first", allowed: Allowed::Band, default: Some("g") };
/// The band that it is compared with.
pub(crate) const SECOND: Parameter =
    Parameter { name: "second", summary: "the band it is compared with", allowed: Allowed::Band, default: Some("r") };
/// Largest interval between the epochs of a pair.
pub(crate) const WINDOW: Parameter = Parameter {
    name: "window",
    summary: "the most between the two epochs of a pair, days",
    allowed: Allowed::Float(Bound::Included(0.0), Bound::Excluded(f64::INFINITY)),
    default: Some("0.05"),
};

/// Two bands that differ.
pub(crate) fn two_bands(kind: &Kind, first: &str, second: &str) -> Result<Vec<String>, Error> {
    for (parameter, label) in [(FIRST, first), (SECOND, second)] {
        if label.is_empty() {
            return Err(kind.refused(&parameter, label));
        }
    }
    if first != second {
        return Ok(vec![first.to_owned(), second.to_owned()]);
    }
    let Parameter { name: parameter, .. } = SECOND;
    let [statistic, parameter, value] = [kind.name, parameter, second].map(str::to_owned);
    Err(Error::BadValue { statistic, parameter, value, allowed: "another band than the first".to_owned() })
}

/// Two light curves with the numbers of the epochs that are pairs.
pub(crate) struct Pairs {
    pub(crate) pairs: Vec<[usize; 2]>,
}

impl Pairs {
    /// The pairs of epochs no more than `window` apart. In order of time, each epoch is paired with the first of the other
    /// band that is near enough and has no partner: no other choice makes more pairs, and none depends on which band comes
    /// first.
    pub(crate) fn of(first: &LightCurve<'_>, second: &LightCurve<'_>, window: f64) -> Self {
        let (a, b) = (first.time(), second.time());
        let (mut i, mut j) = (0, 0);
        let mut pairs = vec![];
        while i < a.len() && j < b.len() {
            if (a[i] - b[j]).abs() <= window {
                pairs.push([i, j]);
                (i, j) = (i + 1, j + 1);
            } else if a[i] < b[j] {
                i += 1;
            } else {
                j += 1;
            }
        }
        Self { pairs }
    }

    /// Returns, for each epoch of one side (the first or the second), whether it has a partner.
    pub(crate) fn has_partner(&self, side: usize, epochs: usize) -> Vec<bool> {
        let mut has = vec![false; epochs];
        self.pairs.iter().for_each(|pair| has[pair[side]] = true);
        has
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(a: &[f64], b: &[f64], window: f64) -> Vec<[usize; 2]> {
        let (flux_a, flux_b) = (vec![0.0; a.len()], vec![0.0; b.len()]);
        let (a, b) = (LightCurve::new(&flux_a).with_time(a), LightCurve::new(&flux_b).with_time(b));
        Pairs::of(&a, &b, window).pairs
    }

    #[test]
    fn each_epoch_has_one_partner_at_most() {
        assert_eq!(pairs(&[0.0, 1.0, 5.0], &[0.2, 0.9, 1.1, 9.0], 0.5), [[0, 0], [1, 1]]);
        assert_eq!(pairs(&[0.0, 0.0], &[0.0, 0.0, 0.0], 0.0), [[0, 0], [1, 1]]);
        assert_eq!(pairs(&[0.0], &[], 1.0), [[0; 2]; 0]);
    }

    #[test]
    fn the_edge_of_the_window_counts() {
        assert_eq!(pairs(&[1.0], &[1.5], 0.5), [[0, 0]]);
        assert_eq!(pairs(&[1.0], &[1.5], 0.499), [[0; 2]; 0]);
    }

    /// All ways of pairing, tried one by one.
    fn most(a: &[f64], b: &[f64], window: f64) -> usize {
        let Some((first, rest)) = a.split_first() else { return 0 };
        let near = (0..b.len()).filter(|&j| (first - b[j]).abs() <= window);
        let with = near.map(|j| 1 + most(rest, &[&b[..j], &b[j + 1..]].concat(), window)).max().unwrap_or(0);
        with.max(most(rest, b, window))
    }

    #[test]
    fn no_other_choice_makes_more_pairs_and_bands_may_swap() {
        let times = |seed: u32, n: u32| -> Vec<f64> {
            let mut times: Vec<f64> = (0..n).map(|i| f64::from((i * 7919 + seed * 104_729) % 97) * 0.1).collect();
            times.sort_unstable_by(f64::total_cmp);
            times
        };
        for seed in 0..40 {
            let (a, b) = (times(seed, 6), times(seed + 100, 7));
            for window in [0.05, 0.4, 1.3] {
                let found = pairs(&a, &b, window);
                assert_eq!(found.len(), most(&a, &b, window), "{a:?} {b:?} {window}");
                let swapped: Vec<[usize; 2]> = pairs(&b, &a, window).into_iter().map(|[j, i]| [i, j]).collect();
                assert_eq!(found, swapped);
            }
        }
    }
}
