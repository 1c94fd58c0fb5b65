//! Roles of columns in a light curve, and common names of columns for each role.

pub(crate) mod common_names;

use std::fmt;

/// The role of a column in a light curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The id of the object.
    Id,
    /// The time of the epoch.
    Time,
    /// The flux or magnitude.
    Flux,
    /// The error of the flux.
    Error,
    /// The band.
    Band,
}

impl Role {
    /// All roles, in display order.
    pub const ALL: [Self; 5] = [Self::Id, Self::Time, Self::Flux, Self::Error, Self::Band];

    /// Returns the first of `columns` with a common name of this role.
    #[must_use]
    pub fn commonly_called(self, columns: &[String]) -> Option<&str> {
        let is =
            |exact: bool, column: &str, name: &str| column == name || (!exact && column.eq_ignore_ascii_case(name));
        let named = |name: &&str| {
            let found = |exact: bool| columns.iter().find(|column| is(exact, column, name));
            found(true).or_else(|| found(false))
        };
        self.common_names().iter().find_map(named).map(String::as_str)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(["id", "time", "flux", "error", "band"][*self as usize])
    }
}
