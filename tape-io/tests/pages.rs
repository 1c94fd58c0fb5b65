//! Tests that reading some rows of a row group reads only the pages that hold them.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use tape_core::{ColumnMap, Columns, IdType, Partition, Piece, Rows, Source};
use tape_io::Survey;

const ROWS: u32 = 100_000;
const ALL: Columns = Columns { time: false, flux: true, error: false, band: true };

/// Writes one row group with a hundred pages per column. Every seventh flux and band is null.
fn survey(folder: &std::path::Path, dictionary: bool, version: WriterVersion) -> Survey {
    let some = |i: u32| i % 7 != 3;
    let bands = ["g", "r", "i"];
    let columns: [(&str, ArrayRef); 3] = [
        ("id", Arc::new(Int64Array::from_iter_values((0..ROWS).map(|i| i64::from(i / 40))))),
        ("flux", Arc::new(Float64Array::from_iter((0..ROWS).map(|i| some(i).then_some(f64::from(i % 500)))))),
        ("band", Arc::new(StringArray::from_iter((0..ROWS).map(|i| some(i).then_some(bands[i as usize % 3]))))),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(dictionary)
        .set_writer_version(version)
        .set_data_page_row_count_limit(1000)
        .set_write_batch_size(1000)
        .set_compression(Compression::ZSTD(ZstdLevel::default()));
    let path = folder.join(format!("{dictionary}-{}.parquet", version.as_num()));
    let file = std::fs::File::create(&path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties.build())).expect("a writer");
    writer.write(&batch).expect("a successful write");
    writer.close().expect("a successful write");
    Survey::open(&[&path], &ColumnMap::new()).expect("a survey")
}

fn read(survey: &Survey, rows: std::ops::Range<u64>) -> Rows {
    let partition = Partition { pieces: vec![Piece { row_group: 0, rows }] };
    let mut reader = survey.read(&partition, ALL).expect("a reader");
    let mut rows = Rows::new(IdType::Int64);
    while reader.read(&mut rows, 8192).expect("valid rows") > 0 {}
    rows
}

#[test]
fn pages_before_the_requested_rows_are_skipped() {
    let folder = tempfile::tempdir().expect("a folder");
    for (dictionary, version) in
        [true, false].into_iter().flat_map(|d| [(d, WriterVersion::PARQUET_1_0), (d, WriterVersion::PARQUET_2_0)])
    {
        let survey = survey(folder.path(), dictionary, version);
        let all = read(&survey, 0..u64::from(ROWS));
        let whole = survey.bytes_read();
        for range in [60_500..61_700, 0..1, 99_000..100_000, 99_999..100_000, 50_000..50_000] {
            let before = survey.bytes_read();
            let some = read(&survey, range.clone());
            let bytes = survey.bytes_read() - before;
            let (start, end) =
                (usize::try_from(range.start).expect("small"), usize::try_from(range.end).expect("small"));
            let mut expected = all.new_like();
            expected.extend_from(&all, start..end);
            // Compared as text, because NaN is not equal to itself.
            assert_eq!(format!("{:?}", (&some.ids, &some.flux)), format!("{:?}", (&expected.ids, &expected.flux)));
            assert_eq!(some.band, expected.band);
            // At most three of a hundred pages, and dictionaries.
            assert!(bytes < whole / 16, "{bytes} of {whole} bytes read for {range:?}");
        }
    }
}
