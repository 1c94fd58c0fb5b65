//! Light curves give the same answers however they lie in a file: random surveys, written in every shape, beside their flat
//! copy.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, DictionaryArray, FixedSizeListArray, Float64Array, Int32Array, Int64Array, LargeListArray,
    ListArray, RecordBatch, StringArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Fields, Int32Type, Schema};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use proptest::prelude::*;
use tape::exec::{Partitioning, PlanChoice};
use tape::prelude::*;

/// The epochs of one object: time, flux, error and band, each of which may be null.
type Epochs = Vec<Epoch>;
type Epoch = (Option<f64>, Option<f64>, Option<f64>, Option<u8>);

/// An object, whose list of epochs may be null or empty.
#[derive(Clone, Debug)]
struct Object {
    id: Option<i64>,
    epochs: Option<Epochs>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Layout {
    Flat,
    ListColumns,
    LargeListColumns,
    StructOfLists,
    ListOfStructs,
    ListOfListsOfStructs,
}

const NESTED: [Layout; 5] = [
    Layout::ListColumns,
    Layout::LargeListColumns,
    Layout::StructOfLists,
    Layout::ListOfStructs,
    Layout::ListOfListsOfStructs,
];

#[derive(Clone, Copy, Debug)]
enum BandType {
    Text,
    Dictionary,
    Integer,
}

/// The names of the columns of epochs: odd ones.
const NAMES: [&str; 4] = ["zeit in tagen", "flüx.1", "σ", "band"];

fn columns(epochs: &Epochs, bands: BandType) -> Vec<ArrayRef> {
    let float =
        |get: fn(&Epoch) -> Option<f64>| -> ArrayRef { Arc::new(epochs.iter().map(get).collect::<Float64Array>()) };
    let label = |code: u8| ["g", "r", "日本"][usize::from(code)];
    let labels = epochs.iter().map(|epoch| epoch.3.map(label));
    let band: ArrayRef = match bands {
        BandType::Text => Arc::new(labels.collect::<StringArray>()),
        BandType::Dictionary => Arc::new(labels.collect::<DictionaryArray<Int32Type>>()),
        BandType::Integer => Arc::new(epochs.iter().map(|epoch| epoch.3.map(i32::from)).collect::<Int32Array>()),
    };
    vec![float(|epoch| epoch.0), float(|epoch| epoch.1), float(|epoch| epoch.2), band]
}

fn fields(columns: &[ArrayRef]) -> Fields {
    NAMES.iter().zip(columns).map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect()
}

fn item(array: &dyn Array) -> Arc<Field> {
    Arc::new(Field::new("element", array.data_type().clone(), true))
}

fn list(lengths: &[usize], nulls: Option<NullBuffer>, values: ArrayRef) -> ArrayRef {
    Arc::new(ListArray::new(item(&values), OffsetBuffer::from_lengths(lengths.iter().copied()), values, nulls))
}

/// The survey in a layout, as a table.
fn table(objects: &[Object], layout: Layout, bands: BandType) -> RecordBatch {
    let epochs: Epochs = objects.iter().filter_map(|object| object.epochs.as_ref()).flatten().copied().collect();
    let columns = columns(&epochs, bands);
    let lengths: Vec<usize> = objects.iter().map(|object| object.epochs.as_ref().map_or(0, Vec::len)).collect();
    let is_valid: Vec<bool> = objects.iter().map(|object| object.epochs.is_some()).collect();
    let nulls = Some(NullBuffer::from(is_valid));
    let ids = objects.iter().map(|object| object.id);
    let structs = || -> ArrayRef { Arc::new(StructArray::new(fields(&columns), columns.clone(), None)) };
    let (ids, rest): (Int64Array, Vec<(&str, ArrayRef)>) = match layout {
        Layout::Flat => {
            let repeated = objects.iter().zip(&lengths).flat_map(|(object, n)| vec![object.id; *n]);
            (repeated.collect(), NAMES.into_iter().zip(columns.clone()).collect())
        }
        Layout::ListColumns => {
            let lists = columns.iter().map(|column| list(&lengths, nulls.clone(), column.clone()));
            (ids.collect(), NAMES.into_iter().zip(lists).collect())
        }
        Layout::LargeListColumns => {
            let offsets = || OffsetBuffer::from_lengths(lengths.iter().copied());
            let lists = columns.iter().map(|column| -> ArrayRef {
                Arc::new(LargeListArray::new(item(column), offsets(), column.clone(), nulls.clone()))
            });
            (ids.collect(), NAMES.into_iter().zip(lists).collect())
        }
        Layout::StructOfLists => {
            let lists: Vec<ArrayRef> = columns.iter().map(|column| list(&lengths, None, column.clone())).collect();
            (ids.collect(), vec![("light curve", Arc::new(StructArray::new(fields(&lists), lists, nulls)))])
        }
        Layout::ListOfStructs => (ids.collect(), vec![("light curve", list(&lengths, nulls, structs()))]),
        Layout::ListOfListsOfStructs => {
            // Two inner lists for each object, of which one may be empty.
            let halves: Vec<usize> = lengths.iter().flat_map(|n| [n / 2, n - n / 2]).collect();
            let inner = list(&halves, None, structs());
            let outer: Vec<usize> = objects.iter().map(|_| 2).collect();
            (ids.collect(), vec![("light curve", list(&outer, None, inner))])
        }
    };
    let mut all: Vec<(&str, ArrayRef)> = vec![("id", Arc::new(ids))];
    all.extend(rest);
    let schema: Vec<Field> =
        all.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(schema)), all.into_iter().map(|(_, array)| array).collect())
        .expect("a table")
}

