//! The description of a saved ensemble without its frames: a query, and the stamps of its files.

use std::path::Path;

use tape_io::FileStamp;

use crate::ensemble::Ensemble;
use crate::error::{Error, FrameError};
use crate::query::Provenance;

/// The behaviour on inputs of a saved ensemble that have changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Changed {
    /// Return an error.
    #[default]
    Refuse,
    /// Open the inputs as they are now. The frames can be read, but are not reused for batches.
    Accept,
}

/// Describes an ensemble. Returns an error if another process could not open it.
pub(super) fn description(ensemble: &Ensemble) -> Result<Provenance, Error> {
    let description = ensemble.provenance();
    match description.query.derived.iter().find(|derived| derived.expression.is_none()) {
        Some(function) => Err(FrameError::Derived { name: function.name.clone() }.into()),
        None => Ok(description),
    }
}

/// Checks that two descriptions have the same files and columns. The content of the files can differ.
pub(super) fn check_same(ours: &Provenance, theirs: &Provenance, folder: &Path) -> Result<(), FrameError> {
    let (ours, theirs) = (&ours.query, &theirs.query);
    let names = |columns: &[Option<String>; 5]| columns.iter().flatten().cloned().collect::<Vec<_>>().join(", ");
    let difference = if ours.inputs != theirs.inputs {
        let first =
            |paths: &[String]| format!("{} ({} files)", paths.first().cloned().unwrap_or_default(), paths.len());
        format!("of {}, not of {}", first(&ours.inputs), first(&theirs.inputs))
    } else if ours.columns != theirs.columns {
        format!("of the columns {}, not {}", names(&ours.columns), names(&theirs.columns))
    } else {
        return Ok(());
    };
    Err(FrameError::OtherSurvey { folder: folder.to_owned(), difference })
}

/// Opens the ensemble of a description.
pub(super) fn open(description: &Provenance, folder: &Path, accepts: Changed) -> Result<Ensemble, Error> {
    if let Some(path) = description.changed_file().filter(|_| accepts == Changed::Refuse) {
        // A missing file has its own error message.
        FileStamp::read(&path)?;
        return Err(FrameError::Changed { path, folder: folder.to_owned() }.into());
    }
    Ensemble::from_query(&description.query)
}
