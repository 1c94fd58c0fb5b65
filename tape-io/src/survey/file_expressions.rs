//! Conditions and derived columns, bound to the columns of each file.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use arrow::array::ArrayRef;
use arrow::buffer::BooleanBuffer;
use parquet::errors::ParquetError;
use tape_core::{Bands, Columns, Role, Rows, TableKind};

use crate::decode::footer::{Footer, check_counts};
use crate::decode::leaf::{Leaf, columns, leaf};
use crate::decode::statistics::possible;
use crate::error::Error;
use crate::expr::{Bound, Column, Derived, Expression, Possible, Predicate, PredicateError};
use crate::survey::bind_roles::{append_role, playing};
use crate::survey::tables::{Exposures, KeyedTable};
use crate::survey::{Survey, roles as roles_of};

/// The expressions of a survey, and their bound forms for each of its files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expressions {
    /// The condition as the user wrote it.
    pub(crate) condition: Option<String>,
    /// Columns that are computed from columns of the files or from earlier derived columns.
    pub(crate) derived: Vec<Derived>,
    /// The derived columns that play roles.
    pub(crate) played: Vec<(Role, String)>,
    /// Derived columns, and the roles that they play, that wait for a table to be added.
    pub(crate) waiting: (Vec<Derived>, Vec<(Role, String)>),
    /// The bound expressions of each file, if there are any. The types of columns may differ between files.
    pub(crate) files: Arc<Vec<FileExpressions>>,
    /// For each row group, true if none of its rows can match.
    pub(crate) skipped: Arc<Vec<bool>>,
    /// For each row group, the rows that may match the condition, once the page index was read.
    pub(crate) kept: Arc<Vec<KeptRows>>,
}

/// Ranges of rows of a row group, once they are known; `None` for all rows.
type KeptRows = OnceLock<Option<Vec<Range<u64>>>>;

/// The expressions over the columns of one file.
#[derive(Debug)]
pub(crate) struct FileExpressions {
    condition: Option<Over<Predicate>>,
    played: Vec<(Role, Over<Bound>)>,
    /// The columns that they need, without duplicates.
    pub(crate) leaves: Vec<Leaf>,
    /// The columns of tables that they need.
    lookups: Vec<Lookup>,
}

/// Columns that are looked up in a table by the key of each row.
#[derive(Debug)]
struct Lookup {
    table: TableKind,
    /// The position of the key column among the leaves.
    key: usize,
    /// The columns of the table, without duplicates. Their positions follow those of the leaves and of earlier lookups.
    columns: Vec<String>,
    /// The position of the first column.
    first: usize,
}

impl Lookup {
    const fn has(&self, place: usize) -> bool {
        self.first <= place && place < self.first + self.columns.len()
    }
}

/// An expression, with the positions of its columns. Positions count the leaves, followed by the columns of lookups.
#[derive(Debug)]
struct Over<T> {
    expression: T,
    places: Vec<usize>,
}

/// The columns of some rows: one for each leaf, if it was read, followed by those of lookups.
pub(crate) type Arrays = [Option<ArrayRef>];

impl Survey {
    /// Binds changed expressions to the columns of each file.
    pub(crate) fn bound(mut self) -> Result<Self, Error> {
        let parsed = self.expressions.condition.as_deref().map(parse).transpose()?;
        let is_asked = parsed.is_some() || !self.expressions.played.is_empty();
        let asked = self.files.iter().filter(|_| is_asked);
        let of_file = |footer| FileExpressions::of(&self, parsed.as_ref(), footer);
        let files = asked.map(of_file).collect::<Result<Vec<_>, _>>()?;
        let skipped = self.files.iter().zip(&files).flat_map(|(footer, of_file)| of_file.skips(footer)).collect();
        let tables = self.objects.iter_mut().chain(self.exposures.iter_mut().map(Exposures::table_mut));
        for table in tables {
            let lookups = files.iter().flat_map(|file| &file.lookups).filter(|lookup| lookup.table == table.kind());
            let names: BTreeSet<String> = lookups.flat_map(|lookup| lookup.columns.iter().cloned()).collect();
            table.express(names.into_iter().collect());
        }
        let has_condition = self.expressions.condition.is_some();
        let kept = self.row_groups.iter().filter(|_| has_condition).map(|_| OnceLock::new()).collect();
        let expressions = &mut self.expressions;
        (expressions.files, expressions.skipped, expressions.kept) =
            (Arc::new(files), Arc::new(skipped), Arc::new(kept));
        Ok(self.counting_again())
    }

    /// Returns what expressions may name in a file: its columns, and those of tables with their prefix.
    pub(crate) fn columns_in(&self, footer: &Footer) -> Vec<Column> {
        let flux = footer.role(Role::Flux).filter(|flux| flux.leaf.is_nested()).map(|flux| flux.leaf.index);
        let mut all = columns(footer.metadata.file_metadata().schema_descr(), flux);
        let tables = TableKind::ALL.into_iter().filter_map(|kind| self.table(kind));
        all.extend(tables.flat_map(KeyedTable::in_expressions));
        all
    }

