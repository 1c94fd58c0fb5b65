//! Quantities and conversions: presets, quality, magnitudes and fluxes.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int16Array, Int64Array};
use serde_json::Value;

use crate::support::Place;

const EPOCHS: usize = 400;

/// Creates a survey with the columns of ZTF, with a fifth of the epochs bad.
fn ztf() -> Place {
    let place = Place::new();
    let number = |of: fn(usize) -> f64| -> ArrayRef { Arc::new((0..EPOCHS).map(of).collect::<Float64Array>()) };
    let small = |of: fn(usize) -> i16| -> ArrayRef { Arc::new((0..EPOCHS).map(of).collect::<Int16Array>()) };
    let ids: ArrayRef = Arc::new((0..EPOCHS).map(|i| i64::try_from(i / 40).expect("small")).collect::<Int64Array>());
    let columns = vec![
        ("objectid", ids),
        ("filterid", small(|i| if i % 3 == 0 { 1 } else { 2 })),
        ("hmjd", number(|i| 58_000.0 + i as f64)),
        ("mag", number(|i| if i % 5 == 0 { 30.0 } else { 18.0 + (i * 7 % 13) as f64 / 10.0 })),
        ("magerr", number(|i| 0.01 + (i % 7) as f64 / 100.0)),
        ("catflags", small(|i| if i % 5 == 0 { 32_768_u16.cast_signed() } else { 0 })),
    ];
    place.parquet("ztf.parquet", columns);
    place
}

#[test]
fn a_preset_names_bands_and_knows_which_epochs_are_good() {
    let place = ztf();
    let good = place.json("batch ztf.parquet --stat mean --quality -o good.csv --json");
    place
        .command("batch ztf.parquet --stat mean -o same.csv")
        .args(["--where", "catflags = 0"])
        .output()
        .expect("it runs");
    assert!(place.read("good.csv") == place.read("same.csv"));
    assert_eq!(good["left_out"]["row is excluded by a condition or choice"], 80, "{good}");
    place.ok("batch ztf.parquet --stat mean -o all.csv");
    assert!(place.read("good.csv") != place.read("all.csv"), "bad epochs made no difference");
    let bands: Vec<String> = place.csv("good.csv").into_iter().take(2).map(|line| line[1].clone()).collect();
    assert_eq!(bands, ["g", "r"]);
    place.ok("batch ztf.parquet --stat mean --band-to-calc g -o g.csv");
    assert_eq!(place.csv("g.csv").len(), 10);
    // Columns that are named one by one belong to no preset, so bands are not translated.
    place.ok("batch ztf.parquet --flux magerr --err mag --stat mean -o named.csv");
    assert_eq!(place.csv("named.csv")[0][1], "1");
    for words in ["inspect ztf.parquet", "explain ztf.parquet --quality --columns ztf_dr22"] {
        let shown = place.ok(words);
        assert!(shown.contains("ztf_dr2") && shown.contains("magnitudes in mag"), "{shown}");
    }
    assert!(place.ok("inspect ztf.parquet").contains("1 is g, 2 is r, 3 is i"));
    let facts: Value = serde_json::from_str(&place.ok("explain ztf.parquet --columns ztf_dr22 --json")).expect("JSON");
    assert_eq!((&facts["preset"], &facts["quantity"]), (&"ztf_dr22".into(), &"magnitudes".into()));
    // A job gives the same.
    let planned = place.json("plan ztf.parquet --stat mean --quality --to-flux 23.9 -o job --json");
    for task in 0..planned["tasks"].as_u64().expect("a number") {
        place.ok(&format!("run-task job {task}"));
    }
    place.ok("gather job -o gathered.csv");
    place.ok("batch ztf.parquet --stat mean --quality --to-flux 23.9 -o whole.csv");
    assert!(place.read("gathered.csv") == place.read("whole.csv"));
    let other = place.fails("batch ztf.parquet --stat mean --quality --to-flux 25 --resume job -o other.csv");
    assert!(other.contains("with a zero point of 23.9, not converted to fluxes, with a zero point of 25"), "{other}");
}

