//! Surveys that are in memory already.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use tape_core::{ColumnMap, ObjectId};
use tape_io::Survey;

use crate::ensemble::Ensemble;
use crate::error::Error;

impl Ensemble {
    /// The light curves of Arrow batches with the same columns, at least one, in any of the shapes that files have: all that can
    /// be asked of files can be asked of them. They take as much memory again.
    ///
    /// # Errors
    /// As [`Ensemble::open_with`], and if the batches have not the same columns.
    pub fn from_batches(batches: impl IntoIterator<Item = RecordBatch>, columns: &ColumnMap) -> Result<Self, Error> {
        let batches: Vec<RecordBatch> = batches.into_iter().collect();
        Ok(Self { survey: Survey::from_batches(&batches, columns)? })
    }

    /// The light curves of plain columns, with a value of each for each epoch; without bands, none is given. NaN is no value.
    ///
    /// ```
    /// use tape::prelude::*;
    /// let ensemble = Ensemble::from_columns(
    ///     &["star", "star", "galaxy"],
    ///     &[60_000.0, 60_001.0, 60_000.0],
    ///     &[5.0, 7.0, 1.0],
    ///     &[0.1, 0.1, 0.2],
    ///     &["g", "g", "r"],
    /// )?;
    /// let table = ensemble.batch_named(&["mean"])?.compute()?;
    /// assert_eq!(table.num_rows(), 2);
    /// # Ok::<(), tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the columns differ in length, or ids are integers and text.
    pub fn from_columns<I: Clone + Into<ObjectId>, S: AsRef<str>>(
        ids: &[I],
        time: &[f64],
        flux: &[f64],
        error: &[f64],
        band: &[S],
    ) -> Result<Self, Error> {
        let n = ids.len();
        if time.len() != n || flux.len() != n || error.len() != n || !(band.is_empty() || band.len() == n) {
            let (time, flux, error, band) = (time.len(), flux.len(), error.len(), band.len());
            return Err(Error::Lengths { time, flux, error, band });
        }
        let numbers = |values: &[f64]| -> ArrayRef { Arc::new(Float64Array::from(values.to_vec())) };
        let mut columns =
            vec![("id", id_column(ids)?), ("time", numbers(time)), ("flux", numbers(flux)), ("error", numbers(error))];
        if !band.is_empty() {
            let labels: StringArray = band.iter().map(|label| Some(label.as_ref())).collect();
            columns.push(("band", Arc::new(labels)));
        }
        let batch = RecordBatch::try_from_iter(columns).map_err(|error| Error::Results(error.into()))?;
        Self::from_batches([batch], &ColumnMap::new())
    }
}

fn id_column<I: Clone + Into<ObjectId>>(ids: &[I]) -> Result<ArrayRef, Error> {
    let all: Vec<ObjectId> = ids.iter().cloned().map(Into::into).collect();
    let mixed = |id: &ObjectId, text| Error::IdType { id: id.to_string(), column: "id".to_owned(), text };
    Ok(match all.first() {
        Some(ObjectId::Text(_)) => {
            let text = all.iter().map(|id| match id {
                ObjectId::Text(text) => Ok(Some(text.to_string())),
                other => Err(mixed(other, false)),
            });
            Arc::new(text.collect::<Result<StringArray, Error>>()?)
        }
        Some(ObjectId::UInt(_)) => {
            let values = all.iter().map(|id| match id {
                ObjectId::UInt(value) => Ok(*value),
                ObjectId::Int(value) => u64::try_from(*value).map_err(|_| mixed(id, false)),
                ObjectId::Text(_) => Err(mixed(id, true)),
            });
            Arc::new(UInt64Array::from(values.collect::<Result<Vec<_>, Error>>()?))
        }
        _ => {
            let values = all.iter().map(|id| match id {
                ObjectId::Int(value) => Ok(*value),
                ObjectId::UInt(value) => i64::try_from(*value).map_err(|_| mixed(id, false)),
                ObjectId::Text(_) => Err(mixed(id, true)),
            });
            Arc::new(Int64Array::from(values.collect::<Result<Vec<_>, Error>>()?))
        }
    })
}
