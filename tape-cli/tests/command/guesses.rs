//! Columns that are guessed by name, and values that may not be what they look like: taken as a person would, and said.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, ListArray, StringArray, StructArray, UInt16Array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::Field;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use crate::support::{Place, Said};

const N: i64 = 120;

fn integers(of: impl Fn(i64) -> i64) -> ArrayRef {
    Arc::new((0..N).map(of).collect::<Int64Array>())
}

#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
fn floats(of: impl Fn(f64) -> f64) -> ArrayRef {
    Arc::new((0..N).map(|row| of(row as f64)).collect::<Float64Array>())
}

fn texts(of: impl Fn(i64) -> &'static str) -> ArrayRef {
    Arc::new((0..N).map(|row| Some(of(row))).collect::<StringArray>())
}

/// The columns of twelve light curves of ten epochs each, in three bands.
fn columns(id: &'static str, band: &'static str) -> Vec<(&'static str, ArrayRef)> {
    vec![
        (id, integers(|row| row / 30)),
        ("mjd", floats(|row| 60_000.0 + row)),
        ("mag", floats(|row| 17.0 + (row * 0.7).sin())),
        ("magerr", floats(|row| 0.05 + 0.01 * (row % 4.0))),
        (band, texts(|row| ["g", "r", "i"][usize::try_from(row % 3).expect("small")])),
    ]
}

const STATISTICS: &str = "--stat mean,weighted_mean,linear_trend";

/// Runs a batch that must succeed, and returns its results and what it printed.
fn batch(place: &Place, words: &str) -> (Vec<Vec<String>>, Said) {
    let said = place.tape(&format!("batch {words} {STATISTICS} -o out.csv --overwrite"));
    assert_eq!(said.code, Some(0), "{words}: {said:?}");
    (place.csv("out.csv"), said)
}

#[test]
fn the_columns_that_a_person_would_take_are_taken_and_said() {
    let place = Place::new();
    place.parquet("plain.parquet", columns("objid", "band"));
    let (expected, said) = batch(&place, "plain.parquet");
    assert!(expected.len() == 12 && !said.err.contains("warning"), "{said:?}");
    let key = ("id", integers(|row| row));
    let flux = ("flux", floats(|row| 1000.0 + row));
    let exposure = ("t", floats(|_| 30.0));
    let upper = ("MAG", floats(|_| 15.0));
    let code: (&str, ArrayRef) = ("err", integers(|row| row % 3));
    let cases = [
        (
            key,
            "the id is read from column 'objid', although it could be 'id': name the id column if another is meant (--id)",
        ),
        (flux, "the flux is read from column 'mag', although it could be 'flux': name the flux column"),
        (exposure, ""),
        (upper, ""),
        (code, ""),
    ];
    for (column, warning) in cases {
        let name = column.0;
        place.parquet("more.parquet", [vec![column], columns("objid", "band")].concat());
        let (rows, said) = batch(&place, "more.parquet");
        assert_eq!(rows, expected, "{name}");
        assert!(said.err.contains(warning) && (said.err.contains("warning") != warning.is_empty()), "{name}: {said:?}");
    }
    let shown = place.ok("inspect more.parquet");
    assert!(!shown.contains("doubt"), "{shown}");
    place.parquet("key.parquet", [vec![("id", integers(|row| row))], columns("objid", "band")].concat());
    let shown = place.ok("inspect key.parquet");
    assert!(shown.contains("doubt      the id is read from column 'objid', although it could be 'id'"), "{shown}");
    assert_eq!(place.json("inspect key.parquet --json")["warnings"].as_array().map(Vec::len), Some(1));
    for band in ["flt", "phot_filter", "FILTER", "F", "lsst_band"] {
        place.parquet("more.parquet", columns("objid", band));
        assert_eq!(batch(&place, "more.parquet").0, expected, "{band}");
    }
}

#[test]
fn errors_of_other_values_and_whole_numbers_are_said() {
    let place = Place::new();
    let mut rows = columns("id", "band");
    rows[3].0 = "flux_err";
    place.parquet("other.parquet", rows);
    let said = place.tape("batch other.parquet --stat mean -o out.csv");
    assert!(said.err.contains("column 'flux_err' is not taken for the error of 'mag'"), "{said:?}");
    let message = place.fails("batch other.parquet --stat weighted_mean -o no.csv");
    assert!(message.contains("no error column"), "{message}");
    let mut rows = columns("id", "band");
    rows[3].1 = Arc::new((0..N).map(|row| u16::try_from(500 + row).ok()).collect::<UInt16Array>());
    place.parquet("whole.parquet", rows);
    let (_, said) = batch(&place, "whole.parquet");
    assert!(said.err.contains("the error column 'magerr' holds whole numbers"), "{said:?}");
    place.parquet("none.parquet", columns("id", "colour"));
    let (_, said) = batch(&place, "none.parquet");
    assert!(said.err.contains("no band column was found") && said.err.contains("(--band)"), "{said:?}");
}

