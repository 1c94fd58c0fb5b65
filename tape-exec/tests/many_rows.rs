//! Checks statistics with many rows for each light curve, with every plan and layout, against a naive loop that shares
//! no code with the engine. Light curves without a row must be counted.

mod engines;

use std::collections::BTreeMap;

use proptest::prelude::*;
use tape_core::{
    Bands, IdRef, IdType, Info, Inputs, LightCurve, ManyRows, MemorySource, Rows, Silent, Source, Statistic, Value,
};
use tape_exec::{Config, Error, Partitioning, PlanChoice, Summary, plan};

use engines::{Collected, run_both};

/// A row of the input: id, band, flux.
type Row = (i64, &'static str, f64);

/// A row of the results: id, band, epochs, value.
type Line = (i64, String, u64, f64);

/// The fluxes above 20, ascending. Some light curves have none, others have many.
struct Bright(Info);

impl ManyRows for Bright {
    fn info(&self) -> &Info {
        &self.0
    }

    fn rows(&self, light_curve: &LightCurve<'_>, out: &mut Vec<Value>) {
        let sorted = light_curve.sorted_flux();
        out.extend(sorted.iter().filter(|flux| **flux > 20.0).map(|flux| Value::Float(*flux)));
    }
}

fn bright() -> Statistic {
    Statistic::rows(Bright(Info { min_epochs: 2, ..Info::new("bright", Inputs::FLUX) }))
}

/// Returns the expected rows, the number of light curves without rows, and the number of light curves.
fn naive(rows: &[Row]) -> (Vec<Line>, u64, u64) {
    let mut light_curves: BTreeMap<(i64, &str), Vec<f64>> = BTreeMap::new();
    for &(id, band, flux) in rows {
        light_curves.entry((id, band)).or_default().push(flux);
    }
    let (mut lines, mut none) = (vec![], 0);
    for ((id, band), fluxes) in &mut light_curves {
        fluxes.sort_by(f64::total_cmp);
        let before = lines.len();
        if fluxes.len() > 1 {
            let above = fluxes.iter().filter(|flux| **flux > 20.0);
            lines.extend(above.map(|flux| (*id, (*band).to_owned(), fluxes.len() as u64, *flux)));
        }
        none += u64::from(lines.len() == before);
    }
    (lines, none, light_curves.len() as u64)
}

fn source(rows: &[Row], cuts: &[usize]) -> MemorySource {
    let bands = Bands::default();
    let mut columns = Rows::new(IdType::Int64);
    for &(id, band, flux) in rows {
        columns.ids.push(IdRef::Int(id)).expect("an integer");
        columns.band.push(bands.code(band).expect("few"));
        columns.time.push(0.0);
        columns.flux.push(flux);
        columns.error.push(1.0);
    }
    MemorySource::new(IdType::Int64, columns, bands, cuts)
}

fn compute(source: &MemorySource, config: &Config) -> Result<(Vec<Line>, Summary), Error> {
    let statistics = [bright()];
    let plan = plan(source, &statistics, config, &Silent)?;
    let mut sink = Collected(vec![]);
    let summary = run_both(source, &statistics, config, &plan, &mut sink)?;
    let labels = source.bands().labels();
    let mut lines = vec![];
    for results in &sink.0 {
        for row in 0..results.len() {
            let (IdRef::Int(id), Value::Float(flux)) = (results.ids.get(row), results.values[0][row]) else {
                panic!("an integer and a float")
            };
            lines.push((id, labels[usize::from(results.band[row])].clone(), results.n_obs[row], flux));
        }
    }
    Ok((lines, summary))
}

fn config(plan: PlanChoice, partitioning: Partitioning) -> Config {
    Config { plan, partitioning, workers: 2, ..Config::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_plan_over_every_layout_equals_the_naive_loop(
        rows in prop::collection::vec(
            (0i64..9, prop::sample::select(vec!["g", "r"]), (1i32..40).prop_map(f64::from)), 1..90,
        ),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        n in 1u64..12,
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(rows.len() + 1)).collect();
        cuts.sort_unstable();
        let mut sorted = rows.clone();
        sorted.sort_by_key(|row| row.0);
        let (expected, none, all) = naive(&rows);
        for rows in [rows, sorted] {
            let source = source(&rows, &cuts);
            for choice in [PlanChoice::Auto, PlanChoice::Shuffle, PlanChoice::Stitch, PlanChoice::Map] {
                for partitioning in [Partitioning::RowGroups, Partitioning::Count(n)] {
                    let (lines, summary) = match compute(&source, &config(choice, partitioning)) {
                        Ok(computed) => computed,
                        Err(Error::CutLightCurve { .. } | Error::IllegalPlan { .. }) => continue,
                        Err(error) => return Err(TestCaseError::fail(error.to_string())),
                    };
                    prop_assert_eq!(&lines, &expected, "{:?} {:?}", choice, partitioning);
                    prop_assert_eq!((summary.too_few[0].light_curves, summary.light_curves), (none, all), "{:?}", choice);
                }
            }
        }
    }
}

#[test]
fn pieces_that_count_as_light_curves_are_caught() {
    let rows: Vec<Row> =
        (0..40).map(|i| (i / 10, "g", f64::from(10 + i32::try_from(i).expect("small") % 10 * 3))).collect();
    let source = source(&rows, &[]);
    let unchecked = config(PlanChoice::MapUnchecked, Partitioning::Count(7));
    assert_ne!(compute(&source, &unchecked).expect("runs").0, naive(&rows).0);
    assert_eq!(compute(&source, &Config::default()).expect("runs").0, naive(&rows).0);
}

#[test]
fn it_must_be_the_only_statistic() {
    let source = source(&[(1, "g", 30.0), (1, "g", 31.0)], &[]);
    let other = Statistic::from_fn("first", Inputs::FLUX, |light_curve| light_curve.flux()[0]);
    let error = plan(&source, &[other, bright()], &Config::default(), &Silent).expect_err("two");
    assert!(matches!(&error, Error::NotAlone { statistic } if statistic == "bright"), "{error}");
}
