//! The rows of a survey for which a condition is true, and row groups in which there can be none.

use tape_core::Role;

use crate::error::Error;
use crate::footer::{Footer, check_counts};
use crate::leaf::{Leaf, columns, leaf, possible};
use crate::predicate::{Expression, Possible, Predicate};
use crate::survey::Survey;

/// A condition on the rows of a survey.
#[derive(Debug)]
pub(crate) struct Filter {
    /// As it was written.
    text: String,
    /// Of each file: what a column is may differ.
    files: Vec<FileFilter>,
    /// Of each row group, whether it can have no row for which it is true.
    skipped: Vec<bool>,
}

/// The condition on the rows of one file.
#[derive(Debug)]
pub(crate) struct FileFilter {
    pub(crate) predicate: Predicate,
    /// The columns that it needs, in its order.
    pub(crate) leaves: Vec<Leaf>,
}

impl Survey {
    /// The rows of this survey for which a condition of SQL is true, such as `flux > 0 AND error > 0`: others are read
    /// where they must be, counted, and seen by nobody. Row groups in which there can be none, by the statistics in their
    /// footers, are not read at all. A second condition is one more that must hold. What conditions there are:
    /// [`crate::predicate`].
    ///
    /// # Errors
    /// [`Error::Condition`] if it is none, or if a file has not the columns that it names, or in other types.
    pub fn filtered(mut self, condition: &str) -> Result<Self, Error> {
        let text = match &self.filter {
            // Alone it must be a condition, too.
            Some(filter) => {
                parse(condition)?;
                format!("({}\n) AND ({condition}\n)", filter.text)
            }
            None => condition.to_owned(),
        };
        let parsed = parse(&text)?;
        let files = self.files.iter().map(|footer| FileFilter::of(&parsed, footer)).collect::<Result<Vec<_>, _>>()?;
        let skips = |(footer, filter): (&Footer, &FileFilter)| -> Vec<bool> {
            let groups = footer.metadata.row_groups().iter();
            let may_hold = groups.map(|group| {
                let chunks = filter.leaves.iter().map(|leaf| possible(leaf, group.column(leaf.index)));
                filter.predicate.may_hold(&chunks.collect::<Vec<Possible>>())
            });
            may_hold.map(|may_hold| !may_hold).collect()
        };
        let skipped = self.files.iter().zip(&files).flat_map(skips).collect();
        self.filter = Some(Filter { text, files, skipped });
        Ok(self)
    }

    /// The condition on rows, if there is one.
    #[must_use]
    pub fn filter(&self) -> Option<&str> {
        self.filter.as_ref().map(|filter| filter.text.as_str())
    }

    /// The columns that the condition asks for, by their names in the first file; none without one.
    pub fn filter_columns(&self) -> impl Iterator<Item = &str> {
        let first = self.filter.iter().filter_map(|filter| filter.files.first());
        first.flat_map(|file| &file.leaves).map(|leaf| leaf.name.as_str())
    }

    /// How many row groups are not read, because none of their rows can meet the condition.
    #[must_use]
    pub fn row_groups_skipped(&self) -> usize {
        self.filter.as_ref().map_or(0, |filter| filter.skipped.iter().filter(|&&skipped| skipped).count())
    }

    /// Whether a row group is not read.
    pub(crate) fn skips(&self, row_group: usize) -> bool {
        self.filter.as_ref().is_some_and(|filter| filter.skipped[row_group])
    }

    /// The condition on the rows of a row group.
    pub(crate) fn filter_of(&self, row_group: usize) -> Option<&FileFilter> {
        self.filter.as_ref().map(|filter| &filter.files[self.row_groups[row_group].file])
    }
}

fn parse(text: &str) -> Result<Expression, Error> {
    Expression::parse(text).map_err(|source| Error::Condition { path: None, source })
}

impl FileFilter {
    fn of(parsed: &Expression, footer: &Footer) -> Result<Self, Error> {
        let path = &footer.path;
        let flux = footer.role(Role::Flux).filter(|flux| flux.is_nested()).map(|flux| flux.index);
        let schema = footer.metadata.file_metadata().schema_descr();
        let bound = parsed.bind_condition(&columns(schema, flux));
        let predicate = bound.map_err(|source| Error::Condition { path: Some(path.clone()), source })?;
        let leaves: Vec<Leaf> =
            predicate.columns().iter().filter_map(|&index| leaf(schema, index, flux.is_some())).collect();
        for leaf in &leaves {
            check_counts(&footer.metadata, leaf.index, leaf.depth.repetition > 0)
                .map_err(|reason| Error::NotParquet { path: path.clone(), reason })?;
        }
        Ok(Self { predicate, leaves })
    }
}
