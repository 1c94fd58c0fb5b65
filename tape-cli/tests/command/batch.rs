//! `tape batch`: plans, types, forms of output, determinism.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, DictionaryArray, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array, LargeStringArray,
    StringArray, UInt16Array, UInt64Array,
};
use arrow::datatypes::Int8Type;
use parquet::basic::Encoding;
use parquet::file::properties::WriterProperties;

use crate::support::{Place, documented};

/// Three objects in two bands, ten epochs each, sorted by id.
fn fluxes() -> (Vec<i64>, Vec<f64>, Vec<f64>, Vec<&'static str>) {
    let row = |i: usize| (i as i64 / 20, 10.0 + ((i * 7) % 11) as f64, 0.5 + (i % 3) as f64, ["r", "g"][i % 2]);
    let rows: Vec<_> = (0..60).map(row).collect();
    (
        rows.iter().map(|row| row.0).collect(),
        rows.iter().map(|row| row.1).collect(),
        rows.iter().map(|row| row.2).collect(),
        rows.iter().map(|row| row.3).collect(),
    )
}

fn columns(id: ArrayRef, band: ArrayRef) -> Vec<(&'static str, ArrayRef)> {
    let (_, flux, error, _) = fluxes();
    let flux: ArrayRef = Arc::new(Float64Array::from(flux));
    let error: ArrayRef = Arc::new(Float64Array::from(error));
    vec![("id", id), ("flux", flux), ("error", error), ("band", band)]
}

fn strings(values: Vec<&str>) -> ArrayRef {
    Arc::new(StringArray::from(values))
}

#[test]
fn every_id_type_gives_the_same_values() {
    let place = Place::new();
    let (ids, _, _, bands) = fluxes();
    let text = |id: &i64| format!("object {id}");
    let texts: Vec<String> = ids.iter().map(text).collect();
    let small = |id: &i64| i8::try_from(*id).expect("small");
    let types: Vec<(&str, ArrayRef)> = vec![
        ("int64", Arc::new(Int64Array::from(ids.clone()))),
        ("int32", Arc::new(Int32Array::from_iter_values(ids.iter().map(|id| i32::from(small(id)))))),
        ("int8", Arc::new(Int8Array::from_iter_values(ids.iter().map(small)))),
        (
            "uint16",
            Arc::new(UInt16Array::from_iter_values(ids.iter().map(|id| 65_000 + u16::from(small(id).unsigned_abs())))),
        ),
        ("uint64", Arc::new(UInt64Array::from_iter_values(ids.iter().map(|id| id.unsigned_abs() + (1 << 63))))),
        ("text", Arc::new(StringArray::from(texts.clone()))),
        ("large", Arc::new(LargeStringArray::from(texts.clone()))),
        ("dictionary", Arc::new(texts.iter().map(String::as_str).collect::<DictionaryArray<Int8Type>>())),
    ];
    let mut values = Vec::new();
    for (name, id) in types {
        place.parquet(&format!("{name}.parquet"), columns(id, strings(bands.clone())));
        for plan in ["auto", "shuffle", "stitch"] {
            place.ok(&format!("batch {name}.parquet --plan {plan} --partitions 7 -o {name}.csv --overwrite"));
            let table = place.csv(&format!("{name}.csv"));
            let last =
                |rows: &[Vec<String>]| -> Vec<Vec<String>> { rows.iter().map(|row| row[1..].to_vec()).collect() };
            values.push((name, plan, last(&table)));
        }
    }
    for (name, plan, table) in &values {
        assert_eq!(table, &values[0].2, "{name}, {plan}");
        assert_eq!(table.len(), 6);
    }
    assert_eq!(place.csv("uint64.csv")[5][0], "9223372036854775810");
    assert_eq!(place.csv("text.csv")[0][0], "object 0");
}

