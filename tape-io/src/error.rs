//! What can go wrong with files, each with the file's name and what to do.

use std::io;
use std::path::PathBuf;

use parquet::errors::ParquetError;
use tape_core::{ColumnError, ObjectId, Quantity, Role};

use crate::expr::PredicateError;

/// Why a survey cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing was named.
    #[error("no input: name a Parquet file, a folder or a pattern such as 'survey/*.parquet'")]
    NoInput,
    /// A path that is not there.
    #[error("{}: no such file or folder", .path.display())]
    NotFound {
        /// The path.
        path: PathBuf,
    },
    /// A pattern or folder without a Parquet file.
    #[error("{pattern}: no Parquet file matches{}", passed_over(*.hidden))]
    NoMatch {
        /// What was asked for.
        pattern: String,
        /// Files passed over because their names start with `_` or `.`.
        hidden: usize,
    },
    /// A pattern that is not one.
    #[error("{pattern}: not a valid pattern: {reason}")]
    BadPattern {
        /// What was asked for.
        pattern: String,
        /// Where it goes wrong.
        reason: String,
    },
    /// A folder that says of itself that it is a catalogue of the sky, and is not what it says.
    #[error("{}: {reason}", .path.display())]
    Catalogue {
        /// The folder, or a file in it.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The operating system refused.
    #[error("{}: cannot {action}: {}{}", .path.display(), io_words(.source), io_hint(.source))]
    Io {
        /// The path.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Not a Parquet file, or a truncated one.
    #[error("{}: not a complete Parquet file ({reason}): copy or write it again, or leave it out", .path.display())]
    NotParquet {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A role's column is missing.
    #[error("{}: {source}", .path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// Which and what else there is.
        source: ColumnError,
    },
    /// A condition on rows that is none, or none for this file.
    #[error("{}{source}", in_file(.path.as_ref()))]
    Condition {
        /// The file, if it is the file's columns that do not go with it.
        path: Option<PathBuf>,
        /// What is wrong, and where.
        source: PredicateError,
    },
    /// A role's column has a type that cannot play the role.
    #[error("{}: column '{column}' is {actual}, but the {role} must be {expected}: name another", .path.display())]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The role.
        role: Role,
        /// What it is.
        actual: String,
        /// What it must be.
        expected: &'static str,
    },
    /// Two files do not agree.
    #[error(
        "{}: {difference}, unlike {}: open files of one schema together, or name the columns that all have",
        .path.display(), .first.display()
    )]
    MixedSchemas {
        /// The file that differs.
        path: PathBuf,
        /// The first file of the survey.
        first: PathBuf,
        /// In what.
        difference: String,
    },
    /// A value that was read well, and cannot play the role of its column.
    #[error("{}: row group {row_group}, column '{column}': {reason}", .path.display())]
    WrongValue {
        /// The file.
        path: PathBuf,
        /// The row group, counted from 0.
        row_group: usize,
        /// The column.
        column: String,
        /// What is wrong with which value.
        reason: String,
    },
    /// A page that cannot be decoded.
    #[error(
        "{}: row group {row_group}, column '{column}' is corrupt ({reason}): copy or write the file again, or leave it out",
        .path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The row group in it.
        row_group: usize,
        /// The column.
        column: String,
        /// What the decoder found.
        reason: String,
    },
    /// Lists of one row that have not the same length.
    #[error(
        "{}: row group {row_group}{}: the lists of '{first}' and '{second}' have not the same length: write the file again with \
         a value of each for every epoch, or name other columns",
        .path.display(), in_row(*.row)
    )]
    UnequalLists {
        /// The file.
        path: PathBuf,
        /// The row group in it.
        row_group: usize,
        /// The row in that, if it could be found.
        row: Option<u64>,
        /// One column.
        first: String,
        /// The other.
        second: String,
    },
    /// A file is not what it was when the run was planned.
    #[error("{}: changed since its footer was read: run again", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// An output that would be written over.
    #[error("{}: exists already: choose another name, or allow it to be replaced", .path.display())]
    Exists {
        /// The output.
        path: PathBuf,
    },
    /// An output of an unknown kind.
    #[error("{}: cannot tell the format: end the name in .parquet, .csv, .ecsv or .arrow", .path.display())]
    UnknownFormat {
        /// The output.
        path: PathBuf,
    },
    /// An output that cannot be written.
    #[error("{}: cannot write: {reason}; nothing is left in its place", .path.display())]
    Write {
        /// The output.
        path: PathBuf,
        /// What went wrong, and what to do.
        reason: String,
    },
    /// Rows for which there is no room in memory, and none on disk.
    #[error(
        "{}: cannot spill rows to disk: {reason}; free some space there, choose another folder to spill to, or allow more memory",
        .folder.display()
    )]
    Spill {
        /// Where to.
        folder: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// A file of blocks, or a table that was kept, that is not what was written.
    #[error("{}: is damaged: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An output that holds, or is, something that is not ours to remove.
    #[error("{}: is not replaced: {reason}: choose another name, or remove it yourself", .path.display())]
    NotReplaced {
        /// The output.
        path: PathBuf,
        /// What is in the way.
        reason: String,
    },
    /// An output among the files that are read.
    #[error(
        "{}: this output and the input {} lie in each other: choose a folder outside of it",
        .path.display(), .input.display()
    )]
    OutputInInput {
        /// The output.
        path: PathBuf,
        /// The input.
        input: PathBuf,
    },
    /// An object table that has an object twice.
    #[error(
        "{}: object {id} has more than one row, and a table of objects has one for each: leave the others out, or instead \
         of '{column}' name another column of ids",
        .path.display()
    )]
    ObjectTwice {
        /// The first file of the table.
        path: PathBuf,
        /// The column of the id.
        column: String,
        /// The object.
        id: ObjectId,
    },
    /// An object table whose ids cannot be those of the survey.
    #[error("{}: column '{column}' is {actual}, but the survey's ids are {survey}: name another column of ids", .path.display())]
    ObjectIdType {
        /// The file.
        path: PathBuf,
        /// The column of the id.
        column: String,
        /// What it is.
        actual: String,
        /// What the survey's ids are.
        survey: &'static str,
    },
    /// An object table without a column of ids.
    #[error("{}: no column of ids; columns: {}. Name one", .path.display(), .available.join(", "))]
    NoObjectId {
        /// The first file of the table.
        path: PathBuf,
        /// All columns.
        available: Vec<String>,
    },
    /// A column that an object table does not have.
    #[error("{}: no column '{column}'{}; columns: {}", .path.display(), like(.nearest.as_ref()), .available.join(", "))]
    NoObjectColumn {
        /// The file.
        path: PathBuf,
        /// The name.
        column: String,
        /// The column most like it.
        nearest: Option<String>,
        /// All columns.
        available: Vec<String>,
    },
    /// More objects than a table may have.
    #[error("{}: a table of objects may have 4,294,967,295 rows, and this has more: name some of its files", .path.display())]
    ManyObjects {
        /// The first file of the table.
        path: PathBuf,
    },
    /// Something by which rows cannot be grouped.
    #[error("rows cannot be grouped by '{name}'{}: {}; there are {}", like(.nearest.as_ref()), if *.table { "no column of the survey's ids or bands, nor of the table of objects, is called so" } else { "it is neither the id nor the band, and columns of objects need a table of them" }, .available.join(", "))]
    NoGroup {
        /// What was named.
        name: String,
        /// What is called much like it.
        nearest: Option<String>,
        /// All that could be named.
        available: Vec<String>,
        /// Whether there is a table of objects.
        table: bool,
    },
    /// Something by which rows are to be grouped twice.
    #[error("rows cannot be grouped by '{name}' twice: name it once")]
    GroupTwice {
        /// What was named.
        name: String,
    },
    /// A group of what each object has one of anyway.
    #[error("rows of one object have one '{name}' anyway: group by the id alone, and join '{name}' to the results")]
    GroupOfObject {
        /// The column.
        name: String,
    },
    /// Columns that cannot be put in order.
    #[error("rows cannot be grouped by {names}: {reason}")]
    Groups {
        /// The columns.
        names: String,
        /// What arrow said.
        reason: String,
    },
    /// Something that is asked of the objects of a survey that has no table of them.
    #[error("no table of objects for the {what}: name one")]
    NoObjects {
        /// What is asked.
        what: String,
    },
    /// A survey of which only some rows are to be read.
    #[error(
        "{}: not written: a survey is written again with all of its rows, not only those where {condition}: open it without",
        .path.display()
    )]
    PartOfSurvey {
        /// The output.
        path: PathBuf,
        /// The condition.
        condition: String,
    },
    /// A store or a server that does not give what is at a URL.
    #[error("{}: {reason}", .path.display())]
    Remote {
        /// The URL.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// A URL where nothing of stores was built.
    #[error("{}: this program was built without what reads from other machines: build it with the feature `remote`", .path.display())]
    NoRemote {
        /// The URL.
        path: PathBuf,
    },
    /// A URL of a web server that is not that of a file.
    #[error("{}: a web server does not tell what it has: name the files, or a HATS catalogue, which lists its own", .path.display())]
    NoListing {
        /// The URL.
        path: PathBuf,
    },
    /// A part of the sky that is none.
    #[error("{region} is no part of the sky: {reason}")]
    NoRegion {
        /// What was asked for.
        region: String,
        /// What is wrong.
        reason: String,
    },
    /// A part of the sky of a survey that does not say where its rows lie.
    #[error("{}: {what}", .path.display())]
    NoPlaces {
        /// The first file of the survey.
        path: PathBuf,
        /// What is missing, and what to do.
        what: String,
    },
    /// Values that are what they should be converted to.
    #[error("{}: the values are {quantity} already, and cannot be converted to them", .path.display())]
    Converted {
        /// The first file of the survey.
        path: PathBuf,
        /// What they are.
        quantity: Quantity,
    },
    /// Light curves that cannot be written in another shape.
    #[error("{}: {reason}", .path.display())]
    NotConverted {
        /// The first file of the survey.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A column of objects that has several values for one.
    #[error("{}: column '{column}' has not one value for object {id}: take it out of the columns of objects, and it goes into the light curve", .path.display())]
    BaseVaries {
        /// The first file of the survey.
        path: PathBuf,
        /// The column.
        column: String,
        /// The object.
        id: String,
    },
    /// The run was told to stop.
    #[error("{}: stopped before it was whole; nothing of it is left", .path.display())]
    Cancelled {
        /// The output.
        path: PathBuf,
    },
}

fn in_file(path: Option<&PathBuf>) -> String {
    path.map(|path| format!("{}: ", path.display())).unwrap_or_default()
}

fn like(nearest: Option<&String>) -> String {
    nearest.map(|name| format!(" (did you mean '{name}'?)")).unwrap_or_default()
}

fn passed_over(n: usize) -> String {
    if n == 0 { String::new() } else { format!(" ({n} with names that start with '_' or '.' are passed over)") }
}

fn in_row(row: Option<u64>) -> String {
    row.map(|row| format!(", row {row}")).unwrap_or_default()
}

/// The system's words without its number.
fn io_words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

fn io_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => ": ask for permission, or leave it out",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ": free some space, or write elsewhere",
        _ => "",
    }
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

    /// A failed write of rows for which there is no room in memory, or their reading back.
    pub(crate) fn spill(folder: impl Into<PathBuf>, error: &io::Error) -> Self {
        Self::Spill { folder: folder.into(), reason: io_words(error) }
    }

    /// A failed write, in the system's words where the system refused.
    pub(crate) fn write(path: impl Into<PathBuf>, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(io) = error.downcast_ref::<io::Error>() {
                return Self::Write { path: path.into(), reason: format!("{}{}", io_words(io), io_hint(io)) };
            }
            cause = error.source();
        }
        // Writers pass on the system's words, but not its error.
        let text = plain(&error.to_string());
        let full = text.contains("No space left") || text.contains("quota");
        let reason =
            if full { "no space left on device: free some space, or write elsewhere".to_owned() } else { text };
        Self::Write { path: path.into(), reason }
    }
}

/// What the system said, if it was the system that refused; else the error as it is.
pub(crate) fn system(error: ParquetError) -> Result<io::Error, ParquetError> {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            // What a page header claims, and an end that comes too soon, are matters of the file, not of the system.
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

/// The decoder's words, without the prefix that says only that an error happened.
pub(crate) fn words(error: &ParquetError) -> String {
    plain(&error.to_string())
}

/// Words without the names of the layers that they came through, and without the system's number.
fn plain(text: &str) -> String {
    let mut text = text.split(" (os error").next().unwrap_or_default();
    for layer in ["Parquet error: ", "External: ", "Csv error: "] {
        text = text.strip_prefix(layer).unwrap_or(text);
    }
    text.to_owned()
}
