//! A survey written again: every row is still there, and the footers of the output keep what they promise.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{
    Array, ArrayRef, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, RecordBatchReader, StringArray,
    UInt32Array, UInt64Array,
};
use arrow::compute::{cast, concat_batches, take_record_batch};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use tape_core::{ColumnMap, ObjectId, Source};
use tape_io::{Error, PartitionTarget, Repartition, RepartitionReport, Survey};
use tempfile::TempDir;

/// A fixed sequence of numbers that look random.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % n as u64).expect("small")
    }
}

/// Light curves of 1 to 39 epochs, in the order of their ids, with columns that no role has: integers, text with nulls, and
/// lists. All times differ.
fn rows(objects: i64) -> RecordBatch {
    let mut random = Lcg(7);
    let ids: Vec<i64> = (0..objects).flat_map(|id| vec![id * 3 - 50; 1 + random.below(39)]).collect();
    let n = ids.len();
    let number = |i: usize| f64::from(u32::try_from(i).expect("few rows"));
    let small = |i: usize| i32::try_from(i).expect("few rows");
    let mut columns = vec![
        ("history", lists((0..n).map(|i| (i % 7 > 0).then(|| [Some(small(i)), None].repeat(i % 3))))),
        ("id", Arc::new(Int64Array::from(ids)) as ArrayRef),
        ("mjd", Arc::new(Float64Array::from_iter_values((0..n).map(|i| 50_000.0 + number(i))))),
        (
            "mag",
            Arc::new(Float64Array::from_iter((0..n).map(|i| (i % 11 > 0).then(|| 20.0 + number(i % 1000) / 300.0)))),
        ),
    ];
    columns.push(("band", Arc::new(StringArray::from_iter_values((0..n).map(|i| ["g", "r", "i"][i % 3])))));
    columns.push(("flags", Arc::new(Int32Array::from_iter_values((0..n).map(small)))));
    columns
        .push(("comment", Arc::new(StringArray::from_iter((0..n).map(|i| (i % 5 > 0).then(|| format!("row {i}")))))));
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, name != "id")))
        .expect("columns of one length")
}

fn lists(rows: impl Iterator<Item = Option<Vec<Option<i32>>>>) -> ArrayRef {
    Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(rows))
}

fn shuffled(rows: &RecordBatch) -> RecordBatch {
    let mut order: Vec<u32> = (0..).take(rows.num_rows()).collect();
    let mut random = Lcg(99);
    for i in (1..order.len()).rev() {
        order.swap(i, random.below(i + 1));
    }
    take_record_batch(rows, &UInt32Array::from(order)).expect("rows are there")
}

