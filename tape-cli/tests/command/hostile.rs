//! Files with random changed bytes and absurd claims. None causes a panic, another exit code, or too much memory.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, ListArray, StringArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::Field;
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::metadata::{
    ColumnChunkMetaDataBuilder, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

use crate::support::{Place, Said};

/// Limit of the address space of a run with a budget of 64 MiB, KiB. Threads and their allocator reserve more of it
/// than they use. The claims below would take more than 2 GiB.
const MOST: u32 = 1536 * 1024;

/// Runs a batch over `bad.parquet` that may take no more than [`MOST`].
fn batch(place: &Place, words: &str) -> Said {
    let command = format!(
        "export MIMALLOC_ARENA_RESERVE=65536; ulimit -v {MOST}; exec {} batch bad.parquet --workers 1 --memory 64MiB --spill-dir . -o out.csv {words}",
        env!("CARGO_BIN_EXE_tape")
    );
    let mut bash = Command::new("bash");
    Said::of(bash.current_dir(place.path("")).args(["-c", &command]).output().expect("bash runs"))
}

/// Sixty objects with 40 epochs in two bands, in the types and encodings that have decoders of their own.
fn survey(
    place: &Place,
    compression: Compression,
    version: WriterVersion,
    dictionary: bool,
    encoding: Option<Encoding>,
    lists: bool,
) {
    let rows = 0..2400i32;
    let id = |row: i32| row / 40;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values(rows.clone().map(|row| i64::from(id(row)))))),
        ("time", Arc::new(Float64Array::from_iter_values(rows.clone().map(|row| f64::from(row) * 0.7)))),
        (
            "flux",
            Arc::new(Float32Array::from_iter(rows.clone().map(|row| (row % 50 > 0).then_some((row % 97) as f32)))),
        ),
        ("error", Arc::new(Int32Array::from_iter_values(rows.clone().map(|row| 1 + row % 5)))),
        ("band", Arc::new(StringArray::from_iter_values(rows.map(|row| ["g", "a longer label"][row as usize % 2])))),
    ];
    let mut properties = WriterProperties::builder()
        .set_compression(compression)
        .set_writer_version(version)
        .set_dictionary_enabled(dictionary)
        .set_data_page_row_count_limit(700)
        .set_write_batch_size(100)
        .set_max_row_group_row_count(Some(1000));
    if let Some(encoding) = encoding {
        let columns: &[&str] = match encoding {
            Encoding::BYTE_STREAM_SPLIT => &["time", "flux"],
            Encoding::DELTA_BINARY_PACKED => &["id", "error"],
            _ => &["band"],
        };
        for column in columns {
            properties = properties.set_column_encoding(ColumnPath::from(*column), encoding);
        }
    }
    if lists {
        let properties = properties.set_data_page_row_count_limit(7).set_max_row_group_row_count(Some(25));
        return place.parquet_with("whole.parquet", in_lists(&columns), properties.set_write_batch_size(5).build());
    }
    place.parquet_with("whole.parquet", columns, properties.build());
}

/// Returns the light curves as a struct of lists, with forty epochs each.
fn in_lists(columns: &[(&'static str, ArrayRef)]) -> Vec<(&'static str, ArrayRef)> {
    let list = |values: &ArrayRef| -> ArrayRef {
        let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([40; 60]), Arc::clone(values), None))
    };
    let (fields, values): (Vec<_>, Vec<_>) = columns[1..]
        .iter()
        .map(|(name, values)| (*name, list(values)))
        .map(|(name, values)| (Field::new(name, values.data_type().clone(), true), values))
        .unzip();
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..60));
    vec![("id", ids), ("lightcurve", Arc::new(StructArray::new(fields.into(), values, None)))]
}

/// Numbers without a pattern: the splitmix64 generator.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).expect("below n")
    }
}

/// Checks that a run ended with a result, or with one error that names the file and without output.
fn judge(place: &Place, said: &Said) -> Result<(), String> {
    let output = place.path("out.csv");
    let there = output.exists();
    drop(fs::remove_file(output));
    let one = said.err.matches("error: ").count() == 1 && said.err.contains("bad.parquet");
    match said.code {
        _ if said.err.contains("panicked at") || said.err.contains("internal error") => Err("a panic".to_owned()),
        Some(0) if there => Ok(()),
        Some(1) if one && !there => Ok(()),
        _ => Err(format!("an end of another kind, output: {there}")),
    }
}

