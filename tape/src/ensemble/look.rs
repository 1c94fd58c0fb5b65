//! Inspects a survey: its first and last epochs, a light curve, its columns and the order of its rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};
use tape_core::{Columns, NO_BAND, ObjectId, Partition, Piece, Role, Rows, Source};
use tape_exec::{Layout, row_groups};

use super::Ensemble;
use super::time_series::TimeSeries;
use crate::error::Error;

/// Number of rows read at a time.
const ROWS: usize = 16 * 1024;

/// A column and its role, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnInfo {
    /// Name of the column, as used in conditions.
    pub name: String,
    /// Role of the column.
    pub role: Option<Role>,
    /// Type of a column with a role, or the expression that a derived column is computed from.
    pub kind: Option<String>,
}

impl Ensemble {
    /// Returns the first selected epochs, in the order of the files, with the columns of the roles. Time, flux and
    /// error have the values that statistics use. Reads no more than needed.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let out = folder.path().join("survey");
    /// # tape::simulate::Simulation { objects: 20, files: 2, ..Default::default() }.write(&out)?;
    /// # let ensemble = tape::Ensemble::open(out.to_str().unwrap())?;
    /// let first = ensemble.head(5)?;
    /// assert_eq!((first.num_rows(), first.schema().field(1).name().as_str()), (5, "mjd"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn head(&self, n: usize) -> Result<RecordBatch, Error> {
        let mut found = Rows::new(self.survey.id_type());
        for (row_group, group) in self.survey.row_groups().iter().enumerate() {
            if found.len() >= n {
                break;
            }
            self.read(Piece { row_group, rows: 0..group.rows }, n, &mut found)?;
        }
        self.table(&found.filtered(|row| row < n))
    }

    /// Returns the last epochs, in the order of the files, otherwise like [`Ensemble::head`].
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn tail(&self, n: usize) -> Result<RecordBatch, Error> {
        let mut found = Rows::new(self.survey.id_type());
        for (row_group, group) in self.survey.row_groups().iter().enumerate().rev() {
            let mut end = group.rows;
            // The step grows until enough rows match the conditions.
            let mut step = (n as u64).max(1);
            while end > 0 && found.len() < n {
                let start = end.saturating_sub(step);
                let mut before = found.new_like();
                self.read(Piece { row_group, rows: start..end }, usize::MAX, &mut before)?;
                before.extend_from(&found, 0..found.len());
                (found, end, step) = (before, start, step.saturating_mul(8));
            }
            if found.len() >= n {
                break;
            }
        }
        let passed = found.len().saturating_sub(n);
        self.table(&found.filtered(|row| row >= passed))
    }

    /// Returns the light curve of a random object. The same `seed` gives the same object on every machine. A random
    /// epoch is drawn, so objects with many epochs are more likely than objects with few.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn random_light_curve(&self, seed: u64) -> Result<Option<(ObjectId, TimeSeries)>, Error> {
        let groups = self.survey.row_groups();
        let all: u64 = groups.iter().map(|group| group.rows).sum();
        // Epochs that conditions or selections exclude are drawn again.
        for draw in 0..1000_u64 {
            let mut place = drawn(seed ^ draw << 32) % all.max(1);
            let Some(row_group) = groups.iter().position(|group| {
                let within = place < group.rows;
                if !within {
                    place -= group.rows;
                }
                within
            }) else {
                return Ok(None);
            };
            let mut found = Rows::new(self.survey.id_type());
            self.read(Piece { row_group, rows: place..place + 1 }, 1, &mut found)?;
            if !found.is_empty() {
                let id = found.ids.get(0).to_owned(self.survey.id_type());
                return Ok(self.time_series(id.clone())?.map(|series| (id, series)));
            }
        }
        Ok(None)
    }

    /// Returns all columns with their roles.
    #[must_use]
    pub fn columns(&self) -> Vec<ColumnInfo> {
        let role = |name: &str| Role::ALL.into_iter().find(|role| self.survey.column(*role) == Some(name));
        let info = |name: String| {
            let role = role(&name);
            ColumnInfo { kind: role.and_then(|role| self.survey.type_of(role)), name, role }
        };
        let derived = self.survey.derived().map(|derived| {
            let role = role(derived.name());
            ColumnInfo { name: derived.name().to_owned(), role, kind: Some(format!("derived: {derived}")) }
        });
        self.survey.available().into_iter().map(info).chain(derived).collect()
    }

    /// Returns the layout of the row groups according to the footers: whether they split light curves
    /// ([`Layout::cohesion`]), whether rows are sorted by id ([`Layout::sorted`]), and the evidence
    /// ([`Layout::evidence`]).
    #[must_use]
    pub fn layout(&self) -> Layout {
        Layout::from_footers(self.survey(), row_groups(self.survey()))
    }

    /// Returns whether rows are sorted by id, if the footers say so.
    #[must_use]
    pub fn is_sorted(&self) -> Option<bool> {
        self.layout().sorted
    }

    /// Reads up to `most` rows of a piece and appends them.
    fn read(&self, piece: Piece, most: usize, to: &mut Rows) -> Result<(), Error> {
        let [_, time, flux, error, band] = Role::ALL.map(|role| self.survey.column(role).is_some());
        let unread = |source| Error::from_task(tape_exec::Error::Source(source));
        let partition = Partition { pieces: vec![piece] };
        let mut reader = self.survey.read(&partition, Columns { time, flux, error, band }).map_err(unread)?;
        while to.len() < most && reader.read(to, ROWS.min(most)).map_err(unread)? > 0 {}
        Ok(())
    }

    /// Converts rows to a table.
    fn table(&self, rows: &Rows) -> Result<RecordBatch, Error> {
        let labels = self.survey.bands().labels();
        let label = |code: &u8| (*code != NO_BAND).then(|| labels[usize::from(*code)].as_str());
        let numbers = |values: &[f64]| -> ArrayRef {
            Arc::new(values.iter().map(|value| Some(*value).filter(|value| !value.is_nan())).collect::<Float64Array>())
        };
        let mut columns: Vec<(Field, ArrayRef)> = vec![];
        for role in Role::ALL {
            let Some(name) = self.survey.title(role).filter(|_| self.survey.column(role).is_some()) else { continue };
            let values = match role {
                Role::Id => rows.ids.to_array(self.survey.id_type()),
                Role::Time => numbers(&rows.time),
                Role::Flux => numbers(&rows.flux),
                Role::Error => numbers(&rows.error),
                Role::Band => Arc::new(rows.band.iter().map(label).collect::<StringArray>()),
            };
            columns.push((Field::new(name, values.data_type().clone(), role != Role::Id), values));
        }
        let (fields, values): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let table = RecordBatch::try_new(Arc::new(Schema::new(fields)), values);
        table.map_err(|error| Error::Results(error.into()))
    }
}