/// Replaces a column of the same length.
fn with(rows: &RecordBatch, name: &str, column: ArrayRef) -> RecordBatch {
    let schema = rows.schema();
    let fields = schema.fields().iter().map(|field| match field.name() == name {
        true => Arc::new(Field::new(name, column.data_type().clone(), true)),
        false => Arc::clone(field),
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let place = schema.index_of(name).expect("the column is there");
    let mut columns = rows.columns().to_vec();
    columns[place] = column;
    RecordBatch::try_new(schema, columns).expect("columns fit")
}

/// A folder with an input, and room for outputs beside it.
struct Case {
    folder: TempDir,
    input: String,
}

impl Case {
    /// Files of the rows in each range, in row groups of 10,000.
    fn new(files: &[RecordBatch]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let input = folder.path().join("in");
        fs::create_dir(&input).expect("made");
        let case = Self { input: input.to_str().expect("text").to_owned(), folder };
        files.iter().enumerate().for_each(|(i, rows)| case.file(&format!("{i}.parquet"), rows, &[]));
        case
    }

    /// The rows cut into three files at these places.
    fn cut(rows: &RecordBatch, cuts: [usize; 2]) -> Self {
        let ranges: [Range<usize>; 3] = [0..cuts[0], cuts[0]..cuts[1], cuts[1]..rows.num_rows()];
        Self::new(&ranges.map(|range| rows.slice(range.start, range.len())))
    }

    fn file(&self, name: &str, rows: &RecordBatch, pairs: &[(&str, &str)]) {
        let pairs = pairs.iter().map(|&(key, value)| KeyValue::new(key.to_owned(), value.to_owned())).collect();
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(10_000))
            .set_key_value_metadata(Some(pairs))
            .build();
        let file = File::create(Path::new(&self.input).join(name)).expect("created");
        let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(properties)).expect("a schema");
        writer.write(rows).expect("written");
        writer.close().expect("closed");
    }

    fn survey(&self) -> Survey {
        Survey::open(&[&self.input], &ColumnMap::new()).expect("opens")
    }

    fn run(&self, n: usize) -> Output {
        self.run_with("out", |run| run.target = PartitionTarget::Count(n)).expect("written")
    }

    fn run_with(&self, name: &str, change: impl FnOnce(&mut Repartition<'_>)) -> Result<Output, Error> {
        let (survey, out, inputs) = (self.survey(), self.folder.path().join(name), [self.input.clone()]);
        let mut run = Repartition { inputs: &inputs, ..Repartition::new(&survey, &out, PartitionTarget::Count(4)) };
        change(&mut run);
        let report = run.run(&|_| {}, &|| false)?;
        Ok(Output::read(&out, report))
    }

    /// What lies beside the input.
    fn left(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.folder.path()).expect("listed");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        names.filter(|name| name != "in").collect()
    }
}

struct Output {
    report: RepartitionReport,
    /// The names and bytes of the files.
    files: Vec<(String, Vec<u8>)>,
    /// The rows of each row group of each file.
    groups: Vec<Vec<RecordBatch>>,
    survey: Survey,
}

impl Output {
    fn read(folder: &Path, report: RepartitionReport) -> Self {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
        let files = paths.iter().map(|path| (name(path), fs::read(path).expect("read"))).collect();
        let survey = Survey::open(&[folder.to_str().expect("text")], &ColumnMap::new()).expect("opens");
        Self { report, files, groups: paths.iter().map(|path| groups(path)).collect(), survey }
    }

    fn all(&self) -> RecordBatch {
        let groups: Vec<_> = self.groups.iter().flatten().cloned().collect();
        concat_batches(&groups[0].schema(), &groups).expect("one schema")
    }

    fn first_file(&self) -> ParquetRecordBatchReaderBuilder<File> {
        let path = self.survey.paths().next().expect("a file");
        ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("opened")).expect("a footer")
    }

    /// What holds of every output: parts in order, rows in order, nothing cut, and footers that prove it.
    fn check(&self) {
        let names: Vec<String> = (0..self.files.len()).map(|i| format!("part-{i:05}.parquet")).collect();
        assert_eq!(self.files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), names);
        let claimed = self.survey.row_groups();
        let found: Vec<&RecordBatch> = self.groups.iter().flatten().collect();
        assert_eq!(claimed.len(), found.len());
        let mut before: Option<ObjectId> = None;
        for (claimed, found) in claimed.iter().zip(&found) {
            let ids = object_ids(found);
            assert!(ids.is_sorted());
            let range = claimed.ids.clone().expect("statistics of the ids");
            assert_eq!((Some(&range.min), Some(&range.max)), (ids.first(), ids.last()));
            assert!(range.exact && claimed.sorted);
            assert!(before.is_none_or(|before| before < range.min), "an object is in two row groups");
            before = Some(range.max);
        }
        let sum = |of: &dyn Fn(&RecordBatch) -> usize| found.iter().map(|group| of(group)).sum::<usize>() as u64;
        assert_eq!(self.report.rows, sum(&RecordBatch::num_rows));
        assert_eq!(self.report.objects, sum(&|group| object_ids(group).into_iter().collect::<BTreeSet<_>>().len()));
        assert_eq!(self.report.rows_in, self.report.rows + self.report.null_ids);
        assert_eq!((self.report.files, self.report.row_groups), (self.files.len(), found.len()));
        assert_eq!(self.report.bytes, self.files.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>());
    }
}

