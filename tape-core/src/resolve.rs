//! Resolves the columns of roles, by requested names, presets and common names.

mod candidate;

use crate::columns::{ColumnError, ColumnMap};
use crate::presets::{PRESETS, Preset};
use crate::role::Role;
use crate::role::common_names::{Meaning, errors_of};

use candidate::Candidate;

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

/// The kind of the values of a column, as far as guesses of roles need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Whole numbers.
    Integer,
    /// Text.
    Text,
    /// Anything else.
    Other,
}

/// The columns of a survey that roles are chosen from.
#[derive(Clone, Copy)]
pub struct SurveyColumns<'a> {
    /// Columns with one value per row.
    pub flat: &'a [String],
    /// Columns with a list per row.
    pub lists: &'a [ListColumn],
    /// Returns the kind of the values of a column, by its full name.
    pub kind: &'a dyn Fn(&str) -> ColumnKind,
    /// The files carry the mark of `tape simulate`.
    pub simulated: bool,
}

impl std::fmt::Debug for SurveyColumns<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { flat, lists, simulated, kind: _ } = self;
        f.debug_struct("SurveyColumns")
            .field("flat", flat)
            .field("lists", lists)
            .field("simulated", simulated)
            .finish_non_exhaustive()
    }
}

/// The columns of roles, and what the user should know of the choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The column of each role that has one.
    pub map: ColumnMap,
    /// Choices that could have gone another way: the role, and a sentence that asks to name its column.
    pub notes: Vec<Note>,
}

/// A choice of a role's column that could have gone another way, in words.
pub type Note = (Role, String);

/// The roles that a candidate's columns fill.
struct Found {
    map: ColumnMap,
    preset: Option<&'static Preset>,
    /// Number of epoch roles (time, flux, error, band) that have a column, weighted by requested names.
    score: usize,
    notes: Vec<Note>,
}

impl ColumnMap {
    /// Resolves each role to a column of a survey.
    ///
    /// Requested names must exist. Other roles are filled by the first preset whose columns all exist, then by common
    /// names. Values are chosen together with their error: those that have one go before others, and the error of a flux
    /// is never taken for that of a magnitude.
    ///
    /// Light curves are either flat, or the lists in one parent column, or the top-level lists. Lists that have a time
    /// and a flux win over flat columns, unless flat columns are requested, because flat values next to them are those of
    /// the object. Of several lists, the one with the most columns for time, flux, error and band wins. With light curves
    /// in lists, the id and the band may still have one value per row. [`ColumnMap::preset`] is then the preset that
    /// matches. Only the id and the flux must be found here. Other required roles are checked by [`ColumnMap::require`].
    ///
    /// # Errors
    /// [`ColumnError`] if a requested name does not exist, the id or flux is not found, two parent columns tie, or two
    /// columns have the name of a role's column.
    pub fn resolve(&self, columns: &SurveyColumns<'_>) -> Result<Resolved, ColumnError> {
        let SurveyColumns { flat, lists, .. } = *columns;
        let available: Vec<String> = flat.iter().chain(lists.iter().map(|list| &list.name)).cloned().collect();
        let of_rows = self.found_in(&Candidate::flat(columns));
        let (mut best, mut rival): (Option<Found>, Option<Found>) = (None, None);
        let mut seen: Vec<&str> = vec![];
        for within in lists.iter().map(|list| list.within.as_str()) {
            if seen.contains(&within) {
                continue;
            }
            seen.push(within);
            let found = self.found_in(&Candidate::within(columns, within));
            match best.as_ref().map(|best| best.score) {
                Some(score) if found.score == score && score > 0 => rival = Some(found),
                Some(score) if found.score <= score => {}
                _ => (best, rival) = (Some(found), None),
            }
        }
        let flux = |found: &Found| found.map.get(Role::Flux).unwrap_or_default().to_owned();
        let best = match best.filter(|lists| self.prefers(lists, &of_rows)) {
            None => of_rows,
            Some(mut best) => {
                if let Some(rival) = rival {
                    return Err(ColumnError::Ambiguous { first: flux(&best), second: flux(&rival) });
                }
                best.notes.extend(passed_over(&of_rows, &best));
                best
            }
        };
        self.check(&best.map, &available)?;
        Ok(Resolved { map: best.map.of_preset(best.preset), notes: best.notes })
    }

    /// Checks whether light curves in lists go before those in flat columns.
    fn prefers(&self, lists: &Found, of_rows: &Found) -> bool {
        let whole = lists.map.get(Role::Time).is_some() && lists.map.get(Role::Flux).is_some() && lists.score > 0;
        let flat_is_named = [Role::Time, Role::Flux, Role::Error]
            .into_iter()
            .any(|role| self.get(role).is_some_and(|name| of_rows.map.get(role) == Some(name)));
        lists.score > of_rows.score || (whole && !flat_is_named)
    }

