//! Counts values that stand for "no measurement", such as 99.99 and -999, as rows are read. Row groups whose statistics
//! rule them out cost nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use parquet::file::statistics::Statistics;
use tape_core::{Columns, Partition, Role, RowReader, Rows, SourceError};

use crate::decode::column_type::ColumnType;
use crate::survey::{SentinelCounts, Survey};

/// The smallest number of occurrences that is reported.
const FEWEST: u64 = 2;

/// Returns the text of a value if surveys write it for "no measurement": only nines, or a large power of ten.
fn sentinel(value: f64, is_single: bool) -> Option<String> {
    if value.abs() < 90.0 || !value.is_finite() {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the column has 32-bit floats")]
    let text = if is_single { format!("{}", value as f32) } else { format!("{value}") };
    let digits = text.trim_start_matches('-');
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let nines = whole.len() >= 2 && whole.bytes().chain(rest.bytes()).all(|digit| digit == b'9');
    let power = whole.len() > 10 && whole.starts_with('1') && whole[1..].bytes().all(|digit| digit == b'0');
    (nines || power).then_some(text)
}

/// A reader that counts sentinels in the rows of another reader.
pub(super) struct Counted<'a> {
    rows: Box<dyn RowReader + 'a>,
    counts: SentinelCounts,
    /// True for values and for errors if they are 32-bit floats.
    is_single: [bool; 2],
}

impl RowReader for Counted<'_> {
    fn read(&mut self, rows: &mut Rows, max_rows: usize) -> Result<usize, SourceError> {
        let from = [rows.flux.len(), rows.error.len()];
        let read = self.rows.read(rows, max_rows)?;
        let mut found: BTreeMap<(bool, String), u64> = BTreeMap::new();
        for (i, values) in [&rows.flux, &rows.error].into_iter().enumerate() {
            for &value in values.get(from[i]..).unwrap_or_default() {
                if let Some(text) = sentinel(value, self.is_single[i]) {
                    *found.entry((i == 1, text)).or_default() += 1;
                }
            }
        }
        if !found.is_empty() {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            found.into_iter().for_each(|(key, n)| *counts.entry(key).or_default() += n);
        }
        Ok(read)
    }
}

impl Survey {
    /// Makes a reader count sentinels, unless the footers of its partition rule them out.
    pub(super) fn counting_sentinels<'a>(
        &self,
        rows: Box<dyn RowReader + 'a>,
        partition: &Partition,
        columns: Columns,
    ) -> Box<dyn RowReader + 'a> {
        let may_hold =
            |row_group: usize| [Role::Flux, Role::Error].into_iter().any(|role| self.extreme(row_group, role));
        if !columns.flux || !partition.pieces.iter().any(|piece| may_hold(piece.row_group)) {
            return rows;
        }
        let is_single = [Role::Flux, Role::Error].map(|role| self.is_single(role));
        Box::new(Counted { rows, counts: Arc::clone(&self.sentinels), is_single })
    }

    fn is_single(&self, role: Role) -> bool {
        self.files[0].role(role).is_some_and(|column| column.leaf.column_type == ColumnType::Float(4))
    }

    /// Checks whether the smallest or largest value of a role in a row group is a sentinel.
    fn extreme(&self, row_group: usize, role: Role) -> bool {
        let (footer, index) = self.footer(row_group);
        if self.played(role).is_some() {
            return false;
        }
        let Some(column) = footer.role(role) else { return false };
        let is_one = |value: Option<f64>, is_single| value.is_some_and(|value| sentinel(value, is_single).is_some());
        match footer.metadata.row_group(index).column(column.leaf.index).statistics() {
            Some(Statistics::Double(range)) => [range.min_opt(), range.max_opt()].map(|v| is_one(v.copied(), false)),
            Some(Statistics::Float(range)) => {
                [range.min_opt(), range.max_opt()].map(|v| is_one(v.map(|&v| f64::from(v)), true))
            }
            _ => [false; 2],
        }
        .contains(&true)
    }

    /// Returns warnings about sentinels that were read since the last call.
    #[must_use]
    pub fn take_sentinel_warnings(&self) -> Vec<String> {
        let counts = std::mem::take(&mut *self.sentinels.lock().unwrap_or_else(PoisonError::into_inner));
        let warning = |role: Role| {
            let own: Vec<_> = counts
                .iter()
                .filter(|((is_error, _), n)| *is_error == (role == Role::Error) && **n >= FEWEST)
                .collect();
            let column = self.column(role).filter(|_| !own.is_empty())?;
            let values: Vec<String> = own.iter().map(|((_, value), n)| format!("{n} values of {value}")).collect();
            let limits: Vec<String> = own
                .iter()
                .map(|((_, value), _)| format!("{column} {} {value}", if value.starts_with('-') { ">" } else { "<" }))
                .collect();
            Some(format!(
                "column '{column}' has {}, which often stand for no measurement: exclude such rows with \
                 the condition {}",
                values.join(" and "),
                limits.join(" AND ")
            ))
        };
        [Role::Flux, Role::Error].into_iter().filter_map(warning).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentinels_are_nines_and_large_powers_of_ten() {
        for value in [99.0, 99.99, -99.99, -999.0, 9999.0, -9999.99, 99.9, 1e20, -1e30] {
            assert!(sentinel(value, false).is_some(), "{value}");
        }
        assert_eq!(sentinel(f64::from(99.99_f32), true).as_deref(), Some("99.99"));
        for value in [0.0, 9.9, 19.99, 98.99, 100.0, 990.0, 1e5, f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(sentinel(value, false), None, "{value}");
        }
    }
}