    /// Finds the column of a file that holds the keys of a table.
    fn key_in(&self, footer: &Footer, table: TableKind) -> Option<usize> {
        match table {
            TableKind::Objects => footer.role(Role::Id).map(|id| id.leaf.index),
            TableKind::Exposures => self.exposures.as_ref()?.key_in(footer),
        }
    }

    /// Returns true if a row group is skipped.
    pub(crate) fn skips(&self, row_group: usize) -> bool {
        self.expressions.skipped.get(row_group).copied().unwrap_or(false)
    }

    /// Returns the expressions over the rows of a row group, or `None` if there are no expressions.
    pub(crate) fn expressions_of(&self, row_group: usize) -> Option<&FileExpressions> {
        self.expressions.files.get(self.row_groups[row_group].file)
    }

    /// Returns the wanted columns that are read from the files. The others are derived.
    pub(crate) fn of_files(&self, mut columns: Columns) -> Columns {
        for (role, _) in &self.expressions.played {
            match role {
                Role::Id => {}
                Role::Time => columns.time = false,
                Role::Flux => columns.flux = false,
                Role::Error => columns.error = false,
                Role::Band => columns.band = false,
            }
        }
        columns
    }
}

/// Parses a condition.
pub(crate) fn parse(text: &str) -> Result<Expression, Error> {
    Expression::parse(text).map_err(|source| Error::Condition { path: None, source })
}

impl FileExpressions {
    fn of(survey: &Survey, condition: Option<&Expression>, footer: &Footer) -> Result<Self, Error> {
        let (all, available) = (&survey.expressions, survey.columns_in(footer));
        let path = &footer.path;
        let failed = |source| Error::Condition { path: Some(path.clone()), source };
        let derived = &all.derived;
        let condition = condition.map(|parsed| parsed.bind_condition_with(&available, derived)).transpose();
        let condition = condition.map_err(failed)?;
        let bound = |(role, name): &(Role, String)| Ok((*role, playing(*role, name, &available, derived)?));
        let played = all.played.iter().map(bound).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let schema = footer.metadata.file_metadata().schema_descr();
        let of_condition = condition.iter().flat_map(|predicate| predicate.columns());
        let used = of_condition.chain(played.iter().flat_map(|(_, bound)| bound.columns())).copied();
        let (mut of_file, of_tables): (Vec<usize>, Vec<usize>) = used.partition(|&index| index < schema.num_columns());
        let mut looked_up = vec![];
        for table in TableKind::ALL {
            let is_of = |index: &usize| available[*index].name.starts_with(table.prefix());
            let mut columns: Vec<usize> = of_tables.iter().copied().filter(is_of).collect();
            each_once(&mut columns);
            if let (false, Some(key)) = (columns.is_empty(), survey.key_in(footer, table)) {
                of_file.push(key);
                looked_up.push((table, key, columns));
            }
        }
        each_once(&mut of_file);
        let leaves: Vec<Leaf> = of_file.iter().filter_map(|&index| leaf(schema, index, footer.is_nested())).collect();
        for leaf in &leaves {
            footer.check_supported(leaf)?;
            check_counts(&footer.metadata, leaf.index, leaf.depth.repetition > 0)
                .map_err(|reason| Error::NotParquet { path: path.clone(), reason })?;
        }
        let mut order = of_file;
        let mut lookups = vec![];
        for (table, key, columns) in looked_up {
            let key = order.iter().position(|&index| index == key).unwrap_or_default();
            let names = columns.iter().map(|&index| available[index].name[table.prefix().len()..].to_owned()).collect();
            lookups.push(Lookup { table, key, columns: names, first: order.len() });
            order.extend(columns);
        }
        let places = |columns: &[usize]| -> Vec<usize> {
            columns.iter().filter_map(|column| order.iter().position(|other| other == column)).collect()
        };
        let over_condition = condition.map(|expression| Over { places: places(expression.columns()), expression });
        let over =
            |(role, expression): (Role, Bound)| (role, Over { places: places(expression.columns()), expression });
        let played = played.into_iter().map(over).collect();
        Ok(Self { condition: over_condition, played, leaves, lookups })
    }

    /// Returns, for each row group of the file, true if no row can match the condition.
    fn skips(&self, footer: &Footer) -> Vec<bool> {
        let groups = footer.metadata.row_groups().iter();
        let may_hold = groups.map(|group| {
            let of_leaf =
                |leaf: Option<&Leaf>| leaf.map_or(Possible::ANY, |leaf| possible(leaf, group.column(leaf.index)));
            self.may_hold(&self.leaves_of_condition().map(of_leaf).collect::<Vec<_>>())
        });
        may_hold.map(|may_hold| !may_hold).collect()
    }

