//! Tests that every row is kept, in order.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
use arrow::compute::{cast, concat_batches, take_record_batch};
use arrow::datatypes::DataType;
use tape_core::ObjectId;
use tape_io::{PartitionTarget, Repartition};

use crate::support::*;

#[test]
fn every_value_is_kept_in_order() {
    let rows = rows(700);
    let case = Case::cut(&shuffled(&rows), [2000, 2001]);
    let output = case.run(5);
    output.check();
    assert_eq!(output.files.len(), 5);
    assert_eq!(output.report.files_in, 3);
    // The rows were in order before they were shuffled.
    assert_eq!(lines(&output.all()), lines(&rows));
    assert_eq!(output.all().schema().fields(), rows.schema().fields());
    let rows_of: Vec<usize> = output.groups.iter().map(|file| file.iter().map(RecordBatch::num_rows).sum()).collect();
    let even = rows.num_rows() / 5;
    assert!(rows_of.iter().all(|rows| rows.abs_diff(even) < 40), "uneven: {rows_of:?}");
}

#[test]
fn footers_declare_the_order_and_the_origin() {
    let rows = rows(20);
    let case = Case::new(&[]);
    case.file("a.parquet", &rows, &[("survey", "ours"), ("part", "1"), ("pandas", "{\"index_columns\": [\"id\"]}")]);
    case.file("b.parquet", &rows, &[("survey", "ours"), ("part", "2"), ("pandas", "{\"index_columns\": [\"id\"]}")]);
    let output = case.run(1);
    let file = output.first_file();
    let sorting = file.metadata().row_group(0).sorting_columns().expect("declared");
    let sorting: Vec<(i32, bool, bool)> = sorting.iter().map(|s| (s.column_idx, s.descending, s.nulls_first)).collect();
    assert_eq!(sorting, [(1, false, false), (2, false, false)]);
    let id = file.metadata().row_group(0).column(1);
    assert_eq!(id.column_path().string(), "id");
    assert!(id.column_index_offset().is_some() && id.offset_index_offset().is_some(), "no page index");
    let pairs = file.metadata().file_metadata().key_value_metadata().expect("metadata");
    let pair = |key: &str| pairs.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.as_deref());
    assert_eq!((pair("survey"), pair("part"), pair("pandas")), (Some("ours"), None, None));
    let origin = format!(
        "tape {}: one part of a survey of {} rows in 2 files, sorted by id, mjd",
        env!("CARGO_PKG_VERSION"),
        2 * rows.num_rows()
    );
    assert_eq!(pair("tape.repartition"), Some(origin.as_str()));
}

#[test]
fn the_output_does_not_depend_on_the_layout_of_the_input() {
    let rows = rows(900);
    let ids = object_ids(&rows);
    let starts: Vec<usize> = (1..ids.len()).filter(|&i| ids[i] != ids[i - 1]).collect();
    let sorted = Case::cut(&rows, [starts[300], starts[600]]).run(6);
    sorted.check();
    let split = Case::cut(&rows, [starts[300] - 1, starts[600] - 1]).run(6);
    let shuffled = Case::cut(&shuffled(&rows), [10, 9000]).run(6);
    assert!(sorted.files == split.files, "light curves split across files give another output");
    assert!(sorted.files == shuffled.files, "shuffled rows give another output");
}

#[test]
fn the_output_does_not_depend_on_memory_and_threads() {
    let case = Case::cut(&shuffled(&rows(1500)), [9000, 20_000]);
    let plenty = case.run_with("plenty", |_| {}).expect("written");
    plenty.check();
    assert_eq!(plenty.report.spilled, 0);
    for (memory, threads) in [(0, 1), (100_000, 2), (500_000, 7), (1 << 30, 1), (1 << 30, 7)] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let name = format!("{memory}-{threads}");
        let output = pool.install(|| case.run_with(&name, |run| run.memory = memory)).expect("written");
        assert_eq!(output.report.spilled > 0, memory < 1 << 30, "{name}");
        assert!(output.files == plenty.files, "{name}");
    }
}

#[test]
fn ties_keep_the_order_of_the_input_in_memory_and_on_disk() {
    let rows = shuffled(&rows(1500));
    let rows = with(&rows, "mjd", Arc::new(Float64Array::from(vec![60_000.0; rows.num_rows()])));
    let mut expected: Vec<(ObjectId, i32)> = object_ids(&rows).into_iter().zip(flags(&rows)).collect();
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    // Row groups of 9000, 10,000 and at most 1000 rows: large ones are kept as they are, small ones are merged.
    let case = Case::cut(&rows, [9000, 20_000]);
    for (n, memory) in [(1, 1 << 30), (4, 1 << 30), (1, 0), (1, 600_000), (4, 600_000)] {
        let name = format!("{n}-{memory}");
        let change = |run: &mut Repartition<'_>| (run.target, run.memory) = (PartitionTarget::Count(n), memory);
        let output = case.run_with(&name, change).expect("written");
        assert_eq!(output.report.spilled > 0, memory < 1 << 30, "{name}");
        let all = output.all();
        let found: Vec<(ObjectId, i32)> = object_ids(&all).into_iter().zip(flags(&all)).collect();
        assert!(found == expected, "{name}");
    }
}

