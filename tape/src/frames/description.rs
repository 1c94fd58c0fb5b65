//! What a saved ensemble is, without its frames.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tape_core::{Role, preset};
use tape_io::Survey;

use super::origin::{changed, columns_of, inputs_of};
use crate::choice::Choice;
use crate::ensemble::Ensemble;
use crate::error::{Error, FrameError};
use crate::job::sealed::Malformed;
use crate::job::{ObjectFile, PlannedConversion, PlannedObjects, column_map};

/// What to do when an input of a saved ensemble is not what it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Changed {
    /// Say so, and open nothing.
    #[default]
    Refuse,
    /// Open it as it is now. The frames are there, but none is taken for what would be computed.
    Accept,
}

/// What a saved ensemble is, without its frames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    pub(super) files: Vec<ObjectFile>,
    pub(super) columns: [Option<String>; 5],
    pub(super) preset: Option<String>,
    pub(super) conversion: Option<PlannedConversion>,
    /// Columns that are computed of others: names, and expressions.
    pub(super) derived: Vec<(String, String)>,
    pub(super) filter: Option<String>,
    pub(super) objects: Option<PlannedObjects>,
    /// Which objects are meant beside that, in order.
    pub(super) choices: Vec<Choice>,
}

impl Description {
    pub(super) fn of(survey: &Survey) -> Result<Self, Error> {
        Ok(Self {
            files: inputs_of(survey)?,
            columns: columns_of(survey),
            preset: survey.preset().map(|preset| preset.name.to_owned()),
            conversion: survey.conversion().map(PlannedConversion::of),
            derived: crate::ensemble::derived_in_text(survey).map_err(|name| FrameError::Derived { name })?,
            filter: survey.filter().map(str::to_owned),
            objects: survey.objects().map(|table| PlannedObjects::of(table, &[])).transpose()?,
            choices: Choice::of(survey),
        })
    }

    /// That it is of the same files and columns as another, if not of the same content.
    pub(super) fn check_same(&self, other: &Self, folder: &Path) -> Result<(), FrameError> {
        let paths = |of: &Self| of.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>();
        let (ours, theirs) = (paths(self), paths(other));
        let names = |of: &Self| of.columns.iter().flatten().cloned().collect::<Vec<_>>().join(", ");
        let difference = if ours != theirs {
            let one =
                |paths: &[String]| format!("{} ({} files)", paths.first().cloned().unwrap_or_default(), paths.len());
            format!("of {}, not of {}", one(&ours), one(&theirs))
        } else if self.columns != other.columns {
            format!("of the columns {}, not {}", names(self), names(other))
        } else {
            return Ok(());
        };
        Err(FrameError::OtherSurvey { folder: folder.to_owned(), difference })
    }

    /// The same ensemble, of the files as they are in another.
    pub(super) fn with_files_of(self, other: Self) -> Self {
        Self { files: other.files, ..self }
    }

    /// What cannot be in a description that was written here.
    pub(super) fn check(&self) -> Result<(), Malformed> {
        if self.files.is_empty()
            || self.columns[Role::Id as usize].is_none()
            || self.columns[Role::Flux as usize].is_none()
        {
            return Err(Malformed::new("it names no file, or no column for the id or the flux"));
        }
        let is_known = self.preset.as_ref().is_none_or(|name| preset(name).is_some());
        if !is_known || self.conversion.as_ref().is_some_and(|planned| planned.conversion().is_none()) {
            return Err(Malformed::new("its preset is not known, or its zero point is no number"));
        }
        if self.choices.iter().all(|choice| choice.can_be(None)) {
            return Ok(());
        }
        Err(Malformed::new("a sample of it is no part from 0 to 1"))
    }

    pub(super) fn open(&self, folder: &Path, accepts: Changed) -> Result<Ensemble, Error> {
        let of_objects = self.objects.iter().flat_map(|objects| &objects.files);
        for file in self.files.iter().chain(of_objects).filter(|_| accepts == Changed::Refuse) {
            if let Some(path) = changed(file) {
                // A file that is not there at all has a message of its own.
                tape_io::FileStamp::read(&path)?;
                return Err(FrameError::Changed { path, folder: folder.to_owned() }.into());
            }
        }
        let columns = column_map(&self.columns, self.preset.as_deref(), &self.derived);
        let paths = self.files.iter().map(|file| PathBuf::from(&file.path)).collect();
        let mut survey = tape_exec::in_pool(|| Survey::open_files(paths, columns))??;
        if let Some(objects) = &self.objects {
            let paths: Vec<&str> = objects.files.iter().map(|file| file.path.as_str()).collect();
            survey = survey.with_objects(&paths, Some(&objects.id))?;
            if let Some(filter) = &objects.filter {
                survey = survey.objects_filtered(filter)?;
            }
        }
        if let Some(filter) = &self.filter {
            survey = survey.filtered(filter)?;
        }
        if let Some(conversion) = self.conversion.as_ref().and_then(PlannedConversion::conversion) {
            survey = survey.converted(conversion)?;
        }
        if let Some(wrong) = self.choices.iter().find(|choice| !choice.can_be(Some(survey.id_type()))) {
            let what = format!("{wrong:?}");
            return Err(FrameError::Selects { what }.into());
        }
        let survey = self.choices.iter().fold(survey, |survey, choice| choice.of_survey(survey));
        Ok(Ensemble::new(survey))
    }
}
