//! Checks statistics that compare the bands of an object, with every plan and layout, against a naive loop that shares
//! no code with the engine. Missing values must be counted.

mod engines;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tape_core::{
    Bands, IdRef, IdType, Info, Inputs, MemorySource, NO_BAND, Object, Rows, Silent, Source, Statistic, Value,
    WholeObject,
};
use tape_exec::{Config, Error, Partitioning, PlanChoice, Summary, plan};

use engines::{Collected, run_both};

/// A row of the input: id, band, flux.
type Row = (i64, &'static str, f64);

/// A row of the results: id, band (`None` for the row of an object), epochs, values.
type Line = (i64, Option<String>, u64, Vec<Option<f64>>);

/// The sum of the fluxes in g times the sum in r. It differs if a light curve is cut.
struct Product {
    info: Info,
    /// Wrongly uses the first light curve for g. The harness must detect it.
    careless: bool,
}

impl WholeObject for Product {
    fn info(&self) -> &Info {
        &self.info
    }

    fn evaluate(&self, object: &Object<'_>, out: &mut [Value]) {
        let sum = |band| object.band(band).map_or(f64::NAN, |light_curve| light_curve.flux().iter().sum::<f64>());
        let first = if self.careless { object.light_curves()[0].flux().iter().sum() } else { sum("g") };
        out[0] = (first * sum("r")).into();
    }
}

fn product(careless: bool) -> Statistic {
    let bands = vec!["g".to_owned(), "r".to_owned()];
    Statistic::object(Product { info: Info { min_epochs: 2, bands, ..Info::new("product", Inputs::FLUX) }, careless })
}

/// The sum of the fluxes, for light curves of at least three epochs.
fn total() -> Statistic {
    let info = Info { min_epochs: 3, ..Info::new("total", Inputs::FLUX) };
    Statistic::from_fn_outputs(info, |light_curve, out| out[0] = light_curve.flux().iter().sum::<f64>().into())
}

/// Computes `total` and `product` naively. The row of an object follows those of its light curves.
fn naive(rows: &[Row]) -> Vec<Line> {
    let mut objects: BTreeMap<i64, BTreeMap<&str, Vec<f64>>> = BTreeMap::new();
    for &(id, band, flux) in rows {
        objects.entry(id).or_default().entry(band).or_default().push(flux);
    }
    let mut lines = vec![];
    for (id, bands) in objects {
        let sum = |band: &str, least: usize| {
            bands.get(band).filter(|fluxes| fluxes.len() >= least).map(|fluxes| fluxes.iter().sum::<f64>())
        };
        for (band, fluxes) in &bands {
            lines.push((id, Some((*band).to_owned()), fluxes.len() as u64, vec![sum(band, 3), None]));
        }
        let product = sum("g", 2).and_then(|g| Some(g * sum("r", 2)?));
        let n: usize = bands.values().map(Vec::len).sum();
        lines.push((id, None, n as u64, vec![None, product]));
    }
    lines
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

fn compute(source: &MemorySource, statistics: &[Statistic], config: &Config) -> Result<(Vec<Line>, Summary), Error> {
    let plan = plan(source, statistics, config, &Silent)?;
    let mut sink = Collected(vec![]);
    let summary = run_both(source, statistics, config, &plan, &mut sink)?;
    let labels = source.bands().labels();
    let mut lines = vec![];
    for results in &sink.0 {
        for row in 0..results.len() {
            let IdRef::Int(id) = results.ids.get(row) else { panic!("ids are integers") };
            let band = (results.band[row] != NO_BAND).then(|| labels[usize::from(results.band[row])].clone());
            let value = |column: &Vec<Value>| match column[row] {
                Value::Float(value) => Some(value),
                Value::Null => None,
                other => panic!("{other:?} is not a float"),
            };
            lines.push((id, band, results.n_obs[row], results.values.iter().map(value).collect()));
        }
    }
    Ok((lines, summary))
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    // At least one row, because a survey in memory only has a band column if it has rows. Whole numbers, so that the
    // order of summation does not matter.
    let row = (0i64..9, prop::sample::select(vec!["g", "i", "r"]), (1i32..100).prop_map(f64::from));
    prop::collection::vec(row, 1..90)
}

fn config(plan: PlanChoice, partitioning: Partitioning) -> Config {
    Config { plan, partitioning, workers: 2, ..Config::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_plan_over_every_layout_equals_the_naive_loop(
        rows in rows(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        n in 1u64..12,
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(rows.len() + 1)).collect();
        cuts.sort_unstable();
        let mut sorted = rows.clone();
        sorted.sort_by_key(|row| row.0);
        let expected = naive(&rows);
        for rows in [rows, sorted] {
            let source = source(&rows, &cuts);
            for choice in [PlanChoice::Auto, PlanChoice::Shuffle, PlanChoice::Stitch, PlanChoice::Map] {
                for partitioning in [Partitioning::RowGroups, Partitioning::Count(n)] {
                    let (lines, summary) = match compute(&source, &[total(), product(false)], &config(choice, partitioning)) {
                        Ok(computed) => computed,
                        Err(Error::CutLightCurve { .. } | Error::IllegalPlan { .. }) => continue,
                        Err(error) => return Err(TestCaseError::fail(error.to_string())),
                    };
                    prop_assert_eq!(&lines, &expected, "{:?} {:?}", choice, partitioning);
                    let missing = |column: usize, of_objects: bool| {
                        let own = expected.iter().filter(|line| line.1.is_none() == of_objects);
                        own.filter(|line| line.3[column].is_none()).count() as u64
                    };
                    let counted: Vec<u64> = summary.too_few.iter().map(|too_few| too_few.light_curves).collect();
                    prop_assert_eq!(counted, [missing(0, false), missing(1, true)]);
                    let objects = expected.iter().filter(|line| line.1.is_none()).count() as u64;
                    prop_assert_eq!((summary.objects, summary.light_curves), (objects, lines.len() as u64 - objects));
                }
            }
        }
    }
}

/// Objects 0 to 4, each with three epochs in g, three in r and two in i.
fn five_objects() -> Vec<Row> {
    let bands = ["i", "g", "r", "g", "r", "i", "g", "r"];
    let object = |id: i32| (1..).zip(bands).map(move |(i, band)| (i64::from(id), band, f64::from(i * (id + 1))));
    (0..5).flat_map(object).collect()
}

#[test]
fn without_other_statistics_there_is_one_row_per_object() {
    let source = source(&five_objects(), &[11, 20]);
    let (lines, summary) = compute(&source, &[product(false)], &Config::default()).expect("runs");
    // The indices are 2, 4 and 7 in g, and 3, 5 and 8 in r.
    let want = (0..5).map(|id| (id, None, 8, vec![Some((13 * 16 * (id + 1) * (id + 1)) as f64)]));
    assert_eq!(lines, want.collect::<Vec<_>>());
    assert_eq!((summary.objects, summary.light_curves), (5, 0));
}

#[test]
fn a_careless_kernel_is_caught() {
    let rows = five_objects();
    let source = source(&rows, &[11]);
    let (lines, _) = compute(&source, &[total(), product(true)], &Config::default()).expect("runs");
    // The first light curve in band order is g here, so the result is correct. It is wrong with a band before g.
    assert_eq!(lines, naive(&rows));
    let more: Vec<Row> = rows.iter().copied().chain((0..5).map(|id| (id, "a", 1.0))).collect();
    let (lines, _) = compute(&self::source(&more, &[11]), &[total(), product(true)], &Config::default()).expect("runs");
    assert_ne!(lines, naive(&more));
}

#[test]
fn bands_that_are_not_selected_cannot_be_compared() {
    let source = source(&five_objects(), &[]);
    let only = |bands: &[&str]| Config {
        bands: Some(bands.iter().map(|band| (*band).to_owned()).collect()),
        ..Config::default()
    };
    let error = compute(&source, &[product(false)], &only(&["g", "i"])).expect_err("no r");
    assert!(matches!(&error, Error::BandNotAsked { band, .. } if band == "r"), "{error}");
    let (lines, _) = compute(&source, &[total(), product(false)], &only(&["r", "g"])).expect("both");
    let bands: BTreeSet<Option<String>> = lines.into_iter().map(|line| line.1).collect();
    assert_eq!(bands, [None, Some("g".to_owned()), Some("r".to_owned())].into());
}

#[test]
fn a_band_that_no_object_has_gives_a_warning() {
    let rows: Vec<Row> = five_objects().into_iter().filter(|row| row.1 != "r").collect();
    let (lines, summary) = compute(&source(&rows, &[]), &[product(false)], &Config::default()).expect("runs");
    assert!(lines.iter().all(|line| line.3 == [None]));
    assert!(summary.warnings.iter().any(|warning| warning.contains("no epoch has band 'r'")), "{:?}", summary.warnings);
}

#[test]
fn a_panic_names_the_object() {
    struct Picky(Info);
    impl WholeObject for Picky {
        fn info(&self) -> &Info {
            &self.0
        }
        fn evaluate(&self, object: &Object<'_>, _: &mut [Value]) {
            assert!(object.light_curves()[0].flux()[0] < 7.0, "too bright");
        }
    }
    let picky = Statistic::object(Picky(Info::new("picky", Inputs::FLUX)));
    let error = compute(&source(&five_objects(), &[]), &[picky], &Config::default()).expect_err("panics");
    assert_eq!(error.to_string(), "the statistic 'picky' panicked on object 3: too bright");
}
