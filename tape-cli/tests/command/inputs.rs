//! Inputs as users name them: every file is read once, whatever its name and path, and other formats are named.

use std::fs;

use crate::support::Place;

/// Makes a survey of two files, and returns its answers.
fn survey(place: &Place) -> Vec<u8> {
    place.ok("simulate survey --objects 40 --epochs 30 --files 2 --bands gr --layout sorted-split");
    place.ok("batch survey --stat mean,weighted_mean -o expected.csv");
    place.read("expected.csv")
}

fn answer(place: &Place, inputs: &str) -> Vec<u8> {
    place.ok(&format!("batch {inputs} --stat mean,weighted_mean -o out.csv --overwrite"));
    place.read("out.csv")
}

/// Returns the names of the two files of the survey.
fn files() -> [String; 2] {
    ["part-000.parquet", "part-001.parquet"].map(str::to_owned)
}

#[test]
fn a_file_is_read_once_whatever_it_is_called() {
    let place = Place::new();
    let expected = survey(&place);
    let [first, _] = files();
    for inputs in [
        "survey survey".to_owned(),
        "survey ./survey/".to_owned(),
        "survey survey/../survey".to_owned(),
        format!("survey/{first} ./survey/{first} survey"),
        "survey survey/*.parquet".to_owned(),
        format!("file://{} survey", place.path("survey").display()),
    ] {
        assert!(answer(&place, &inputs) == expected, "{inputs}");
    }
}

#[cfg(unix)]
#[test]
fn links_add_no_rows_and_lead_nowhere_twice() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    let expected = survey(&place);
    let [first, _] = files();
    symlink("..", place.path("survey/again")).expect("a link");
    assert!(answer(&place, "survey") == expected, "a link to a folder above");
    symlink(&first, place.path("survey/latest.parquet")).expect("a link");
    assert!(answer(&place, "survey") == expected, "a link to a file of the folder");
    fs::hard_link(place.path("survey").join(&first), place.path("survey/hard.parquet")).expect("a link");
    assert!(answer(&place, "survey") == expected, "a second name of a file");
    symlink("survey", place.path("alias")).expect("a link");
    assert!(answer(&place, "survey alias") == expected, "a link to the folder");
}

#[test]
fn names_of_other_writers_are_read_and_content_decides() {
    let place = Place::new();
    let expected = survey(&place);
    let [first, second] = files();
    for (one, other) in [
        ("a.pq", "b.PARQUET"),
        ("a.parquet.gzip", "b.parquet.zst"),
        ("a.pqt", "b.parq"),
        ("a.Parquet.Snappy", "b"),
        ("a.0001", "b.data"),
    ] {
        fs::create_dir(place.path("named")).expect("a folder");
        fs::copy(place.path("survey").join(&first), place.path("named").join(one)).expect("a copy");
        fs::copy(place.path("survey").join(&second), place.path("named").join(other)).expect("a copy");
        assert!(answer(&place, "named") == expected, "{one} {other}");
        fs::remove_dir_all(place.path("named")).expect("it goes");
    }
}

#[test]
fn what_is_passed_over_is_said_and_metadata_is_not_data() {
    let place = Place::new();
    let expected = survey(&place);
    let [first, _] = files();
    for name in ["survey/_metadata", "survey/.hidden.parquet", "survey/data_thumbnail.parquet"] {
        fs::copy(place.path("survey").join(&first), place.path(name)).expect("a copy");
    }
    let said = place.tape("batch survey --stat mean,weighted_mean -o out.csv --overwrite");
    assert!(said.code == Some(0) && !said.err.contains("warning"), "{said:?}");
    assert!(place.read("out.csv") == expected && answer(&place, "survey/*.parquet") == expected);
    fs::write(place.path("survey/notes.txt"), "id mjd\nof the night\n").expect("it is written");
    let said = place.tape("batch survey --stat mean,weighted_mean -o out.csv --overwrite");
    assert!(said.err.contains("warning: survey/notes.txt is a text file, not Parquet, and is not read"), "{said:?}");
    fs::write(place.path("survey/more.csv"), "id,mjd\n1,2\n").expect("it is written");
    let said = place.tape("batch survey --stat mean,weighted_mean -o out.csv --overwrite --json");
    assert!(said.out.contains("2 files are not Parquet and are not read, such as"), "{said:?}");
    assert!(place.read("out.csv") == expected);
}

