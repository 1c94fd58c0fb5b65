//! Filters the rows of a row group by a condition, and computes derived columns.
//!
//! The columns of the condition are read first. If no row matches, the other columns are skipped, where possible by
//! whole pages without decompression. A column that also plays a role is decoded once.

use arrow::array::ArrayRef;
use arrow::buffer::BooleanBuffer;
use parquet::errors::ParquetError;
use tape_core::{Bands, Columns, Ids, Role, Rows};

use crate::decode::column_reader::ColumnReader;
use crate::decode::from_arrow::{append_bands, append_ids, append_numbers};
use crate::decode::keys::convert_keys;
use crate::decode::leaf::{Leaf, RoleColumn};
use crate::expr::PredicateError;
use crate::survey::Survey;
use crate::survey::file_expressions::{FileExpressions, NotDerived};

/// The open columns that expressions need, all at the same row.
pub(crate) struct RowFilter<'a> {
    expressions: &'a FileExpressions,
    /// The columns that the run needs.
    wanted: Columns,
    /// The columns of the leaves that are needed.
    leaves: Vec<Option<ColumnReader>>,
    survey: &'a Survey,
    /// The roles whose columns expressions also use, with the number of integers per unit and the position of the
    /// column.
    roles: Vec<(Role, u32, usize)>,
    /// Number of rows that the other columns still have to skip.
    behind: usize,
}

/// The columns of a batch of rows, and which rows match.
pub(crate) struct FilteredBatch {
    /// True for rows that match the condition.
    pub(crate) keep: BooleanBuffer,
    columns: Vec<Option<ArrayRef>>,
}

/// An error while rows are filtered.
pub(crate) enum FilterError {
    /// A column cannot be read. The number is its position.
    Column(usize, ParquetError),
    /// A table of objects or exposures cannot be read.
    Table(crate::error::Error),
    /// The condition cannot be evaluated, for example because a pattern is too large.
    Condition(PredicateError),
}

impl<'a> RowFilter<'a> {
    pub(crate) fn new(
        expressions: &'a FileExpressions,
        wanted: Columns,
        leaves: Vec<Option<ColumnReader>>,
        survey: &'a Survey,
    ) -> Self {
        Self { expressions, wanted, leaves, survey, roles: vec![], behind: 0 }
    }

    /// Uses a column of an expression for a role, if they are the same column. Returns true if so.
    pub(crate) fn plays(&mut self, role: Role, column: &RoleColumn) -> bool {
        let is_it = |place: &usize| self.leaves[*place].is_some() && self.leaf(*place).index == column.leaf.index;
        let place = (0..self.leaves.len()).find(is_it);
        self.roles.extend(place.map(|place| (role, column.per_unit, place)));
        place.is_some()
    }

    pub(crate) fn leaf(&self, place: usize) -> &Leaf {
        &self.expressions.leaves[place]
    }

    /// Reads `n` rows of the columns, and evaluates the condition.
    pub(crate) fn read(&mut self, n: usize) -> std::result::Result<FilteredBatch, FilterError> {
        let mut columns = Vec::with_capacity(self.leaves.len());
        for (place, leaf) in self.leaves.iter_mut().enumerate() {
            let read = leaf.as_mut().map(|leaf| crate::decode::guard::guarded(|| leaf.read(n))).transpose();
            columns.push(read.map_err(|error| FilterError::Column(place, error))?);
        }
        self.expressions.join(&mut columns, self.wanted, self.survey).map_err(FilterError::Table)?;
        let keep = self.expressions.keep(&columns, n).map_err(FilterError::Condition)?;
        if keep.count_set_bits() == 0 {
            self.behind += n;
        }
        Ok(FilteredBatch { keep, columns })
    }

    /// Returns the number of rows that other columns have to skip, and resets it.
    pub(crate) fn catch_up(&mut self) -> usize {
        std::mem::take(&mut self.behind)
    }

    /// Appends all rows to the columns of roles that expressions also use, and the derived columns.
    pub(crate) fn append(
        &self,
        filtered: &FilteredBatch,
        rows: &mut Rows,
        null_ids: &mut Vec<bool>,
        bands: &Bands,
    ) -> std::result::Result<(), NotDerived> {
        self.expressions.append(self.wanted, &filtered.columns, &filtered.keep, rows, bands)?;
        for &(role, per_unit, place) in &self.roles {
            let Some(column) = &filtered.columns[place] else { continue };
            let numbers = match role {
                Role::Id => {
                    let (first, from) = (rows.ids.len(), self.leaf(place).column_type.id_type());
                    let appended = append_ids(column, &mut rows.ids, null_ids).and_then(|()| match &mut rows.ids {
                        Ids::Int(keys) => convert_keys(&mut keys[first..], null_ids, from, self.survey.id_type()),
                        Ids::Text(_) => Ok(()),
                    });
                    appended.map_err(|error| NotDerived::Column(role, error))?;
                    continue;
                }
                Role::Band => {
                    append_bands(column, &filtered.keep, &mut rows.band, bands)
                        .map_err(|error| NotDerived::Column(role, error))?;
                    continue;
                }
                Role::Time => &mut rows.time,
                Role::Flux => &mut rows.flux,
                Role::Error => &mut rows.error,
            };
            append_numbers(column, per_unit, numbers);
        }
        Ok(())
    }
}
