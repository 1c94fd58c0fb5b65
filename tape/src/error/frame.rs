//! Why a frame cannot be kept, found or saved.

use std::path::PathBuf;

/// Why a frame cannot be kept, found or saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A label that no file can be called.
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
    /// A label that means something else.
    #[error("'{label}' is the ensemble's own table, and cannot be the label of a frame: choose another")]
    Reserved {
        /// The label.
        label: String,
    },
    /// A label that another frame has.
    #[error(
        "there is a frame '{label}' already, {difference}: choose another label, drop it, or allow it to be replaced"
    )]
    Taken {
        /// The label.
        label: String,
        /// In what it is another.
        difference: String,
    },
    /// A label that no frame has.
    #[error("cannot {operation} frame '{label}': there is none{}", among(.nearest, .labels))]
    Unknown {
        /// The requested operation.
        operation: &'static str,
        /// The label.
        label: String,
        /// The label most like it.
        nearest: Option<String>,
        /// All labels.
        labels: Vec<String>,
    },
    /// A label of a frame that is no more.
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
        /// Why not.
        reason: String,
    },
    /// A folder without a saved ensemble.
    #[error("{}: no saved ensemble is there: save one first", .folder.display())]
    NotSaved {
        /// The folder.
        folder: PathBuf,
    },
    /// A folder that holds something else.
    #[error("{}: {what} is there, which is no saved ensemble, and is not replaced: choose another folder, or remove it yourself", .folder.display())]
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
    /// An input that is not what it was.
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
        /// In what it is another.
        difference: String,
    },
    /// A derived column that cannot be saved.
    #[error(
        "an ensemble with the column '{name}' cannot be saved: a function computes it, and expressions alone can be kept"
    )]
    Derived {
        /// The column.
        name: String,
    },
}

fn among(nearest: &Option<String>, labels: &[String]) -> String {
    match (nearest, labels) {
        (Some(nearest), _) => format!(" (did you mean '{nearest}'?); there are: {}", labels.join(", ")),
        (None, []) => ", nor any other".to_owned(),
        (None, labels) => format!("; there are: {}", labels.join(", ")),
    }
}