#[test]
fn random_bytes_changed_never_panic_or_take_more_memory() {
    let place = Place::new();
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let (one, two) = (WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0);
    let kinds = [
        (Compression::UNCOMPRESSED, one, true, None),
        (Compression::SNAPPY, one, false, None),
        (Compression::LZ4_RAW, two, true, None),
        (zstd, one, false, Some(Encoding::BYTE_STREAM_SPLIT)),
        (Compression::GZIP(GzipLevel::default()), two, false, Some(Encoding::DELTA_BINARY_PACKED)),
        (Compression::UNCOMPRESSED, two, false, Some(Encoding::DELTA_BYTE_ARRAY)),
        (Compression::SNAPPY, two, false, Some(Encoding::DELTA_LENGTH_BYTE_ARRAY)),
        (Compression::UNCOMPRESSED, one, true, None),
        (zstd, two, false, None),
    ];
    let mut random = Random(2026);
    let mut told = 0;
    for (kind, (compression, version, dictionary, encoding)) in kinds.into_iter().enumerate() {
        // The last two are lists.
        survey(&place, compression, version, dictionary, encoding, kind > 6);
        let whole = place.read("whole.parquet");
        fs::write(place.path("bad.parquet"), &whole).expect("written");
        let said = batch(&place, "--stat mean,median,stetson_j");
        assert_eq!(said.code, Some(0), "kind {kind}, as it was written: {said:?}");
        fs::remove_file(place.path("out.csv")).expect("an answer");
        for round in 0..24 {
            let mut bytes = whole.clone();
            for _ in 0..=random.below(3) {
                // Every third change is in the footer, where one byte means more.
                let from = if round % 3 == 0 { bytes.len() * 3 / 4 } else { 0 };
                let at = from + random.below(bytes.len() - from);
                bytes[at] ^= 1 << random.below(8);
            }
            fs::write(place.path("bad.parquet"), bytes).expect("written");
            let plan = ["auto", "shuffle"][round % 2];
            let said = batch(&place, &format!("--stat mean,median,stetson_j --plan {plan}"));
            told += usize::from(said.code == Some(1));
            judge(&place, &said).unwrap_or_else(|what| panic!("kind {kind}, round {round}: {what}: {said:?}"));
        }
    }
    // Otherwise no change had any effect.
    assert!(told > 40, "{told}");
}

#[test]
fn a_judge_that_sees_a_panic_says_so() {
    let place = Place::new();
    let said = |code, err: &str| Said { code: Some(code), out: String::new(), err: err.to_owned() };
    assert!(judge(&place, &said(1, "error: bad.parquet: is corrupt")).is_ok());
    for (code, err) in
        [(101, "thread 'main' panicked at"), (1, "error: something"), (1, "error: bad.parquet error: "), (0, "")]
    {
        assert!(judge(&place, &said(code, err)).is_err(), "{code} {err}");
    }
    assert!(
        judge(&place, &Said { code: None, out: String::new(), err: "memory allocation failed".to_owned() }).is_err()
    );
}

/// A whole file with another footer, and more bytes before it.
fn with_footer(whole: &[u8], more: &[u8], footer: &[u8]) -> Vec<u8> {
    let length = u32::from_le_bytes(*whole[..whole.len() - 4].last_chunk().expect("a length")) as usize;
    let mut bytes = whole[..whole.len() - 8 - length].to_vec();
    bytes.extend(more);
    bytes.extend(footer);
    bytes.extend(u32::try_from(footer.len()).expect("short").to_le_bytes());
    bytes.extend(b"PAR1");
    bytes
}

/// The footer of `whole` with its first row group's first column, the id, changed; or its number of rows.
fn footer(
    whole: &[u8],
    rows: Option<i64>,
    change: impl Fn(ColumnChunkMetaDataBuilder) -> ColumnChunkMetaDataBuilder,
) -> Vec<u8> {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(whole.to_vec())).expect("a footer");
    let groups = metadata.row_groups().iter().enumerate().map(|(i, group)| {
        if i > 0 {
            return group.clone();
        }
        let claimed = group.num_rows();
        let mut columns = group.columns().to_vec();
        columns[0] = change(columns[0].clone().into_builder()).build().expect("a column");
        let group = group.clone().into_builder().set_column_metadata(columns);
        group.set_num_rows(rows.unwrap_or(claimed)).build().expect("a row group")
    });
    let metadata = ParquetMetaData::new(metadata.file_metadata().clone(), groups.collect());
    let mut bytes = vec![];
    ParquetMetaDataWriter::new(&mut bytes, &metadata).finish().expect("written");
    bytes.truncate(bytes.len() - 8);
    bytes
}

