//! Selections of light curves. Other rows are dropped while reading, and row groups without selected rows are not read.

use std::path::Path;

use tape_core::{ObjectId, Role};

use super::Ensemble;
use crate::error::Error;

impl Ensemble {
    /// Keeps only the rows for which an SQL condition is true, such as `flux > 0 AND error > 0`. An object without such
    /// rows has no light curve. Several conditions must all be true. `docs/where.md` describes the conditions.
    ///
    /// ```
    /// # use tape::prelude::*;
    /// # let folder = tempfile::tempdir()?;
    /// # let out = folder.path().join("survey");
    /// # tape::simulate::Simulation { objects: 50, files: 2, ..Default::default() }.write(&out)?;
    /// # let survey = out.to_str().unwrap();
    /// let bright = Ensemble::open(survey)?.filter("flux / error > 20 AND band IN ('g', 'r')")?;
    /// let table = bright.batch(&[statistic("stetson_j")?]).compute()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the condition is not valid, or a file lacks a column that it names. The message points at the word.
    pub fn filter(&self, condition: &str) -> Result<Self, Error> {
        Ok(Self::new(self.to_survey().filtered(condition)?))
    }

    /// Keeps only the objects of a table: files with a row for each object. The column of ids is `id`, or has the same
    /// name as the survey's, or a common name of ids. Rows of other objects are skipped, and row groups without any of
    /// the objects are not read. Columns of the table can be appended to results; see [`crate::Batch::join`].
    ///
    /// # Errors
    /// If a file cannot be opened, or has no ids that can be those of the survey.
    pub fn with_objects<P: AsRef<Path>>(&self, inputs: &[P], id: Option<&str>) -> Result<Self, Error> {
        Ok(Self::new(self.to_survey().with_objects(inputs, id)?))
    }

    /// Adds a table of exposures: files with one row for each exposure, such as Rubin's visits. The column `on` of the
    /// rows holds the key of the exposure; `key` is the column of keys in the table, `on` by default.
    ///
    /// Conditions and derived columns name its columns as `exposures.NAME`, and a derived column can play a role, such
    /// as the time of rows that have none of their own. A row whose exposure is not in the table has nulls there.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use arrow::array::{Float64Array, Int64Array, RecordBatch};
    /// # use tape::prelude::*;
    /// # let folder = tempfile::tempdir()?;
    /// # let visits = folder.path().join("visits.parquet");
    /// # let batch = RecordBatch::try_from_iter([
    /// #     ("visit", Arc::new(Int64Array::from(vec![7, 8])) as _),
    /// #     ("mjd", Arc::new(Float64Array::from(vec![60_000.5, 60_003.5])) as _),
    /// # ])?;
    /// # let mut writer = parquet::arrow::ArrowWriter::try_new(std::fs::File::create(&visits)?, batch.schema(), None)?;
    /// # writer.write(&batch)?;
    /// # writer.close()?;
    /// let sources = RecordBatch::try_from_iter([
    ///     ("objectId", Arc::new(Int64Array::from(vec![1, 1])) as _),
    ///     ("visit", Arc::new(Int64Array::from(vec![8, 7])) as _),
    ///     ("flux", Arc::new(Float64Array::from(vec![10.0, 12.0])) as _),
    /// ])?;
    /// let columns = ColumnMap::new().time("exposures.mjd");
    /// let ensemble = Ensemble::from_batches([sources], &columns)?.with_exposures(&[visits], "visit", None)?;
    /// let table = ensemble.batch(&[statistic("duration")?]).compute()?;
    /// # let span = table.column_by_name("duration").and_then(|column| column.as_any().downcast_ref::<Float64Array>());
    /// # assert_eq!(span.map(|span| span.value(0)), Some(3.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a file cannot be opened, if a file of the survey has no column `on`, or if the table has no keys of its type.
    pub fn with_exposures<P: AsRef<Path>>(&self, inputs: &[P], on: &str, key: Option<&str>) -> Result<Self, Error> {
        Ok(Self::new(self.to_survey().with_exposures(inputs, on, key)?))
    }

    /// Keeps only the objects for which an SQL condition on the columns of their table is true, such as `dec > 0`.
    ///
    /// # Errors
    /// If the condition is not valid, the table lacks a column that it names, or there is no table; see
    /// [`Ensemble::with_objects`].
    pub fn filter_objects(&self, condition: &str) -> Result<Self, Error> {
        Ok(Self::new(self.to_survey().objects_filtered(condition)?))
    }

    /// Keeps only the rows with a value in all of these columns. Statistics that need a time, flux or error skip nulls
    /// there anyway.
    ///
    /// # Errors
    /// If a file lacks one of the columns.
    pub fn drop_nulls<S: AsRef<str>>(&self, columns: &[S]) -> Result<Self, Error> {
        columns.iter().try_fold(self.clone(), |ensemble, column| {
            let quoted: Vec<String> =
                column.as_ref().split('.').map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
            ensemble.filter(&format!("{} IS NOT NULL", quoted.join(".")))
        })
    }

    /// Keeps only the objects with these ids. Row groups without any of them, according to their footers, are not read.
    /// Ids that do not occur have no light curve.
    ///
    /// # Errors
    /// If an id is an integer and those of the survey are text, or the other way round.
    pub fn of_ids<I: Into<ObjectId>>(&self, ids: impl IntoIterator<Item = I>) -> Result<Self, Error> {
        let ids: Vec<ObjectId> = ids.into_iter().map(Into::into).collect();
        let id_type = self.survey.id_type();
        match ids.iter().find(|id| !id.can_be(id_type)) {
            Some(id) => {
                let column = self.survey.title(Role::Id).unwrap_or("id").to_owned();
                Err(Error::IdType { id: id.to_string(), column, text: matches!(id, ObjectId::Text(_)) })
            }
            None => Ok(Self::new(self.to_survey().of_ids(&ids))),
        }
    }

    /// Keeps a random fraction of the objects, from 0 to 1. The choice depends only on `seed` and the ids, so it is the
    /// same with any other selection, in any survey, and on every machine.
    ///
    /// # Errors
    /// If `fraction` is not from 0 to 1.
    pub fn sample(&self, fraction: f64, seed: u64) -> Result<Self, Error> {
        if !(0.0..=1.0).contains(&fraction) {
            return Err(Error::Fraction { fraction });
        }
        Ok(Self::new(self.to_survey().sampled(fraction, seed)))
    }

    /// Keeps objects with at least `min_epochs` epochs, summed over all bands. Filters that were set earlier apply
    /// first. Ids are read once before the rows, to count epochs, which takes about 50 bytes of memory for each object.
    ///
    /// ```
    /// # use tape::prelude::*;
    /// # let folder = tempfile::tempdir()?;
    /// # let out = folder.path().join("survey");
    /// # tape::simulate::Simulation { objects: 50, files: 2, ..Default::default() }.write(&out)?;
    /// # let survey = out.to_str().unwrap();
    /// let long = Ensemble::open(survey)?.filter("flux > 0")?.prune(100);
    /// let table = long.batch(&[statistic("stetson_j")?]).compute()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn prune(&self, min_epochs: u64) -> Self {
        Self::new(self.to_survey().with_epochs(min_epochs))
    }
}
