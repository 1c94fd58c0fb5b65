//! Derived columns by the command: every plan gives the results of a survey in which the columns are written.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};

use crate::support::Place;

/// A survey of 40 light curves in two bands, with zero points, and a copy with magnitudes instead of fluxes.
fn surveys(place: &Place) {
    let n = 1200_u32;
    let number = |of: fn(f64) -> f64| -> Vec<f64> { (0..n).map(|i| of(f64::from(i))).collect() };
    let ids: ArrayRef = Arc::new((0..i64::from(n)).map(|i| i * 40 / i64::from(n)).collect::<Int64Array>());
    let bands: ArrayRef = Arc::new((0..n).map(|i| Some(["g", "r"][i as usize % 2])).collect::<StringArray>());
    let float = |values: Vec<f64>| -> ArrayRef { Arc::new(Float64Array::from(values)) };
    let flux = number(|i| 50.0 + 20.0 * (i * 0.7).sin());
    let error = number(|i| 1.0 + 0.3 * (i * 0.3).cos());
    let zp = number(|i| 25.0 + 0.01 * (i % 7.0));
    let magnitude: Vec<f64> = flux.iter().zip(&zp).map(|(flux, zp)| zp - 2.5 * flux.log10()).collect();
    let sigma: Vec<f64> =
        flux.iter().zip(&error).map(|(flux, error)| 2.5 / std::f64::consts::LN_10 * (error / flux)).collect();
    let time = float(number(|i| 60_000.0 + i));
    let columns = |flux: Vec<f64>, error: Vec<f64>| {
        vec![
            ("id", ids.clone()),
            ("mjd", time.clone()),
            ("flux", float(flux)),
            ("error", float(error)),
            ("zp", float(zp.clone())),
            ("band", bands.clone()),
        ]
    };
    place.parquet("fluxes.parquet", columns(flux, error));
    place.parquet("magnitudes.parquet", columns(magnitude, sigma));
}

const STATISTICS: &str = "--stat mean,stetson_j,median";

#[test]
fn every_way_to_compute_sees_what_was_derived() {
    let place = Place::new();
    surveys(&place);
    place.ok(&format!("batch magnitudes.parquet {STATISTICS} -o expected.csv"));
    let expected = place.read("expected.csv");
    let mut command = place.command(&format!("batch fluxes.parquet {STATISTICS} -o ours.csv"));
    command.args(["--assign", "m = zp - 2.5 * log10(flux)", "--assign", "e = 2.5 / ln(10) * (error / flux)"]);
    command.args(["--flux", "m", "--err", "e"]);
    assert!(command.status().expect("it starts").success());
    assert!(place.csv("expected.csv").len() == 80 && place.read("ours.csv") == expected);
    place.ok(&format!("batch fluxes.parquet {STATISTICS} --to-mag zp -o by_column.csv"));
    assert_eq!(place.read("by_column.csv"), expected);
    place.ok(&format!("batch fluxes.parquet {STATISTICS} --to-mag zp+0.1 -o other.csv"));
    assert_ne!(place.read("other.csv"), expected, "another zero point is seen");
    place.ok(&format!("plan fluxes.parquet {STATISTICS} --to-mag zp --partitions 5 -o job"));
    let tasks = place.json("status job --json")["tasks"].as_u64().expect("a number");
    for task in 0..tasks {
        place.ok(&format!("run-task job {task}"));
    }
    place.ok("gather job -o of_job.csv");
    assert_eq!(place.read("of_job.csv"), expected);
    let refused = place.fails(&format!("batch fluxes.parquet {STATISTICS} --resume job -o again.csv"));
    assert!(refused.contains("with the derived columns magnitude of flux = "), "{refused}");
}

#[test]
fn frames_of_other_columns_are_not_taken_for_these() {
    let place = Place::new();
    surveys(&place);
    let keep = |zero_point: &str| {
        let kept = format!("batch fluxes.parquet --stat mean --to-mag {zero_point} --keep kept --label m --overwrite");
        place.json(&format!("{kept} --json"))["kept"]["reused"].clone()
    };
    assert_eq!([keep("zp"), keep("zp"), keep("zp+1")], [false, true, false]);
}

#[test]
fn explain_and_inspect_tell_what_is_derived_and_of_what() {
    let place = Place::new();
    surveys(&place);
    let told = place.json("explain fluxes.parquet --stat mean --assign s=flux/error --where s>30 --flux s --json");
    assert_eq!(told["derived"][0], "s = flux/error");
    assert_eq!((&told["derived_from"], &told["where_columns"]), (&told["where_columns"], &told["derived_from"]));
    assert_eq!(told["derived_from"].as_array().map(Vec::len), Some(2));
    let text = place.ok("explain fluxes.parquet --stat mean --assign s=flux/error --flux s");
    assert!(
        text.contains("s = flux/error, which is the flux") && text.contains("computed in the same pass, from "),
        "{text}"
    );
    assert!(place.ok("inspect fluxes.parquet --assign s=flux/error --flux s").contains("s (derived: s = flux/error)"));
}

