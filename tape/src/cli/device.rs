//! `--device`: who computes.

use clap::Args;
use tape::Batch;

use super::failure::Failure;
use super::screen::Screen;
#[cfg(feature = "gpu")]
use super::screen::counted;

/// Who computes.
#[derive(Args)]
pub(crate) struct DeviceArgs {
    /// Who computes what there are kernels for: cpu, gpu (the fastest there is), or part of a device's name, as `tape
    /// devices` shows it; auto is the CPU, as long as nothing was measured that speaks for another
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    device: String,
}

/// The device of a run, if it has one.
#[cfg(feature = "gpu")]
pub(crate) type Opened = Option<tape::Device>;
#[cfg(not(feature = "gpu"))]
pub(crate) type Opened = ();

impl DeviceArgs {
    fn is_cpu(&self) -> bool {
        ["auto", "cpu"].contains(&self.device.as_str())
    }

    /// The batch on the device asked for.
    #[cfg(feature = "gpu")]
    pub(crate) fn open<'a>(&self, batch: Batch<'a>) -> Result<(Batch<'a>, Opened), Failure> {
        if self.is_cpu() {
            return Ok((batch, None));
        }
        let name = (self.device != "gpu").then_some(self.device.as_str());
        let device = tape::Device::open(name)?;
        Ok((batch.device(&device), Some(device)))
    }

    /// The batch on the CPU, which is all that this build knows.
    #[cfg(not(feature = "gpu"))]
    pub(crate) fn open<'a>(&self, batch: Batch<'a>) -> Result<(Batch<'a>, Opened), Failure> {
        if self.is_cpu() {
            return Ok((batch, ()));
        }
        let device = &self.device;
        Err(Failure::usage(format!(
            "--device {device}: this build of tape has no GPU code; build it with --features gpu, or use --device cpu"
        )))
    }
}

/// Tells what the device did.
#[cfg(feature = "gpu")]
pub(crate) fn print(device: &Opened, screen: &mut Screen) -> Result<(), Failure> {
    let Some(report) = device.as_ref().map(tape::Device::report) else { return Ok(()) };
    let (values, left) = (counted(report.by_device, "value"), counted(report.by_cpu, "value"));
    screen.row("device", format_args!("{values} by {}, {left} left to the CPU", report.name))?;
    if let Some(why) = report.gave_up {
        screen.row("", format_args!("the CPU went on alone: {why}"))?;
    }
    Ok(())
}

#[cfg(not(feature = "gpu"))]
#[expect(clippy::unnecessary_wraps, reason = "as with the feature")]
pub(crate) fn print((): &Opened, _: &mut Screen) -> Result<(), Failure> {
    Ok(())
}
