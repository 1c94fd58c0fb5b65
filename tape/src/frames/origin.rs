//! What a frame was computed from.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tape_core::Role;
use tape_exec::{Config, OnError};
use tape_io::{FileStamp, Survey};

use crate::batch::Batch;
use crate::choice::Choice;
use crate::error::{Error, FrameError};
use crate::job::absolute;
use crate::job::{Asked, ObjectFile, PlannedConversion, PlannedObjects};

/// What a frame was computed from. Where two are equal, and can be told by it at all, so are the frames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The version of the program.
    pub version: String,
    /// The inputs as they were, in the order of the survey.
    pub inputs: Vec<ObjectFile>,
    /// The column of each role, in the order of [`Role::ALL`].
    pub columns: [Option<String>; 5],
    /// The preset of which these are, if there is one.
    pub preset: Option<String>,
    /// What was made of the values, if they were converted.
    pub conversion: Option<PlannedConversion>,
    /// Columns that are computed of others, in words.
    pub derived: Vec<String>,
    /// The condition on rows, if there is one.
    pub filter: Option<String>,
    /// What rows of a light curve had in common, if it was not the object and the band.
    pub groups: Option<String>,
    /// Whether objects without a light curve have a row, too.
    pub all_objects: bool,
    /// The objects that are meant, and what of them stands beside results; all and nothing without.
    pub objects: Option<PlannedObjects>,
    /// What was chosen of the objects beside that, in words.
    pub selections: Vec<String>,
    /// The same, exactly.
    pub choices: Vec<Choice>,
    /// The statistics, by what they were asked for.
    pub statistics: Vec<String>,
    /// The bands asked for; all without.
    pub bands: Option<Vec<String>>,
    /// Whether the table has one row per object.
    pub wide: bool,
    /// The plan asked for, and how the survey was to be cut.
    pub asked: Asked,
    /// Whether what could not be read was to be left out.
    pub skips: bool,
    /// The columns that tell rows apart: the id, and the band if there is one for each.
    pub keys: Vec<String>,
    /// Why the same need not give the same again.
    pub not_again: Option<String>,
}

/// Whether a frame is what would be computed now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Its inputs are what they were, and so is the program.
    UpToDate,
    /// They are not: why.
    OutOfDate(String),
    /// A program put it there; nobody can tell.
    Unknown,
}

