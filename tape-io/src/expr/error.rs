//! Errors in expressions, with their position.

use std::fmt;

use sqlparser::tokenizer::{Location, Span};

use super::types::Type;

/// An error in an expression. The message shows the expression and underlines the word at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredicateError {
    /// The kind of error.
    pub fault: Box<Fault>,
    /// The expression.
    pub expression: String,
    /// The word at fault, if it is one word.
    pub place: Option<Position>,
}

/// A range of characters in one line of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, counted from 0.
    pub line: usize,
    /// Number of characters before the range in its line.
    pub column: usize,
    /// Number of characters in the range, at least one.
    pub length: usize,
}

/// The kinds of errors in an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// An empty expression.
    #[error("the expression is empty: write a condition such as flux > 0 AND error > 0")]
    Empty,
    /// Invalid syntax.
    #[error("not a valid SQL expression: {reason}")]
    Syntax {
        /// The parser's message: expected and found tokens.
        reason: String,
    },
    /// An expression that is too long or too deeply nested.
    #[error("the expression is too large: {what} is more than {most}")]
    TooLarge {
        /// The quantity that exceeds its limit.
        what: &'static str,
        /// The limit.
        most: usize,
    },
    /// Valid SQL that is not supported here.
    #[error(
        "{what} cannot be used here: use comparisons, arithmetic, AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL and some functions"
    )]
    Unsupported {
        /// The unsupported part.
        what: String,
    },
    /// An unknown column.
    #[error("no column is called '{name}'{}; columns: {}", hint(.nearest.as_ref()), .available.join(", "))]
    NoColumn {
        /// The name.
        name: String,
        /// The column with the most similar name.
        nearest: Option<String>,
        /// All columns.
        available: Vec<String>,
    },
    /// A name that matches several columns, which differ only in case.
    #[error("'{name}' may be any of {}: write the exact name in double quotes", .candidates.join(", "))]
    Ambiguous {
        /// The name.
        name: String,
        /// The columns.
        candidates: Vec<String>,
    },
    /// A column whose type cannot be used in expressions.
    #[error("column '{name}' is {actual}, which cannot be used in expressions")]
    ColumnType {
        /// The column.
        name: String,
        /// A description of the type.
        actual: String,
    },
    /// An unknown function.
    #[error("there is no function '{name}'{}; functions: {}", hint(.nearest.as_ref()), .available.join(", "))]
    NoFunction {
        /// The name.
        name: String,
        /// The function with the most similar name.
        nearest: Option<String>,
        /// All functions.
        available: Vec<String>,
    },
    /// A call with the wrong number of arguments.
    #[error("{name} takes {wanted}, not {actual}")]
    Arguments {
        /// The function.
        name: &'static str,
        /// A description of the arguments that it takes.
        wanted: &'static str,
        /// The number of arguments in the call.
        actual: usize,
    },
    /// A comparison of two types that cannot be compared.
    #[error("{left} and {right} cannot be compared")]
    NotComparable {
        /// The type of the left operand.
        left: Type,
        /// The type of the right operand.
        right: Type,
    },
    /// An operand or argument of the wrong type.
    #[error("this is {actual}, but {place} takes {wanted}")]
    WrongType {
        /// The operator or function.
        place: String,
        /// The type that it takes.
        wanted: &'static str,
        /// The type of the operand.
        actual: Type,
    },
    /// Text that cannot be parsed as a time.
    #[error("'{text}' is not a time: write it as 2021-03-04 or 2021-03-04 05:06:07.89, in UTC")]
    NotATime {
        /// The text.
        text: String,
    },
    /// An expression that is not a condition.
    #[error("the expression is {actual}, not a condition: compare it with something")]
    NotACondition {
        /// The type of the expression.
        actual: Type,
    },
    /// An invalid name for a derived column.
    #[error("no column can be called '{name}': {reason}")]
    Name {
        /// The name.
        name: String,
        /// The reason that it is invalid.
        reason: String,
    },
    /// A derived column with the name of an existing column.
    #[error("a column is already called '{name}': choose another name, and assign the role to that")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A derived column whose type does not suit its role.
    #[error("this is {actual}, but the {role} must be {wanted}")]
    RoleType {
        /// The role.
        role: tape_core::Role,
        /// The type that the role requires.
        wanted: &'static str,
        /// The type of the column.
        actual: Type,
    },
    /// A role assigned to a derived column that does not exist.
    #[error("there is no derived column '{name}'{}: assign it first, or name the {role} column when opening the survey", hint(.nearest.as_ref()))]
    NotDerived {
        /// The name.
        name: String,
        /// The derived column with the most similar name.
        nearest: Option<String>,
        /// The role.
        role: tape_core::Role,
    },
    /// A failed evaluation.
    #[error("the expression cannot be evaluated: {reason}")]
    Evaluation {
        /// The kernel's message.
        reason: String,
    },
}

fn hint(nearest: Option<&String>) -> String {
    nearest.map(|name| format!(" (did you mean '{name}'?)")).unwrap_or_default()
}

impl Fault {
    /// Makes the error of this fault at `span` of an expression.
    pub(super) fn at(self, expression: &str, span: Span) -> PredicateError {
        PredicateError { fault: Box::new(self), expression: expression.to_owned(), place: place(expression, span) }
    }

    /// Makes the error of this fault in an expression as a whole.
    pub(crate) fn of(self, expression: &str) -> PredicateError {
        PredicateError { fault: Box::new(self), expression: expression.to_owned(), place: None }
    }
}

/// Returns the position of `span`. A span of several lines is cut at the end of the first.
fn place(expression: &str, span: Span) -> Option<Position> {
    let zero_based = |n: u64| usize::try_from(n.checked_sub(1)?).ok();
    let Location { line, column } = span.start;
    let (line, column) = (zero_based(line)?, zero_based(column)?);
    let letters = expression.lines().nth(line).map_or(0, |line| line.chars().count());
    let end = if span.end.line == span.start.line { zero_based(span.end.column)? } else { letters };
    Some(Position { line, column, length: end.min(letters).saturating_sub(column).max(1) })
}

impl fmt::Display for PredicateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault)?;
        let line = |n| self.expression.lines().nth(n).map(|line| line.replace(char::is_control, " "));
        match self.place.and_then(|place| Some((place, line(place.line)?))) {
            Some((Position { column, length, .. }, line)) => {
                write!(f, "\n  {line}\n  {}{}", " ".repeat(column), "^".repeat(length))
            }
            None => Ok(()),
        }
    }
}

impl std::error::Error for PredicateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        None
    }
}
