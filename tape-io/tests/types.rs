//! Tests that columns of the types that surveys publish are read like the same numbers as 64-bit floats, in rows, in
//! lists, and with a condition on the column.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Date32Array, Decimal128Array, Float16Array, Float32Array, Float64Array, Int64Array, ListArray,
    RecordBatch, StringArray, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    UInt16Array, UInt64Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{ArrowPrimitiveType, Field, Float16Type};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use tape_core::{ColumnMap, Columns, Partition, Piece, Quantity, Rows, Source};
use tape_io::{Conversion, Error, Survey};

const ROWS: usize = 200;

/// Returns integers up to 4095 in pseudorandom order, some of them missing.
fn stored(salt: u64) -> Vec<Option<i64>> {
    let mixed = |i: u64| (i ^ salt << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52;
    (0..ROWS as u64)
        .map(|i| (!(i + salt).is_multiple_of(17)).then(|| i64::try_from(mixed(i)).expect("small")))
        .collect()
}

fn floats(stored: &[Option<i64>], of: impl Fn(i64) -> f64) -> ArrayRef {
    Arc::new(stored.iter().map(|value| value.map(&of)).collect::<Float64Array>())
}

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>, dictionary: bool) {
    let columns = columns.into_iter().map(|(name, values)| (name, values, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length");
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(dictionary)
        .set_max_row_group_row_count(Some(70))
        .set_data_page_row_count_limit(30)
        .set_write_batch_size(10)
        .build();
    let mut writer = ArrowWriter::try_new(File::create(path).expect("a file"), batch.schema(), Some(properties));
    let writer = writer.as_mut().expect("a writer");
    writer.write(&batch).expect("a successful write");
    writer.finish().expect("a successful write");
}

/// Reads all rows: the id, the bits of the numbers, and the band label.
fn read(survey: &Survey) -> Vec<(String, [u64; 3], Option<String>)> {
    let columns = Columns { time: true, flux: true, error: true, band: true };
    let mut all = vec![];
    for (row_group, group) in survey.row_groups().iter().enumerate() {
        let partition = Partition { pieces: vec![Piece { row_group, rows: 0..group.rows }] };
        let (mut reader, mut rows) = (survey.read(&partition, columns).expect("a reader"), Rows::new(survey.id_type()));
        while reader.read(&mut rows, 13).expect("valid rows") > 0 {}
        let labels = survey.bands().labels();
        for row in 0..rows.len() {
            let id = rows.ids.get(row).to_owned(survey.id_type()).to_string();
            let numbers = [rows.time[row], rows.flux[row], rows.error[row]].map(f64::to_bits);
            all.push((id, numbers, labels.get(usize::from(rows.band_of(row))).cloned()));
        }
    }
    all
}

fn ids() -> ArrayRef {
    Arc::new((0..ROWS as i64).map(|row| row / 5).collect::<Int64Array>())
}

fn bands() -> ArrayRef {
    Arc::new((0..ROWS).map(|row| Some(if row % 3 == 0 { "g" } else { "r" })).collect::<StringArray>())
}

/// Converts columns of epochs to lists of five epochs.
fn in_lists(columns: &[(&'static str, ArrayRef)]) -> Vec<(&'static str, ArrayRef)> {
    let ids: ArrayRef = Arc::new((0..ROWS as i64 / 5).collect::<Int64Array>());
    let lists = columns.iter().filter(|(name, _)| *name != "id").map(|(name, values)| {
        let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        let ends = OffsetBuffer::from_lengths(std::iter::repeat_n(5, ROWS / 5));
        (*name, Arc::new(ListArray::new(item, ends, Arc::clone(values), None)) as ArrayRef)
    });
    std::iter::once(("id", ids)).chain(lists).collect()
}

/// The columns of a survey in some types, and the same numbers as 64-bit floats.
type Both = [Vec<(&'static str, ArrayRef)>; 2];

fn both(time: [ArrayRef; 2], flux: [ArrayRef; 2], error: [ArrayRef; 2]) -> Both {
    let [a, b] = [0, 1].map(|which| {
        vec![
            ("id", ids()),
            ("mjd", Arc::clone(&time[which])),
            ("flux", Arc::clone(&flux[which])),
            ("error", Arc::clone(&error[which])),
            ("band", bands()),
        ]
    });
    [a, b]
}

fn types() -> Vec<Both> {
    let [t, f, e] = [1, 2, 3].map(stored);
    let (flux, error) = (floats(&f, |v| v as f64), floats(&e, |v| v as f64));
    let plain = |values: &ArrayRef| [Arc::clone(values), Arc::clone(values)];
    let milli = t.iter().map(|v| v.map(|v| 1_700_000_000_000 + v * 1001)).collect::<TimestampMillisecondArray>();
    let micro =
        t.iter().map(|v| v.map(|v| v * 1_000_001 - 7)).collect::<TimestampMicrosecondArray>().with_timezone("UTC");
    let nano = t.iter().map(|v| v.map(|v| v * 86_400_000_000_000)).collect::<TimestampNanosecondArray>();
    let day = t.iter().map(|v| v.map(|v| i32::try_from(v).expect("small"))).collect::<Date32Array>();
    let days = |seconds: f64| 40_587.0 + (seconds / 86_400.0).floor() + seconds.rem_euclid(86_400.0) / 86_400.0;
    let micro_of = |v: i64| {
        let at = v * 1_000_001 - 7;
        40_587.0 + at.div_euclid(86_400_000_000) as f64 + at.rem_euclid(86_400_000_000) as f64 / 86_400e6
    };
    let milli_of = |v: i64| {
        let at = 1_700_000_000_000 + v * 1001;
        40_587.0 + at.div_euclid(86_400_000) as f64 + at.rem_euclid(86_400_000) as f64 / 86_400e3
    };
    let decimals = |precision, scale, values: &[Option<i64>]| -> ArrayRef {
        let values = values.iter().map(|v| v.map(|v| i128::from(v) - 2000)).collect::<Decimal128Array>();
        Arc::new(values.with_precision_and_scale(precision, scale).expect("valid decimals"))
    };
    type Half = <Float16Type as ArrowPrimitiveType>::Native;
    let half = |v: i64| Half::from_f64(v as f64);
    let times: [[ArrayRef; 2]; 4] = [
        [Arc::new(milli), floats(&t, milli_of)],
        [Arc::new(micro), floats(&t, micro_of)],
        [Arc::new(nano), floats(&t, |v| days(v as f64 * 86_400.0))],
        [Arc::new(day), floats(&t, |v| 40_587.0 + v as f64)],
    ];
    let fluxes: [[ArrayRef; 2]; 5] = [
        [decimals(9, 3, &f), floats(&f, |v| (v - 2000) as f64 / 1e3)],
        [decimals(18, 4, &f), floats(&f, |v| (v - 2000) as f64 / 1e4)],
        [decimals(38, 2, &f), floats(&f, |v| (v - 2000) as f64 / 1e2)],
        [Arc::new(f.iter().map(|v| v.map(half)).collect::<Float16Array>()), floats(&f, |v| half(v).to_f64())],
        [
            Arc::new(f.iter().map(|v| v.map(|v| v as f32 / 3.0)).collect::<Float32Array>()),
            floats(&f, |v| f64::from(v as f32 / 3.0)),
        ],
    ];
    let time = floats(&t, |v| v as f64);
    let of_times = times.into_iter().map(|times| both(times, plain(&flux), plain(&error)));
    of_times.chain(fluxes.into_iter().map(|fluxes| both(plain(&time), fluxes, plain(&error)))).collect()
}

#[test]
fn every_type_is_read_as_the_equivalent_floats() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    for [own, plain] in types() {
        let kind = [1, 2].map(|i| own[i].1.data_type().to_string()).join(", ");
        for dictionary in [false, true] {
            write(Path::new(&path("own.parquet")), own.clone(), dictionary);
            write(Path::new(&path("plain.parquet")), plain.clone(), dictionary);
            write(Path::new(&path("lists.parquet")), in_lists(&own), dictionary);
            let open = |name| Survey::open(&[path(name)], &ColumnMap::new()).expect("a survey");
            let wanted = read(&open("plain.parquet"));
            assert_eq!(wanted.len(), ROWS);
            assert_eq!(read(&open("own.parquet")), wanted, "{kind}");
            assert_eq!(read(&open("lists.parquet")), wanted, "{kind}, in lists");
            // Columns of a condition take another code path.
            let always = "flux IS NULL OR flux IS NOT NULL OR mjd IS NULL OR mjd IS NOT NULL";
            let filtered = open("own.parquet").filtered(always).expect("a condition");
            assert_eq!(read(&filtered), wanted, "{kind}, filtered");
        }
    }
    // The comparison must detect a difference in the last bit.
    let [own, mut plain] = types().swap_remove(0);
    let times = plain[1].1.as_any().downcast_ref::<Float64Array>().expect("floats");
    plain[1].1 = Arc::new(times.iter().map(|time| time.map(f64::next_up)).collect::<Float64Array>());
    write(Path::new(&path("own.parquet")), own, true);
    write(Path::new(&path("plain.parquet")), plain, true);
    let [own, plain] = ["own.parquet", "plain.parquet"]
        .map(|name| read(&Survey::open(&[path(name)], &ColumnMap::new()).expect("a survey")));
    assert_ne!(own, plain);
}

#[test]
fn a_time_is_refused_as_flux_and_integer_bands_have_labels() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    let text = path.to_string_lossy().into_owned();
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![1.0; 3]));
    let at: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1, 2, 3]));
    let band: ArrayRef = Arc::new(UInt64Array::from(vec![1, u64::MAX, 1 << 63]));
    let id: ArrayRef = Arc::new(Int64Array::from(vec![1, 1, 1]));
    let of = |name| (name, Arc::clone(&numbers));
    write(&path, vec![("id", id), ("at", at), of("mjd"), of("flux"), of("error"), ("band", band)], true);
    let refused = Survey::open(&[&text], &ColumnMap::new().flux("at")).expect_err("a time");
    assert!(refused.to_string().contains("'at' is timestamp") && refused.to_string().contains("a number"), "{refused}");
    for condition in [None, Some("band >= 0")] {
        let mut survey = Survey::open(&[&text], &ColumnMap::new()).expect("a survey");
        if let Some(condition) = condition {
            survey = survey.filtered(condition).expect("a condition");
        }
        read(&survey);
        assert_eq!(survey.bands().labels(), ["1", "18446744073709551615", "9223372036854775808"], "{condition:?}");
    }
}

