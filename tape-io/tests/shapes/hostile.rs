//! Tests corrupt files, with wrong levels, counts and lengths.

use std::fs;
use std::path::Path;

use tape_core::{ColumnMap, Columns, Partition, Piece, Rows, Source, SourceError};
use tape_io::Survey;

use crate::random::eight;
use crate::survey::{all, read};
use crate::write::{Settings, Shape, write_nested};

/// Maximum number of rows to read from a row group, which may claim any number.
const MOST: usize = 4096;

/// Opens a file and reads all of it, then from its middle, then only the ids. Returns the number of rows read.
fn try_all(path: &Path) -> Result<usize, SourceError> {
    let survey = Survey::open(&[&path], &ColumnMap::new())?;
    let mut read = 0;
    for (row_group, group) in survey.row_groups().iter().enumerate() {
        for (start, columns) in
            [(0, all(&survey)), (group.rows / 2, all(&survey)), (group.rows / 3, Columns::default())]
        {
            let partition = Partition { pieces: vec![Piece { row_group, rows: start..group.rows }] };
            let mut reader = survey.read(&partition, columns)?;
            let (mut rows, mut taken) = (Rows::new(survey.id_type()), 0);
            while taken < MOST {
                match reader.read(&mut rows, 5)? {
                    0 => break,
                    n => taken += n,
                }
            }
            assert_eq!(rows.len() as u64 + rows.null_ids + rows.no_epoch, taken as u64, "rows unaccounted for");
            read += rows.len();
        }
    }
    Ok(read)
}

fn files() -> impl Iterator<Item = Settings> {
    let shapes = [Shape::ListColumns, Shape::StructOfLists, Shape::ListOfStructs, Shape::ListOfListsOfStructs];
    shapes.into_iter().zip([(false, true), (true, false), (true, true), (false, false)]).map(
        |(shape, (second_version, dictionary))| Settings {
            shape,
            second_version,
            dictionary,
            rows_of_group: 5,
            rows_of_page: 2,
            ..Settings::default()
        },
    )
}

/// A changed byte gives an error or other values, never a panic. Tests every fifth byte, because testing all in four
/// ways takes minutes.
#[test]
fn changed_bytes_do_not_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    for settings in files() {
        let path = write_nested(folder.path(), &eight(), &settings);
        let whole = try_all(&path).expect("as it was written");
        let bytes = fs::read(&path).expect("written");
        let (mut refused, mut changed) = (0, 0);
        for (at, change) in (0..bytes.len()).step_by(5).zip([0x01, 0x02, 0x80, 0xff].into_iter().cycle()) {
            let mut bad = bytes.clone();
            bad[at] ^= change;
            fs::write(&path, &bad).expect("a successful write");
            match try_all(&path) {
                Err(_) => refused += 1,
                Ok(rows) => changed += usize::from(rows != whole),
            }
        }
        assert!(refused > bytes.len() / 50, "{settings:?}: {refused} refused, {changed} with other rows");
    }
}

/// Returns the offsets at which some bytes occur.
fn places(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    (0..bytes.len().saturating_sub(wanted.len())).filter(|&at| bytes[at..].starts_with(wanted)).collect()
}

/// Moves the start of a record in one column, then in all columns.
#[test]
fn a_wrong_number_of_records_is_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings { dictionary: false, ..Settings::default() };
    let path = write_nested(folder.path(), &eight(), &settings);
    let bytes = fs::read(&path).expect("written");
    // The first object has two epochs and the second three. The packed repetition levels begin with 0 1 0 1 1 0 0 1.
    let levels = places(&bytes, &[0b1001_1010]);
    assert!(levels.len() >= 4, "levels of four columns: {levels:?}");
    let error = |changed: &[usize], to: u8| {
        let mut bad = bytes.clone();
        changed.iter().for_each(|&at| bad[at] = to);
        fs::write(&path, &bad).expect("a successful write");
        try_all(&path).expect_err("records differ").to_string()
    };
    let one = error(&levels[1..2], 0b1000_1010);
    assert!(one.contains("row group 0, row 1: the lists of 'mjd' and 'mag' have different lengths"), "{one}");
    let more = error(&levels, 0b1000_1010);
    assert!(more.contains("column 'id' is corrupt") && more.contains("ends"), "{more}");
    let fewer = error(&levels, 0b1011_1010);
    assert!(fewer.contains("7 lists in a row group of 8 rows"), "{fewer}");
    let none = error(&levels, 0b1001_1011);
    assert!(none.contains("begins within a list"), "{none}");
    fs::write(&path, &bytes).expect("a successful write");
    assert_eq!(read(&path, &ColumnMap::new(), 0.5, 3).no_epoch, 2);
}
