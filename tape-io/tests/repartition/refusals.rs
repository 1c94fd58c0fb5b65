//! Tests refused runs, and that they leave nothing behind.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{ArrayRef, NullArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tape_core::ColumnMap;
use tape_io::{Error, PartitionTarget, Repartition, Survey};

use crate::support::*;

#[test]
fn an_empty_survey_gives_one_empty_file() {
    let empty = rows(1).slice(0, 0);
    let case = Case::new(std::slice::from_ref(&empty));
    let output = case.run(3);
    output.check();
    assert_eq!((output.files.len(), output.report.rows), (1, 0));
    assert_eq!(output.first_file().schema().fields(), empty.schema().fields());
}

#[test]
fn files_whose_columns_have_no_common_type_are_refused() {
    let rows = rows(10);
    let text = with(&rows, "flags", cast(rows.column(5), &DataType::Utf8).expect("text"));
    let case = Case::new(&[rows, text]);
    let error = case.run_with("out", |_| {}).err().expect("refused");
    assert!(matches!(&error, Error::MixedSchemas { path, .. } if path.ends_with("1.parquet")), "{error}");
    assert!(error.to_string().contains("column 'flags' is Utf8, not Int32"), "{error}");
    assert_eq!(case.left(), BTreeSet::new());
}

#[test]
fn files_may_differ_in_the_columns_and_their_widths() {
    let rows = rows(60);
    let half = rows.num_rows() / 2;
    let (first, second) = (rows.slice(0, half), rows.slice(half, rows.num_rows() - half));
    let wide = with(&second, "flags", cast(second.column(5), &DataType::Int64).expect("wider"));
    let wide = with(&wide, "id", cast(second.column(1), &DataType::Int32).expect("narrower"));
    let without = second.project(&[0, 1, 2, 3, 4, 5]).expect("all but the comment");
    let null = Arc::new(StringArray::new_null(second.num_rows()));
    let null_typed = with(&second, "comment", Arc::new(NullArray::new(second.num_rows())));
    for (other, expected) in [
        (&wide, with(&second, "flags", cast(second.column(5), &DataType::Int64).expect("wider"))),
        (&without, with(&second, "comment", Arc::clone(&null) as ArrayRef)),
        (&null_typed, with(&second, "comment", null as ArrayRef)),
    ] {
        for files in [[first.clone(), other.clone()], [other.clone(), first.clone()]] {
            let output = Case::new(&files).run(2);
            let all = output.all();
            let names: Vec<String> = expected.schema().fields().iter().map(|field| field.name().clone()).collect();
            let places = names.iter().map(|name| all.schema().index_of(name).expect("the column is there"));
            let all = all.project(&places.collect::<Vec<_>>()).expect("columns");
            let flags = cast(first.column(5), all.column(5).data_type()).expect("as wide");
            let mut whole = [lines(&with(&first, "flags", flags)), lines(&expected)].concat();
            let mut found = lines(&all);
            found.sort();
            whole.sort();
            assert_eq!(found, whole);
            assert_eq!(all.schema().field(1).data_type(), &DataType::Int64);
        }
    }
}

#[test]
fn files_may_differ_in_the_order_and_nullability_of_columns() {
    let rows = rows(60);
    let other = with(&rows, "id", Arc::clone(rows.column(1))).project(&[6, 5, 4, 3, 2, 1, 0]).expect("reversed");
    let half = rows.num_rows() / 2;
    let output = Case::new(&[rows.slice(0, half), other.slice(half, rows.num_rows() - half)]).run(2);
    output.check();
    assert_eq!(lines(&output.all()), lines(&rows));
    assert!(output.all().schema().field(1).is_nullable());
}

#[test]
fn an_existing_output_is_replaced_only_with_overwrite_and_only_if_it_is_a_survey() {
    let case = Case::new(&[rows(30)]);
    case.run(2);
    let error = case.run_with("out", |_| {}).err().expect("refused");
    assert!(matches!(error, Error::Exists { .. }), "{error}");
    let output = case.run_with("out", |run| (run.overwrite, run.target) = (true, PartitionTarget::Count(3)));
    assert_eq!(output.expect("replaced").files.len(), 3);
    let notes = case.folder.path().join("out/notes.txt");
    fs::write(&notes, "mine").expect("written");
    let error = case.run_with("out", |run| run.overwrite = true).err().expect("refused");
    assert!(error.to_string().contains("it holds 'notes.txt', which is not a Parquet file"), "{error}");
    assert_eq!(fs::read_to_string(&notes).expect("still there"), "mine");
    let error = case.run_with("out/notes.txt", |run| run.overwrite = true).err().expect("refused");
    assert!(error.to_string().contains("it is not a folder"), "{error}");
    assert_eq!(case.left(), BTreeSet::from(["out".to_owned()]));
}

#[test]
fn output_and_input_must_not_overlap() {
    let case = Case::new(&[rows(30)]);
    for out in ["in", "in/sorted", "."] {
        let error = case.run_with(out, |run| run.overwrite = true).err().expect("refused");
        assert!(matches!(error, Error::OutputInInput { .. }), "{out}: {error}");
    }
    assert_eq!(fs::read_dir(&case.input).expect("listed").count(), 1);
    assert_eq!(case.left(), BTreeSet::new());
}

#[test]
fn a_cancelled_run_leaves_nothing_and_keeps_the_old_output() {
    let case = Case::cut(&shuffled(&rows(300)), [1000, 2000]);
    let before = case.run(2);
    let (survey, out) = (case.survey(), case.folder.path().join("out"));
    let run =
        Repartition { overwrite: true, memory: 10_000, ..Repartition::new(&survey, &out, PartitionTarget::Count(4)) };
    let told = AtomicUsize::new(0);
    run.run(
        &|_| {
            told.fetch_add(1, Ordering::Relaxed);
        },
        &|| false,
    )
    .expect("written");
    // Cancel at each event of a complete run.
    let events = told.load(Ordering::Relaxed);
    assert_eq!(events, 3 + 3 + 4, "row groups counted and read, and files written");
    for stop in 1..=events {
        let told = AtomicUsize::new(0);
        let error = run.run(
            &|_| {
                told.fetch_add(1, Ordering::Relaxed);
            },
            &|| told.load(Ordering::Relaxed) >= stop,
        );
        assert!(matches!(error, Err(Error::Cancelled { .. })), "event {stop}: {error:?}");
        assert_eq!(case.left(), BTreeSet::from(["out".to_owned()]), "event {stop}");
        assert_eq!(Survey::open(&[out.to_str().expect("text")], &ColumnMap::new()).expect("opens").paths().len(), 4);
    }
    assert_eq!(before.files.len(), 2);
}

#[test]
fn a_corrupt_page_is_reported_with_its_column() {
    let case = Case::new(&[rows(40)]);
    let path = Path::new(&case.input).join("0.parquet");
    let footer = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).expect("opened")).expect("a footer");
    let (start, length) = footer.metadata().row_group(0).column(6).byte_range();
    let mut bytes = fs::read(&path).expect("read");
    let start = usize::try_from(start).expect("small");
    bytes[start..start + usize::try_from(length).expect("small")].fill(0xff);
    fs::write(&path, bytes).expect("written");
    let error = case.run_with("out", |_| {}).err().expect("corrupt");
    assert!(matches!(&error, Error::Corrupt { column, row_group: 0, .. } if column == "comment"), "{error}");
    assert!(error.to_string().contains("0.parquet"), "{error}");
    assert_eq!(case.left(), BTreeSet::new());
}
