//! Exposure tables by the command: rows without their own time give the results of rows with one.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int32Array, Int64Array, StringArray};

use crate::support::Place;

const VISITS: i64 = 30;

/// Writes a survey of 40 objects whose rows know their visit only, a table of visits in no order, and the same survey with
/// times, bands and seeing written out.
fn surveys(place: &Place) {
    let rows: Vec<(i64, i64)> =
        (0..40).flat_map(|id| (0..VISITS).map(move |visit| (id, (visit * 7 + id) % VISITS))).collect();
    let mjd = |visit: i64| 60_000.0 + 3.5 * f64::from(i32::try_from(visit).expect("few")) + 0.25;
    let band = |visit: i64| ["g", "r", "i"][usize::try_from(visit % 3).expect("small")];
    let seeing = |visit: i64| 0.6 + 0.05 * f64::from(i32::try_from(visit % 11).expect("few"));
    let flux = |id: i64, visit: i64| 100.0 + f64::from(i32::try_from((id * 13 + visit * visit) % 17).expect("few"));
    let ids: ArrayRef = Arc::new(rows.iter().map(|(id, _)| *id).collect::<Int64Array>());
    let fluxes: ArrayRef = Arc::new(rows.iter().map(|&(id, visit)| flux(id, visit)).collect::<Float64Array>());
    let errors: ArrayRef = Arc::new(Float64Array::from(vec![1.5; rows.len()]));
    // 32 bits here, 64 in the table.
    let visit: ArrayRef = Arc::new(rows.iter().map(|(_, visit)| i32::try_from(*visit).ok()).collect::<Int32Array>());
    let common = vec![("objectId", ids), ("psfFlux", fluxes), ("psfFluxErr", errors), ("visit", visit)];
    place.parquet("forced.parquet", common.clone());
    let float =
        |of: &dyn Fn(i64) -> f64| -> ArrayRef { Arc::new(rows.iter().map(|row| of(row.1)).collect::<Float64Array>()) };
    let bands: ArrayRef = Arc::new(rows.iter().map(|row| Some(band(row.1))).collect::<StringArray>());
    let whole = [common, vec![("mjd", float(&mjd)), ("filter", bands), ("seeing", float(&seeing))]].concat();
    place.parquet("whole.parquet", whole);
    let order = || (0..VISITS).map(|i| (i * 11) % VISITS);
    let of_visits = |of: &dyn Fn(i64) -> f64| -> ArrayRef { Arc::new(order().map(of).collect::<Float64Array>()) };
    let keys: ArrayRef = Arc::new(order().collect::<Int64Array>());
    let filters: ArrayRef = Arc::new(order().map(|visit| Some(band(visit))).collect::<StringArray>());
    let table =
        vec![("visitId", keys), ("expMidptMJD", of_visits(&mjd)), ("filter", filters), ("seeing", of_visits(&seeing))];
    place.parquet("visits.parquet", table);
}

const STATISTICS: &str =
    "--stat mean,stetson_j,linear_trend,maximum_slope --id objectId --flux psfFlux --err psfFluxErr";
const JOINED: &str =
    "--exposures visits.parquet --on visit=visitId --time exposures.expMidptMJD --band exposures.filter";

#[test]
fn rows_get_times_and_bands_from_their_exposures() {
    let place = Place::new();
    surveys(&place);
    place.ok(&format!("batch whole.parquet {STATISTICS} --time mjd --band filter -o expected.csv"));
    let expected = place.read("expected.csv");
    assert_eq!(place.csv("expected.csv").len(), 120);
    place.ok("convert whole.parquet lists --shape list-columns --id objectId --flux psfFlux --err psfFluxErr --time mjd --band filter");
    for (survey, more) in [
        ("forced.parquet", ""),
        ("forced.parquet", "--plan shuffle --partitions 7"),
        ("forced.parquet", "--plan stitch --partitions 5 --workers 3"),
    ] {
        place.ok(&format!("batch {survey} {STATISTICS} {JOINED} {more} -o ours.csv --overwrite"));
        assert_eq!(place.read("ours.csv"), expected, "{survey} {more}");
    }
    // The lists have a column 'filter' of their own, so that the band of the results is called 'exposure_filter'.
    place.ok(&format!("batch lists {STATISTICS} {JOINED} -o lists.csv"));
    assert_eq!(place.csv("lists.csv"), place.csv("expected.csv"));
    assert!(place.read("lists.csv").starts_with(b"objectId,exposure_filter,"));
    place.ok(&format!("plan forced.parquet {STATISTICS} {JOINED} --partitions 4 -o job"));
    for task in 0..place.json("status job --json")["tasks"].as_u64().expect("a number") {
        place.ok(&format!("run-task job {task}"));
    }
    place.ok("gather job -o of_job.csv");
    assert_eq!(place.read("of_job.csv"), expected);
    let kept = format!("batch forced.parquet {STATISTICS} {JOINED} --keep kept --label m --json");
    assert_eq!([place.json(&kept), place.json(&kept)].map(|report| report["kept"]["reused"].clone()), [false, true]);
    let shown = place.ok(&format!("explain forced.parquet {STATISTICS} {JOINED}"));
    assert!(shown.contains("exposures  30 exposures in 1 file, by visit = visitId"), "{shown}");
    assert!(shown.contains("held in memory: expMidptMJD, filter"), "{shown}");
}

