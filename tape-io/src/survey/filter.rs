//! Conditions on the rows of a survey.

use crate::error::Error;
use crate::survey::Survey;
use crate::survey::file_expressions::parse;

impl Survey {
    /// Keeps only the rows for which an SQL condition is true, such as `flux > 0 AND error > 0`. Row groups without
    /// such rows, according to the statistics in their footers, are not read. Other rows are read, counted and dropped.
    /// If it is called twice, both conditions must be true. See [`crate::expr`] for the syntax.
    ///
    /// # Errors
    /// [`Error::Condition`] if the condition is not valid, or a file lacks one of its columns or has it with another
    /// type.
    pub fn filtered(mut self, condition: &str) -> Result<Self, Error> {
        self.expressions.condition = Some(match self.filter() {
            Some(before) => {
                // Parsed by itself first: joined with AND, text that is not a condition could pass.
                parse(condition)?;
                format!("({before}\n) AND ({condition}\n)")
            }
            None => condition.to_owned(),
        });
        self.bound()
    }

    /// Returns the condition on rows, if there is one.
    #[must_use]
    pub fn filter(&self) -> Option<&str> {
        self.expressions.condition.as_deref()
    }

    /// Returns the columns that the condition uses, by their names in the first file.
    pub fn filter_columns(&self) -> impl Iterator<Item = &str> {
        let first = self.expressions.files.first();
        first.into_iter().flat_map(|file| file.of_condition().iter().map(|&place| file.name_at(place)))
    }

    /// Returns the number of row groups that are skipped, because none of their rows can match the condition.
    #[must_use]
    pub fn row_groups_skipped(&self) -> usize {
        self.expressions.skipped.iter().filter(|&&skipped| skipped).count()
    }
}
