//! Statistics of users that return errors, or have shapes that no built-in statistic has.

use std::error::Error as _;
use std::fmt;

use tape_core::{
    Fold, Info, Inputs, LightCurve, ManyRows, Object, ObjectId, Output, Silent, Statistic, StatisticError, Value,
    WholeObject,
};
use tape_exec::{Error, Partitioning, PlanChoice, plan};

use crate::engines::run_tasks;
use crate::support::{compute, config, regular, source};

/// The error of a statistic.
#[derive(Debug, PartialEq)]
struct TooBright(f64);

impl fmt::Display for TooBright {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a flux of {} is too bright", self.0)
    }
}

impl std::error::Error for TooBright {}

/// Fails on fluxes of 50 or more, which occur from object 6 on.
fn check(flux: &[f64]) -> Result<f64, TooBright> {
    flux.iter().find(|flux| **flux >= 50.0).map_or(Ok(flux[0]), |flux| Err(TooBright(*flux)))
}

fn picky() -> Statistic {
    Statistic::try_from_fn("picky", Inputs::FLUX, |light_curve: &LightCurve<'_>| check(light_curve.flux()))
}

struct Picky(Info);

impl WholeObject for Picky {
    fn info(&self) -> &Info {
        &self.0
    }

    fn evaluate(&self, _: &Object<'_>, out: &mut [Value]) {
        out[0] = Value::Null;
    }

    fn try_evaluate(&self, object: &Object<'_>, out: &mut [Value]) -> Result<(), StatisticError> {
        for light_curve in object.light_curves() {
            out[0] = check(light_curve.flux())?.into();
        }
        Ok(())
    }
}

impl ManyRows for Picky {
    fn info(&self) -> &Info {
        &self.0
    }

    fn rows(&self, _: &LightCurve<'_>, _: &mut Vec<Value>) {}

    fn try_rows(&self, light_curve: &LightCurve<'_>, out: &mut Vec<Value>) -> Result<(), StatisticError> {
        out.push(check(light_curve.flux())?.into());
        Ok(())
    }
}

/// Checks that an error comes from `picky`, for the first object and band where it fails.
fn assert_is_of_picky(error: &Error, id: i64, wanted: &str, flux: f64) {
    let Error::Failed { statistic, id: of, band, .. } = error else { panic!("{error}") };
    assert_eq!((statistic.as_str(), of, band.as_str()), ("picky", &ObjectId::Int(id), wanted), "{error}");
    let source = error.source().expect("the error of the statistic");
    assert_eq!(source.downcast_ref::<TooBright>(), Some(&TooBright(flux)));
}

#[test]
fn every_plan_returns_the_error_of_a_statistic_with_object_and_band() {
    let rows = regular(10, 9);
    let source = source(&rows, &(1..18).map(|i| i * 5).collect::<Vec<_>>());
    let info = || Info::new("picky", Inputs::FLUX);
    for choice in [PlanChoice::Stitch, PlanChoice::Shuffle, PlanChoice::Merge] {
        let config = config(choice, Partitioning::RowGroups, 1);
        let of = |statistic| compute(&source, &[statistic], &config).map(|_| ()).expect_err("it fails");
        // Object 6 has fluxes from 42 to 50, and its last epoch is in band z.
        for statistic in [picky(), Statistic::rows(Picky(info()))] {
            let error = of(statistic);
            assert!(error.to_string().starts_with("the statistic 'picky' failed on object "), "{error}");
            if choice == PlanChoice::Stitch {
                assert_is_of_picky(&error, 6, "z", 50.0);
            }
            assert!(matches!(error.source(), Some(source) if source.is::<TooBright>()), "{choice:?}");
        }
        let error = of(Statistic::object(Picky(info())));
        let Error::Failed { band, .. } = &error else { panic!("{error}") };
        assert_eq!(band, "", "a statistic of objects has no band");
    }
}

#[test]
fn an_error_in_a_stitched_light_curve_is_returned() {
    let rows = regular(7, 9)[54..].to_vec();
    let source = source(&rows, &[3, 6]);
    let config = config(PlanChoice::Stitch, Partitioning::RowGroups, 2);
    let error = compute(&source, &[picky()], &config).expect_err("it fails");
    assert_is_of_picky(&error, 6, "z", 50.0);
    assert_eq!(error.to_string(), "the statistic 'picky' failed on object 6 in band z: a flux of 50 is too bright");
}

#[test]
fn an_error_in_a_task_is_returned() {
    let rows = regular(10, 9);
    let source = source(&rows, &[40]);
    let statistics = [picky()];
    for choice in [PlanChoice::MapUnchecked, PlanChoice::Shuffle] {
        let config = config(choice, Partitioning::RowGroups, 1);
        let plan = plan(&source, &statistics, &config, &Silent).expect("plans");
        let error = run_tasks(&[&source], &statistics, &config, &plan).expect_err("it fails");
        if choice == PlanChoice::MapUnchecked {
            assert_is_of_picky(&error, 6, "z", 50.0);
        }
        assert!(matches!(error.source(), Some(source) if source.is::<TooBright>()), "{error}");
    }
}

/// A state of 17 floats, each the sum of the fluxes.
struct Wide(Info);

impl Fold for Wide {
    fn info(&self) -> &Info {
        &self.0
    }

    fn state_len(&self) -> usize {
        17
    }

    fn lift(&self, epochs: &LightCurve<'_>, state: &mut [f64]) {
        state.fill(epochs.flux().iter().sum());
    }

    fn combine(&self, state: &mut [f64], other: &[f64]) {
        state.iter_mut().zip(other).for_each(|(sum, more)| *sum += more);
    }

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        out[0] = state[16].into();
    }
}

#[test]
fn a_fold_may_have_a_state_of_any_length() {
    let rows = regular(6, 8);
    let source = source(&rows, &[20]);
    let mut sums = vec![];
    for choice in [PlanChoice::Stitch, PlanChoice::Shuffle, PlanChoice::Fold] {
        let fold = Statistic::fold(Wide(Info::new("wide", Inputs::FLUX)));
        let config = config(choice, Partitioning::RowGroups, 2);
        let (table, _) = compute(&source, &[fold], &config).expect("it runs");
        sums.push(table.iter().map(|row| row.3[0]).collect::<Vec<_>>());
    }
    // Object 0 has fluxes 1, 3, 5 and 7 in g, and 0, 2, 4 and 6 in z.
    assert_eq!(sums[0][..2], [16.0, 12.0]);
    assert!(sums.iter().all(|all| *all == sums[0]), "{sums:?}");
}

/// A statistic with rows of two values that gives one value too few.
struct Ragged(Info);

impl ManyRows for Ragged {
    fn info(&self) -> &Info {
        &self.0
    }

    fn rows(&self, _: &LightCurve<'_>, out: &mut Vec<Value>) {
        out.extend([Value::Float(1.0); 3]);
    }
}

#[test]
fn incomplete_rows_are_an_error() {
    let outputs = ["a", "b"].map(Output::float).to_vec();
    let ragged = Statistic::rows(Ragged(Info { outputs, ..Info::new("ragged", Inputs::FLUX) }));
    let error = compute(&source(&regular(2, 4), &[4]), &[ragged], &Default::default()).expect_err("a value is missing");
    let says = "the statistic 'ragged' gave 3 values for object 0 in band g, which do not form rows of 2 values";
    assert_eq!(error.to_string(), says);
}
