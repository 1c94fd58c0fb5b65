//! Evaluates statistics of pairs of epochs for all light curves of a chunk.

use tape_core::{Chunk, PairBins, PairKernel, PairSums, Pairwise, Statistic, Value};

use crate::device::Gpu;
use crate::error::Result;
use crate::evaluate::Evaluated;
use crate::pack::fits;
use crate::ring::Lent;

/// Maximum number of epochs of a light curve. For more, a workgroup could exceed the driver's watchdog timeout.
const MOST_EPOCHS: usize = 1 << 14;

/// Maximum number of pairs per call, about a second on a slow device.
const ENOUGH: usize = 1 << 31;

/// An epoch, in the kernel's layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Epoch {
    high: u32,
    low: u32,
    flux: f32,
    variance: f32,
}

/// A bin of a light curve, in the kernel's layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Bin {
    first: u32,
    number: u32,
    /// Upper and lower half of the bin's edges.
    from: [u32; 2],
    to: [u32; 2],
}

/// The sums of a bin, in the kernel's layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Sums {
    pairs: u32,
    dt: f32,
    terms: [f32; 2],
}

/// Light curves and their bins on the device. The memory is released on drop.
#[derive(Debug)]
pub struct ResidentPairs {
    epochs: Lent,
    bins: Lent,
    /// Number of bins and length of a tick in days, for each light curve.
    shapes: Vec<(usize, f64)>,
}

impl ResidentPairs {
    /// Returns the number of bins of all light curves.
    fn len(&self) -> usize {
        self.shapes.iter().map(|(bins, _)| bins).sum()
    }
}

impl Gpu {
    /// Uploads light curves and their bins.
    ///
    /// # Errors
    /// If the device is lost or out of memory.
    pub fn upload_pairs(&self, all: &[PairBins]) -> Result<ResidentPairs> {
        let (mut epochs, mut bins) = (vec![], vec![]);
        for one in all {
            let (first, number) = (place(epochs.len()), place(one.time.len()));
            bins.extend(one.bins.iter().map(|[from, to]| Bin { first, number, from: halves(*from), to: halves(*to) }));
            epochs.extend((0..one.time.len()).map(|i| epoch(one, i)));
        }
        let bytes = (size_of_val(&epochs[..]) + size_of_val(&bins[..])) as u64;
        self.checked("upload", bytes, || {
            let mut up = self.up();
            let (epochs, bins) = (up.put(bytemuck::cast_slice(&epochs)), up.put(bytemuck::cast_slice(&bins)));
            up.send();
            Ok(ResidentPairs { epochs, bins, shapes: all.iter().map(|one| (one.bins.len(), one.tick)).collect() })
        })
    }

