//! Errors of custom statistics are the sources of errors of this crate.

use std::error::Error as _;
use std::fmt;

use tape::core::{Inputs, LightCurve, Silent, Statistic};
use tape::exec::{Partitioning, PlanChoice};
use tape::job::JobError;
use tape::simulate::Simulation;
use tape::{Ensemble, Error, TimeSeries, WriteOptions};

/// A custom error.
#[derive(Debug, PartialEq)]
struct TooBright(f64);

impl fmt::Display for TooBright {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a flux of {} is too bright", self.0)
    }
}

impl std::error::Error for TooBright {}

/// The number of epochs, unless a flux is greater than `most`.
fn bounded(most: f64) -> Statistic {
    Statistic::try_from_fn("bounded", Inputs::FLUX, move |light_curve: &LightCurve<'_>| {
        let brightest = light_curve.flux().iter().copied().fold(f64::MIN, f64::max);
        if brightest > most { Err(TooBright(brightest)) } else { Ok(light_curve.len() as f64) }
    })
}

#[test]
fn a_statistic_that_fails_on_a_time_series_is_named_with_its_band_and_its_error() {
    let series =
        TimeSeries::with_bands(&[1.0, 2.0, 3.0], &[1.0, 9.0, 2.0], &[0.1; 3], &["g", "r", "g"]).expect("as many each");
    let error = series.evaluate(&bounded(5.0)).expect_err("one is too bright");
    assert_eq!(error.to_string(), "the statistic 'bounded' failed in band r: a flux of 9 is too bright");
    let Error::StatisticFailed { statistic, band, source } = &error else { panic!("{error:?}") };
    assert_eq!((statistic.as_str(), band.as_str()), ("bounded", "r"));
    assert_eq!(source.downcast_ref(), Some(&TooBright(9.0)));
    assert!(error.source().is_some_and(|source| source.is::<TooBright>()));
    series.evaluate(&bounded(10.0)).expect("none is too bright");
}

#[test]
fn a_job_whose_task_failed_has_the_error_of_the_statistic_among_its_sources() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    Simulation { objects: 60, epochs: 30.0, files: 2, ..Simulation::default() }
        .write(&path("survey"))
        .expect("written");
    let ensemble = Ensemble::open(path("survey")).expect("it is a survey");
    let batch = ensemble.batch(&[bounded(f64::MIN)]).plan(PlanChoice::Map).partitioning(Partitioning::Count(2));
    let error = batch.resume(path("job"), path("out.parquet"), WriteOptions::new(), &Silent).expect_err("all fail");
    let Error::Job(job) = &error else { panic!("{error:?}") };
    let JobError::Failed { tasks, source, .. } = job else { panic!("{job:?}") };
    assert_eq!(tasks.len(), 2, "{tasks:?}");
    let mut next: Option<&dyn std::error::Error> = Some(source.as_ref());
    let mut found = false;
    while let Some(error) = next {
        found |= error.is::<TooBright>();
        next = error.source();
    }
    assert!(found, "{source:?} does not tell why");
}
