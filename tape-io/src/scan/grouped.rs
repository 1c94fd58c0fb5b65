//! A survey whose light curves are grouped by columns other than the object and the band.
//!
//! Plans use it like any other source, with group numbers as ids. Rows are only moved if the order requires it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use tape_core::{
    Bands, Columns, IdRange, IdRef, IdType, ObjectId, Partition, Role, RowGroup, RowReader, RowUnit, Rows, Source,
    SourceError, nearest,
};

use crate::error::Error;
use crate::survey::Survey;
use crate::survey::tables::{Joined, KeyedTable};

/// Bytes of memory for each row of a table: its group number.
const BYTES_OF_ROW: u64 = 4;

/// A survey whose rows are grouped by columns other than the object and the band.
#[derive(Debug)]
pub struct Grouped {
    survey: Arc<Survey>,
    key: Key,
    /// True if each group has only one band.
    by_band: bool,
    no_bands: Bands,
    row_groups: Vec<RowGroup>,
}

/// The columns that define a group, in addition to the band.
#[derive(Debug)]
enum Key {
    /// The object.
    Object,
    /// These columns of the table of objects. If there are none, all objects are one group.
    Columns { names: Vec<String>, groups: OnceLock<Groups>, reading: Mutex<()> },
}

/// The groups of the objects of a table.
#[derive(Debug)]
struct Groups {
    /// The group of each row of the table.
    of_row: Vec<u32>,
    /// The values of the columns for each group, in order.
    keys: RecordBatch,
}

impl Survey {
    /// Groups the rows by these columns: the id or band column (by its name in the survey, or as `id` and `band`), and
    /// columns of the table of objects. Nothing is read yet.
    ///
    /// # Errors
    /// [`Error::NoGroup`] for an unknown name, [`Error::GroupTwice`] for a repeated one, and [`Error::GroupOfObject`]
    /// for columns of the table together with the id.
    pub fn grouped<S: AsRef<str>>(self: &Arc<Self>, by: &[S]) -> Result<Grouped, Error> {
        let (mut by_object, mut by_band, mut names) = (false, false, vec![]);
        for (i, name) in by.iter().map(AsRef::as_ref).enumerate() {
            if by[..i].iter().any(|other| other.as_ref() == name) {
                return Err(Error::GroupTwice { name: name.to_owned() });
            }
            match self.role_called(name) {
                Some(Role::Id) => by_object = true,
                Some(_) => by_band = true,
                None => names.push(name.to_owned()),
            }
        }
        if !names.is_empty() {
            self.check_groups(&names, by_object)?;
        }
        let key = if by_object {
            Key::Object
        } else {
            Key::Columns { names, groups: OnceLock::new(), reading: Mutex::default() }
        };
        let mut row_groups = self.row_groups().to_vec();
        if !by_object {
            // A row of any group may be anywhere.
            let [min, max] = [0, i64::from(u32::MAX)].map(ObjectId::Int);
            let ids = Some(IdRange { min, max, exact: false });
            row_groups.iter_mut().for_each(|group| (group.ids, group.sorted) = (ids.clone(), false));
        }
        Ok(Grouped { survey: Arc::clone(self), key, by_band, no_bands: Bands::default(), row_groups })
    }

    /// Returns the role of the column with this name, if it is the id or the band.
    fn role_called(&self, name: &str) -> Option<Role> {
        let called = |role: Role, word: &str| {
            let column = self.column(role);
            column == Some(name) || (column.is_some() && (self.title(role) == Some(name) || name == word))
        };
        if called(Role::Id, "id") { Some(Role::Id) } else { called(Role::Band, "band").then_some(Role::Band) }
    }