#[test]
fn conditions_name_columns_of_exposures_and_of_objects_together() {
    let place = Place::new();
    surveys(&place);
    let ids: ArrayRef = Arc::new((0..40).collect::<Int64Array>());
    let limit: ArrayRef = Arc::new((0..40).map(|id| 0.7 + 0.01 * f64::from(id % 9)).collect::<Float64Array>());
    place.parquet("objects.parquet", vec![("objectId", ids), ("limit", limit)]);
    let answer = |survey: &str, more: &str, condition: &str, name: &str| {
        let words = format!("batch {survey} {STATISTICS} --objects objects.parquet {more} -o {name}");
        assert!(place.command(&words).args(["--where", condition]).status().expect("it starts").success());
        place.read(name)
    };
    let written = "--time mjd --band filter";
    let expected = answer("whole.parquet", written, "seeing < objects.limit", "expected.csv");
    assert_ne!(expected, answer("whole.parquet", written, "seeing < 2", "all.csv"));
    assert_eq!(answer("forced.parquet", JOINED, "exposures.seeing < objects.limit", "ours.csv"), expected);
}

#[test]
fn rows_without_their_exposure_are_counted_as_rows_without_a_time() {
    let place = Place::new();
    surveys(&place);
    let keys: ArrayRef = Arc::new((1..VISITS).collect::<Int64Array>());
    let mjd: ArrayRef = Arc::new((1..29).map(f64::from).chain([29.0]).collect::<Float64Array>());
    place.parquet("short.parquet", vec![("visit", keys), ("mjd", mjd)]);
    let words = "--exposures short.parquet --on visit --time exposures.mjd -o short.csv --json";
    let told = place.json(&format!("batch forced.parquet {STATISTICS} {words}"));
    assert_eq!(told["left_out"]["time is null, NaN or infinite"], 40, "{told}");
}

#[test]
fn what_is_wrong_with_exposures_is_said() {
    let place = Place::new();
    surveys(&place);
    let fails = |words: &str| place.fails(&format!("batch forced.parquet {STATISTICS} {words} -o out.csv"));
    let message = fails("--exposures visits.parquet --on visit --time exposures.expMidptMJD");
    assert!(message.contains("visits.parquet: no column 'visit' (did you mean 'visitId'?)"), "{message}");
    let message = fails("--exposures visits.parquet --on visti=visitId --time exposures.expMidptMJD");
    assert!(message.contains("no column is called 'visti' (did you mean 'visit'?)"), "{message}");
    let message = fails("--exposures visits.parquet --on visit=filter --time exposures.expMidptMJD");
    assert!(message.contains("column 'filter' is Utf8") && message.contains("integers"), "{message}");
    let message = fails("--time exposures.expMidptMJD");
    assert!(message.contains("no exposure table for the column 'expMidptMJD'"), "{message}");
    assert!(message.contains("--exposures and --on"), "{message}");
    let keys: ArrayRef = Arc::new(Int64Array::from(vec![3, 4, 3]));
    let mjd: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0]));
    place.parquet("twice.parquet", vec![("visit", keys), ("mjd", mjd)]);
    let message = fails("--exposures twice.parquet --on visit --time exposures.mjd");
    assert!(message.contains("exposure 3 has more than one row"), "{message}");
}
