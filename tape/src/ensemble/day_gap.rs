//! Finds the hours without observations.

use tape_core::{Columns, Partition, Piece, Rows, Source};

use super::Ensemble;
use crate::error::Error;

/// Number of rows read at a time.
const ROWS: usize = 1 << 16;
const HOURS: usize = 24;

impl Ensemble {
    /// Returns the middle of the longest run of hours without epochs, as a fraction of a day, or `None` if every hour
    /// has epochs. For a single telescope this is the middle of daylight, and bins of whole days that begin there hold
    /// one night each (`binned_light_curve:offset=…`).
    ///
    /// Reads only the times of all rows that match the conditions.
    ///
    /// # Errors
    /// If the survey has no time, or cannot be read.
    pub fn day_gap(&self) -> Result<Option<f64>, Error> {
        let columns = Columns { time: true, ..Columns::default() };
        let survey = self.survey();
        survey.require(columns)?;
        let groups = survey.row_groups();
        let hours_of = |row_group: usize| {
            let partition = Partition { pieces: vec![Piece { row_group, rows: 0..groups[row_group].rows }] };
            let mut reader = survey.read(&partition, columns)?;
            let (mut rows, mut seen) = (Rows::new(survey.id_type()), [false; HOURS]);
            while reader.read(&mut rows, ROWS)? > 0 {
                rows.time.iter().filter(|time| time.is_finite()).for_each(|&time| seen[hour(time)] = true);
                rows.clear();
            }
            Ok(seen)
        };
        let either = |a: [bool; HOURS], b: [bool; HOURS]| std::array::from_fn(|hour| a[hour] || b[hour]);
        let seen = tape_pool::try_map_reduce(groups.len(), hours_of, || [false; HOURS], either)
            .map_err(|source| Error::Exec(tape_exec::Error::Source(source)))?;
        Ok(middle_of_gap(&seen))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 24")]
fn hour(time: f64) -> usize {
    // A time just before midnight can round up to 24.
    (((time - time.floor()) * HOURS as f64) as usize).min(HOURS - 1)
}

/// Returns the middle of the longest run of hours that were not seen, across midnight, and the first of equal runs.
fn middle_of_gap(seen: &[bool; HOURS]) -> Option<f64> {
    let length = |start: usize| (0..HOURS).take_while(|hour| !seen[(start + hour) % HOURS]).count();
    let begins = |start: &usize| !seen[*start] && seen[(start + HOURS - 1) % HOURS];
    let longest = (0..HOURS).filter(begins).max_by_key(|&start| (length(start), HOURS - start))?;
    Some((tape_core::count(2 * longest + length(longest)) / 2.0 / HOURS as f64).fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(hours: &[usize]) -> Option<f64> {
        middle_of_gap(&std::array::from_fn(|hour| hours.contains(&hour)))
    }

    #[test]
    fn the_gap_goes_around_the_clock() {
        assert_eq!(of(&[0, 1, 2, 3, 20, 21, 22, 23]), Some(0.5));
        assert_eq!(of(&[4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]), Some(0.0));
        assert_eq!(of(&(1..13).collect::<Vec<_>>()), Some(19.0 / 24.0));
        // The first of two equal runs is returned.
        assert_eq!(of(&[0, 12]), Some(6.5 / 24.0));
    }

    #[test]
    fn without_a_gap_or_without_epochs_there_is_none() {
        assert_eq!(of(&(0..24).collect::<Vec<_>>()), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn hours_are_those_of_any_day() {
        assert_eq!([0.0, 59_000.5, -0.25, -1e-17, f64::MAX].map(hour), [0, 12, 18, 23, 0]);
    }
}
