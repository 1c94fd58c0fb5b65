//! `tape devices`: lists and calibrates devices.

use clap::Args;

use super::failure::Failure;
use super::screen::Screen;

/// List the available GPUs and their features
#[derive(Args)]
#[command(after_help = "Examples:
  tape devices
  tape devices --calibrate")]
pub(crate) struct Devices {
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
    /// Measure each device against the CPU (a few seconds) and save the result in $TAPE_CACHE_DIR for `--device auto`
    #[arg(long)]
    calibrate: bool,
}

#[cfg(feature = "gpu")]
impl Devices {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let all = tape::gpu::adapters();
        if self.calibrate {
            return self.calibrate(&all, screen);
        }
        if self.json {
            return Ok(screen.line(serde_json::Value::from_iter(all.iter().map(as_json)))?);
        }
        if all.is_empty() {
            return Ok(screen.line("no GPU found: statistics are computed on the CPU")?);
        }
        for adapter in &all {
            let software = if adapter.software { ", in software" } else { "" };
            let has = [("subgroups", adapter.subgroups), ("f64", adapter.f64), ("timestamps", adapter.timestamps)];
            let has: Vec<&str> = has.into_iter().filter_map(|(name, there)| there.then_some(name)).collect();
            screen.line(&adapter.name)?;
            screen.row("driver", format_args!("{}, {}{software}", adapter.backend, adapter.driver))?;
            screen
                .row("features", if has.is_empty() { "only the required ones".to_owned() } else { has.join(", ") })?;
            screen.row("buffers", format_args!("up to {}", super::screen::bytes(adapter.largest_binding)))?;
        }
        Ok(())
    }
}

#[cfg(feature = "gpu")]
impl Devices {
    fn calibrate(&self, all: &[tape::gpu::AdapterInfo], screen: &mut Screen) -> Result<(), Failure> {
        if all.is_empty() {
            return Err(tape::Error::from(tape::gpu::Error::NoAdapter).into());
        }
        let mut measured = vec![];
        for adapter in all {
            let calibration = tape::cost::calibrate(&tape::Device::open(Some(&adapter.name))?)?;
            let path = calibration.store()?;
            if !self.json {
                screen.line(&calibration.device)?;
                let giga = |rate: f64| rate / 1e9;
                let (up, down) = (giga(calibration.upload), giga(calibration.read));
                screen.row("transfers", format_args!("{up:.2} GB/s up, {down:.2} GB/s down"))?;
                for (kernel, speed) in &calibration.kernels {
                    let [device, core] = [speed.device, speed.core].map(|rate| rate / 1e6);
                    let of_core = format!("{device:.1} million epochs/s, one core {core:.1}");
                    screen.row(kernel, of_core)?;
                }
                screen.row("saved in", path.display())?;
            }
            measured.push(serde_json::to_value(calibration).map_err(Failure::failed)?);
        }
        if self.json {
            screen.line(serde_json::Value::from(measured))?;
        }
        Ok(())
    }
}

#[cfg(feature = "gpu")]
fn as_json(adapter: &tape::gpu::AdapterInfo) -> serde_json::Value {
    serde_json::json!({
        "name": adapter.name,
        "backend": adapter.backend,
        "driver": adapter.driver,
        "software": adapter.software,
        "subgroups": adapter.subgroups,
        "f64": adapter.f64,
        "timestamps": adapter.timestamps,
        "largest_binding": adapter.largest_binding,
    })
}

#[cfg(not(feature = "gpu"))]
impl Devices {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        if self.calibrate {
            return Err(Failure::usage(
                "--calibrate: this build of tape has no GPU code; build it with --features gpu".to_owned(),
            ));
        }
        if self.json {
            return Ok(screen.line("[]")?);
        }
        Ok(screen.line("CPU only: this build of tape has no GPU code; build it with --features gpu")?)
    }
}