    /// Returns the leaf of each of the condition's columns, in order. It is `None` for a column of a table.
    pub(crate) fn leaves_of_condition(&self) -> impl Iterator<Item = Option<&Leaf>> {
        self.of_condition().iter().map(|&place| self.leaves.get(place))
    }

    /// Returns true if the condition may be true for some of these possible values of its columns.
    pub(crate) fn may_hold(&self, values: &[Possible]) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.expression.may_hold(values))
    }

    /// Returns the name of the column at a position.
    pub(crate) fn name_at(&self, place: usize) -> &str {
        match self.leaves.get(place) {
            Some(leaf) => &leaf.name,
            None => self.lookup_at(place).map_or("", |lookup| &lookup.columns[place - lookup.first]),
        }
    }

    fn lookup_at(&self, place: usize) -> Option<&Lookup> {
        self.lookups.iter().find(|lookup| lookup.has(place))
    }

    /// Returns the positions of the columns that the condition needs.
    pub(crate) fn of_condition(&self) -> &[usize] {
        self.condition.as_ref().map_or(&[], |condition| &condition.places)
    }

    /// Returns the positions of the columns from which derived columns with roles are computed.
    pub(crate) fn of_played(&self) -> impl Iterator<Item = usize> {
        let mut all: Vec<usize> = self.played.iter().flat_map(|(_, over)| over.places.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter()
    }

    /// Returns, for each leaf, true if it is needed for these columns.
    pub(crate) fn needed(&self, columns: Columns) -> Vec<bool> {
        let mut needed = vec![false; self.leaves.len()];
        let of_roles = self.wanted(columns).flat_map(|(_, over)| &over.places);
        self.of_condition().iter().chain(of_roles).for_each(|&place| match needed.get_mut(place) {
            Some(needed) => *needed = true,
            None => self.lookup_at(place).into_iter().for_each(|lookup| needed[lookup.key] = true),
        });
        needed
    }

    /// Appends the values of the rows' objects and exposures to the columns of the rows, if the wanted columns need
    /// them.
    pub(crate) fn join(
        &self,
        arrays: &mut Vec<Option<ArrayRef>>,
        wanted: Columns,
        survey: &Survey,
    ) -> Result<(), Error> {
        for lookup in &self.lookups {
            let of_roles = self.wanted(wanted).flat_map(|(_, over)| &over.places);
            let is_needed = self.of_condition().iter().chain(of_roles).any(|&place| lookup.has(place));
            let found = match (is_needed, survey.table(lookup.table), &arrays[lookup.key]) {
                (true, Some(table), Some(keys)) => {
                    table.values_of(keys, &lookup.columns)?.into_iter().map(Some).collect()
                }
                _ => vec![None; lookup.columns.len()],
            };
            arrays.extend(found);
        }
        Ok(())
    }

    /// Returns true if expressions must be evaluated for these columns. A condition counts even if it names no column.
    pub(crate) fn asks(&self, columns: Columns) -> bool {
        self.condition.is_some() || self.wanted(columns).next().is_some()
    }

    fn wanted(&self, columns: Columns) -> impl Iterator<Item = &(Role, Over<Bound>)> {
        self.played.iter().filter(move |(role, _)| roles_of(columns).any(|wanted| wanted == *role))
    }

    /// Evaluates the condition for `n` rows.
    pub(crate) fn keep(&self, arrays: &Arrays, n: usize) -> Result<BooleanBuffer, PredicateError> {
        match &self.condition {
            Some(condition) => condition.expression.keep(&condition.arrays(arrays), n),
            None => Ok(BooleanBuffer::new_set(n)),
        }
    }

    /// Appends the derived columns that play these roles, for the rows in `keep`. Bands of dropped rows are not added
    /// to `bands`.
    pub(crate) fn append(
        &self,
        columns: Columns,
        arrays: &Arrays,
        keep: &BooleanBuffer,
        rows: &mut Rows,
        bands: &Bands,
    ) -> Result<(), NotDerived> {
        for (role, over) in self.wanted(columns) {
            let values = over.expression.evaluate(&over.arrays(arrays), keep.len()).map_err(NotDerived::Expression)?;
            append_role(*role, over.expression.kind(), &values, keep, rows, bands)
                .map_err(|error| NotDerived::Column(*role, error))?;
        }
        Ok(())
    }
}

/// The reason why a derived column could not be computed.
pub(crate) enum NotDerived {
    Expression(PredicateError),
    /// The values are not valid for the role, for example because there are too many bands.
    Column(Role, ParquetError),
}

impl<T> Over<T> {
    fn arrays(&self, arrays: &Arrays) -> Vec<ArrayRef> {
        self.places.iter().filter_map(|&place| arrays[place].clone()).collect()
    }
}

/// Removes duplicates, and keeps the last occurrence of each number.
fn each_once(all: &mut Vec<usize>) {
    let mut seen = vec![];
    all.reverse();
    all.retain(|index| {
        let is_new = !seen.contains(index);
        seen.push(*index);
        is_new
    });
    all.reverse();
}
