//! Expressions of SQL over the columns of a table, and conditions on its rows.
//!
//! [`Expression::parse`] reads one, [`Expression::bind`] finds its columns and checks its types, and [`Bound::evaluate`]
//! gives its values over Arrow columns of equal length. A [`Predicate`] is an expression that is true or false:
//! [`Predicate::keep`] says of which rows it is true, and [`Predicate::may_hold`] whether, by the smallest and the largest
//! values of the columns, there can be any such row.
//!
//! ```
//! use std::sync::Arc;
//! use arrow::array::{ArrayRef, Float64Array};
//! use tape_io::expr::{Column, Expression, Type};
//!
//! let columns = ["flux", "error"].map(|name| Column { name: name.to_owned(), kind: Ok(Type::Float) });
//! let predicate = Expression::parse("flux / error > 5")?.bind_condition(&columns)?;
//! let flux: ArrayRef = Arc::new(Float64Array::from(vec![Some(10.0), Some(1.0), None]));
//! let error: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 1.0, 1.0]));
//! let keep = predicate.keep(&[flux, error], 3)?;
//! assert_eq!(keep.iter().collect::<Vec<_>>(), [true, false, false]);
//! # Ok::<(), tape_io::expr::PredicateError>(())
//! ```
//!
//! NULL is not true, and NaN is unlike everything: see `docs/where.md`.

mod arithmetic;
mod bind;
mod call;
mod called;
mod derived;
mod error;
mod evaluate;
mod function;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod parse;
mod prune;
mod range;
#[cfg(test)]
mod tests;
mod typed;
mod types;
mod values;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::BooleanBuffer;
use arrow::error::ArrowError;
use sqlparser::ast::{Expr, Spanned};

pub use derived::{Derived, quoted};
pub use error::{Fault, Position, PredicateError};
pub use range::{Possible, Range};
pub use types::{Column, Type};

use bind::Binder;
use typed::Typed;

/// An expression that was read, and knows no columns yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    text: String,
    parsed: Expr,
}

impl Expression {
    /// Reads an expression of SQL.
    ///
    /// # Errors
    /// [`PredicateError`] if it is none, or nothing that can be asked of one row.
    pub fn parse(text: &str) -> Result<Self, PredicateError> {
        Ok(Self { text: text.to_owned(), parsed: parse::parse(text)? })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Finds its columns among these, and checks that types go together.
    ///
    /// # Errors
    /// [`PredicateError`], which points at the word.
    pub fn bind(&self, columns: &[Column]) -> Result<Bound, PredicateError> {
        self.bind_with(columns, &[])
    }

    /// The same where columns are derived of these, each of these or of those before it.
    ///
    /// # Errors
    /// As [`Expression::bind`]; what is wrong with the expression of a derived column is shown in that.
    pub fn bind_with(&self, columns: &[Column], derived: &[Derived]) -> Result<Bound, PredicateError> {
        let mut binder = Binder { text: &self.text, columns, derived, used: vec![], depth: 0, bound: 0 };
        let typed = binder.bind(&self.parsed)?;
        let kinds = binder.used.iter().filter_map(|&place| columns[place].kind.clone().ok()).collect();
        Ok(Bound { text: self.text.clone(), typed, columns: binder.used, kinds })
    }

    /// The same for what must be true or false.
    ///
    /// # Errors
    /// As [`Expression::bind`], and if it is something else.
    pub fn bind_condition(&self, columns: &[Column]) -> Result<Predicate, PredicateError> {
        self.bind_condition_with(columns, &[])
    }

    /// The same where columns are derived of these.
    ///
    /// # Errors
    /// As [`Expression::bind_with`] and [`Expression::bind_condition`].
    pub fn bind_condition_with(&self, columns: &[Column], derived: &[Derived]) -> Result<Predicate, PredicateError> {
        let bound = self.bind_with(columns, derived)?;
        match bound.kind() {
            Type::Boolean => Ok(Predicate(bound)),
            actual => Err(Fault::NotACondition { actual }.at(&self.text, self.parsed.span())),
        }
    }
}

/// An expression over known columns.
#[derive(Clone, Debug)]
pub struct Bound {
    text: String,
    typed: Typed,
    columns: Vec<usize>,
    kinds: Vec<Type>,
}

impl Bound {
    /// The type of its values.
    #[must_use]
    pub const fn kind(&self) -> Type {
        self.typed.kind
    }

    /// The columns that it needs, by their places among those that it was bound to, each once.
    #[must_use]
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Its value for each of `rows` rows. `columns` are those of [`Bound::columns`], in that order, each of so many rows and
    /// of an Arrow type for which [`Type::of`] gives the type that was told.
    ///
    /// The values come as 64-bit integers and floats, decimals of 128 bits, text, or truth values; times as decimal
    /// nanoseconds since 1970.
    ///
    /// # Errors
    /// If the columns are others than were told.
    pub fn evaluate(&self, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef, PredicateError> {
        self.values(columns, rows).map_err(|error| Fault::Evaluation { reason: error.to_string() }.of(&self.text))
    }

    fn values(&self, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef, ArrowError> {
        let wrong = |what: &str| Err(ArrowError::InvalidArgumentError(what.to_owned()));
        if columns.len() != self.kinds.len() || columns.iter().any(|column| column.len() != rows) {
            return wrong("columns of another number or length");
        }
        if columns.iter().zip(&self.kinds).any(|(column, &kind)| Type::of(column.data_type()) != Some(kind)) {
            return wrong("columns of other types");
        }
        let loaded = columns.iter().zip(&self.kinds).map(|(column, &kind)| types::load(column, kind));
        evaluate::evaluate(&self.typed, &loaded.collect::<Result<Vec<_>, _>>()?, rows)?.spread(rows)
    }
}

/// A condition on rows.
#[derive(Clone, Debug)]
pub struct Predicate(Bound);

impl Predicate {
    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// As [`Bound::columns`].
    #[must_use]
    pub fn columns(&self) -> &[usize] {
        &self.0.columns
    }

    /// Of which rows it is true; not of those for which it is NULL.
    ///
    /// # Errors
    /// As [`Bound::evaluate`].
    pub fn keep(&self, columns: &[ArrayRef], rows: usize) -> Result<BooleanBuffer, PredicateError> {
        let truth = self.0.evaluate(columns, rows)?;
        let truth = truth.as_boolean();
        Ok(match truth.nulls() {
            Some(nulls) => truth.values() & nulls.inner(),
            None => truth.values().clone(),
        })
    }

    /// Whether there can be a row for which it is true, if no column has other values than are possible: in doubt, there can.
    #[must_use]
    pub fn may_hold(&self, columns: &[Possible]) -> bool {
        prune::may_be_true(&self.0.typed, columns)
    }
}