/// How a file is written.
#[derive(Clone, Copy, Debug)]
struct Writing {
    rows: usize,
    second_version: bool,
    dictionary: bool,
    page_rows: usize,
}

fn write(path: &Path, table: &RecordBatch, writing: Writing) {
    let version = if writing.second_version { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(writing.rows))
        .set_writer_version(version)
        .set_dictionary_enabled(writing.dictionary)
        .set_data_page_row_count_limit(writing.page_rows)
        .set_write_batch_size(writing.page_rows)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .build();
    let mut writer =
        ArrowWriter::try_new(File::create(path).expect("a file"), table.schema(), Some(properties)).expect("a writer");
    writer.write(table).expect("rows");
    writer.close().expect("a footer");
}

/// Results, without the names of the id and the band, which are those of the file.
fn results(path: &Path, layout: Layout, plan: PlanChoice, cut: Partitioning) -> Result<(String, u64, u64), Error> {
    let prefix = if matches!(layout, Layout::Flat | Layout::ListColumns | Layout::LargeListColumns) {
        ""
    } else {
        "light curve."
    };
    let [time, flux, error, band] = NAMES.map(|name| format!("{prefix}{name}"));
    let columns = ColumnMap::new().id("id").time(&time).flux(&flux).error(&error).band(&band);
    let ensemble = Ensemble::open_with(&[path.to_string_lossy()], &columns)?;
    let batch = ensemble.batch_named(&["stetson_j", "eta", "median", "weighted_mean"])?.workers(2);
    let batch = batch.plan(plan).partitioning(cut);
    let (table, summary) = batch.run(&batch.explain()?, &tape::core::Silent)?;
    let text = arrow::util::pretty::pretty_format_batches(&[table]).expect("text").to_string();
    Ok((text, summary.left_out.no_epoch, summary.left_out.total() - summary.left_out.no_epoch))
}

fn objects() -> impl Strategy<Value = Vec<Object>> {
    let null = |strategy: BoxedStrategy<f64>| prop_oneof![9 => strategy.prop_map(Some), 1 => Just(None)];
    let epoch = (
        null((0.0..1e4).boxed()),
        null((-1e3..1e3).boxed()),
        null((0.1..10.0).boxed()),
        prop_oneof![9 => (0_u8..3).prop_map(Some), 1 => Just(None)],
    );
    let epochs = prop_oneof![
        6 => prop::collection::vec(epoch, 0..12).prop_map(Some),
        1 => Just(Some(vec![])),
        1 => Just(None),
    ];
    let object = (prop_oneof![12 => (0_i64..40).prop_map(Some), 1 => Just(None)], epochs);
    (prop::collection::vec(object, 1..60), any::<bool>()).prop_map(|(objects, sorted)| {
        let mut objects: Vec<Object> = objects.into_iter().map(|(id, epochs)| Object { id, epochs }).collect();
        if sorted {
            objects.sort_by_key(|object| object.id);
        }
        objects
    })
}

