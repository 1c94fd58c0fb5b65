//! Input surveys in several layouts, and the output of a run.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

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
use tape_core::{ColumnMap, ObjectId};
use tape_io::{Error, PartitionTarget, Repartition, RepartitionReport, Survey};
use tempfile::TempDir;

/// A reproducible generator of pseudorandom numbers.
pub(crate) struct Lcg(u64);

impl Lcg {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % n as u64).expect("small")
    }
}

/// Returns light curves of 1 to 39 epochs, sorted by id, with additional columns without a role: integers, text with
/// nulls, and lists. All times differ.
pub(crate) fn rows(objects: i64) -> RecordBatch {
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

pub(crate) fn lists(rows: impl Iterator<Item = Option<Vec<Option<i32>>>>) -> ArrayRef {
    Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(rows))
}

pub(crate) fn shuffled(rows: &RecordBatch) -> RecordBatch {
    let mut order: Vec<u32> = (0..).take(rows.num_rows()).collect();
    let mut random = Lcg(99);
    for i in (1..order.len()).rev() {
        order.swap(i, random.below(i + 1));
    }
    take_record_batch(rows, &UInt32Array::from(order)).expect("valid rows")
}

/// Replaces a column of the same length.
pub(crate) fn with(rows: &RecordBatch, name: &str, column: ArrayRef) -> RecordBatch {
    let schema = rows.schema();
    let fields = schema.fields().iter().map(|field| match field.name() == name {
        true => Arc::new(Field::new(name, column.data_type().clone(), true)),
        false => Arc::clone(field),
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let place = schema.index_of(name).expect("an existing column");
    let mut columns = rows.columns().to_vec();
    columns[place] = column;
    RecordBatch::try_new(schema, columns).expect("columns fit")
}

/// A folder with an input survey, in which outputs are written.
pub(crate) struct Case {
    pub(crate) folder: TempDir,
    pub(crate) input: String,
}

impl Case {
    /// Writes each batch to a file, in row groups of 10,000 rows.
    pub(crate) fn new(files: &[RecordBatch]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let input = folder.path().join("in");
        fs::create_dir(&input).expect("made");
        let case = Self { input: input.to_str().expect("text").to_owned(), folder };
        files.iter().enumerate().for_each(|(i, rows)| case.file(&format!("{i}.parquet"), rows, &[]));
        case
    }

    /// Writes rows to three files, split at two rows.
    pub(crate) fn cut(rows: &RecordBatch, cuts: [usize; 2]) -> Self {
        let ranges: [Range<usize>; 3] = [0..cuts[0], cuts[0]..cuts[1], cuts[1]..rows.num_rows()];
        Self::new(&ranges.map(|range| rows.slice(range.start, range.len())))
    }

    pub(crate) fn file(&self, name: &str, rows: &RecordBatch, pairs: &[(&str, &str)]) {
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

    pub(crate) fn survey(&self) -> Survey {
        Survey::open(&[&self.input], &ColumnMap::new()).expect("opens")
    }

    pub(crate) fn run(&self, n: usize) -> Output {
        self.run_with("out", |run| run.target = PartitionTarget::Count(n)).expect("written")
    }

    pub(crate) fn run_with(&self, name: &str, change: impl FnOnce(&mut Repartition<'_>)) -> Result<Output, Error> {
        let (survey, out, inputs) = (self.survey(), self.folder.path().join(name), [self.input.clone()]);
        let mut run = Repartition { inputs: &inputs, ..Repartition::new(&survey, &out, PartitionTarget::Count(4)) };
        change(&mut run);
        let report = run.run(&|_| {}, &|| false)?;
        Ok(Output::read(&out, report))
    }

    /// Returns the names of the entries next to the input.
    pub(crate) fn left(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.folder.path()).expect("listed");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        names.filter(|name| name != "in").collect()
    }
}

pub(crate) struct Output {
    pub(crate) report: RepartitionReport,
    /// The names and bytes of the files.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// The rows of each row group of each file.
    pub(crate) groups: Vec<Vec<RecordBatch>>,
    pub(crate) survey: Survey,
}

impl Output {
    pub(crate) fn read(folder: &Path, report: RepartitionReport) -> Self {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
        let files = paths.iter().map(|path| (name(path), fs::read(path).expect("read"))).collect();
        let survey = Survey::open(&[folder.to_str().expect("text")], &ColumnMap::new()).expect("opens");
        Self { report, files, groups: paths.iter().map(|path| groups(path)).collect(), survey }
    }

    pub(crate) fn all(&self) -> RecordBatch {
        let groups: Vec<_> = self.groups.iter().flatten().cloned().collect();
        concat_batches(&groups[0].schema(), &groups).expect("one schema")
    }

    pub(crate) fn first_file(&self) -> ParquetRecordBatchReaderBuilder<File> {
        let path = self.survey.paths().next().expect("a file");
        ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("opened")).expect("a footer")
    }

    /// Checks properties of every output: files and rows are sorted, no object is split, and the footers say so.
    pub(crate) fn check(&self) {
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

pub(crate) fn groups(path: &Path) -> Vec<RecordBatch> {
    let open = || ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("opened")).expect("a footer");
    let group = |i| {
        let reader: ParquetRecordBatchReader = open().with_row_groups(vec![i]).build().expect("built");
        let schema = reader.schema();
        concat_batches(&schema, &reader.collect::<Result<Vec<_>, _>>().expect("decoded")).expect("one schema")
    };
    (0..open().metadata().num_row_groups()).map(group).collect()
}

pub(crate) fn object_ids(rows: &RecordBatch) -> Vec<ObjectId> {
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

/// Formats each row as text, with all columns.
pub(crate) fn lines(rows: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default().with_null("null");
    let columns: Vec<ArrayFormatter<'_>> =
        rows.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).expect("printable")).collect();
    let line = |row| columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join(" | ");
    (0..rows.num_rows()).map(line).collect()
}

pub(crate) fn flags(rows: &RecordBatch) -> Vec<i32> {
    let flags = rows.column_by_name("flags").expect("flags").as_any().downcast_ref::<Int32Array>().expect("integers");
    flags.values().to_vec()
}
