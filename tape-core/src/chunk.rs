//! Columns in memory, grouped into segments: one for each light curve.

use std::ops::Range;

use crate::cancellation::Cancellation;
use crate::id::IdType;
use crate::ids::Ids;
use crate::kept::Kept;
use crate::light_curve::LightCurve;

/// The epochs of one object in one band: contiguous rows of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Index of the object in [`Chunk::ids`].
    pub object: usize,
    /// Code of the band.
    pub band: u8,
    /// The rows of [`Chunk::flux`] and of the other columns that were read.
    pub rows: Range<usize>,
}

/// Whole light curves, ordered by object id and then by band. A segment may be empty: all its epochs were left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// One id for each object, ascending.
    pub ids: Ids,
    /// One segment for each (object, band) met.
    pub segments: Vec<Segment>,
    /// Times, days; empty if not read.
    pub time: Vec<f64>,
    /// Fluxes or magnitudes.
    pub flux: Vec<f64>,
    /// Errors; empty if not read.
    pub error: Vec<f64>,
    /// What statistics keep of it; nothing once it is filled anew.
    pub kept: Kept,
    /// Whether work on it should stop.
    pub cancellation: Cancellation,
}

impl Chunk {
    /// No light curves, for ids of type `id_type`.
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

    /// The light curve of a segment, whose band is called `label`.
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

    /// The segments of each object.
    pub fn objects(&self) -> impl Iterator<Item = &[Segment]> {
        self.segments.chunk_by(|a, b| a.object == b.object)
    }

    /// Returns whether work on its light curves should stop.
    #[must_use]
    #[inline]
    pub fn cancelled(&self) -> bool {
        self.cancellation.is_cancelled()
    }

    /// Removes all light curves and keeps the memory.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.segments.clear();
        self.time.clear();
        self.flux.clear();
        self.error.clear();
        self.kept = Kept::default();
    }
}
