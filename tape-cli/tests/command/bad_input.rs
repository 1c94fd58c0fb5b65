//! Bad input: one clear message, exit code 1 (2 for usage), nothing left behind.

use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use bytes::Bytes;
use parquet::file::metadata::ParquetMetaDataReader;

use crate::support::Place;

fn survey(place: &Place) {
    place.ok("simulate survey --objects 40 --epochs 30 --files 2 --bands gr --compression none");
}

#[test]
fn usage_errors_exit_with_2() {
    let place = Place::new();
    survey(&place);
    for (words, hint) in [
        ("batch", "PATH"),
        ("batch survey --stat stetsonj", "did you mean 'stetson_j'?"),
        ("batch survey --stat beyond_n_std:n=0", "'n' of 'beyond_n_std' is '0', but must be a number above 0"),
        ("batch survey --stat beyond_n_std:m=2", "did you mean 'n'?"),
        ("stats beyond_n_std:m=2", "did you mean 'n'?"),
        ("batch survey --columns ztf_dr32", "did you mean 'ztf_dr23'?"),
        ("batch survey --plan fastest", "map-unchecked"),
        ("batch survey --partition-size lots", "5KB"),
        ("batch survey --partition-size 5KB --partitions 3", "cannot be used with"),
        ("batch survey --workers 0", "workers"),
        ("simulate x --layout random", "sorted-split"),
        ("nonsense", "tape"),
    ] {
        let said = place.tape(words);
        assert_eq!(said.code, Some(2), "tape {words}: {said:?}");
        assert!(said.err.contains(hint), "tape {words}: {said:?}");
    }
}

#[test]
fn columns_that_are_missing_or_of_the_wrong_type() {
    let place = Place::new();
    survey(&place);
    let error = place.fails("batch survey --flux fluxx -o out.parquet");
    assert!(error.contains("survey/part-000.parquet: no flux column 'fluxx' (did you mean 'flux'?)"), "{error}");
    let error = place.fails("batch survey --flux band -o out.parquet");
    assert!(
        error.contains("column 'band' is text, but the flux must be a number: name another with --flux"),
        "{error}"
    );
    let error = place.fails("batch survey --id flux -o out.parquet");
    assert!(
        error.contains("column 'flux'") && error.contains("is not a valid id: ids that are floats must be whole"),
        "{error}"
    );
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let values: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0]));
    place.parquet("no_error.parquet", vec![("id", Arc::clone(&ids)), ("flux", Arc::clone(&values))]);
    let error = place.fails("batch no_error.parquet --stat stetson_j");
    assert!(error.contains("no_error.parquet: no error column") && error.contains("--err"), "{error}");
    place.parquet("odd.parquet", vec![("name", ids), ("value", values)]);
    let error = place.fails("batch odd.parquet");
    assert!(error.contains("no id column; columns: name, value. Name it with --id"), "{error}");
    let error = place.fails("batch no_error.parquet --stat mean --wide");
    assert!(error.contains("there are no bands: name their column"), "{error}");
}

#[test]
fn files_that_are_not_surveys() {
    let place = Place::new();
    survey(&place);
    fs::write(place.path("text.parquet"), "this is no Parquet file at all").expect("written");
    fs::write(place.path("empty.parquet"), "").expect("written");
    fs::create_dir(place.path("nothing")).expect("a folder");
    let whole = place.read("survey/part-000.parquet");
    fs::write(place.path("cut.parquet"), &whole[..whole.len() / 2]).expect("written");
    for (words, hint) in [
        ("batch text.parquet", "text.parquet: this is a text file"),
        ("batch empty.parquet", "empty.parquet: this is an empty file"),
        ("batch cut.parquet", "cut.parquet: this is a Parquet file without its end"),
        ("batch missing.parquet", "missing.parquet: no such file or folder"),
        ("batch nothing", "nothing: no Parquet file found"),
        ("batch survey/*.csv", "survey/*.csv: no Parquet file found"),
        ("inspect text.parquet", "text.parquet: this is a text file"),
        ("repartition text.parquet out", "text.parquet: this is a text file"),
    ] {
        let error = place.fails(words);
        assert!(error.contains(hint), "tape {words}: {error}");
    }
}

