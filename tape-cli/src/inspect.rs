//! `tape inspect`: describes a survey from its footers.

use clap::Args;
use serde_json::json;
use tape::core::{PRESETS, Role, RowUnit};
use tape::exec::Cohesion;
use tape::{KnownBands, SurveyInfo};

use super::advice;
use super::args::SurveyArgs;
use super::failure::Failure;
use super::screen::Screen;

/// Show the files, columns, bands and ids of a survey, and whether row groups split light curves; reads only footers
#[derive(Args)]
#[command(after_help = "Examples:
  tape inspect survey/
  tape inspect survey/ --scan --json
  tape inspect --presets")]
pub(crate) struct Inspect {
    #[command(flatten)]
    survey: Option<SurveyArgs>,
    /// Read all ids and bands for an exact answer
    #[arg(long)]
    scan: bool,
    /// Print the description as JSON
    #[arg(long)]
    json: bool,
    /// List the presets of known surveys
    #[arg(long, exclusive = true)]
    presets: bool,
}

impl Inspect {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let Some(survey) = self.survey.as_ref().filter(|_| !self.presets) else { return list_presets(screen) };
        let ensemble = survey.open()?;
        let info = if self.scan { ensemble.info_scanned()? } else { ensemble.info() };
        if self.json {
            return Ok(screen.line(as_json(&info))?);
        }
        screen.line(&info)?;
        let missing = Role::ALL.into_iter().filter(|role| info.column(*role).is_none());
        let named = missing.map(advice::column_flag).collect::<Vec<_>>().join(", ");
        if !named.is_empty() {
            screen.row("missing", format_args!("name columns with {named}"))?;
        }
        if !self.scan {
            screen.row("more", "--scan reads all ids and bands")?;
        }
        Ok(())
    }
}

fn list_presets(screen: &mut Screen) -> Result<(), Failure> {
    for preset in PRESETS {
        let columns: Vec<&str> = Role::ALL.into_iter().filter_map(|role| preset.column(role)).collect();
        screen.line(format_args!("{:<10} {}: {}", preset.name, preset.describes, columns.join(", ")))?;
        let quality = preset.quality.map(|quality| format!("; good where {}", quality.replace(['{', '}'], "")));
        let quality = quality.unwrap_or_default();
        screen.line(format_args!("{:<10} {} in {}; {}{quality}", "", preset.quantity, preset.unit, preset.source))?;
    }
    Ok(())
}

fn as_json(info: &SurveyInfo) -> serde_json::Value {
    let of_role = |role: Role| {
        let column = info.column(role)?;
        Some((role.to_string(), json!({"column": column.name, "type": column.kind})))
    };
    let roles: serde_json::Map<_, _> = Role::ALL.into_iter().filter_map(of_role).collect();
    let bands = match &info.bands {
        KnownBands::All(bands) => json!(bands),
        KnownBands::Between(first, last) => json!({"first": first, "last": last}),
        KnownBands::Unknown => serde_json::Value::Null,
    };
    let cohesion = match &info.layout.cohesion {
        Cohesion::Cohesive => "cohesive",
        Cohesion::CutAtEdges { .. } => "cut at edges",
        Cohesion::Overlapping => "overlapping",
        Cohesion::Unknown { .. } => "unknown",
    };
    json!({
        "files": info.files,
        "bytes": info.bytes,
        "row_groups": info.row_groups,
        "rows": info.rows,
        "file_rows": info.file_rows,
        "memory": info.memory,
        "shape": info.shape.to_string(),
        "row_unit": match info.shape.row_unit() {
            RowUnit::Epoch => "epoch",
            RowUnit::LightCurve => "light_curve",
        },
        "preset": info.preset.map(|preset| preset.name),
        "columns": roles,
        "other_columns": info.other_columns().collect::<Vec<_>>(),
        "bands": bands,
        "ids": info.ids.as_ref().map(|(min, max)| json!({"min": min.to_string(), "max": max.to_string()})),
        "objects": info.objects,
        "warnings": info.warnings,
        "null_ids": info.null_ids,
        "no_epoch": info.no_epoch,
        "sorted": info.layout.sorted,
        "cohesion": cohesion,
        "cut": info.cut(),
        "evidence": info.layout.evidence.to_string(),
    })
}