#[test]
fn absurd_numbers_in_a_footer_are_one_error() {
    let place = Place::new();
    survey(&place, Compression::SNAPPY, WriterVersion::PARQUET_1_0, true, None, false);
    let whole = place.read("whole.parquet");
    let same = |column| column;
    let footers: Vec<(&str, Vec<u8>)> = vec![
        ("2^40 rows", footer(&whole, Some(1 << 40), same)),
        ("the most rows", footer(&whole, Some(i64::MAX - 5000), same)),
        ("rows below zero", footer(&whole, Some(-5), same)),
        ("an offset below zero", footer(&whole, None, |c| c.set_data_page_offset(-7).set_dictionary_page_offset(None))),
        (
            "an offset beyond",
            footer(&whole, None, |c| c.set_data_page_offset(1 << 50).set_dictionary_page_offset(None)),
        ),
        ("a dictionary below zero", footer(&whole, None, |c| c.set_dictionary_page_offset(Some(-1 << 60)))),
        ("an absurd size", footer(&whole, None, |c| c.set_total_compressed_size(i64::MAX / 8))),
        ("a size below zero", footer(&whole, None, |c| c.set_total_compressed_size(-1))),
        ("absurdly many values", footer(&whole, None, |c| c.set_num_values(i64::MAX))),
    ];
    fs::write(place.path("bad.parquet"), &whole).expect("written");
    assert_eq!(batch(&place, "--stat mean").code, Some(0));
    let right = place.read("out.csv");
    fs::remove_file(place.path("out.csv")).expect("ours");
    for (what, footer) in footers {
        fs::write(place.path("bad.parquet"), with_footer(&whole, &[], &footer)).expect("written");
        for plan in ["auto", "map", "stitch", "shuffle", "fold"] {
            let said = batch(&place, &format!("--stat mean --plan {plan}"));
            judge_hostile(&place, &said, Some(&right)).unwrap_or_else(|why| panic!("{what}, {plan}: {why}: {said:?}"));
        }
    }
}

/// Like [`judge`], and checks that a result is correct.
fn judge_hostile(place: &Place, said: &Said, right: Option<&[u8]>) -> Result<(), String> {
    // What does not fit the budget may be said without the file.
    if said.code == Some(1) && said.err.contains("of memory is too little") && said.err.lines().count() == 1 {
        return Ok(());
    }
    let answer = fs::read(place.path("out.csv")).ok();
    judge(place, said)?;
    if answer.is_none() || answer.as_deref() == right { Ok(()) } else { Err("it was believed".to_owned()) }
}

fn varint(mut n: u64) -> Vec<u8> {
    let mut bytes = vec![];
    while n > 0x7f {
        bytes.push(u8::try_from(n & 0x7f).expect("seven bits") | 0x80);
        n >>= 7;
    }
    bytes.push(u8::try_from(n).expect("seven bits"));
    bytes
}

fn zigzag(n: i64) -> Vec<u8> {
    varint(((n << 1) ^ (n >> 63)).cast_unsigned())
}

/// Creates a footer with these schema elements, each given by its number of children. It claims `row_groups` row groups
/// but has none.
fn schema_footer(children: impl ExactSizeIterator<Item = i64>, row_groups: u64) -> Vec<u8> {
    // Version 1, then the list of elements, which are structures.
    let mut bytes = vec![0x15, 0x02, 0x19, 0xfc];
    bytes.extend(varint(children.len() as u64));
    for n in children {
        // Optional, called g, with this many children.
        bytes.extend([0x35, 0x02, 0x18, 1, b'g', 0x15]);
        bytes.extend(zigzag(n));
        bytes.push(0);
    }
    // No rows; then the list of row groups.
    bytes.extend([0x16, 0x00, 0x19, 0xfc]);
    bytes.extend(varint(row_groups));
    bytes.push(0);
    bytes
}

#[test]
fn schemas_nested_without_end_and_lists_of_nothing_are_one_error() {
    let place = Place::new();
    survey(&place, Compression::SNAPPY, WriterVersion::PARQUET_1_0, true, None, false);
    let whole = place.read("whole.parquet");
    let deep = 300_000;
    for (what, footer) in [
        ("nested", schema_footer((0..deep).map(|i| i64::from(i + 1 < deep)), 0)),
        ("more children than there are", schema_footer([1, i64::from(i32::MAX)].into_iter(), 0)),
        ("children below zero", schema_footer([1, -1].into_iter(), 0)),
        ("row groups", schema_footer([0].into_iter(), u64::from(u32::MAX) / 2)),
        ("row groups beyond numbers", schema_footer([0].into_iter(), u64::MAX)),
        ("structures in structures", vec![0x1c; 200_000]),
        ("lists in lists", vec![0x19; 200_000]),
    ] {
        fs::write(place.path("bad.parquet"), with_footer(&whole, &[], &footer)).expect("written");
        let said = batch(&place, "--stat mean");
        judge_hostile(&place, &said, None).unwrap_or_else(|why| panic!("{what}: {why}: {said:?}"));
        assert!(said.err.contains("bad.parquet: not a complete Parquet file"), "{what}: {said:?}");
    }
}

