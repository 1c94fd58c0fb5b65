//! What a file of results says of its making: nothing that depends on when, where or on how many threads it was made, so that
//! the same inputs give the same bytes.

use std::path::Path;

use serde::Serialize;
use tape_core::Role;

use super::Batch;
use crate::error::Error;
use crate::job::{Manifest, PlannedObjects};

/// The key of it in the metadata of a file.
const KEY: &str = "tape.provenance";

/// What a table was computed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Provenance {
    version: &'static str,
    statistics: Vec<String>,
    inputs: Vec<Input>,
    /// Id, time, flux, error and band.
    columns: [Option<String>; 5],
    #[serde(skip_serializing_if = "Option::is_none")]
    preset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    derived: Vec<String>,
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    objects: Option<Objects>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    selected_objects: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bands: Option<Vec<String>>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Input {
    name: String,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
}

/// The table of objects that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Objects {
    files: Vec<Input>,
    id: String,
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
}

impl Provenance {
    pub(crate) fn of(batch: &Batch) -> Result<Self, Error> {
        let survey = batch.ensemble.survey();
        let mut rows = vec![0; survey.paths().len()];
        survey.row_groups().iter().for_each(|group| rows[group.file] += group.rows);
        let files = survey.paths().zip(survey.stamps()).zip(rows);
        let inputs = files.map(|((path, stamp), rows)| Input::of(path, stamp.bytes, Some(rows)));
        let objects = survey.objects().map(|table| PlannedObjects::of(table, &[])).transpose()?;
        Ok(Self {
            version: env!("CARGO_PKG_VERSION"),
            statistics: batch.asked.clone(),
            inputs: inputs.collect(),
            columns: Role::ALL.map(|role| survey.column(role).map(str::to_owned)),
            preset: survey.preset().map(|preset| preset.name.to_owned()),
            values: survey.conversion().map(|conversion| conversion.to_string()),
            derived: survey.derived().map(ToString::to_string).collect(),
            filter: survey.filter().map(str::to_owned),
            objects: objects.as_ref().map(Objects::of),
            selected_objects: survey.selections().collect(),
            by: batch.groups(),
            bands: batch.config.bands.clone(),
        })
    }

    /// The same of a job, of which the inputs may be gone.
    pub(crate) fn of_job(job: &Manifest) -> Self {
        let rows = |file: &crate::job::InputFile| file.row_groups.iter().sum();
        let inputs = job.files.iter().map(|file| Input::of(Path::new(&file.path), file.bytes, Some(rows(file))));
        Self {
            version: env!("CARGO_PKG_VERSION"),
            statistics: job.statistics.clone(),
            inputs: inputs.collect(),
            columns: job.columns.clone(),
            preset: job.preset.clone(),
            values: job.conversion().map(|conversion| conversion.to_string()),
            derived: job.derived.iter().map(|(name, expression)| format!("{name} = {expression}")).collect(),
            filter: job.filter.clone(),
            objects: job.objects.as_ref().map(Objects::of),
            selected_objects: job.selections(),
            by: None,
            bands: job.bands.clone(),
        }
    }

    /// As the metadata of a file.
    pub(crate) fn metadata(&self) -> Vec<(String, String)> {
        let text = serde_json::to_string(self).unwrap_or_default();
        vec![
            ("tape.version".to_owned(), self.version.to_owned()),
            ("tape.statistics".to_owned(), self.statistics.join(",")),
            (KEY.to_owned(), text),
        ]
    }
}

impl Input {
    fn of(path: &Path, bytes: u64, rows: Option<u64>) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Self { name: name.unwrap_or_default(), bytes, rows }
    }
}

impl Objects {
    fn of(planned: &PlannedObjects) -> Self {
        let files = planned.files.iter().map(|file| Input::of(Path::new(&file.path), file.bytes, None)).collect();
        Self { files, id: planned.id.clone(), filter: planned.filter.clone() }
    }
}
