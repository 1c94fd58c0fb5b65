//! Which column of a survey plays which role.

use crate::presets::Preset;
use crate::role::Role;

/// The column of each role. A role without one is looked for by common names when a survey is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnMap {
    names: [Option<String>; 5],
    /// The preset that was asked for, or holds.
    preset: Option<&'static Preset>,
    /// Columns that are computed of others: names, and expressions.
    derived: Vec<(String, String)>,
}

/// A role's column cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// It is not in the survey.
    #[error("no {role} column{}{}; columns: {}. Name it", asked(.name.as_ref()), hint(.nearest.as_ref()), .available.join(", "))]
    Missing {
        /// The role.
        role: Role,
        /// The name that was asked for.
        name: Option<String>,
        /// The existing column most like it.
        nearest: Option<String>,
        /// All columns.
        available: Vec<String>,
    },
    /// Two columns of lists could both be the light curves.
    #[error("the flux may be '{first}' or '{second}': name the one that is meant")]
    Ambiguous {
        /// The flux of the first.
        first: String,
        /// The flux of the second.
        second: String,
    },
}

fn asked(name: Option<&String>) -> String {
    name.map(|name| format!(" '{name}'")).unwrap_or_default()
}

fn hint(nearest: Option<&String>) -> String {
    nearest.map(|name| format!(" (did you mean '{name}'?)")).unwrap_or_default()
}

impl ColumnMap {
    /// No column is named yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the id column.
    #[must_use]
    pub fn id(self, name: &str) -> Self {
        self.with(Role::Id, name)
    }

    /// Names the time column.
    #[must_use]
    pub fn time(self, name: &str) -> Self {
        self.with(Role::Time, name)
    }

    /// Names the flux column.
    #[must_use]
    pub fn flux(self, name: &str) -> Self {
        self.with(Role::Flux, name)
    }

    /// Names the error column.
    #[must_use]
    pub fn error(self, name: &str) -> Self {
        self.with(Role::Error, name)
    }

    /// Names the band column.
    #[must_use]
    pub fn band(self, name: &str) -> Self {
        self.with(Role::Band, name)
    }

    /// Names the column of a role.
    #[must_use]
    pub fn with(mut self, role: Role, name: &str) -> Self {
        self.names[role as usize] = Some(name.to_owned());
        self
    }

    /// The same without a column for a role.
    #[must_use]
    pub fn without(mut self, role: Role) -> Self {
        self.names[role as usize] = None;
        self
    }

    /// The same with a column that is computed of others by an expression: roles may name it.
    #[must_use]
    pub fn derive(mut self, name: &str, expression: &str) -> Self {
        self.derived.push((name.to_owned(), expression.to_owned()));
        self
    }

    /// The names of columns that are computed, and their expressions.
    #[must_use]
    pub fn derived(&self) -> &[(String, String)] {
        &self.derived
    }

    /// The column of a role, if one is named.
    #[must_use]
    pub fn get(&self, role: Role) -> Option<&str> {
        self.names[role as usize].as_deref()
    }

    /// The same, of which a preset holds.
    #[must_use]
    pub const fn of_preset(mut self, preset: Option<&'static Preset>) -> Self {
        self.preset = preset;
        self
    }

    /// The preset that was asked for by name or, once columns were [resolved](ColumnMap::resolve), that holds for them.
    #[must_use]
    pub const fn preset(&self) -> Option<&'static Preset> {
        self.preset
    }

    /// The column of a role that a run cannot do without.
    ///
    /// # Errors
    /// [`ColumnError`] if there is none.
    pub fn require(&self, role: Role, available: &[String]) -> Result<&str, ColumnError> {
        self.get(role).ok_or_else(|| ColumnError::missing(role, None, available))
    }
}

impl ColumnError {
    /// The error for a role whose column, `name` if one was named, is not among those available.
    #[must_use]
    pub fn missing(role: Role, name: Option<&str>, available: &[String]) -> Self {
        Self::Missing {
            role,
            name: name.map(str::to_owned),
            nearest: name.and_then(|name| nearest(name, available)).map(str::to_owned),
            available: available.to_vec(),
        }
    }
}

impl From<&'static Preset> for ColumnMap {
    fn from(preset: &'static Preset) -> Self {
        let named = Role::ALL.into_iter().filter_map(|role| Some((role, preset.column(role)?)));
        named.fold(Self { preset: Some(preset), ..Self::new() }, |map, (role, name)| map.with(role, name))
    }
}

/// The candidate most like `name`, if one is like it at all.
#[must_use]
pub fn nearest<'a, S: AsRef<str>>(name: &str, candidates: &'a [S]) -> Option<&'a str> {
    let name = name.to_lowercase();
    candidates
        .iter()
        .map(|candidate| (strsim::jaro_winkler(&name, &candidate.as_ref().to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.as_ref())
}
