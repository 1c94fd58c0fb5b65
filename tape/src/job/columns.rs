//! The columns of a survey, as jobs and saved ensembles keep them.

use tape_core::{ColumnMap, Role, preset};

/// The map that opens the same columns again: of each role, of the preset that holds, and those that are derived.
pub(crate) fn column_map(
    columns: &[Option<String>; 5],
    of_preset: Option<&str>,
    derived: &[(String, String)],
) -> ColumnMap {
    let none = ColumnMap::new().of_preset(of_preset.and_then(preset));
    let named = Role::ALL.into_iter().zip(columns).filter_map(|(role, name)| Some((role, name.as_ref()?)));
    let named = named.fold(none, |map, (role, name)| map.with(role, name));
    derived.iter().fold(named, |map, (name, expression)| map.derive(name, expression))
}
