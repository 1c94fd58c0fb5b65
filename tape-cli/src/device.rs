//! `--device`: chooses where a batch is computed.

use clap::Args;
use tape::Batch;

use super::failure::Failure;
use super::screen::Screen;
#[cfg(feature = "gpu")]
use super::screen::counted;

/// Arguments that choose a device.
#[derive(Args)]
pub(crate) struct DeviceArgs {
    /// Compute on this device: cpu, gpu (the fastest), a name from `tape devices`, or auto (the CPU unless a calibrated device is faster)
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: String,
}

/// The device of a run, or `None` for the CPU, and the reason for this choice.
#[derive(Default)]
pub(crate) struct Opened {
    #[cfg(feature = "gpu")]
    device: Option<tape::Device>,
    why: String,
}

impl DeviceArgs {
    /// Returns the batch unchanged: this build can only use the CPU.
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
    /// Returns the batch on the requested device, or on the device that is estimated to be faster.
    pub(crate) fn open(&self, batch: Batch) -> Result<(Batch, Opened), Failure> {
        match self.device.as_str() {
            "cpu" => Ok((batch, Opened { device: None, why: "the CPU, as requested".to_owned() })),
            "auto" => Ok(automatic(batch)),
            name => {
                let device = tape::Device::open((name != "gpu").then_some(name))?;
                let estimate = calibration_of(device.gpu().adapter())
                    .and_then(|known| batch.estimate(&known))
                    .map_or_else(String::new, |estimate| format!(": {estimate}"));
                let why = format!("{}, as requested{estimate}", device.gpu().adapter().name);
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

/// Chooses the device that is expected to beat the CPU by the largest margin, if any. Without calibrations no device is
/// searched for, because the search takes longer than many runs.
#[cfg(feature = "gpu")]
fn automatic(batch: Batch) -> (Batch, Opened) {
    let cpu = |batch, why: String| (batch, Opened { device: None, why: format!("the CPU: {why}") });
    let known = match tape::cost::calibrations() {
        Err(error) => return cpu(batch, error.to_string()),
        Ok(known) if known.is_empty() => {
            return cpu(batch, "no device is calibrated: run tape devices --calibrate".to_owned());
        }
        Ok(known) => known,
    };
    let estimates = known.iter().filter_map(|known| Some((known, batch.estimate(known)?)));
    let by_time = |a: &tape::cost::Estimate, b: &tape::cost::Estimate| {
        // Software adapters are never chosen, and must not hide a device.
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
        // A calibration holds only for the driver that it was measured with.
        Ok(device) if device.gpu().adapter().driver == known.driver => {
            let why = format!("{}: {estimate}", known.device);
            (batch.device(&device), Opened { device: Some(device), why })
        }
        Ok(_) => cpu(batch, format!("the driver of {} has changed since it was calibrated", known.device)),
        Err(error) => cpu(batch, error.to_string()),
    }
}

impl Opened {
    /// Returns a description of the device and the reason for its choice.
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

/// Prints how many values the device computed.
#[cfg(feature = "gpu")]
pub(crate) fn print(device: &Opened, screen: &mut Screen) -> Result<(), Failure> {
    let Some(report) = device.device.as_ref().map(tape::Device::report) else { return Ok(()) };
    let (values, left) = (counted(report.by_device, "value"), counted(report.by_cpu, "value"));
    screen.row("device", format_args!("{values} by {}, {left} by the CPU", report.name))?;
    if let Some(why) = report.gave_up {
        screen.row("", format_args!("the CPU computed the rest: {why}"))?;
    }
    Ok(())
}

#[cfg(not(feature = "gpu"))]
#[expect(clippy::unnecessary_wraps, reason = "as with the feature")]
pub(crate) fn print(_: &Opened, _: &mut Screen) -> Result<(), Failure> {
    Ok(())
}
