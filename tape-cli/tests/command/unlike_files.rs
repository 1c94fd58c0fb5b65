//! Files of a survey that are not alike: columns in paths, ids of other types, and columns that some files lack.

use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, NullArray, StringArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use crate::support::Place;

const STATISTICS: &str = "--stat mean,weighted_mean,linear_trend";

/// Some epochs of eight objects in two bands and three nights, as (id, mjd, mag, magerr, band, night).
struct Epochs {
    id: Vec<i64>,
    mjd: Vec<f64>,
    band: Vec<&'static str>,
    night: Vec<i64>,
}

fn epochs() -> Epochs {
    let all = 0..240_i32;
    let id = all.clone().map(|i| i64::from(i % 8) + 3).collect();
    let mjd = all.clone().map(|i| 59_000.0 + f64::from(i % 3) + f64::from(i) / 1000.0).collect();
    let band = all.clone().map(|i| if i / 8 % 2 == 0 { "g" } else { "r prime" }).collect();
    Epochs { id, mjd, band, night: all.map(|i| 59_000 + i64::from(i % 3)).collect() }
}

impl Epochs {
    fn only(&self, keep: impl Fn(usize) -> bool) -> Self {
        let places: Vec<usize> = (0..self.id.len()).filter(|&i| keep(i)).collect();
        Self {
            id: places.iter().map(|&i| self.id[i]).collect(),
            mjd: places.iter().map(|&i| self.mjd[i]).collect(),
            band: places.iter().map(|&i| self.band[i]).collect(),
            night: places.iter().map(|&i| self.night[i]).collect(),
        }
    }

    fn columns(&self) -> Vec<(&'static str, ArrayRef)> {
        let mag = self.mjd.iter().zip(&self.id).map(|(mjd, id)| {
            let id = i32::try_from(*id).expect("a small id");
            15.0 + f64::from(id) + (mjd * 7.0).sin()
        });
        vec![
            ("id", Arc::new(Int64Array::from(self.id.clone()))),
            ("mjd", Arc::new(Float64Array::from(self.mjd.clone()))),
            ("mag", Arc::new(Float64Array::from_iter_values(mag))),
            ("magerr", Arc::new(Float64Array::from_iter_values(self.mjd.iter().map(|mjd| 0.01 + mjd.fract() / 10.0)))),
            ("band", Arc::new(StringArray::from(self.band.clone()))),
            ("night", Arc::new(Int64Array::from(self.night.clone()))),
        ]
    }

    fn without(&self, names: &[&str]) -> Vec<(&'static str, ArrayRef)> {
        self.columns().into_iter().filter(|(name, _)| !names.contains(name)).collect()
    }

    /// The columns, with one of them as another type.
    fn with(&self, name: &str, data_type: &DataType) -> Vec<(&'static str, ArrayRef)> {
        let columns = self.columns().into_iter().map(|(column, values)| {
            let values = if column == name { cast(&values, data_type).expect("a wider type") } else { values };
            (column, values)
        });
        columns.collect()
    }
}

/// Rounds the numbers of a table to nine decimals: sums of the same epochs in another order differ in the last digits.
fn rounded(rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let cell = |cell: String| match cell.parse::<f64>() {
        Ok(number) if cell.contains('.') => format!("{number:.9}"),
        _ => cell,
    };
    rows.into_iter().map(|row| row.into_iter().map(cell).collect()).collect()
}

/// Runs a command on a survey, and returns the answers, without the line of the header.
fn answers(place: &Place, survey: &str, more: &str) -> Vec<Vec<String>> {
    place.ok(&format!("batch {survey} {STATISTICS} {more} -o out.csv --overwrite"));
    rounded(place.csv("out.csv"))
}

#[test]
fn columns_in_paths_are_columns() {
    let place = Place::new();
    let all = epochs();
    place.parquet("flat.parquet", all.columns());
    for night in 59_000..59_003 {
        for band in ["g", "r prime"] {
            let part = all.only(|i| all.night[i] == night && all.band[i] == band);
            let folder = format!("hive/night={night}/band={}", band.replace(' ', "%20"));
            place.parquet(&format!("{folder}/part-0.parquet"), part.without(&["night", "band"]));
        }
    }
    let expected = answers(&place, "flat.parquet", "");
    assert_eq!(expected.len(), 16);
    assert_eq!(answers(&place, "hive", ""), expected);
    assert_eq!(answers(&place, "hive/night=59000 hive/night=59001 hive/night=59002/*/*.parquet", ""), expected);
    for condition in ["night>=59001", "band='g'", "night=59002ANDband<>'g'", "night+0.5>59001"] {
        let condition = format!("--where {condition}").replace("AND", " AND ");
        let words = |survey: &str| {
            let condition = condition.trim_start_matches("--where ").to_owned();
            let mut command = place.command(&format!("batch {survey} {STATISTICS} -o out.csv --overwrite"));
            command.args(["--where", &condition]);
            assert!(command.output().expect("the command starts").status.success(), "{condition}");
            rounded(place.csv("out.csv"))
        };
        assert_eq!(words("hive"), words("flat.parquet"), "{condition}");
    }
    for write in
        ["repartition hive again", "convert hive again --shape struct-of-lists", "convert hive again --shape flat"]
    {
        place.ok(write);
        assert_eq!(answers(&place, "again", ""), expected, "{write}");
        fs::remove_dir_all(place.path("again")).expect("removed");
    }
}

