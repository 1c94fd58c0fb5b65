//! What every fold of the registry must satisfy.

use proptest::prelude::*;
use tape_core::{Fold, LightCurve, Statistic, Value};

/// The value of a fold of one output for a light curve at once, and for each way of cutting it in two, either half first.
pub(crate) fn whole_and_pieces(name: &str, flux: &[f64], error: &[f64]) -> Vec<f64> {
    let statistic = crate::find(name).expect("a registered name");
    let Statistic::Fold(fold) = &statistic else { panic!("{name} is no fold") };
    let mut whole = [Value::Null];
    statistic.evaluate(&LightCurve::new(flux).with_error(error), &mut whole);
    let cuts = (1..flux.len()).flat_map(|cut| {
        let halves = [state(&**fold, &flux[..cut], &error[..cut]), state(&**fold, &flux[cut..], &error[cut..])];
        [finish(&**fold, &[&halves[0], &halves[1]]), finish(&**fold, &[&halves[1], &halves[0]])]
    });
    std::iter::once(float(whole[0])).chain(cuts).collect()
}

fn float(value: Value) -> f64 {
    match value {
        Value::Float(value) => value,
        other => panic!("{other:?} is no float"),
    }
}

fn state(fold: &dyn Fold, flux: &[f64], error: &[f64]) -> Vec<f64> {
    let mut state = vec![f64::NAN; fold.state_len()];
    fold.lift(&LightCurve::new(flux).with_error(error), &mut state);
    state
}

fn finish(fold: &dyn Fold, states: &[&[f64]]) -> f64 {
    let mut total = vec![0.0; fold.state_len()];
    for state in states {
        fold.combine(&mut total, state);
    }
    let mut out = [Value::Null];
    fold.finish(&total, &mut out);
    float(out[0])
}

fn folds() -> impl Iterator<Item = &'static dyn Fold> {
    crate::registry().iter().filter_map(|statistic| match statistic {
        Statistic::Fold(fold) => Some(&**fold),
        Statistic::Whole(_) => None,
    })
}

/// Equal to the rounding of sums over `n` epochs whose fluxes are at most `scale`.
fn close(a: f64, b: f64, scale: f64, n: usize) -> bool {
    let epsilon = f64::EPSILON * tape_core::count(n) * 4.0;
    (a.is_nan() && b.is_nan()) || (a - b).abs() <= epsilon * scale.max(a.abs())
}

#[test]
fn states_fit_the_room_that_engines_reserve() {
    assert!(folds().all(|fold| (1..=16).contains(&fold.state_len())));
}

proptest! {
    #[test]
    fn any_split_equals_the_whole(
        epochs in prop::collection::vec((-100.0..100.0, 0.5..2.0), 2..200),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let (flux, error): (Vec<f64>, Vec<f64>) = epochs.into_iter().unzip();
        let mut edges: Vec<usize> = cuts.iter().map(|cut| cut.index(flux.len())).chain([0, flux.len()]).collect();
        edges.sort_unstable();
        for fold in folds() {
            let whole = finish(fold, &[&state(fold, &flux, &error)]);
            let pieces: Vec<Vec<f64>> =
                edges.windows(2).map(|w| state(fold, &flux[w[0]..w[1]], &error[w[0]..w[1]])).collect();
            let pieces: Vec<&[f64]> = pieces.iter().map(Vec::as_slice).collect();
            let split = finish(fold, &pieces);
            prop_assert!(close(split, whole, 100.0, flux.len()), "{}: {split} {whole}", fold.info().name);
        }
    }

    #[test]
    fn the_empty_state_is_the_identity(epochs in prop::collection::vec((-100.0..100.0, 0.5..2.0), 1..50)) {
        let (flux, error): (Vec<f64>, Vec<f64>) = epochs.into_iter().unzip();
        for fold in folds() {
            let some = state(fold, &flux, &error);
            let zero = vec![0.0; fold.state_len()];
            prop_assert_eq!(&state(fold, &[], &[]), &zero, "lift of nothing: {}", fold.info().name);
            let (mut left, mut right) = (zero.clone(), some.clone());
            fold.combine(&mut left, &some);
            fold.combine(&mut right, &zero);
            prop_assert_eq!(&left, &some, "{}", fold.info().name);
            prop_assert_eq!(&right, &some, "{}", fold.info().name);
        }
    }
}
