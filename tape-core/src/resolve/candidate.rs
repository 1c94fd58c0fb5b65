//! A set of columns that may be the light curves, and guesses within it.

use super::{ColumnKind, ListColumn, NAME, Note, SurveyColumns, is_error_of, one_of_several};
use crate::presets::Preset;
use crate::role::Role;
use crate::role::common_names::{Meaning, errors_of};

/// A set of columns that may be the light curves.
pub(super) struct Candidate<'a> {
    columns: &'a SurveyColumns<'a>,
    /// Lists in one parent column; empty for flat light curves.
    lists: Vec<&'a ListColumn>,
    nested: bool,
}

impl<'a> Candidate<'a> {
    pub(super) const fn flat(columns: &'a SurveyColumns<'a>) -> Self {
        Self { columns, lists: vec![], nested: false }
    }

    pub(super) fn within(columns: &'a SurveyColumns<'a>, parent: &str) -> Self {
        let lists = columns.lists.iter().filter(|list| list.within == parent).collect();
        Self { columns, lists, nested: true }
    }

    /// Returns the columns that may fill a role, most likely first, as (name within the parent, full name).
    fn of_role(&self, role: Role) -> impl Iterator<Item = (&'a str, &'a str)> {
        let flat = || self.columns.flat.iter().map(|name| (name.as_str(), name.as_str())).collect();
        let lists = || self.lists.iter().map(|list| (list.field.as_str(), list.name.as_str())).collect();
        let none = Vec::new;
        let (first, second): (Vec<_>, Vec<_>) = match role {
            _ if !self.nested => (flat(), none()),
            Role::Id => (flat(), lists()),
            Role::Band => (lists(), flat()),
            Role::Time | Role::Flux | Role::Error => (lists(), none()),
        };
        first.into_iter().chain(second)
    }

    pub(super) fn called(&self, role: Role, name: &str) -> Option<&'a str> {
        self.of_role(role).find(|(called, _)| *called == name).map(|(_, name)| name)
    }

    /// Checks whether all columns of a preset exist.
    pub(super) fn matches(&self, preset: &Preset) -> bool {
        let is_there = |role: Role| preset.column(role).is_none_or(|name| self.called(role, name).is_some());
        (self.columns.simulated || !preset.needs_mark)
            && Role::ALL.into_iter().all(is_there)
            && preset.also.iter().all(|name| self.has(name))
    }

    /// Returns true if a column or list field has this name.
    fn has(&self, name: &str) -> bool {
        self.columns.flat.iter().any(|flat| flat == name) || self.lists.iter().any(|list| list.field == name)
    }

    /// Returns the column of a role with a common name, and notes other columns that it could be.
    pub(super) fn common(&self, role: Role, notes: &mut Vec<Note>) -> Option<&'a str> {
        let all: Vec<&str> = role.common_names().iter().filter_map(|name| self.like(role, name)).collect();
        let (taken, others) = all.split_first()?;
        // The key of a row or a detection is often next to the id of the object.
        let is_doubtful = |name: &&&str| match role {
            Role::Id => !matches!(name.to_lowercase().as_str(), "source_id" | "sourceid"),
            Role::Band => true,
            // Several scales of time are common, and all of them are times.
            _ => false,
        };
        let others: Vec<&str> = others.iter().filter(is_doubtful).copied().collect();
        notes.extend(one_of_several(role, taken, &others));
        Some(taken)
    }

    /// Returns the column called `name`, or else one that differs from it in case alone.
    fn like(&self, role: Role, name: &str) -> Option<&'a str> {
        let fits = |full: &str| {
            role != Role::Band || !matches!((self.columns.kind)(full), ColumnKind::Other) || name.len() > 1
        };
        let exact = self.of_role(role).find(|(called, full)| *called == name && fits(full));
        let alike = || self.of_role(role).find(|(called, full)| called.eq_ignore_ascii_case(name) && fits(full));
        exact.or_else(alike).map(|(_, full)| full)
    }

    /// Returns the values: those with an error before others, then by their common names. If the error was requested, they
    /// are those that it belongs to.
    pub(super) fn values(&self, error: Option<&str>, notes: &mut Vec<Note>) -> Option<&'a str> {
        let all: Vec<&str> = Role::Flux.common_names().iter().filter_map(|name| self.like(Role::Flux, name)).collect();
        let fits = |values: &&&str| match error {
            Some(error) => is_error_of(self.field(values), self.field(error)),
            None => self.paired(values).is_some(),
        };
        let taken = all.iter().find(fits).or(all.first())?;
        let others: Vec<&str> = all.iter().copied().filter(|name| name != taken).collect();
        let is_other = |name: &&str| Meaning::of(self.field(name)) != Meaning::of(self.field(taken));
        let others: Vec<&str> = others.into_iter().filter(is_other).collect();
        notes.extend(one_of_several(Role::Flux, taken, &others));
        Some(taken)
    }

    /// Returns the name of a column within its parent.
    fn field<'n>(&self, full: &'n str) -> &'n str {
        let is_nested = self.lists.iter().any(|list| list.name == full && !list.within.is_empty());
        if is_nested { full.rsplit_once('.').map_or(full, |(_, field)| field) } else { full }
    }

    /// Returns the error of values, by name. Whole numbers under a name that goes with any value are a code.
    fn paired(&self, values: &str) -> Option<&'a str> {
        let field = self.field(values);
        errors_of(field).iter().find_map(|name| {
            let found = self.like(Role::Error, name).filter(|found| *found != values)?;
            let own = self.field(found);
            let is_generic = Meaning::of(own) == Meaning::Open && !own.eq_ignore_ascii_case("error");
            let is_code = is_generic && (self.columns.kind)(found) == ColumnKind::Integer;
            (!is_code && Meaning::of(own).can_go_with(Meaning::of(field))).then_some(found)
        })
    }

    /// Returns the error of values. Notes one that is not taken, and one that holds whole numbers.
    pub(super) fn error_of(&self, values: &str, notes: &mut Vec<Note>) -> Option<&'a str> {
        let found = self.paired(values);
        if let Some(error) = found {
            if (self.columns.kind)(error) == ColumnKind::Integer {
                let what =
                    format!("the error column '{error}' holds whole numbers, which are read in the unit of '{values}'");
                notes.push((Role::Error, format!("{what}: {NAME} error column, or derive it, if they are not")));
            }
            return Some(error);
        }
        let other = ["flux", "mag", "psfflux", "psfmag"].iter().flat_map(|values| errors_of(values));
        let other = other.into_iter().find_map(|name| self.like(Role::Error, &name).filter(|name| *name != values))?;
        let meaning = Meaning::of(self.field(other));
        let is_like = meaning != Meaning::Open && meaning.can_go_with(Meaning::of(self.field(values)));
        let (what, ask) = match is_like {
            true => ("taken for the error", "if it is not"),
            false => ("not taken for the error", "if it is"),
        };
        notes.push((Role::Error, format!("column '{other}' is {what} of '{values}': {NAME} error column {ask}")));
        is_like.then_some(other)
    }

    /// Returns true if a column has exactly this full name.
    pub(super) fn exists(&self, name: &str) -> bool {
        self.columns.flat.iter().any(|flat| flat == name) || self.columns.lists.iter().any(|list| list.name == name)
    }

    /// Returns true if the light curves themselves contain this column.
    pub(super) fn own(&self, name: &str) -> bool {
        if self.nested {
            self.lists.iter().any(|list| list.name == name)
        } else {
            self.columns.flat.iter().any(|flat| flat == name)
        }
    }
}