    /// Checks that these are columns of the table of objects, and that the id is not among the columns to group by.
    fn check_groups(&self, names: &[String], by_object: bool) -> Result<(), Error> {
        let own = [Role::Id, Role::Band].into_iter().filter_map(|role| self.title(role).or_else(|| self.column(role)));
        let mut available: Vec<String> = own.map(str::to_owned).collect();
        let table = self.objects();
        available.extend(table.iter().flat_map(|table| table.columns()));
        let known = |name: &&String| table.is_some_and(|table| table.columns().contains(*name));
        if let Some(name) = names.iter().find(|name| !known(name)) {
            let nearest = nearest(name, &available).map(str::to_owned);
            return Err(Error::NoGroup { name: name.clone(), nearest, available, table: table.is_some() });
        }
        if by_object { Err(Error::GroupOfObject { name: names[0].clone() }) } else { Ok(()) }
    }
}

impl Grouped {
    /// Returns true if each group has only one band.
    #[must_use]
    pub const fn is_by_band(&self) -> bool {
        self.by_band
    }

    /// Describes the columns that define a group.
    #[must_use]
    pub fn in_words(&self) -> String {
        let all = self.names();
        if all.is_empty() { "nothing: all rows are one group".to_owned() } else { all.join(", ") }
    }

    /// Returns the columns by which rows are grouped, as [`Survey::grouped`] takes them.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let band = self.by_band.then(|| self.survey.title(Role::Band).unwrap_or("band").to_owned());
        self.key_columns().into_iter().chain(band).collect()
    }

    /// Returns the columns of the table of objects that replace the id in results, or `None` if results have the id.
    #[must_use]
    pub fn keyed_by(&self) -> Option<&[String]> {
        match &self.key {
            Key::Object => None,
            Key::Columns { names, .. } => Some(names),
        }
    }

    /// Returns the names of the columns that replace the id in results.
    #[must_use]
    pub fn key_columns(&self) -> Vec<String> {
        match &self.key {
            Key::Object => vec![self.survey.title(Role::Id).unwrap_or("id").to_owned()],
            Key::Columns { names, .. } => names.clone(),
        }
    }

    /// Estimates the memory that the groups of objects need, in bytes.
    ///
    /// # Errors
    /// See [`crate::KeyedTable::memory_of`].
    pub fn memory(&self) -> Result<u64, Error> {
        match (&self.key, self.survey.objects()) {
            (Key::Columns { names, .. }, Some(table)) if !names.is_empty() => {
                Ok(table.memory_of(names)?.saturating_add(table.rows().saturating_mul(BYTES_OF_ROW)))
            }
            _ => Ok(0),
        }
    }

    /// Returns the columns that replace the id in results, or `None` if results have the id.
    ///
    /// # Errors
    /// If the table of objects cannot be read.
    pub fn keys(&self) -> Result<Option<Joined<'_>>, Error> {
        Ok(self.groups()?.map(|groups| Joined::in_place_of_ids(groups.keys.clone())))
    }

    fn groups(&self) -> Result<Option<&Groups>, Error> {
        let Key::Columns { names, groups, reading } = &self.key else { return Ok(None) };
        let one_at_a_time = reading.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match groups.get() {
            Some(found) => found,
            None => {
                let read = Groups::read(self.survey.objects(), names)?;
                groups.get_or_init(|| read)
            }
        };
        drop(one_at_a_time);
        Ok(Some(found))
    }
}

impl Joined<'static> {
    /// Returns the columns that replace the id in results, where rows are grouped by these columns of a table of
    /// objects.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub fn of_groups(table: Option<&KeyedTable>, names: &[String]) -> Result<Self, Error> {
        Ok(Self::in_place_of_ids(Groups::read(table, names)?.keys))
    }
}

impl Groups {
    fn read(table: Option<&KeyedTable>, names: &[String]) -> Result<Self, Error> {
        let columns = table.filter(|_| !names.is_empty()).map(|table| table.columns_of(names)).transpose()?;
        let failed = |error: ArrowError| Error::Groups { names: names.join(", "), reason: error.to_string() };
        columns.map_or_else(|| Ok(Self::one()), |columns| Self::of(&columns).map_err(failed))
    }

