//! Tests every column type as an id, a band, a time and an error, in a condition, derived and joined, in rows and in
//! lists, against values written by hand.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, FloatType, Int32Type,
    Int64Type, Int96, Int96Type,
};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::Type;
use tape_core::{ColumnMap, Columns, Partition, Piece, Role, Rows, Source as _};
use tape_io::Survey;
use tape_io::expr::Derived;

/// Two values of a physical type. A null follows them in the file.
#[derive(Clone)]
enum Values {
    Boolean([bool; 2]),
    Int32([i32; 2]),
    Int64([i64; 2]),
    Int96([[u32; 3]; 2]),
    Float([f32; 2]),
    Double([f64; 2]),
    Bytes([&'static [u8]; 2]),
    Fixed([&'static [u8]; 2]),
    /// A column that holds only nulls.
    Nothing,
}

use Values::{Boolean, Bytes, Double, Fixed, Float, Int32, Int64, Nothing};

/// A column, and the values that it must be read as.
struct Case {
    /// The type and name of the column, in the syntax of a Parquet schema.
    column: &'static str,
    values: Values,
    /// The values as ids and bands.
    labels: [&'static str; 2],
    /// The values as times, or `None` if the type is refused.
    times: Option<[f64; 2]>,
    /// The values as errors, or `None` if the type is refused.
    errors: Option<[f64; 2]>,
    /// A condition that is true only for the first value.
    first: &'static str,
}

const fn case(
    column: &'static str,
    values: Values,
    labels: [&'static str; 2],
    times: Option<[f64; 2]>,
    errors: Option<[f64; 2]>,
    first: &'static str,
) -> Case {
    Case { column, values, labels, times, errors, first }
}

/// 2023-02-25 12:00 UTC, MJD 60,000.5, in seconds since 1970.
const NOON: i64 = 1_677_326_400;
const NOONS: [&str; 2] = ["2023-02-25T12:00:00", "1970-01-01T00:00:00"];
const MJD: Option<[f64; 2]> = Some([60_000.5, 40_587.0]);
const LATE: &str = "x > '2000-01-01'";

fn cases() -> Vec<Case> {
    let numbers = |a: f64, b: f64| Some([a, b]);
    let plain = |column, values, labels, a, b, first| case(column, values, labels, numbers(a, b), numbers(a, b), first);
    let text = |column, values, labels, first| case(column, values, labels, None, None, first);
    let time = |column, values| case(column, values, NOONS, MJD, None, LATE);
    vec![
        plain("boolean x", Boolean([true, false]), ["true", "false"], 1.0, 0.0, "x"),
        plain("int32 x", Int32([-7, 9]), ["-7", "9"], -7.0, 9.0, "x < 0"),
        plain("int32 x (INT_8)", Int32([-128, 127]), ["-128", "127"], -128.0, 127.0, "x < 0"),
        plain("int32 x (INTEGER(16,true))", Int32([-300, 300]), ["-300", "300"], -300.0, 300.0, "x < 0"),
        plain("int32 x (UINT_8)", Int32([255, 0]), ["255", "0"], 255.0, 0.0, "x > 9"),
        plain("int32 x (UINT_32)", Int32([-1, 5]), ["4294967295", "5"], 4_294_967_295.0, 5.0, "x > 9"),
        plain("int64 x", Int64([1 << 40, -3]), ["1099511627776", "-3"], 1_099_511_627_776.0, -3.0, "x > 0"),
        plain("int64 x (UINT_64)", Int64([i64::MIN, 5]), ["9223372036854775808", "5"], 2_f64.powi(63), 5.0, "x > 9"),
        plain("float x", Float([2.0, -4.0]), ["2", "-4"], 2.0, -4.0, "x > 0"),
        plain("double x", Double([3.0, -1e15]), ["3", "-1000000000000000"], 3.0, -1e15, "x > 0"),
        // 1.0 and -2.0 as 16-bit floats.
        plain("fixed_len_byte_array(2) x (FLOAT16)", Fixed([&[0, 0x3c], &[0, 0xc0]]), ["1", "-2"], 1.0, -2.0, "x > 0"),
        plain("int32 x (DECIMAL(9,2))", Int32([700, -1200]), ["7", "-12"], 7.0, -12.0, "x = 7.00"),
        plain("int64 x (DECIMAL(18,3))", Int64([7000, -12_000]), ["7", "-12"], 7.0, -12.0, "x = 7"),
        plain(
            "fixed_len_byte_array(2) x (DECIMAL(4,1))",
            Fixed([&[0, 70], &[0xff, 0x88]]),
            ["7", "-12"],
            7.0,
            -12.0,
            "x = 7",
        ),
        plain("binary x (DECIMAL(38,1))", Bytes([&[70], &[0xff, 0x88]]), ["7", "-12"], 7.0, -12.0, "x = 7"),
        plain(
            "fixed_len_byte_array(20) x (DECIMAL(45,0))",
            Fixed([&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7], &[0xff; 20]]),
            ["7", "-1"],
            7.0,
            -1.0,
            "x > 0",
        ),
        time("int64 x (TIMESTAMP_MILLIS)", Int64([NOON * 1000, 0])),
        time("int64 x (TIMESTAMP_MICROS)", Int64([NOON * 1_000_000, 0])),
        time("int64 x (TIMESTAMP(NANOS,true))", Int64([NOON * 1_000_000_000, 0])),
        // Nanoseconds in the day, then the Julian day.
        time("int96 x", Values::Int96([[NOON_NS[0], NOON_NS[1], 2_460_001], [0, 0, 2_440_588]])),
        case(
            "int32 x (DATE)",
            Int32([19_413, 0]),
            ["2023-02-25T00:00:00", "1970-01-01T00:00:00"],
            numbers(60_000.0, 40_587.0),
            None,
            LATE,
        ),
        text("int32 x (TIME_MILLIS)", Int32([3_661_000, 0]), ["01:01:01", "00:00:00"], "x > '01'"),
        text("int64 x (TIME_MICROS)", Int64([3_661_000_000, 0]), ["01:01:01", "00:00:00"], "x > '01'"),
        text("binary x (UTF8)", Bytes([b"g", b"Rc"]), ["g", "Rc"], "x = 'g'"),
        text("binary x (STRING)", Bytes([b"g", b"Rc"]), ["g", "Rc"], "x = 'g'"),
        text("binary x (ENUM)", Bytes([b"g", b"Rc"]), ["g", "Rc"], "x = 'g'"),
        text("binary x (JSON)", Bytes([b"1", b"[2]"]), ["1", "[2]"], "x = '1'"),
        text("binary x", Bytes([b"g", b"Rc"]), ["g", "Rc"], "x = 'g'"),
        // Padded with zeros, as numpy writes text.
        text("fixed_len_byte_array(3) x", Fixed([b"g\0\0", b"Rc\0"]), ["g", "Rc"], "x = 'g'"),
        text("fixed_len_byte_array(2) x", Fixed([&[0xff, 1], &[0, 1]]), ["ff01", "0001"], "x = 'ff01'"),
        text(
            "fixed_len_byte_array(16) x (UUID)",
            Fixed([b"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef", &[0; 16]]),
            ["01234567-89ab-cdef-0123-456789abcdef", "00000000-0000-0000-0000-000000000000"],
            "x > '00000001'",
        ),
        plain("int32 x (UNKNOWN)", Nothing, ["", ""], f64::NAN, f64::NAN, "id IS NULL"),
    ]
}

/// 12 hours in nanoseconds, as the low and the high half.
const NOON_NS: [u32; 2] = [(43_200_000_000_000_u64 & 0xffff_ffff) as u32, (43_200_000_000_000_u64 >> 32) as u32];

/// Returns the schema of a file with the column, a flux and an id, in rows or in lists.
fn schema(column: &str, nested: bool) -> Arc<Type> {
    let flux = "double flux";
    let field = |column: &str| {
        if nested {
            let (kind, rest) = column.split_once(' ').expect("a type and a name");
            let (name, logical) = rest.split_once(' ').unwrap_or((rest, ""));
            return format!(
                "optional group {name} (LIST) {{ repeated group list {{ optional {kind} element {logical}; }} }}"
            );
        }
        format!("optional {column};")
    };
    let fields = [field(column), field(flux), "optional int64 id;".to_owned()].concat();
    Arc::new(parse_message_type(&format!("message schema {{ {fields} }}")).expect("a schema"))
}

/// Writes the next column with three values, the last of them null, as three rows or as one list if `nested`.
fn put<T: DataType>(group: &mut SerializedRowGroupWriter<'_, File>, values: &[T::T], null: bool, nested: bool) {
    let mut column = group.next_column().expect("a column").expect("one more");
    let (present, absent) = if nested { (3, 2) } else { (1, 0) };
    let mut levels = vec![present; values.len()];
    levels.extend(std::iter::repeat_n(absent, 3 - values.len()).filter(|_| null));
    let lists: Vec<i16> = (0..3).map(|i| i16::from(i > 0)).collect();
    column.typed::<T>().write_batch(values, Some(&levels), nested.then_some(&lists[..])).expect("values");
    column.close().expect("a successful write");
}

fn write(path: &Path, case: &Case, nested: bool, codes: bool) {
    write_compressed(path, case, nested, codes, Compression::UNCOMPRESSED);
}

fn write_compressed(path: &Path, case: &Case, nested: bool, codes: bool, codec: Compression) {
    // Format version 1 has no dictionaries of fixed-length bytes.
    let version = if codes { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(codes)
        .set_writer_version(version)
        .set_compression(codec)
        .build();
    let file = File::create(path).expect("a file");
    let mut writer =
        SerializedFileWriter::new(file, schema(case.column, nested), Arc::new(properties)).expect("a writer");
    let mut group = writer.next_row_group().expect("a group");
    let bytes = |values: [&'static [u8]; 2]| values.map(|value| value.to_vec().into());
    match case.values.clone() {
        Boolean(values) => put::<BoolType>(&mut group, &values, true, nested),
        Int32(values) => put::<Int32Type>(&mut group, &values, true, nested),
        Int64(values) => put::<Int64Type>(&mut group, &values, true, nested),
        Values::Int96(values) => {
            let values = values.map(|parts| {
                let mut value = Int96::new();
                value.set_data(parts[0], parts[1], parts[2]);
                value
            });
            put::<Int96Type>(&mut group, &values, true, nested);
        }
        Float(values) => put::<FloatType>(&mut group, &values, true, nested),
        Double(values) => put::<DoubleType>(&mut group, &values, true, nested),
        Bytes(values) => put::<ByteArrayType>(&mut group, &bytes(values), true, nested),
        Fixed(values) => {
            let fixed: [FixedLenByteArray; 2] = values.map(|value| value.to_vec().into());
            put::<FixedLenByteArrayType>(&mut group, &fixed, true, nested);
        }
        Nothing => put::<Int32Type>(&mut group, &[], true, nested),
    }
    put::<DoubleType>(&mut group, &[1.0, 2.0, 3.0], true, nested);
    let ids: &[i64] = if nested { &[1] } else { &[1, 2, 3] };
    let mut column = group.next_column().expect("a column").expect("one more");
    column.typed::<Int64Type>().write_batch(ids, Some(&vec![1; ids.len()]), None).expect("values");
    column.close().expect("a successful write");
    group.close().expect("a successful write");
    writer.close().expect("a successful write");
}

fn read(survey: &Survey) -> Rows {
    let columns = Columns { time: true, flux: true, error: true, band: true };
    let rows = 0..survey.row_groups()[0].rows;
    let partition = Partition { pieces: vec![Piece { row_group: 0, rows }] };
    let mut reader = survey.read(&partition, columns).expect("a reader");
    let mut all = Rows::new(survey.id_type());
    while reader.read(&mut all, 2).expect("valid rows") > 0 {}
    all
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Returns the band label of each row, or `None` for a row without a band.
fn labels(survey: &Survey, rows: &Rows) -> Vec<Option<String>> {
    let labels = survey.bands().labels();
    (0..rows.len()).map(|row| labels.get(usize::from(rows.band_of(row))).cloned()).collect()
}

struct File3 {
    path: String,
    nested: bool,
}

impl File3 {
    fn survey(&self, columns: &ColumnMap) -> Result<Survey, String> {
        Survey::open(&[&self.path], columns).map_err(|error| error.to_string())
    }

    fn map() -> ColumnMap {
        ColumnMap::new().flux("flux").id("id").without(Role::Time).without(Role::Error).without(Role::Band)
    }

    /// Checks bands, a condition, and a condition on a derived column.
    fn check_text(&self, case: &Case) {
        let (wanted, name) =
            (case.labels.map(|label| Some(label.to_owned()).filter(|label| !label.is_empty())), case.column);
        let survey = self.survey(&Self::map().band("x")).expect("any type is a band");
        assert_eq!(labels(&survey, &read(&survey)), [wanted[0].clone(), wanted[1].clone(), None], "{name}");
        let condition = || self.survey(&Self::map()).expect("a survey").filtered(case.first).expect("a condition");
        let kept = usize::from(!matches!(case.values, Nothing));
        assert_eq!(read(&condition()).flux, &[1.0][..kept], "{name}: {}", case.first);
        let derived = Derived::by_expression("y", "x").expect("an expression");
        let survey = self.survey(&Self::map()).expect("a survey").assigned(derived).expect("derived");
        let survey = survey.filtered(&case.first.replace('x', "y")).expect("a condition");
        assert_eq!(read(&survey).flux, &[1.0][..kept], "{name}, derived");
    }

    /// Checks times and errors, with and without a condition on the same column.
    fn check_numbers(&self, case: &Case) {
        for (role, wanted) in [(Role::Time, case.times), (Role::Error, case.errors)] {
            let map = Self::map().with(role, "x");
            let Some([first, second]) = wanted else {
                let refused = self.survey(&map).expect_err(case.column);
                assert!(refused.contains("a number"), "{}: {refused}", case.column);
                continue;
            };
            for condition in [None, Some("x IS NULL OR x IS NOT NULL")] {
                let survey = self.survey(&map).expect("a number");
                let survey = condition.into_iter().fold(survey, |survey, all| survey.filtered(all).expect("true"));
                let rows = read(&survey);
                let numbers = if role == Role::Time { rows.time } else { rows.error };
                assert_eq!(bits(&numbers), bits(&[first, second, f64::NAN]), "{}: {role}", case.column);
            }
        }
    }

    /// Checks ids, in flat files only.
    fn check_ids(&self, case: &Case) {
        for condition in [None, Some("x IS NULL OR x IS NOT NULL")] {
            let survey = self.survey(&Self::map().id("x")).expect("any type is an id");
            let survey = condition.into_iter().fold(survey, |survey, all| survey.filtered(all).expect("true"));
            let rows = read(&survey);
            let ids: Vec<String> =
                (0..rows.len()).map(|row| rows.ids.get(row).to_owned(survey.id_type()).to_string()).collect();
            let wanted: Vec<&str> = case.labels.into_iter().filter(|label| !label.is_empty()).collect();
            assert_eq!(ids.iter().map(|id| id.trim_matches('\'')).collect::<Vec<_>>(), wanted, "{}", case.column);
            assert_eq!(rows.null_ids, 3 - wanted.len() as u64, "{}", case.column);
        }
    }

    /// Checks an object table: a condition on it, and its column in an expression over rows.
    fn check_objects(&self, case: &Case) {
        let kept = usize::from(!matches!(case.values, Nothing));
        let with_objects = || {
            let survey = self.survey(&Self::map()).expect("a survey");
            survey.with_objects(&[&self.path], Some("id")).expect("a table")
        };
        let survey = with_objects().objects_filtered(case.first).expect("a condition");
        assert_eq!(read(&survey).flux, &[1.0][..kept], "{}: objects where {}", case.column, case.first);
        let survey = with_objects().filtered("objects.x IS NOT NULL").expect("a condition");
        assert_eq!(read(&survey).flux, &[1.0, 2.0][..2 * kept], "{}: joined", case.column);
    }
}

#[test]
fn every_type_is_read_in_every_role() {
    let folder = tempfile::tempdir().expect("a folder");
    for case in cases() {
        for (nested, codes) in [(false, false), (false, true), (true, false), (true, true)] {
            let path = folder.path().join("survey.parquet");
            write(&path, &case, nested, codes);
            let file = File3 { path: path.to_string_lossy().into_owned(), nested };
            file.check_text(&case);
            file.check_numbers(&case);
            if !file.nested {
                file.check_ids(&case);
                file.check_objects(&case);
            }
        }
    }
}

#[test]
fn numbers_that_are_not_whole_are_refused_as_ids() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    for (column, values, named) in [
        ("double x", Double([1.5, 2.0]), "1.5 is not a valid id"),
        ("double x", Double([1e300, 2.0]), "is not a valid id"),
        ("int64 x (DECIMAL(18,1))", Int64([15, 20]), "15 / 10 is not a valid id"),
    ] {
        write(&path, &case(column, values, ["", ""], None, None, ""), false, false);
        let file = File3 { path: path.to_string_lossy().into_owned(), nested: false };
        let survey = file.survey(&File3::map().id("x")).expect("a survey");
        let partition = Partition { pieces: vec![Piece { row_group: 0, rows: 0..3 }] };
        let mut reader = survey.read(&partition, Columns::default()).expect("a reader");
        let error = reader.read(&mut Rows::new(survey.id_type()), 3).expect_err("no id").to_string();
        assert!(error.contains(named) && error.contains("survey.parquet") && error.contains("'x'"), "{error}");
    }
}

#[test]
fn columns_that_need_the_general_decoder_are_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    let all = Columns { time: true, flux: true, error: true, band: true };
    for case in cases() {
        write(&path, &case, false, true);
        let file = File3 { path: path.to_string_lossy().into_owned(), nested: false };
        let survey = file.survey(&File3::map().band("x")).expect("a survey");
        let (physical, rest) = case.column.split_once(' ').expect("a type and a name");
        let odd = ["TIME_", "UNKNOWN"].iter().any(|kind| rest.contains(kind));
        let decimal = physical == "binary" && rest.contains("DECIMAL");
        let fast = ["int32", "int64", "float", "double", "binary"].contains(&physical) && !odd && !decimal;
        assert_eq!(survey.general_columns(all).len(), usize::from(!fast), "{}", case.column);
        assert!(survey.general_columns(Columns { flux: true, ..Columns::default() }).is_empty(), "{}", case.column);
    }
}

#[test]
fn nan_is_a_null_id_and_band() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    write(&path, &case("double x", Double([f64::NAN, 2.0]), ["", ""], None, None, ""), false, false);
    let file = File3 { path: path.to_string_lossy().into_owned(), nested: false };
    let survey = file.survey(&File3::map().id("x")).expect("a survey");
    let rows = read(&survey);
    assert_eq!((rows.flux, rows.null_ids), (vec![2.0], 2));
    let survey = file.survey(&File3::map().band("x")).expect("a survey");
    assert_eq!(labels(&survey, &read(&survey)), [None, Some("2".to_owned()), None]);
}

#[test]
fn a_column_of_nulls_fits_any_type() {
    let folder = tempfile::tempdir().expect("a folder");
    let nulls = case("int32 x (UNKNOWN)", Nothing, ["", ""], None, None, "");
    let texts = case("binary x (UTF8)", Bytes([b"g", b"r"]), ["g", "r"], None, None, "");
    for (first, second) in [(&nulls, &texts), (&texts, &nulls)] {
        write(&folder.path().join("a.parquet"), first, false, false);
        write(&folder.path().join("b.parquet"), second, false, false);
        for role in [Role::Id, Role::Band] {
            let survey = Survey::open(&[folder.path()], &File3::map().with(role, "x")).expect("alike");
            let mut rows = Rows::new(survey.id_type());
            for row_group in 0..2 {
                let partition = Partition { pieces: vec![Piece { row_group, rows: 0..3 }] };
                let all = Columns { flux: true, band: true, ..Columns::default() };
                let mut reader = survey.read(&partition, all).expect("a reader");
                while reader.read(&mut rows, 3).expect("valid rows") > 0 {}
            }
            match role {
                Role::Id => assert_eq!((rows.len(), rows.null_ids), (2, 4)),
                _ => assert_eq!(labels(&survey, &rows).into_iter().flatten().collect::<Vec<_>>(), ["g", "r"]),
            }
        }
    }
}

#[test]
fn files_of_every_codec_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("survey.parquet");
    for codec in [
        Compression::SNAPPY,
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
    ] {
        for nested in [false, true] {
            write_compressed(
                &path,
                &case("double x", Double([3.0, -1.0]), ["3", "-1"], None, None, ""),
                nested,
                true,
                codec,
            );
            let file = File3 { path: path.to_string_lossy().into_owned(), nested };
            let rows = read(&file.survey(&File3::map().time("x")).expect("a survey"));
            assert_eq!((rows.time[0], rows.flux), (3.0, vec![1.0, 2.0, 3.0]), "{codec}");
        }
    }
}