#[test]
fn every_band_type_and_encoding_gives_the_same_values() {
    let place = Place::new();
    let (ids, _, _, bands) = fluxes();
    let id = || -> ArrayRef { Arc::new(Int64Array::from(ids.clone())) };
    let codes = || bands.iter().map(|&band| if band == "g" { 1 } else { 2 });
    let plain = || WriterProperties::builder().set_dictionary_enabled(false);
    let default = WriterProperties::builder;
    let v2 = || default().set_writer_version(parquet::file::properties::WriterVersion::PARQUET_2_0);
    let cases: Vec<(&str, ArrayRef, WriterProperties)> = vec![
        ("text", strings(bands.clone()), default().build()),
        ("plain", strings(bands.clone()), plain().build()),
        ("version2", strings(bands.clone()), v2().build()),
        ("dictionary", Arc::new(bands.iter().copied().collect::<DictionaryArray<Int8Type>>()), default().build()),
        ("int8", Arc::new(Int8Array::from_iter_values(codes())), default().build()),
    ];
    let mut tables = Vec::new();
    for (name, band, properties) in cases {
        place.parquet_with(&format!("{name}.parquet"), columns(id(), band), properties);
        place.ok(&format!("batch {name}.parquet -o {name}.csv"));
        tables.push((name, place.csv(&format!("{name}.csv"))));
    }
    let mut delta_columns = columns(id(), strings(bands.clone()));
    delta_columns.truncate(4);
    let path = parquet::schema::types::ColumnPath::from("band");
    let properties = default().set_column_dictionary_enabled(path.clone(), false);
    let properties = properties.set_column_encoding(path, Encoding::DELTA_BYTE_ARRAY).build();
    place.parquet_with("delta.parquet", delta_columns, properties);
    place.ok("batch delta.parquet -o delta.csv");
    tables.push(("delta", place.csv("delta.csv")));
    for (name, table) in &tables {
        let expected: Vec<Vec<String>> = tables[0].1.clone();
        for (row, wanted) in table.iter().zip(&expected) {
            let label = if *name == "int8" { if wanted[1] == "g" { "1" } else { "2" } } else { &wanted[1] };
            assert_eq!(row[1], label, "{name}");
            assert_eq!((&row[0], &row[2..]), (&wanted[0], &wanted[2..]), "{name}");
        }
        assert_eq!(table.len(), 6, "{name}");
    }
}

#[test]
fn invalid_epochs_are_left_out_and_counted_by_reason() {
    let place = Place::new();
    let id: ArrayRef =
        Arc::new(Int64Array::from(vec![Some(1), Some(1), Some(1), Some(1), Some(1), Some(1), None, Some(1), Some(1)]));
    let flux: ArrayRef = Arc::new(Float32Array::from(vec![
        Some(1.0),
        None,
        Some(f32::NAN),
        Some(f32::INFINITY),
        Some(2.0),
        Some(3.0),
        Some(4.0),
        Some(5.0),
        Some(6.0),
    ]));
    let error: ArrayRef = Arc::new(Float64Array::from(vec![
        Some(1.0),
        Some(1.0),
        Some(1.0),
        Some(1.0),
        None,
        Some(0.0),
        Some(1.0),
        Some(-1.0),
        Some(1.0),
    ]));
    let band: ArrayRef = Arc::new(StringArray::from(vec![
        Some("g"),
        Some("g"),
        Some("g"),
        Some("g"),
        Some("g"),
        Some("g"),
        Some("g"),
        Some("r"),
        None,
    ]));
    let columns = vec![("id", id), ("flux", flux), ("error", error), ("band", band)];
    let plain = || WriterProperties::builder().set_dictionary_enabled(false);
    let version2 = plain().set_writer_version(parquet::file::properties::WriterVersion::PARQUET_2_0);
    let encodings = [WriterProperties::builder().build(), plain().build(), version2.build()];
    let plans = ["auto", "shuffle", "stitch"];
    for (encoding, plan) in encodings.iter().flat_map(|encoding| plans.map(|plan| (encoding, plan))) {
        place.parquet_with("bad.parquet", columns.clone(), encoding.clone());
        let summary =
            place.json(&format!("batch bad.parquet --json --plan {plan} --partitions 4 -o bad.csv --overwrite"));
        let left_out = &summary["left_out"];
        assert_eq!(left_out["id is null"], 1, "{plan}");
        assert_eq!(left_out["band is null"], 1, "{plan}");
        assert_eq!(left_out["flux is null, NaN or infinite"], 3, "{plan}");
        assert_eq!(left_out["error is null, NaN or infinite"], 1, "{plan}");
        assert_eq!(left_out["error is not positive"], 2, "{plan}");
        // One epoch in g; in r none is left, and the light curve is still there.
        assert_eq!(place.csv("bad.csv"), [["1", "g", "1", ""], ["1", "r", "0", ""]], "{plan}");
    }
}

#[test]
fn output_is_the_same_bytes_for_any_number_of_workers() {
    let place = Place::new();
    for layout in ["sorted", "sorted-split", "nightly", "shuffled"] {
        place.ok(&format!("simulate {layout} --objects 3000 --epochs 60 --files 5 --layout {layout}"));
        let bytes = |workers: usize, more: &str| {
            place.ok(&format!("batch {layout} --workers {workers} {more} -o out.parquet --overwrite"));
            place.read("out.parquet")
        };
        for more in ["", "--plan shuffle", "--stat mean,reduced_chi2 --plan fold", "--wide --partitions 13"] {
            let one = bytes(1, more);
            assert_eq!(one, bytes(2, more), "{layout} {more}");
            assert_eq!(one, bytes(7, more), "{layout} {more}");
        }
    }
}

