//! Results that are kept, by name: computed once, listed, joined, dropped, and saved with what they were computed from.
//!
//! A [`Frame`] is a table of results with its [`Provenance`](crate::Provenance): the inputs as they were, the columns, conditions, objects, statistics
//! and the rest of what was asked for. [`Batch::compute_as`](crate::Batch::compute_as) computes a frame under a label, and where the label has
//! one of the same origin, does not compute it again. [`Ensemble::save`](crate::Ensemble::save) writes an ensemble and its frames to a folder:
//!
//! ```text
//! folder/ensemble.json          the inputs as they were, the columns, what is asked of rows and objects, the frames
//!        frames/stetson.parquet the frame of this label
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

/// Labels that are tables of the ensemble itself.
const RESERVED: [&str; 2] = ["source", "object"];
/// File names must have room for more.
const LONGEST: usize = 100;

/// Tables of results by their labels, in the order in which they came.
#[derive(Debug, Default)]
pub struct Frames {
    all: Vec<(String, Frame)>,
    /// Labels of frames that were dropped, and not computed again.
    dropped: Vec<String>,
}

impl Frames {
    /// No frames.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All frames with their labels. Nothing is read for it.
    pub fn list(&self) -> impl ExactSizeIterator<Item = (&str, &Frame)> {
        self.all.iter().map(|(label, frame)| (label.as_str(), frame))
    }

    /// A frame.
    ///
    /// # Errors
    /// [`FrameError::Unknown`], with the label most like it, or [`FrameError::Dropped`].
    pub fn frame(&self, label: &str) -> Result<&Frame, Error> {
        Ok(&self.all[self.place(label, "get")?].1)
    }

    /// The table of a frame.
    ///
    /// # Errors
    /// As [`Frames::frame`] and [`Frame::table`].
    pub fn get(&self, label: &str) -> Result<RecordBatch, Error> {
        self.frame(label)?.table()
    }

    /// Keeps a table of a program's own.
    ///
    /// # Errors
    /// [`FrameError::Label`], [`FrameError::Reserved`] and [`FrameError::Taken`].
    pub fn insert(&mut self, label: &str, table: RecordBatch) -> Result<(), Error> {
        self.check_free(label)?;
        self.put(label, Frame::of(table, Made::Given, vec![], vec![]));
        Ok(())
    }

    /// Drops a frame. What asks for it after that is told so.
    ///
    /// # Errors
    /// As [`Frames::frame`].
    pub fn drop_frame(&mut self, label: &str) -> Result<(), Error> {
        let place = self.place(label, "drop")?;
        let (label, _) = self.all.remove(place);
        self.dropped.push(label);
        Ok(())
    }

    /// Writes the table of a frame to a file: Parquet, CSV, ECSV or Arrow, by the ending of its name.
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

    /// The frame that a new one of this label would replace. Names of files may not differ by case alone.
    fn taken(&self, label: &str) -> Option<&(String, Frame)> {
        self.all.iter().find(|(own, _)| own.eq_ignore_ascii_case(label))
    }

    /// Checks that a frame can have this label.
    fn check_free(&self, label: &str) -> Result<(), FrameError> {
        check_label(label)?;
        match self.taken(label) {
            Some((label, frame)) => {
                Err(FrameError::Taken { label: label.clone(), difference: format!("{:?}", frame.made).to_lowercase() })
            }
            None => Ok(()),
        }
    }

    /// Puts a frame under a label, in the place of one that has it.
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
