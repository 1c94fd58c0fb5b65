//! The mapping of roles to the columns of a survey.

use crate::presets::Preset;
use crate::role::Role;

/// The column of each role. Roles without a column are resolved by common names when a survey is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnMap {
    names: [Option<String>; 5],
    /// The preset that was requested or that the columns match.
    preset: Option<&'static Preset>,
    /// Derived columns, as (name, expression).
    derived: Vec<(String, String)>,
}

/// The column of a role could not be determined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// The survey has no such column.
    #[error("no {role} column{}{}; columns: {}. Name it", asked(.name.as_ref()), hint(.nearest.as_ref()), .available.join(", "))]
    Missing {
        /// The role.
        role: Role,
        /// The requested name.
        name: Option<String>,
        /// The most similar name in the survey.
        nearest: Option<String>,
        /// All columns of the survey.
        available: Vec<String>,
    },
    /// Two columns have the name of a role's column.
    #[error(
        "two columns are called '{name}', which the {role} is read from: rename one of them, or name another column"
    )]
    Twice {
        /// The role.
        role: Role,
        /// The name.
        name: String,
    },
    /// Two nested columns both look like light curves.
    #[error("the flux column could be '{first}' or '{second}': name one of them")]
    Ambiguous {
        /// The flux column of the first.
        first: String,
        /// The flux column of the second.
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
    /// Creates a map in which no role has a column.
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

    /// Removes the column of a role.
    #[must_use]
    pub fn without(mut self, role: Role) -> Self {
        self.names[role as usize] = None;
        self
    }

    /// Adds a derived column, computed from other columns by an expression. Roles may refer to it.
    #[must_use]
    pub fn derive(mut self, name: &str, expression: &str) -> Self {
        self.derived.push((name.to_owned(), expression.to_owned()));
        self
    }

    /// Returns the derived columns, as (name, expression).
    #[must_use]
    pub fn derived(&self) -> &[(String, String)] {
        &self.derived
    }

    /// Returns the column of a role, if it has one.
    #[must_use]
    pub fn get(&self, role: Role) -> Option<&str> {
        self.names[role as usize].as_deref()
    }

    /// Sets the preset that the columns match.
    #[must_use]
    pub const fn of_preset(mut self, preset: Option<&'static Preset>) -> Self {
        self.preset = preset;
        self
    }

    /// Returns the preset that was requested or, after [`ColumnMap::resolve`], that the columns match.
    #[must_use]
    pub const fn preset(&self) -> Option<&'static Preset> {
        self.preset
    }

    /// Returns the column of a role that a run requires.
    ///
    /// # Errors
    /// [`ColumnError::Missing`] if the role has no column.
    pub fn require(&self, role: Role, available: &[String]) -> Result<&str, ColumnError> {
        self.get(role).ok_or_else(|| ColumnError::missing(role, None, available))
    }
}

impl ColumnError {
    /// Creates the error for a role whose column is missing. `name` is the requested column, if one was named.
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

/// Returns the candidate most similar to `name`, or `None` if none is similar enough.
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