fn writing() -> impl Strategy<Value = Writing> {
    (1_usize..30, any::<bool>(), any::<bool>(), 1_usize..20).prop_map(
        |(rows, second_version, dictionary, page_rows)| Writing { rows, second_version, dictionary, page_rows },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Objects may lie in several rows, in any order, and partitions may cut any of them.
    #[test]
    fn every_shape_gives_the_answers_of_flat_rows(
        objects in objects(),
        writing in writing(),
        bands in prop_oneof![Just(BandType::Text), Just(BandType::Dictionary), Just(BandType::Integer)],
        cut in prop_oneof![Just(Partitioning::RowGroups), (1_u64..20).prop_map(Partitioning::Count)],
        plan in prop_oneof![2 => Just(PlanChoice::Auto), 1 => Just(PlanChoice::Shuffle)],
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("survey.parquet");
        write(&path, &table(&objects, Layout::Flat, bands), writing);
        let (want, none, left_out) = results(&path, Layout::Flat, PlanChoice::Auto, Partitioning::RowGroups).expect("flat");
        prop_assert_eq!(none, 0);
        let without = objects.iter().filter(|object| object.epochs.as_ref().is_none_or(Vec::is_empty)).count() as u64;
        for layout in NESTED {
            write(&path, &table(&objects, layout, bands), writing);
            let (got, no_epoch, other) = results(&path, layout, plan, cut).expect("it runs");
            prop_assert_eq!(&got, &want, "{:?}", layout);
            prop_assert_eq!(other, left_out, "{:?}", layout);
            // An empty list of a list of two is two slots.
            let is_right = if layout == Layout::ListOfListsOfStructs { no_epoch >= without } else { no_epoch == without };
            prop_assert!(is_right, "{:?}: {} of {}", layout, no_epoch, without);
        }
    }
}

fn two() -> Vec<Object> {
    let epoch = |i: u32| (Some(f64::from(i)), Some(f64::from(i * i)), Some(1.0), Some(0));
    let object = |id, n| Object { id: Some(id), epochs: Some((0..n).map(epoch).collect()) };
    vec![object(1, 5), object(2, 3)]
}

const WRITING: Writing = Writing { rows: 10, second_version: false, dictionary: true, page_rows: 100 };

#[test]
fn an_epoch_that_moves_to_the_next_light_curve_is_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    let of = |objects: &[Object]| {
        write(&path, &table(objects, Layout::StructOfLists, BandType::Text), WRITING);
        results(&path, Layout::StructOfLists, PlanChoice::Auto, Partitioning::RowGroups).expect("it runs")
    };
    let right = of(&two());
    let mut moved = two();
    let epoch = moved[0].epochs.as_mut().and_then(Vec::pop).expect("there are five");
    moved[1].epochs.as_mut().expect("there are three").insert(0, epoch);
    assert_ne!(of(&moved), right);
}

#[test]
fn lists_of_fixed_size_are_read() {
    let objects: Vec<Object> =
        two().into_iter().map(|object| Object { epochs: two()[1].epochs.clone(), ..object }).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    write(&path, &table(&objects, Layout::Flat, BandType::Text), WRITING);
    let want = results(&path, Layout::Flat, PlanChoice::Auto, Partitioning::RowGroups).expect("it runs");
    let flat = table(&objects, Layout::Flat, BandType::Text);
    let fixed = |name: &str| -> ArrayRef {
        let values = flat.column_by_name(name).expect("a column").clone();
        Arc::new(FixedSizeListArray::new(item(&values), 3, values, None))
    };
    let lists: Vec<(&str, ArrayRef)> = NAMES.into_iter().map(|name| (name, fixed(name))).collect();
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let table = RecordBatch::try_from_iter([("id", ids)].into_iter().chain(lists)).expect("a table");
    write(&path, &table, WRITING);
    assert_eq!(results(&path, Layout::ListColumns, PlanChoice::Auto, Partitioning::RowGroups).expect("it runs"), want);
}

#[test]
fn lists_of_different_lengths_and_light_curves_in_two_columns_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    let whole = table(&two(), Layout::ListColumns, BandType::Text);
    let mut columns = whole.columns().to_vec();
    let (times, shorter) = (columns[1].clone(), vec![4, 4]);
    columns[1] = list(&shorter, None, times.as_any().downcast_ref::<ListArray>().expect("lists").values().clone());
    write(&path, &RecordBatch::try_new(whole.schema(), columns).expect("a table"), WRITING);
    let run = |path: &Path| results(path, Layout::ListColumns, PlanChoice::Auto, Partitioning::RowGroups);
    let error = run(&path).expect_err("five epochs and four times").to_string();
    for word in ["survey.parquet", "row group 0", "row 0"] {
        assert!(error.contains(word), "{error}");
    }
    let one: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let curve = |epochs: &[f64]| -> ArrayRef {
        let values: ArrayRef = Arc::new(Float64Array::from(epochs.to_vec()));
        let field = Field::new("element", DataType::Float64, true);
        let lists: ArrayRef =
            Arc::new(ListArray::new(Arc::new(field), OffsetBuffer::from_lengths([2, 2]), values, None));
        let fields = Fields::from(vec![Field::new("mag", lists.data_type().clone(), true)]);
        Arc::new(StructArray::new(fields, vec![lists], None))
    };
    let table = [("id", one), ("diff", curve(&[1.0; 4])), ("forced", curve(&[2.0; 4]))];
    write(&path, &RecordBatch::try_from_iter(table).expect("a table"), WRITING);
    let error = Ensemble::open(&path.to_string_lossy()).expect_err("two of them").to_string();
    assert!(error.contains("'diff' and in 'forced'") && error.contains("--flux diff.mag"), "{error}");
    assert!(Ensemble::open_with(&[path.to_string_lossy()], &ColumnMap::new().flux("forced.mag")).is_ok());
}