impl TimeSeries {
    /// Returns the epochs as a table: time, flux, error and, if there are several, the band.
    ///
    /// # Errors
    /// If Arrow rejects the columns, which does not happen for columns of equal length.
    pub fn table(&self) -> Result<RecordBatch, Error> {
        let (mut time, mut flux, mut error, mut band) = (vec![], vec![], vec![], vec![]);
        for light_curve in self.light_curves() {
            time.extend_from_slice(light_curve.time());
            flux.extend_from_slice(light_curve.flux());
            error.extend_from_slice(light_curve.error());
            band.extend(std::iter::repeat_n(light_curve.band().to_owned(), light_curve.len()));
        }
        let n = flux.len();
        let numbers = |values: Vec<f64>| -> Option<ArrayRef> {
            (values.len() == n).then(|| Arc::new(Float64Array::from(values)) as ArrayRef)
        };
        let band = band.iter().any(|label| !label.is_empty()).then(|| Arc::new(StringArray::from(band)) as ArrayRef);
        let columns = [("time", numbers(time)), ("flux", numbers(flux)), ("error", numbers(error)), ("band", band)];
        let columns = columns.into_iter().filter_map(|(name, values)| Some((name, values?)));
        RecordBatch::try_from_iter(columns).map_err(|error| Error::Results(error.into()))
    }
}

/// Hashes a seed with splitmix64 (Steele, Lea & Flood 2014, doi:10.1145/2714064.2660195).
const fn drawn(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