#[test]
fn magnitudes_become_fluxes_and_back_under_every_plan() {
    let place = Place::new();
    place.ok("simulate survey --objects 100 --epochs 30 --bands gr --files 3 --layout sorted-split");
    place.ok("batch survey --stat median,mean -o flux.csv");
    let medians =
        |name: &str| -> Vec<f64> { place.csv(name).iter().map(|line| line[3].parse().unwrap_or(f64::NAN)).collect() };
    for plan in ["stitch", "shuffle"] {
        place.ok(&format!("batch survey --stat median --to-mag AB --plan {plan} -o mag.csv --overwrite"));
        let pairs: Vec<(f64, f64)> = medians("flux.csv").into_iter().zip(medians("mag.csv")).collect();
        assert!(pairs.len() > 150);
        // Of an odd number of epochs, the median of magnitudes is the magnitude of the median.
        let near = pairs.iter().filter(|(flux, mag)| (31.4 - 2.5 * flux.log10() - mag).abs() < 1e-12).count();
        assert!(near * 3 > pairs.len(), "{near} of {}", pairs.len());
    }
    let told = place.json("batch survey --stat mean --to-mag 31.4 --where flux>0 -o some.csv --json");
    assert_eq!(told["left_out"]["flux is null, NaN or infinite"], 0, "{told}");
    // Fluxes that are not above zero have no magnitude.
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1; 4]));
    let flux: ArrayRef = Arc::new(Float64Array::from(vec![100.0, 0.0, -1.0, 100.0]));
    place.parquet("some.parquet", vec![("id", ids), ("flux", flux)]);
    let told = place.json("batch some.parquet --stat mean --to-mag 25 -o some.csv --json --overwrite");
    assert_eq!(told["left_out"]["flux is null, NaN or infinite"], 2, "{told}");
    assert_eq!(place.csv("some.csv"), [["1", "2", "20.0"]]);
}

#[test]
fn what_values_are_not_is_one_message() {
    let place = ztf();
    place.ok("simulate survey --objects 20 --epochs 30 --bands gr");
    for (words, message) in [
        ("ztf.parquet --to-mag 25", "the values are already magnitudes"),
        ("survey --to-flux 25", "the values are already fluxes"),
        (
            "survey --stat colour_median_g_r",
            "for fluxes: convert them, remove the statistic, or declare another quantity (--to-mag ZP",
        ),
        (
            "ztf.parquet --stat bazin_fit",
            "for magnitudes: convert them, remove the statistic, or declare another quantity (--to-flux ZP",
        ),
        ("survey --quality", "for the preset tape: select good epochs with --where"),
        ("ztf.parquet --flux magerr --quality", "for a survey without a preset"),
        ("ztf.parquet --to-flux AB", "the unit of the fluxes is missing"),
        ("survey --flux error --err flux --to-mag AB", "the unit of the fluxes is unknown"),
        ("survey --to-mag x", "no column is called 'x'"),
    ] {
        let error = place.tape(&format!("batch {words}")).err;
        assert!(error.contains(message), "{words}: {error}");
    }
    place.ok("batch survey --stat colour_median_g_r --quantity mag -o said.csv");
}

#[test]
fn narrow_times_are_told_of_once() {
    let place = Place::new();
    let times: ArrayRef = Arc::new(arrow::array::Float32Array::from(vec![60_000.0, 60_001.0]));
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 1]));
    let flux: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0]));
    place.parquet("narrow.parquet", vec![("id", ids), ("mjd", times), ("flux", flux)]);
    let said = place.tape("batch narrow.parquet --stat eta_e -o out.csv");
    let warned = format!("{}{}", said.out, said.err);
    assert_eq!(warned.matches("5.6 minutes apart").count(), 1, "{said:?}");
    let said = place.tape("batch narrow.parquet --stat mean -o other.csv");
    assert!(!format!("{}{}", said.out, said.err).contains("minutes"), "{said:?}");
}
