//! `tape explain`: shows the plan and the reason for it.

use clap::Args;
use serde_json::json;
use tape::core::{Role, Silent};
use tape::io::{KeyedTable, Survey};

use super::args::BatchArgs;
use super::device::DeviceArgs;
use super::failure::Failure;
use super::screen::{Screen, counted};

/// Show the plan that `tape batch` would use with the same arguments, and why; reads only footers
#[derive(Args)]
#[command(after_help = "Example:
  tape explain survey/ --stat stetson_j")]
pub(crate) struct Explain {
    #[command(flatten)]
    args: BatchArgs,
    #[command(flatten)]
    device: DeviceArgs,
    /// Print the plan as JSON
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let ensemble = self.args.open()?;
        let (batch, device) = self.device.open(self.args.batch(&ensemble)?)?;
        let plan = batch.plan_with(&Silent)?;
        let survey = ensemble.survey();
        if !self.json {
            screen.line(&plan)?;
            if let Some(by) = batch.groups() {
                screen.row("groups", format_args!("by {by}"))?;
            }
            if batch.steps().next().is_some() {
                screen.row("steps", batch.steps().collect::<Vec<_>>().join(", "))?;
            }
            show_values(survey, screen)?;
            let general = survey.general_columns(plan.columns);
            if !general.is_empty() {
                screen.row("decoder", format_args!("the general decoder for {}", general.join(", ")))?;
            }
            screen.row("device", device.why())?;
            show_derived(survey, screen)?;
            show_condition(survey, screen)?;
            show_exposures(survey, screen)?;
            show_objects(survey, screen)?;
            return show_selections(survey, screen);
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
            "derived": survey.derived().map(ToString::to_string).collect::<Vec<_>>(),
            "derived_from": survey.derived_from().collect::<Vec<_>>(),
            "where": survey.filter(),
            "where_columns": survey.filter_columns().collect::<Vec<_>>(),
            "objects": survey.objects().map(KeyedTable::rows),
            "exposures": survey.exposures().map(|exposures| exposures.table().rows()),
            "where_objects": survey.objects().and_then(KeyedTable::filter),
            "preset": survey.preset().map(|preset| preset.name),
            "quantity": survey.quantity().map(|quantity| quantity.to_string()),
            "conversion": survey.conversion().map(|conversion| conversion.to_string()),
            "by": batch.groups(),
            "steps": batch.steps().collect::<Vec<_>>(),
            "selected_objects": survey.selections().collect::<Vec<_>>(),
            "row_groups": survey.row_groups().len(),
            "row_groups_skipped": survey.row_groups_skipped(),
            "general_decoder": survey.general_columns(plan.columns),
        }))?)
    }
}

/// Shows the quantity of the values and its conversion, if known.
fn show_values(survey: &Survey, screen: &mut Screen) -> Result<(), Failure> {
    if let Some(preset) = survey.preset() {
        screen.row("preset", format_args!("{}: {}", preset.name, preset.describes))?;
    }
    match (survey.conversion(), survey.quantity()) {
        (Some(conversion), _) => screen.row("values", format_args!("converted to {conversion}"))?,
        (None, Some(quantity)) => {
            let unit = survey.unit().map(|unit| format!(" in {unit}")).unwrap_or_default();
            screen.row("values", format_args!("{quantity}{unit}"))?;
        }
        (None, None) => {}
    }
    Ok(())
}

/// Shows derived columns and the columns of the files that they are computed from.
fn show_derived(survey: &Survey, screen: &mut Screen) -> Result<(), Failure> {
    for (number, derived) in survey.derived().enumerate() {
        let plays = Role::ALL.into_iter().filter(|&role| survey.played(role) == Some(derived.name()));
        let roles: Vec<String> = plays.map(|role| role.to_string()).collect();
        let plays =
            if roles.is_empty() { String::new() } else { format!(", which is the {}", roles.join(" and the ")) };
        screen.row(if number == 0 { "derived" } else { "" }, format_args!("{derived}{plays}"))?;
    }
    let columns: Vec<&str> = survey.derived_from().collect();
    if !columns.is_empty() {
        screen.row("", format_args!("computed in the same pass, from {}", columns.join(", ")))?;
    }
    Ok(())
}

/// Shows the condition on rows, if any, and how many row groups it excludes.
fn show_condition(survey: &Survey, screen: &mut Screen) -> Result<(), Failure> {
    let Some(condition) = survey.filter() else { return Ok(()) };
    screen.row("where", condition)?;
    let all = counted(survey.row_groups().len() as u64, "row group");
    let skipped = survey.row_groups_skipped();
    screen.row("", format_args!("{skipped} of {all} skipped: their statistics exclude every row"))?;
    let columns: Vec<&str> = survey.filter_columns().collect();
    screen.row("", format_args!("columns read from the others: {}", columns.join(", ")))?;
    Ok(())
}

/// Shows the object table, if any.
fn show_objects(survey: &Survey, screen: &mut Screen) -> Result<(), Failure> {
    let Some(table) = survey.objects() else { return Ok(()) };
    let (rows, files) = (counted(table.rows(), "object"), counted(table.paths().len() as u64, "file"));
    let filter = table.filter().map(|filter| format!(" where {filter}")).unwrap_or_default();
    screen.row("objects", format_args!("{rows} in {files}{filter}, by {}", table.id()))?;
    screen.row("", "their ids are read at run time, and row groups without any of them are skipped")?;
    Ok(())
}

/// Shows the exposure table, if any.
fn show_exposures(survey: &Survey, screen: &mut Screen) -> Result<(), Failure> {
    let Some(exposures) = survey.exposures() else { return Ok(()) };
    let table = exposures.table();
    let (rows, files) = (counted(table.rows(), "exposure"), counted(table.paths().len() as u64, "file"));
    screen.row("exposures", format_args!("{rows} in {files}, by {} = {}", exposures.on(), table.id()))?;
    match table.expressed() {
        [] => screen.row("", "none of its columns are used")?,
        columns => screen.row("", format_args!("held in memory: {}", columns.join(", ")))?,
    }
    Ok(())
}

/// Shows selections of objects, except those by an object table.
fn show_selections(survey: &Survey, screen: &mut Screen) -> Result<(), Failure> {
    for (number, selection) in survey.selections().enumerate() {
        let first = number == 0 && survey.objects().is_none();
        let of = if first { String::new() } else { "then ".to_owned() };
        screen.row(if first { "objects" } else { "" }, format_args!("{of}{selection}"))?;
    }
    Ok(())
}
