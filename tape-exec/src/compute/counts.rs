//! Counts of results, and of missing results.

use std::ops::AddAssign;

use tape_core::{NO_BAND, Results, Statistic, Value};

/// Numbers of results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Number of rows in the results.
    pub rows: u64,
    /// Number of light curves computed.
    pub light_curves: u64,
    /// Number of objects whose bands were compared.
    pub objects: u64,
    /// Number of epochs in the light curves. 0 for a statistic with many rows for each light curve.
    pub epochs: u64,
    /// Number of light curves or objects without a result, for each statistic. Empty if there were no results.
    pub too_few: Vec<u64>,
}

impl Counts {
    /// Counts the rows and missing values of `results`.
    pub(crate) fn of(statistics: &[Statistic], results: &Results) -> Self {
        if let [statistic] = statistics
            && statistic.has_many_rows()
        {
            return Self::of_many_rows(results);
        }
        let objects = results.band.iter().filter(|band| **band == NO_BAND).count() as u64;
        let mut rest = &results.values[..];
        let too_few = statistics.iter().map(|statistic| {
            let (columns, others) = rest.split_at(statistic.info().outputs.len());
            rest = others;
            let own = |row: &usize| (results.band[*row] == NO_BAND) == statistic.is_of_objects();
            let none = |row: &usize| columns.iter().all(|column| column[*row] == Value::Null);
            (0..results.len()).filter(own).filter(none).count() as u64
        });
        let too_few = too_few.collect();
        let light_curves = results.len() as u64 - objects;
        // The row of an object has the epochs of all its light curves, which must not count twice.
        let own = |(_, band): &(&u64, &u8)| (**band == NO_BAND) == (light_curves == 0);
        let epochs = results.n_obs.iter().zip(&results.band).filter(own).map(|(n_obs, _)| n_obs).sum();
        Self { rows: results.len() as u64, too_few, light_curves, objects, epochs }
    }

    /// Counts the results of a statistic with any number of rows for each light curve.
    fn of_many_rows(results: &Results) -> Self {
        let same =
            |row: usize| results.band[row] == results.band[row - 1] && results.ids.get(row) == results.ids.get(row - 1);
        let with = (0..results.len()).filter(|&row| row == 0 || !same(row)).count() as u64;
        let mut counts = Self::without_rows(results.without_rows);
        counts.light_curves += with;
        counts.rows = results.len() as u64;
        counts
    }

    /// Counts `light_curves` light curves without a row.
    #[must_use]
    pub fn without_rows(light_curves: u64) -> Self {
        Self { light_curves, too_few: vec![light_curves], ..Self::default() }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.light_curves += other.light_curves;
        self.objects += other.objects;
        self.epochs += other.epochs;
        let length = self.too_few.len().max(other.too_few.len());
        self.too_few.resize(length, 0);
        self.too_few.iter_mut().zip(other.too_few).for_each(|(sum, more)| *sum += more);
    }
}
