//! `tape explain`: the plan, and why.

use clap::Args;
use serde_json::json;
use tape::core::Silent;

use super::args::BatchArgs;
use super::device::DeviceArgs;
use super::failure::Failure;
use super::screen::Screen;

/// Show the plan that `tape batch` would take with the same arguments, and why; only footers are read
#[derive(Args)]
#[command(after_help = "Example:
  tape explain survey/ --stat stetson_j")]
pub(crate) struct Explain {
    #[command(flatten)]
    args: BatchArgs,
    #[command(flatten)]
    device: DeviceArgs,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let ensemble = self.args.survey.open()?;
        let (batch, device) = self.device.open(self.args.batch(&ensemble)?)?;
        let plan = batch.plan_with(&Silent)?;
        if !self.json {
            screen.line(plan)?;
            return Ok(screen.row("device", device.why())?);
        }
        Ok(screen.line(json!({
            "plan": plan.kind.name(),
            "why": plan.why,
            "evidence": plan.layout.evidence.to_string(),
            "partitions": plan.layout.partitions.len(),
            "rows": plan.rows,
            "bytes": plan.bytes,
            "columns": plan.column_names,
            "peak_memory": plan.peak_memory,
            "spill": plan.spill,
            "workers": plan.workers,
            "device": device.why(),
        }))?)
    }
}
