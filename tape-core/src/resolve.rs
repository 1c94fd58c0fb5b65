//! Which columns of a survey play which roles, by the names that were given, by presets and by common names.

use crate::columns::{ColumnError, ColumnMap};
use crate::presets::{PRESETS, Preset};
use crate::role::Role;

/// A column that has a list of values in each row, as it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListColumn {
    /// What it is named by: `lightcurve.mjd`, or `mjd` if the list is a column of its own.
    pub name: String,
    /// The column that it lies in, here `lightcurve`; empty for a list that is a column of its own.
    pub within: String,
    /// What it is called there: `mjd`.
    pub field: String,
}

/// The columns among which light curves are looked for.
struct Candidate<'a> {
    flat: &'a [String],
    all_lists: &'a [ListColumn],
    /// Those that lie in one column; none where light curves are flat.
    lists: Vec<&'a ListColumn>,
    nested: bool,
}

/// A candidate's roles.
struct Found {
    map: ColumnMap,
    preset: Option<&'static Preset>,
    /// How many of the columns of an epoch it has.
    score: usize,
}

impl ColumnMap {
    /// The map with each role looked up among a survey's columns, those with one value a row and those with a list: names
    /// given must exist; where none is given, the first preset of which all columns exist fills in, then common names do.
    /// Light curves are flat, or lists that lie in one column, or all lists that are columns of their own: whichever has the
    /// most of time, flux, error and band, flat if that is as good. Beside light curves in lists, the id and the band may have
    /// one value a row. The preset that holds for the columns is [`ColumnMap::preset`] then. Only the id and the flux must be found in the end: what else a run needs is known later, by
    /// [`ColumnMap::require`].
    ///
    /// # Errors
    /// [`ColumnError`] for a name that does not exist, if there is no id or flux, or if lists in two columns are as good.
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
        // A tie with flat columns is none: they are what most surveys mean.
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

    /// The roles as a candidate has them; without what was named and is nowhere.
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
            // A name that was given decides, if it can.
            let weight = if self.get(role).is_some() { Role::ALL.len() } else { 1 };
            score += if role != Role::Id && candidate.own(name) { weight } else { 0 };
        }
        let as_preset = |preset: &Preset| {
            let same = |role: Role| map.get(role) == preset.column(role).and_then(|name| candidate.called(role, name));
            // What a preset says of values holds for its own alone, whatever plays the other roles.
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
    /// The columns that may play a role, the likelier ones first: what they are called, and what they are named by.
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

    /// Whether there is a column that is called so.
    fn has(&self, name: &str) -> bool {
        self.flat.iter().any(|flat| flat == name) || self.lists.iter().any(|list| list.field == name)
    }

    fn common(&self, role: Role) -> Option<&'a str> {
        let of_name = |name: &&str| self.of_role(role).find(|(called, _)| called.eq_ignore_ascii_case(name));
        role.common_names().iter().find_map(of_name).map(|(_, name)| name)
    }

    /// Whether there is a column of just this name.
    fn exists(&self, name: &str) -> bool {
        self.flat.iter().any(|flat| flat == name) || self.all_lists.iter().any(|list| list.name == name)
    }

    /// Whether it is a column of the light curves themselves.
    fn own(&self, name: &str) -> bool {
        if self.nested { self.lists.iter().any(|list| list.name == name) } else { self.flat.iter().any(|n| n == name) }
    }
}

#[cfg(test)]
mod tests;
