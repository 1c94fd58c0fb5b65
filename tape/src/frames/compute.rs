//! Batches into frames.

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
    /// It was computed.
    Computed(Box<Summary>),
    /// It was there already, of the same inputs and arguments. Nothing was read.
    Reused,
}

impl Batch {
    /// Computes everything into a frame of this label, unless the label has that already: then nothing is read.
    ///
    /// What was computed of the same inputs, by the same version of the program, with the same arguments is the same. Of
    /// statistics that are given as such ([`Ensemble::batch`](crate::Ensemble::batch)), closures among them, nobody can tell; they are never
    /// taken for the same. Those asked for by name ([`Ensemble::batch_named`](crate::Ensemble::batch_named)) are.
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
    /// As [`Batch::compute`]; if the label is reserved or cannot be one; or if it has another frame.
    pub fn compute_as(&self, frames: &mut Frames, label: &str) -> Result<Kept, Error> {
        self.compute_in(frames, label, WriteOptions::new())
    }

    /// Like [`Batch::compute_as`], but replaces a different frame with this label.
    ///
    /// # Errors
    /// See [`Batch::compute_as`], except for the last.
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
    /// If it has another that is not to be replaced, or cannot be a label.
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

/// Notes what a run skipped: that may be there the next time.
pub(super) fn after(mut origin: Provenance, summary: &Summary) -> Provenance {
    if !summary.skipped.is_empty() {
        origin.unrepeatable = Some("what could not be read or did not fit was skipped".to_owned());
    }
    origin
}