/// Creates a page without content that claims these sizes and this many values, as a dictionary or as data with this
/// encoding.
fn page(uncompressed: i64, body: &[u8], values: i64, dictionary: bool, encoding: i64) -> Vec<u8> {
    let mut bytes = vec![0x15];
    bytes.extend(zigzag(if dictionary { 2 } else { 0 }));
    bytes.push(0x15);
    bytes.extend(zigzag(uncompressed));
    bytes.push(0x15);
    bytes.extend(zigzag(body.len() as i64));
    bytes.push(if dictionary { 0x4c } else { 0x2c });
    bytes.push(0x15);
    bytes.extend(zigzag(values));
    bytes.push(0x15);
    bytes.extend(zigzag(encoding));
    if !dictionary {
        bytes.extend([0x15, 0x06, 0x15, 0x06]);
    }
    bytes.extend([0, 0]);
    bytes.extend(body);
    bytes
}

#[test]
fn pages_that_claim_more_than_they_hold_are_one_error() {
    let place = Place::new();
    let (huge, most) = (i64::from(i32::MAX), i64::from(i32::MAX));
    let deltas = [&[0x80, 0x01, 0x04][..], &varint(1 << 33), &[0x00]].concat();
    for (what, column, compression, page) in [
        ("a page of 2 GiB", 0, Compression::SNAPPY, page(huge, &[0xff; 9], 10, false, 0)),
        ("a page of 2 GiB", 4, Compression::LZ4_RAW, page(huge, &[0x1f; 9], 10, false, 0)),
        ("a page of 2 GiB", 4, Compression::ZSTD(ZstdLevel::default()), page(huge, &[0x28; 9], 10, false, 0)),
        ("a page below zero", 0, Compression::SNAPPY, page(-9, &[0xff; 9], 10, false, 0)),
        ("a dictionary of 2^31", 2, Compression::UNCOMPRESSED, page(16, &[0; 16], most, true, 0)),
        ("a dictionary of 2^31", 4, Compression::UNCOMPRESSED, page(16, &[0; 16], most, true, 0)),
        ("deltas of 2^33", 0, Compression::UNCOMPRESSED, page(30, &deltas, 10, false, 5)),
        ("lengths of 2^33", 4, Compression::UNCOMPRESSED, page(30, &deltas, 10, false, 6)),
        ("prefixes of 2^33", 4, Compression::UNCOMPRESSED, page(30, &deltas, 10, false, 7)),
    ] {
        survey(&place, compression, WriterVersion::PARQUET_1_0, true, None, false);
        let whole = place.read("whole.parquet");
        let length = u32::from_le_bytes(*whole[..whole.len() - 4].last_chunk().expect("a length")) as usize;
        let start = i64::try_from(whole.len() - 8 - length).expect("short");
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(whole.clone())).expect("a footer");
        // Encodings as the page has them, so that its own decoder is asked for.
        let moved = |c: ColumnChunkMetaDataBuilder| {
            let c = c.set_dictionary_page_offset(None).set_data_page_offset(start);
            c.set_total_compressed_size(i64::try_from(page.len()).expect("short"))
                .set_encodings(vec![Encoding::DELTA_BYTE_ARRAY])
        };
        let groups = metadata.row_groups().iter().map(|group| {
            let mut columns = group.columns().to_vec();
            columns[column] = moved(columns[column].clone().into_builder()).build().expect("a column");
            group.clone().into_builder().set_column_metadata(columns).build().expect("a row group")
        });
        let metadata = ParquetMetaData::new(metadata.file_metadata().clone(), groups.collect());
        let mut footer = vec![];
        ParquetMetaDataWriter::new(&mut footer, &metadata).finish().expect("written");
        footer.truncate(footer.len() - 8);
        fs::write(place.path("bad.parquet"), with_footer(&whole, &page, &footer)).expect("written");
        for plan in ["auto", "shuffle"] {
            let said = batch(&place, &format!("--stat stetson_j --plan {plan}"));
            judge_hostile(&place, &said, None).unwrap_or_else(|why| panic!("{what}: {why}: {said:?}"));
            assert!(said.err.contains("is corrupt ("), "{what}: {said:?}");
        }
    }
}
