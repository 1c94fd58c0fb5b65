//! `tape inspect`: what a survey is, by its footers.

use clap::Args;
use serde_json::json;
use tape::Ensemble;
use tape::core::{Columns, ObjectId, PRESETS, Role, Silent, Source};
use tape::exec::{Cohesion, Evidence, Layout, default_workers, row_groups};
use tape::io::Shape;

use super::args::SurveyArgs;
use super::failure::Failure;
use super::screen::{Screen, bytes, count, counted};

/// Show files, columns, bands and ids of a survey, and whether its row groups cut light curves; only footers are read
#[derive(Args)]
#[command(after_help = "Examples:
  tape inspect survey/
  tape inspect survey/ --scan --json
  tape inspect --presets")]
pub(crate) struct Inspect {
    #[command(flatten)]
    survey: Option<SurveyArgs>,
    /// Read all ids and bands as well, to be certain
    #[arg(long)]
    scan: bool,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
    /// List the presets of known surveys
    #[arg(long, exclusive = true)]
    presets: bool,
}

/// What is known of a survey.
struct Facts<'a> {
    ensemble: &'a Ensemble,
    layout: Layout,
    objects: Option<u64>,
    null_ids: Option<u64>,
    /// Light curves that are null or empty.
    no_epoch: Option<u64>,
    /// All labels, after a scan; else the first and the last by the footers.
    bands: Bands,
}

enum Bands {
    All(Vec<String>),
    Between(String, String),
    Unknown,
}

impl Inspect {
    pub(crate) fn run(&self, screen: &mut Screen) -> Result<(), Failure> {
        let Some(survey) = self.survey.as_ref().filter(|_| !self.presets) else { return list_presets(screen) };
        let ensemble = survey.open()?;
        let facts = self.facts(&ensemble)?;
        if self.json { Ok(screen.line(facts.as_json())?) } else { facts.print(screen) }
    }

    fn facts<'a>(&self, ensemble: &'a Ensemble) -> Result<Facts<'a>, Failure> {
        let source = ensemble.survey();
        let partitions = row_groups(source);
        if !self.scan {
            let layout = Layout::from_footers(source, partitions);
            let bands = match source.band_range() {
                Some((first, last)) => Bands::Between(first, last),
                None => Bands::Unknown,
            };
            return Ok(Facts { ensemble, layout, objects: None, null_ids: None, no_epoch: None, bands });
        }
        let columns = Columns { band: source.column(Role::Band).is_some(), ..Columns::default() };
        let scan = Layout::from_scan(source, partitions, columns, default_workers(), &Silent)?;
        let labels = source.bands().labels();
        let bands = source.bands().order().into_iter().map(|code| labels[usize::from(code)].clone()).collect();
        let (null_ids, no_epoch) = (Some(scan.null_ids), Some(scan.no_epoch));
        let (layout, objects) = (scan.layout, scan.objects);
        Ok(Facts { ensemble, layout, objects, null_ids, no_epoch, bands: Bands::All(bands) })
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

