//! The formats of results, and their metadata.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::ipc::reader::FileReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::Value;

use crate::support::Place;

fn survey() -> Place {
    let place = Place::new();
    place.ok("simulate survey --objects 80 --epochs 20 --bands gr --files 2 --layout shuffled");
    place
}

fn parquet(place: &Place, name: &str) -> RecordBatch {
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(File::open(place.path(name)).expect("a file")).expect("Parquet");
    let schema = Arc::clone(reader.schema());
    let batches: Vec<_> = reader.build().expect("Parquet").map(|batch| batch.expect("whole")).collect();
    concat_batches(&schema, &batches).expect("one table")
}

/// Returns the metadata of a Parquet file under a key.
fn said(place: &Place, name: &str, key: &str) -> String {
    let file = SerializedFileReader::new(File::open(place.path(name)).expect("a file")).expect("Parquet");
    let told = file.metadata().file_metadata().key_value_metadata().expect("it says something").clone();
    let found = told.into_iter().find(|pair| pair.key == key);
    found.and_then(|pair| pair.value).unwrap_or_else(|| panic!("nothing under {key}"))
}

#[test]
fn the_same_table_is_written_in_every_format() {
    let place = survey();
    let stats = "--stat mean,observation_count,stetson_j";
    for name in ["out.parquet", "out.csv", "out.ecsv", "out.arrow", "out.feather"] {
        place.ok(&format!("batch survey {stats} -o {name}"));
    }
    let wanted = parquet(&place, "out.parquet");
    for name in ["out.arrow", "out.feather"] {
        let reader = FileReader::try_new(File::open(place.path(name)).expect("a file"), None).expect("Arrow");
        let metadata = reader.schema().metadata().clone();
        let batches: Vec<_> = reader.map(|batch| batch.expect("whole")).collect();
        let table = concat_batches(&batches[0].schema(), &batches).expect("one table");
        assert_eq!(table.columns(), wanted.columns(), "{name}");
        assert!(metadata["tape.provenance"].contains("stetson_j"), "{metadata:?}");
    }
    let text = |name: &str| String::from_utf8(place.read(name)).expect("text");
    let ecsv = text("out.ecsv");
    let (head, body): (Vec<&str>, Vec<&str>) = ecsv.lines().partition(|line| line.starts_with('#'));
    assert_eq!(body.join("\n"), text("out.csv").trim_end());
    assert!(head[0] == "# %ECSV 1.0" && head.contains(&"# - {name: \"n_obs\", datatype: uint64}"), "{head:?}");
    let error = place.fails("batch survey --stat mean -o out.fits");
    assert!(error.contains("end the name in .parquet, .csv, .ecsv or .arrow"), "{error}");
}

#[test]
fn a_file_says_what_it_was_computed_from_and_nothing_else() {
    let place = survey();
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    place.parquet("objects.parquet", vec![("id", ids), ("name", names)]);
    let words = "survey --stat mean,eta --where flux>0 --sample 0.9 --to-mag 31.4 --band-to-calc g,r";
    for (workers, name) in [(1, "one.parquet"), (3, "three.parquet")] {
        place.ok(&format!("batch {words} --workers {workers} -o {name}"));
    }
    assert!(place.read("one.parquet") == place.read("three.parquet"), "workers are nothing to tell of");
    let told: Value = serde_json::from_str(&said(&place, "one.parquet", "tape.provenance")).expect("JSON");
    assert_eq!(told["statistics"], serde_json::json!(["mean", "eta"]));
    assert_eq!((&told["where"], &told["preset"]), (&"flux>0".into(), &"tape".into()));
    assert_eq!(told["selected_objects"], serde_json::json!(["a random fraction of 0.9 (seed 1)"]));
    let inputs = told["inputs"].as_array().expect("a list");
    assert!(inputs.len() == 2 && inputs[0]["name"] == "part-000.parquet", "{told}");
    let rows: u64 = inputs.iter().map(|input| input["rows"].as_u64().expect("a number")).sum();
    assert_eq!(rows, place.json(&format!("batch {words} -o rows.csv --json"))["rows"].as_u64().expect("a number"));
    let bytes = std::fs::metadata(place.path("survey/part-000.parquet")).expect("it is there").len();
    assert_eq!(inputs[0]["bytes"], bytes);
    // A job says the same.
    let planned = place.json(&format!("plan {words} -o job --json"));
    for task in 0..planned["tasks"].as_u64().expect("a number") {
        place.ok(&format!("run-task job {task}"));
    }
    place.ok("gather job -o job.parquet");
    assert_eq!(said(&place, "job.parquet", "tape.provenance"), said(&place, "one.parquet", "tape.provenance"));
    place.ok("batch survey --stat mean --objects objects.parquet --all-objects --join name -o objects.out.parquet");
    let told: Value = serde_json::from_str(&said(&place, "objects.out.parquet", "tape.provenance")).expect("JSON");
    assert_eq!(told["objects"]["files"][0]["name"], "objects.parquet");
    // As VOParquet has it.
    assert_eq!(said(&place, "one.parquet", "IVOA.VOTable-Parquet.version"), "1.0");
    let votable = said(&place, "one.parquet", "IVOA.VOTable-Parquet.content");
    let fields = parquet(&place, "one.parquet").schema();
    for field in fields.fields() {
        assert!(votable.contains(&format!("<FIELD name=\"{}\" datatype=", field.name())), "{votable}");
    }
    let sorted = SerializedFileReader::new(File::open(place.path("one.parquet")).expect("a file")).expect("Parquet");
    let group = sorted.metadata().row_group(0);
    assert!(group.sorting_columns().is_some_and(|columns| columns[0].column_idx == 0));
    let column = group.column(0);
    assert!(column.column_index_offset().is_some() && column.offset_index_offset().is_some(), "a page index");
    assert!(column.bloom_filter_offset().is_none(), "in order, statistics tell where an id is");
    let out = parquet(&place, "one.parquet");
    assert!(out.column(0).as_primitive::<arrow::datatypes::Int64Type>().values().is_sorted());
}
