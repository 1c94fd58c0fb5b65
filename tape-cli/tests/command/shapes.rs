//! Surveys with light curves in lists: every plan, any partitioning and jobs give the results of flat copies, and count
//! lists without epochs.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, ListArray, StringArray, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::Field;
use parquet::file::properties::WriterProperties;
use serde_json::Value;

use crate::support::Place;

const OBJECTS: usize = 90;
/// Null and empty light curves, and epochs of objects without an id.
const NO_EPOCH: usize = 16;
const NULL_IDS: usize = 30;

/// Returns the length of an object's lists. Each ninth is null, and some others are empty.
fn epochs(object: usize) -> usize {
    if object % 9 == 4 { 0 } else { object * 7 % 15 }
}

fn id(object: usize) -> Option<i64> {
    (!object.is_multiple_of(18)).then_some(object as i64)
}

struct Columns {
    ids: Vec<Option<i64>>,
    mjd: Vec<f64>,
    mag: Vec<f64>,
    band: Vec<&'static str>,
}

fn columns() -> Columns {
    let mut all = Columns { ids: vec![], mjd: vec![], mag: vec![], band: vec![] };
    for object in 0..OBJECTS {
        for epoch in 0..epochs(object) {
            all.ids.push(id(object));
            all.mjd.push(epoch as f64);
            all.mag.push((object * 31 + epoch * 17) as f64 % 13.0);
            all.band.push(["g", "r"][epoch % 2]);
        }
    }
    all
}

/// Creates a survey with flat light curves, and one with structs of lists in row groups that suit no plan.
fn surveys() -> Place {
    let place = Place::new();
    let Columns { ids, mjd, mag, band } = columns();
    let epochs_of: Vec<(&str, ArrayRef)> = vec![
        ("mjd", Arc::new(Float64Array::from(mjd))),
        ("mag", Arc::new(Float64Array::from(mag))),
        ("band", Arc::new(StringArray::from(band))),
    ];
    let flat = [("id", Arc::new(Int64Array::from(ids)) as ArrayRef)].into_iter().chain(epochs_of.clone());
    place.parquet("flat.parquet", flat.collect());
    let there = NullBuffer::from_iter((0..OBJECTS).map(|object| object % 9 != 4));
    let list = |values: ArrayRef| -> ArrayRef {
        let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        let offsets = OffsetBuffer::from_lengths((0..OBJECTS).map(epochs));
        Arc::new(ListArray::new(item, offsets, values, Some(there.clone())))
    };
    let (fields, lists): (Vec<_>, Vec<_>) = epochs_of
        .into_iter()
        .map(|(name, values)| (name, list(values)))
        .map(|(name, list)| (Field::new(name, list.data_type().clone(), true), list))
        .unzip();
    let lightcurve: ArrayRef = Arc::new(StructArray::new(fields.into(), lists, Some(there)));
    let objects: ArrayRef = Arc::new(Int64Array::from_iter((0..OBJECTS).map(id)));
    let groups = WriterProperties::builder().set_max_row_group_row_count(Some(13)).build();
    place.parquet_with("lists.parquet", vec![("id", objects), ("lightcurve", lightcurve)], groups);
    place
}

fn check_left_out(told: &Value) {
    let left_out = &told["left_out"];
    assert_eq!(left_out["light curve is null or empty"], NO_EPOCH, "{told}");
    assert_eq!(left_out["id is null"], NULL_IDS, "{told}");
}

#[test]
fn every_plan_gives_the_bytes_of_the_flat_copy_and_counts_what_is_left_out() {
    let place = surveys();
    for (plan, stat, cut) in [
        ("auto", "median", ""),
        ("auto", "median", "--partitions 9"),
        ("map", "median", ""),
        ("stitch", "median", "--partitions 17"),
        ("merge", "median", ""),
        ("shuffle", "median", "--partitions 5"),
        ("shuffle", "colour_median_g_r,median --quantity mag", "--memory 40MB"),
        ("fold", "duration,observation_count", "--partitions 6"),
    ] {
        place.ok(&format!("batch flat.parquet --stat {stat} -o flat.csv --overwrite"));
        for workers in [1, 3] {
            let run = format!("--stat {stat} --plan {plan} {cut} --workers {workers}");
            let told = place.json(&format!("batch lists.parquet {run} -o lists.csv --overwrite --json"));
            assert!(place.read("lists.csv") == place.read("flat.csv"), "{run}");
            check_left_out(&told);
        }
        if plan != "auto" {
            let run = format!("--stat {stat} --plan {plan} {cut} --resume job-{plan}{}", cut.len());
            let told = place.json(&format!("batch lists.parquet {run} -o job.csv --overwrite --json"));
            assert!(place.read("job.csv") == place.read("flat.csv"), "{run}");
            check_left_out(&told);
        }
    }
}

#[test]
fn inspect_tells_the_shape_and_where_each_role_lies() {
    let place = surveys();
    let told = place.json("inspect lists.parquet --scan --json");
    assert_eq!((&told["shape"], &told["file_rows"]), (&"struct of lists".into(), &OBJECTS.into()));
    assert_eq!(told["row_unit"], "light_curve");
    assert_eq!(told["columns"]["flux"]["column"], "lightcurve.mag");
    assert_eq!((&told["no_epoch"], &told["null_ids"]), (&NO_EPOCH.into(), &NULL_IDS.into()));
    let said = place.ok("inspect lists.parquet");
    for part in ["shape      struct of lists", "in the lists of 90 rows", "time       lightcurve.mjd (float64)"] {
        assert!(said.contains(part), "{said}");
    }
    let told = place.json("inspect flat.parquet --json");
    assert_eq!((told["shape"].as_str(), told["row_unit"].as_str()), (Some("flat rows"), Some("epoch")));
    let error = place.fails("batch lists.parquet --flux lightcurve.magg");
    assert!(error.contains("no flux column 'lightcurve.magg' (did you mean 'lightcurve.mag'?)"), "{error}");
}
