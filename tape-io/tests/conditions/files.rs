//! Tests which rows of files are read, and which are skipped, with a condition.

use std::fs::File;
use std::path::Path;

use arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use proptest::prelude::*;
use tape_core::{ColumnMap, Columns, IdRef, NO_BAND, Partition, Piece, Role, Rows, Source};
use tape_io::Survey;

use crate::generate::conditions;
use crate::naive::{Rules, Value};
use crate::table::{COLUMNS, Row, Table, tables};

/// The settings with which a file is written.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) group: usize,
    pub(crate) page: usize,
    pub(crate) dictionary: bool,
    pub(crate) second_version: bool,
    pub(crate) statistics: EnabledStatistics,
}

impl Written {
    pub(crate) fn write(&self, batch: &RecordBatch, path: &Path) {
        let version = if self.second_version { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(self.group))
            .set_data_page_row_count_limit(self.page)
            .set_write_batch_size(self.page)
            .set_dictionary_enabled(self.dictionary)
            .set_statistics_enabled(self.statistics)
            .set_compression(Compression::SNAPPY)
            .set_writer_version(version);
        let mut writer =
            ArrowWriter::try_new(File::create(path).expect("a file"), batch.schema(), Some(properties.build()));
        let writer = writer.as_mut().expect("a schema");
        writer.write(batch).expect("a successful write");
        writer.finish().expect("a successful write");
    }
}

fn written() -> impl Strategy<Value = Written> {
    let statistics =
        prop::sample::select(vec![EnabledStatistics::None, EnabledStatistics::Chunk, EnabledStatistics::Page]);
    (1..20_usize, 1..8_usize, any::<bool>(), any::<bool>(), statistics).prop_map(
        |(group, page, dictionary, second_version, statistics)| Written {
            group,
            page,
            dictionary,
            second_version,
            statistics,
        },
    )
}

