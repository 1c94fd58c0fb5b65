//! A survey, with selections, derived columns and conversions.

mod day_gap;
mod derive;
mod info;
mod look;
mod memory;
mod select;
mod sky;
mod time_series;
mod values;

use std::path::Path;
use std::sync::Arc;

use tape_core::ColumnMap;
use tape_io::Survey;

pub use info::{KnownBands, SurveyInfo};
pub use look::ColumnInfo;
pub use time_series::{Outcome, TimeSeries};

use crate::error::Error;
use crate::query::{Provenance, Query, Stamps};

/// The light curves of a survey.
///
/// Clones are cheap and share the footers. Methods that select, derive or convert return another ensemble and leave this
/// one unchanged.
#[derive(Clone, Debug)]
pub struct Ensemble {
    survey: Arc<Survey>,
}

impl Ensemble {
    /// Opens a Parquet file, a folder of them, a pattern such as `survey/*.parquet`, or a URL. Only footers are read.
    ///
    /// # Errors
    /// If there is no such file, one is not Parquet, or no column can be the id or the flux.
    pub fn open(input: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_with(&[input], &ColumnMap::new())
    }

    /// Opens several inputs as one survey, with the columns of some or all roles named.
    ///
    /// # Errors
    /// As [`Ensemble::open`], and if a column named does not exist.
    pub fn open_with<P: AsRef<Path>>(inputs: &[P], columns: &ColumnMap) -> Result<Self, Error> {
        let inputs: Vec<&Path> = inputs.iter().map(AsRef::as_ref).collect();
        Ok(Self::new(Survey::open(&inputs, columns)?))
    }

    /// Opens the survey of a query, with all that it asks of rows and objects. Only footers are read.
    ///
    /// ```
    /// # use tape::prelude::*;
    /// # let folder = tempfile::tempdir()?;
    /// # let out = folder.path().join("survey");
    /// # tape::simulate::Simulation { objects: 50, files: 2, ..Default::default() }.write(&out)?;
    /// let bright = Ensemble::open(&out)?.filter("flux > 5")?.sample(0.5, 1)?;
    /// let json = serde_json::to_string(&bright.query())?;
    /// let again = Ensemble::from_query(&serde_json::from_str(&json)?)?;
    /// assert_eq!(again.query(), bright.query());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Ensemble::open_with`]; [`Error::NotDescribed`] if the query cannot hold what was asked for.
    pub fn from_query(query: &Query) -> Result<Self, Error> {
        Ok(Self::new(query.open_survey()?))
    }

    /// Returns what this ensemble asks of its survey, as a value.
    #[must_use]
    pub fn query(&self) -> Query {
        Query::from_survey(&self.survey)
    }

    /// Returns the query with the files as they were when they were opened.
    pub(crate) fn provenance(&self) -> Provenance {
        Provenance::new(self.query(), Stamps::from_survey(&self.survey))
    }

    pub(crate) fn new(survey: Survey) -> Self {
        Self { survey: Arc::new(survey) }
    }

    /// The files, their columns and row groups.
    #[must_use]
    pub fn survey(&self) -> &Survey {
        &self.survey
    }

    /// The survey, for what outlives this ensemble.
    pub(crate) const fn shared(&self) -> &Arc<Survey> {
        &self.survey
    }

    /// Returns a survey to change, which shares what was read.
    fn to_survey(&self) -> Survey {
        Survey::clone(&self.survey)
    }
}
