//! Derived columns: columns that are computed from others as rows are read.

use std::path::Path;
use std::sync::Arc;

use parquet::schema::types::SchemaDescriptor;
use tape_core::{ColumnMap, Role, TableKind};

use crate::decode::leaf::any_columns;
use crate::decode::schema_paths::{leaf_named, leaves, list_columns};
use crate::error::Error;
use crate::expr::{Derived, Expression, Fault, quoted};
use crate::survey::Survey;
use crate::survey::bind_roles::playing;

impl Survey {
    /// Adds a derived column, for use in conditions, in other derived columns, and by [`Survey::playing`]. Nothing is
    /// read now. The column is computed whenever rows that need it are read.
    ///
    /// # Errors
    /// [`Error::Condition`] if a column has this name already, or the expression is not valid for the columns of a
    /// file.
    pub fn assigned(mut self, derived: Derived) -> Result<Self, Error> {
        let name = derived.name().to_owned();
        let taken = |source| Error::Condition { path: Some(self.files[0].path.clone()), source };
        if self.available().contains(&name) || self.derived().any(|other| other.name() == name) {
            return Err(taken(Fault::NameTaken { name: name.clone() }.of(&name)));
        }
        self.expressions.derived.push(derived);
        let expression = Expression::parse(&quoted(&name)).map_err(|source| Error::Condition { path: None, source })?;
        for footer in self.files.iter() {
            expression
                .bind_with(&self.columns_in(footer), &self.expressions.derived)
                .map_err(|source| Error::Condition { path: Some(footer.path.clone()), source })?;
        }
        Ok(self)
    }

    /// Uses a derived column for a role. The id is always a column of the files. [`Survey::converted`] converts the
    /// values of the new column.
    ///
    /// # Errors
    /// [`Error::Condition`] if there is no derived column of that name, or its type is not valid for the role.
    pub fn playing(mut self, role: Role, name: &str) -> Result<Self, Error> {
        if !self.derived().any(|derived| derived.name() == name) {
            let available: Vec<String> = self.derived().map(|derived| derived.name().to_owned()).collect();
            let nearest = tape_core::nearest(name, &available).map(str::to_owned);
            let fault = Fault::NotDerived { name: name.to_owned(), nearest, role };
            return Err(Error::Condition { path: None, source: fault.of(name) });
        }
        for footer in self.files.iter() {
            playing(role, name, &self.columns_in(footer), &self.expressions.derived)
                .map_err(|source| Error::Condition { path: Some(footer.path.clone()), source })?;
        }
        self.expressions.played.retain(|(played, _)| *played != role);
        self.expressions.played.push((role, name.to_owned()));
        // Where light curves are lists, the flux column of the files shows where they begin.
        if role != Role::Flux {
            Arc::make_mut(&mut self.files).iter_mut().for_each(|footer| footer.roles[role as usize] = None);
        }
        self.bound()
    }

    /// Returns the derived columns.
    pub fn derived(&self) -> impl Iterator<Item = &Derived> {
        self.expressions.derived.iter()
    }

    /// Returns the name of the derived column that plays a role.
    #[must_use]
    pub fn played(&self, role: Role) -> Option<&str> {
        self.expressions.played.iter().find(|(played, _)| *played == role).map(|(_, name)| name.as_str())
    }

    /// Returns the columns of the files from which derived columns with roles are computed, by their names in the first
    /// file.
    pub fn derived_from(&self) -> impl Iterator<Item = &str> {
        let first = self.expressions.files.first();
        first.into_iter().flat_map(|file| file.of_played().map(|place| file.name_at(place)))
    }
}

/// The derived columns of a column map, separated from the columns of the files.
pub(crate) struct Asked {
    /// The map without the derived columns.
    pub(crate) columns: ColumnMap,
    /// The map with columns of the files for time and flux. It locates the light curves if column names do not.
    pub(crate) found_by: ColumnMap,
    derived: Vec<Derived>,
    played: Vec<(Role, String)>,
}

/// Adds a derived column for each role that names a column of a table, such as `exposures.mjd`.
fn with_table_roles(columns: &ColumnMap, schema: &SchemaDescriptor) -> ColumnMap {
    let all = leaves(schema);
    let mut map = columns.clone();
    for role in Role::ALL {
        let Some(name) = columns.get(role) else { continue };
        let table = TableKind::ALL.into_iter().find(|table| name.starts_with(table.prefix()));
        let Some(table) = table.filter(|_| leaf_named(&all, name).is_none()) else { continue };
        let alone = &name[table.prefix().len()..];
        let is_taken = leaf_named(&all, alone).is_some() || map.derived().iter().any(|(derived, _)| derived == alone);
        let derived = if is_taken { format!("{table}_{alone}") } else { alone.to_owned() };
        map = map.derive(&derived, &quoted(name)).with(role, &derived);
    }
    map
}

