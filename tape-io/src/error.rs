//! The crate's error type. Messages name the file and what to do.

mod parts;

use std::io;
use std::path::PathBuf;

use parquet::errors::ParquetError;
use tape_core::{ColumnError, ObjectId, Quantity, Role, TableKind};

use crate::expr::PredicateError;
use parts::{hidden_files, in_file, in_row, io_hint, io_words, like, other_files};

/// An error from opening, reading or writing a survey.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The list of inputs is empty.
    #[error("no input: name a Parquet file, a folder or a pattern such as 'survey/*.parquet'")]
    NoInput,
    /// A path that does not exist.
    #[error("{}: no such file or folder", .path.display())]
    NotFound {
        /// The path.
        path: PathBuf,
    },
    /// A pattern or folder that matches no Parquet file.
    #[error("{pattern}: no Parquet file found{}{}", hidden_files(*.hidden), other_files(.other))]
    NoMatch {
        /// The pattern or folder.
        pattern: String,
        /// Number of files skipped because of their names, such as those that start with `_` or `.`.
        hidden: usize,
        /// The first file that is not Parquet, and what it is.
        other: Option<Box<Self>>,
    },
    /// A malformed pattern.
    #[error("{pattern}: not a valid pattern: {reason}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// The position and kind of the mistake.
        reason: String,
    },
    /// A HATS catalogue that is incomplete or inconsistent.
    #[error("{}: {reason}", .path.display())]
    Catalogue {
        /// The folder, or a file in it.
        path: PathBuf,
        /// The problem and what to do.
        reason: String,
    },
    /// A failed call to the operating system.
    #[error("{}: cannot {action}: {}{}", .path.display(), io_words(.source), io_hint(.source))]
    Io {
        /// The path.
        path: PathBuf,
        /// The failed action, as a verb phrase that follows "cannot".
        action: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// Not a Parquet file, or a truncated one.
    #[error("{}: not a complete Parquet file ({reason}): copy or write it again, or exclude it", .path.display())]
    NotParquet {
        /// The file.
        path: PathBuf,
        /// The defect that was found.
        reason: String,
    },
    /// A file in another format than Parquet, or a table that only its own reader can read.
    #[error("{}: this is {format}, which is not read: {advice}", .path.display())]
    OtherFormat {
        /// The file or folder.
        path: PathBuf,
        /// The format, with its article.
        format: &'static str,
        /// Advice on how to fix it.
        advice: String,
    },
    /// A column that is stored in a way that cannot be read.
    #[error("{}: column '{column}' is {what}: {advice}", .path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Description of how it is stored.
        what: &'static str,
        /// Advice on how to fix it.
        advice: &'static str,
    },
    /// A missing column for a role.
    #[error("{}: {source}", .path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The role, and the columns that exist.
        source: ColumnError,
    },
    /// A condition on rows that is malformed, or does not fit the columns of a file.
    #[error("{}{source}", in_file(.path.as_ref()))]
    Condition {
        /// The file whose columns do not fit, or `None` if the condition itself is malformed.
        path: Option<PathBuf>,
        /// The problem and its position.
        source: PredicateError,
    },
    /// A column whose type does not suit its role.
    #[error("{}: column '{column}' is {actual}, but the {role} must be {expected}: name another", .path.display())]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The role.
        role: Role,
        /// The type of the column.
        actual: String,
        /// The types that the role accepts.
        expected: &'static str,
    },
    /// Two files with different schemas.
    #[error(
        "{}: {difference}, unlike {}: open only files with the same schema, or name columns that all of them have",
        .path.display(), .first.display()
    )]
    MixedSchemas {
        /// The file that differs.
        path: PathBuf,
        /// The first file of the survey.
        first: PathBuf,
        /// The difference.
        difference: String,
    },
    /// A value that is readable but not valid for the role of its column.
    #[error("{}: row group {row_group}, column '{column}': {reason}", .path.display())]
    WrongValue {
        /// The file.
        path: PathBuf,
        /// The row group, counted from 0.
        row_group: usize,
        /// The column.
        column: String,
        /// The value, and why it is not valid.
        reason: String,
    },
    /// A page that cannot be decoded.
    #[error(
        "{}: row group {row_group}, column '{column}' is corrupt ({reason}): copy or write the file again, or exclude it",
        .path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The row group, counted from 0.
        row_group: usize,
        /// The column.
        column: String,
        /// The decoder's reason.
        reason: String,
    },
    /// Lists of different lengths in one row.
    #[error(
        "{}: row group {row_group}{}: the lists of '{first}' and '{second}' have different lengths: write the file again with one \
        value of each for every epoch, or name other columns",
        .path.display(), in_row(*.row)
    )]
    UnequalLists {
        /// The file.
        path: PathBuf,
        /// The row group, counted from 0.
        row_group: usize,
        /// The row in the row group, if known.
        row: Option<u64>,
        /// A column.
        first: String,
        /// The column whose lists differ in length from those of `first`.
        second: String,
    },
    /// A file that changed after the run was planned.
    #[error("{}: changed since its footer was read: run again", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// An output that already exists.
    #[error("{}: already exists: choose another name, or allow it to be replaced", .path.display())]
    Exists {
        /// The output.
        path: PathBuf,
    },
    /// An output whose format cannot be told from its name.
    #[error("{}: cannot tell the format: end the name in .parquet, .csv, .ecsv or .arrow", .path.display())]
    UnknownFormat {
        /// The output.
        path: PathBuf,
    },
    /// An output that cannot be written.
    #[error("{}: cannot write: {reason}; no partial output was left behind", .path.display())]
    Write {
        /// The output.
        path: PathBuf,
        /// The cause and what to do.
        reason: String,
    },
    /// A failed write of rows to the spill folder, or a failed read from it.
    #[error(
        "{}: cannot spill rows to disk: {reason}; free some space there, choose another folder to spill to, or allow more memory",
        .folder.display()
    )]
    Spill {
        /// The spill folder.
        folder: PathBuf,
        /// The cause.
        reason: String,
    },
    /// A block file or sealed table whose content is not what was written.
    #[error("{}: is damaged: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The defect that was found.
        reason: String,
    },
    /// An existing output with content that this program did not write, and therefore does not remove.
    #[error("{}: not replaced: {reason}: choose another name, or remove it yourself", .path.display())]
    NotReplaced {
        /// The output.
        path: PathBuf,
        /// The content that is in the way.
        reason: String,
    },
    /// An output that overlaps with an input.
    #[error(
        "{}: this output overlaps with the input {}: choose a folder outside the input",
        .path.display(), .input.display()
    )]
    OutputInInput {
        /// The output.
        path: PathBuf,
        /// The input.
        input: PathBuf,
    },
    /// A table with two rows for one key.
    #[error(
        "{}: {kind} {key} has more than one row, but the {kind} table has one row per {kind}: remove the other rows, or name \
        another key column instead of '{column}'",
        .path.display()
    )]
    KeyTwice {
        /// The kind of table.
        kind: TableKind,
        /// The first file of the table.
        path: PathBuf,
        /// The key column.
        column: String,
        /// The key.
        key: ObjectId,
    },
    /// A table whose key column has another type than the keys in the survey.
    #[error("{}: column '{column}' is {actual}, but the survey's ids are {survey}: name another key column", .path.display())]
    KeyType {
        /// The kind of table.
        kind: TableKind,
        /// The file.
        path: PathBuf,
        /// The key column.
        column: String,
        /// The type of the column.
        actual: String,
        /// The type of the survey's ids.
        survey: &'static str,
    },
    /// A table without a key column.
    #[error("{}: no key column among {}: name one", .path.display(), .available.join(", "))]
    NoKeyColumn {
        /// The first file of the table.
        path: PathBuf,
        /// All columns.
        available: Vec<String>,
    },
    /// A column that is not in the table.
    #[error("{}: no column '{column}'{}; columns: {}", .path.display(), like(.nearest.as_ref()), .available.join(", "))]
    NoTableColumn {
        /// The file.
        path: PathBuf,
        /// The name.
        column: String,
        /// The column with the most similar name.
        nearest: Option<String>,
        /// All columns.
        available: Vec<String>,
    },
    /// A table with too many rows.
    #[error("{}: the {kind} table can have at most 4,294,967,295 rows, and this one has more: name fewer files", .path.display())]
    TooManyTableRows {
        /// The kind of table.
        kind: TableKind,
        /// The first file of the table.
        path: PathBuf,
    },
    /// A name that cannot be used to group rows.
    #[error("cannot group by '{name}'{}: {}; available: {}", like(.nearest.as_ref()), if *.table { "it is not the survey's id or band, nor a column of the object table" } else { "it is not the id or the band, and grouping by object columns needs an object table" }, .available.join(", "))]
    NoGroup {
        /// The name.
        name: String,
        /// The available name that is most similar.
        nearest: Option<String>,
        /// All names that can be used.
        available: Vec<String>,
        /// True if the survey has an object table.
        table: bool,
    },
    /// A name given twice in a grouping.
    #[error("cannot group by '{name}' twice: name it once")]
    GroupTwice {
        /// The name.
        name: String,
    },
    /// A grouping by id and a column of objects, which equals the grouping by id.
    #[error(
        "cannot group by id and '{name}', which is constant per object: group by the id only, and join '{name}' to the results"
    )]
    GroupOfObject {
        /// The column.
        name: String,
    },
    /// Columns whose values cannot be sorted.
    #[error("cannot group by {names}: {reason}")]
    Groups {
        /// The columns.
        names: String,
        /// The reason that arrow gave.
        reason: String,
    },
    /// A request that needs a table of objects or exposures, in a survey without one.
    #[error("no {kind} table for {what}: name one")]
    NoTable {
        /// The table.
        kind: TableKind,
        /// The part of the request that needs it.
        what: String,
    },
    /// A survey with a condition, in an operation that copies all of its rows.
    #[error(
        "{}: not written: rewriting a survey copies all of its rows, not only those where {condition}: open it without the \
        condition",
        .path.display()
    )]
    PartOfSurvey {
        /// The output.
        path: PathBuf,
        /// The condition.
        condition: String,
    },
    /// A failed request to an object store or web server.
    #[error("{}: {reason}", .path.display())]
    Remote {
        /// The URL.
        path: PathBuf,
        /// The cause and what to do.
        reason: String,
    },
    /// A URL, in a build without support for object stores and web servers.
    #[error("{}: this program was built without support for URLs: build it with the feature `remote`", .path.display())]
    NoRemote {
        /// The URL.
        path: PathBuf,
    },
    /// A URL of a folder on a web server.
    #[error("{}: web servers do not list their files: name the files, or a HATS catalogue, which lists its own", .path.display())]
    NoListing {
        /// The URL.
        path: PathBuf,
    },
    /// An invalid region of the sky.
    #[error("{region} is not a valid region of the sky: {reason}")]
    NoRegion {
        /// The region.
        region: String,
        /// The reason that it is invalid.
        reason: String,
    },
    /// A region of a survey that has no columns of positions.
    #[error("{}: {what}", .path.display())]
    NoPlaces {
        /// The first file of the survey.
        path: PathBuf,
        /// The missing columns and what to do.
        what: String,
    },
    /// A conversion to the quantity that the values already are.
    #[error("{}: the values are already {quantity}: remove the conversion", .path.display())]
    Converted {
        /// The first file of the survey.
        path: PathBuf,
        /// The quantity.
        quantity: Quantity,
    },
    /// A survey that cannot be converted to another shape.
    #[error("{}: {reason}", .path.display())]
    NotConverted {
        /// The first file of the survey.
        path: PathBuf,
        /// The cause and what to do.
        reason: String,
    },
    /// A column of objects with more than one value for an object.
    #[error("{}: column '{column}' has more than one value for object {id}: remove it from the object columns to write it with the epochs", .path.display())]
    BaseVaries {
        /// The first file of the survey.
        path: PathBuf,
        /// The column.
        column: String,
        /// The object.
        id: String,
    },
    /// A cancelled run.
    #[error("{}: stopped before it was complete; no partial output was left behind", .path.display())]
    Cancelled {
        /// The output.
        path: PathBuf,
    },
}

