//! Derived columns are computed in the same pass as conditions and statistics, and have the values of written columns.

use std::fs::File;
use std::path::Path;

use tape::arrow::array::{AsArray, RecordBatch};
use tape::arrow::datatypes::Float64Type;
use tape::core::{Quantity, Role};
use tape::prelude::*;
use tape::simulate::Simulation;

fn survey(folder: &Path) -> String {
    let path = folder.join("survey");
    Simulation { objects: 300, files: 3, ..Default::default() }.write(&path).expect("written");
    path.to_str().expect("unicode").to_owned()
}

fn compute(ensemble: &Ensemble, statistics: &[&str]) -> RecordBatch {
    ensemble.batch_named(statistics).expect("known").workers(2).compute().expect("it runs")
}

fn numbers(table: &RecordBatch, column: &str) -> Vec<f64> {
    table[column].as_primitive::<Float64Type>().values().to_vec()
}

/// The bytes of some columns in all files, as their footers have them.
fn bytes_of(ensemble: &Ensemble, columns: &[&str]) -> u64 {
    let of_file = |path: &Path| {
        let file = File::open(path).expect("a file");
        let reader = parquet::file::serialized_reader::SerializedFileReader::new(file).expect("Parquet");
        let metadata = parquet::file::reader::FileReader::metadata(&reader).clone();
        let chunks = metadata.row_groups().iter().flat_map(|group| group.columns().to_vec());
        let chunks = chunks.filter(|chunk| columns.contains(&chunk.column_path().string().as_str()));
        chunks.map(|chunk| u64::try_from(chunk.compressed_size()).expect("a size")).sum::<u64>()
    };
    ensemble.survey().paths().map(of_file).sum()
}

#[test]
fn conditions_derived_columns_and_statistics_read_each_column_once_and_nothing_before_they_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = survey(folder.path());
    let ensemble = Ensemble::open(&path).expect("a survey");
    let ensemble = ensemble
        .assign("snr", "flux / error")
        .and_then(|e| e.assign("half", "flux / 2"))
        .and_then(|e| e.assign_with("quarter", ["half", "error"], |[half, _]| half / 2.0))
        .and_then(|e| e.filter("snr > 3 AND mjd > 0"))
        .and_then(|e| e.with_column(Role::Flux, "quarter"))
        .expect("columns that are there");
    let batch = ensemble.batch_named(&["stetson_j", "median", "eta", "skew"]).expect("known").workers(1);
    batch.explain().expect("a plan");
    assert_eq!(ensemble.survey().bytes_read(), 0, "nothing runs before it is asked to");
    let table = batch.compute().expect("it runs");
    let each_once = bytes_of(&ensemble, &["id", "mjd", "flux", "error", "band"]);
    // Only the header of a skipped page is read.
    let read = ensemble.survey().bytes_read();
    assert!(read <= each_once && read > each_once - each_once / 100, "{read} of {each_once}");
    let plain = Ensemble::open(&path).and_then(|e| e.filter("flux / error > 3 AND mjd > 0")).expect("a survey");
    let expected = compute(&plain, &["stetson_j", "median", "eta", "skew"]);
    let (ours, theirs) = (numbers(&table, "median"), numbers(&expected, "median"));
    assert!(ours.len() > 500 && ours.iter().zip(&theirs).all(|(ours, theirs)| *ours == theirs / 4.0));
    // Two passes over the fluxes would be seen: so much is the column alone.
    compute(&plain, &["median"]);
    assert!(plain.survey().bytes_read() > each_once + bytes_of(&plain, &["flux"]));
}

#[test]
fn a_function_gives_what_the_same_expression_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = survey(folder.path());
    let open = || Ensemble::open(&path).expect("a survey");
    let expression = open().assign("x", "flux * flux + error").expect("an expression");
    let function = open().assign_with("x", ["flux", "error"], |[flux, error]| flux * flux + error).expect("numbers");
    let other = open().assign_with("x", ["flux", "error"], |[flux, error]| flux * flux - error).expect("numbers");
    let [expression, function, other] = [expression, function, other].map(|ensemble| {
        let ensemble = ensemble.with_column(Role::Flux, "x").expect("a number");
        compute(&ensemble, &["stetson_j", "mean"])
    });
    assert_eq!(expression, function);
    assert_ne!(expression, other);
}

#[test]
fn a_zero_point_for_each_epoch_is_that_of_all_where_they_are_equal() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = survey(folder.path());
    let open = || Ensemble::open(&path).expect("a survey").with_quantity(Quantity::Flux);
    let of_all = compute(&open().to_magnitudes(23.9).expect("fluxes"), &["weighted_mean", "stetson_j"]);
    let zp = open().assign("zp", "coalesce(23.9, flux)").expect("an expression");
    let of_each = compute(&zp.to_magnitudes_by("zp").expect("fluxes"), &["weighted_mean", "stetson_j"]);
    for column in ["weighted_mean", "stetson_j"] {
        let (one, other) = (numbers(&of_all, column), numbers(&of_each, column));
        assert!(one.len() > 500 && one.len() == other.len());
        let far = |(one, other): (&f64, &f64)| (one - other).abs() > 1e-11 * one.abs().max(1.0);
        assert!(!one.iter().zip(&other).any(far), "{column}");
    }
    let back = open().to_magnitudes_by("23.9").and_then(|e| e.to_fluxes_by("23.9")).expect("magnitudes by then");
    let (one, other) = (compute(&open(), &["mean"]), compute(&back, &["mean"]));
    let far = |(one, other): (&f64, &f64)| (one - other).abs() > 1e-10 * one.abs();
    // Fluxes that are not above zero have no magnitude.
    assert!(numbers(&one, "mean").iter().zip(&numbers(&other, "mean")).filter(|both| far(*both)).count() < 30);
    let twice = open().to_magnitudes_by("23.9").and_then(|e| e.to_magnitudes_by("23.9")).expect_err("they are");
    assert!(twice.to_string().contains("magnitudes"), "{twice}");
    let later = open().to_magnitudes_by("23.9 + flux / 0 + 'x'").expect_err("no number").to_string();
    assert!(later.contains("takes a number"), "{later}");
}

#[test]
fn the_first_of_some_columns_is_taken_that_has_a_value() {
    use std::sync::Arc;
    use tape::arrow::array::{ArrayRef, Float64Array, Int64Array};
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from(vec![1, 1, 1]))),
        ("psf", Arc::new(Float64Array::from(vec![Some(1.0), None, None]))),
        ("ap", Arc::new(Float64Array::from(vec![Some(9.0), Some(3.0), None]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let map = ColumnMap::new().derive("any", "coalesce(psf, ap)").flux("any");
    let named = Ensemble::from_batches([batch.clone()], &map).expect("a survey");
    let later = Ensemble::from_batches([batch], &ColumnMap::new().flux("ap")).expect("a survey");
    let later = later.coalesce("any", &["psf", "ap"]).and_then(|e| e.with_column(Role::Flux, "any")).expect("numbers");
    for ensemble in [named, later] {
        assert_eq!(ensemble.survey().title(Role::Flux), Some("any"));
        let table = compute(&ensemble, &["mean"]);
        assert_eq!(numbers(&table, "mean"), [2.0]);
    }
}
