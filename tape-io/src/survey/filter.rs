//! The rows of a survey for which a condition is true.

use crate::error::Error;
use crate::survey::Survey;
use crate::survey::file_expressions::parse;

impl Survey {
    /// The rows of this survey for which a condition of SQL is true, such as `flux > 0 AND error > 0`: others are read
    /// where they must be, counted, and seen by nobody. Row groups in which there can be none, by the statistics in their
    /// footers, are not read at all. A second condition is one more that must hold. What conditions there are:
    /// [`crate::expr`].
    ///
    /// # Errors
    /// [`Error::Condition`] if it is none, or if a file has not the columns that it names, or in other types.
    pub fn filtered(mut self, condition: &str) -> Result<Self, Error> {
        self.expressions.condition = Some(match self.filter() {
            Some(before) => {
                // Alone it must be a condition, too.
                parse(condition)?;
                format!("({before}\n) AND ({condition}\n)")
            }
            None => condition.to_owned(),
        });
        self.bound()
    }

    /// The condition on rows, if there is one.
    #[must_use]
    pub fn filter(&self) -> Option<&str> {
        self.expressions.condition.as_deref()
    }

    /// The columns that the condition asks for, by their names in the first file; none without one.
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