    /// Checks that what was requested and what is needed was found, and that no name stands for two columns.
    fn check(&self, map: &Self, available: &[String]) -> Result<(), ColumnError> {
        for role in Role::ALL {
            match (map.get(role), self.get(role)) {
                (None, Some(name)) => return Err(ColumnError::missing(role, Some(name), available)),
                (None, None) if matches!(role, Role::Id | Role::Flux) => {
                    return Err(ColumnError::missing(role, None, available));
                }
                (Some(name), _) if available.iter().filter(|column| *column == name).count() > 1 => {
                    return Err(ColumnError::Twice { role, name: name.to_owned() });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Resolves the roles within a candidate. Requested columns that do not exist have no role.
    fn found_in(&self, candidate: &Candidate<'_>) -> Found {
        let preset = self.preset().or_else(|| PRESETS.iter().find(|preset| candidate.matches(preset)));
        let requested = |role: Role| match self.get(role) {
            Some(name) if candidate.exists(name) => Some(name),
            Some(name) => candidate.called(role, name),
            None => None,
        };
        let known = |role: Role| candidate.called(role, preset?.column(role)?);
        let (mut map, mut notes) = (Self::new(), vec![]);
        for role in [Role::Id, Role::Time, Role::Band] {
            let found = match (self.get(role), known(role)) {
                (Some(_), _) => requested(role),
                (None, Some(name)) => Some(name),
                (None, None) => candidate.common(role, &mut notes),
            };
            map = found.map_or(map.clone(), |name| map.with(role, name));
        }
        let flux = match (self.get(Role::Flux), known(Role::Flux)) {
            (Some(_), _) => requested(Role::Flux),
            (None, Some(name)) => Some(name),
            (None, None) => candidate.values(requested(Role::Error), &mut notes),
        };
        let error = match self.get(Role::Error) {
            Some(_) => requested(Role::Error),
            None => flux.and_then(|flux| {
                // The error of a preset belongs to the values of the preset.
                let is_known = known(Role::Flux) == Some(flux);
                let own = known(Role::Error).filter(|_| is_known);
                own.or_else(|| candidate.error_of(flux, &mut notes))
            }),
        };
        for (role, name) in [(Role::Flux, flux), (Role::Error, error)] {
            map = name.map_or(map.clone(), |name| map.with(role, name));
        }
        // A requested name outweighs all common names.
        let weight = |role: Role| if self.get(role).is_some() { Role::ALL.len() } else { 1 };
        let own = |role: &Role| *role != Role::Id && map.get(*role).is_some_and(|name| candidate.own(name));
        let mut score = Role::ALL.into_iter().filter(own).map(weight).sum();
        let preset = preset.filter(|preset| self.is_as(preset, &map, candidate));
        if map.get(Role::Flux).is_none_or(|flux| !candidate.own(flux)) {
            score = 0;
        }
        Found { map, preset, score, notes }
    }

    /// Checks whether the columns found are those of a preset. Its quantity and units hold only for its own value columns,
    /// whatever the other columns are.
    fn is_as(&self, preset: &Preset, map: &Self, candidate: &Candidate<'_>) -> bool {
        let same = |role: Role| match preset.column(role) {
            // The preset leaves the role to the user.
            None if role == Role::Id => true,
            column => map.get(role) == column.and_then(|name| candidate.called(role, name)),
        };
        let of_values = [Role::Flux, Role::Error, Role::Band];
        if self.preset().is_some() { of_values.into_iter().all(same) } else { Role::ALL.into_iter().all(same) }
    }
}

/// Says that flat columns are not read, if they could be taken for epochs.
fn passed_over(of_rows: &Found, best: &Found) -> Option<Note> {
    let columns: Vec<&str> = [Role::Time, Role::Flux]
        .into_iter()
        .filter_map(|role| of_rows.map.get(role))
        .filter(|_| of_rows.score > 1)
        .collect();
    let flux = best.map.get(Role::Flux)?;
    let both = columns.len() == 2 && of_rows.map.get(Role::Flux) != Some(flux);
    both.then(|| {
        let flat = columns.join("' and '");
        let what =
            format!("light curves are read from lists ('{flux}'), and not from the flat columns '{flat}' next to them");
        (Role::Flux, format!("{what}: {NAME} flux column if those are meant"))
    })
}

/// The beginning of the request at the end of a note.
const NAME: &str = "name the";

/// Says that one of several columns was taken.
fn one_of_several(role: Role, taken: &str, others: &[&str]) -> Option<Note> {
    (!others.is_empty()).then(|| {
        let others = others.join("' or '");
        let what = format!("the {role} is read from column '{taken}', although it could be '{others}'");
        (role, format!("{what}: {NAME} {role} column if another is meant"))
    })
}

/// Returns the errors that values may have, of these names in lower case.
fn is_error_of(values: &str, name: &str) -> bool {
    errors_of(values).iter().any(|known| *known == name.to_lowercase())
        && Meaning::of(name).can_go_with(Meaning::of(values))
}

#[cfg(test)]
mod tests;