#[test]
fn other_formats_are_named_with_a_command_that_converts_them() {
    let place = Place::new();
    let files: [(&str, &[u8], &str); 9] = [
        (
            "lc.csv",
            b"id,mjd,mag\n1,2,3\n",
            "a CSV file, which is not read: convert it to Parquet first, for example with: duckdb",
        ),
        ("lc.ecsv", b"# %ECSV 1.0\n# ---\nid mjd\n", "an ECSV file"),
        ("lc.fits", b"SIMPLE  =                    T", "a FITS file"),
        ("lc.vot", b"<?xml version='1.0'?><VOTABLE/>", "a VOTable"),
        ("lc.feather", b"ARROW1\0\0 and more ARROW1", "an Arrow (Feather) file"),
        ("lc.parquet", b"PAR1 and then nothing", "a Parquet file without its end"),
        (
            "lc.parquet.gz",
            b"\x1f\x8b\x08\0\0\0",
            "compressed with gzip, which is not read: decompress it first: gunzip",
        ),
        ("page.parquet", b"<!DOCTYPE html><html></html>", "a web page"),
        ("lfs.parquet", b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
    ];
    for (name, bytes, told) in files {
        fs::write(place.path(name), bytes).expect("it is written");
        let message = place.fails(&format!("batch {name} --stat mean -o out.csv"));
        assert!(message.contains(&format!("{name}: this is {told}")), "{message}");
    }
    fs::create_dir(place.path("folder")).expect("a folder");
    fs::write(place.path("folder/lc.csv"), b"id,mjd\n1,2\n").expect("it is written");
    let message = place.fails("batch folder --stat mean -o out.csv");
    assert!(message.contains("folder: no Parquet file found; folder/lc.csv: this is a CSV file"), "{message}");
}

#[test]
fn tables_whose_log_decides_are_refused_by_name() {
    let place = Place::new();
    survey(&place);
    fs::create_dir(place.path("survey/_delta_log")).expect("a folder");
    let message = place.fails("batch survey --stat mean -o out.csv");
    assert!(
        message.contains("survey: this is a Delta Lake table") && message.contains("delta_scan('survey')"),
        "{message}"
    );
    let message = place.fails("batch survey/*.parquet --stat mean -o out.csv");
    assert!(message.contains("this is a Delta Lake table"), "{message}");
    fs::remove_dir(place.path("survey/_delta_log")).expect("it goes");
    fs::create_dir(place.path("survey/metadata")).expect("a folder");
    place.ok("batch survey --stat mean -o out.csv");
    fs::write(place.path("survey/metadata/v1.metadata.json"), b"{}").expect("it is written");
    let message = place.fails("batch survey --stat mean -o other.csv");
    assert!(message.contains("survey: this is an Iceberg table"), "{message}");
}

#[test]
fn escapes_in_file_urls_are_decoded() {
    let place = Place::new();
    let expected = survey(&place);
    fs::rename(place.path("survey"), place.path("my survey+é")).expect("it moves");
    let url = format!("file://{}/my%20survey+%C3%A9", place.path("").display());
    assert!(answer(&place, &url.replace("//my", "/my")) == expected);
}

#[cfg(target_os = "linux")]
#[test]
fn patterns_find_names_that_are_not_unicode() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let expected = survey(&place);
    let [first, _] = files();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.parquet");
    fs::rename(place.path("survey").join(&first), place.path("survey").join(name)).expect("it moves");
    assert!(answer(&place, "survey/*.parquet") == expected);
    assert!(answer(&place, "survey") == expected);
}