#[test]
fn what_cannot_be_derived_is_one_message() {
    let place = Place::new();
    surveys(&place);
    for (words, told) in [
        ("--assign flux=error", "a column is already called 'flux'"),
        ("--assign s=fluxx", "no column is called 'fluxx' (did you mean 'flux'?)"),
        ("--assign s=flux/error --where ss>5", "no column is called 'ss' (did you mean 's'?)"),
        ("--assign s=band --flux s", "this is text, but the flux must be a number"),
        ("--assign s=1 --id s", "the id must be a column of the files"),
        ("--to-mag zp+", "not a valid SQL expression"),
    ] {
        let message = place.fails(&format!("batch fluxes.parquet --stat mean {words} -o out.parquet"));
        assert!(message.contains(told), "{words}: {message}");
    }
    let said = place.tape("batch fluxes.parquet --stat mean --assign s");
    assert_eq!(said.code, Some(2), "{said:?}");
}

/// A table with a factor for each object, and a copy of the survey with fluxes multiplied by it.
fn with_objects(place: &Place) {
    surveys(place);
    let ids: ArrayRef = Arc::new((0..38).rev().collect::<Int64Array>());
    let factor: ArrayRef = Arc::new((0..38).rev().map(|id| f64::from(id % 5) + 0.5).collect::<Float64Array>());
    place.parquet("objects.parquet", vec![("id", ids), ("factor", factor)]);
    let mut command = place.command("batch fluxes.parquet --stat mean,stetson_j -o own.csv --objects objects.parquet");
    // By 0.5 and 1.5, 2.5 and so on: written out, for it is what is tested.
    command.args(["--assign", "m = flux * (id % 5 + 0.5)", "--flux", "m"]);
    assert!(command.status().expect("it starts").success());
}

#[test]
fn columns_of_objects_stand_beside_rows() {
    let place = Place::new();
    with_objects(&place);
    let expected = place.read("own.csv");
    assert_eq!(place.csv("own.csv").len(), 76, "those of 38 of 40 objects");
    let ours = "--stat mean,stetson_j --objects objects.parquet --assign m=flux*objects.factor --flux m";
    place.ok("convert fluxes.parquet lists --shape struct-of-lists");
    place.ok("convert fluxes.parquet one.parquet --shape list-columns");
    for (survey, more) in [
        ("fluxes.parquet", ""),
        ("fluxes.parquet", "--plan shuffle --partitions 7"),
        ("fluxes.parquet", "--plan stitch --partitions 5 --workers 3"),
        ("one.parquet", ""),
    ] {
        place.ok(&format!("batch {survey} {ours} {more} -o ours.csv --overwrite"));
        assert_eq!(place.read("ours.csv"), expected, "{survey} {more}");
    }
    let nested = ours.replace("flux*", "lightcurve.flux*");
    place.ok(&format!("batch lists {nested} -o ours.csv --overwrite"));
    assert_eq!(place.read("ours.csv"), expected);
    place.ok(&format!("plan fluxes.parquet {ours} --partitions 4 -o job"));
    for task in 0..place.json("status job --json")["tasks"].as_u64().expect("a number") {
        place.ok(&format!("run-task job {task}"));
    }
    place.ok("gather job -o of_job.csv");
    assert_eq!(place.read("of_job.csv"), expected);
    let kept = format!("batch fluxes.parquet {ours} --keep kept --label m --json");
    assert_eq!([place.json(&kept), place.json(&kept)].map(|told| told["kept"]["reused"].clone()), [false, true]);
    let of_objects = "batch fluxes.parquet --stat mean --objects objects.parquet --to-mag";
    place.ok(&format!("{of_objects} objects.factor -o by_object.csv"));
    place.ok(&format!("{of_objects} id%5+0.5 -o by_row.csv"));
    assert_eq!(place.read("by_object.csv"), place.read("by_row.csv"));
    place.ok(&format!("batch fluxes.parquet {} -o other.csv", ours.replace("factor", "factor*1.5")));
    assert_ne!(place.read("other.csv"), expected);
}

#[test]
fn conditions_on_rows_may_ask_for_columns_of_objects() {
    let place = Place::new();
    with_objects(&place);
    let place_of = |words: &str, name: &str| {
        let mut command =
            place.command(&format!("batch fluxes.parquet --stat mean --objects objects.parquet -o {name}"));
        let condition = words.to_owned();
        assert!(command.args(["--where", &condition]).status().expect("it starts").success());
        place.read(name)
    };
    let ours = place_of("flux > 15 * objects.factor", "ours.csv");
    assert_eq!(ours, place_of("flux > 15 * (id % 5 + 0.5)", "expected.csv"));
    assert_ne!(ours, place_of("flux > 15", "other.csv"));
}

#[test]
fn columns_of_objects_need_their_table() {
    let place = Place::new();
    with_objects(&place);
    let message = place.fails("batch fluxes.parquet --stat mean --assign m=flux*objects.factor --flux m -o out.csv");
    assert!(message.contains("the column 'm'") && message.contains("--objects"), "{message}");
    let words = "--objects objects.parquet --assign m=flux*objects.fctor --flux m";
    let message = place.fails(&format!("batch fluxes.parquet --stat mean {words} -o out.csv"));
    assert!(message.contains("no column is called 'objects.fctor' (did you mean 'objects.factor'?)"), "{message}");
}