fn groups(path: &Path) -> Vec<RecordBatch> {
    let open = || ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("opened")).expect("a footer");
    let group = |i| {
        let reader: ParquetRecordBatchReader = open().with_row_groups(vec![i]).build().expect("built");
        let schema = reader.schema();
        concat_batches(&schema, &reader.collect::<Result<Vec<_>, _>>().expect("decoded")).expect("one schema")
    };
    (0..open().metadata().num_row_groups()).map(group).collect()
}

fn object_ids(rows: &RecordBatch) -> Vec<ObjectId> {
    let column = rows.column_by_name("id").expect("an id");
    let (ints, unsigned) =
        (column.as_any().downcast_ref::<Int64Array>(), column.as_any().downcast_ref::<UInt64Array>());
    if let Some(ids) = ints {
        return ids.values().iter().map(|&id| ObjectId::Int(id)).collect();
    }
    if let Some(ids) = unsigned {
        return ids.values().iter().map(|&id| ObjectId::UInt(id)).collect();
    }
    let text = cast(column, &DataType::Utf8).expect("text");
    let text = text.as_any().downcast_ref::<StringArray>().expect("text");
    text.iter().map(|id| ObjectId::Text(id.expect("an id").into())).collect()
}

/// Each row as text, all columns of it.
fn lines(rows: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default().with_null("null");
    let columns: Vec<ArrayFormatter<'_>> =
        rows.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).expect("printable")).collect();
    let line = |row| columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join(" | ");
    (0..rows.num_rows()).map(line).collect()
}

fn flags(rows: &RecordBatch) -> Vec<i32> {
    let flags = rows.column_by_name("flags").expect("flags").as_any().downcast_ref::<Int32Array>().expect("integers");
    flags.values().to_vec()
}

