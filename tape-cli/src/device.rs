//! `--device`: who computes.

use clap::Args;
use tape::Batch;

use super::failure::Failure;
use super::screen::Screen;
#[cfg(feature = "gpu")]
use super::screen::counted;

/// The choice of a device.
#[derive(Args)]
pub(crate) struct DeviceArgs {
    /// Device for statistics that have a kernel: cpu, gpu (the fastest), or part of a device's name as shown by `tape
    /// devices`; auto is the CPU, unless `tape devices --calibrate` found a faster device
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: String,
}

/// The device of a run, if it has one, and why it is that or none.
#[derive(Default)]
pub(crate) struct Opened {
    #[cfg(feature = "gpu")]
    device: Option<tape::Device>,
    why: String,
}

impl DeviceArgs {
    /// The batch on the CPU, which is all that this build knows.
    #[cfg(not(feature = "gpu"))]
    pub(crate) fn open(&self, batch: Batch) -> Result<(Batch, Opened), Failure> {
        if ["auto", "cpu"].contains(&self.device.as_str()) {
            return Ok((batch, Opened { why: "the CPU: this build has no GPU code".to_owned() }));
        }
        let device = &self.device;
        Err(Failure::usage(format!(
            "--device {device}: this build of tape has no GPU code; build it with --features gpu, or use --device cpu"
        )))
    }
}

#[cfg(feature = "gpu")]
impl DeviceArgs {
    /// The batch on the device asked for, or on the one that is faster.
    pub(crate) fn open(&self, batch: Batch) -> Result<(Batch, Opened), Failure> {
        match self.device.as_str() {
            "cpu" => Ok((batch, Opened { device: None, why: "the CPU, as asked for".to_owned() })),
            "auto" => Ok(automatic(batch)),
            name => {
                let device = tape::Device::open((name != "gpu").then_some(name))?;
                let estimate = calibration_of(device.gpu().adapter())
                    .and_then(|known| batch.estimate(&known))
                    .map_or_else(String::new, |estimate| format!(": {estimate}"));
                let why = format!("{}, as asked for{estimate}", device.gpu().adapter().name);
                Ok((batch.device(&device), Opened { device: Some(device), why }))
            }
        }
    }
}

/// Returns the calibration of a device. Returns `None` if it cannot be read, because a device that was named needs
/// none.
#[cfg(feature = "gpu")]
fn calibration_of(adapter: &tape::gpu::AdapterInfo) -> Option<tape::cost::Calibration> {
    let same = |known: &tape::cost::Calibration| known.device == adapter.name && known.driver == adapter.driver;
    tape::cost::calibrations().ok()?.into_iter().find(same)
}

/// The device that is expected to be faster than the CPU by most, if there is one. Where nothing was measured, no device is
/// even looked for, which takes longer than many a run.
#[cfg(feature = "gpu")]
fn automatic(batch: Batch) -> (Batch, Opened) {
    let cpu = |batch, why: String| (batch, Opened { device: None, why: format!("the CPU: {why}") });
    let known = match tape::cost::calibrations() {
        Err(error) => return cpu(batch, error.to_string()),
        Ok(known) if known.is_empty() => {
            return cpu(batch, "no device was measured: see tape devices --calibrate".to_owned());
        }
        Ok(known) => known,
    };
    let estimates = known.iter().filter_map(|known| Some((known, batch.estimate(known)?)));
    let by_time = |a: &tape::cost::Estimate, b: &tape::cost::Estimate| {
        // Software, which is never chosen, must not hide a device.
        a.software.cmp(&b.software).then(a.device.total_cmp(&b.device))
    };
    let Some((known, estimate)) = estimates.min_by(|(_, a), (_, b)| by_time(a, b)) else {
        return cpu(batch, "none of these statistics has a kernel".to_owned());
    };
    if !estimate.favours_device() {
        let software = if estimate.software { ", which is software" } else { "" };
        return cpu(batch, format!("{}{software}, would take {estimate}", known.device));
    }
    match tape::Device::open(Some(&known.device)) {
        // Another driver may be another matter.
        Ok(device) if device.gpu().adapter().driver == known.driver => {
            let why = format!("{}: {estimate}", known.device);
            (batch.device(&device), Opened { device: Some(device), why })
        }
        Ok(_) => cpu(batch, format!("{} has another driver than was measured", known.device)),
        Err(error) => cpu(batch, error.to_string()),
    }
}

impl Opened {
    /// Returns the device that computes, and the reason.
    pub(crate) fn why(&self) -> &str {
        &self.why
    }

    /// Returns the device's statistics as JSON, or null without a device.
    #[cfg(feature = "gpu")]
    pub(crate) fn as_json(&self) -> serde_json::Value {
        self.device.as_ref().map(tape::Device::report).map_or(serde_json::Value::Null, |report| {
            serde_json::json!({
                "name": report.name,
                "values_by_device": report.by_device,
                "values_by_cpu": report.by_cpu,
                "gave_up": report.gave_up,
            })
        })
    }

    #[cfg(not(feature = "gpu"))]
    #[expect(clippy::unused_self, reason = "as with the feature")]
    pub(crate) fn as_json(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}

/// Tells what the device did.
#[cfg(feature = "gpu")]
pub(crate) fn print(device: &Opened, screen: &mut Screen) -> Result<(), Failure> {
    let Some(report) = device.device.as_ref().map(tape::Device::report) else { return Ok(()) };
    let (values, left) = (counted(report.by_device, "value"), counted(report.by_cpu, "value"));
    screen.row("device", format_args!("{values} by {}, {left} left to the CPU", report.name))?;
    if let Some(why) = report.gave_up {
        screen.row("", format_args!("the CPU went on alone: {why}"))?;
    }
    Ok(())
}

#[cfg(not(feature = "gpu"))]
#[expect(clippy::unnecessary_wraps, reason = "as with the feature")]
pub(crate) fn print(_: &Opened, _: &mut Screen) -> Result<(), Failure> {
    Ok(())
}