#[test]
fn sorted_split_nightly_and_shuffled_copies_agree_whatever_the_plan() {
    let place = Place::new();
    let mut tables = Vec::new();
    // This few shuffled rows would be one partition.
    for (layout, plan, more) in [
        ("sorted", "map", ""),
        ("sorted-split", "stitch", ""),
        ("nightly", "merge", "--plan merge"),
        ("shuffled", "shuffle", "--partitions 9"),
    ] {
        place.ok(&format!("simulate {layout} --objects 5000 --epochs 40 --files 3 --layout {layout}"));
        let summary = place.json(&format!("batch {layout} {more} --stat stetson_j,eta,mean --json -o {layout}.csv"));
        assert_eq!(summary["plan"], plan);
        tables.push((layout, place.csv(&format!("{layout}.csv"))));
    }
    let (_, expected) = &tables[0];
    for (layout, table) in &tables {
        assert_eq!(table.len(), expected.len(), "{layout}");
        for (row, wanted) in table.iter().zip(expected) {
            assert_eq!(row[..3], wanted[..3], "{layout}");
            for (value, wanted) in row[3..].iter().zip(&wanted[3..]) {
                // Too few epochs.
                if value.is_empty() && wanted.is_empty() {
                    continue;
                }
                let (value, wanted): (f64, f64) = (value.parse().expect("a number"), wanted.parse().expect("a number"));
                let same = value == wanted || (value.is_nan() && wanted.is_nan());
                assert!(
                    same || (value - wanted).abs() <= 1e-12 * wanted.abs().max(1.0),
                    "{layout}: {row:?}, not {wanted}"
                );
            }
        }
    }
}

#[test]
fn a_wide_table_has_nulls_where_a_band_is_missing() {
    let place = Place::new();
    let id: ArrayRef = Arc::new(Int64Array::from(vec![2, 1, 2, 1, 2]));
    let flux: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0, 4.0, 5.0]));
    let error: ArrayRef = Arc::new(Float64Array::from(vec![1.0; 5]));
    let band = strings(vec!["r", "g", "r", "g", "g"]);
    place.parquet("two.parquet", vec![("id", id), ("mag", flux), ("magerr", error), ("filter", band)]);
    place.ok("batch two.parquet --stat mean --wide -o wide.csv");
    let text = String::from_utf8(place.read("wide.csv")).expect("text");
    assert_eq!(text, "id,n_obs_g,n_obs_r,mean_g,mean_r\n1,2,,3.0,\n2,1,2,5.0,2.0\n");
    let out = place.tape("batch two.parquet --stat mean --wide --band-to-calc r,i -o some.csv");
    assert!(out.err.contains("no epoch has band 'i'"), "{out:?}");
    let text = String::from_utf8(place.read("some.csv")).expect("text");
    assert_eq!(text, "id,n_obs_i,n_obs_r,mean_i,mean_r\n2,,2,,2.0\n", "1 is in no selected band");
}

#[test]
fn only_the_columns_needed_are_read() {
    let place = Place::new();
    place.ok("simulate survey --objects 2000 --epochs 60 --compression none");
    let columns = |stat: &str| place.json(&format!("explain survey --stat {stat} --json"))["columns"].clone();
    assert_eq!(columns("stetson_j"), serde_json::json!(["id", "flux", "error", "band"]));
    assert_eq!(columns("mean"), serde_json::json!(["id", "flux", "band"]));
    assert_eq!(columns("eta"), serde_json::json!(["id", "mjd", "flux", "band"]));
    let read = |stat: &str| {
        let summary = place.json(&format!("batch survey --stat {stat} --json -o {stat}.parquet"));
        (summary["bytes_read"].as_u64().expect("a count"), summary["rows"].as_u64().expect("a count"))
    };
    let ((mean, rows), (stetson, _)) = (read("mean"), read("stetson_j"));
    let more = stetson - mean;
    assert!(
        (8 * rows..9 * rows).contains(&more),
        "Stetson J reads one more column of f64: {more} bytes for {rows} rows"
    );
}