    /// Returns the sums of all bins of each light curve, or `None` for a light curve with a bin that was not written.
    ///
    /// # Errors
    /// If the device is lost, out of memory or rejects the kernel.
    pub fn pair_sums(&self, kernel: &'static PairKernel, pairs: &ResidentPairs) -> Result<Vec<Option<Vec<PairSums>>>> {
        if pairs.len() == 0 {
            return Ok(vec![Some(vec![]); pairs.shapes.len()]);
        }
        let pipeline = self.pairs_pipeline(kernel)?;
        let bytes = pairs.len() * size_of::<Sums>();
        let sums: Vec<Sums> = self.checked(kernel.name, 2 * bytes as u64, || {
            let out = self.room(bytes);
            let bind = self.bind_to(&pipeline.get_bind_group_layout(0), &[&pairs.epochs, &pairs.bins, &out]);
            let over = |pass: &mut wgpu::ComputePass<'_>| {
                pass.set_pipeline(&pipeline);
                pass.set_bind_group(0, &bind, &[]);
                pass.dispatch_workgroups(crate::reduce::groups(pairs.len()), 1, 1);
            };
            self.dispatch(kernel.name, &out, over, bytemuck::pod_collect_to_vec)
        })?;
        let mut rest = sums.iter();
        let of_one = |(bins, tick): &(usize, f64)| {
            rest.by_ref().take(*bins).map(|sums| restore(sums, *tick)).collect::<Vec<_>>().into_iter().collect()
        };
        Ok(pairs.shapes.iter().map(of_one).collect())
    }

    /// Returns the rows of a statistic of pairs for all light curves of a chunk. Returns `None` if it has no kernel for
    /// this device, the statistic fails or work should stop.
    ///
    /// # Errors
    /// See [`Gpu::pair_sums`].
    pub fn rows_of_chunk(&self, statistic: &Statistic, chunk: &Chunk) -> Result<Option<(Vec<Vec<Value>>, Evaluated)>> {
        let Statistic::Rows(many) = statistic else { return Ok(None) };
        let Some(pairwise) = many.pairwise().filter(|_| self.has_kernel(statistic)) else { return Ok(None) };
        let mut rows = vec![None; chunk.segments.len()];
        let mut gathered = Gathered::default();
        for (number, segment) in chunk.segments.iter().enumerate() {
            if chunk.cancelled() {
                return Ok(None);
            }
            if segment.rows.len() < many.info().min_epochs {
                rows[number] = Some(vec![]);
                continue;
            }
            let bins = pairwise.bins(&chunk.light_curve(segment, ""));
            if let Some(bins) = bins.filter(takes) {
                gathered.push(number, bins);
            }
            if gathered.pairs >= ENOUGH || 2 * gathered.epochs * size_of::<Epoch>() >= self.most_bytes() {
                self.finish_pairs(pairwise, std::mem::take(&mut gathered), &mut rows)?;
            }
        }
        self.finish_pairs(pairwise, gathered, &mut rows)?;
        let mut evaluated = Evaluated::default();
        let rows = rows.into_iter().zip(&chunk.segments).map(|(rows, segment)| match rows {
            Some(rows) => {
                evaluated.by_device += usize::from(segment.rows.len() >= many.info().min_epochs);
                Some(rows)
            }
            None => {
                evaluated.by_cpu += 1;
                chunk.cancellation.proceed()?;
                let mut out = vec![];
                many.try_rows(&chunk.light_curve(segment, ""), &mut out).ok()?;
                Some(out)
            }
        });
        let rows: Option<Vec<_>> = rows.collect();
        Ok(rows.map(|rows| (rows, evaluated)))
    }

    fn finish_pairs(&self, pairwise: &dyn Pairwise, gathered: Gathered, rows: &mut [Option<Vec<Value>>]) -> Result<()> {
        if gathered.bins.is_empty() {
            return Ok(());
        }
        let sums = self.pair_sums(pairwise.kernel(), &self.upload_pairs(&gathered.bins)?)?;
        for ((number, bins), sums) in gathered.numbers.into_iter().zip(&gathered.bins).zip(sums) {
            let mut out = vec![];
            rows[number] = sums.filter(|sums| pairwise.rows_from(bins, sums, &mut out)).map(|_| out);
        }
        Ok(())
    }
}

/// Light curves to upload together.
#[derive(Default)]
struct Gathered {
    numbers: Vec<usize>,
    bins: Vec<PairBins>,
    epochs: usize,
    pairs: usize,
}

impl Gathered {
    fn push(&mut self, number: usize, bins: PairBins) {
        self.epochs += bins.time.len() + bins.bins.len();
        self.pairs += bins.time.len() * bins.time.len() / 2;
        self.numbers.push(number);
        self.bins.push(bins);
    }
}

/// Returns true if the device can process a light curve: it is short enough, and its squares fit in single precision.
fn takes(bins: &PairBins) -> bool {
    let errors: Vec<f64> = bins.variance.iter().filter(|variance| **variance > 0.0).map(|v| v.sqrt()).collect();
    bins.time.len() <= MOST_EPOCHS && fits(&bins.flux, &errors, 0.0, tape_core::Precision::Single)
}

#[expect(clippy::cast_possible_truncation, reason = "single precision is intended")]
fn epoch(bins: &PairBins, at: usize) -> Epoch {
    let [high, low] = halves(bins.time[at]);
    Epoch { high, low, flux: bins.flux[at] as f32, variance: bins.variance[at] as f32 }
}

/// Decodes the sums of a bin. Returns `None` if they were not written, which leaves NaN. A bin without pairs has no
/// NaN.
fn restore(sums: &Sums, tick: f64) -> Option<PairSums> {
    let terms = sums.terms.map(f64::from);
    let written = sums.pairs != u32::MAX && sums.dt.is_finite() && terms.iter().all(|term| term.is_finite());
    written.then(|| PairSums { pairs: sums.pairs, dt: f64::from(sums.dt) * tick, terms })
}

#[expect(clippy::cast_possible_truncation, reason = "halves are intended")]
const fn halves(ticks: u64) -> [u32; 2] {
    [(ticks >> 32) as u32, ticks as u32]
}

/// Converts a number of epochs, which fits because buffers are within 4 GiB.
fn place(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