#[test]
fn every_row_of_every_column_is_still_there_in_order() {
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
fn the_order_and_the_cuts_of_the_input_leave_no_trace() {
    let rows = rows(900);
    let ids = object_ids(&rows);
    let starts: Vec<usize> = (1..ids.len()).filter(|&i| ids[i] != ids[i - 1]).collect();
    let sorted = Case::cut(&rows, [starts[300], starts[600]]).run(6);
    sorted.check();
    let split = Case::cut(&rows, [starts[300] - 1, starts[600] - 1]).run(6);
    let shuffled = Case::cut(&shuffled(&rows), [10, 9000]).run(6);
    assert!(sorted.files == split.files, "cut light curves came out otherwise");
    assert!(sorted.files == shuffled.files, "shuffled rows came out otherwise");
}

#[test]
fn neither_memory_nor_threads_change_a_byte() {
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
fn rows_that_tie_keep_the_order_of_the_input_wherever_they_were_held() {
    let rows = shuffled(&rows(1500));
    let rows = with(&rows, "mjd", Arc::new(Float64Array::from(vec![60_000.0; rows.num_rows()])));
    let mut expected: Vec<(ObjectId, i32)> = object_ids(&rows).into_iter().zip(flags(&rows)).collect();
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    // Row groups of 9000, 10,000 and 1000 rows and less: held as they are, and put together.
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
    let large = take_record_batch(&small, &UInt32Array::from(vec![0; n])).expect("the first object again and again");
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
fn text_ids_are_ordered_by_bytes_and_their_statistics_are_whole() {
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
    // One file has a dictionary, the other plain text: the same values.
    let output = Case::new(&[coded.slice(0, half), text.slice(half, rest)]).run(4);
    output.check();
    let sorted = |rows: &RecordBatch| {
        let mut lines = lines(rows);
        lines.sort();
        lines
    };
    assert_eq!(sorted(&output.all()), sorted(&text));
    // Keys of 16 bits might not number the values of all files together.
    let declared = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    assert_eq!(*output.all().column_by_name("id").expect("there").data_type(), declared);
}

#[test]
fn unsigned_ids_are_ordered_as_numbers() {
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
fn rows_without_an_id_are_left_out_and_counted() {
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
fn rows_of_one_time_keep_their_order_and_those_without_come_last() {
    let rows = rows(1).slice(0, 1);
    let rows = take_record_batch(&rows, &UInt32Array::from(vec![0; 8])).expect("eight rows");
    let rows = with(&rows, "flags", Arc::new(Int32Array::from_iter_values(0..8)));
    let times = [None, Some(f64::NAN), Some(2.0), Some(0.0), Some(-0.0), None, Some(-1.0), Some(2.0)];
    let output = Case::new(&[with(&rows, "mjd", Arc::new(Float64Array::from_iter(times)))]).run(1);
    assert_eq!(flags(&output.all()), [6, 3, 4, 2, 7, 1, 0, 5]);
}

#[test]
fn a_partition_holds_about_the_bytes_asked_for() {
    let case = Case::new(&[rows(2000).project(&[1, 2, 3, 5]).expect("numbers")]);
    // Three columns of 8 bytes and one of 4.
    let bytes = case.survey().row_groups().iter().map(|group| group.rows * 28).sum::<u64>();
    let output = case.run_with("out", |run| run.target = PartitionTarget::Bytes(bytes / 9)).expect("written");
    output.check();
    assert!((9..=10).contains(&output.files.len()), "{} files", output.files.len());
}

#[test]
fn an_empty_survey_is_one_empty_file() {
    let empty = rows(1).slice(0, 0);
    let case = Case::new(std::slice::from_ref(&empty));
    let output = case.run(3);
    output.check();
    assert_eq!((output.files.len(), output.report.rows), (1, 0));
    assert_eq!(output.first_file().schema().fields(), empty.schema().fields());
}

#[test]
fn files_that_differ_in_a_column_are_refused() {
    let rows = rows(10);
    let without = rows.project(&[0, 1, 2, 3, 4, 5]).expect("all but the comment");
    let wide = with(&rows, "flags", cast(rows.column(5), &DataType::Int64).expect("wider"));
    for (first, second, difference) in [
        (&rows, &without, "column 'comment' is missing"),
        (&without, &rows, "there is a column 'comment'"),
        (&rows, &wide, "column 'flags' is Int64, not Int32"),
    ] {
        let case = Case::new(&[first.clone(), second.clone()]);
        let error = case.run_with("out", |_| {}).err().expect("refused");
        assert!(matches!(&error, Error::MixedSchemas { path, .. } if path.ends_with("1.parquet")), "{error}");
        assert!(error.to_string().contains(difference), "{error}");
        assert_eq!(case.left(), BTreeSet::new());
    }
}

#[test]
fn the_order_of_columns_and_whether_they_may_be_null_may_differ() {
    let rows = rows(60);
    let other = with(&rows, "id", Arc::clone(rows.column(1))).project(&[6, 5, 4, 3, 2, 1, 0]).expect("reversed");
    let half = rows.num_rows() / 2;
    let output = Case::new(&[rows.slice(0, half), other.slice(half, rows.num_rows() - half)]).run(2);
    output.check();
    assert_eq!(lines(&output.all()), lines(&rows));
    assert!(output.all().schema().field(1).is_nullable());
}

#[test]
fn what_stands_at_the_output_is_replaced_only_when_asked_and_only_if_it_is_a_survey() {
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
fn output_and_input_do_not_lie_in_each_other() {
    let case = Case::new(&[rows(30)]);
    for out in ["in", "in/sorted", "."] {
        let error = case.run_with(out, |run| run.overwrite = true).err().expect("refused");
        assert!(matches!(error, Error::OutputInInput { .. }), "{out}: {error}");
    }
    assert_eq!(fs::read_dir(&case.input).expect("listed").count(), 1);
    assert_eq!(case.left(), BTreeSet::new());
}

#[test]
fn a_run_that_is_stopped_leaves_nothing_and_keeps_what_was_there() {
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
    // Stopped at each event that a whole run has.
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
fn a_corrupt_page_of_any_column_is_named() {
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