impl Asked {
    /// Separates the derived columns from `columns`. The columns from which time and flux are derived locate the light
    /// curves.
    pub(crate) fn of(columns: &ColumnMap, schema: &SchemaDescriptor, path: &Path) -> Result<Self, Error> {
        let columns = &with_table_roles(columns, schema);
        let failed = |source| Error::Condition { path: Some(path.to_owned()), source };
        let mut derived = vec![];
        for (name, expression) in columns.derived() {
            derived.push(Derived::by_expression(name, expression).map_err(failed)?);
        }
        let is_derived = |name: &&str| derived.iter().any(|derived| derived.name() == *name);
        let lists = list_columns(schema);
        let in_list = |name: &str| lists.iter().any(|list| list.name == name);
        let other_list = Role::ALL.into_iter().filter_map(|role| columns.get(role)).find(|name| in_list(name));
        let (mut rest, mut found_by, mut played) = (columns.clone(), columns.clone(), vec![]);
        for role in Role::ALL {
            let Some(name) = columns.get(role).filter(is_derived) else { continue };
            played.push((role, name.to_owned()));
            (rest, found_by) = (rest.without(role), found_by.without(role));
            if !matches!(role, Role::Time | Role::Flux) {
                continue;
            }
            let source = source(name, &derived, schema).map_err(failed)?;
            let list = source.as_deref().filter(|source| in_list(source));
            rest = list.map_or(rest.clone(), |name| rest.with(role, name));
            let found = list.or(other_list).or(source.as_deref());
            found_by = found.map_or(found_by.clone(), |name| found_by.with(role, name));
        }
        Ok(Self { columns: rest, found_by, derived, played })
    }

    /// Returns whether a derived column plays a role.
    pub(crate) fn plays(&self, role: Role) -> bool {
        self.played.iter().any(|(played, _)| *played == role)
    }

    /// Adds the derived columns to a survey of the columns of the files.
    pub(crate) fn of_survey(self, mut survey: Survey) -> Result<Survey, Error> {
        survey.expressions.waiting = (self.derived, self.played);
        survey.with_waiting()
    }
}

impl Survey {
    /// Adds the derived columns that were waiting for tables, up to the first whose table is still missing.
    pub(crate) fn with_waiting(mut self) -> Result<Self, Error> {
        let (mut now, played) = std::mem::take(&mut self.expressions.waiting);
        let first = now.iter().position(|derived| self.missing_table(derived).is_some());
        // Columns after that one may be computed from it.
        let later = now.split_off(first.unwrap_or(now.len()));
        let is_later = |(_, name): &(Role, String)| later.iter().any(|derived| derived.name() == name);
        let (played_later, played): (Vec<_>, Vec<_>) = played.into_iter().partition(is_later);
        self.expressions.waiting = (later, played_later);
        let survey = now.into_iter().try_fold(self, Self::assigned)?;
        let survey = played.into_iter().try_fold(survey, |survey, (role, name)| survey.playing(role, &name))?;
        survey.bound()
    }

    /// Checks that no derived column is waiting for a table.
    pub(crate) fn check_waiting(&self) -> Result<(), Error> {
        let Some(derived) = self.expressions.waiting.0.first() else { return Ok(()) };
        let kind = self.missing_table(derived).unwrap_or(TableKind::Objects);
        Err(Error::NoTable { kind, what: format!("the column '{}'", derived.name()) })
    }

    /// Returns the table that a derived column needs and the survey lacks.
    fn missing_table(&self, derived: &Derived) -> Option<TableKind> {
        let text = derived.expression()?;
        TableKind::ALL.into_iter().find(|&kind| names_table(text, kind) && self.table(kind).is_none())
    }
}

/// Checks whether an expression may name a column of a table.
fn names_table(text: &str, kind: TableKind) -> bool {
    let text = text.to_lowercase().replace('"', "");
    text.contains(kind.prefix())
}

/// Returns a column from which a column is derived: the first that is in a list, or else the first of all.
fn source(
    name: &str,
    derived: &[Derived],
    schema: &SchemaDescriptor,
) -> Result<Option<String>, crate::expr::PredicateError> {
    let bound = Expression::parse(&quoted(name))?.bind_with(&any_columns(schema), derived);
    let bound = match bound {
        // The columns of tables are not known yet.
        Err(error) if TableKind::ALL.into_iter().any(|kind| names_table(&error.expression, kind)) => return Ok(None),
        bound => bound?,
    };
    let in_list = |index: &&usize| schema.column(**index).max_rep_level() > 0;
    let found = bound.columns().iter().find(in_list).or(bound.columns().first());
    Ok(found.map(|&index| leaves(schema)[index].name()))
}