impl Error {
    pub(crate) fn io(path: impl Into<PathBuf>, action: &'static str, source: io::Error) -> Self {
        let path = path.into();
        if source.kind() == io::ErrorKind::NotFound {
            Self::NotFound { path }
        } else {
            Self::Io { path, action, source }
        }
    }

    /// Makes the error of a failed write or read of spilled rows.
    pub(crate) fn spill(folder: impl Into<PathBuf>, error: &io::Error) -> Self {
        Self::Spill { folder: folder.into(), reason: io_words(error) }
    }

    /// Makes the error of a failed write, with the system's message if a system call failed.
    pub(crate) fn write(path: impl Into<PathBuf>, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(io) = error.downcast_ref::<io::Error>() {
                return Self::Write { path: path.into(), reason: format!("{}{}", io_words(io), io_hint(io)) };
            }
            cause = error.source();
        }
        // Some writers pass on the message of the system's error, but not the error itself.
        let text = plain(&error.to_string());
        let full = text.contains("No space left") || text.contains("quota");
        let reason =
            if full { "no space left on device: free some space, or write elsewhere".to_owned() } else { text };
        Self::Write { path: path.into(), reason }
    }
}

/// Returns the system's error if a system call failed, else the error unchanged.
pub(crate) fn system(error: ParquetError) -> Result<io::Error, ParquetError> {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            // False claims of a page header and a premature end are errors in the file, not in the system.
            Ok(refused) => match refused.downcast::<ParquetError>() {
                Ok(claim) => Err(claim),
                Err(end) if end.kind() == io::ErrorKind::UnexpectedEof => Err(ParquetError::External(Box::new(end))),
                Err(refused) => Ok(refused),
            },
            Err(source) => Err(ParquetError::External(source)),
        },
        other => Err(other),
    }
}

/// Returns the decoder's message without its generic prefix.
pub(crate) fn words(error: &ParquetError) -> String {
    plain(&error.to_string())
}

/// Strips the prefixes of the layers that a message passed through, and the system's error number.
fn plain(text: &str) -> String {
    let mut text = text.split(" (os error").next().unwrap_or_default();
    for layer in ["Parquet error: ", "External: ", "Csv error: "] {
        text = text.strip_prefix(layer).unwrap_or(text);
    }
    text.to_owned()
}