#[test]
fn lists_win_over_the_means_of_their_objects() {
    let place = Place::new();
    place.parquet("flat.parquet", columns("id", "band"));
    let epochs = |values: &ArrayRef| -> ArrayRef {
        let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([30; 4]), Arc::clone(values), None))
    };
    let own = columns("id", "band");
    let (fields, lists): (Vec<_>, Vec<_>) = own[1..]
        .iter()
        .map(|(name, values)| (*name, epochs(values)))
        .map(|(name, values)| (Field::new(name, values.data_type().clone(), true), values))
        .unzip();
    let first =
        |of: fn(f64) -> f64| -> ArrayRef { Arc::new((0..4).map(|row| of(f64::from(row))).collect::<Float64Array>()) };
    let means = vec![
        ("id", Arc::new((0..4).collect::<Int64Array>()) as ArrayRef),
        ("mjd", first(|_| 55_555.0)),
        ("mag", first(|row| 17.0 + row)),
        ("magerr", first(|_| 0.01)),
        ("lightcurve", Arc::new(StructArray::new(fields.into(), lists, None))),
    ];
    place.parquet("means.parquet", means);
    let expected = batch(&place, "flat.parquet").0;
    let (rows, said) = batch(&place, "means.parquet");
    assert_eq!(rows, expected);
    assert!(said.err.contains("and not from the flat columns 'mjd' and 'mag' next to them"), "{said:?}");
}

#[test]
fn results_that_may_not_be_meant_are_said() {
    let place = Place::new();
    let mut rows = columns("id", "band");
    rows[0].1 = integers(|row| row);
    place.parquet("single.parquet", rows);
    let said = place.tape("batch single.parquet --stat mean -o out.csv --overwrite");
    assert!(said.err.contains("every light curve has one epoch: is 'id' the id of a row"), "{said:?}");
    let mut rows = columns("id", "band");
    rows[4].1 = texts(|row| if row % 2 == 0 { "g" } else { "g   " });
    place.parquet("padded.parquet", rows);
    let (_, said) = batch(&place, "padded.parquet");
    assert!(said.err.contains("bands 'g' and 'g   ' differ by spaces only"), "{said:?}");
    let mut rows = columns("id", "band");
    rows[2].1 = floats(|row| if row % 40.0 == 3.0 { 99.99 } else { 17.0 });
    rows[3].1 = floats(|row| if row % 40.0 == 3.0 { -999.0 } else { 0.1 });
    place.parquet("sentinels.parquet", rows);
    let (_, said) = batch(&place, "sentinels.parquet");
    let told = "column 'mag' has 3 values of 99.99, which often stand for no measurement: exclude such rows with the condition \
                mag < 99.99 (--where)";
    assert!(said.err.contains(told) && said.err.contains("column 'magerr' has 3 values of -999"), "{said:?}");
    let mut command = place.command(&format!("batch sentinels.parquet {STATISTICS} -o out.csv --overwrite --where"));
    let said = Said::of(command.arg("mag < 99.99 AND magerr > -999").output().expect("it starts"));
    assert!(said.code == Some(0) && !said.err.contains("warning"), "{said:?}");
}

#[test]
fn epochs_that_fail_the_customary_cut_are_counted_unless_that_was_decided() {
    let place = Place::new();
    let mut rows = columns("objectid", "filterid");
    rows[1].0 = "hmjd";
    rows.push(("catflags", integers(|row| if row % 12 == 0 { 32_768 } else { 0 })));
    let properties = WriterProperties::builder().set_column_statistics_enabled(
        ColumnPath::from("catflags"),
        parquet::file::properties::EnabledStatistics::Chunk,
    );
    place.parquet_with("ztf.parquet", rows, properties.build());
    let (_, said) = batch(&place, "ztf.parquet");
    let told = "10 epochs fail the customary quality cut of ztf_dr23 (\"catflags\" = 0)";
    assert!(said.err.contains(told) && said.err.contains("(--quality, --no-quality)"), "{said:?}");
    for words in ["--quality", "--no-quality", "--where catflags=0"] {
        let (_, said) = batch(&place, &format!("ztf.parquet {words}"));
        assert!(!said.err.contains("quality"), "{words}: {said:?}");
    }
    let other = place.tape("batch ztf.parquet --stat mean --quality --no-quality -o no.csv");
    assert_eq!(other.code, Some(2), "{other:?}");
}

#[test]
fn two_columns_of_one_name_and_unknown_units_are_refused() {
    let place = Place::new();
    let plain = vec![
        ("id", integers(|row| row / 30)),
        ("mjd", floats(|row| 60_000.0 + row)),
        ("flux", floats(|row| 1.0 + row)),
        ("error", floats(|_| 0.1)),
        ("band", texts(|_| "g")),
    ];
    place.parquet("generic.parquet", plain);
    let said = place.tape("batch generic.parquet --stat mean --to-mag AB -o out.csv");
    assert!(said.code == Some(2) && said.err.contains("the unit of the fluxes is unknown"), "{said:?}");
    place.ok("simulate survey --objects 10 --epochs 10");
    place.ok("batch survey --stat mean --to-mag AB -o out.csv");
    place.ok("repartition survey again --partition-size 1MB");
    place.ok("batch again --stat mean --to-mag AB -o again.csv");
    assert_eq!(place.read("again.csv"), place.read("out.csv"), "the mark is kept");
}
