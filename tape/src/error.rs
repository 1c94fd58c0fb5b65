//! Why an ensemble cannot be opened or computed.

use tape_core::{ResultsError, SourceError};

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
    /// A device: finding or opening it.
    #[cfg(feature = "gpu")]
    #[error(transparent)]
    Gpu(#[from] tape_gpu::Error),
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
