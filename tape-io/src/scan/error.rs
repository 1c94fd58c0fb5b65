//! Errors of reading a row group.

use parquet::errors::ParquetError;
use tape_core::Role;

use crate::error::Error;
use crate::expr::PredicateError;
use crate::survey::file_expressions::NotDerived;

/// An error of reading a row group, with the column where it occurred.
pub(crate) enum ScanError {
    Column(Role, ParquetError),
    /// The lists of two columns have different lengths in this row of the row group.
    Unequal([Role; 2], u64),
    /// Like [`ScanError::Unequal`], for a column that a condition uses.
    UnequalLeaf(Role, String, u64),
    /// A column that a condition uses cannot be read.
    Leaf(String, ParquetError),
    /// The table of objects cannot be read.
    Table(Box<Error>),
    /// An expression cannot be evaluated.
    Condition(PredicateError),
}

impl From<NotDerived> for ScanError {
    fn from(error: NotDerived) -> Self {
        match error {
            NotDerived::Expression(error) => Self::Condition(error),
            NotDerived::Column(role, error) => Self::Column(role, error),
        }
    }
}
