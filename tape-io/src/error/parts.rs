//! Parts of the messages of errors.

use std::io;
use std::path::PathBuf;

use super::Error;

pub(super) fn in_file(path: Option<&PathBuf>) -> String {
    path.map(|path| format!("{}: ", path.display())).unwrap_or_default()
}

pub(super) fn like(nearest: Option<&String>) -> String {
    nearest.map(|name| format!(" (did you mean '{name}'?)")).unwrap_or_default()
}

pub(super) fn hidden_files(n: usize) -> String {
    if n == 0 {
        String::new()
    } else {
        format!(" (skipped {n} whose names mark metadata, as '_' and '.' do at the start)")
    }
}

pub(super) fn other_files(first: &Option<Box<Error>>) -> String {
    first.as_ref().map(|first| format!("; {first}")).unwrap_or_default()
}

pub(super) fn in_row(row: Option<u64>) -> String {
    row.map(|row| format!(", row {row}")).unwrap_or_default()
}

/// Returns the system's message in lower case, without its error number.
pub(super) fn io_words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

pub(super) fn io_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => ": check its permissions",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ": free some space, or write elsewhere",
        _ => "",
    }
}
