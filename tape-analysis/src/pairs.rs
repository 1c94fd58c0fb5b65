//! Near-simultaneous epochs of two bands, and the parameters of statistics that compare two bands.

use std::ops::Bound;

use tape_core::LightCurve;

use crate::error::Error;
use crate::kind::Kind;
use crate::parameter::{Allowed, Parameter};

/// The first band of a comparison.
pub(crate) const FIRST: Parameter =
    Parameter { name: "first", summary: "first band", allowed: Allowed::Band, default: Some("g") };
/// The second band of a comparison.
pub(crate) const SECOND: Parameter =
    Parameter { name: "second", summary: "second band", allowed: Allowed::Band, default: Some("r") };
/// Longest interval between the epochs of a pair.
pub(crate) const WINDOW: Parameter = Parameter {
    name: "window",
    summary: "longest interval between the two epochs of a pair, days",
    allowed: Allowed::Float(Bound::Included(0.0), Bound::Excluded(f64::INFINITY)),
    default: Some("0.05"),
};

/// Checks that two bands are different and that both have a label.
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
    Err(Error::BadValue { statistic, parameter, value, allowed: "a band other than the first".to_owned() })
}

/// Indices of the epochs of two light curves that form pairs.
pub(crate) struct Pairs {
    pub(crate) pairs: Vec<[usize; 2]>,
}

impl Pairs {
    /// Finds pairs of epochs at most `window` days apart. In time order, each epoch is paired with the first epoch of
    /// the other band that is close enough and has no partner. This gives as many pairs as possible, and the result
    /// does not depend on which band is first.
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

    /// Returns a flag for each epoch of one light curve (`side` 0 or 1): true if the epoch has a partner.
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
    fn the_window_includes_its_edge() {
        assert_eq!(pairs(&[1.0], &[1.5], 0.5), [[0, 0]]);
        assert_eq!(pairs(&[1.0], &[1.5], 0.499), [[0; 2]; 0]);
    }

    /// Returns the largest possible number of pairs, by trying all pairings.
    fn most(a: &[f64], b: &[f64], window: f64) -> usize {
        let Some((first, rest)) = a.split_first() else { return 0 };
        let near = (0..b.len()).filter(|&j| (first - b[j]).abs() <= window);
        let with = near.map(|j| 1 + most(rest, &[&b[..j], &b[j + 1..]].concat(), window)).max().unwrap_or(0);
        with.max(most(rest, b, window))
    }

    #[test]
    fn pairs_are_as_many_as_possible_and_symmetric_in_the_bands() {
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