#[test]
fn an_id_in_the_path_is_an_id_and_null_is_null() {
    let place = Place::new();
    let all = epochs();
    place.parquet("flat.parquet", all.columns());
    for id in 3..11 {
        let part = all.only(|i| all.id[i] == id);
        place.parquet(&format!("hive/objectid={id}/a.parquet"), part.without(&["id"]));
    }
    place.parquet("hive/objectid=__HIVE_DEFAULT_PARTITION__/a.parquet", all.without(&["id"]));
    let expected = answers(&place, "flat.parquet", "");
    assert_eq!(answers(&place, "hive", ""), expected);
    place.ok("repartition hive again");
    assert_eq!(answers(&place, "again", ""), expected);
    place.parquet("bands/band=__HIVE_DEFAULT_PARTITION__/a.parquet", all.without(&["band"]));
    let g = all.only(|i| all.band[i] == "g");
    place.parquet("bands/band=g/a.parquet", g.without(&["band"]));
    let found = answers(&place, "bands", "");
    assert!(found.len() == 8 && found.iter().all(|row| expected.contains(row)), "{found:?}");
}

#[test]
fn ids_of_other_widths_and_signs_are_the_same_objects() {
    let place = Place::new();
    let all = epochs();
    place.parquet("flat.parquet", all.columns());
    let expected = answers(&place, "flat.parquet", "");
    let wheres = answers(&place, "flat.parquet", "--where id>4");
    let halves = [all.only(|i| i % 2 == 0 || i > 100), all.only(|i| i % 2 == 1 && i <= 100)];
    let types =
        [DataType::Int32, DataType::Int64, DataType::UInt64, DataType::UInt32, DataType::Int8, DataType::Float64];
    for first in &types {
        for second in &types {
            place.parquet("survey/a.parquet", halves[0].with("id", first));
            place.parquet("survey/b.parquet", halves[1].with("id", second));
            for plan in ["", "--plan shuffle", "--partitions 3"] {
                assert_eq!(answers(&place, "survey", plan), expected, "{first} and {second} {plan}");
            }
            assert_eq!(answers(&place, "survey", "--where id>4"), wheres, "{first} and {second}");
            place.ok("repartition survey again --overwrite");
            assert_eq!(answers(&place, "again", ""), expected, "{first} and {second} written again");
        }
    }
    let id: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
    let number: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    let large = vec![("id", id), ("mjd", Arc::clone(&number)), ("mag", Arc::clone(&number)), ("magerr", number)];
    place.parquet("survey/a.parquet", halves[0].without(&["band", "night"]));
    place.parquet("survey/b.parquet", large);
    let error = place.fails("batch survey -o large.csv");
    assert!(error.contains("survey/b.parquet") && error.contains("18446744073709551615"), "{error}");
}

#[test]
fn columns_that_a_file_lacks_are_null_and_are_named() {
    let place = Place::new();
    let all = epochs();
    let halves = [all.only(|i| i < 120), all.only(|i| i >= 120)];
    let null = |n| -> ArrayRef { Arc::new(Float64Array::new_null(n)) };
    place.parquet("null/a.parquet", halves[0].columns());
    let mut columns = halves[1].columns();
    columns[3].1 = null(120);
    place.parquet("null/b.parquet", columns);
    let expected = answers(&place, "null", "");
    for order in [["a", "b"], ["b", "a"]] {
        let folder = format!("lacking-{}", order[0]);
        place.parquet(&format!("{folder}/{}.parquet", order[0]), halves[0].columns());
        place.parquet(&format!("{folder}/{}.parquet", order[1]), halves[1].without(&["magerr"]));
        assert_eq!(answers(&place, &folder, ""), expected);
        let said = place.tape(&format!("batch {folder} -o out.csv --overwrite")).err;
        let warning = format!("{}.parquet has no column 'magerr', unlike other files", order[1]);
        assert!(said.contains(&warning), "{said}");
        place.ok(&format!("convert {folder} again --shape list-of-struct --overwrite"));
        assert_eq!(answers(&place, "again", ""), expected);
    }
    let mut typed = halves[1].columns();
    typed[3].1 = Arc::new(NullArray::new(120));
    typed.push(("extra", Arc::new(Int32Array::from(vec![1; 120]))));
    place.parquet("null/b.parquet", typed);
    assert_eq!(answers(&place, "null", ""), expected);
    place.ok("repartition null again --overwrite");
    assert_eq!(answers(&place, "again", ""), expected);
}

#[test]
fn numbers_and_times_of_other_widths_are_written_as_the_wider() {
    let place = Place::new();
    let all = epochs();
    let halves = [all.only(|i| i < 120), all.only(|i| i >= 120)];
    let small: Float32Array = (0..120).map(|i| Some(15.0 + f32::from(u8::try_from(i).expect("small")) / 8.0)).collect();
    let small: ArrayRef = Arc::new(small);
    let mut columns = halves[1].columns();
    columns[2].1 = Arc::clone(&small);
    place.parquet("survey/a.parquet", columns);
    place.parquet("survey/b.parquet", halves[0].columns());
    let expected = answers(&place, "survey", "");
    for write in ["repartition survey again", "convert survey again --shape list-columns"] {
        place.ok(write);
        assert_eq!(answers(&place, "again", ""), expected, "{write}");
        fs::remove_dir_all(place.path("again")).expect("removed");
    }
}

#[test]
fn copies_of_files_are_named_and_unfinished_downloads_are_passed_over() {
    let place = Place::new();
    let all = epochs();
    place.parquet("survey/a.parquet", all.columns());
    let said = place.tape("batch survey -o once.csv");
    assert!(said.code == Some(0) && said.err.is_empty(), "{said:?}");
    fs::write(place.path("survey/b.parquet.part"), "PAR1").expect("written");
    fs::copy(place.path("survey/a.parquet"), place.path("survey/a (1).parquet")).expect("a copy");
    let said = place.tape("batch survey -o twice.csv");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.err.contains("survey/a.parquet looks like a copy of survey/a (1).parquet"), "{said:?}");
    assert!(said.err.contains("survey/b.parquet.part"), "{said:?}");
}
