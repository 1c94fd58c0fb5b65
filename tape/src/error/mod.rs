//! Why an ensemble cannot be opened or computed.

mod frame;
mod job;

use tape_core::{ResultsError, SourceError};

pub use frame::FrameError;
pub use job::JobError;

/// Why an ensemble cannot be opened or computed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file: opening, reading or writing it.
    #[error(transparent)]
    Io(#[from] tape_io::Error),
    /// A plan: making or running it.
    #[error(transparent)]
    Exec(#[from] tape_exec::Error),
    /// Results do not form a table.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A statistic that does not exist, or cannot have the parameters given.
    #[error(transparent)]
    Statistic(#[from] tape_analysis::Error),
    /// A job: planning, running or gathering it.
    #[error(transparent)]
    Job(#[from] JobError),
    /// A frame: keeping, finding or saving it.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A device: finding or opening it.
    #[cfg(feature = "gpu")]
    #[error(transparent)]
    Gpu(#[from] tape_gpu::Error),
    /// A calibration of devices that cannot be read or written.
    #[cfg(feature = "gpu")]
    #[error("{}: {message}: measure again, which replaces it", path.display())]
    Calibration {
        /// The file.
        path: std::path::PathBuf,
        /// The problem.
        message: String,
    },
    /// No folder for a calibration.
    #[cfg(feature = "gpu")]
    #[error("there is no cache folder to keep a calibration in: name one with TAPE_CACHE_DIR")]
    NoCache,
    /// An id that is larger than the column's type can tell.
    #[error("the id {id} does not fit the ids of the survey, which are {id_type:?}")]
    IdRange {
        /// The id.
        id: String,
        /// The type of the column.
        id_type: tape_core::IdType,
    },
    /// Columns of a time series that do not belong together.
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
    /// Labels of more bands than there can be.
    #[error("there are more than 255 bands: is the band column the right one?")]
    ManyBands,
    /// A statistic that gives more than the one number asked for.
    #[error("the statistic '{statistic}' gives more than one number of this time series: use `compute`")]
    ManyValues {
        /// The statistic.
        statistic: String,
    },
    /// A statistic that failed on a time series with an error of its own, which is the source of this one.
    #[error("the statistic '{statistic}' failed{}: {source}", if band.is_empty() { String::new() } else { format!(" in band {band}") })]
    StatisticFailed {
        /// The statistic.
        statistic: String,
        /// The band; empty without one.
        band: String,
        /// The error of the statistic.
        source: tape_core::StatisticError,
    },
    /// A statistic that needs what the survey does not have.
    #[error("the statistic '{statistic}' needs the {column} of each epoch, and the survey has no such column: name it")]
    NoColumn {
        /// The statistic.
        statistic: String,
        /// The column.
        column: &'static str,
    },
    /// An id that none of a survey can be.
    #[error("the id '{id}' cannot be one of {column}, whose ids are {}", if *.text { "integers" } else { "text" })]
    IdType {
        /// The id.
        id: String,
        /// The column of ids.
        column: String,
        /// True if the id is text.
        text: bool,
    },
    /// A part of all objects that is none.
    #[error("a sample is a part of all objects, from 0 to 1, and {fraction} is not")]
    Fraction {
        /// The requested fraction.
        fraction: f64,
    },
    /// Bands that are asked for where light curves are of all bands.
    #[error(
        "light curves by {by} have epochs of all bands: group by the band too, or choose rows by a condition instead of bands"
    )]
    BandsTogether {
        /// The columns that define a light curve.
        by: String,
    },
    /// All objects where results are not of objects.
    #[error("objects without a light curve cannot be listed among results by {by}: leave one of the two away")]
    AllOfGroups {
        /// The columns that define a light curve.
        by: String,
    },
    /// All objects where results are in no order.
    #[error(
        "pieces of light curves are in no order, among which objects without any could be listed: use another plan"
    )]
    AllUnchecked,
    /// A query that no other process can open.
    #[error("this cannot be opened from its description: {what}; open the survey in a program again")]
    NotDescribed {
        /// Why not.
        what: String,
    },
    /// A choice of objects by ids that the survey as it is now cannot have.
    #[error("objects were chosen by ids that the survey cannot have now, by the type of its ids: {what}")]
    ChosenIds {
        /// The choice.
        what: String,
    },
    /// A run that started again after results of it were handed out.
    #[error(
        "the rows are not in the order that footers claim, which was found after results were handed out: iterate again with the shuffle plan"
    )]
    Restarted,
    /// Columns of objects were requested with results of groups.
    #[error("{columns} are of one object each, and cannot stand beside results of groups: group by the id, or by them")]
    JoinedToGroups {
        /// The columns.
        columns: String,
    },
    /// A condition of good quality that is not known.
    #[error("no customary condition on the quality of epochs is known of {}: say which epochs are good", .preset.map_or_else(|| "a survey without a preset".to_owned(), |name| format!("the preset {name}")))]
    NoQuality {
        /// The preset, if the survey has one.
        preset: Option<&'static str>,
    },
    /// A statistic without a meaning for what the values are.
    #[error(
        "the statistic '{statistic}' has no meaning for {actual}: convert them, leave it out, or declare that they are something else"
    )]
    Quantity {
        /// The statistic.
        statistic: String,
        /// The quantity of the values.
        actual: tape_core::Quantity,
    },
    /// A wide table of a survey without bands.
    #[error(
        "a wide table has a column for each band, but there are no bands: name their column, group by the band too, or ask for a long table"
    )]
    WideWithoutBand,
    /// A wide table of a statistic with many rows for each light curve.
    #[error(
        "the statistic '{statistic}' has many rows for each light curve, which no wide table holds: ask for a long one"
    )]
    WideOfManyRows {
        /// The statistic.
        statistic: String,
    },
}

impl Error {
    /// Returns the error without the layers through which a sink's error travels.
    pub(crate) fn from_run(error: tape_exec::Error) -> Self {
        match error {
            tape_exec::Error::Sink(source) => Self::from_sink(source),
            other => Self::Exec(other),
        }
    }

    /// Returns the error without the layers through which an error of a task's input travels.
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
