//! Writes the seeds: small files of every type, encoding and codec that is read, their footers and pages, spilled rows,
//! and conditions on rows.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
    UInt64Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::Field;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaDataReader};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

/// Writes the seeds to `corpus/`.
pub(crate) fn write() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in ["survey", "footer", "page_index", "pages", "runs", "spill", "condition"] {
        fs::create_dir_all(corpus.join(target)).expect("a folder");
    }
    let write =
        |target: &str, name: &str, bytes: &[u8]| fs::write(corpus.join(target).join(name), bytes).expect("written");
    for (name, bytes) in files().into_iter().chain(nested()) {
        let length = u32::from_le_bytes(*bytes[..bytes.len() - 4].last_chunk().expect("a length")) as usize;
        write("footer", name, &bytes[bytes.len() - 8 - length..bytes.len() - 8]);
        write("survey", name, &bytes);
    }
    for name in ["plain", "text-ids"] {
        for (of, bytes) in page_indexes(&corpus.join("survey").join(name)) {
            write("page_index", &format!("{name}-{of}"), &bytes);
        }
    }
    for (name, bytes) in tape_io::fuzzing::page_seeds() {
        write("pages", name, &bytes);
    }
    for (name, bytes) in tape_io::fuzzing::condition_seeds() {
        write("condition", name, &bytes);
    }
    for (name, bytes) in tape_io::fuzzing::spill_seeds() {
        write("spill", name, &bytes);
    }
    // Width three: a bit-packed group of eight, then nine sevens.
    write("runs", "both", &[3, 0x03, 0x88, 0xc6, 0xfa, 0x12, 0x07]);
    write("runs", "wide", &[32, 0x04, 1, 2, 3, 4]);
}

/// Returns the page indexes of each column in the first row group.
fn page_indexes(path: &Path) -> Vec<(String, Vec<u8>)> {
    let file = fs::File::open(path).expect("it was written");
    let footer = ParquetMetaDataReader::new().parse_and_finish(&file).expect("Parquet");
    let whole = fs::read(path).expect("it was written");
    let bytes = |offset: Option<i64>, length: Option<i32>| {
        let first = usize::try_from(offset.expect("a page index")).expect("in the file");
        whole[first..first + usize::try_from(length.expect("a page index")).expect("in the file")].to_vec()
    };
    let of_column = |(number, chunk): (usize, &ColumnChunkMetaData)| {
        let values = bytes(chunk.column_index_offset(), chunk.column_index_length());
        let places = bytes(chunk.offset_index_offset(), chunk.offset_index_length());
        [(format!("values-{number}"), values), (format!("places-{number}"), places)]
    };
    footer.row_group(0).columns().iter().enumerate().flat_map(of_column).collect()
}

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let gzip = Compression::GZIP(GzipLevel::default());
    let (one, two) = (WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0);
    vec![
        ("dictionary", file(false, Compression::UNCOMPRESSED, one, true, &[])),
        ("plain", file(false, Compression::UNCOMPRESSED, one, false, &[])),
        ("second-version", file(false, Compression::UNCOMPRESSED, two, true, &[])),
        ("text-ids", file(true, Compression::UNCOMPRESSED, one, true, &[])),
        ("snappy", file(true, Compression::SNAPPY, two, false, &[])),
        ("lz4", file(false, Compression::LZ4_RAW, one, true, &[])),
        ("zstd", file(false, zstd, one, false, &[])),
        ("gzip", file(false, gzip, one, true, &[])),
        ("split", file(false, Compression::UNCOMPRESSED, one, false, &[("time", Encoding::BYTE_STREAM_SPLIT)])),
        ("deltas", file(false, Compression::UNCOMPRESSED, two, false, &[("id", Encoding::DELTA_BINARY_PACKED)])),
        ("lengths", file(true, Compression::UNCOMPRESSED, two, false, &[("band", Encoding::DELTA_LENGTH_BYTE_ARRAY)])),
        ("prefixes", file(true, Compression::UNCOMPRESSED, two, false, &[("id", Encoding::DELTA_BYTE_ARRAY)])),
    ]
}