    /// Groups rows with the same values in all columns, in the order of the columns.
    fn of(columns: &RecordBatch) -> Result<Self, ArrowError> {
        let fields = columns.schema().fields().iter().map(|field| SortField::new(field.data_type().clone())).collect();
        let rows = RowConverter::new(fields)?.convert_columns(columns.columns())?;
        let mut order: Vec<u32> = (0..).take(rows.num_rows()).collect();
        order.sort_by(|&a, &b| rows.row(a as usize).cmp(&rows.row(b as usize)));
        let (mut of_row, mut first) = (vec![0; order.len()], vec![]);
        for (i, &row) in order.iter().enumerate() {
            if i == 0 || rows.row(row as usize) != rows.row(order[i - 1] as usize) {
                first.push(row);
            }
            of_row[row as usize] = u32::try_from(first.len() - 1).unwrap_or(u32::MAX);
        }
        Ok(Self { of_row, keys: take_record_batch(columns, &UInt32Array::from(first))? })
    }

    /// Puts all rows in one group.
    fn one() -> Self {
        Self { of_row: vec![], keys: RecordBatch::new_empty(arrow::datatypes::Schema::empty().into()) }
    }
}

impl Source for Grouped {
    fn id_type(&self) -> IdType {
        if matches!(self.key, Key::Object) { self.survey.id_type() } else { IdType::Int64 }
    }

    fn column(&self, role: Role) -> Option<&str> {
        if role == Role::Band && !self.by_band { None } else { self.survey.column(role) }
    }

    fn title(&self, role: Role) -> Option<&str> {
        if role == Role::Band && !self.by_band { None } else { self.survey.title(role) }
    }

    fn bands(&self) -> &Bands {
        if self.by_band { self.survey.bands() } else { &self.no_bands }
    }

    fn row_groups(&self) -> &[RowGroup] {
        &self.row_groups
    }

    fn describe(&self, row_group: usize) -> String {
        self.survey.describe(row_group)
    }

    fn bytes(&self, row_group: usize, columns: Columns) -> u64 {
        self.survey.bytes(row_group, columns)
    }

    fn row_bytes(&self) -> u64 {
        self.survey.row_bytes()
    }

    fn row_unit(&self) -> RowUnit {
        // A row of a file holds a whole light curve only if rows are grouped by object.
        if matches!(self.key, Key::Object) { self.survey.row_unit() } else { RowUnit::Epoch }
    }

    fn read<'a>(&'a self, partition: &Partition, columns: Columns) -> Result<Box<dyn RowReader + 'a>, SourceError> {
        let rows = self.survey.read(partition, Columns { band: columns.band && self.by_band, ..columns })?;
        let Some(groups) = self.groups()? else { return Ok(rows) };
        let ids =
            if groups.of_row.is_empty() { None } else { self.survey.objects().map(|table| table.ids()).transpose()? };
        let own = Rows::new(self.survey.id_type());
        Ok(Box::new(OfGroups {
            rows,
            own,
            of: move |id: IdRef<'_>| {
                let row = ids.and_then(|ids| ids.place(id));
                row.map_or(0, |row| groups.of_row[row as usize])
            },
        }))
    }
}

/// A reader that replaces the ids of another reader with group numbers.
struct OfGroups<'a, F> {
    rows: Box<dyn RowReader + 'a>,
    own: Rows,
    of: F,
}

impl<F: Fn(IdRef<'_>) -> u32> RowReader for OfGroups<'_, F> {
    fn read(&mut self, rows: &mut Rows, max_rows: usize) -> Result<usize, SourceError> {
        let own = &mut self.own;
        own.clear();
        let read = self.rows.read(own, max_rows)?;
        let mut group = 0;
        for row in 0..own.len() {
            // Rows of an object are mostly consecutive.
            if row == 0 || own.ids.get(row) != own.ids.get(row - 1) {
                group = (self.of)(own.ids.get(row));
            }
            rows.ids.push(IdRef::Int(group.into()))?;
        }
        rows.band.extend_from_slice(&own.band);
        rows.time.extend_from_slice(&own.time);
        rows.flux.extend_from_slice(&own.flux);
        rows.error.extend_from_slice(&own.error);
        rows.null_ids += own.null_ids;
        rows.no_epoch += own.no_epoch;
        rows.excluded += own.excluded;
        Ok(read)
    }
}