/// Chooses the columns for id, time, flux, error and band.
fn roles() -> impl Strategy<Value = [&'static str; 5]> {
    let one_of = |names: &[&'static str]| prop::sample::select(names.to_vec());
    let (id, band) = (one_of(&["i", "u", "t", "n"]), one_of(&["t", "n", "i"]));
    (id, one_of(&["f", "u"]), one_of(&["f", "s", "i"]), one_of(&["s", "u"]), band)
        .prop_map(|(id, time, flux, error, band)| [id, time, flux, error, band])
}

const ALL: Columns = Columns { time: true, flux: true, error: true, band: true };

fn open(path: &Path, roles: [&str; 5]) -> Survey {
    let columns = Role::ALL.into_iter().zip(roles).fold(ColumnMap::new(), |map, (role, name)| map.with(role, name));
    Survey::open(&[path.to_str().expect("text")], &columns).expect("a survey")
}

/// Reads all rows, `at_once` rows at a time, with each row group cut in two. Also returns the number of rows that the
/// reader reports.
fn read(survey: &Survey, at_once: usize) -> (Rows, u64) {
    let mut rows = Rows::new(survey.id_type());
    let mut read = 0;
    for (row_group, group) in survey.row_groups().iter().enumerate() {
        for part in [0..group.rows / 2, group.rows / 2..group.rows] {
            let partition = Partition { pieces: vec![Piece { row_group, rows: part }] };
            let mut reader = survey.read(&partition, ALL).expect("a reader");
            loop {
                let n = reader.read(&mut rows, at_once).expect("valid rows");
                read += n as u64;
                if n == 0 {
                    break;
                }
            }
        }
    }
    (rows, read)
}

/// A row as read or as expected: the id, the band, and the bits of the three numbers.
type Seen = (String, Option<String>, [u64; 3]);

fn bits(value: f64) -> u64 {
    // Null is read as NaN, and all NaNs compare equal here.
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

#[expect(clippy::cast_precision_loss, reason = "as columns with a role are read")]
fn wanted(row: &Row, roles: [&str; 5]) -> Option<Seen> {
    let value = |name: &str| &row.values[COLUMNS.iter().position(|column| *column == name).expect("a column")];
    let label = |name: &str| match value(name) {
        Value::Whole(value) => Some(value.to_string()),
        Value::Big(value) => Some(value.to_string()),
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    let number = |name: &str| match value(name) {
        Value::Whole(value) => *value as f64,
        Value::Big(value) => *value as f64,
        Value::Float(value) => *value,
        _ => f64::NAN,
    };
    let [id, time, flux, error, band] = roles;
    Some((label(id)?, label(band), [time, flux, error].map(|name| bits(number(name)))))
}

fn seen(survey: &Survey, rows: &Rows) -> Vec<Seen> {
    let labels = survey.bands().labels();
    let row = |row: usize| {
        let id = match rows.ids.get(row) {
            id @ IdRef::Int(_) => id.to_owned(survey.id_type()).to_string(),
            IdRef::Text(text) => text.to_owned(),
        };
        let band = Some(rows.band[row]).filter(|&code| code != NO_BAND).map(|code| labels[usize::from(code)].clone());
        (id, band, [rows.time[row], rows.flux[row], rows.error[row]].map(bits))
    };
    (0..rows.len()).map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_rows_read_are_those_where_the_condition_is_true(
        condition in conditions(),
        table in tables(),
        written in written(),
        roles in roles(),
        at_once in 1..30_usize,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("survey.parquet");
        written.write(&table.batch(), &path);
        let survey = open(&path, roles).filtered(&condition.to_string()).expect("a condition");
        let (rows, read) = read(&survey, at_once);
        let is_true = |row: &&Row| condition.value(row, Rules::default()) == Value::Truth(true);
        let kept: Vec<&Row> = table.rows.iter().filter(is_true).collect();
        let expected: Vec<Seen> = kept.iter().filter_map(|row| wanted(row, roles)).collect();
        prop_assert_eq!(seen(&survey, &rows), &expected[..], "{}", condition);
        prop_assert_eq!(read, table.rows.len() as u64);
        prop_assert_eq!(rows.excluded, (table.rows.len() - kept.len()) as u64);
        prop_assert_eq!(rows.null_ids, (kept.len() - expected.len()) as u64);
    }
}

/// Writes ten thousand rows, sorted by `i`, in ten row groups of ten pages.
fn large(path: &Path) {
    large_with(path, EnabledStatistics::Chunk);
}

fn large_with(path: &Path, statistics: EnabledStatistics) {
    let row = |row: i32| {
        let mut values = [const { Value::Null }; 9];
        values[0] = Value::Whole(row.into());
        values[1] = Value::Big((row % 977).into());
        values[2] = Value::Float(f64::from(row).sin());
        values[3] = Value::Float((row % 7).into());
        values[5] = Value::Text(["g", "r", "i"][row as usize % 3].to_owned());
        Row { values }
    };
    let table = Table { rows: (0..10_000).map(row).collect() };
    let written = Written { group: 1000, page: 100, dictionary: false, second_version: false, statistics };
    written.write(&table.batch(), path);
}

const ROLES: [&str; 5] = ["i", "u", "f", "s", "t"];

/// Returns the number of bytes and rows read with a condition.
fn cost(path: &Path, condition: Option<&str>) -> (u64, usize) {
    let survey = open(path, ROLES);
    let survey = match condition {
        Some(condition) => survey.filtered(condition).expect("a condition"),
        None => survey,
    };
    let rows = read(&survey, 250).0.len();
    (survey.bytes_read(), rows)
}

#[test]
fn row_groups_without_a_matching_row_are_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    large(&path);
    let (all, rows) = cost(&path, None);
    assert_eq!(rows, 10_000);
    let survey = open(&path, ROLES).filtered("i >= 3500 AND i < 4200").expect("a condition");
    assert_eq!((survey.row_groups_skipped(), survey.filter()), (8, Some("i >= 3500 AND i < 4200")));
    let bytes: Vec<u64> = (0..10).map(|group| survey.bytes(group, ALL)).collect();
    assert!(bytes.iter().enumerate().all(|(group, &bytes)| (bytes > 0) == (3..5).contains(&group)), "{bytes:?}");
    let (some, rows) = cost(&path, Some("i >= 3500 AND i < 4200"));
    assert_eq!(rows, 700);
    assert!(some < all / 4, "{some} of {all} bytes");
    assert_eq!(cost(&path, Some("i < 0")), (0, 0));
}

#[test]
fn columns_are_decoded_once_and_only_where_a_row_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    large(&path);
    let (all, _) = cost(&path, None);
    // Every column plays a role, so the condition costs no additional bytes.
    let (same, rows) = cost(&path, Some("i >= 0 AND u >= 0 AND f >= -2 AND s >= 0 AND t <> ''"));
    assert_eq!((same, rows), (all, 10_000));
    // Statistics cannot exclude any row.
    let (one_column, rows) = cost(&path, Some("u % 977 = 978"));
    assert_eq!(rows, 0);
    let survey = open(&path, ROLES).filtered("u = -1 OR u % 977 = 978").expect("a condition");
    assert_eq!(survey.row_groups_skipped(), 0);
    assert!(one_column < all / 3, "{one_column} of {all} bytes");
    // Only the last rows of each row group match, so the pages of the other rows are skipped.
    let (some, rows) = cost(&path, Some("i % 1000 >= 900"));
    assert_eq!(rows, 1000);
    assert!(some < all / 2, "{some} of {all} bytes");
}

#[test]
fn conditions_combine_and_must_be_valid_on_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    large(&path);
    let survey = open(&path, ROLES).filtered("i < 50 OR i >= 9950 -- the ends").expect("a condition");
    let survey = survey.filtered("i > 40").expect("another");
    assert_eq!(read(&survey, 100).0.len(), 59);
    assert_eq!(survey.row_groups_skipped(), 8);
    let refused = open(&path, ROLES).filtered("i < 5").and_then(|survey| survey.filtered("i < 5) OR (i > 5"));
    let message = refused.expect_err("not a condition on its own").to_string();
    assert!(message.contains("unexpected ) after the end"), "{message}");
    let message = open(&path, ROLES).filtered("fluxx > 0").expect_err("no such column").to_string();
    assert!(message.starts_with(&format!("{}: no column is called 'fluxx'", path.display())), "{message}");
}

