//! A survey, and which part of it is meant.

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

pub(crate) use derive::derived_in_text;
pub use info::{KnownBands, SurveyInfo};
pub use look::ColumnInfo;
pub use time_series::{Outcome, TimeSeries};

use crate::error::Error;

/// The light curves of a survey.
///
/// A clone is cheap, however many files there are: it shares all that was read. Methods that select, derive or convert return
/// another ensemble and leave this one as it was.
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
        Ok(Self::new(tape_exec::in_pool(|| Survey::open(&inputs, columns))??))
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
