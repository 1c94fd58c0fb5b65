//! `tape stats`: the registry.

use clap::Args;
use serde_json::json;
use tape::core::{Info, Statistic};
use tape::{statistic, statistics};

use super::failure::Failure;
use super::screen::Screen;

/// List the statistics, or describe one
#[derive(Args)]
#[command(after_help = "Examples:
  tape stats
  tape stats stetson_j")]
pub(crate) struct Stats {
    /// The statistic to describe
    name: Option<String>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

impl Stats {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let chosen = match &self.name {
            Some(name) => vec![statistic(name)?],
            None => statistics(),
        };
        if self.json {
            return Ok(screen.line(serde_json::Value::from_iter(chosen.iter().map(as_json)))?);
        }
        if self.name.is_some() {
            for statistic in &chosen {
                describe(statistic, screen)?;
            }
            return Ok(());
        }
        let width = chosen.iter().map(|s| s.info().name.len()).max().unwrap_or(0);
        for statistic in &chosen {
            let Info { name, summary, .. } = statistic.info();
            screen.line(format_args!("{name:<width$}  {:<5}  {summary}", kind(statistic)))?;
        }
        screen.line(format_args!("Groups for --stat: {}", tape::analysis::GROUPS.join(", ")))?;
        Ok(())
    }
}

fn kind(statistic: &Statistic) -> &'static str {
    if statistic.is_fold() { "fold" } else { "whole" }
}

fn inputs(info: &Info) -> Vec<&'static str> {
    let inputs = info.inputs;
    let all = [("flux", inputs.flux), ("error", inputs.error), ("time", inputs.time), ("order in time", inputs.order)];
    all.into_iter().filter_map(|(name, needed)| needed.then_some(name)).collect()
}

fn describe(statistic: &Statistic, screen: &mut Screen) -> Result<(), Failure> {
    let info = statistic.info();
    screen.line(format_args!("{}: {}", info.name, info.summary))?;
    screen.row("formula", &info.formula)?;
    screen.row("inputs", inputs(info).join(", "))?;
    let outputs: Vec<String> = info.outputs.iter().map(|o| format!("{} ({:?})", o.name, o.output_type)).collect();
    screen.row("outputs", outputs.join(", "))?;
    screen.row("epochs", format_args!("{} or more; with fewer it is null", info.min_epochs))?;
    let kind = if statistic.is_fold() {
        "fold: partial results combine, so no plan has to bring epochs together"
    } else {
        "whole light curve: all epochs are needed at once"
    };
    screen.row("kind", kind)?;
    screen.row("reference", &info.reference)?;
    Ok(())
}

fn as_json(statistic: &Statistic) -> serde_json::Value {
    let info = statistic.info();
    json!({
        "name": info.name,
        "summary": info.summary,
        "formula": info.formula,
        "kind": kind(statistic),
        "inputs": inputs(info),
        "outputs": info.outputs.iter().map(|o| o.name.as_ref()).collect::<Vec<_>>(),
        "min_epochs": info.min_epochs,
        "reference": info.reference,
    })
}
