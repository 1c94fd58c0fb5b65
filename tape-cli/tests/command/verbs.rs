//! The other verbs.

use crate::support::Place;

#[test]
fn inspect_tells_roles_order_and_cuts() {
    let place = Place::new();
    place.ok("simulate sorted --objects 2000 --epochs 100 --files 3");
    let sorted = place.json("inspect sorted --json");
    assert_eq!(sorted["columns"]["flux"]["column"], "flux");
    assert_eq!(sorted["columns"]["band"]["type"], "text");
    assert_eq!(sorted["cohesion"], "cohesive");
    assert_eq!(sorted["sorted"], true);
    assert_eq!(sorted["bands"], serde_json::json!({"first": "g", "last": "z"}));
    place.ok("simulate split --objects 2000 --epochs 100 --files 3 --layout sorted-split");
    let split = place.json("inspect split --json");
    assert_eq!((&split["cohesion"], &split["sorted"]), (&"cut at edges".into(), &serde_json::Value::Null));
    let scanned = place.json("inspect split --scan --json");
    assert_eq!(scanned["sorted"], true);
    assert_eq!(scanned["objects"], 2000);
    assert_eq!(scanned["bands"], serde_json::json!(["g", "i", "r", "u", "y", "z"]));
    place.ok("simulate shuffled --objects 2000 --epochs 100 --files 3 --layout shuffled");
    assert_eq!(place.json("inspect shuffled --json")["cohesion"], "overlapping");
    assert!(place.ok("inspect --presets").contains("tape_ztf"));
}

#[test]
fn explain_reads_no_data_and_names_the_evidence() {
    let place = Place::new();
    place.ok("simulate survey --objects 2000 --epochs 100 --files 3");
    let plan = place.ok("explain survey");
    for part in ["plan       map", "evidence   id statistics of the row groups", "to read", "memory"] {
        assert!(plan.contains(part), "{plan}");
    }
    place.ok("simulate shuffled --objects 2000 --epochs 100 --layout shuffled");
    let folds = place.json("explain shuffled --stat mean,weighted_mean --partitions 5 --json");
    assert_eq!(folds["plan"], "fold");
}

#[test]
fn repartition_makes_the_map_plan_possible_and_loses_nothing() {
    let place = Place::new();
    place.ok("simulate survey --objects 4000 --epochs 50 --files 4 --layout shuffled");
    assert_eq!(place.json("explain survey --partitions 9 --json")["plan"], "shuffle");
    let report = place.json("repartition survey again --partitions 5 --json");
    assert_eq!((&report["rows"], &report["files"]), (&report["rows_in"], &5.into()));
    let plan = place.json("explain again --json");
    assert_eq!((&plan["plan"], &plan["rows"]), (&"map".into(), &report["rows"]));
    place.ok("batch survey --stat stetson_j,eta -o a.csv");
    place.ok("batch again --stat stetson_j,eta -o b.csv --plan map");
    let (a, b) = (place.csv("a.csv"), place.csv("b.csv"));
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(&b) {
        assert_eq!(a[..3], b[..3]);
        for (a, b) in a[3..].iter().zip(&b[3..]) {
            // Too few epochs.
            if a.is_empty() && b.is_empty() {
                continue;
            }
            let (a, b): (f64, f64) = (a.parse().expect("a number"), b.parse().expect("a number"));
            assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0) || (a.is_nan() && b.is_nan()), "{a}, not {b}");
        }
    }
}

#[test]
fn stats_lists_the_registry_and_describes_one() {
    let place = Place::new();
    let listed = place.ok("stats");
    for statistic in tape::statistics() {
        assert!(listed.contains(statistic.info().name.as_ref()), "{listed}");
    }
    let described = place.ok("stats stetson_j");
    assert!(described.contains("10.1086/133808") && described.contains("flux, error"), "{described}");
}

#[test]
fn stats_prints_parameters_with_ranges_and_defaults() {
    let place = Place::new();
    let listed = place.ok("stats");
    for kind in tape::analysis::kinds() {
        assert!(listed.contains(kind.name), "{listed}");
        let described = place.ok(&format!("stats {}", kind.name));
        assert!(described.contains(kind.columns), "{described}");
        for parameter in kind.parameters {
            assert!(described.contains(&parameter.allowed.to_string()), "{parameter:?}: {described}");
            assert!(parameter.default.is_none_or(|default| described.contains(default)), "{parameter:?}: {described}");
        }
        let json = place.json(&format!("stats {} --json", kind.name));
        assert_eq!(json[0]["parameters"].as_array().expect("a list").len(), kind.parameters.len());
    }
    let described = place.ok("stats beyond_n_std:n=2.5");
    assert!(described.contains("beyond_2.5_std"), "{described}");
}

#[test]
fn parameters_make_columns_of_their_own() {
    let place = Place::new();
    place.ok("simulate survey --objects 20 --epochs 50 --files 1");
    place.ok("batch survey --stat beyond_n_std:n=1,beyond_n_std:n=2.5,beyond_1_std -o out.csv");
    let table = String::from_utf8(place.read("out.csv")).expect("text");
    let header = table.lines().next().expect("a header");
    assert!(header.ends_with(",beyond_1_std,beyond_2.5_std"), "{header}");
}

#[test]
fn the_demo_finds_what_was_planted() {
    let place = Place::new();
    let said = place.ok("demo --objects 300 --out here");
    assert!(said.contains("plan       ") && said.contains("The most variable objects"), "{said}");
    let line = said.lines().find(|line| line.starts_with("Of ")).expect("a line that counts them");
    let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert!(numbers[0] > 10 && numbers[1] * 10 >= numbers[0] * 9, "{line}");
    assert!(place.path("here/stetson_j.parquet").is_file());
    place.ok("demo --objects 300 --out here");
}

#[test]
fn a_single_row_and_an_empty_file_are_surveys() {
    use arrow::array::{ArrayRef, Float64Array, Int64Array};
    use std::sync::Arc;
    let place = Place::new();
    let columns = |ids: Vec<i64>| -> Vec<(&str, ArrayRef)> {
        let values = || -> ArrayRef { Arc::new(Float64Array::from(vec![1.5; ids.len()])) };
        let (flux, error) = (values(), values());
        vec![("id", Arc::new(Int64Array::from(ids))), ("flux", flux), ("error", error)]
    };
    place.parquet("survey/a.parquet", columns(vec![]));
    place.parquet("survey/b.parquet", columns(vec![7]));
    place.ok("batch survey --stat stetson_j,mean -o out.csv");
    assert_eq!(place.csv("out.csv"), [["7", "1", "", "1.5"]]);
    place.ok("batch survey/a.parquet -o none.csv");
    assert!(place.csv("none.csv").is_empty());
}
