//! Tests conditions on columns of every type that files store.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float16Array, Float32Array, Float64Array, Int8Array,
    Int32Array, Int64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray, TimestampMillisecondArray,
    TimestampNanosecondArray, UInt32Array, UInt64Array,
};
use arrow::datatypes::{ArrowPrimitiveType, Float16Type};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::EnabledStatistics;
use tape_core::{ColumnMap, Columns, IdRef, Partition, Piece, Rows, Source};
use tape_io::Survey;

use crate::files::Written;

/// Converts a number to a 16-bit float.
fn half(value: f32) -> <Float16Type as ArrowPrimitiveType>::Native {
    <Float16Type as ArrowPrimitiveType>::Native::from_f32(value)
}

#[test]
fn files_may_differ_in_the_type_of_a_column_and_may_lack_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, quality: Option<ArrayRef>| {
        let id: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
        let flux: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0]));
        let columns = [("id", Some(id)), ("flux", Some(flux)), ("quality", quality)];
        let columns = columns.into_iter().filter_map(|(name, column)| Some((name, column?)));
        let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
        let mut writer =
            ArrowWriter::try_new(File::create(folder.path().join(name)).expect("a file"), batch.schema(), None)
                .expect("a schema");
        writer.write(&batch).expect("a successful write");
        writer.close().expect("a successful write");
    };
    write("a.parquet", Some(Arc::new(Int32Array::from(vec![0, 1, 2]))));
    write("b.parquet", Some(Arc::new(Float64Array::from(vec![0.5, 1.5, 2.5]))));
    let survey = || Survey::open(&[folder.path().to_str().expect("text")], &ColumnMap::new()).expect("a survey");
    let filtered = survey().filtered("quality >= 1").expect("a condition");
    let mut rows = Rows::new(filtered.id_type());
    for row_group in 0..2 {
        let partition = Partition { pieces: vec![Piece { row_group, rows: 0..3 }] };
        let mut reader = filtered.read(&partition, Columns { flux: true, ..Columns::default() }).expect("a reader");
        while reader.read(&mut rows, 2).expect("valid rows") > 0 {}
    }
    assert_eq!(rows.flux, [2.0, 3.0, 2.0, 3.0]);
    write("c.parquet", Some(Arc::new(StringArray::from(vec!["0", "1", "2"]))));
    let message = survey().filtered("quality >= 1").expect_err("text").to_string();
    assert!(message.contains("c.parquet") && message.contains("text and a whole number"), "{message}");
    write("c.parquet", None);
    for (condition, flux) in [
        ("quality >= 1", vec![]),
        ("quality is null", vec![1.0, 2.0, 3.0]),
        ("coalesce(quality, 7) = 7", vec![1.0, 2.0, 3.0]),
    ] {
        let filtered = survey().filtered(condition).expect("null where it is missing");
        let partition = Partition { pieces: vec![Piece { row_group: 2, rows: 0..3 }] };
        let mut reader = filtered.read(&partition, Columns { flux: true, ..Columns::default() }).expect("a reader");
        let mut rows = Rows::new(filtered.id_type());
        while reader.read(&mut rows, 2).expect("valid rows") > 0 {}
        assert_eq!(rows.flux, flux, "{condition}");
    }
}

#[test]
fn conditions_work_on_every_stored_type() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    let wide = |digits| Decimal128Array::from(vec![Some(-5), None, Some(123_456)]).with_precision_and_scale(digits, 4);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        ("flux", Arc::new(Float32Array::from(vec![Some(0.5), None, Some(2.5)]))),
        ("int8", Arc::new(Int8Array::from(vec![Some(-128), None, Some(127)]))),
        ("uint32", Arc::new(UInt32Array::from(vec![Some(0), None, Some(u32::MAX)]))),
        ("uint64", Arc::new(UInt64Array::from(vec![Some(5), None, Some(u64::MAX)]))),
        ("short", Arc::new(wide(8).expect("valid decimals"))),
        ("long", Arc::new(wide(16).expect("valid decimals"))),
        ("longer", Arc::new(wide(30).expect("valid decimals"))),
        ("day", Arc::new(Date32Array::from(vec![Some(-1), None, Some(20_000)]))),
        ("ms", Arc::new(TimestampMillisecondArray::from(vec![Some(-1), None, Some(2_000)]).with_timezone("+02:00"))),
        ("ns", Arc::new(TimestampNanosecondArray::from(vec![Some(-1), None, Some(2_000)]))),
        ("large", Arc::new(LargeStringArray::from(vec![Some("a"), None, Some("Ä")]))),
        ("view", Arc::new(StringViewArray::from(vec![Some("a"), None, Some("a text of some length")]))),
        ("good", Arc::new(BooleanArray::from(vec![None, None, Some(false)]))),
        ("half", Arc::new(Float16Array::from(vec![Some(half(0.5)), None, Some(half(4.0))]))),
    ];
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)));
    let all =
        Written { group: 10, page: 10, dictionary: true, second_version: true, statistics: EnabledStatistics::Chunk };
    all.write(&batch.expect("columns of one length"), &path);
    let open = || Survey::open(&[path.to_str().expect("text")], &ColumnMap::new()).expect("a survey");
    // Conditions that are true only for the first row, only for the third, and for no row according to the statistics.
    for (first, third, none) in [
        ("flux <= 0.5", "flux > 1", "flux > 2.5"),
        ("int8 = -128", "int8 = 127", "int8 > 127"),
        ("uint32 = 0", "uint32 = 4294967295", "uint32 < 0"),
        ("uint64 <= 5", "uint64 = 18446744073709551615", "uint64 BETWEEN 0 AND 4"),
        ("short = -0.0005", "short = 12.3456", "short > 12.3456"),
        ("long <= -0.0005", "long > 12.34559999", "long < -0.0005"),
        ("longer = -0.0005", "longer IN (12.3456)", "longer = 12.34561"),
        ("day = '1969-12-31'", "day = '2024-10-04'", "day > DATE '2024-10-04'"),
        ("ms = '1969-12-31 23:59:59.999'", "ms = '1970-01-01 00:00:02'", "ms > '1970-01-01 00:00:02'"),
        (
            "ns = '1969-12-31 23:59:59.999999999'",
            "ns = '1970-01-01 00:00:00.000002'",
            "ns < '1969-12-31 23:59:59.999999999'",
        ),
        ("large <= 'a'", "large > 'z'", "large > 'Ä'"),
        ("view = 'a'", "view LIKE 'a text%'", "view < 'a'"),
        ("id = 1 AND good IS NULL", "NOT good", "good"),
        ("half <= 0.5", "half = 4", "half > 4"),
    ] {
        for (condition, id) in [(first, 1), (third, 3)] {
            let survey = open().filtered(condition).expect("a condition");
            let mut rows = Rows::new(survey.id_type());
            let partition = Partition { pieces: vec![Piece { row_group: 0, rows: 0..3 }] };
            let mut reader = survey.read(&partition, Columns::default()).expect("a reader");
            while reader.read(&mut rows, 2).expect("valid rows") > 0 {}
            assert_eq!(survey.row_groups_skipped(), 0, "{condition}");
            assert_eq!((rows.len(), rows.ids.get(0)), (1, IdRef::Int(id)), "{condition}");
        }
        assert_eq!(open().filtered(none).expect("a condition").row_groups_skipped(), 1, "{none}");
    }
}