#[test]
fn what_compares_bands_has_a_row_of_its_own_and_in_a_wide_table_a_column() {
    let place = Place::new();
    place.ok("simulate survey --objects 60 --epochs 40 --files 3 --bands gr --layout shuffled");
    place.ok("batch survey --stat median,colour --to-mag AB -o long.csv --partitions 5");
    let long = place.csv("long.csv");
    let objects: Vec<&Vec<String>> = long.iter().filter(|row| row[1].is_empty()).collect();
    assert_eq!(objects.len(), 60);
    for object in objects {
        let median = |band: &str| -> Option<f64> {
            let row = long.iter().find(|row| row[0] == object[0] && row[1] == band)?;
            Some(row[3].parse().expect("a number"))
        };
        assert_eq!(object[3], "", "a median of no band");
        let n: u64 = long
            .iter()
            .filter(|row| row[0] == object[0] && !row[1].is_empty())
            .map(|row| row[2].parse::<u64>().expect("n"))
            .sum();
        assert_eq!(object[2], n.to_string());
        match (median("g"), median("r")) {
            (Some(g), Some(r)) => {
                let colour: f64 = object[4].parse().expect("a number");
                assert!((colour - (g - r)).abs() <= 1e-12 * g.abs(), "{object:?}");
            }
            _ => assert_eq!(object[4], ""),
        }
    }
    place.ok("batch survey --stat median,colour --to-mag AB --wide -o wide.csv");
    let table = String::from_utf8(place.read("wide.csv")).expect("text");
    assert_eq!(
        table.lines().next().map(|header| header.split_once(',').expect("columns").1),
        Some("n_obs_g,n_obs_r,n_obs,median_g,median_r,colour_median_g_r")
    );
    let wide = place.csv("wide.csv");
    assert_eq!(wide.len(), 60);
    for row in &wide {
        let object = long.iter().find(|other| other[0] == row[0] && other[1].is_empty()).expect("its row");
        assert_eq!((&row[3], &row[6]), (&object[2], &object[4]));
    }
    place.ok("batch survey --stat colour --to-mag AB --wide -o only.csv");
    assert_eq!(place.csv("only.csv").len(), 60);
    let error = place.fails("batch survey --stat colour --to-mag AB --band-to-calc g -o no.csv");
    assert!(error.contains("compares bands g and r, but 'r' is not among the selected bands"), "{error}");
}

#[test]
fn light_curves_with_too_few_epochs_are_counted() {
    let place = Place::new();
    let id: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 2, 3, 3, 3]));
    let flux: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    let error: ArrayRef = Arc::new(Float64Array::from(vec![1.0; 6]));
    let columns = || vec![("id", Arc::clone(&id)), ("flux", Arc::clone(&flux)), ("error", Arc::clone(&error))];
    place.parquet("survey.parquet", columns());
    for plan in ["auto", "shuffle"] {
        let said = place.json(&format!("batch survey.parquet --stat mean,skew,stetson_j --plan {plan} --json"));
        assert_eq!(said["too_few_epochs"], serde_json::json!({"mean": 0, "skew": 2, "stetson_j": 1}));
    }
    let said = place.ok("batch survey.parquet --stat mean,skew");
    assert!(said.contains("2 with too few epochs for skew") && !said.contains("for mean"), "{said}");
    let error = place.fails("batch survey.parquet --stat colour --to-mag 31.4 -o no.csv");
    assert!(error.contains("the survey has no band column: name it with --band"), "{error}");
}

#[test]
fn a_structure_function_has_a_row_for_each_light_curve_and_bin() {
    let place = Place::new();
    place.ok("simulate survey --objects 40 --epochs 60 --files 3 --bands gr --layout sorted-split");
    let name = "structure_function:method=bauer_2009a:edges=0/10/100/10000";
    for plan in ["auto", "shuffle"] {
        place.ok(&format!("batch survey --stat {name} --plan {plan} -o {plan}.csv"));
    }
    let rows = place.csv("auto.csv");
    assert_eq!(rows, place.csv("shuffle.csv"));
    place.ok("batch survey --stat mean -o mean.csv");
    let enough = place.csv("mean.csv").iter().filter(|row| row[2].parse::<u64>().expect("n") > 2).count();
    assert_eq!(rows.len(), 3 * enough);
    assert!(rows.iter().zip(["0", "1", "2"].iter().cycle()).all(|(row, bin)| row[3] == **bin), "{rows:?}");
    let error = place.fails(&format!("batch survey --stat {name},mean -o no.csv"));
    assert!(error.contains("has many rows for each light curve: compute it in a run of its own"), "{error}");
    let error = place.fails(&format!("batch survey --stat {name} --wide -o no.csv"));
    assert!(error.contains("which a wide table cannot hold"), "{error}");
}

#[test]
fn the_page_on_plans_shows_each_plan() {
    let place = Place::new();
    let commands = documented(include_str!("../../../docs/plans.md"), "sh");
    for command in &commands[..4] {
        place.ok(command.strip_prefix("tape ").expect("a command"));
    }
    let plans = commands[4..9].iter().map(|command| {
        let words = command.strip_prefix("tape ").expect("a command");
        place.json(&format!("{words} --json"))["plan"].as_str().expect("a name").to_owned()
    });
    assert_eq!(plans.collect::<Vec<_>>(), ["map", "stitch", "merge", "shuffle", "fold"]);
}
