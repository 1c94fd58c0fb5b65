//! Columns computed from other columns.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::Float64Type;
use arrow::error::ArrowError;

use super::bind::Binder;
use super::error::{Fault, PredicateError};
use super::typed::{Node, Typed};
use super::types::Type;
use super::{Expression, parse};

/// A column computed from other columns, row by row, when it is read: by an expression, or by a function of numbers.
#[derive(Clone, Debug)]
pub struct Derived {
    name: String,
    by: By,
}

#[derive(Clone, Debug)]
enum By {
    Expression(Box<Expression>),
    Function(Vec<Expression>, Function),
}

/// A function of a fixed number of numbers.
#[derive(Clone)]
pub(super) struct Function(Arc<OfNumbers>);

type OfNumbers = dyn Fn(&[f64]) -> f64 + Send + Sync;

impl Derived {
    /// Creates a column `name`, computed by a SQL expression.
    ///
    /// # Errors
    /// Returns an error if the name or the expression is not valid.
    pub fn by_expression(name: &str, expression: &str) -> Result<Self, PredicateError> {
        Ok(Self { name: checked(name)?, by: By::Expression(Box::new(Expression::parse(expression)?)) })
    }

    /// Creates a column `name`, computed by a function of numeric columns. Null values are passed to it as NaN.
    ///
    /// # Errors
    /// Returns an error if the name is not valid.
    pub fn by_function<const N: usize>(
        name: &str,
        columns: [&str; N],
        function: impl Fn([f64; N]) -> f64 + Send + Sync + 'static,
    ) -> Result<Self, PredicateError> {
        let quoted = columns.iter().map(|column| Expression::parse(&quoted(column))).collect::<Result<_, _>>()?;
        let of_slice = move |values: &[f64]| <[f64; N]>::try_from(values).map_or(f64::NAN, &function);
        Ok(Self { name: checked(name)?, by: By::Function(quoted, Function(Arc::new(of_slice))) })
    }

    /// Returns the column's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the text of the expression, or `None` if the column is computed by a function.
    #[must_use]
    pub fn expression(&self) -> Option<&str> {
        match &self.by {
            By::Expression(expression) => Some(expression.text()),
            By::Function(..) => None,
        }
    }

    pub(super) fn bind(&self, binder: &mut Binder<'_>) -> Result<Typed, PredicateError> {
        match &self.by {
            By::Expression(expression) => binder.nested(expression),
            By::Function(columns, function) => {
                let mut arguments = vec![];
                for column in columns {
                    let typed = binder.nested(column)?;
                    if !typed.kind.is_number() && typed.kind != Type::Null {
                        let place = format!("the function of '{}'", self.name);
                        let fault = Fault::WrongType { place, wanted: "a number", actual: typed.kind };
                        return Err(fault.of(column.text()));
                    }
                    arguments.push(typed.cast(Type::Float));
                }
                Ok(Typed::new(Type::Float, Node::Apply(function.clone(), arguments)))
            }
        }
    }
}

impl fmt::Display for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.by {
            By::Expression(expression) => write!(f, "{} = {}", self.name, expression.text()),
            By::Function(columns, _) => {
                let columns: Vec<&str> = columns.iter().map(Expression::text).collect();
                write!(f, "{} = a function of {}", self.name, columns.join(", "))
            }
        }
    }
}

impl Function {
    /// Applies the function to each of `rows` rows of its arguments.
    pub(super) fn apply(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef, ArrowError> {
        let columns: Vec<&Float64Array> = arguments.iter().map(|array| array.as_primitive::<Float64Type>()).collect();
        let mut values = vec![f64::NAN; columns.len()];
        let of_row = |row: usize| {
            for (value, column) in values.iter_mut().zip(&columns) {
                *value = if column.is_valid(row) { column.value(row) } else { f64::NAN };
            }
            (self.0)(&values)
        };
        let all = catch_unwind(AssertUnwindSafe(|| (0..rows).map(of_row).collect::<Vec<f64>>()));
        let all = all.map_err(|_| ArrowError::ComputeError("the function panicked".to_owned()))?;
        Ok(Arc::new(Float64Array::from(all)))
    }
}

/// Compares functions by identity.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Function")
    }
}

/// Quotes a column name for use in an expression. Dots separate the names of nested columns.
#[must_use]
pub fn quoted(column: &str) -> String {
    let parts: Vec<String> = column.split('.').map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
    parts.join(".")
}

/// Checks that a column name is valid and can be used in expressions.
fn checked(name: &str) -> Result<String, PredicateError> {
    let refused = |reason: &str| Err(Fault::Name { name: name.to_owned(), reason: reason.to_owned() }.of(name));
    match name.trim() {
        "" => refused("it is empty"),
        trimmed if trimmed.len() != name.len() => refused("it begins or ends with a space"),
        _ if name.contains(['.', '"']) => refused("dots and double quotes are reserved for nested columns"),
        _ if parse::parse(&quoted(name)).is_err() => refused("expressions cannot refer to it"),
        _ => Ok(name.to_owned()),
    }
}
