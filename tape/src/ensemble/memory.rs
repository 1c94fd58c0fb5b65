//! Surveys from data in memory.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow::compute::cast;
use tape_core::{ColumnMap, ObjectId, Role};
use tape_io::Survey;

use super::Ensemble;
use crate::error::Error;

impl Ensemble {
    /// Creates an ensemble from one or more Arrow batches with the same columns, in any shape that files can have. All
    /// methods work as for files. The data is copied, so it needs its size in memory again.
    ///
    /// # Errors
    /// As [`Ensemble::open_with`], and if the columns of the batches differ.
    pub fn from_batches(batches: impl IntoIterator<Item = RecordBatch>, columns: &ColumnMap) -> Result<Self, Error> {
        let batches: Vec<RecordBatch> = batches.into_iter().collect();
        Ok(Self::new(Survey::from_batches(&batches, columns)?))
    }

    /// Creates an ensemble from columns with one value per epoch. `band` is empty if there are no bands. NaN means
    /// null.
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
        let names = Role::ALL.map(|role| Some(role.to_string()));
        Self::from_batches([batch_of(&names, ids, [time, flux, error], band)?], &ColumnMap::new())
    }

    /// Adds epochs from Arrow batches. They need the columns that play roles, with the names in the files, and those
    /// that conditions use. Earlier settings apply to the new epochs, too. Nothing is written.
    ///
    /// # Errors
    /// If the columns do not match.
    pub fn insert(&self, batches: impl IntoIterator<Item = RecordBatch>) -> Result<Self, Error> {
        let batches: Vec<RecordBatch> = batches.into_iter().collect();
        Ok(Self::new(self.to_survey().with_rows(&batches)?))
    }

    /// Adds epochs from plain columns to light curves in flat files.
    ///
    /// ```
    /// use tape::prelude::*;
    /// let ensemble = Ensemble::from_columns(&[1, 1, 2], &[1.0, 2.0, 1.0], &[5.0, 7.0, 1.0], &[0.1; 3], &["g"; 3])?;
    /// let more = ensemble.insert_columns(&[2, 3], &[2.0, 2.0], &[3.0, 4.0], &[0.1; 2], &["g"; 2])?;
    /// assert_eq!(more.batch_named(&["mean"])?.compute()?.num_rows(), 3);
    /// # Ok::<(), tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Ensemble::from_columns`] and [`Ensemble::insert`].
    pub fn insert_columns<I: Clone + Into<ObjectId>, S: AsRef<str>>(
        &self,
        ids: &[I],
        time: &[f64],
        flux: &[f64],
        error: &[f64],
        band: &[S],
    ) -> Result<Self, Error> {
        let id_type = self.survey.id_type();
        let all: Vec<ObjectId> = ids.iter().cloned().map(Into::into).collect();
        if let Some(id) = all.iter().find(|id| id.key(id_type).is_none()) {
            let column = self.survey.columns().get(Role::Id).unwrap_or("id").to_owned();
            return Err(Error::IdType { id: id.to_string(), column, text: matches!(id, ObjectId::Text(_)) });
        }
        let names = Role::ALL.map(|role| self.survey.columns().get(role).map(str::to_owned));
        let batch = batch_of(&names, &all, [time, flux, error], band)?;
        // Ids of the survey may have a narrower type.
        let id = cast(batch.column(0), &id_type.data_type()).map_err(|error| Error::Results(error.into()))?;
        if let Some(row) = (0..id.len()).find(|&row| id.is_null(row)) {
            return Err(Error::IdRange { id: all[row].to_string(), id_type });
        }
        let schema = batch.schema();
        let others = schema.fields().iter().map(|field| field.name().as_str()).zip(batch.columns().iter().cloned());
        let columns = others.enumerate().map(|(i, (name, column))| (name, if i == 0 { id.clone() } else { column }));
        let batch = RecordBatch::try_from_iter(columns).map_err(|error| Error::Results(error.into()))?;
        self.insert([batch])
    }
}

/// Creates a batch of epochs with columns of these names. A role without a name gets no column.
fn batch_of<I: Clone + Into<ObjectId>, S: AsRef<str>>(
    [id, time, flux, error, band]: &[Option<String>; 5],
    ids: &[I],
    values: [&[f64]; 3],
    labels: &[S],
) -> Result<RecordBatch, Error> {
    if values.iter().any(|values| values.len() != ids.len()) || !(labels.is_empty() || labels.len() == ids.len()) {
        let [time, flux, error] = values.map(<[f64]>::len);
        return Err(Error::Lengths { time, flux, error, band: labels.len() });
    }
    let mut columns: Vec<(&str, ArrayRef)> = vec![];
    if let Some(name) = id {
        columns.push((name, id_column(ids)?));
    }
    for (name, values) in [time, flux, error].into_iter().zip(values) {
        if let Some(name) = name {
            columns.push((name, Arc::new(Float64Array::from(values.to_vec()))));
        }
    }
    if let Some(name) = band.as_ref().filter(|_| !labels.is_empty()) {
        let labels: StringArray = labels.iter().map(|label| Some(label.as_ref())).collect();
        columns.push((name, Arc::new(labels)));
    }
    RecordBatch::try_from_iter(columns).map_err(|error| Error::Results(error.into()))
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
