//! Errors of frames and saved ensembles.

use std::path::PathBuf;

/// An error from keeping, finding or saving a frame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A label that is not a valid file name.
    #[error(
        "'{label}' cannot be the label of a frame: {reason}; a label has letters, digits, '_', '-' and '.', and begins with a \
         letter or a digit"
    )]
    Label {
        /// The label.
        label: String,
        /// The problem.
        reason: &'static str,
    },
    /// A reserved label.
    #[error("'{label}' is the ensemble's own table, and cannot be the label of a frame: choose another")]
    Reserved {
        /// The label.
        label: String,
    },
    /// A label that is already used by another frame.
    #[error(
        "there is a frame '{label}' already, {difference}: choose another label, drop it, or allow it to be replaced"
    )]
    Taken {
        /// The label.
        label: String,
        /// The difference.
        difference: String,
    },
    /// An unknown label.
    #[error("cannot {operation} frame '{label}': there is no such frame{}", among(.nearest, .labels))]
    Unknown {
        /// The requested operation.
        operation: &'static str,
        /// The label.
        label: String,
        /// The closest label.
        nearest: Option<String>,
        /// All labels.
        labels: Vec<String>,
    },
    /// The label of a dropped frame.
    #[error("cannot {operation} frame '{label}': it was dropped: compute it again")]
    Dropped {
        /// The requested operation.
        operation: &'static str,
        /// The label.
        label: String,
    },
    /// A frame that cannot be joined to another.
    #[error("cannot join frame '{right}' to '{left}': {reason}")]
    Join {
        /// The frame.
        left: String,
        /// The frame to join.
        right: String,
        /// The reason.
        reason: String,
    },
    /// A folder without a saved ensemble.
    #[error("{}: no saved ensemble found: save one first", .folder.display())]
    NotSaved {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder that holds something else.
    #[error("{}: {what}, so it is not a saved ensemble and is not replaced: choose another folder, or remove it", .folder.display())]
    Occupied {
        /// The folder.
        folder: PathBuf,
        /// Description of the existing content.
        what: String,
    },
    /// A saved ensemble that cannot be used.
    #[error("{}: is damaged: {reason}: remove the folder, and save the ensemble again", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The problem.
        reason: String,
    },
    /// An input that has changed.
    #[error(
        "{}: changed since the ensemble in {} was saved: accept it with `Changed::Accept`, and no frame of it is reused, or save \
         the ensemble again", .path.display(), .folder.display()
    )]
    Changed {
        /// The input.
        path: PathBuf,
        /// The saved ensemble.
        folder: PathBuf,
    },
    /// A saved ensemble of another survey.
    #[error("{}: the ensemble there is {difference}: choose another folder", .folder.display())]
    OtherSurvey {
        /// The folder.
        folder: PathBuf,
        /// The difference.
        difference: String,
    },
    /// A derived column that cannot be saved.
    #[error(
        "an ensemble with the column '{name}' cannot be saved: it is computed by a function, and only expressions can be saved"
    )]
    Derived {
        /// The column.
        name: String,
    },
}

fn among(nearest: &Option<String>, labels: &[String]) -> String {
    match (nearest, labels) {
        (Some(nearest), _) => format!(" (did you mean '{nearest}'?); there are: {}", labels.join(", ")),
        (None, []) => "; there are no frames".to_owned(),
        (None, labels) => format!("; there are: {}", labels.join(", ")),
    }
}
