//! `tape devices`: what can compute here.

use clap::Args;

use super::failure::Failure;
use super::screen::Screen;

/// List the devices that can compute, with what they have
#[derive(Args)]
#[command(after_help = "Example:
  tape devices")]
pub(crate) struct Devices {
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

#[cfg(feature = "gpu")]
impl Devices {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let all = tape::gpu::adapters();
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
        if self.json {
            return Ok(screen.line("[]")?);
        }
        Ok(screen.line("the CPU alone: this build of tape has no GPU code; build it with --features gpu")?)
    }
}
