//! Errors of files.

use std::io::{Error as SystemError, ErrorKind};
use std::path::PathBuf;

use tape::core::{ColumnError, ObjectId, Quantity, Role, TableKind};
use tape::io::Error;

use crate::table::{Row, rows};

fn file() -> PathBuf {
    "survey/a.parquet".into()
}

fn output() -> PathBuf {
    "out.parquet".into()
}

pub(crate) fn rows() -> Vec<Row> {
    [inputs(), contents(), outputs(), tables(), requests()].concat()
}

fn inputs() -> Vec<Row> {
    let other = Error::OtherFormat {
        path: "data/a.csv".into(),
        format: "a CSV file",
        advice: "convert it to Parquet first".into(),
    };
    rows![
        Error::NoInput,
        Error::NotFound { path: file() },
        Error::NoMatch { pattern: "data".into(), hidden: 2, other: Some(Box::new(other)) },
        Error::NoMatch { pattern: "data/*.parquet".into(), hidden: 0, other: None },
        Error::BadPattern { pattern: "data/[".into(), reason: "at position 5: the bracket is not closed".into() },
        Error::Catalogue { path: "catalog".into(), reason: "it has no file of partitions: copy it again".into() },
        Error::Io { path: file(), action: "open it", source: SystemError::from(ErrorKind::PermissionDenied) },
        Error::Io { path: file(), action: "write it", source: SystemError::from(ErrorKind::StorageFull) },
        Error::NotParquet { path: file(), reason: "it ends too soon".into() },
        Error::OtherFormat {
            path: "data/a.csv".into(),
            format: "a CSV file",
            advice: "convert it to Parquet first".into(),
        },
        Error::Unsupported { path: file(), column: "flux".into(), what: "a map", advice: "name another column" },
        Error::Column { path: file(), source: ColumnError::missing(Role::Error, None, &["id".into(), "flux".into()]) },
        Error::ColumnType {
            path: file(),
            column: "band".into(),
            role: Role::Flux,
            actual: "text".into(),
            expected: "a number",
        },
        Error::MixedSchemas {
            path: "survey/b.parquet".into(),
            first: file(),
            difference: "column 'id' is text, not int64".into(),
        },
        Error::Remote { path: "s3://bucket/a.parquet".into(), reason: "access denied: check the credentials".into() },
        Error::NoRemote { path: "s3://bucket/a.parquet".into() },
        Error::NoListing { path: "https://example.org/survey/".into() },
    ]
}

fn contents() -> Vec<Row> {
    let lists = |row| Error::UnequalLists {
        path: file(),
        row_group: 3,
        row,
        first: "lc.flux".into(),
        second: "lc.error".into(),
    };
    rows![
        Error::WrongValue { path: file(), row_group: 3, column: "id".into(), reason: "1.5 is not a valid id".into() },
        Error::Corrupt { path: file(), row_group: 3, column: "flux".into(), reason: "the page ends too soon".into() },
        lists(Some(12)),
        lists(None),
        Error::Changed { path: file() },
    ]
}

fn outputs() -> Vec<Row> {
    rows![
        Error::Exists { path: output() },
        Error::UnknownFormat { path: "out.fits".into() },
        Error::Write { path: output(), reason: "no space left on device: free some space, or write elsewhere".into() },
        Error::Spill { folder: "/var/tmp".into(), reason: "no space left on device".into() },
        Error::Damaged { path: "job/blocks-3".into(), reason: "the checksum differs".into() },
        Error::NotReplaced { path: "out".into(), reason: "it holds 'notes.txt', which is no part of a survey".into() },
        Error::OutputInInput { path: "survey/out".into(), input: "survey".into() },
        Error::PartOfSurvey { path: output(), condition: "flux > 0".into() },
        Error::Cancelled { path: output() },
    ]
}

fn tables() -> Vec<Row> {
    let path = || PathBuf::from("objects.parquet");
    let kind = TableKind::Objects;
    let columns = || vec!["objectId".to_owned(), "ra".to_owned()];
    rows![
        Error::KeyTwice { kind, path: path(), column: "objectId".into(), key: ObjectId::Int(7) },
        Error::KeyType { kind, path: path(), column: "name".into(), actual: "text".into(), survey: "integers" },
        Error::NoKeyColumn { path: path(), available: columns() },
        Error::NoTableColumn { path: path(), column: "Ra".into(), nearest: Some("ra".into()), available: columns() },
        Error::TooManyTableRows { kind, path: path() },
        Error::NoTable { kind, what: "the column 'ra'".into() },
        Error::NoTable { kind: TableKind::Exposures, what: "the time".into() },
        Error::BaseVaries { path: file(), column: "ra".into(), id: "7".into() },
    ]
}

fn requests() -> Vec<Row> {
    let group = |table| Error::NoGroup {
        name: "feild".into(),
        nearest: Some("field".into()),
        available: vec!["id".into(), "band".into(), "field".into()],
        table,
    };
    rows![
        group(true),
        group(false),
        Error::GroupTwice { name: "band".into() },
        Error::GroupOfObject { name: "field".into() },
        Error::Groups { names: "field, ccd".into(), reason: "a list cannot be sorted".into() },
        Error::NoRegion { region: "the cone".into(), reason: "the radius must be above 0".into() },
        Error::NoPlaces { path: file(), what: "no RA/Dec columns found: name them".into() },
        Error::Converted { path: file(), quantity: Quantity::Flux },
        Error::NotConverted { path: file(), reason: "it has lists already: nothing to do".into() },
    ]
}