#[test]
fn a_partition_holds_at_least_one_object() {
    let rows = rows(5);
    let names = StringArray::from_iter_values(object_ids(&rows).iter().map(ToString::to_string));
    for rows in [with(&rows, "id", Arc::new(names)), rows] {
        let output = Case::new(&[shuffled(&rows)]).run(1000);
        output.check();
        let objects = output.groups.iter().map(|file| object_ids(&file[0]).into_iter().collect::<BTreeSet<_>>().len());
        assert_eq!(objects.collect::<Vec<_>>(), [1; 5]);
    }
}

#[test]
fn an_object_larger_than_a_row_group_is_not_cut() {
    let small = rows(3);
    let n = 130_000;
    let large = take_record_batch(&small, &UInt32Array::from(vec![0; n])).expect("copies of the first row");
    let all = concat_batches(&small.schema(), [&large.slice(0, n / 2), &small, &large.slice(0, n / 2)]).expect("alike");
    let output = Case::new(&[all]).run(1);
    output.check();
    let first = object_ids(&small).iter().filter(|&id| *id == ObjectId::Int(-50)).count();
    let rows: Vec<usize> = output.groups[0].iter().map(RecordBatch::num_rows).collect();
    assert_eq!(rows, [n + first, small.num_rows() - first]);
}

#[test]
fn row_groups_end_where_objects_end() {
    let output = Case::new(&[shuffled(&rows(14_000))]).run(1);
    output.check();
    let rows: Vec<usize> = output.groups[0].iter().map(RecordBatch::num_rows).collect();
    assert_eq!(rows.len(), 3);
    assert!(rows[..2].iter().all(|&rows| rows <= 122_880 && rows > 122_880 - 39), "{rows:?}");
}

#[test]
fn text_ids_are_sorted_by_bytes_with_exact_statistics() {
    let rows = rows(400);
    let long = "the same ninety letters ".repeat(4);
    let name = |id: ObjectId| match id {
        ObjectId::Int(id) => format!("{long}{}{id}", ["é", "z", "Z"][usize::try_from(id + 50).expect("small") / 3 % 3]),
        other => panic!("{other}"),
    };
    let names = StringArray::from_iter_values(object_ids(&rows).into_iter().map(name));
    let text = shuffled(&with(&rows, "id", Arc::new(names)));
    let dictionary = DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Utf8));
    let coded = with(&text, "id", cast(text.column_by_name("id").expect("there"), &dictionary).expect("coded"));
    let (half, rest) = (text.num_rows() / 2, text.num_rows() - text.num_rows() / 2);
    // One file has a dictionary and the other plain text, with the same values.
    let output = Case::new(&[coded.slice(0, half), text.slice(half, rest)]).run(4);
    output.check();
    let sorted = |rows: &RecordBatch| {
        let mut lines = lines(rows);
        lines.sort();
        lines
    };
    assert_eq!(sorted(&output.all()), sorted(&text));
    // 16-bit keys may be too small for the values of all files together.
    let declared = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    assert_eq!(*output.all().column_by_name("id").expect("there").data_type(), declared);
}

#[test]
fn unsigned_ids_are_sorted_as_numbers() {
    let rows = rows(100);
    let ids = object_ids(&rows).into_iter().map(|id| match id {
        ObjectId::Int(id) => (id + 50).cast_unsigned().wrapping_mul(1 << 55),
        other => panic!("{other}"),
    });
    let unsigned = with(&rows, "id", Arc::new(UInt64Array::from_iter_values(ids)));
    let output = Case::new(&[unsigned]).run(3);
    output.check();
    let last = object_ids(&output.all()).pop();
    assert!(matches!(last, Some(ObjectId::UInt(id)) if id > 1 << 63), "{last:?}");
}

#[test]
fn rows_without_an_id_are_skipped_and_counted() {
    let rows = rows(50);
    let ids = object_ids(&rows).into_iter().enumerate().map(|(i, id)| match id {
        ObjectId::Int(id) => (i % 4 > 0).then_some(id),
        other => panic!("{other}"),
    });
    let holes = with(&rows, "id", Arc::new(Int64Array::from_iter(ids)));
    let output = Case::new(&[holes]).run(3);
    output.check();
    assert_eq!(output.report.null_ids, rows.num_rows().div_ceil(4) as u64);
    let kept: Vec<i32> = flags(&rows).into_iter().filter(|i| i % 4 > 0).collect();
    assert_eq!(flags(&output.all()), kept);
}

#[test]
fn equal_times_keep_their_order_and_missing_times_come_last() {
    let rows = rows(1).slice(0, 1);
    let rows = take_record_batch(&rows, &UInt32Array::from(vec![0; 8])).expect("eight rows");
    let rows = with(&rows, "flags", Arc::new(Int32Array::from_iter_values(0..8)));
    let times = [None, Some(f64::NAN), Some(2.0), Some(0.0), Some(-0.0), None, Some(-1.0), Some(2.0)];
    let output = Case::new(&[with(&rows, "mjd", Arc::new(Float64Array::from_iter(times)))]).run(1);
    assert_eq!(flags(&output.all()), [6, 3, 4, 2, 7, 1, 0, 5]);
}

#[test]
fn partitions_have_about_the_requested_size() {
    let case = Case::new(&[rows(2000).project(&[1, 2, 3, 5]).expect("numbers")]);
    // Three columns of 8 bytes and one of 4.
    let bytes = case.survey().row_groups().iter().map(|group| group.rows * 28).sum::<u64>();
    let output = case.run_with("out", |run| run.target = PartitionTarget::Bytes(bytes / 9)).expect("written");
    output.check();
    assert!((9..=10).contains(&output.files.len()), "{} files", output.files.len());
}
