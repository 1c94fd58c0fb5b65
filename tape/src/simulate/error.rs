//! Why a survey cannot be simulated, each with what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;

/// Why a survey cannot be simulated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// The survey would have no object.
    #[error("a survey needs at least one object: ask for one or more")]
    NoObjects,
    /// The survey would have more objects than there are ids for.
    #[error("{objects} objects are more than the {limit} that one survey can have: write several with different seeds")]
    TooManyObjects {
        /// Requested number of objects.
        objects: u64,
        /// Maximum number of objects.
        limit: u64,
    },
    /// The mean number of epochs makes no sense.
    #[error("{epochs} epochs per object on average: ask for a number from 1 to {limit}")]
    BadEpochs {
        /// Requested mean number of epochs.
        epochs: f64,
        /// The largest that is possible.
        limit: f64,
    },
    /// No band.
    #[error("a survey needs at least one band: name them, for example ugrizy")]
    NoBands,
    /// A band without a name, or named twice.
    #[error("band {label:?} is empty or named twice: name every band once, for example ugrizy")]
    BadBand {
        /// The label.
        label: String,
    },
    /// More bands than can be told apart.
    #[error("{bands} bands are more than the {limit} that one survey can have: name fewer")]
    TooManyBands {
        /// Requested number of bands.
        bands: usize,
        /// Maximum number of bands.
        limit: usize,
    },
    /// A preset whose columns cannot be simulated.
    #[error("surveys in the columns of {name} cannot be simulated: choose one of {known}")]
    UnsupportedPreset {
        /// Name of the preset.
        name: &'static str,
        /// Names of the supported presets.
        known: String,
    },
    /// A band that has no code in a preset.
    #[error("the preset {preset} has no band {label:?}: choose among {known}")]
    BandNotInPreset {
        /// Name of the preset.
        preset: &'static str,
        /// The label.
        label: String,
        /// The bands of the preset.
        known: String,
    },
    /// Not a fraction.
    #[error("a variable fraction of {fraction}: it must lie between 0 and 1")]
    BadFraction {
        /// Requested fraction.
        fraction: f64,
    },
    /// No file.
    #[error("a survey needs at least one file: ask for one or more")]
    NoFiles,
    /// Some file would have no object.
    #[error("{files} files for {objects} objects: every file needs an object, so ask for fewer files")]
    TooManyFiles {
        /// Requested number of files.
        files: usize,
        /// Number of objects.
        objects: u64,
    },
    /// Some file would have no night.
    #[error("{files} files for {nights} nights: every file needs a night, so ask for fewer files")]
    TooManyNights {
        /// Requested number of files.
        files: usize,
        /// Number of nights.
        nights: usize,
    },
    /// Row groups without rows.
    #[error("row groups of 0 rows: ask for at least 1 row per row group")]
    EmptyRowGroups,
    /// A name that is none of those known.
    #[error("no {what} is called {given:?}: choose one of {known}")]
    UnknownName {
        /// Kind of the name.
        what: &'static str,
        /// The given name.
        given: String,
        /// The valid names.
        known: String,
    },
    /// There is something at the place of the output.
    #[error("{}: exists already: choose another folder, or allow it to be replaced", .path.display())]
    OutputExists {
        /// Path of the survey.
        path: PathBuf,
    },
    /// There is something at the place of the output that a simulation did not write, so that it must not be deleted.
    #[error(
        "{}: is not a simulated survey ('{}' does not belong to one), so it is not replaced: choose another \
         folder, or remove it yourself",
        .path.display(), .found.display()
    )]
    NotASurvey {
        /// Path of the survey.
        path: PathBuf,
        /// Path of the unexpected file.
        found: PathBuf,
    },
    /// A path that cannot become a folder.
    #[error("{}: does not name a folder that can be made: end it with the survey's name", .path.display())]
    BadOutput {
        /// The path.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{}: cannot be written: {source}: {}", .path.display(), advice(.source))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
    /// The Parquet writer refused.
    #[error("{}: cannot be written: {source}: please report this, with the options used", .path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Error of the writer.
        source: ParquetError,
    },
    /// The caller asked to stop.
    #[error("stopped before the survey was complete: nothing was left at {}", .path.display())]
    Interrupted {
        /// Path of the survey.
        path: PathBuf,
    },
}

impl SimulateError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    /// A refused write: the Parquet writer wraps what the operating system says, and the user needs to hear the latter.
    pub(super) fn parquet(path: &Path) -> impl FnOnce(ParquetError) -> Self {
        let path = path.to_owned();
        move |error| match error {
            ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(source) => Self::Io { path, source: *source },
                Err(inner) => Self::Parquet { path, source: ParquetError::External(inner) },
            },
            source => Self::Parquet { path, source },
        }
    }
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, write elsewhere, or ask for fewer objects or epochs"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "choose a folder that you may write to",
        io::ErrorKind::NotFound => "make the folder above it first",
        _ => "check that the place exists and can be written to",
    }
}
