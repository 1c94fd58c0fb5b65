use tempfile::TempDir;

use std::fs;

use super::*;
use crate::catalog::discover::discover;
use crate::fault::{Fault, with};

/// Creates a folder of files. Parquet files may be empty, because discovery looks only at their names.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("below the folder")).expect("a folder");
        fs::write(path, content).expect("written");
    }
    folder
}

/// Returns the files that an input below the folder stands for, relative to the folder.
fn found(folder: &TempDir, input: &str) -> Result<Vec<String>, String> {
    let input = folder.path().join(input).to_string_lossy().into_owned();
    let files = discover(&[input]).map_err(|error| error.to_string())?;
    let short =
        |path: &PathBuf| path.strip_prefix(folder.path()).expect("a path in the folder").to_string_lossy().into_owned();
    Ok(files.iter().map(short).collect())
}

const COLLECTED: [(&str, &str); 9] = [
    ("c/collection.properties", "#HATS Collection\nhats_primary_table_url=objects\nall_margins=margin\n"),
    ("c/objects/hats.properties", "dataproduct_type=object\nhats_npix_suffix=.parquet\n"),
    ("c/objects/partition_info.csv", "Norder,Npix\n1,44\n\n7,123456\n"),
    ("c/objects/per_partition_statistics.parquet", ""),
    ("c/objects/dataset/Norder=1/Dir=0/Npix=44.parquet", ""),
    ("c/objects/dataset/Norder=7/Dir=120000/Npix=123456.parquet", ""),
    ("c/margin/properties", "dataproduct_type = margin\nhats_primary_table_url = objects\n"),
    ("c/margin/partition_info.csv", "Norder,Npix\n1,44\n"),
    ("c/margin/dataset/Norder=1/Dir=0/Npix=44.parquet", ""),
];
const OBJECTS: [&str; 2] =
    ["c/objects/dataset/Norder=1/Dir=0/Npix=44.parquet", "c/objects/dataset/Norder=7/Dir=120000/Npix=123456.parquet"];

#[test]
fn a_collection_stands_for_the_partitions_of_its_primary_catalogue() {
    let folder = folder(&COLLECTED);
    for input in ["c", "c/objects", "", "*"] {
        assert_eq!(found(&folder, input).as_deref(), Ok(&OBJECTS.map(str::to_owned)[..]), "{input:?}");
    }
    // Even without the collection, a margin is skipped unless it is named.
    fs::remove_file(folder.path().join("c/collection.properties")).expect("removed");
    assert_eq!(found(&folder, "c").as_deref(), Ok(&OBJECTS.map(str::to_owned)[..]));
    let error = found(&folder, "c/margin").expect_err("a margin");
    assert!(error.contains("c/margin: is a HATS catalogue of type margin of 'objects'"), "{error}");
}

#[test]
fn listed_partitions_must_exist_and_other_files_are_ignored() {
    let folder = folder(&COLLECTED);
    fs::write(folder.path().join("c/objects/dataset/Norder=1/Dir=0/Npix=45.parquet"), "").expect("written");
    assert_eq!(found(&folder, "c").expect("whole").len(), 2);
    fs::remove_file(folder.path().join(OBJECTS[1])).expect("removed");
    let error = found(&folder, "c").expect_err("a partition is missing");
    assert!(error.contains("partition_info.csv: lists Norder=7, Npix=123456, but Norder=7/Dir=120000"), "{error}");
    fs::remove_file(folder.path().join("c/objects/partition_info.csv")).expect("removed");
    let error = found(&folder, "c").expect_err("the list is missing");
    assert!(error.contains("c/objects: partition_info.csv is missing"), "{error}");
    fs::remove_dir_all(folder.path().join("c/objects")).expect("removed");
    let error = found(&folder, "c").expect_err("the catalogue is missing");
    assert!(error.contains("its primary catalogue") && error.contains("is not there"), "{error}");
}

