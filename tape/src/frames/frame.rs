//! A table of results, with its origin.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use arrow::array::RecordBatch;
use serde::{Deserialize, Serialize};
use tape_io::internal::FileSeal;
use tape_io::{Format, TableOptions, TableWriter};

use crate::error::Error;
use crate::options::WriteOptions;
use crate::query::Provenance;

/// The origin of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Made {
    /// Computed by a batch.
    Computed,
    /// Joined from other frames, or from a frame and the object table.
    Joined,
    /// Inserted by a program.
    Given,
}

/// A table of results with its provenance. The table of a saved frame is read on demand.
#[derive(Debug)]
pub struct Frame {
    pub(super) made: Made,
    pub(super) origins: Vec<Provenance>,
    /// The key columns.
    pub(super) keys: Vec<String>,
    pub(super) rows: u64,
    pub(super) columns: Vec<String>,
    pub(super) content: Content,
}

/// The freshness of a frame: whether computing it now could give another result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Neither the inputs nor the program have changed.
    UpToDate,
    /// An input or the program has changed, for this reason.
    OutOfDate(String),
    /// The frame was inserted by a program, so its inputs are unknown.
    Unknown,
}

fn freshness(origin: &Provenance) -> Freshness {
    if origin.version != env!("CARGO_PKG_VERSION") {
        return Freshness::OutOfDate(format!("it was computed by tape {}", origin.version));
    }
    match origin.changed_file() {
        Some(path) => Freshness::OutOfDate(format!("{} changed", path.display())),
        None => Freshness::UpToDate,
    }
}

#[derive(Debug)]
pub(super) enum Content {
    Memory(RecordBatch),
    File { path: PathBuf, seal: FileSeal, read: OnceLock<RecordBatch> },
}

impl Frame {
    pub(super) fn of(table: RecordBatch, made: Made, origins: Vec<Provenance>, keys: Vec<String>) -> Self {
        let columns = table.schema().fields().iter().map(|field| field.name().clone()).collect();
        Self { made, origins, keys, rows: table.num_rows() as u64, columns, content: Content::Memory(table) }
    }

    /// Returns how the frame was created.
    #[must_use]
    pub const fn made(&self) -> Made {
        self.made
    }

    /// Returns the provenance of the frame: one if a batch computed it, several if it was joined.
    #[must_use]
    pub fn origins(&self) -> &[Provenance] {
        &self.origins
    }

    /// Returns the number of rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Checks the sizes and times of the inputs, without reading them, to find out if the frame is up to date.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        let mut all = self.origins.iter().map(freshness);
        all.find(|one| *one != Freshness::UpToDate).unwrap_or(match &self.origins[..] {
            [] => Freshness::Unknown,
            _ => Freshness::UpToDate,
        })
    }

    /// Returns true if the frame can be used as the result of a batch with this provenance.
    pub(super) fn is_of(&self, origin: &Provenance) -> bool {
        matches!((&self.made, &self.origins[..]), (Made::Computed, [own]) if own.is_same(origin))
    }

    /// Describes the origin of the frame.
    #[must_use]
    pub fn in_words(&self) -> String {
        let of: Vec<String> = self.origins.iter().map(|origin| origin.query.to_string()).collect();
        match self.made {
            Made::Computed => of.join(""),
            Made::Joined => format!("joined: {}", of.join("; ")),
            Made::Given => "inserted by a program".to_owned(),
        }
    }

    /// Returns the table.
    ///
    /// # Errors
    /// If the frame was saved, and its file cannot be read or has changed.
    pub fn table(&self) -> Result<RecordBatch, Error> {
        match &self.content {
            Content::Memory(table) => Ok(table.clone()),
            Content::File { path, seal, read } => match read.get() {
                Some(table) => Ok(table.clone()),
                None => {
                    let table = seal.read(path)?;
                    self.check(path, &table)?;
                    Ok(read.get_or_init(|| table).clone())
                }
            },
        }
    }

    /// Checks that a table matches the description.
    fn check(&self, path: &Path, table: &RecordBatch) -> Result<(), tape_io::Error> {
        let schema = table.schema();
        let names = schema.fields().iter().map(|field| field.name());
        if table.num_rows() as u64 == self.rows && names.eq(&self.columns) {
            return Ok(());
        }
        let reason = "its rows and columns differ from the description of the ensemble".to_owned();
        Err(tape_io::Error::Damaged { path: path.to_owned(), reason })
    }

    /// Writes the table to a file: Parquet, CSV, ECSV or Arrow, by its extension.
    ///
    /// # Errors
    /// As [`Frame::table`], and if the file cannot be written, or exists and `options` do not replace it.
    pub fn export(&self, path: impl AsRef<Path>, options: WriteOptions) -> Result<(), Error> {
        let path = path.as_ref();
        Format::of(path)?;
        let table = self.table()?;
        let metadata = vec![
            ("tape.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("tape.frame".to_owned(), self.in_words()),
        ];
        let unsorted = self.made == Made::Given;
        let settings = TableOptions { overwrite: options.overwrite, metadata, unsorted };
        let mut writer = TableWriter::create(path, table.schema(), settings)?;
        writer.write(&table)?;
        writer.finish()?;
        Ok(())
    }
}