#[test]
fn a_pattern_that_is_too_large_is_reported_as_an_error_of_the_condition() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    large(&path);
    let survey = open(&path, ROLES).filtered(&format!("t LIKE 'a{}b_c'", "_".repeat(300_000))).expect("a condition");
    let partition = Partition { pieces: vec![Piece { row_group: 0, rows: 0..1000 }] };
    let mut reader = survey.read(&partition, ALL).expect("a reader");
    let message = reader.read(&mut Rows::new(survey.id_type()), 10).expect_err("too large").to_string();
    assert!(message.contains("the expression cannot be evaluated"), "{message}");
}

#[test]
fn a_filtered_survey_is_not_repartitioned() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    large(&path);
    let survey = open(&path, ROLES).filtered("i < 5").expect("a condition");
    let out = folder.path().join("out");
    let again = tape_io::Repartition::new(&survey, &out, tape_io::PartitionTarget::Count(1));
    let message = again.run(&|_| {}, &|| false).expect_err("the output would have all rows").to_string();
    assert!(message.contains("not only those where i < 5") && !out.exists(), "{message}");
}

#[test]
fn a_condition_without_columns_is_evaluated() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    large(&path);
    let rows = |condition: &str| read(&open(&path, ROLES).filtered(condition).expect("a condition"), 1000).0;
    assert_eq!((rows("1 > 0").len(), rows("1 < 0").len(), rows("1 % 0 = 1").len()), (10_000, 0, 0));
    assert_eq!(rows("1 % 0 = 1").excluded, 10_000);
}

#[test]
fn pages_without_a_matching_row_are_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let [without, with] = ["without.parquet", "with.parquet"].map(|name| folder.path().join(name));
    large(&without);
    large_with(&with, EnabledStatistics::Page);
    for (condition, most) in [
        ("i >= 3510 AND i < 3590", 0.4),
        ("i = 3500 OR i = 3999 OR i = 7", 0.5),
        ("i BETWEEN 3450 AND 3550 AND f > 0", 0.5),
        ("i + 5 < 60 OR s IS NULL", 0.8),
        ("(i < 60 OR i > 9990) AND t <> 'x'", 0.7),
    ] {
        let [(all, expected), (some, rows)] = [&without, &with].map(|path| cost(path, Some(condition)));
        assert_eq!(rows, expected, "{condition}");
        assert!((some as f64) < most * all as f64, "{condition}: {some} of {all} bytes");
    }
    let told = |path| {
        let survey = open(path, ROLES).filtered("i >= 3510 AND i < 3590 AND f > 0").expect("a condition");
        let (rows, read) = read(&survey, 77);
        (seen(&survey, &rows), rows.excluded, read)
    };
    assert_eq!(told(&with), told(&without));
    // Every page may have matching rows, so none is skipped.
    assert_eq!(cost(&with, Some("f > 0.5")).1, cost(&without, Some("f > 0.5")).1);
}

#[test]
fn an_invalid_page_index_is_ignored() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    large_with(&path, EnabledStatistics::Page);
    let (whole, expected) = cost(&path, Some("i >= 3510 AND i < 3590"));
    let bytes = std::fs::read(&path).expect("a file");
    let footer = parquet::file::metadata::ParquetMetaDataReader::new()
        .parse_and_finish(&std::fs::File::open(&path).expect("a file"));
    let footer = footer.expect("Parquet");
    let chunk = footer.row_group(3).column(0);
    let at = |offset: Option<i64>, length: Option<i32>| {
        let first = usize::try_from(offset.expect("an index")).expect("in the file");
        first..first + usize::try_from(length.expect("an index")).expect("in the file")
    };
    let column = at(chunk.column_index_offset(), chunk.column_index_length());
    let offset = at(chunk.offset_index_offset(), chunk.offset_index_length());
    for place in column.chain(offset) {
        for byte in [0x00, 0xFF, 0x19, bytes[place] ^ 0x10] {
            let mut changed = bytes.clone();
            changed[place] = byte;
            std::fs::write(&path, &changed).expect("written");
            let (read, rows) = cost(&path, Some("i >= 3510 AND i < 3590"));
            // A false but plausible claim is believed, like one in a footer: rows can be lost, but not added.
            assert!(rows <= expected && read < 100 * whole, "byte {byte:02x} at {place}: {rows} rows");
        }
    }
    for length in [0, 1] {
        let mut changed = bytes.clone();
        let column = at(chunk.column_index_offset(), chunk.column_index_length());
        changed[column.start + length..column.end].fill(0);
        std::fs::write(&path, &changed).expect("written");
        assert_eq!(cost(&path, Some("i >= 3510 AND i < 3590")).1, expected);
    }
}