/// Creates a file with forty epochs of five objects in two bands, with some nulls.
fn file(
    text: bool,
    compression: Compression,
    version: WriterVersion,
    dictionary: bool,
    encodings: &[(&str, Encoding)],
) -> Vec<u8> {
    let rows = 0..40i32;
    let id: ArrayRef = if text {
        Arc::new(StringArray::from_iter_values(rows.clone().map(|row| format!("object {}", row / 8))))
    } else if dictionary {
        Arc::new(Int64Array::from_iter_values(rows.clone().map(|row| i64::from(row / 8))))
    } else {
        Arc::new(UInt64Array::from_iter_values(rows.clone().map(|row| u64::MAX - row as u64 / 8)))
    };
    let band: ArrayRef =
        Arc::new(StringArray::from_iter(rows.clone().map(|row| (row % 7 > 0).then_some(["g", "r"][row as usize % 2]))));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", id),
        ("time", Arc::new(Float64Array::from_iter_values(rows.clone().map(|row| f64::from(row) * 0.7)))),
        ("flux", Arc::new(Float32Array::from_iter(rows.clone().map(|row| (row % 9 > 0).then_some(row as f32))))),
        ("error", Arc::new(Int32Array::from_iter_values(rows.map(|row| 1 + row % 5)))),
        ("band", band),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let mut properties = WriterProperties::builder()
        .set_compression(compression)
        .set_writer_version(version)
        .set_dictionary_enabled(dictionary)
        .set_data_page_row_count_limit(16)
        .set_write_batch_size(8)
        .set_max_row_group_row_count(Some(30));
    for (column, encoding) in encodings {
        properties = properties.set_column_encoding(ColumnPath::from(*column), *encoding);
    }
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).expect("starts");
    writer.write(&batch).expect("writes");
    writer.into_inner().expect("closes")
}

/// Creates files with the same epochs in lists: six objects, one of them null and one empty.
fn nested() -> Vec<(&'static str, Vec<u8>)> {
    let rows = 0..40i32;
    let band = rows.clone().map(|row| (row % 7 > 0).then_some(["g", "r"][row as usize % 2]));
    let epochs: Vec<(&str, ArrayRef)> = vec![
        ("time", Arc::new(Float64Array::from_iter_values(rows.clone().map(|row| f64::from(row) * 0.7)))),
        ("flux", Arc::new(Float32Array::from_iter(rows.clone().map(|row| (row % 9 > 0).then_some(row as f32))))),
        ("error", Arc::new(Int32Array::from_iter_values(rows.map(|row| 1 + row % 5)))),
        ("band", Arc::new(StringArray::from_iter(band))),
    ];
    let list = |values: ArrayRef, lengths: &[usize], null: usize| -> ArrayRef {
        let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        let offsets = OffsetBuffer::from_lengths(lengths.iter().copied());
        Arc::new(ListArray::new(
            item,
            offsets,
            values,
            Some(NullBuffer::from_iter((0..lengths.len()).map(|i| i != null))),
        ))
    };
    let structure = |columns: &[(&str, ArrayRef)]| -> ArrayRef {
        let fields = columns.iter().map(|(name, values)| Field::new(*name, values.data_type().clone(), true));
        let values = columns.iter().map(|(_, values)| Arc::clone(values)).collect();
        Arc::new(StructArray::new(fields.collect(), values, None))
    };
    let (of_objects, of_parts, parts) = ([9, 0, 11, 1, 0, 19], [4, 5, 0, 11, 0, 1, 9, 10], [2, 0, 3, 1, 0, 2]);
    let lists: Vec<(&str, ArrayRef)> =
        epochs.iter().map(|(name, values)| (*name, list(Arc::clone(values), &of_objects, 4))).collect();
    let whole = structure(&epochs);
    let inner = list(Arc::clone(&whole), &of_parts, 4);
    let (one, two) = (WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0);
    vec![
        ("list-columns", nested_file(lists.clone(), one, true)),
        ("struct-of-lists", nested_file(vec![("lc", structure(&lists))], two, false)),
        ("list-of-structs", nested_file(vec![("lc", list(whole, &of_objects, 4))], one, false)),
        ("list-of-lists", nested_file(vec![("lc", list(inner, &parts, 4))], two, true)),
    ]
}

fn nested_file(mut columns: Vec<(&str, ArrayRef)>, version: WriterVersion, dictionary: bool) -> Vec<u8> {
    columns.insert(0, ("id", Arc::new(Int64Array::from_iter_values(0..6))));
    let columns = columns.into_iter().map(|(name, values)| (name, values, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length");
    let properties = WriterProperties::builder()
        .set_writer_version(version)
        .set_dictionary_enabled(dictionary)
        .set_data_page_row_count_limit(2)
        .set_write_batch_size(2)
        .set_max_row_group_row_count(Some(4));
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).expect("starts");
    writer.write(&batch).expect("writes");
    writer.into_inner().expect("closes")
}
