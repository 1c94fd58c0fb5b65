//! Properties of every fold in the registry.

use proptest::prelude::*;
use tape_core::{Fold, Statistic, count};

use crate::testing::{finish, state};

/// Returns the value of a fold with one output for a whole light curve, and for each way of cutting it in two, with
/// either half first.
pub(crate) fn whole_and_pieces(name: &str, flux: &[f64], error: &[f64]) -> Vec<f64> {
    let time: Vec<f64> = (0..flux.len()).map(count).collect();
    crate::testing::pieces(name, &time, flux, error).into_iter().map(|outputs| outputs[0]).collect()
}

fn folds() -> impl Iterator<Item = &'static dyn Fold> {
    crate::registry().iter().filter_map(|statistic| match statistic {
        Statistic::Fold(fold) => Some(&**fold),
        Statistic::Whole(_) | Statistic::Object(_) | Statistic::Rows(_) => None,
    })
}

/// Returns true if two values are equal up to the rounding of sums over `n` epochs with fluxes of at most `scale`.
fn close(a: f64, b: f64, scale: f64, n: usize) -> bool {
    let epsilon = f64::EPSILON * count(n) * 4.0;
    (a.is_nan() && b.is_nan()) || (a - b).abs() <= epsilon * scale.max(a.abs())
}

/// Generates times, fluxes and errors. Fluxes are far from zero, because a few statistics divide by the mean flux.
/// Times are at least half a day apart, because a line through two nearly equal times can have any slope.
fn epochs(n: std::ops::Range<usize>) -> impl Strategy<Value = [Vec<f64>; 3]> {
    prop::collection::vec((0.0..0.5, 100.0..300.0, 0.5..2.0), n).prop_map(|epochs| {
        let mut columns = [vec![], vec![], vec![]];
        for (i, (time, flux, error)) in epochs.into_iter().enumerate() {
            columns[0].push(count(i) + time);
            columns[1].push(flux);
            columns[2].push(error);
        }
        columns
    })
}

#[test]
fn states_have_1_to_16_floats() {
    assert!(folds().all(|fold| (1..=16).contains(&fold.state_len())));
}

proptest! {
    #[test]
    fn any_split_equals_the_whole(
        [time, flux, error] in epochs(5..200),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut edges: Vec<usize> = cuts.iter().map(|cut| cut.index(flux.len())).chain([0, flux.len()]).collect();
        edges.sort_unstable();
        for fold in folds() {
            let whole = finish(fold, &[&state(fold, &time, &flux, &error)]);
            let pieces: Vec<Vec<f64>> = edges
                .windows(2)
                .map(|w| w[0]..w[1])
                .map(|w| state(fold, &time[w.clone()], &flux[w.clone()], &error[w]))
                .collect();
            let pieces: Vec<&[f64]> = pieces.iter().map(Vec::as_slice).collect();
            let split = finish(fold, &pieces);
            let same = split.iter().zip(&whole).all(|(&a, &b)| close(a, b, 300.0, flux.len()));
            prop_assert!(same, "{}: {split:?} {whole:?}", fold.info().name);
        }
    }

    #[test]
    fn the_empty_state_is_the_identity([time, flux, error] in epochs(1..50)) {
        for fold in folds() {
            let some = state(fold, &time, &flux, &error);
            let zero = vec![0.0; fold.state_len()];
            prop_assert_eq!(&state(fold, &[], &[], &[]), &zero, "lift of nothing: {}", fold.info().name);
            let (mut left, mut right) = (zero.clone(), some.clone());
            fold.combine(&mut left, &some);
            fold.combine(&mut right, &zero);
            prop_assert_eq!(&left, &some, "{}", fold.info().name);
            prop_assert_eq!(&right, &some, "{}", fold.info().name);
        }
    }
}
