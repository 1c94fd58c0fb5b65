//! The crate's error type.

mod frame;
mod job;

use tape_core::{ResultsError, SourceError};

pub use frame::FrameError;
pub use job::JobError;

/// An error from opening an ensemble or computing its statistics.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error from opening, reading or writing a file.
    #[error(transparent)]
    Io(#[from] tape_io::Error),
    /// An error from planning or running.
    #[error(transparent)]
    Exec(#[from] tape_exec::Error),
    /// An error from converting results to a table.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// An unknown statistic, or invalid parameters.
    #[error(transparent)]
    Statistic(#[from] tape_analysis::Error),
    /// An error from planning, running or gathering a job.
    #[error(transparent)]
    Job(#[from] JobError),
    /// An error from keeping, finding or saving a frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// An error from finding or opening a device.
    #[cfg(feature = "gpu")]
    #[error(transparent)]
    Gpu(#[from] tape_gpu::Error),
    /// A calibration of devices that cannot be read or written.
    #[cfg(feature = "gpu")]
    #[error("{}: {message}: calibrate again to replace it", path.display())]
    Calibration {
        /// The file.
        path: std::path::PathBuf,
        /// The problem.
        message: String,
    },
    /// No folder for a calibration.
    #[cfg(feature = "gpu")]
    #[error("no cache folder found for the calibration: set TAPE_CACHE_DIR")]
    NoCache,
    /// An id that does not fit the type of the id column.
    #[error("the id {id} does not fit the ids of the survey, which are {id_type:?}")]
    IdRange {
        /// The id.
        id: String,
        /// The type of the column.
        id_type: tape_core::IdType,
    },
    /// Columns of a time series with different lengths.
    #[error(
        "a time series needs a time, a flux and an error for each epoch, and a band for each or for none: there are {time} times, {flux} fluxes, {error} errors and {band} bands"
    )]
    Lengths {
        /// The number of times.
        time: usize,
        /// The number of fluxes.
        flux: usize,
        /// The number of errors.
        error: usize,
        /// The number of bands.
        band: usize,
    },
    /// More than 255 bands.
    #[error("there are more than 255 bands: is the band column the right one?")]
    ManyBands,
    /// A statistic with more than one value where one was requested.
    #[error("the statistic '{statistic}' gives more than one number for this time series: use `compute`")]
    ManyValues {
        /// The statistic.
        statistic: String,
    },
    /// A statistic that returned an error for a time series.
    #[error("the statistic '{statistic}' failed{}: {source}", if band.is_empty() { String::new() } else { format!(" in band {band}") })]
    StatisticFailed {
        /// The statistic.
        statistic: String,
        /// The band, or an empty string without bands.
        band: String,
        /// The error of the statistic.
        source: tape_core::StatisticError,
    },
    /// A statistic that needs a column that the survey does not have.
    #[error("the statistic '{statistic}' needs the {column} of each epoch, and the survey has no such column: name it")]
    NoColumn {
        /// The statistic.
        statistic: String,
        /// The column.
        column: &'static str,
    },
    /// An id of another type than the survey's ids.
    #[error("the id '{id}' cannot be one of {column}, whose ids are {}", if *.text { "integers" } else { "text" })]
    IdType {
        /// The id.
        id: String,
        /// The column of ids.
        column: String,
        /// True if the id is text.
        text: bool,
    },
    /// A fraction that is not from 0 to 1.
    #[error("the fraction of objects is {fraction}: use a number from 0 to 1")]
    Fraction {
        /// The requested fraction.
        fraction: f64,
    },
    /// A selection of bands for light curves that contain all bands.
    #[error(
        "light curves by {by} have epochs of all bands: group by the band too, or select rows with a condition instead of bands"
    )]
    BandsTogether {
        /// The columns that define a light curve.
        by: String,
    },
    /// A request to list all objects among results that are not grouped by object.
    #[error("objects without a light curve cannot be listed among results by {by}: remove one of the two settings")]
    AllOfGroups {
        /// The columns that define a light curve.
        by: String,
    },
    /// A request to list all objects among unordered results.
    #[error(
        "pieces of light curves are in no order, so objects without light curves cannot be listed among them: use another plan"
    )]
    AllUnchecked,
    /// A query that another process cannot open.
    #[error("the survey cannot be opened from its description: {what}: open it in a program")]
    NotDescribed {
        /// The reason.
        what: String,
    },
    /// Selected ids whose type differs from that of the survey's ids.
    #[error("the selected ids do not have the type of the survey's ids, which has changed: {what}")]
    ChosenIds {
        /// The selection.
        what: String,
    },
    /// A run that restarted after some of its results were returned.
    #[error(
        "the rows are not in the order that footers claim, and some results were already returned: iterate again with the shuffle plan"
    )]
    Restarted,
    /// Columns of objects were requested with results of groups.
    #[error(
        "{columns} have one value per object, and cannot be appended to results of groups: group by the id, or by these columns"
    )]
    JoinedToGroups {
        /// The columns.
        columns: String,
    },
    /// A survey without a usual condition of good quality.
    #[error("no usual quality condition is known for {}: select good epochs", .preset.map_or_else(|| "a survey without a preset".to_owned(), |name| format!("the preset {name}")))]
    NoQuality {
        /// The preset, if the survey has one.
        preset: Option<&'static str>,
    },
    /// A statistic that is not defined for the quantity of the values.
    #[error(
        "the statistic '{statistic}' is not defined for {actual}: convert them, remove the statistic, or declare another quantity"
    )]
    Quantity {
        /// The statistic.
        statistic: String,
        /// The quantity of the values.
        actual: tape_core::Quantity,
    },
    /// A request for a wide table without bands.
    #[error(
        "a wide table has a column for each band, but there are no bands: name their column, group by the band too, or write a long table"
    )]
    WideWithoutBand,
    /// A request for a wide table of a statistic with many rows per light curve.
    #[error(
        "the statistic '{statistic}' has many rows per light curve, which a wide table cannot hold: write a long table"
    )]
    WideOfManyRows {
        /// The statistic.
        statistic: String,
    },
}

impl Error {
    /// Converts an error of a run, and unwraps errors of this crate that came through a sink.
    pub(crate) fn from_run(error: tape_exec::Error) -> Self {
        match error {
            tape_exec::Error::Sink(source) => Self::from_sink(source),
            other => Self::Exec(other),
        }
    }

    /// Converts an error of a task, and unwraps errors of this crate that came through its input.
    pub(crate) fn from_task(error: tape_exec::Error) -> Self {
        match error {
            tape_exec::Error::Source(source) => match source.downcast::<Self>() {
                Ok(own) => *own,
                Err(other) => Self::Exec(tape_exec::Error::Source(other)),
            },
            other => Self::from_run(other),
        }
    }

    fn from_sink(source: SourceError) -> Self {
        match source.downcast::<Self>() {
            Ok(own) => *own,
            Err(other) => Self::Exec(tape_exec::Error::Sink(other)),
        }
    }
}
