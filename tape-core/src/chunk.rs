//! Columns in memory, grouped into one segment for each light curve.

use std::ops::Range;

use crate::cancellation::Cancellation;
use crate::id::IdType;
use crate::ids::Ids;
use crate::kept::Kept;
use crate::light_curve::LightCurve;

/// The epochs of one object in one band, as contiguous rows of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Index of the object in [`Chunk::ids`].
    pub object: usize,
    /// Code of the band.
    pub band: u8,
    /// Rows of [`Chunk::flux`] and of the other columns that were read.
    pub rows: Range<usize>,
}

/// Complete light curves, ordered by object id and then by band. A segment is empty if all its epochs were skipped.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// Object ids, ascending and unique.
    pub ids: Ids,
    /// Segments, one for each (object, band) pair.
    pub segments: Vec<Segment>,
    /// Times, days; empty if not read.
    pub time: Vec<f64>,
    /// Fluxes or magnitudes.
    pub flux: Vec<f64>,
    /// Errors; empty if not read.
    pub error: Vec<f64>,
    /// Values that statistics share for this chunk. Cleared when the chunk is refilled.
    pub kept: Kept,
    /// The request to stop work on this chunk.
    pub cancellation: Cancellation,
}

impl Chunk {
    /// Creates a chunk without light curves, for ids of type `id_type`.
    #[must_use]
    pub fn new(id_type: IdType) -> Self {
        Self {
            ids: Ids::new(id_type),
            segments: vec![],
            time: vec![],
            flux: vec![],
            error: vec![],
            kept: Kept::default(),
            cancellation: Cancellation::never(),
        }
    }

    /// Returns the light curve of a segment, whose band has the label `label`.
    #[must_use]
    pub fn light_curve<'a>(&'a self, segment: &Segment, label: &'a str) -> LightCurve<'a> {
        let mut light_curve =
            LightCurve::new(&self.flux[segment.rows.clone()]).with_band(label).with_cancellation(&self.cancellation);
        if !self.error.is_empty() {
            light_curve = light_curve.with_error(&self.error[segment.rows.clone()]);
        }
        if !self.time.is_empty() {
            light_curve = light_curve.with_time(&self.time[segment.rows.clone()]);
        }
        light_curve
    }

    /// Returns the segments of each object.
    pub fn objects(&self) -> impl Iterator<Item = &[Segment]> {
        self.segments.chunk_by(|a, b| a.object == b.object)
    }

    /// Returns true if work on the light curves should stop.
    #[must_use]
    #[inline]
    pub fn cancelled(&self) -> bool {
        self.cancellation.is_cancelled()
    }

    /// Removes all light curves but keeps the allocated memory.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.segments.clear();
        self.time.clear();
        self.flux.clear();
        self.error.clear();
        self.kept = Kept::default();
    }
}
