//! A single light curve gives the same results as in a survey.

use tape::arrow::array::AsArray;
use tape::arrow::datatypes::{Float64Type, Int64Type};
use tape::core::{ObjectId, Value};
use tape::simulate::{Simulation, SurveyLayout};
use tape::{Ensemble, TimeSeries};

#[test]
fn an_object_of_a_survey_gives_what_the_survey_gives_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    for layout in [SurveyLayout::SortedSplit, SurveyLayout::Shuffled] {
        let survey = folder.path().join(layout.name());
        let bands = vec!["g".to_owned(), "r".to_owned()];
        let simulation = Simulation { objects: 30, epochs: 40.0, bands, files: 3, layout, ..Simulation::default() };
        simulation.write(&survey).expect("it is written");
        let ensemble = Ensemble::open(&survey).expect("a survey");
        let names = ["stetson_j", "eta", "median"];
        let table = ensemble.batch_named(&names).expect("known").compute().expect("it runs");
        let (ids, bands) = (table.column(0).as_primitive::<Int64Type>(), table.column(1).as_string::<i32>());
        for row in (0..table.num_rows()).step_by(7) {
            let series = ensemble.time_series(ObjectId::Int(ids.value(row))).expect("it is read").expect("it is there");
            for name in names {
                let wanted = table.column_by_name(name).expect("a column").as_primitive::<Float64Type>().value(row);
                let found = &series.compute(name).expect("known")[&Some(bands.value(row).to_owned())][0][name];
                let Value::Float(found) = found else { panic!("{found:?}") };
                assert!((found - wanted).abs() <= 1e-12 * wanted.abs(), "{layout}, {name}: {found} is not {wanted}");
            }
        }
        assert!(ensemble.time_series(ObjectId::Int(-1)).expect("it is read").is_none());
    }
}

#[test]
fn one_object_of_a_sorted_survey_takes_a_small_part_of_its_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let survey = folder.path().join("survey");
    let simulation = Simulation { objects: 2000, epochs: 30.0, files: 4, row_group_rows: 600, ..Simulation::default() };
    simulation.write(&survey).expect("it is written");
    let ensemble = Ensemble::open(&survey).expect("a survey");
    let table = ensemble.batch_named(&["mean"]).expect("known").compute().expect("it runs");
    let all = ensemble.survey().bytes_read();
    let id = table.column(0).as_primitive::<Int64Type>().value(table.num_rows() / 2);
    ensemble.time_series(ObjectId::Int(id)).expect("it is read").expect("it is there");
    let one = ensemble.survey().bytes_read() - all;
    assert!(one > 0 && one * 20 < all, "{one} of {all} bytes");
}

#[test]
fn columns_that_do_not_belong_together_and_too_many_values_are_refused() {
    let error = TimeSeries::new(&[1.0], &[2.0, 3.0], &[0.1]).expect_err("three lengths").to_string();
    assert!(error.contains("1 times, 2 fluxes, 1 errors and 0 bands"), "{error}");
    let (time, flux, errors) = ([1.0, 2.0, 3.0, 4.0], [5.0, f64::NAN, 6.0, 7.0], [0.1, 0.1, -1.0, 0.1]);
    let series = TimeSeries::with_bands(&time, &flux, &errors, &["g", "r", "g", "g"]).expect("of one length");
    assert_eq!((series.len(), series.left_out().total()), (2, 2));
    assert!(series.value("mean").expect_err("two bands").to_string().contains("more than one"));
    let mean = series.compute("mean").expect("known");
    assert_eq!(mean[&Some("g".to_owned())][0]["mean"], Value::Float(6.0));
    assert_eq!(mean[&Some("r".to_owned())][0]["mean"], Value::Null, "of no epoch");
    assert_eq!(series.compute("colour_median_g_r").expect("known")[&None].len(), 1);
    assert!(TimeSeries::new(&[], &[], &[]).expect("of one length").compute("mean").expect("known").is_empty());
}

#[test]
fn one_object_takes_few_of_the_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("survey");
    let simulation = Simulation { objects: 4000, files: 4, row_group_rows: 500, ..Default::default() };
    simulation.write(&out).expect("there is room");
    let open = || Ensemble::open(out.to_str().expect("Unicode")).expect("a survey");
    let whole = open();
    assert_eq!(whole.survey().bytes_read(), 0, "footers alone");
    whole.batch_named(&["eta_e", "mean_variance"]).expect("known").compute().expect("it runs");
    let last = whole.tail(1).expect("it is read");
    let id = last.column(0).as_primitive::<Int64Type>().value(0);
    let one = open();
    assert!(one.time_series(ObjectId::Int(id)).expect("it is read").is_some_and(|series| !series.is_empty()));
    let (bytes, all) = (one.survey().bytes_read(), whole.survey().file_bytes());
    // At most two of about a hundred row groups hold the object.
    assert!(bytes > 0 && bytes * 50 < all, "{bytes} of {all}");
    let (first, looked) = (open(), open());
    first.head(5).expect("it is read");
    looked.random_light_curve(7).expect("it is read").expect("there is one");
    assert!(first.survey().bytes_read() * 50 < all && looked.survey().bytes_read() * 25 < all);
    assert_eq!(looked.is_sorted(), Some(true));
    assert!(looked.columns().iter().any(|column| column.name == "flux" && column.role == Some(tape::core::Role::Flux)));
}
