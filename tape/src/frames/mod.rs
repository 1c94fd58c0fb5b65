//! Named results that can be reused, listed, joined, dropped and saved.
//!
//! A [`Frame`] is a table of results with its [`Provenance`](crate::Provenance): the stamps of the inputs, the columns,
//! conditions, objects, statistics and other settings. [`Batch::compute_as`](crate::Batch::compute_as) computes a frame
//! under a label, or reuses a frame of the same origin. [`Ensemble::save`](crate::Ensemble::save) writes an ensemble
//! and its frames to a folder:
//!
//! ```text
//! folder/ensemble.json          the query, the stamps of its inputs, and the list of frames
//!        frames/stetson.parquet the frame with this label
//! ```
//!
//! ```
//! use tape::frames::Frames;
//! use tape::prelude::*;
//!
//! # let folder = tempfile::tempdir()?;
//! # let survey = folder.path().join("survey");
//! # tape::simulate::Simulation { objects: 50, files: 2, ..Default::default() }.write(&survey)?;
//! # let saved = folder.path().join("saved");
//! let ensemble = Ensemble::open(&survey)?;
//! let batch = ensemble.batch_named(&["mean"])?;
//! let mut frames = Frames::new();
//! batch.compute_as(&mut frames, "means")?;
//! ensemble.save(&saved, &frames)?;
//!
//! let (_, again) = Ensemble::open_saved(&saved)?;
//! assert_eq!(again.get("means")?, batch.compute()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod compute;
mod description;
mod frame;
mod join;
mod keep;
mod saved;

use std::path::Path;

use arrow::array::RecordBatch;
use tape_core::nearest;

pub use crate::error::FrameError;
pub use compute::Kept;
pub use description::Changed;
pub use frame::{Frame, Freshness, Made};
pub use saved::Saved;

use crate::error::Error;
use crate::options::WriteOptions;

/// Labels reserved for the tables of the ensemble.
const RESERVED: [&str; 2] = ["source", "object"];
/// Maximum length of a label, because file names add an extension.
const LONGEST: usize = 100;

/// Frames by label, in insertion order.
#[derive(Debug, Default)]
pub struct Frames {
    all: Vec<(String, Frame)>,
    /// Labels of frames that were dropped and not computed again.
    dropped: Vec<String>,
}

impl Frames {
    /// Creates an empty set of frames.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns all frames with their labels, without reading tables.
    pub fn list(&self) -> impl ExactSizeIterator<Item = (&str, &Frame)> {
        self.all.iter().map(|(label, frame)| (label.as_str(), frame))
    }

    /// Returns a frame.
    ///
    /// # Errors
    /// [`FrameError::Unknown`], with the closest label, or [`FrameError::Dropped`].
    pub fn frame(&self, label: &str) -> Result<&Frame, Error> {
        Ok(&self.all[self.place(label, "get")?].1)
    }

    /// Returns the table of a frame.
    ///
    /// # Errors
    /// As [`Frames::frame`] and [`Frame::table`].
    pub fn get(&self, label: &str) -> Result<RecordBatch, Error> {
        self.frame(label)?.table()
    }

    /// Inserts a table from the program.
    ///
    /// # Errors
    /// [`FrameError::Label`], [`FrameError::Reserved`] and [`FrameError::Taken`].
    pub fn insert(&mut self, label: &str, table: RecordBatch) -> Result<(), Error> {
        self.check_free(label)?;
        self.put(label, Frame::of(table, Made::Given, vec![], vec![]));
        Ok(())
    }

    /// Drops a frame. Later requests for it return [`FrameError::Dropped`].
    ///
    /// # Errors
    /// As [`Frames::frame`].
    pub fn drop_frame(&mut self, label: &str) -> Result<(), Error> {
        let place = self.place(label, "drop")?;
        let (label, _) = self.all.remove(place);
        self.dropped.push(label);
        Ok(())
    }

    /// Writes the table of a frame to a file: Parquet, CSV, ECSV or Arrow, by its extension.
    ///
    /// # Errors
    /// As [`Frames::frame`] and [`Frame::export`].
    pub fn export(&self, label: &str, path: impl AsRef<Path>, options: WriteOptions) -> Result<(), Error> {
        self.all[self.place(label, "export")?].1.export(path, options)
    }

    fn place(&self, label: &str, operation: &'static str) -> Result<usize, FrameError> {
        let label = label.to_owned();
        if let Some(place) = self.all.iter().position(|(own, _)| *own == label) {
            return Ok(place);
        }
        if self.dropped.contains(&label) {
            return Err(FrameError::Dropped { operation, label });
        }
        let labels: Vec<String> = self.all.iter().map(|(label, _)| label.clone()).collect();
        let nearest = nearest(&label, &labels).map(str::to_owned);
        Err(FrameError::Unknown { operation, label, nearest, labels })
    }

    /// Returns the frame that a new one with this label would replace. Labels that differ only by case are equal,
    /// because some file systems ignore case.
    fn taken(&self, label: &str) -> Option<&(String, Frame)> {
        self.all.iter().find(|(own, _)| own.eq_ignore_ascii_case(label))
    }

    /// Checks that this label is valid and free.
    fn check_free(&self, label: &str) -> Result<(), FrameError> {
        check_label(label)?;
        match self.taken(label) {
            Some((label, frame)) => {
                Err(FrameError::Taken { label: label.clone(), difference: format!("{:?}", frame.made).to_lowercase() })
            }
            None => Ok(()),
        }
    }

    /// Inserts a frame, replacing the frame with this label, if any.
    fn put(&mut self, label: &str, frame: Frame) {
        self.dropped.retain(|dropped| dropped != label);
        match self.all.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(label)) {
            Some(place) => *place = (label.to_owned(), frame),
            None => self.all.push((label.to_owned(), frame)),
        }
    }
}

/// Checks that a label is a valid file name on any system, and is not reserved.
fn check_label(label: &str) -> Result<(), FrameError> {
    let wrong = |reason| Err(FrameError::Label { label: label.to_owned(), reason });
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    match label.chars().next() {
        None => wrong("it is empty"),
        Some(first) if !first.is_ascii_alphanumeric() => wrong("it begins with another character"),
        _ if label.len() > LONGEST => wrong("it is longer than 100 characters"),
        _ if !label.chars().all(is_plain) => wrong("it has other characters"),
        _ if RESERVED.iter().any(|own| own.eq_ignore_ascii_case(label)) => {
            Err(FrameError::Reserved { label: label.to_owned() })
        }
        _ => Ok(()),
    }
}
