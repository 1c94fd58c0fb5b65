//! What a device moves, and what its kernels do with columns that lie there.

use std::time::Instant;

use tape::gpu::{Columns, Gpu};
use tape_analysis::periodogram::{Grid, KERNEL, LombScargle};
use tape_core::{PairBins, Series, Statistic, count};

use super::EPOCHS;
use crate::Error;
use crate::workload::LightCurves;

/// The statistics whose kernels are timed over columns that lie on the device.
const RESIDENT: [&str; 3] = ["stetson_j", "mean", "median"];

/// The edges of structure functions, days.
pub(super) const STRUCTURE_FUNCTION: &str = "structure_function:edges=0/1/3/10/30/100/300/1000";

/// Frequencies of each light curve.
const FREQUENCIES: usize = 10_000;

/// What a device moves and computes, per second.
#[derive(Clone, Debug)]
pub struct Rates {
    /// Bytes copied within its memory, each read and written.
    pub copy: f64,
    /// Bytes brought up from memory that is packed already.
    pub upload: f64,
    /// Bytes read back.
    pub read: f64,
    /// Bytes of fluxes and errors brought up as a plan does, packing included, on one thread.
    pub pack_and_upload: f64,
    /// Seconds of a call that asks for next to nothing.
    pub call: f64,
    /// Epochs of the kernels of some statistics.
    pub resident: Vec<(&'static str, f64)>,
    /// Pairs of epoch and frequency of a periodogram, its powers read back.
    pub periodogram: f64,
    /// Pairs of epochs of a structure function.
    pub pairs: f64,
}

impl Rates {
    /// The part of the bandwidth of copies at which a kernel reads its columns.
    #[must_use]
    pub fn part_of_copy(&self, epochs_per_second: f64) -> f64 {
        // A copy moves each byte twice; a kernel reads flux and error, four bytes each.
        8.0 * epochs_per_second / (2.0 * self.copy)
    }
}

/// Measures all of them.
pub(super) fn measure(gpu: &Gpu, light_curves: usize) -> Result<Rates, Error> {
    let curves = LightCurves::new(light_curves, EPOCHS);
    let (bytes, times) = if gpu.adapter().software { (1 << 24, 2) } else { (1 << 28, 10) };
    let columns = Columns { flux: &curves.flux, error: &curves.error };
    let start = Instant::now();
    let resident = gpu.upload(columns, &curves.rows)?;
    // Waits until all of it has arrived.
    let call = gpu.time_read(4, 1)?;
    let pack_and_upload = 8.0 * count(curves.epochs()) / (start.elapsed().as_secs_f64() - 2.0 * call).max(1e-9);
    let mut kernels = vec![];
    for name in RESIDENT {
        let statistic = tape::statistic(name)?;
        let kernel = gpu.kernel_of(&statistic).ok_or_else(|| format!("{name} has no kernel here"))?;
        kernels.push((name, count(curves.epochs()) / gpu.time_kernel(kernel, &resident, times)?));
    }
    drop(resident);
    let few = LightCurves::new(light_curves.min(if gpu.adapter().software { 4 } else { 4000 }), EPOCHS);
    Ok(Rates {
        copy: count(bytes) / gpu.time_copy(bytes as u64, times)?,
        upload: count(bytes) / gpu.time_upload(bytes, times)?,
        read: count(bytes) / gpu.time_read(bytes, times)?,
        pack_and_upload,
        call: gpu.time_read(4, 100)?,
        resident: kernels,
        periodogram: periodogram(gpu, &few)?,
        pairs: pairs(gpu, &few)?,
    })
}

fn periodogram(gpu: &Gpu, curves: &LightCurves) -> Result<f64, Error> {
    let series: Vec<Series> = curves.iter().filter_map(|light_curve| series(&light_curve)).collect();
    let resident = gpu.upload_series(&series)?;
    let products: f64 = series.iter().map(|one| count(one.time.len()) * count(one.number)).sum();
    rate(products, || Ok(gpu.values(&KERNEL, &resident)?))
}

fn series(light_curve: &tape_core::LightCurve<'_>) -> Option<Series> {
    let periodogram = LombScargle::new(light_curve.time(), light_curve.flux(), light_curve.error());
    periodogram.series(&Grid::new(0.001, 0.2 / periodogram.baseline(), FREQUENCIES)?)
}

fn pairs(gpu: &Gpu, curves: &LightCurves) -> Result<f64, Error> {
    let statistic = tape::statistic(STRUCTURE_FUNCTION)?;
    let Statistic::Rows(many) = &statistic else { return Err("structure functions have many rows".into()) };
    let pairwise = many.pairwise().ok_or("structure functions of given edges have a kernel")?;
    let bins: Vec<PairBins> = curves.iter().filter_map(|light_curve| pairwise.bins(&light_curve)).collect();
    let resident = gpu.upload_pairs(&bins)?;
    let pairs: f64 = bins.iter().map(|one| 0.5 * count(one.time.len()) * (count(one.time.len()) - 1.0)).sum();
    rate(pairs, || Ok(gpu.pair_sums(pairwise.kernel(), &resident)?))
}

/// Units of work per second: the best of three, after one that is not counted.
fn rate<T>(work: f64, act: impl Fn() -> Result<T, Error>) -> Result<f64, Error> {
    act()?;
    let mut best = 0.0_f64;
    for _ in 0..3 {
        let start = Instant::now();
        act()?;
        best = best.max(work / start.elapsed().as_secs_f64());
    }
    Ok(best)
}
