//! Measures transfer rates of a device, and rates of its kernels over resident columns.

use std::time::Instant;

use tape::gpu::{Columns, Gpu};
use tape_analysis::periodogram::{Grid, KERNEL, LombScargle};
use tape_core::{PairBins, Series, Statistic, count};

use super::EPOCHS;
use crate::Error;
use crate::workload::LightCurves;

/// Statistics whose kernels are timed over resident columns.
const RESIDENT: [&str; 3] = ["stetson_j", "mean", "median"];

/// Edges of the structure functions, days.
pub(super) const STRUCTURE_FUNCTION: &str = "structure_function:edges=0/1/3/10/30/100/300/1000";

/// Number of frequencies for each light curve.
const FREQUENCIES: usize = 10_000;

/// Transfer and computation rates of a device, per second.
#[derive(Clone, Debug)]
pub struct Rates {
    /// Bytes copied within device memory. Each byte is read and written.
    pub copy: f64,
    /// Bytes uploaded from packed memory.
    pub upload: f64,
    /// Bytes read back.
    pub read: f64,
    /// Bytes of fluxes and errors uploaded as in a plan, including packing, on one thread.
    pub pack_and_upload: f64,
    /// Seconds of a call with almost no data.
    pub call: f64,
    /// Epochs processed by the kernels of some statistics.
    pub resident: Vec<(&'static str, f64)>,
    /// Epochs times frequencies of a periodogram, including reading back its powers.
    pub periodogram: f64,
    /// Pairs of epochs of a structure function.
    pub pairs: f64,
}

impl Rates {
    /// Returns the fraction of the copy bandwidth that a kernel achieves.
    #[must_use]
    pub fn part_of_copy(&self, epochs_per_second: f64) -> f64 {
        // A copy reads and writes each byte. A kernel reads flux and error, four bytes each.
        8.0 * epochs_per_second / (2.0 * self.copy)
    }
}

/// Measures all rates.
pub(super) fn measure(gpu: &Gpu, light_curves: usize) -> Result<Rates, Error> {
    let curves = LightCurves::new(light_curves, EPOCHS);
    let (bytes, times) = if gpu.adapter().software { (1 << 24, 2) } else { (1 << 28, 10) };
    let columns = Columns { flux: &curves.flux, error: &curves.error };
    let start = Instant::now();
    let resident = gpu.upload(columns, &curves.rows)?;
    // Waits until everything has arrived.
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
    let pairwise = many.pairwise().ok_or("structure functions with given edges have a kernel")?;
    let bins: Vec<PairBins> = curves.iter().filter_map(|light_curve| pairwise.bins(&light_curve)).collect();
    let resident = gpu.upload_pairs(&bins)?;
    let pairs: f64 = bins.iter().map(|one| 0.5 * count(one.time.len()) * (count(one.time.len()) - 1.0)).sum();
    rate(pairs, || Ok(gpu.pair_sums(pairwise.kernel(), &resident)?))
}

/// Returns units of work per second: the best of three runs, after one warm-up run.
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
