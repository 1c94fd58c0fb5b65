//! Surveys as lists of objects, their flat copies, and the comparison of rows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use tape_core::{ColumnMap, Columns, IdRef, NO_BAND, Partition, Piece, Role, Rows, Source};
use tape_io::Survey;

/// A measurement. The band is an index into [`BANDS`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Epoch {
    pub(crate) time: Option<f64>,
    pub(crate) flux: Option<f64>,
    pub(crate) error: Option<f64>,
    pub(crate) band: Option<usize>,
}

pub(crate) const BANDS: [&str; 3] = ["g", "ŕ", "i band"];

/// An object with its light curve in parts, which only lists of lists keep separate.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) id: Option<i64>,
    pub(crate) parts: Option<Vec<Option<Vec<Epoch>>>>,
}

impl Object {
    pub(crate) fn epochs(&self) -> impl Iterator<Item = &Epoch> {
        self.parts.iter().flatten().flatten().flatten()
    }
}

/// Returns an id as text.
pub(crate) fn text_id(id: i64) -> String {
    format!("ö{id}")
}

/// The result of reading a survey: each row as a line of text, and the numbers of rows dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) rows: Vec<String>,
    pub(crate) null_ids: u64,
    pub(crate) no_epoch: u64,
}

/// Opens a file and reads each row group in two ranges, split at the fraction `cut`.
pub(crate) fn read(path: &Path, columns: &ColumnMap, cut: f64, batch: usize) -> Read {
    let survey = Survey::open(&[&path], columns).expect("a survey");
    read_columns(&survey, all(&survey), cut, batch)
}

pub(crate) fn all(survey: &Survey) -> Columns {
    let [_, time, flux, error, band] = Role::ALL.map(|role| survey.column(role).is_some());
    Columns { time, flux, error, band }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a few rows")]
#[expect(clippy::cast_precision_loss, reason = "a fraction of a few rows")]
pub(crate) fn read_columns(survey: &Survey, columns: Columns, cut: f64, batch: usize) -> Read {
    let mut read = Read { rows: vec![], null_ids: 0, no_epoch: 0 };
    for (row_group, group) in survey.row_groups().iter().enumerate() {
        let cut = (group.rows as f64 * cut) as u64;
        for range in [0..cut, cut..group.rows] {
            let wanted = range.end - range.start;
            let partition = Partition { pieces: vec![Piece { row_group, rows: range }] };
            let mut reader = survey.read(&partition, columns).expect("a reader");
            let (mut rows, mut taken) = (Rows::new(survey.id_type()), 0);
            loop {
                match reader.read(&mut rows, batch).expect("valid rows") {
                    0 => break,
                    n => taken += n as u64,
                }
            }
            assert_eq!(
                (taken, rows.len() as u64 + rows.null_ids + rows.no_epoch + rows.excluded),
                (wanted, wanted),
                "not all rows are accounted for"
            );
            read.null_ids += rows.null_ids;
            read.no_epoch += rows.no_epoch;
            read.rows.extend(lines(survey, &rows));
        }
    }
    read
}

fn lines(survey: &Survey, rows: &Rows) -> impl Iterator<Item = String> {
    let labels = survey.bands().labels();
    (0..rows.len()).map(move |row| {
        let id = match rows.ids.get(row) {
            IdRef::Int(id) => text_id(id),
            IdRef::Text(id) => id.to_owned(),
        };
        let value = |column: &Vec<f64>| column.get(row).copied();
        let band = match rows.band.get(row) {
            Some(&NO_BAND) => Some("none"),
            code => code.map(|&code| labels[usize::from(code)].as_str()),
        };
        format!("{id} {:?} {:?} {:?} {band:?}", value(&rows.time), value(&rows.flux), value(&rows.error))
    })
}

/// Writes the epochs as flat rows.
pub(crate) fn write_flat(folder: &Path, objects: &[Object], band_of: impl Fn(usize) -> String) -> PathBuf {
    let all = || objects.iter().flat_map(|object| object.epochs().map(move |epoch| (object.id, epoch)));
    let number = |of: fn(&Epoch) -> Option<f64>| -> ArrayRef {
        Arc::new(Float64Array::from_iter(all().map(|(_, epoch)| of(epoch))))
    };
    let columns: [(&str, ArrayRef, bool); 5] = [
        ("id", Arc::new(Int64Array::from_iter(all().map(|(id, _)| id))), true),
        ("mjd", number(|epoch| epoch.time), true),
        ("mag", number(|epoch| epoch.flux), true),
        ("magerr", number(|epoch| epoch.error), true),
        ("band", Arc::new(StringArray::from_iter(all().map(|(_, epoch)| epoch.band.map(&band_of)))), true),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length");
    let path = folder.join("flat.parquet");
    crate::write::write(&path, &batch, &crate::write::Settings::default());
    path
}
