//! What expressions say of the rows of a survey: which are meant, and what plays a role instead of a column of the files.

use arrow::array::{ArrayRef, AsArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{Decimal128Type, Float64Type};
use parquet::errors::{ParquetError, Result as ParquetResult};
use tape_core::{Bands, Columns, Role, Rows};

use crate::error::Error;
use crate::footer::{Footer, check_counts};
use crate::leaf::{Leaf, columns, leaf, possible};
use crate::predicate::{Bound, Column, Derived, Expression, Fault, Possible, Predicate, PredicateError, Type, quoted};
use crate::sieve::{append_bands, append_numbers};
use crate::survey::{Survey, roles};

/// The expressions of a survey, and what they are in each of its files.
#[derive(Debug, Default)]
pub(crate) struct Expressions {
    /// The condition, as it was written.
    pub(crate) condition: Option<String>,
    /// Columns that are computed of others, each of those of the files or of those before it.
    pub(crate) derived: Vec<Derived>,
    /// The derived columns that play roles.
    pub(crate) played: Vec<(Role, String)>,
    /// Of each file, if rows are asked anything: what a column is may differ.
    pub(crate) files: Vec<FileExpressions>,
    /// Of each row group, whether it can have no row that is meant.
    pub(crate) skipped: Vec<bool>,
}

/// The expressions over the columns of one file.
#[derive(Debug)]
pub(crate) struct FileExpressions {
    condition: Option<Over<Predicate>>,
    played: Vec<(Role, Over<Bound>)>,
    /// The columns that they need, each once.
    pub(crate) leaves: Vec<Leaf>,
}

/// An expression, with the places of its columns among the leaves.
#[derive(Debug)]
struct Over<T> {
    expression: T,
    places: Vec<usize>,
}

/// The columns of some rows, each in the place of its leaf, if it was read.
pub(crate) type Arrays = [Option<ArrayRef>];

impl Survey {
    /// The same survey, whose expressions have changed: they are bound to the columns of each file.
    pub(crate) fn bound(mut self) -> Result<Self, Error> {
        let expressions = &self.expressions;
        let parsed = expressions.condition.as_deref().map(parse).transpose()?;
        let is_asked = parsed.is_some() || !expressions.played.is_empty();
        let asked = self.files.iter().filter(|_| is_asked);
        let of_file = |footer| FileExpressions::of(expressions, parsed.as_ref(), footer);
        let files = asked.map(of_file).collect::<Result<Vec<_>, _>>()?;
        let skipped = self.files.iter().zip(&files).flat_map(|(footer, of_file)| of_file.skips(footer)).collect();
        (self.expressions.files, self.expressions.skipped) = (files, skipped);
        Ok(self.counting_again())
    }

    /// Whether a row group is not read.
    pub(crate) fn skips(&self, row_group: usize) -> bool {
        self.expressions.skipped.get(row_group).copied().unwrap_or(false)
    }

    /// The expressions over the rows of a row group, if rows are asked anything.
    pub(crate) fn expressions_of(&self, row_group: usize) -> Option<&FileExpressions> {
        self.expressions.files.get(self.row_groups[row_group].file)
    }

    /// Of the columns that are wanted those that files have: derived columns play the others.
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

/// Reads a condition.
pub(crate) fn parse(text: &str) -> Result<Expression, Error> {
    Expression::parse(text).map_err(|source| Error::Condition { path: None, source })
}

/// What expressions may name in a file.
pub(crate) fn columns_in(footer: &Footer) -> Vec<Column> {
    let flux = footer.role(Role::Flux).filter(|flux| flux.is_nested()).map(|flux| flux.index);
    columns(footer.metadata.file_metadata().schema_descr(), flux)
}

impl FileExpressions {
    fn of(all: &Expressions, condition: Option<&Expression>, footer: &Footer) -> Result<Self, Error> {
        let path = &footer.path;
        let failed = |source| Error::Condition { path: Some(path.clone()), source };
        let (available, derived) = (columns_in(footer), &all.derived);
        let mut used: Vec<usize> = vec![];
        let condition = condition.map(|parsed| parsed.bind_condition_with(&available, derived)).transpose();
        let condition = condition.map_err(failed)?.map(|predicate| {
            let places = places(predicate.columns(), &mut used);
            Over { expression: predicate, places }
        });
        let mut played = vec![];
        for (role, name) in &all.played {
            let bound = playing(*role, name, &available, derived).map_err(failed)?;
            let places = places(bound.columns(), &mut used);
            played.push((*role, Over { expression: bound, places }));
        }
        let schema = footer.metadata.file_metadata().schema_descr();
        let leaves: Vec<Leaf> = used.iter().filter_map(|&index| leaf(schema, index, footer.is_nested())).collect();
        for leaf in &leaves {
            check_counts(&footer.metadata, leaf.index, leaf.depth.repetition > 0)
                .map_err(|reason| Error::NotParquet { path: path.clone(), reason })?;
        }
        Ok(Self { condition, played, leaves })
    }

    /// Of each row group of its file, whether the condition can be true of no row.
    fn skips(&self, footer: &Footer) -> Vec<bool> {
        let groups = footer.metadata.row_groups().iter();
        let Some(Over { expression, places }) = &self.condition else { return vec![false; groups.len()] };
        let may_hold = groups.map(|group| {
            let chunks = places.iter().map(|&place| &self.leaves[place]);
            let chunks = chunks.map(|leaf| possible(leaf, group.column(leaf.index)));
            expression.may_hold(&chunks.collect::<Vec<Possible>>())
        });
        may_hold.map(|may_hold| !may_hold).collect()
    }

    /// The places of the leaves that the condition needs.
    pub(crate) fn of_condition(&self) -> &[usize] {
        self.condition.as_ref().map_or(&[], |condition| &condition.places)
    }

    /// The places of the leaves of which derived columns are computed that play roles.
    pub(crate) fn of_played(&self) -> impl Iterator<Item = usize> {
        let mut all: Vec<usize> = self.played.iter().flat_map(|(_, over)| over.places.iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter()
    }

    /// Of each leaf, whether it is needed where these columns are wanted.
    pub(crate) fn needed(&self, columns: Columns) -> Vec<bool> {
        let mut needed = vec![false; self.leaves.len()];
        let of_roles = self.wanted(columns).flat_map(|(_, over)| &over.places);
        self.of_condition().iter().chain(of_roles).for_each(|&place| needed[place] = true);
        needed
    }

    /// Whether some of these columns are derived.
    pub(crate) fn derives(&self, columns: Columns) -> bool {
        self.wanted(columns).next().is_some()
    }

    fn wanted(&self, columns: Columns) -> impl Iterator<Item = &(Role, Over<Bound>)> {
        self.played.iter().filter(move |(role, _)| roles(columns).any(|wanted| wanted == *role))
    }

    /// Of which of `n` rows the condition is true.
    pub(crate) fn keep(&self, arrays: &Arrays, n: usize) -> Result<BooleanBuffer, PredicateError> {
        match &self.condition {
            Some(condition) => condition.expression.keep(&condition.arrays(arrays), n),
            None => Ok(BooleanBuffer::new_set(n)),
        }
    }

    /// Appends the derived columns of `keep.len()` rows that play these roles. Bands of rows that are dropped are not learned.
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

/// Why a derived column cannot be had.
pub(crate) enum NotDerived {
    Expression(PredicateError),
    /// Its values cannot be those of the role: there are too many bands, say.
    Column(Role, ParquetError),
}

impl<T> Over<T> {
    fn arrays(&self, arrays: &Arrays) -> Vec<ArrayRef> {
        self.places.iter().filter_map(|&place| arrays[place].clone()).collect()
    }
}

/// The places of columns among those that are used, which they join.
fn places(columns: &[usize], used: &mut Vec<usize>) -> Vec<usize> {
    let place = |&column: &usize| {
        used.iter().position(|&index| index == column).unwrap_or_else(|| {
            used.push(column);
            used.len() - 1
        })
    };
    columns.iter().map(place).collect()
}

/// A derived column, of a type that its role can have.
pub(crate) fn playing(
    role: Role,
    name: &str,
    available: &[Column],
    derived: &[Derived],
) -> Result<Bound, PredicateError> {
    let expression = Expression::parse(&quoted(name))?;
    let bound = expression.bind_with(available, derived)?;
    let (fits, wanted) = match (role, bound.kind()) {
        (Role::Id, _) => (false, "read as the files have it"),
        (Role::Band, kind) => (matches!(kind, Type::Text | Type::Integer), "text or a whole number"),
        (Role::Time, kind) => (matches!(kind, Type::Integer | Type::Decimal(_) | Type::Float | Type::Time), "a number"),
        (_, kind) => (matches!(kind, Type::Integer | Type::Decimal(_) | Type::Float), "a number"),
    };
    if fits { Ok(bound) } else { Err(Fault::RoleType { role, wanted, actual: bound.kind() }.of(name)) }
}

fn append_role(
    role: Role,
    kind: Type,
    values: &ArrayRef,
    keep: &BooleanBuffer,
    rows: &mut Rows,
    bands: &Bands,
) -> ParquetResult<()> {
    let out = match role {
        Role::Id => return Ok(()),
        Role::Band => return append_bands(values, keep, &mut rows.band, bands),
        Role::Time => &mut rows.time,
        Role::Flux => &mut rows.flux,
        Role::Error => &mut rows.error,
    };
    match kind {
        Type::Time => append_numbers(&in_days(values), out),
        Type::Decimal(scale) => append_numbers(&in_units(values, scale), out),
        _ => append_numbers(values, out),
    }
    Ok(())
}

/// Modified Julian dates of nanoseconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "a float of double precision is what a time is from here on")]
fn in_days(values: &ArrayRef) -> ArrayRef {
    const NANOSECONDS: i128 = 86_400_000_000_000;
    const MJD_OF_1970: i128 = 40_587;
    let days = |time: i128| {
        (time.div_euclid(NANOSECONDS) + MJD_OF_1970) as f64 + time.rem_euclid(NANOSECONDS) as f64 / NANOSECONDS as f64
    };
    std::sync::Arc::new(values.as_primitive::<Decimal128Type>().unary::<_, Float64Type>(days))
}

#[expect(clippy::cast_precision_loss, reason = "the nearest float is what is asked for")]
fn in_units(values: &ArrayRef, scale: i8) -> ArrayRef {
    let unit = 10_f64.powi(scale.into());
    std::sync::Arc::new(values.as_primitive::<Decimal128Type>().unary::<_, Float64Type>(|value| value as f64 / unit))
}