impl Origin {
    /// Of a batch. All that can be asked for is taken apart here, so that what is added to it cannot be forgotten. On which
    /// threads, in how much memory and in what portions, no result depends.
    pub(crate) fn of(batch: &Batch) -> Result<Self, Error> {
        let Batch { ensemble, statistics, asked, by_name, config, wide, joined, groups, all_objects } = batch;
        let Config {
            // These two as they were asked for.
            plan: _,
            partitioning: _,
            bands,
            on_error,
            workers: _,
            threads: _,
            memory: _,
            spill: _,
            rows_at_once: _,
            chunk_rows: _,
        } = config;
        let survey = ensemble.survey();
        let selections: Vec<String> = survey.selections().collect();
        let not_again = match by_name {
            _ if let Some(function) = survey.derived().find(|derived| derived.expression().is_none()) => {
                Some(format!("its column '{}' is computed by a function of the program", function.name()))
            }
            false => Some("its statistics were given by the program, not by name".to_owned()),
            true => None,
        };
        let title = |role| survey.title(role).map(str::to_owned);
        let has_band = batch.long_schema()?.has_band() && !wide;
        let is_many = statistics.iter().any(tape_core::Statistic::has_many_rows);
        let of_groups = groups.as_ref().map(|groups| groups.key_columns());
        let of_objects = of_groups.unwrap_or_else(|| title(Role::Id).into_iter().collect());
        let band = title(Role::Band).filter(|_| has_band);
        let keys = if is_many { vec![] } else { of_objects.into_iter().chain(band).collect() };
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            inputs: inputs_of(survey)?,
            columns: columns_of(survey),
            preset: survey.preset().map(|preset| preset.name.to_owned()),
            conversion: survey.conversion().map(PlannedConversion::of),
            derived: survey.derived().map(ToString::to_string).collect(),
            filter: survey.filter().map(str::to_owned),
            groups: groups.as_ref().map(|groups| groups.in_words()),
            all_objects: *all_objects,
            objects: survey.objects().map(|table| PlannedObjects::of(table, joined)).transpose()?,
            selections,
            choices: Choice::of(survey),
            statistics: asked.clone(),
            bands: bands.clone(),
            wide: *wide,
            asked: batch.cut_as_asked(),
            skips: *on_error == OnError::Skip,
            keys,
            not_again,
        })
    }

    /// Whether what has this origin can be taken for what has the other.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.not_again.is_none() && self == other
    }

    /// In what it is another, or cannot be told to be the same.
    pub(crate) fn difference(&self, now: &Self) -> String {
        let list = |names: &[String]| names.join(", ");
        let all = |names: &Option<Vec<String>>, all: &str| names.as_deref().map_or_else(|| all.to_owned(), list);
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        let columns = |columns: &[Option<String>; 5]| columns.iter().map(text).collect::<Vec<_>>().join(", ");
        let objects = |objects: &Option<PlannedObjects>| {
            objects.as_ref().map_or_else(|| "all".to_owned(), PlannedObjects::in_words)
        };
        let both = [
            ("the statistics", list(&self.statistics), list(&now.statistics)),
            ("the bands", all(&self.bands, "all"), all(&now.bands, "all")),
            ("the derived columns", list(&self.derived), list(&now.derived)),
            ("the condition", text(&self.filter), text(&now.filter)),
            ("the preset", text(&self.preset), text(&now.preset)),
            ("values", values(self.conversion.as_ref()), values(now.conversion.as_ref())),
            ("light curves by", by(&self.groups), by(&now.groups)),
            ("objects without a light curve", listed(self.all_objects), listed(now.all_objects)),
            ("the objects", objects(&self.objects), objects(&now.objects)),
            ("the choice of objects", list(&self.selections), list(&now.selections)),
            ("the columns", columns(&self.columns), columns(&now.columns)),
            ("a table that is", form(self.wide), form(now.wide)),
            ("the error policy", or_stop(self.skips), or_stop(now.skips)),
            ("the plan", self.asked.plan.clone(), now.asked.plan.clone()),
            ("the version", self.version.clone(), now.version.clone()),
        ];
        if let Some((what, then, now)) = both.into_iter().find(|(_, then, now)| then != now) {
            return format!("with {what} {then}, not {now}");
        }
        if self.choices != now.choices {
            return "of other objects that are named by id".to_owned();
        }
        if let Some(why) = self.not_again.as_ref().or(now.not_again.as_ref()) {
            return format!("of which nobody can tell whether it is the same: {why}");
        }
        if self.inputs != now.inputs {
            return "of other inputs, or of these before they changed".to_owned();
        }
        if self.objects != now.objects {
            return "of the table of objects before it changed".to_owned();
        }
        "with the survey cut into other partitions".to_owned()
    }

    /// Whether the inputs are what they were.
    pub(crate) fn freshness(&self) -> Freshness {
        if self.version != env!("CARGO_PKG_VERSION") {
            return Freshness::OutOfDate(format!("it was computed by tape {}", self.version));
        }
        let of_objects = self.objects.iter().flat_map(|objects| &objects.files);
        match self.inputs.iter().chain(of_objects).find_map(changed) {
            Some(path) => Freshness::OutOfDate(format!("{} changed", path.display())),
            None => Freshness::UpToDate,
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.statistics.join(", "))?;
        match &*self.inputs {
            [one] => write!(f, " of {}", one.path)?,
            [first, ..] => write!(f, " of {} and {} more", first.path, self.inputs.len() - 1)?,
            [] => {}
        }
        if !self.derived.is_empty() {
            write!(f, " with {}", self.derived.join(", "))?;
        }
        if let Some(filter) = &self.filter {
            write!(f, " where {filter}")?;
        }
        if let Some(objects) = &self.objects {
            write!(f, ", objects {}", objects.in_words())?;
        }
        for selection in &self.selections {
            write!(f, ", objects {selection}")?;
        }
        if let Some(bands) = &self.bands {
            write!(f, ", bands {}", bands.join(", "))?;
        }
        write!(f, "{}", if self.wide { ", wide" } else { "" })
    }
}

fn values(conversion: Option<&PlannedConversion>) -> String {
    let conversion = conversion.and_then(PlannedConversion::conversion);
    conversion.map_or_else(|| "as they are".to_owned(), |conversion| format!("converted to {conversion}"))
}

fn by(groups: &Option<String>) -> String {
    groups.clone().unwrap_or_else(|| "object and band".to_owned())
}

fn listed(all_objects: bool) -> String {
    if all_objects { "listed" } else { "left out" }.to_owned()
}

fn form(wide: bool) -> String {
    if wide { "wide" } else { "long" }.to_owned()
}

fn or_stop(skips: bool) -> String {
    if skips { "skip" } else { "stop" }.to_owned()
}

/// The column of each role.
pub(super) fn columns_of(survey: &Survey) -> [Option<String>; 5] {
    Role::ALL.map(|role| survey.column(role).map(str::to_owned))
}

/// The files of a survey as they were when it was opened.
pub(super) fn inputs_of(survey: &Survey) -> Result<Vec<ObjectFile>, Error> {
    let file = |(path, stamp): (&Path, FileStamp)| {
        let path = absolute(path).map_err(|_| FrameError::NotUnicode { path: path.to_owned() })?;
        Ok(ObjectFile { path, bytes: stamp.bytes, modified: stamp.modified })
    };
    survey.paths().zip(survey.stamps()).map(file).collect()
}

/// The path of a file that is not what it was.
pub(super) fn changed(file: &ObjectFile) -> Option<PathBuf> {
    let path = PathBuf::from(&file.path);
    let then = FileStamp { bytes: file.bytes, modified: file.modified };
    let is_same = FileStamp::read(&path).is_ok_and(|now| now == then);
    (!is_same).then_some(path)
}
