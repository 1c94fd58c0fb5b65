//! Which columns are the light curves': the plain ones, or those within lists.

use tape_core::{ColumnError, ColumnMap, Role};

use crate::nested::Leaf;

/// The columns of all roles, and the preset that they are.
type Resolved = (ColumnMap, Option<&'static str>);

/// Why there is none.
pub(crate) enum Unresolved {
    Column(ColumnError),
    /// Two columns at the top have light curves, and nothing tells which are meant.
    Ambiguous([String; 2]),
}

/// Looks for the roles among plain columns, and within each column at the top that has lists (all lists at the top count as
/// one), beside plain ones. Of these that is taken which has most of time, flux, error and band.
pub(crate) fn resolve(asked: &ColumnMap, leaves: &[Leaf]) -> Result<Resolved, Unresolved> {
    let all: Vec<String> = leaves.iter().map(|leaf| leaf.name.clone()).collect();
    let flat: Vec<&Leaf> = leaves.iter().filter(|leaf| leaf.nesting.is_none()).collect();
    let mut groups: Vec<Option<&str>> = vec![];
    for leaf in leaves.iter().filter(|leaf| leaf.nesting.is_some()) {
        if !groups.contains(&leaf.group.as_deref()) {
            groups.push(leaf.group.as_deref());
        }
    }
    let plain = candidate(asked, &flat, &[]);
    let mut best = plain.as_ref().ok().map(|resolved| (found(resolved), resolved.clone(), None));
    let mut rival = None;
    for group in groups {
        let inner: Vec<&Leaf> =
            leaves.iter().filter(|leaf| leaf.nesting.is_some() && leaf.group.as_deref() == group).collect();
        let Ok(resolved) = candidate(asked, &flat, &inner) else { continue };
        let flux = resolved.0.get(Role::Flux);
        if !inner.iter().any(|leaf| Some(leaf.name.as_str()) == flux) {
            continue;
        }
        let found = found(&resolved);
        let name = || group.unwrap_or(flux.unwrap_or_default()).to_owned();
        match &best {
            Some((most, ..)) if found < *most => {}
            Some((most, _, None)) if found == *most => {}
            Some((most, _, Some(other))) if found == *most => rival = Some([String::clone(other), name()]),
            _ => (best, rival) = (Some((found, resolved.clone(), Some(name()))), None),
        }
    }
    match (best, rival, plain) {
        (_, Some(two), _) => Err(Unresolved::Ambiguous(two)),
        (Some((_, resolved, _)), ..) => Ok(resolved),
        (None, None, Err(ColumnError { role, name, .. })) => {
            // Names that exist, but do not go together: what is wrong with them is told when they are looked at.
            let nested: Vec<&Leaf> = leaves.iter().filter(|leaf| leaf.nesting.is_some()).collect();
            let missing = |_| Unresolved::Column(ColumnError::missing(role, name.as_deref(), &all));
            candidate(asked, &flat, &nested).map_err(missing)
        }
        (None, None, Ok(resolved)) => Ok(resolved),
    }
}

/// How many roles beside the id have a column.
fn found((columns, _): &Resolved) -> usize {
    Role::ALL.into_iter().filter(|role| *role != Role::Id && columns.get(*role).is_some()).count()
}

/// The roles by the plain columns and by those within one group, which may be called by their last name. Of two columns of
/// one name the plain one is the id, and that within is all else.
fn candidate(asked: &ColumnMap, flat: &[&Leaf], inner: &[&Leaf]) -> Result<Resolved, ColumnError> {
    let names = flat.iter().chain(inner).map(|leaf| leaf.name.clone());
    let names: Vec<String> = inner.iter().map(|leaf| leaf.short().to_owned()).chain(names).collect();
    let (columns, preset) = asked.resolve(&names)?;
    let mut full = ColumnMap::new();
    for role in Role::ALL {
        let Some(name) = columns.get(role) else { continue };
        let short = inner.iter().find(|leaf| leaf.short() == name);
        let exact = flat.iter().chain(inner).find(|leaf| leaf.name == name);
        let leaf = if asked.get(role).is_some() || role == Role::Id { exact.or(short) } else { short.or(exact) };
        full = full.with(role, leaf.map_or(name, |leaf| &leaf.name));
    }
    Ok((full, preset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nested::{Nesting, Shape};

    fn leaf(name: &str) -> Leaf {
        let nesting = name.contains(['.', '[']).then_some(Nesting {
            max_definition: 1,
            element_definition: 1,
            max_repetition: 1,
        });
        let group = name.split_once('.').map(|(group, _)| group.to_owned());
        Leaf { name: name.replace('[', ""), index: 0, nesting, group, shape: Shape::Flat }
    }

    fn of(asked: &ColumnMap, names: &[&str]) -> Result<[Option<String>; 5], String> {
        let leaves: Vec<Leaf> = names.iter().map(|name| leaf(name)).collect();
        match resolve(asked, &leaves) {
            Ok((map, _)) => Ok(Role::ALL.map(|role| map.get(role).map(str::to_owned))),
            Err(Unresolved::Ambiguous(two)) => Err(two.join(" or ")),
            Err(Unresolved::Column(error)) => Err(error.to_string()),
        }
    }

    fn columns(names: [&str; 5]) -> Result<[Option<String>; 5], String> {
        Ok(names.map(|name| Some(name.to_owned()).filter(|name| !name.is_empty())))
    }

    #[test]
    fn the_columns_with_most_roles_are_the_light_curves() {
        let none = ColumnMap::new();
        let objects = ["id", "mag", "lc.mjd", "lc.mag", "lc.magerr", "lc.band"];
        assert_eq!(of(&none, &objects), columns(["id", "lc.mjd", "lc.mag", "lc.magerr", "lc.band"]));
        let flat = ["id", "mjd", "flux", "error", "history.mjd", "history.flux"];
        assert_eq!(of(&none, &flat), columns(["id", "mjd", "flux", "error", ""]));
        let lists = ["id", "mjd[", "mag[", "band", "lc.z"];
        assert_eq!(of(&none, &lists), columns(["id", "mjd", "mag", "", "band"]));
    }

    #[test]
    fn names_may_be_whole_or_the_last_and_of_two_one_must_be_named() {
        let two = ["id", "a.mjd", "a.mag", "b.mjd", "b.mag"];
        assert_eq!(of(&ColumnMap::new(), &two), Err("a or b".to_owned()));
        let b = columns(["id", "b.mjd", "b.mag", "", ""]);
        assert_eq!(of(&ColumnMap::new().flux("b.mag"), &two), b);
        let one = ["id", "band", "lc.mjd", "lc.mag", "lc.band", "lc.psf"];
        let named = ColumnMap::new().flux("psf").band("band");
        assert_eq!(of(&named, &one), columns(["id", "lc.mjd", "lc.psf", "", "band"]));
        let error = of(&ColumnMap::new().flux("maj"), &one).expect_err("there is none");
        assert!(error.contains("no flux column 'maj'") && error.contains("lc.mag"), "{error}");
    }
}