#[test]
fn partitions_may_be_folders_or_have_hipscat_names() {
    let folder = folder(&[
        ("new/properties", "catalog_type=source\nhats_npix_suffix=/\n"),
        ("new/partition_info.csv", "Norder,Npix\n0,3\n"),
        ("new/dataset/Norder=0/Dir=0/Npix=3/part1.parquet", ""),
        ("new/dataset/Norder=0/Dir=0/Npix=3/part0.parquet", ""),
        ("new/dataset/Norder=0/Dir=0/Npix=3/_metadata", ""),
        ("hipscat/catalog_info.json", r#"{"catalog_name": "x", "catalog_type": "object", "total_rows": 131}"#),
        ("hipscat/partition_info.csv", "Norder,Dir,Npix,num_rows\n0,0,11,131\n"),
        ("hipscat/Norder=0/Dir=0/Npix=11.parquet", ""),
        ("oldest/catalog_info.json", r#"{"catalog_type": "source"}"#),
        ("oldest/partition_info.csv", "order,pixel\n0,11\n"),
        ("oldest/Norder0/Npix11/catalog.parquet", ""),
        ("index/catalog_info.json", r#"{"catalog_type": "index", "primary_catalog": "x"}"#),
        ("index/part.parquet", ""),
    ]);
    let of = |input| found(&folder, input).expect("found");
    let parts = [0, 1].map(|i| format!("new/dataset/Norder=0/Dir=0/Npix=3/part{i}.parquet"));
    assert_eq!(of("new"), parts);
    assert_eq!(of("hipscat"), ["hipscat/Norder=0/Dir=0/Npix=11.parquet"]);
    assert_eq!(of("oldest"), ["oldest/Norder0/Npix11/catalog.parquet"]);
    assert!(found(&folder, "index").expect_err("an index").contains("type index of 'x'"));
    assert_eq!(of("").len(), 4);
}

#[test]
fn a_failed_system_call_is_not_taken_for_a_missing_file() {
    let folder = folder(&COLLECTED);
    let (right, calls) = with(None, || found(&folder, "c"));
    assert_eq!(right.expect("whole").len(), 2);
    // At least: reads three property files and a list, and looks at two partitions.
    assert!(calls.len() >= 10, "{calls:?}");
    for at in 0..calls.len() {
        let (failed, _) = with(Some((at, Fault::InputOutput)), || found(&folder, "c"));
        let error = failed.expect_err("a call failed");
        let place = folder.path().display().to_string();
        assert!(error.starts_with(&place) && error.contains("input/output error"), "call {at}: {error}");
    }
}

#[test]
fn folders_with_unrelated_properties_are_plain_folders() {
    let folder = folder(&[("a/properties", "colour=blue\n"), ("a/b.parquet", "")]);
    assert_eq!(found(&folder, "a").as_deref(), Ok(&["a/b.parquet".to_owned()][..]));
}

#[test]
fn malformed_lists_are_refused_with_the_line() {
    let error = |list: &str| pixels(list).expect_err("a malformed list");
    assert!(error("").contains("no column Norder"));
    assert!(error("Norder,Dir\n1,2\n").contains("no column Npix"));
    for line in ["1", "1,x", "x,1", "30,1", "0,12", "1,-1", "0,99999999999999999999"] {
        let error = error(&format!("Norder,Npix\n0,0\n{line}\n"));
        assert!(error.contains(&format!("line 3 is '{line}'")), "{error}");
    }
    assert_eq!(pixels(" npix , NORDER \n 11 , 0 \n"), Ok(vec![(0, 11)]));
    assert!(Properties::of_json("[1]").is_none());
}

#[test]
fn a_collection_that_contains_itself_is_refused() {
    for primary in [".", "..", "../c"] {
        let url = format!("hats_primary_table_url={primary}\n");
        let folder = folder(&[("c/collection.properties", &url), ("c/part.parquet", "")]);
        assert!(found(&folder, "c").expect_err("endless recursion").contains("is not a catalogue"), "{primary}");
    }
}