#[test]
fn a_preset_scales_integer_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("zubercal.parquet");
    let [mag, parts] = [4, 5].map(stored);
    let columns = |parts: ArrayRef| {
        let short: ArrayRef = Arc::new(UInt16Array::from(vec![3; ROWS]));
        let time = floats(&mag, |v| 58_000.0 + v as f64);
        let own = vec![("objectid", ids()), ("mjd", time), ("mag", floats(&mag, |v| v as f64)), ("magerr", parts)];
        own.into_iter().chain([("band", bands()), ("fieldid", Arc::clone(&short)), ("rcid", short)]).collect::<Vec<_>>()
    };
    let open = |columns: Vec<(&str, ArrayRef)>, map: &ColumnMap| {
        write(&path, columns, true);
        Survey::open(&[&path], map).expect("a survey")
    };
    let short: ArrayRef =
        Arc::new(parts.iter().map(|v| v.map(|v| u16::try_from(v).expect("small"))).collect::<UInt16Array>());
    let wanted = read(&open(columns(floats(&parts, |v| v as f64 / 10_000.0)), &ColumnMap::new()));
    let survey = open(columns(Arc::clone(&short)), &ColumnMap::new());
    assert_eq!(survey.preset().map(|preset| preset.name), Some("zubercal"));
    assert_eq!(survey.quantity(), Some(Quantity::Magnitude));
    assert_eq!(read(&survey), wanted);
    assert_eq!(read(&survey.filtered("magerr IS NULL OR magerr >= 0").expect("a condition")), wanted);
    // Without the columns that identify the preset, integers are not scaled.
    let survey = open(columns(short).into_iter().take(5).collect(), &ColumnMap::new());
    assert_eq!(survey.preset(), None);
    assert_ne!(read(&survey), wanted);
    let converted = survey.converted(Conversion::ToMagnitudes(25.0)).expect_err("values that are already magnitudes");
    assert!(matches!(converted, Error::Converted { .. }), "{converted}");
}
