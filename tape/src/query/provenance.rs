//! The provenance of results: a query, and the stamps of its files.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tape_io::{Exposures, FileStamp, KeyedTable, Survey};

use super::Query;

/// The key in the metadata of files.
const KEY: &str = "tape.provenance";

/// The provenance of results or of an ensemble.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Provenance {
    /// The version of the program.
    pub version: String,
    /// The query.
    pub query: Query,
    /// The stamps of its files.
    pub stamps: Stamps,
    /// The reason why the same query can give another result, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrepeatable: Option<String>,
}

/// Sizes and modification times of the files of a query, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamps {
    /// Stamps of the files of the survey.
    pub inputs: Vec<FileStamp>,
    /// Stamps of the files of the object table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<FileStamp>,
    /// Stamps of the files of the exposure table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exposures: Vec<FileStamp>,
}

impl Stamps {
    /// Returns the stamps that files had when their footers were read.
    pub(crate) fn from_survey(survey: &Survey) -> Self {
        let of_table = |table: Option<&KeyedTable>| table.map(|table| table.stamps().collect()).unwrap_or_default();
        Self {
            inputs: survey.stamps().collect(),
            objects: of_table(survey.objects()),
            exposures: of_table(survey.exposures().map(Exposures::table)),
        }
    }
}

impl Provenance {
    pub(crate) fn new(query: Query, stamps: Stamps) -> Self {
        let unrepeatable = query.unrepeatable();
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), query, stamps, unrepeatable }
    }

    /// Returns true if results with this provenance can be reused for the other.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.unrepeatable.is_none() && self == other
    }

    /// Describes how the other differs, or why the two cannot be compared.
    pub(crate) fn difference(&self, now: &Self) -> String {
        if let Some(difference) = self.query.difference(&now.query) {
            return difference;
        }
        if self.version != now.version {
            return format!("with the version {}, not {}", self.version, now.version);
        }
        if let Some(why) = self.unrepeatable.as_ref().or(now.unrepeatable.as_ref()) {
            return format!("from a query that may be different: {why}");
        }
        if self.stamps.objects != now.stamps.objects {
            return "of the table of objects before it changed".to_owned();
        }
        if self.stamps.exposures != now.stamps.exposures {
            return "of the table of exposures before it changed".to_owned();
        }
        "of these inputs before they changed".to_owned()
    }

    /// Returns the first file that has changed, by size and modification time.
    pub(crate) fn changed_file(&self) -> Option<PathBuf> {
        let objects = self.query.objects.iter().flat_map(|objects| &objects.inputs).zip(&self.stamps.objects);
        let exposures = self.query.exposures.iter().flat_map(|table| &table.inputs).zip(&self.stamps.exposures);
        let mut all = self.query.inputs.iter().zip(&self.stamps.inputs).chain(objects).chain(exposures);
        let is_same =
            |(path, then): &(&String, &FileStamp)| FileStamp::read(Path::new(path)).is_ok_and(|now| now == **then);
        all.find(|file| !is_same(file)).map(|(path, _)| PathBuf::from(path))
    }

    /// Returns the metadata of a file of results. It does not include times, places or settings of the run, so that
    /// equal inputs give equal bytes. `rows` are the numbers of rows of each input.
    pub(crate) fn metadata(&self, rows: &[u64]) -> Vec<(String, String)> {
        let text = serde_json::to_string(&self.described(rows)).unwrap_or_default();
        vec![
            ("tape.version".to_owned(), self.version.clone()),
            ("tape.statistics".to_owned(), self.query.statistics.join(",")),
            (KEY.to_owned(), text),
        ]
    }

    fn described(&self, rows: &[u64]) -> Value {
        let Query { inputs, columns, preset, derived, condition, objects, exposures, choices, .. } = &self.query;
        let inputs = inputs.iter().zip(&self.stamps.inputs).zip(rows);
        let inputs =
            inputs.map(|((path, stamp), rows)| json!({"name": name(path), "bytes": stamp.bytes, "rows": rows}));
        let files = |inputs: &[String], stamps: &[FileStamp]| -> Value {
            let file = |(path, stamp): (&String, &FileStamp)| json!({"name": name(path), "bytes": stamp.bytes});
            inputs.iter().zip(stamps).map(file).collect()
        };
        let exposures = exposures.as_ref().map(
            |table| json!({"files": files(&table.inputs, &self.stamps.exposures), "key": table.key, "on": table.on}),
        );
        let objects = objects.as_ref().map(|objects| {
            let mut told = json!({"files": files(&objects.inputs, &self.stamps.objects), "id": objects.id});
            if let Some(condition) = &objects.condition {
                told["where"] = json!(condition);
            }
            told
        });
        let conversion = self.query.conversion.as_ref().and_then(super::ConversionQuery::conversion);
        let words = |items: Vec<String>| (!items.is_empty()).then(|| json!(items));
        let told = [
            ("version", Some(json!(self.version))),
            ("statistics", Some(json!(self.query.statistics))),
            ("inputs", Some(inputs.collect())),
            ("columns", Some(json!(columns))),
            ("preset", preset.as_ref().map(|preset| json!(preset))),
            ("values", conversion.map(|conversion| json!(conversion.to_string()))),
            ("derived", words(derived.iter().map(ToString::to_string).collect())),
            ("where", condition.as_ref().map(|condition| json!(condition))),
            ("objects", objects),
            ("exposures", exposures),
            ("selected_objects", words(choices.iter().map(ToString::to_string).collect())),
            ("by", self.query.groups.as_ref().map(|groups| json!(groups.join(", ")))),
            ("steps", words(self.query.steps.clone())),
            ("bands", self.query.bands.as_ref().map(|bands| json!(bands))),
        ];
        told.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect::<Map<_, _>>().into()
    }
}

fn name(path: &str) -> String {
    Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
