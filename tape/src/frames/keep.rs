//! Computes batches into frames of a saved ensemble through files, without holding tables in memory.

use std::fs::{self, File};
use std::path::Path;
use std::sync::OnceLock;

use parquet::file::reader::{FileReader, SerializedFileReader};
use tape_core::Observer;
use tape_exec::{Plan, Summary};
use tape_io::internal::{FileSeal, WholeFolder, recover};

use super::Frames;
use super::compute::after;
use super::description::{check_same, description};
use super::frame::{Content, Frame, Made};
use super::saved::{Saved, check_replaceable, frames_in, path_of, turn, write};
use crate::batch::Batch;
use crate::error::{Error, FrameError};
use crate::options::WriteOptions;
use crate::query::Provenance;

impl Batch {
    /// Returns true if the saved ensemble in a folder has the result of this batch under this label. Only the
    /// description of the ensemble is read.
    ///
    /// # Errors
    /// If the label is invalid or has another frame that `options` do not replace, if the ensemble is damaged or of
    /// another survey, or if the folder holds something else.
    pub fn is_kept(&self, folder: impl AsRef<Path>, label: &str, options: WriteOptions) -> Result<bool, Error> {
        let (folder, origin) = (folder.as_ref(), self.provenance());
        check_replaceable(folder)?;
        let frames = self.saved(folder)?.map_or_else(Frames::new, |saved| saved.frames);
        Ok(frames.has(label, &origin, options)?)
    }

    /// Runs a plan of this batch into a frame of the saved ensemble in a folder (created if missing), and reports
    /// progress to an observer. The saved ensemble is replaced atomically. Frames that other processes add meanwhile
    /// are kept.
    ///
    /// A folder holds frames of one survey; they can use different conditions, objects and bands.
    ///
    /// # Errors
    /// As [`Batch::is_kept`] and [`Batch::write`].
    pub fn keep(
        &self,
        plan: &Plan,
        folder: impl AsRef<Path>,
        label: &str,
        options: WriteOptions,
        observer: &dyn Observer,
    ) -> Result<Summary, Error> {
        let folder = std::path::absolute(folder.as_ref()).unwrap_or_else(|_| folder.as_ref().to_owned());
        let origin = self.provenance();
        // Fail before the run rather than after it.
        self.is_kept(&folder, label, options)?;
        let description = description(&self.ensemble)?;
        let beside = WholeFolder::beside(&folder)?;
        let inside = frames_in(beside.path());
        let made = fs::create_dir(&inside);
        made.map_err(|source| tape_io::Error::Io { path: inside.clone(), action: "make the folder", source })?;
        let path = path_of(&inside, label);
        let summary = self.run_to(plan, &path, WriteOptions::new(), observer)?;
        let frame = Frame::written(&path, after(origin, &summary), self.key_columns()?)?;
        let turn = turn(&folder);
        let is_there = check_replaceable(&folder)?;
        let (description, mut frames) = match self.saved(&folder)? {
            // The saved query stays, with the current stamps of its files.
            Some(saved) => (Provenance { stamps: description.stamps, ..saved.description }, saved.frames),
            None => (description, Frames::new()),
        };
        frames.has(label, &frame.origins[0], options)?;
        frames.put(label, frame);
        let done = write(beside, description, &frames, is_there);
        drop(turn);
        done.map(|()| summary)
    }

    /// Returns the saved ensemble in a folder, if any. It must be of the same survey.
    fn saved(&self, folder: &Path) -> Result<Option<Saved>, Error> {
        recover(folder)?;
        let saved = Saved::open_if_there(folder)?;
        if let Some(saved) = &saved {
            check_same(&saved.description, &self.ensemble.provenance(), folder)?;
        }
        Ok(saved)
    }
}

impl Frame {
    /// Creates a frame for a file that was just written.
    fn written(path: &Path, origin: Provenance, keys: Vec<String>) -> Result<Self, Error> {
        let seal = FileSeal::of(path)?;
        let unreadable = |reason: String| FrameError::Damaged { path: path.to_owned(), reason };
        let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
        let reader = SerializedFileReader::new(file).map_err(|error| unreadable(error.to_string()))?;
        let told = reader.metadata().file_metadata();
        let columns = told.schema().get_fields().iter().map(|field| field.name().to_owned()).collect();
        let rows = u64::try_from(told.num_rows()).unwrap_or(0);
        let content = Content::File { path: path.to_owned(), seal, read: OnceLock::new() };
        Ok(Self { made: Made::Computed, keys, origins: vec![origin], rows, columns, content })
    }
}
