//! `tape stats`: lists and describes statistics.

use clap::Args;
use serde_json::json;
use tape::analysis::{Kind, Parameter, kind, kinds};
use tape::core::{Info, Statistic};
use tape::{statistic, statistics};

use super::failure::Failure;
use super::screen::Screen;

/// List the statistics, or describe one
#[derive(Args)]
#[command(after_help = "Examples:
  tape stats
  tape stats stetson_j
  tape stats beyond_n_std
  tape stats beyond_n_std:n=3")]
pub(crate) struct Stats {
    /// Describe this statistic, with or without its parameters
    name: Option<String>,
    /// Print the descriptions as JSON
    #[arg(long)]
    json: bool,
}

impl Stats {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let Some(name) = &self.name else { return self.list(screen) };
        match kind(name) {
            Some(kind) if self.json => screen.line(serde_json::Value::from_iter([kind_as_json(kind)]))?,
            Some(kind) => describe_kind(kind, screen)?,
            None if self.json => screen.line(serde_json::Value::from_iter([as_json(&statistic(name)?)]))?,
            None => describe(&statistic(name)?, screen)?,
        }
        Ok(())
    }

    fn list(&self, screen: &mut Screen) -> Result<(), Failure> {
        let all = statistics();
        if self.json {
            let all = all.iter().map(as_json).chain(kinds().iter().copied().map(kind_as_json));
            return Ok(screen.line(serde_json::Value::from_iter(all))?);
        }
        let names = all.iter().map(|s| s.info().name.len()).chain(kinds().iter().map(|kind| kind.name.len()));
        let width = names.max().unwrap_or(0);
        for statistic in &all {
            let Info { name, summary, .. } = statistic.info();
            screen.line(format_args!("{name:<width$}  {:<6}  {summary}", way(statistic)))?;
        }
        screen.line("With parameters, as in beyond_n_std:n=3; see `tape stats beyond_n_std`:")?;
        for Kind { name, summary, .. } in kinds() {
            screen.line(format_args!("{name:<width$}  {summary}"))?;
        }
        screen.line(format_args!("Groups for --stat: {}", tape::analysis::GROUPS.join(", ")))?;
        Ok(())
    }
}

/// Describes whether partial results can be combined.
fn way(statistic: &Statistic) -> &'static str {
    match statistic {
        Statistic::Fold(_) => "fold",
        Statistic::Whole(_) => "whole",
        Statistic::Object(_) => "object",
        Statistic::Rows(_) => "rows",
    }
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
    screen.row("epochs", format_args!("{} or more; null with fewer", info.min_epochs))?;
    let kind = match statistic {
        Statistic::Fold(_) => "fold: partial results can be combined, so no plan has to bring epochs together",
        Statistic::Whole(_) => "whole light curve: all epochs are needed at once",
        Statistic::Object(_) => "object: compares bands, and gives one row per object, without a band",
        Statistic::Rows(_) => "rows: gives many rows per light curve, so it must be the only statistic of a run",
    };
    screen.row("kind", kind)?;
    screen.row("reference", &info.reference)?;
    Ok(())
}

fn describe_kind(kind: &Kind, screen: &mut Screen) -> Result<(), Failure> {
    screen.line(format_args!("{}: {}", kind.name, kind.summary))?;
    screen.row("columns", kind.columns)?;
    for (i, Parameter { name, summary, allowed, default }) in kind.parameters.iter().enumerate() {
        let head = if i == 0 { "parameters" } else { "" };
        let default = default.map_or_else(|| "required".to_owned(), |default| format!("default {default}"));
        screen.row(head, format_args!("{name}: {summary}; {allowed}, {default}"))?;
    }
    let name = kind.name;
    match kind.make("") {
        Ok(statistic) => {
            screen.line(format_args!("{name} without parameters:"))?;
            describe(&statistic, screen)
        }
        Err(needs) => Ok(screen.line(format_args!("{needs}"))?),
    }
}

fn kind_as_json(kind: &Kind) -> serde_json::Value {
    let parameter = |Parameter { name, summary, allowed, default }: &Parameter| json!({"name": name, "summary": summary, "allowed": allowed.to_string(), "default": default});
    json!({
        "name": kind.name,
        "summary": kind.summary,
        "columns": kind.columns,
        "parameters": kind.parameters.iter().map(parameter).collect::<Vec<_>>(),
    })
}

fn as_json(statistic: &Statistic) -> serde_json::Value {
    let info = statistic.info();
    json!({
        "name": info.name,
        "summary": info.summary,
        "formula": info.formula,
        "kind": way(statistic),
        "inputs": inputs(info),
        "outputs": info.outputs.iter().map(|o| o.name.as_ref()).collect::<Vec<_>>(),
        "min_epochs": info.min_epochs,
        "reference": info.reference,
    })
}
