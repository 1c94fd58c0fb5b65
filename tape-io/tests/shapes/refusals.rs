//! Tests refused files, and that the messages name the file, row group, columns and row.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{Field, Float64Type};
use parquet::basic::Type as Physical;
use parquet::data_type::{DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use tape_core::{ColumnMap, Partition, Rows, Source};
use tape_io::{Error, Shape, Survey};

use crate::survey::{all, read};
use crate::write::{Settings, write};

/// Returns lists of zeros with some lengths.
fn lists(lengths: &[Option<usize>]) -> ArrayRef {
    let list = |length: &Option<usize>| length.map(|n| vec![Some(0.0); n]);
    Arc::new(arrow::array::ListArray::from_iter_primitive::<Float64Type, _, _>(lengths.iter().map(list)))
}

fn file(folder: &Path, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
    let path = folder.join("lists.parquet");
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, values)| (name, values, true)));
    write(&path, &batch.expect("columns of one length"), &Settings { rows_of_group: 4, ..Settings::default() });
    path
}

fn ids(n: i64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(0..n))
}

fn open(path: &Path, columns: &ColumnMap) -> Result<Survey, Error> {
    Survey::open(&[&path], columns)
}

/// Reads all of a row group.
fn read_group(survey: &Survey, row_group: usize) -> Result<usize, String> {
    let partition = Partition::row_group(row_group, &survey.row_groups()[row_group]);
    let mut reader = survey.read(&partition, all(survey)).expect("a reader");
    let mut rows = Rows::new(survey.id_type());
    while reader.read(&mut rows, 3).map_err(|error| error.to_string())? > 0 {}
    Ok(rows.len())
}

#[test]
fn lists_of_different_lengths_are_reported_with_their_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let some = |lengths: &[usize]| lists(&lengths.iter().copied().map(Some).collect::<Vec<_>>());
    let fluxes = [3, 2, 4, 1, 1, 5, 2, 2];
    // Cases: the same total in the row group; one more epoch; a null list; a null list instead of one with one epoch.
    let same = [3, 2, 4, 1, 1, 4, 3, 2];
    let path = file(folder.path(), vec![("id", ids(8)), ("mjd", some(&same)), ("mag", some(&fluxes))]);
    let survey = open(&path, &ColumnMap::new()).expect("footers agree");
    assert_eq!(read_group(&survey, 0), Ok(10));
    let error = read_group(&survey, 1).expect_err("lists differ");
    for part in ["lists.parquet: row group 1, row 1:", "'mjd' and 'mag' have different lengths", "write the file again"]
    {
        assert!(error.contains(part), "{error}");
    }
    for (lengths, row) in [
        ([3, 2, 4, 1, 1, 5, 2, 3].map(Some), 3),
        ([Some(3), Some(2), Some(4), Some(1), Some(1), None, Some(2), Some(2)], 1),
    ] {
        let path = file(folder.path(), vec![("id", ids(8)), ("mjd", lists(&lengths)), ("mag", some(&fluxes))]);
        let error = open(&path, &ColumnMap::new()).expect_err("footers differ").to_string();
        assert!(error.contains(&format!("row group 1, row {row}: the lists of 'mag' and 'mjd'")), "{error}");
    }
    let lengths = [Some(3), Some(2), Some(4), Some(1), None, Some(5), Some(2), Some(2)];
    let path = file(folder.path(), vec![("id", ids(8)), ("mjd", lists(&lengths)), ("mag", some(&fluxes))]);
    let survey = open(&path, &ColumnMap::new()).expect("a null list has as many elements as one epoch");
    let error = read_group(&survey, 1).expect_err("an epoch in one list and none in the other");
    assert!(error.contains("row group 1, row 0: the lists of 'mjd' and 'mag'"), "{error}");
}

