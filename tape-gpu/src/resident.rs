//! Columns in the device's memory.

use std::ops::Range;

use crate::bins::{Part, bins, parts};
use crate::device::Gpu;
use crate::error::Result;
use crate::pack::{Packed, batches, fits, reference, size};
use crate::ring::Lent;

/// Columns in the CPU's memory.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// Fluxes.
    pub flux: &'a [f64],
    /// Errors, one for each flux; empty if no statistic needs them.
    pub error: &'a [f64],
}

/// Segments in the device's memory, shared by all statistics. The memory is released on drop.
#[derive(Debug)]
pub struct Resident {
    pub(crate) batches: Vec<Batch>,
    /// The number of epochs of each segment.
    pub(crate) lengths: Vec<usize>,
    /// Value subtracted from the fluxes of each segment; `None` if the segment does not fit the device's precision.
    pub(crate) references: Vec<Option<f64>>,
    pub(crate) has_error: bool,
}

/// Parts that fit into buffers of the largest size.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The segment and the number of epochs of each part.
    pub(crate) parts: Vec<(usize, usize)>,
    pub(crate) flux: Lent,
    pub(crate) error: Lent,
    pub(crate) ranges: Lent,
    pub(crate) references: Lent,
    /// For small and for large teams, the number of parts and their indices.
    pub(crate) bins: [(usize, Lent); 2],
}

impl Resident {
    /// Returns the number of segments.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Returns true if there are no segments.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }
}

impl Gpu {
    /// Uploads columns. `segments` are the rows of each light curve.
    ///
    /// # Errors
    /// If the device is lost or out of memory.
    ///
    /// # Panics
    /// If a segment lies outside the columns.
    pub fn upload(&self, columns: Columns<'_>, segments: &[Range<usize>]) -> Result<Resident> {
        let precision = self.tier().precision;
        let error_of = |rows: &Range<usize>| columns.error.get(rows.clone()).unwrap_or_default();
        let references: Vec<Option<f64>> = segments
            .iter()
            .map(|rows| {
                let flux = &columns.flux[rows.clone()];
                Some(reference(flux)).filter(|&subtracted| fits(flux, error_of(rows), subtracted, precision))
            })
            .collect();
        let parts: Vec<Part> = parts(segments).filter(|part| references[part.segment].is_some()).collect();
        let most = usize::try_from(self.largest).unwrap_or(usize::MAX) / size(precision);
        let batches = batches(&parts, most)
            .into_iter()
            .map(|parts| self.batch(parts, columns, &references))
            .collect::<Result<_>>()?;
        Ok(Resident {
            batches,
            lengths: segments.iter().map(ExactSizeIterator::len).collect(),
            references,
            has_error: !columns.error.is_empty(),
        })
    }

    fn batch(&self, parts: &[Part], columns: Columns<'_>, references: &[Option<f64>]) -> Result<Batch> {
        let precision = self.tier().precision;
        let rows = parts.iter().map(|part| part.rows.len()).sum();
        let mut flux = Packed::with_room(precision, rows);
        let mut error = Packed::with_room(precision, if columns.error.is_empty() { 0 } else { rows });
        let mut subtracted = Packed::with_room(precision, parts.len());
        let (mut ranges, mut first) = (Vec::with_capacity(2 * parts.len()), 0_usize);
        for Part { segment, rows } in parts {
            let reference = references[*segment].unwrap_or_default();
            flux.extend(&columns.flux[rows.clone()], reference);
            if !columns.error.is_empty() {
                error.extend(&columns.error[rows.clone()], 0.0);
            }
            subtracted.extend(&[reference], 0.0);
            ranges.extend([place(first), place(rows.len())]);
            first += rows.len();
        }
        let bins = bins(parts.iter().map(|part| part.rows.len()));
        let [flux, error, subtracted] = [&flux, &error, &subtracted].map(Packed::bytes);
        let bytes = (flux.len() + error.len() + subtracted.len() + 12 * parts.len()) as u64;
        self.checked("upload", bytes, || {
            let mut up = self.up();
            let batch = Batch {
                parts: parts.iter().map(|part| (part.segment, part.rows.len())).collect(),
                flux: up.put(flux),
                error: up.put(error),
                ranges: up.put(bytemuck::cast_slice(&ranges)),
                references: up.put(subtracted),
                bins: bins.map(|bin| (bin.len(), up.put(bytemuck::cast_slice(&bin)))),
            };
            up.send();
            Ok(batch)
        })
    }
}

/// Converts a number of rows, which fits because buffers are within 4 GiB.
fn place(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}