#[test]
fn a_corrupt_page_is_named_by_file_row_group_and_column() {
    let place = Place::new();
    place.ok("simulate survey --objects 3000 --epochs 60 --bands gr --compression zstd");
    place.ok("batch survey -o right.csv");
    let whole = place.read("survey/part-000.parquet");
    let footer = ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(whole.clone())).expect("a footer");
    let group = footer.row_group(1);
    for column in group.columns() {
        // The header of the first data page.
        let start = usize::try_from(column.data_page_offset()).expect("an offset");
        let mut bytes = whole.clone();
        bytes[start..start + 24].fill(0xa5);
        fs::write(place.path("bad.parquet"), bytes).expect("written");
        let name = column.column_path().string();
        if name == "mjd" {
            place.ok("batch bad.parquet -o out.csv --overwrite");
            assert_eq!(place.read("out.csv"), place.read("right.csv"), "a column that is not read does no harm");
            fs::remove_file(place.path("out.csv")).expect("removed");
            continue;
        }
        for plan in ["map", "stitch", "shuffle"] {
            let error = place.fails(&format!("batch bad.parquet --plan {plan} -o out.csv"));
            assert!(error.contains(&format!("bad.parquet: row group 1, column '{name}' is corrupt (")), "{error}");
        }
    }
}

#[test]
fn damage_anywhere_never_panics_or_leaves_anything() {
    let place = Place::new();
    place.ok("simulate survey --objects 400 --epochs 30 --bands gr --compression snappy");
    let whole = place.read("survey/part-000.parquet");
    for start in (0..whole.len()).step_by(whole.len() / 40) {
        let mut bytes = whole.clone();
        let end = (start + 40).min(bytes.len());
        bytes[start..end].fill(0x5a);
        fs::write(place.path("bad.parquet"), bytes).expect("written");
        let said = place.tape("batch bad.parquet -o out.csv --overwrite");
        assert!(!said.err.contains("panicked at"), "{said:?}");
        // Damaged values without a checksum are not detected. All other damage is reported with the name of the file.
        let told = said.code == Some(1) && said.err.contains("bad.parquet: ") && !place.path("out.csv").exists();
        assert!(told || said.code == Some(0), "{said:?}");
        drop(fs::remove_file(place.path("out.csv")));
    }
}

#[test]
fn files_of_different_schemas() {
    let place = Place::new();
    let values = || -> ArrayRef { Arc::new(Float64Array::from(vec![1.0, 2.0])) };
    let ints: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    place.parquet("mixed/a.parquet", vec![("id", Arc::clone(&ints)), ("flux", values()), ("error", values())]);
    place.parquet("mixed/b.parquet", vec![("id", texts), ("flux", values()), ("error", values())]);
    let error = place.fails("batch mixed");
    assert!(error.contains("mixed/b.parquet: column 'id' is text, not int64, unlike mixed/a.parquet"), "{error}");
    place.parquet("mixed/b.parquet", vec![("id", ints), ("error", values())]);
    let error = place.fails("batch mixed");
    assert!(error.contains("mixed/b.parquet: no flux column 'flux'"), "{error}");
}

#[test]
fn outputs_that_cannot_be() {
    let place = Place::new();
    survey(&place);
    fs::write(place.path("there.parquet"), "precious").expect("written");
    for (words, hint) in [
        (
            "batch survey -o there.parquet",
            "there.parquet: already exists: choose another name, or allow it to be replaced (--overwrite)",
        ),
        (
            "batch survey -o out.fits",
            "out.fits: cannot tell the format: end the name in .parquet, .csv, .ecsv or .arrow",
        ),
        ("batch survey -o no/such/folder/out.csv", "no/such/folder: no such file or folder"),
        ("batch survey --overwrite -o survey", "survey: cannot tell the format"),
        ("simulate survey", "survey"),
        ("repartition survey survey", "survey"),
    ] {
        let error = place.fails(words);
        assert!(error.contains(hint), "tape {words}: {error}");
    }
    assert_eq!(place.read("there.parquet"), b"precious");
    place.ok("batch survey -o there.parquet --overwrite");
    assert_ne!(place.read("there.parquet"), b"precious");
}

#[cfg(not(feature = "gpu"))]
#[test]
fn a_device_that_this_build_does_not_know_is_one_clear_message() {
    let place = Place::new();
    place.ok("simulate survey --objects 5");
    for verb in ["batch", "explain"] {
        let said = place.tape(&format!("{verb} survey --device gpu"));
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains("build it with --features gpu, or use --device cpu"), "{said:?}");
        place.ok(&format!("{verb} survey --device cpu"));
    }
    assert!(place.ok("devices").contains("CPU only"));
}
