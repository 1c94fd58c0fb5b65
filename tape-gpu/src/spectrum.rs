//! Computes values of light curves at many frequencies.

use std::ops::Range;

use tape_core::{Cancellation, Series, SpectrumKernel};

use crate::device::Gpu;
use crate::error::Result;
use crate::phase::epoch;
use crate::ring::Lent;

/// Number of frequencies per workgroup.
pub(crate) const TILE: usize = 512;

/// Maximum number of epochs of a series. For more, a workgroup could exceed the driver's watchdog timeout.
pub const MOST_EPOCHS: usize = 1 << 16;

/// Maximum number of values to read back at once.
const MOST_VALUES: usize = 1 << 24;

/// Maximum number of epochs times frequencies per call: about a second on a slow device. Some systems reset a device
/// after that.
const MOST_PAIRS: u64 = 1 << 33;

/// Values of many series, in order.
#[derive(Clone, Debug, Default)]
pub struct Values {
    all: Vec<f32>,
    ends: Vec<usize>,
}

impl Values {
    /// Returns the values of one series.
    #[must_use]
    pub fn of(&self, series: usize) -> &[f32] {
        let start = series.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[start..self.ends[series]]
    }
}

/// Series in the device's memory, which is released on drop.
#[derive(Debug)]
pub struct ResidentSeries {
    epochs: Lent,
    ranges: Lent,
    /// Number of epochs and of frequencies of each series.
    sizes: Vec<[usize; 2]>,
}

/// Frequencies of one series for one workgroup.
type Tile = [u32; 4];

impl Gpu {
    /// Returns true if the device can compute a series: in single precision, with up to [`MOST_EPOCHS`] epochs.
    #[must_use]
    pub fn takes(&self, series: &Series) -> bool {
        self.tier().precision == tape_core::Precision::Single && series.time.len() <= MOST_EPOCHS
    }

    /// Uploads series. Together they must not have more than [`Gpu::most_epochs`] epochs.
    ///
    /// # Errors
    /// If the device is lost or out of memory.
    pub fn upload_series(&self, series: &[Series]) -> Result<ResidentSeries> {
        let (mut epochs, mut ranges, mut first) = (vec![], vec![], 0);
        for one in series {
            epochs.extend((0..one.time.len()).map(|i| epoch(one, i)));
            ranges.push([first, place(one.time.len())]);
            first += place(one.time.len());
        }
        let bytes = (size_of_val(&epochs[..]) + size_of_val(&ranges[..])) as u64;
        let sizes = series.iter().map(|one| [one.time.len(), one.number]).collect();
        self.checked("upload", bytes, || {
            let mut up = self.up();
            let (epochs, ranges) = (up.put(bytemuck::cast_slice(&epochs)), up.put(bytemuck::cast_slice(&ranges)));
            up.send();
            Ok(ResidentSeries { epochs, ranges, sizes })
        })
    }

    /// Returns the maximum total number of epochs of series that can be uploaded together.
    #[must_use]
    pub fn most_epochs(&self) -> usize {
        self.most_bytes() / size_of::<crate::phase::Epoch>()
    }

    /// Returns the size of the largest buffer that a kernel can bind, bytes.
    pub(crate) fn most_bytes(&self) -> usize {
        usize::try_from(self.largest).unwrap_or(usize::MAX)
    }

    /// Computes the values of a kernel at all frequencies of all series. Values that were not written are NaN.
    ///
    /// # Errors
    /// If the device is lost, out of memory or rejects the kernel.
    pub fn values(&self, kernel: &'static SpectrumKernel, series: &ResidentSeries) -> Result<Values> {
        let values = self.values_until(kernel, series, &Cancellation::never())?;
        Ok(values.unwrap_or_default())
    }

    /// Like [`Gpu::values`], but returns `None` if work should stop. This is checked between dispatches.
    pub(crate) fn values_until(
        &self,
        kernel: &'static SpectrumKernel,
        series: &ResidentSeries,
        cancellation: &Cancellation,
    ) -> Result<Option<Values>> {
        let mut values = Values::default();
        let mut end = 0;
        for [_, number] in &series.sizes {
            end += number;
            values.ends.push(end);
        }
        values.all.reserve_exact(end);
        let most = MOST_VALUES.min(self.most_bytes() / size_of::<f32>());
        for tiles in passes(&series.sizes, most, MOST_PAIRS) {
            if cancellation.is_cancelled() {
                return Ok(None);
            }
            self.pass(kernel, series, &tiles, &mut values.all)?;
        }
        Ok(Some(values))
    }

    fn pass(
        &self,
        kernel: &'static SpectrumKernel,
        series: &ResidentSeries,
        tiles: &[Tile],
        values: &mut Vec<f32>,
    ) -> Result<()> {
        let pipeline = self.spectrum_pipeline(kernel)?;
        let bytes = tiles.iter().map(|tile| tile[2] as usize * size_of::<f32>()).sum::<usize>();
        self.checked(kernel.name, 2 * bytes as u64, || {
            let (out, mut up) = (self.room(bytes), self.up());
            let todo = up.put(bytemuck::cast_slice(tiles));
            up.send();
            let buffers = [&series.epochs, &series.ranges, &todo, &out];
            let bind = self.bind_to(&pipeline.get_bind_group_layout(0), &buffers);
            self.dispatch(
                kernel.name,
                &out,
                |pass| {
                    pass.set_pipeline(&pipeline);
                    pass.set_bind_group(0, &bind, &[]);
                    pass.dispatch_workgroups(crate::reduce::groups(tiles.len()), 1, 1);
                },
                |read| values.extend_from_slice(bytemuck::cast_slice(read)),
            )
        })
    }
}

/// Groups the tiles of all series into passes within the given limits. Each pass has at least one tile.
fn passes(sizes: &[[usize; 2]], most_values: usize, most_pairs: u64) -> Vec<Vec<Tile>> {
    let mut passes: Vec<Vec<Tile>> = vec![];
    let (mut values, mut pairs) = (0, 0);
    for (series, [epochs, number]) in sizes.iter().enumerate() {
        for first in (0..*number).step_by(TILE) {
            let tile: Range<usize> = first..(first + TILE).min(*number);
            let of_tile = (epochs * tile.len()) as u64;
            if passes.is_empty() || values + tile.len() > most_values || pairs + of_tile > most_pairs {
                passes.push(vec![]);
                (values, pairs) = (0, 0);
            }
            if let Some(pass) = passes.last_mut() {
                pass.push([place(series), place(first), place(tile.len()), place(values)]);
            }
            values += tile.len();
            pairs += of_tile;
        }
    }
    passes
}

/// Converts a number of epochs or frequencies, which is below 2³².
fn place(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_have_each_frequency_once_and_no_more_than_fits() {
        let sizes = [[10, 1300], [3, 0], [1, 1], [50, 512]];
        let passes = passes(&sizes, 1100, 20_000);
        let shown: Vec<Vec<[u32; 3]>> = passes
            .iter()
            .map(|pass| pass.iter().map(|&[series, first, number, _]| [series, first, number]).collect())
            .collect();
        assert_eq!(
            shown,
            [vec![[0, 0, 512], [0, 512, 512]], vec![[0, 1024, 276], [2, 0, 1]], vec![[3, 0, 512]]],
            "by values, and by products"
        );
        for pass in passes {
            let mut next = 0;
            for [_, _, number, place] in pass {
                assert_eq!(place, next);
                next += number;
            }
        }
    }
}
