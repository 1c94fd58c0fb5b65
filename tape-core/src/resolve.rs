//! Resolves the columns of roles, by requested names, presets and common names.

use crate::columns::{ColumnError, ColumnMap};
use crate::presets::{PRESETS, Preset};
use crate::role::Role;

/// A column with a list of values in each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListColumn {
    /// Full name: `lightcurve.mjd`, or `mjd` for a top-level list.
    pub name: String,
    /// The parent column, here `lightcurve`; empty for a top-level list.
    pub within: String,
    /// Name within the parent: `mjd`.
    pub field: String,
}

/// A set of columns that may be the light curves.
struct Candidate<'a> {
    flat: &'a [String],
    all_lists: &'a [ListColumn],
    /// Lists in one parent column; empty for flat light curves.
    lists: Vec<&'a ListColumn>,
    nested: bool,
}

/// The roles that a candidate's columns fill.
struct Found {
    map: ColumnMap,
    preset: Option<&'static Preset>,
    /// Number of epoch roles (time, flux, error, band) that have a column, weighted by requested names.
    score: usize,
}

impl ColumnMap {
    /// Resolves each role to a column. `flat` are the columns with one value per row, and `lists` those with a list per
    /// row.
    ///
    /// Requested names must exist. Other roles are filled by the first preset whose columns all exist, then by common
    /// names.
    ///
    /// Light curves are either flat, or the lists in one parent column, or the top-level lists. The choice with the
    /// most columns for time, flux, error and band wins, and flat columns win a tie. With light curves in lists, the id
    /// and the band may still have one value per row. [`ColumnMap::preset`] is then the preset that matches. Only the
    /// id and the flux must be found here. Other required roles are checked by [`ColumnMap::require`].
    ///
    /// # Errors
    /// [`ColumnError`] if a requested name does not exist, the id or flux is not found, or two parent columns tie.
    pub fn resolve(&self, flat: &[String], lists: &[ListColumn]) -> Result<Self, ColumnError> {
        let available: Vec<String> = flat.iter().chain(lists.iter().map(|list| &list.name)).cloned().collect();
        let mut best = self.found_in(&Candidate { flat, all_lists: lists, lists: vec![], nested: false });
        let mut rival = None;
        let mut seen: Vec<&str> = vec![];
        for within in lists.iter().map(|list| list.within.as_str()) {
            if seen.contains(&within) {
                continue;
            }
            seen.push(within);
            let own = lists.iter().filter(|list| list.within == within).collect();
            let found = self.found_in(&Candidate { flat, all_lists: lists, lists: own, nested: true });
            if found.score > best.score {
                (best, rival) = (found, None);
            } else if found.score == best.score && found.score > 0 {
                rival = Some(found);
            }
        }
        let flux = |found: &Found| found.map.get(Role::Flux).unwrap_or_default().to_owned();
        // Flat columns win a tie, because most surveys mean them.
        if let Some(rival) = rival.filter(|_| !flat.contains(&flux(&best))) {
            return Err(ColumnError::Ambiguous { first: flux(&best), second: flux(&rival) });
        }
        for role in Role::ALL {
            match (best.map.get(role), self.get(role)) {
                (None, Some(name)) => return Err(ColumnError::missing(role, Some(name), &available)),
                (None, None) if matches!(role, Role::Id | Role::Flux) => {
                    return Err(ColumnError::missing(role, None, &available));
                }
                _ => {}
            }
        }
        Ok(best.map.of_preset(best.preset))
    }

    /// Resolves the roles within a candidate. Requested columns that do not exist have no role.
    fn found_in(&self, candidate: &Candidate<'_>) -> Found {
        let is_there = |preset: &Preset, &role: &Role| {
            preset.column(role).is_none_or(|name| candidate.called(role, name).is_some())
        };
        let has = |preset: &&Preset| {
            Role::ALL.iter().all(|role| is_there(preset, role)) && preset.also.iter().all(|name| candidate.has(name))
        };
        let preset = self.preset().or_else(|| PRESETS.iter().find(has));
        let (mut map, mut score) = (Self::new(), 0);
        for role in Role::ALL {
            let known = || candidate.called(role, preset?.column(role)?);
            let name = match self.get(role) {
                Some(name) if candidate.exists(name) => Some(name),
                Some(name) => candidate.called(role, name),
                None => known().or_else(|| candidate.common(role)),
            };
            let Some(name) = name else { continue };
            map = map.with(role, name);
            // A requested name outweighs all common names.
            let weight = if self.get(role).is_some() { Role::ALL.len() } else { 1 };
            score += if role != Role::Id && candidate.own(name) { weight } else { 0 };
        }
        let as_preset = |preset: &Preset| {
            let same = |role: Role| map.get(role) == preset.column(role).and_then(|name| candidate.called(role, name));
            // The quantity and units of a preset hold only for its own value columns, whatever the other columns are.
            let of_values = [Role::Flux, Role::Error, Role::Band];
            if self.preset().is_some() { of_values.into_iter().all(same) } else { Role::ALL.into_iter().all(same) }
        };
        let preset = preset.filter(|preset| as_preset(preset));
        if map.get(Role::Flux).is_none_or(|flux| !candidate.own(flux)) {
            score = 0;
        }
        Found { map, preset, score }
    }
}

impl<'a> Candidate<'a> {
    /// Returns the columns that may fill a role, most likely first, as (name within the parent, full name).
    fn of_role(&self, role: Role) -> impl Iterator<Item = (&'a str, &'a str)> {
        let flat = || self.flat.iter().map(|name| (name.as_str(), name.as_str())).collect();
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

    fn called(&self, role: Role, name: &str) -> Option<&'a str> {
        self.of_role(role).find(|(called, _)| *called == name).map(|(_, name)| name)
    }

    /// Returns true if a column or list field has this name.
    fn has(&self, name: &str) -> bool {
        self.flat.iter().any(|flat| flat == name) || self.lists.iter().any(|list| list.field == name)
    }

    fn common(&self, role: Role) -> Option<&'a str> {
        let of_name = |name: &&str| self.of_role(role).find(|(called, _)| called.eq_ignore_ascii_case(name));
        role.common_names().iter().find_map(of_name).map(|(_, name)| name)
    }

    /// Returns true if a column has exactly this full name.
    fn exists(&self, name: &str) -> bool {
        self.flat.iter().any(|flat| flat == name) || self.all_lists.iter().any(|list| list.name == name)
    }

    /// Returns true if the light curves themselves contain this column.
    fn own(&self, name: &str) -> bool {
        if self.nested { self.lists.iter().any(|list| list.name == name) } else { self.flat.iter().any(|n| n == name) }
    }
}

#[cfg(test)]
mod tests;
