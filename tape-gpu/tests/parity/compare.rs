//! Compares the device's results with the CPU's.

use tape_core::{DeviceKernel, LightCurve, Statistic, Value};
use tape_gpu::{Columns, Gpu, Result};

use crate::segments::Segments;

/// Minimum fraction of light curves that the device must compute itself.
const LEAST_SHARE: f64 = 0.75;

/// Returns an error that names the first light curve with a wrong result.
pub(crate) fn compare(gpu: &Gpu, statistic: &Statistic, segments: &Segments) -> std::result::Result<(), String> {
    let kernel = gpu.kernel_of(statistic).ok_or("no kernel")?;
    compare_with(gpu, statistic, kernel, segments)
}

/// Like [`compare`], with another kernel than the statistic's own.
pub(crate) fn compare_with(
    gpu: &Gpu,
    statistic: &Statistic,
    kernel: &'static DeviceKernel,
    segments: &Segments,
) -> std::result::Result<(), String> {
    let states = states(gpu, statistic, kernel, segments).map_err(|error| error.to_string())?;
    let (mut answered, mut asked) = (0, 0);
    for ((rows, name), state) in segments.rows.iter().zip(&segments.names).zip(states) {
        if rows.len() < statistic.info().min_epochs {
            continue;
        }
        asked += 1;
        let Some(got) = state else { continue };
        answered += 1;
        let (flux, error) = (&segments.flux[rows.clone()], &segments.error[rows.clone()]);
        let light_curve = LightCurve::new(flux).with_error(error);
        let want = on_cpu(statistic, &light_curve, got.len());
        close(gpu, kernel, &light_curve, &got, &want).map_err(|difference| format!("{name}: {difference}"))?;
    }
    if f64::from(answered) < LEAST_SHARE * f64::from(asked) {
        return Err(format!("the device computed only {answered} of {asked} light curves"));
    }
    Ok(())
}

fn states(
    gpu: &Gpu,
    statistic: &Statistic,
    kernel: &'static DeviceKernel,
    segments: &Segments,
) -> Result<Vec<Option<Vec<f64>>>> {
    let error = if kernel.error { &segments.error[..] } else { &[] };
    let resident = gpu.upload(Columns { flux: &segments.flux, error }, &segments.rows)?;
    gpu.states(statistic, kernel, &resident)
}

/// Returns the state of a fold, or the outputs.
fn on_cpu(statistic: &Statistic, light_curve: &LightCurve<'_>, len: usize) -> Vec<f64> {
    if let Statistic::Fold(fold) = statistic {
        let mut state = vec![0.0; len];
        fold.lift(light_curve, &mut state);
        return state;
    }
    let mut out = vec![Value::Null; len];
    statistic.evaluate(light_curve, &mut out);
    out.iter().map(|value| if let Value::Float(x) = value { *x } else { f64::NAN }).collect()
}

fn close(
    gpu: &Gpu,
    kernel: &DeviceKernel,
    light_curve: &LightCurve<'_>,
    got: &[f64],
    want: &[f64],
) -> std::result::Result<(), String> {
    let mut scale = vec![0.0; want.len()];
    (kernel.scale)(light_curve, want, &mut scale);
    let tolerance = (kernel.tolerance)(gpu.tier().precision, light_curve.len());
    for ((got, want), scale) in got.iter().zip(want).zip(scale) {
        // The second term allows for the CPU's own rounding.
        let allowed = tolerance * scale + 4.0 * f64::EPSILON * want.abs();
        if (got - want).abs() <= allowed {
            continue;
        }
        return Err(format!(
            "{got} instead of {want}, a difference of {:e}; {allowed:e} is allowed",
            (got - want).abs()
        ));
    }
    Ok(())
}
