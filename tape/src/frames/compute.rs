//! Computes batches into frames.

use tape_core::Silent;
use tape_exec::Summary;

use super::frame::{Frame, Made};
use super::{Frames, check_label};
use crate::batch::Batch;
use crate::error::{Error, FrameError};
use crate::options::WriteOptions;
use crate::query::Provenance;

/// The way in which a frame was obtained.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kept {
    /// The frame was computed.
    Computed(Box<Summary>),
    /// A frame from the same inputs and arguments existed. Nothing was read.
    Reused,
}

impl Batch {
    /// Computes the batch into a frame with this label. If the label already has the same frame, nothing is read.
    ///
    /// A frame is the same if its inputs, arguments and program version are equal. Statistics passed as values
    /// ([`Ensemble::batch`](crate::Ensemble::batch)), such as closures, cannot be compared and are always computed
    /// again. Statistics by name ([`Ensemble::batch_named`](crate::Ensemble::batch_named)) can be reused.
    ///
    /// ```
    /// use tape::frames::{Frames, Kept};
    /// # use tape::prelude::*;
    /// # let folder = tempfile::tempdir()?;
    /// # let out = folder.path().join("survey");
    /// # tape::simulate::Simulation { objects: 20, files: 2, ..Default::default() }.write(&out)?;
    /// # let survey = out.to_str().unwrap();
    /// let ensemble = Ensemble::open(survey)?;
    /// let mut frames = Frames::new();
    /// let batch = ensemble.batch_named(&["stetson_j"])?;
    /// assert!(matches!(batch.compute_as(&mut frames, "stetson")?, Kept::Computed(_)));
    /// assert_eq!(batch.compute_as(&mut frames, "stetson")?, Kept::Reused);
    /// let table = frames.get("stetson")?;
    /// # assert!(table.num_rows() > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Batch::compute`], and if the label is reserved or invalid, or has a different frame.
    pub fn compute_as(&self, frames: &mut Frames, label: &str) -> Result<Kept, Error> {
        self.compute_in(frames, label, WriteOptions::new())
    }

    /// Like [`Batch::compute_as`], but replaces a different frame with this label.
    ///
    /// # Errors
    /// As [`Batch::compute_as`], except that a different frame is not an error.
    pub fn compute_over(&self, frames: &mut Frames, label: &str) -> Result<Kept, Error> {
        self.compute_in(frames, label, WriteOptions::new().overwrite(true))
    }

    fn compute_in(&self, frames: &mut Frames, label: &str, options: WriteOptions) -> Result<Kept, Error> {
        let origin = self.provenance();
        if frames.has(label, &origin, options)? {
            return Ok(Kept::Reused);
        }
        let (table, summary) = self.run(&self.explain()?, &Silent)?;
        let origin = after(origin, &summary);
        let keys = self.key_columns()?;
        frames.put(label, Frame::of(table, Made::Computed, vec![origin], keys));
        Ok(Kept::Computed(Box::new(summary)))
    }
}

impl Frames {
    /// Returns true if the label has a frame of this origin.
    ///
    /// # Errors
    /// If the label is invalid, or has another frame that must not be replaced.
    pub(super) fn has(&self, label: &str, origin: &Provenance, options: WriteOptions) -> Result<bool, FrameError> {
        check_label(label)?;
        let Some((own, frame)) = self.taken(label) else { return Ok(false) };
        if own == label && frame.is_of(origin) {
            return Ok(true);
        }
        if options.overwrite {
            return Ok(false);
        }
        let difference = match &frame.origins[..] {
            [of] if frame.made == Made::Computed => format!("computed {}", of.difference(origin)),
            _ => frame.in_words(),
        };
        Err(FrameError::Taken { label: own.clone(), difference })
    }
}

/// Marks the result of a run that skipped input as not reusable, because the input may be readable the next time.
pub(super) fn after(mut origin: Provenance, summary: &Summary) -> Provenance {
    if !summary.skipped.is_empty() {
        origin.unrepeatable = Some("input that could not be read or did not fit in memory was skipped".to_owned());
    }
    origin
}
