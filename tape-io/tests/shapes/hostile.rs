//! Files that no writer wrote: levels, counts and lengths that are not true.

use std::fs;
use std::path::Path;

use tape_core::{ColumnMap, Columns, Partition, Piece, Rows, Source, SourceError};
use tape_io::Survey;

use crate::random::eight;
use crate::survey::{all, read};
use crate::write::{Settings, Shape, write_nested};

/// Rows that are read of a row group, which may claim any number.
const MOST: usize = 4096;

/// Opens and reads a file whole, from its middle on, and for its ids alone: what is left of the survey, if it is one.
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

/// A changed byte is an error or other values, never a panic. Every fifth is tried: all of them, each in four ways, take minutes.
#[test]
fn changed_bytes_are_borne() {
    let folder = tempfile::tempdir().expect("a folder");
    for settings in files() {
        let path = write_nested(folder.path(), &eight(), &settings);
        let whole = try_all(&path).expect("as it was written");
        let bytes = fs::read(&path).expect("written");
        let (mut refused, mut changed) = (0, 0);
        for (at, change) in (0..bytes.len()).step_by(5).zip([0x01, 0x02, 0x80, 0xff].into_iter().cycle()) {
            let mut bad = bytes.clone();
            bad[at] ^= change;
            fs::write(&path, &bad).expect("room");
            match try_all(&path) {
                Err(_) => refused += 1,
                Ok(rows) => changed += usize::from(rows != whole),
            }
        }
        assert!(refused > bytes.len() / 50, "{settings:?}: {refused} refused, {changed} with other rows");
    }
}

/// The places in a file where some bytes stand.
fn places(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    (0..bytes.len().saturating_sub(wanted.len())).filter(|&at| bytes[at..].starts_with(wanted)).collect()
}

/// Records that begin where the ids say they do not: of the pages of one column, then of all.
#[test]
fn a_record_too_many_or_too_few_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings { dictionary: false, ..Settings::default() };
    let path = write_nested(folder.path(), &eight(), &settings);
    let bytes = fs::read(&path).expect("written");
    // The first object has two epochs, and the second three: 0 1 0 1 1 0 0 1, packed.
    let levels = places(&bytes, &[0b1001_1010]);
    assert!(levels.len() >= 4, "levels of four columns: {levels:?}");
    let error = |changed: &[usize], to: u8| {
        let mut bad = bytes.clone();
        changed.iter().for_each(|&at| bad[at] = to);
        fs::write(&path, &bad).expect("room");
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
    fs::write(&path, &bytes).expect("room");
    assert_eq!(read(&path, &ColumnMap::new(), 0.5, 3).no_epoch, 2);
}
