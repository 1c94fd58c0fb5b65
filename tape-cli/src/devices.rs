//! `tape devices`: what can compute here.

use clap::Args;

use super::failure::Failure;
use super::screen::Screen;

/// List the devices that can compute, with what they have
#[derive(Args)]
#[command(after_help = "Examples:
  tape devices
  tape devices --calibrate")]
pub(crate) struct Devices {
    /// Print it as JSON
    #[arg(long)]
    json: bool,
    /// Measure each beside the CPU, for some seconds, and keep that in the cache folder ($TAPE_CACHE_DIR): `--device auto` goes
    /// by it
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
            return Ok(screen.line("no GPU: the CPU alone computes")?);
        }
        for adapter in &all {
            let software = if adapter.software { ", in software" } else { "" };
            let has = [("subgroups", adapter.subgroups), ("f64", adapter.f64), ("timestamps", adapter.timestamps)];
            let has: Vec<&str> = has.into_iter().filter_map(|(name, there)| there.then_some(name)).collect();
            screen.line(&adapter.name)?;
            screen.row("driver", format_args!("{}, {}{software}", adapter.backend, adapter.driver))?;
            screen.row("has", if has.is_empty() { "nothing beyond the least".to_owned() } else { has.join(", ") })?;
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
                screen.row("moves", format_args!("{up:.2} GB/s up, {down:.2} GB/s down"))?;
                for (kernel, speed) in &calibration.kernels {
                    let [device, core] = [speed.device, speed.core].map(|rate| rate / 1e6);
                    let of_core = format!("{device:.1} million epochs/s, one core {core:.1}");
                    screen.row(kernel, of_core)?;
                }
                screen.row("kept in", path.display())?;
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
        Ok(screen.line("the CPU alone: this build of tape has no GPU code; build it with --features gpu")?)
    }
}
