//! Opens the survey of a query.

use std::path::PathBuf;

use tape_core::{ColumnMap, Role, preset};
use tape_io::Survey;

use super::{Choice, MEMORY, Query};
use crate::error::Error;

impl Query {
    /// Opens the survey of this query, with its selections, derived columns and conversions.
    ///
    /// # Errors
    /// If a file cannot be opened; [`Error::NotDescribed`] if a file is in memory or a column is computed by a
    /// function; [`Error::ChosenIds`] if an id does not have the type of the survey's ids.
    pub(crate) fn open_survey(&self) -> Result<Survey, Error> {
        if let Some(input) = self.inputs.iter().find(|input| input.starts_with(MEMORY)) {
            return Err(Error::NotDescribed { what: format!("the rows of {input} were in the memory of a program") });
        }
        choose(self.open_rows(self.inputs.iter().map(PathBuf::from).collect())?, &self.choices)
    }

    /// Opens some files as the survey of this query, with all objects of the object table.
    pub(crate) fn open_rows(&self, paths: Vec<PathBuf>) -> Result<Survey, Error> {
        if let Some(what) = self.unrepeatable() {
            return Err(Error::NotDescribed { what });
        }
        let mut survey = Survey::open_files(paths, self.column_map())?;
        if let Some(exposures) = &self.exposures {
            survey = survey.with_exposures(&exposures.inputs, &exposures.on, Some(&exposures.key))?;
        }
        if let Some(objects) = &self.objects {
            survey = survey.with_objects(&objects.inputs, Some(&objects.id))?;
            if let Some(condition) = &objects.condition {
                survey = survey.objects_filtered(condition)?;
            }
        }
        if let Some(condition) = &self.condition {
            survey = survey.filtered(condition)?;
        }
        if let Some(quantity) = self.quantity {
            survey = survey.with_quantity(quantity);
        }
        if let Some(conversion) = self.conversion.as_ref().and_then(super::ConversionQuery::conversion) {
            survey = survey.converted(conversion)?;
        }
        Ok(survey)
    }

    /// Returns the columns of roles and of the preset, and the derived columns.
    pub(crate) fn column_map(&self) -> ColumnMap {
        let none = ColumnMap::new().of_preset(self.preset.as_deref().and_then(preset));
        let named = Role::ALL.into_iter().zip(&self.columns).filter_map(|(role, name)| Some((role, name.as_ref()?)));
        let named = named.fold(none, |map, (role, name)| map.with(role, name));
        let derived = self.derived.iter().filter_map(|derived| Some((&derived.name, derived.expression.as_ref()?)));
        derived.fold(named, |map, (name, expression)| map.derive(name, expression))
    }

    /// Checks that the query is one that [`Query::from_survey`] can return.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let has = |role: Role| self.columns[role as usize].is_some();
        if self.inputs.is_empty() || !has(Role::Id) || !has(Role::Flux) {
            return Err("it names no file, or no column for the id or the flux");
        }
        if self.preset.as_ref().is_some_and(|name| preset(name).is_none()) {
            return Err("its preset is not known");
        }
        if self.conversion.as_ref().is_some_and(|conversion| conversion.conversion().is_none()) {
            return Err("its zero point is no number");
        }
        if self.choices.iter().all(|choice| choice.can_be(None)) {
            return Ok(());
        }
        Err("a sample of it is no part from 0 to 1")
    }
}

/// Applies selections of objects to a survey, one after the other.
pub(crate) fn choose(survey: Survey, choices: &[Choice]) -> Result<Survey, Error> {
    match choices.iter().find(|choice| !choice.can_be(Some(survey.id_type()))) {
        Some(wrong) => Err(Error::ChosenIds { what: wrong.to_string() }),
        None => Ok(choices.iter().fold(survey, |survey, choice| choice.choose(survey))),
    }
}