impl Facts<'_> {
    fn rows(&self) -> u64 {
        self.ensemble.survey().row_groups().iter().map(|group| group.rows).sum()
    }

    fn id_range(&self) -> Option<(ObjectId, ObjectId)> {
        let known = self.layout.ids.iter().map(|ids| ids.clone().map(|ids| (ids.min, ids.max)));
        known.reduce(|a, b| {
            let ((min, max), (other_min, other_max)) = (a?, b?);
            Some((min.min(other_min), max.max(other_max)))
        })?
    }

    fn print(&self, screen: &mut Screen) -> Result<(), Failure> {
        let survey = self.ensemble.survey();
        let groups = counted(survey.row_groups().len() as u64, "row group");
        let files = survey.paths().len() as u64;
        screen.row("files", format_args!("{}, {groups}, {}", counted(files, "file"), bytes(survey.file_bytes())))?;
        match survey.shape() {
            Shape::Flat => screen.row("rows", count(self.rows()))?,
            shape => {
                let lists = counted(survey.file_rows(), "row");
                screen.row("rows", format_args!("{}, in the lists of {lists} of the files", count(self.rows())))?;
                screen.row("shape", shape)?;
            }
        }
        if let Some(preset) = survey.preset() {
            let asked = "by its columns, or asked for";
            screen.row("preset", format_args!("{}: {} ({asked})", preset.name, preset.describes))?;
            let unit = if preset.unit.is_empty() { String::new() } else { format!(" in {}", preset.unit) };
            screen.row("values", format_args!("{}{unit}; times {}", preset.quantity, preset.time_scale))?;
            if !preset.bands.is_empty() {
                let bands = preset.bands.iter().map(|(stored, name)| format!("{stored} is {name}"));
                screen.row("", format_args!("bands: {}", bands.collect::<Vec<_>>().join(", ")))?;
            }
            if let Some(quality) = survey.quality() {
                screen.row("quality", format_args!("{quality} (with --quality)"))?;
            }
        }
        for role in Role::ALL {
            let derived = survey.derived().find(|derived| survey.played(role) == Some(derived.name()));
            if let Some(derived) = derived {
                screen.row(&role.to_string(), format_args!("{derived} (derived)"))?;
                continue;
            }
            let name = survey.columns().get(role).map(|name| (name, survey.type_of(role).unwrap_or_default()));
            match name {
                Some((name, kind)) => screen.row(&role.to_string(), format_args!("{name} ({kind})"))?,
                None => {
                    screen.row(&role.to_string(), format_args!("no column found: name it with {}", role.option()))?
                }
            }
        }
        let others = self.other_columns();
        if !others.is_empty() {
            screen.row("others", others.join(", "))?;
        }
        match &self.bands {
            Bands::All(bands) => screen.row("bands", bands.join(", "))?,
            Bands::Between(first, last) => screen.row("bands", format_args!("{first} … {last} (--scan lists all)"))?,
            Bands::Unknown => screen.row("bands", "not known from the footers: --scan lists them")?,
        }
        match self.id_range() {
            Some((min, max)) => screen.row("ids", format_args!("{min} … {max}"))?,
            None => screen.row("ids", "not known from the footers")?,
        }
        if let Some(objects) = self.objects {
            screen.row("objects", count(objects))?;
        }
        if let Some(null_ids) = self.null_ids.filter(|&n| n > 0) {
            screen.row("null ids", counted(null_ids, "row"))?;
        }
        if let Some(no_epoch) = self.no_epoch.filter(|&n| n > 0) {
            screen.row("no epoch", format_args!("{} null or empty", counted(no_epoch, "list")))?;
        }
        screen.row("sorted", self.sorted())?;
        screen.row("cut", self.cut())?;
        screen.row("evidence", self.layout.evidence)?;
        Ok(())
    }

    fn other_columns(&self) -> Vec<String> {
        let survey = self.ensemble.survey();
        let plays = |name: &String| Role::ALL.iter().any(|&role| survey.columns().get(role) == Some(name));
        survey.available().into_iter().filter(|name| !plays(name)).collect()
    }

    fn sorted(&self) -> &'static str {
        match (self.layout.sorted, self.layout.evidence) {
            (Some(true), Evidence::Scan) => "by id within each row group",
            (Some(true), _) => "by id within each row group, as the footers declare",
            (Some(false), _) => "no: not by id within each row group",
            (None, _) => "not declared; --scan finds out",
        }
    }

    fn cut(&self) -> String {
        match &self.layout.cohesion {
            Cohesion::Cohesive => "no light curve lies in two row groups".to_owned(),
            Cohesion::CutAtEdges { first: Some((id, ..)), edges: Some(edges) } => {
                format!(
                    "row groups follow each other by id, and {edges} edges cut light curves, the first that of {id}"
                )
            }
            Cohesion::CutAtEdges { .. } => {
                "row groups follow each other by id, and edges may cut light curves".to_owned()
            }
            Cohesion::Overlapping => "row groups share ranges of ids: an object's rows may lie in many".to_owned(),
            Cohesion::Unknown { why } => format!("not known: {why}"),
        }
    }

    fn as_json(&self) -> serde_json::Value {
        let survey = self.ensemble.survey();
        let roles: serde_json::Map<_, _> = Role::ALL
            .into_iter()
            .filter_map(|role| {
                Some((role.to_string(), json!({"column": survey.columns().get(role)?, "type": survey.type_of(role)})))
            })
            .collect();
        let bands = match &self.bands {
            Bands::All(bands) => json!(bands),
            Bands::Between(first, last) => json!({"first": first, "last": last}),
            Bands::Unknown => serde_json::Value::Null,
        };
        let cohesion = match &self.layout.cohesion {
            Cohesion::Cohesive => "cohesive",
            Cohesion::CutAtEdges { .. } => "cut at edges",
            Cohesion::Overlapping => "overlapping",
            Cohesion::Unknown { .. } => "unknown",
        };
        json!({
            "files": survey.paths().collect::<Vec<_>>(),
            "bytes": survey.file_bytes(),
            "row_groups": survey.row_groups().len(),
            "rows": self.rows(),
            "file_rows": survey.file_rows(),
            "shape": survey.shape().to_string(),
            "preset": survey.preset().map(|preset| preset.name),
            "columns": roles,
            "other_columns": self.other_columns(),
            "bands": bands,
            "ids": self.id_range().map(|(min, max)| json!({"min": min.to_string(), "max": max.to_string()})),
            "objects": self.objects,
            "null_ids": self.null_ids,
            "no_epoch": self.no_epoch,
            "sorted": self.layout.sorted,
            "cohesion": cohesion,
            "cut": self.cut(),
            "evidence": self.layout.evidence.to_string(),
        })
    }
}
