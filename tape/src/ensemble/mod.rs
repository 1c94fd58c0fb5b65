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
/// Clones are cheap and share the footers. Methods that select, derive or convert return another ensemble and leave
/// this one unchanged.
///
/// ```
/// use tape::prelude::*;
///
/// # let folder = tempfile::tempdir()?;
/// # let survey = folder.path().join("survey");
/// # tape::simulate::Simulation { objects: 50, files: 2, ..Default::default() }.write(&survey)?;
/// let ensemble = Ensemble::open(&survey)?;
/// println!("{}", ensemble.info());
/// let bright = ensemble.filter("flux / error > 20")?.prune(50);
/// let (all, some) = (ensemble.batch_named(&["mean"])?.compute()?, bright.batch_named(&["mean"])?.compute()?);
/// assert!(some.num_rows() < all.num_rows());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ensemble {
    survey: Arc<Survey>,
}

impl Ensemble {
    /// Opens a Parquet file, a folder of them, a pattern such as `survey/*.parquet`, or a URL. Only footers are read.
    ///
    /// # Errors
    /// If no file matches, a file is not Parquet, or there is no column for the id or the flux.
    pub fn open(input: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_with(&[input], &ColumnMap::new())
    }

    /// Opens several inputs as one survey, with named columns for some or all roles.
    ///
    /// # Errors
    /// As [`Ensemble::open`], and if a named column does not exist.
    pub fn open_with<P: AsRef<Path>>(inputs: &[P], columns: &ColumnMap) -> Result<Self, Error> {
        let inputs: Vec<&Path> = inputs.iter().map(AsRef::as_ref).collect();
        Ok(Self::new(Survey::open(&inputs, columns)?))
    }

    /// Opens the survey of a query and applies its selections, derived columns and conversions. Only footers are read.
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
    /// As [`Ensemble::open_with`], and [`Error::NotDescribed`] if a part of the ensemble cannot be described by a
    /// query.
    pub fn from_query(query: &Query) -> Result<Self, Error> {
        Ok(Self::new(query.open_survey()?))
    }

    /// Returns the query that this ensemble stands for.
    #[must_use]
    pub fn query(&self) -> Query {
        Query::from_survey(&self.survey)
    }

    /// Returns the query with the stamps that its files had when they were opened.
    pub(crate) fn provenance(&self) -> Provenance {
        Provenance::new(self.query(), Stamps::from_survey(&self.survey))
    }

    pub(crate) fn new(survey: Survey) -> Self {
        Self { survey: Arc::new(survey) }
    }

    /// Returns the underlying survey: its files, columns and row groups.
    #[must_use]
    pub fn survey(&self) -> &Survey {
        &self.survey
    }

    /// Returns the survey as a shared pointer.
    pub(crate) const fn shared(&self) -> &Arc<Survey> {
        &self.survey
    }

    /// Returns a copy of the survey to change, which shares the footers.
    fn to_survey(&self) -> Survey {
        Survey::clone(&self.survey)
    }
}
