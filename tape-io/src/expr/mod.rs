//! SQL expressions over the columns of a table, and conditions on its rows.
//!
//! [`Expression::parse`] parses an expression, [`Expression::bind`] resolves its columns and checks its types, and
//! [`Bound::evaluate`] computes its values over Arrow columns of equal length. A [`Predicate`] is an expression that is
//! true or false: [`Predicate::keep`] selects the rows where it is true, and [`Predicate::may_hold`] tells from the
//! minimum and maximum of each column whether such a row can exist.
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
//! NULL is not true, and NaN is not equal to anything, itself included: see `docs/where.md`.

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

/// A parsed expression that is not bound to columns yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    text: String,
    parsed: Expr,
}

impl Expression {
    /// Parses a SQL expression.
    ///
    /// # Errors
    /// Returns [`PredicateError`] if the text is not an expression, or not one over a single row.
    pub fn parse(text: &str) -> Result<Self, PredicateError> {
        Ok(Self { text: text.to_owned(), parsed: parse::parse(text)? })
    }

    /// Returns the text as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Resolves the expression's columns and checks its types.
    ///
    /// # Errors
    /// Returns [`PredicateError`], which points at the word at fault.
    pub fn bind(&self, columns: &[Column]) -> Result<Bound, PredicateError> {
        self.bind_with(columns, &[])
    }

    /// Works like [`Expression::bind`], with derived columns, each computed from `columns` or from earlier derived
    /// columns.
    ///
    /// # Errors
    /// Returns the errors of [`Expression::bind`]. An error in the expression of a derived column points into that
    /// expression.
    pub fn bind_with(&self, columns: &[Column], derived: &[Derived]) -> Result<Bound, PredicateError> {
        let mut binder = Binder { text: &self.text, columns, derived, used: vec![], depth: 0, bound: 0 };
        let typed = binder.bind(&self.parsed)?;
        let kinds = binder.used.iter().filter_map(|&place| columns[place].kind.clone().ok()).collect();
        Ok(Bound { text: self.text.clone(), typed, columns: binder.used, kinds })
    }

    /// Works like [`Expression::bind`], for an expression that must be true or false.
    ///
    /// # Errors
    /// Returns the errors of [`Expression::bind`], and an error if the expression has another type.
    pub fn bind_condition(&self, columns: &[Column]) -> Result<Predicate, PredicateError> {
        self.bind_condition_with(columns, &[])
    }

    /// Works like [`Expression::bind_condition`], with derived columns.
    ///
    /// # Errors
    /// Returns the errors of [`Expression::bind_with`] and [`Expression::bind_condition`].
    pub fn bind_condition_with(&self, columns: &[Column], derived: &[Derived]) -> Result<Predicate, PredicateError> {
        let bound = self.bind_with(columns, derived)?;
        match bound.kind() {
            Type::Boolean => Ok(Predicate(bound)),
            actual => Err(Fault::NotACondition { actual }.at(&self.text, self.parsed.span())),
        }
    }
}

/// An expression bound to columns.
#[derive(Clone, Debug)]
pub struct Bound {
    text: String,
    typed: Typed,
    columns: Vec<usize>,
    kinds: Vec<Type>,
}

impl Bound {
    /// Returns the type of the expression's values.
    #[must_use]
    pub const fn kind(&self) -> Type {
        self.typed.kind
    }

    /// Returns the columns that the expression needs, each once, as indices into the columns that it was bound to.
    #[must_use]
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Computes the expression's value for each of `rows` rows. `columns` holds the columns named by
    /// [`Bound::columns`], in that order, each with `rows` rows and an Arrow type for which [`Type::of`] returns the
    /// type that it was bound with.
    ///
    /// The values are 64-bit integers, 64-bit floats, 128-bit decimals, text or booleans. Times are decimal nanoseconds
    /// since 1970.
    ///
    /// # Errors
    /// Returns an error if the number, length or type of the columns differs from what the expression was bound to.
    pub fn evaluate(&self, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef, PredicateError> {
        self.values(columns, rows).map_err(|error| Fault::Evaluation { reason: error.to_string() }.of(&self.text))
    }

    fn values(&self, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef, ArrowError> {
        let wrong = |what: &str| Err(ArrowError::InvalidArgumentError(what.to_owned()));
        if columns.len() != self.kinds.len() || columns.iter().any(|column| column.len() != rows) {
            return wrong("the number or length of the columns differs from that of the bound columns");
        }
        if columns.iter().zip(&self.kinds).any(|(column, &kind)| Type::of(column.data_type()) != Some(kind)) {
            return wrong("the types of the columns differ from those of the bound columns");
        }
        let loaded = columns.iter().zip(&self.kinds).map(|(column, &kind)| types::load(column, kind));
        evaluate::evaluate(&self.typed, &loaded.collect::<Result<Vec<_>, _>>()?, rows)?.spread(rows)
    }
}

/// A condition on rows.
#[derive(Clone, Debug)]
pub struct Predicate(Bound);

impl Predicate {
    /// Returns the text as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Returns the columns that the condition needs, like [`Bound::columns`].
    #[must_use]
    pub fn columns(&self) -> &[usize] {
        &self.0.columns
    }

    /// Selects the rows where the condition is true, not those where it is NULL.
    ///
    /// # Errors
    /// Returns the errors of [`Bound::evaluate`].
    pub fn keep(&self, columns: &[ArrayRef], rows: usize) -> Result<BooleanBuffer, PredicateError> {
        let truth = self.0.evaluate(columns, rows)?;
        let truth = truth.as_boolean();
        Ok(match truth.nulls() {
            Some(nulls) => truth.values() & nulls.inner(),
            None => truth.values().clone(),
        })
    }

    /// Returns false if the condition cannot be true in any row, given the possible values of its columns. In doubt,
    /// returns true.
    #[must_use]
    pub fn may_hold(&self, columns: &[Possible]) -> bool {
        prune::may_be_true(&self.0.typed, columns)
    }
}
