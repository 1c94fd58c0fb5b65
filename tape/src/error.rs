//! Why an ensemble cannot be opened or computed.

use tape_core::{ResultsError, SourceError};

use crate::frames::FrameError;
use crate::job::JobError;

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
    #[error("{}: {message}; `tape devices --calibrate` measures again and replaces it", path.display())]
    Calibration {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// No folder for a calibration.
    #[cfg(feature = "gpu")]
    #[error("there is no cache folder to keep a calibration in: name one with TAPE_CACHE_DIR")]
    NoCache,
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
    /// A statistic that needs what the survey does not have.
    #[error("the statistic '{statistic}' needs the {column} of each epoch, and the survey has no such column: name it")]
    NoColumn {
        /// The statistic.
        statistic: String,
        /// The column.
        column: &'static str,
    },
    /// A wide table of a survey without bands.
    #[error(
        "a wide table has a column for each band, but the survey has no band column: name it, or ask for a long table"
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
    /// The same error without the layers through which a sink's error travels.
    pub(crate) fn from_run(error: tape_exec::Error) -> Self {
        match error {
            tape_exec::Error::Sink(source) => Self::from_sink(source),
            other => Self::Exec(other),
        }
    }

    /// The same error without the layers through which the error of what a task reads travels.
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
