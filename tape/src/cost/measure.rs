//! Measures a device against one core of the CPU, on generated light curves.

use std::collections::BTreeMap;
use std::time::Instant;

use tape_core::{Chunk, IdType, Segment, Statistic, Value, count};
use tape_gpu::{Columns, Gpu};

use super::{Calibration, Speed, key};
use crate::device::Device;
use crate::error::Error;

/// Number of epochs per light curve, typical of one band of a survey.
const EPOCHS: usize = 150;

/// Statistics with parameters that are measured in addition to the registry.
const WITH_PARAMETERS: [&str; 2] = ["lomb_scargle", "structure_function:edges=0/1/10/100/1000"];

/// Measures a device and one core of the CPU.
///
/// # Errors
/// If the device is lost or has no memory left.
pub fn calibrate(device: &Device) -> Result<Calibration, Error> {
    let gpu = device.gpu();
    let adapter = gpu.adapter();
    let (many, few) = if adapter.software { (100, 2) } else { (1700, 64) };
    let (chunk, short) = (light_curves(many), light_curves(few));
    let bytes = if adapter.software { 1 << 20 } else { 1 << 26 };
    let call = gpu.time_read(4, 20)?;
    let rows: Vec<_> = chunk.segments.iter().map(|segment| segment.rows.clone()).collect();
    let columns = Columns { flux: &chunk.flux, error: &chunk.error };
    let upload = seconds(|| Ok(gpu.upload(columns, &rows)?))?;
    let mut kernels = BTreeMap::new();
    let with_parameters = WITH_PARAMETERS.map(crate::statistic).into_iter().collect::<Result<Vec<_>, _>>()?;
    for statistic in tape_analysis::registry().iter().chain(&with_parameters) {
        let Some(key) = key(statistic).filter(|_| gpu.has_kernel(statistic)) else { continue };
        let chunk = if statistic.kernel().is_some() { &chunk } else { &short };
        if !kernels.contains_key(key) {
            let device = count(chunk.flux.len()) / on_device(gpu, statistic, chunk)?;
            kernels.insert(key.to_owned(), Speed { device, core: core(statistic, chunk) });
        }
    }
    Ok(Calibration {
        device: adapter.name.clone(),
        driver: adapter.driver.clone(),
        software: adapter.software,
        upload: 8.0 * count(chunk.flux.len()) / upload,
        read: count(bytes) / gpu.time_read(bytes, 5)?,
        call,
        kernels,
    })
}

/// Returns the shortest time of three calls in seconds, after one warm-up call.
fn seconds<T>(mut act: impl FnMut() -> Result<T, Error>) -> Result<f64, Error> {
    act()?;
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        act()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best.max(1e-9))
}

/// Returns the seconds that the device takes for a chunk whose columns are already in its memory.
fn on_device(gpu: &Gpu, statistic: &Statistic, chunk: &Chunk) -> Result<f64, Error> {
    if statistic.has_many_rows() {
        return seconds(|| Ok(gpu.rows_of_chunk(statistic, chunk)?));
    }
    let mut out = vec![Value::Null; chunk.segments.len() * statistic.info().outputs.len()];
    seconds(|| Ok(gpu.evaluate_chunk(statistic, chunk, &mut out)?))
}

/// Returns the epochs per second of one core, measured over 0.05 s.
fn core(statistic: &Statistic, chunk: &Chunk) -> f64 {
    const LONGEST: f64 = 0.05;
    let mut values = vec![Value::Null; chunk.segments.len() * statistic.info().outputs.len()];
    let (start, mut epochs) = (Instant::now(), 0);
    if statistic.evaluate_chunk(chunk, &mut values) {
        return count(chunk.flux.len()) / start.elapsed().as_secs_f64().max(1e-9);
    }
    for segment in &chunk.segments {
        let light_curve = chunk.light_curve(segment, "");
        match statistic {
            Statistic::Rows(many) => many.rows(&light_curve, &mut vec![]),
            _ => statistic.evaluate(&light_curve, &mut values),
        }
        epochs += light_curve.len();
        if start.elapsed().as_secs_f64() > LONGEST {
            break;
        }
    }
    count(epochs) / start.elapsed().as_secs_f64().max(1e-9)
}

/// Generates light curves of noise with some outliers, so that iterative kernels need as many rounds as on a survey.
fn light_curves(number: usize) -> Chunk {
    let mut chunk = Chunk::new(IdType::Int64);
    let mut state = 1_u64;
    // A linear congruential generator is random enough here.
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from((state >> 40) as u32) / f64::from(1_u32 << 24)
    };
    for object in 0..number {
        let mut time = 60_000.0;
        for _ in 0..EPOCHS {
            time += 0.01 + 4.0 * uniform();
            let scale = if uniform() < 0.01 { 8.0 } else { 1.0 };
            chunk.time.push(time);
            chunk.flux.push(1000.0 + scale * 40.0 * (0..12).map(|_| uniform() - 0.5).sum::<f64>());
            chunk.error.push(20.0 + 40.0 * uniform());
        }
        chunk.segments.push(Segment { object, band: 0, rows: object * EPOCHS..(object + 1) * EPOCHS });
    }
    chunk
}
