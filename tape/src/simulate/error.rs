//! Errors of simulations. Messages say what to do.

use std::io;
use std::path::{Path, PathBuf};

use parquet::errors::ParquetError;

/// An error from simulating a survey.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// A survey without objects.
    #[error("the number of objects is 0: use 1 or more")]
    NoObjects,
    /// More objects than ids.
    #[error("{objects} objects are more than the limit of {limit}: write several surveys with different seeds")]
    TooManyObjects {
        /// Requested number of objects.
        objects: u64,
        /// Maximum number of objects.
        limit: u64,
    },
    /// An invalid mean number of epochs.
    #[error("{epochs} epochs per object on average: use a number from 1 to {limit}")]
    BadEpochs {
        /// Requested mean number of epochs.
        epochs: f64,
        /// Maximum mean number of epochs.
        limit: f64,
    },
    /// A survey without bands.
    #[error("a survey needs at least one band: name them, for example ugrizy")]
    NoBands,
    /// A band without a name, or named twice.
    #[error("band {label:?} is empty or named twice: name every band once, for example ugrizy")]
    BadBand {
        /// The label.
        label: String,
    },
    /// Too many bands.
    #[error("{bands} bands are more than the limit of {limit}: name fewer")]
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
    /// A fraction that is not from 0 to 1.
    #[error("a variable fraction of {fraction}: it must lie between 0 and 1")]
    BadFraction {
        /// Requested fraction.
        fraction: f64,
    },
    /// A survey without files.
    #[error("the number of files is 0: use 1 or more")]
    NoFiles,
    /// More files than objects.
    #[error("{files} files for {objects} objects: every file needs an object: use fewer files")]
    TooManyFiles {
        /// Requested number of files.
        files: usize,
        /// Number of objects.
        objects: u64,
    },
    /// More files than nights.
    #[error("{files} files for {nights} nights: every file needs a night: use fewer files")]
    TooManyNights {
        /// Requested number of files.
        files: usize,
        /// Number of nights.
        nights: usize,
    },
    /// Row groups without rows.
    #[error("row groups of 0 rows: use 1 row or more per row group")]
    EmptyRowGroups,
    /// An unknown name of an option's value.
    #[error("no {what} is called {given:?}: choose one of {known}")]
    UnknownName {
        /// Kind of the name.
        what: &'static str,
        /// The given name.
        given: String,
        /// The valid names.
        known: String,
    },
    /// An existing output.
    #[error("{}: already exists: choose another folder, or allow it to be replaced", .path.display())]
    OutputExists {
        /// Path of the survey.
        path: PathBuf,
    },
    /// An existing output that was not written by a simulation, and is therefore not deleted.
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
    /// An error of the operating system.
    #[error("{}: cannot be written: {}: {}", .path.display(), plain(.source), advice(.source))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
    /// An error of the Parquet writer.
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

    /// Converts an error of the Parquet writer. An error of the operating system inside it is reported instead.
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

/// Returns the system's message in lower case, without its error number.
fn plain(error: &io::Error) -> String {
    error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase()
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, write elsewhere, or use fewer objects or epochs"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "choose a writable folder",
        io::ErrorKind::NotFound => "create the parent folder first",
        _ => "check that the folder exists and is writable",
    }
}
