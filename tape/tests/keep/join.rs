//! Joined frames: each value is in the row of its object and band.

use std::collections::HashMap;
use std::sync::Arc;

use tape::arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use tape::arrow::compute::filter_record_batch;
use tape::arrow::datatypes::{Float64Type, Int64Type};
use tape::frames::{Frames, Made};
use tape::simulate::SurveyLayout as Layout;

use crate::{Place, compute, text};

/// The bits of a column by id and band, as far as it has values.
fn by_key(table: &RecordBatch, column: &str) -> HashMap<(i64, String), u64> {
    let (ids, bands) = (table.column(0).as_primitive::<Int64Type>(), table.column(1).as_string::<i32>());
    let values = table.column_by_name(column).expect("a column").as_primitive::<Float64Type>();
    let rows = (0..table.num_rows()).filter(|&row| values.is_valid(row));
    rows.map(|row| ((ids.value(row), bands.value(row).to_owned()), values.value(row).to_bits())).collect()
}

#[test]
fn values_stand_beside_those_of_the_same_object_and_band() {
    let place = Place::new(50, Layout::Shuffled);
    let (ensemble, mut frames) = (place.ensemble(), Frames::new());
    ensemble.batch_named(&["mean"]).expect("known").compute_as(&mut frames, "means").expect("it runs");
    let of_g = ensemble.batch_named(&["stetson_j"]).expect("known").bands(["g"]);
    of_g.compute_as(&mut frames, "of_g").expect("it runs");
    frames.join("means", "of_g", "both").expect("they have the same ids");
    let (means, of_g, both) = (frames.get("means"), frames.get("of_g"), frames.get("both"));
    let [means, of_g, both] = [means, of_g, both].map(|table| table.expect("it is there"));
    let names: Vec<String> = both.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names[2..], ["n_obs", "mean", "n_obs_of_g", "stetson_j"]);
    assert_eq!(both.columns()[..means.num_columns()], *means.columns());
    let (wanted, found) = (by_key(&of_g, "stetson_j"), by_key(&both, "stetson_j"));
    assert!(found == wanted && wanted.len() > 30 && wanted.len() < means.num_rows(), "{}", wanted.len());

    // One row for each object stands in all rows of it.
    let wide = ensemble.batch_named(&["stetson_j"]).expect("known").wide();
    wide.compute_as(&mut frames, "wide").expect("it runs");
    frames.join("means", "wide", "with_wide").expect("they have the same ids");
    let with_wide = frames.get("with_wide").expect("it is there");
    let g = filter_record_batch(
        &with_wide,
        &with_wide.column(1).as_string::<i32>().iter().map(|band| Some(band == Some("g"))).collect(),
    );
    assert_eq!(by_key(&g.expect("rows"), "stetson_j_g"), wanted);
    let frame = frames.frame("with_wide").expect("it is there");
    assert_eq!((frame.made(), frame.origins().len()), (Made::Joined, 2));
    // What was joined can be joined.
    frames.join("with_wide", "of_g", "all").expect("they have the same ids");
}

#[test]
fn what_has_several_rows_for_an_object_stands_beside_nothing() {
    let place = Place::new(20, Layout::Sorted);
    let (ensemble, mut frames) = (place.ensemble(), Frames::new());
    let named = |names: &[&str]| ensemble.batch_named(names).expect("known");
    named(&["mean"]).wide().compute_as(&mut frames, "wide").expect("it runs");
    named(&["mean"]).compute_as(&mut frames, "long").expect("it runs");
    named(&["structure_function"]).compute_as(&mut frames, "bins").expect("it runs");
    frames.insert("own", compute(&ensemble, &["mean"])).expect("it is free");
    for (left, right) in [("wide", "long"), ("long", "bins"), ("bins", "long"), ("long", "own")] {
        let error = frames.join(left, right, "both").expect_err("rows are not one to one").to_string();
        assert!(error.contains(&format!("'{right}' to '{left}'")), "{error}");
    }
    let error = frames.join("long", "wde", "both").expect_err("there is none").to_string();
    assert!(error.contains("cannot join frame 'wde'") && error.contains("'wide'"), "{error}");
    frames.join("long", "wide", "long").expect_err("the label is taken");
    assert_eq!(frames.list().len(), 4);
}

#[test]
fn what_is_known_of_objects_stands_beside_a_frame() {
    let place = Place::new(20, Layout::Sorted);
    let table = compute(&place.ensemble(), &["mean"]);
    let mut ids: Vec<i64> = table.column(0).as_primitive::<Int64Type>().values().to_vec();
    ids.dedup();
    let names: StringArray = ids.iter().map(|id| Some(format!("o{id}"))).collect();
    let columns: Vec<(&str, ArrayRef)> =
        vec![("id", Arc::new(Int64Array::from(ids))), ("name", Arc::new(names) as ArrayRef)];
    let objects = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let path = place.path("objects.parquet");
    let mut frames = Frames::new();
    frames.insert("objects", objects).expect("it is free");
    frames.export("objects", &path, tape::WriteOptions::new()).expect("it is written");
    let ensemble = place.ensemble().with_objects(&[text(&path)], Some("id")).expect("a table");
    let batch = ensemble.batch_named(&["mean"]).expect("known");
    batch.compute_as(&mut frames, "means").expect("it runs");
    frames.join_objects("means", &ensemble, &["name".to_owned()], "named").expect("it has the column");
    let wanted = batch.join(["name"]).compute().expect("it runs");
    assert_eq!(frames.get("named").expect("it is there"), wanted);
    let error = frames.join_objects("means", &ensemble, &["nam".to_owned()], "more").expect_err("no such column");
    assert!(error.to_string().contains("'name'"), "{error}");
    let error = frames.join_objects("means", &place.ensemble(), &["name".to_owned()], "more").expect_err("no table");
    assert!(error.to_string().contains("name"), "{error}");
}
