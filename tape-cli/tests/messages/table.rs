//! The table of messages.

use std::any::type_name;
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;

/// A message, with its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    /// `crate::Enum::Variant`, `warning: place`, or a command.
    pub(crate) name: String,
    pub(crate) message: String,
}

impl Row {
    pub(crate) fn new(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { name: name.into(), message: message.into() }
    }

    /// The message of an error, under the name of its type and variant.
    pub(crate) fn of_error<E: Error>(error: &E) -> Self {
        let path = type_name::<E>();
        let (first, last) = (path.split("::").next().unwrap_or(path), path.rsplit("::").next().unwrap_or(path));
        let shown = format!("{error:?}");
        let variant = shown.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let name = if variant == last { format!("{first}::{last}") } else { format!("{first}::{last}::{variant}") };
        Self::new(name, error.to_string())
    }
}

/// Makes a row of each error.
macro_rules! rows {
    ($($error:expr),* $(,)?) => { vec![$(crate::table::Row::of_error(&$error)),*] };
}
pub(crate) use rows;

/// The names of all rows.
pub(crate) fn names(rows: &[Row]) -> BTreeSet<&str> {
    rows.iter().map(|row| row.name.as_str()).collect()
}

/// Writes the rows in the order of their names. Messages are indented, and what differs between versions is replaced.
pub(crate) fn render(mut rows: Vec<Row>) -> String {
    rows.sort();
    rows.dedup();
    let mut text = String::new();
    for (i, row) in rows.iter().enumerate() {
        if i == 0 || rows[i - 1].name != row.name {
            writeln!(text, "{}", row.name).expect("a string takes any text");
        }
        for line in row.message.replace(env!("CARGO_PKG_VERSION"), "[version]").lines() {
            writeln!(text, "{}", format!("    {line}").trim_end()).expect("a string takes any text");
        }
    }
    text
}
