//! Regions of the sky: their rows are found, and other partitions are not opened.

use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};
use serde_json::Value;

use crate::support::Place;

/// Places all over the sky, the poles and the seam among them.
fn places() -> Vec<(f64, f64)> {
    let mixed = |i: u64, salt: u64| (i ^ salt << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 11;
    let part = |i, salt| mixed(i, salt) as f64 / (1_u64 << 53) as f64;
    let random = (0..2000).map(|i| (360.0 * part(i, 1), (2.0 * part(i, 2) - 1.0).asin().to_degrees()));
    let near = [(0.001, 0.0), (359.999, 0.01), (12.0, 89.9), (200.0, 89.95), (77.0, -89.99), (180.0, 0.0)];
    random.chain(near).collect()
}

/// The angle between two places, by the vectors to them.
fn angle(a: (f64, f64), b: (f64, f64)) -> f64 {
    let vector = |(ra, dec): (f64, f64)| {
        let (ra, dec) = (ra.to_radians(), dec.to_radians());
        [dec.cos() * ra.cos(), dec.cos() * ra.sin(), dec.sin()]
    };
    let (a, b) = (vector(a), vector(b));
    let squared: f64 = (0..3).map(|i| (a[i] - b[i]).powi(2)).sum();
    2.0 * (squared.sqrt() / 2.0).asin().to_degrees()
}

/// A flat survey with a row at each place.
fn survey(place: &Place) {
    let places = places();
    let column =
        |of: &dyn Fn(usize) -> f64| -> ArrayRef { Arc::new((0..places.len()).map(of).collect::<Float64Array>()) };
    let ids: ArrayRef = Arc::new((0..places.len()).map(|i| i64::try_from(i).expect("small")).collect::<Int64Array>());
    let columns = vec![
        ("id", ids),
        ("ra", column(&|i| places[i].0)),
        ("dec", column(&|i| places[i].1)),
        ("flux", column(&|i| i as f64)),
    ];
    place.parquet("flat.parquet", columns);
}

fn found(place: &Place, words: &str) -> (Vec<usize>, Value) {
    let told = place.json(&format!("batch {words} --stat mean -o found.csv --overwrite --json"));
    (place.csv("found.csv").iter().map(|line| line[0].parse().expect("an id")).collect(), told)
}

#[test]
fn a_region_has_the_rows_that_lie_in_it() {
    let place = Place::new();
    survey(&place);
    let all = places();
    for (ra, dec, radius) in [
        (0.0, 0.0, 10.0),
        (359.0, -3.0, 25.0),
        (100.0, 89.0, 3.0),
        (5.0, -90.0, 12.0),
        (180.0, 0.0, 0.001),
        (40.0, 20.0, 179.0),
    ] {
        let (ids, _) = found(&place, &format!("flat.parquet --cone {ra},{dec},{radius}deg"));
        let wanted: Vec<usize> = (0..all.len()).filter(|&i| angle(all[i], (ra, dec)) <= radius).collect();
        assert!(!wanted.is_empty() && ids == wanted, "{ra} {dec} {radius}: {} of {}", ids.len(), wanted.len());
        let (minutes, _) = found(&place, &format!("flat.parquet --cone {ra},{dec},{}arcmin", radius * 60.0));
        assert_eq!(minutes.len(), wanted.len());
    }
    for (first, last, low, high) in
        [(10.0, 30.0, -20.0, 20.0), (350.0, 15.0, -90.0, 5.0), (-10.0, 15.0, 0.0, 90.0), (0.0, 360.0, 60.0, 90.0)]
    {
        let (ids, _) = found(&place, &format!("flat.parquet --box {first},{last},{low},{high}"));
        let east =
            |ra: f64| last - first >= 360.0 || (ra - first).rem_euclid(360.0) <= (last - first).rem_euclid(360.0);
        let within = |i: &usize| east(all[*i].0) && (low..=high).contains(&all[*i].1);
        assert_eq!(ids, (0..all.len()).filter(within).collect::<Vec<_>>(), "{first} {last} {low} {high}");
    }
    let (none, _) = found(&place, "flat.parquet --cone 0,45,0deg");
    assert!(none.is_empty());
}

#[test]
fn what_cannot_be_a_region_is_one_message() {
    let place = Place::new();
    survey(&place);
    for (words, message) in [
        ("--cone 1,2", "write degrees and a radius with its unit"),
        ("--cone 1,2,3", "a radius is in deg, arcmin or arcsec"),
        ("--cone 1,92,3deg", "and the declination from -90 to 90"),
        ("--cone 1,2,-3deg", "the radius must not be negative"),
        ("--box 1,2,3", "write four numbers"),
        ("--box 1,2,4,3", "the smaller declination must come first"),
        ("--pixels 3-4", "write orders and numbers"),
        ("--pixels 0/12", "there is no pixel 12 of order 0"),
        ("--pixels 0/1", "select pixels only in HATS catalogues"),
        ("--cone 1,2,3deg --ra rra", "no column is called 'rra'"),
    ] {
        let error = place.tape(&format!("batch flat.parquet --stat mean {words}")).err;
        assert!(error.contains(message), "{words}: {error}");
    }
    place.parquet(
        "nowhere.parquet",
        vec![("id", Arc::new(Int64Array::from(vec![1])) as ArrayRef), ("flux", Arc::new(Int64Array::from(vec![1])))],
    );
    let error = place.fails("batch nowhere.parquet --stat mean --cone 1,2,3deg");
    assert!(error.contains("nowhere.parquet") && error.contains("--ra and --dec"), "{error}");
    assert!(fs::metadata(place.path("found.csv")).is_err());
}
