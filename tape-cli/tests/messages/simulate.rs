//! Errors of simulations.

use std::io::{Error as SystemError, ErrorKind};
use std::path::PathBuf;

use parquet::errors::ParquetError;
use tape::simulate::SimulateError;

use crate::table::{Row, rows};

pub(crate) fn rows() -> Vec<Row> {
    let path = || PathBuf::from("survey");
    let refused = |kind| SimulateError::Io { path: path(), source: SystemError::from(kind) };
    let mut rows = rows![
        SimulateError::NoObjects,
        SimulateError::TooManyObjects { objects: 5_000_000_000, limit: 4_000_000_000 },
        SimulateError::BadEpochs { epochs: 0.0, limit: 1e6 },
        SimulateError::NoBands,
        SimulateError::BadBand { label: "g".into() },
        SimulateError::TooManyBands { bands: 300, limit: 62 },
        SimulateError::BadFraction { fraction: 1.5 },
        SimulateError::NoFiles,
        SimulateError::TooManyFiles { files: 9, objects: 3 },
        SimulateError::TooManyNights { files: 900, nights: 365 },
        SimulateError::EmptyRowGroups,
        SimulateError::UnknownName { what: "layout", given: "random".into(), known: "sorted, shuffled".into() },
    ];
    rows.extend(rows![
        SimulateError::UnsupportedPreset { name: "dp1", known: "ztf_dr23, ps1".into() },
        SimulateError::BandNotInPreset { preset: "ztf_dr23", label: "u".into(), known: "g, r, i".into() },
        SimulateError::OutputExists { path: path() },
        SimulateError::NotASurvey { path: path(), found: "survey/notes.txt".into() },
        SimulateError::BadOutput { path: "/".into() },
        refused(ErrorKind::StorageFull),
        refused(ErrorKind::PermissionDenied),
        refused(ErrorKind::NotFound),
        refused(ErrorKind::Other),
        SimulateError::Parquet { path: path(), source: ParquetError::General("a column is missing".into()) },
        SimulateError::Interrupted { path: path() },
    ]);
    rows
}