#[test]
fn flat_and_list_columns_of_epochs_do_not_mix() {
    let folder = tempfile::tempdir().expect("a folder");
    let numbers: ArrayRef = Arc::new(Float64Array::from_iter_values([1.0; 8]));
    let listed = lists(&[Some(2); 8]);
    let columns = vec![("id", ids(8)), ("t", numbers), ("mjd", Arc::clone(&listed)), ("mag", listed)];
    let path = file(folder.path(), columns);
    let error = |columns: ColumnMap| open(&path, &columns).expect_err("mixed").to_string();
    let flat_time = error(ColumnMap::new().time("t"));
    assert!(
        flat_time.contains("column 't' is a flat column, but the time must be in lists, like the flux"),
        "{flat_time}"
    );
    let flat_flux = error(ColumnMap::new().time("mjd").flux("t"));
    assert!(flat_flux.contains("column 'mjd' is in lists, but the time must be a flat column"), "{flat_flux}");
    assert_eq!(open(&path, &ColumnMap::new()).expect("as found").shape(), Shape::ListColumns);
}

/// Writes repeated fields without a list group around them, with some repetition levels.
fn repeated(folder: &Path, ids: &[i64], mjd: &[i16], mag: &[i16]) -> PathBuf {
    let schema = "message m { required int64 id; repeated double mjd; repeated double mag; }";
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let path = folder.join("repeated.parquet");
    let file = File::create(&path).expect("a file");
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(WriterProperties::default())).expect("a writer");
    let mut group = writer.next_row_group().expect("a row group");
    let mut levels = [mjd, mag].into_iter();
    while let Some(mut column) = group.next_column().expect("a column") {
        let physical = if matches!(column.untyped(), parquet::column::writer::ColumnWriter::Int64ColumnWriter(_)) {
            Physical::INT64
        } else {
            Physical::DOUBLE
        };
        if physical == Physical::INT64 {
            column.typed::<Int64Type>().write_batch(ids, None, None).expect("written");
        } else {
            let repetition = levels.next().expect("two columns");
            let values = vec![1.0; repetition.len()];
            let defined = vec![1; repetition.len()];
            column.typed::<DoubleType>().write_batch(&values, Some(&defined), Some(repetition)).expect("written");
        }
        column.close().expect("closed");
    }
    group.close().expect("closed");
    writer.close().expect("closed");
    path
}

#[test]
fn repeated_fields_without_a_list_around_them_are_lists() {
    let folder = tempfile::tempdir().expect("a folder");
    let levels = [0, 1, 1, 0, 0, 1];
    let read = read(&repeated(folder.path(), &[7, 8, 9], &levels, &levels), &ColumnMap::new(), 0.4, 2);
    let ids: Vec<&str> = read.rows.iter().map(|row| row.split(' ').next().expect("an id")).collect();
    assert_eq!(ids, ["ö7", "ö7", "ö7", "ö8", "ö9", "ö9"]);
}

#[test]
fn a_column_in_a_struct_has_one_value_a_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner: ArrayRef = Arc::new(Int64Array::from_iter([Some(1), None, Some(3), Some(4), Some(5)]));
    let field = Arc::new(Field::new("id", inner.data_type().clone(), true));
    let there = NullBuffer::from(vec![true, true, false, true, true]);
    let object: ArrayRef = Arc::new(StructArray::new(vec![field].into(), vec![inner], Some(there)));
    let numbers: ArrayRef = Arc::new(Float64Array::from_iter_values([0.0, 1.0, 2.0, 3.0, 4.0]));
    let path = file(folder.path(), vec![("object", object), ("mag", numbers)]);
    let read = read(&path, &ColumnMap::new().id("object.id"), 0.6, 2);
    assert_eq!((read.null_ids, read.no_epoch), (2, 0));
    let fluxes = ["ö1 None Some(0.0) None None", "ö4 None Some(3.0) None None", "ö5 None Some(4.0) None None"];
    assert_eq!(read.rows, fluxes);
}
