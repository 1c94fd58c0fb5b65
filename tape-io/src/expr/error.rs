//! What is wrong with an expression, and where in it.

use std::fmt;

use sqlparser::tokenizer::{Location, Span};

use super::types::Type;

/// Why an expression is refused: the message shows the expression, with a line under the word that is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredicateError {
    /// What is wrong.
    pub fault: Box<Fault>,
    /// The expression.
    pub expression: String,
    /// The word at fault, if it is one word.
    pub place: Option<Position>,
}

/// Some letters of an expression, all in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line; the first is 0.
    pub line: usize,
    /// Letters before the place in its line.
    pub column: usize,
    /// Letters in it, at least one.
    pub length: usize,
}

/// What can be wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// There is none.
    #[error("the expression is empty: write a condition such as flux > 0 AND error > 0")]
    Empty,
    /// It is no SQL.
    #[error("not an expression of SQL: {reason}")]
    Syntax {
        /// What the parser expected, and what it found.
        reason: String,
    },
    /// It is longer, or nested more deeply, than any that people write.
    #[error("the expression is too large: {what} is more than {most}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// It is SQL, and nothing that can be asked of one row here.
    #[error(
        "{what} cannot be used here: there are comparisons, arithmetic, AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL and some functions"
    )]
    Unsupported {
        /// What it is.
        what: String,
    },
    /// There is no such column.
    #[error("no column is called '{name}'{}; columns: {}", hint(.nearest.as_ref()), .available.join(", "))]
    NoColumn {
        /// The name.
        name: String,
        /// The column most like it.
        nearest: Option<String>,
        /// All columns.
        available: Vec<String>,
    },
    /// Several columns differ from the name in their case alone.
    #[error("'{name}' may be any of {}: write the one that is meant as it is, in double quotes", .candidates.join(", "))]
    Ambiguous {
        /// The name.
        name: String,
        /// The columns.
        candidates: Vec<String>,
    },
    /// A column of a type that no expression knows.
    #[error("column '{name}' is {actual}, which no expression can use")]
    ColumnType {
        /// The column.
        name: String,
        /// What it is.
        actual: String,
    },
    /// There is no such function.
    #[error("there is no function '{name}'{}; functions: {}", hint(.nearest.as_ref()), .available.join(", "))]
    NoFunction {
        /// The name.
        name: String,
        /// The function most like it.
        nearest: Option<String>,
        /// All functions.
        available: Vec<String>,
    },
    /// A function of another number of arguments.
    #[error("{name} takes {wanted}, not {actual}")]
    Arguments {
        /// The function.
        name: &'static str,
        /// What it takes, in words.
        wanted: &'static str,
        /// How many it got.
        actual: usize,
    },
    /// Two sides that have nothing in common.
    #[error("{left} and {right} cannot be compared")]
    NotComparable {
        /// The type of the one.
        left: Type,
        /// The type of the other.
        right: Type,
    },
    /// Something of another type than its place asks for.
    #[error("this is {actual}, and {place} takes {wanted}")]
    WrongType {
        /// What takes it.
        place: String,
        /// What it takes.
        wanted: &'static str,
        /// What it is.
        actual: Type,
    },
    /// Text that is to be a time.
    #[error("'{text}' is no time: write it as 2021-03-04 or 2021-03-04 05:06:07.89, in UTC")]
    NotATime {
        /// The text.
        text: String,
    },
    /// It says nothing that is true or false.
    #[error("the expression is {actual}, not a condition: compare it with something")]
    NotACondition {
        /// What it is.
        actual: Type,
    },
    /// Nothing can be called so.
    #[error("no column can be called '{name}': {reason}")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        reason: String,
    },
    /// A column that is derived has the name of another.
    #[error("a column is called '{name}' already: choose another name, and let that play the role of the other")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A derived column of a type that its role cannot have.
    #[error("this is {actual}, and the {role} is {wanted}")]
    RoleType {
        /// The role.
        role: tape_core::Role,
        /// What columns of it are.
        wanted: &'static str,
        /// What it is.
        actual: Type,
    },
    /// A role that a column which was not derived is to play.
    #[error("no column called '{name}' was derived{}: assign it first, or name the {role} where the survey is opened", hint(.nearest.as_ref()))]
    NotDerived {
        /// The name.
        name: String,
        /// The derived column most like it.
        nearest: Option<String>,
        /// The role.
        role: tape_core::Role,
    },
    /// A kernel refused its columns.
    #[error("it cannot be evaluated: {reason}")]
    Evaluation {
        /// Its words.
        reason: String,
    },
}

fn hint(nearest: Option<&String>) -> String {
    nearest.map(|name| format!(" (did you mean '{name}'?)")).unwrap_or_default()
}

impl Fault {
    /// This fault at `span` of an expression.
    pub(super) fn at(self, expression: &str, span: Span) -> PredicateError {
        PredicateError { fault: Box::new(self), expression: expression.to_owned(), place: place(expression, span) }
    }

    /// This fault of an expression as a whole.
    pub(crate) fn of(self, expression: &str) -> PredicateError {
        PredicateError { fault: Box::new(self), expression: expression.to_owned(), place: None }
    }
}

/// Where `span` lies; what goes on in the next line is taken to the end of its first.
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
