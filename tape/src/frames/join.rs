//! Joins of frames, with each other or with the object table.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use arrow::row::{OwnedRow, RowConverter, SortField};

use super::Frames;
use super::frame::{Frame, Made};
use crate::batch::{beside, check_names};
use crate::ensemble::Ensemble;
use crate::error::{Error, FrameError};
use crate::query::Query;

impl Frames {
    /// Appends the columns of frame `right` to those of `left`, as frame `label`. Rows are matched by object, and by
    /// band if both frames have one row per band. All rows of `left` are kept in order, with nulls for rows that
    /// `right` lacks. A column whose name exists in `left` is called `NAME_RIGHT`, after the frame.
    ///
    /// # Errors
    /// As [`Frames::frame`] and [`Frame::table`], and if `label` is taken or invalid, the types of the ids differ, or
    /// `right` has several rows for an object.
    pub fn join(&mut self, left: &str, right: &str, label: &str) -> Result<(), Error> {
        self.check_free(label)?;
        let (a, b) = (&self.all[self.place(left, "join")?].1, &self.all[self.place(right, "join")?].1);
        let refused = |reason: String| FrameError::Join { left: left.to_owned(), right: right.to_owned(), reason };
        let keys: Vec<&str> =
            b.keys.iter().map(String::as_str).filter(|key| a.keys.iter().any(|own| own == key)).collect();
        if a.keys.is_empty() || keys.is_empty() || keys.len() < b.keys.len() {
            return Err(
                refused("it has no column of ids that both have, or several rows for an object".to_owned()).into()
            );
        }
        let (table, other) = (a.table()?, b.table()?);
        let rows = places(&table, &other, &keys).map_err(refused)?;
        let joined = behind(&table, &other, &keys, &rows, right).map_err(|error| Error::Results(error.into()))?;
        check_names(&joined.schema())?;
        let (origins, keys) = ([a.origins.as_slice(), &b.origins].concat(), a.keys.clone());
        self.put(label, Frame::of(joined, Made::Joined, origins, keys));
        Ok(())
    }

    /// Appends columns of the ensemble's object table to those of a frame, as frame `label`.
    ///
    /// # Errors
    /// As [`Frames::join`], and if the ensemble has no object table, or the table lacks a column.
    pub fn join_objects(
        &mut self,
        frame: &str,
        ensemble: &Ensemble,
        columns: &[String],
        label: &str,
    ) -> Result<(), Error> {
        self.check_free(label)?;
        let from = &self.all[self.place(frame, "join")?].1;
        let what = || format!("columns {}", columns.join(", "));
        let objects = ensemble
            .survey()
            .objects()
            .ok_or_else(|| tape_io::Error::NoTable { kind: tape_core::TableKind::Objects, what: what() })?;
        let known = objects.joined(columns)?;
        let table = from.table()?;
        let joined = beside(Some(&known), table)?;
        let asked = ensemble.provenance();
        let mut origins = from.origins.clone();
        origins.extend(from.origins.first().cloned().map(|mut origin| {
            origin.query = Query { objects: asked.query.objects, joined: columns.to_vec(), ..origin.query };
            origin.stamps.objects = asked.stamps.objects;
            origin
        }));
        let keys = from.keys.clone();
        self.put(label, Frame::of(joined, Made::Joined, origins, keys));
        Ok(())
    }
}

/// Returns the key columns of a table.
fn keys_of(table: &RecordBatch, keys: &[&str]) -> Option<Vec<ArrayRef>> {
    keys.iter().map(|key| table.column_by_name(key).cloned()).collect()
}

/// Returns, for each row of a table, the row of the other with the same keys.
fn places(table: &RecordBatch, other: &RecordBatch, keys: &[&str]) -> Result<UInt32Array, String> {
    let missing = || format!("one of them lacks the column {}", keys.join(" or "));
    let (ours, theirs) = (keys_of(table, keys).ok_or_else(missing)?, keys_of(other, keys).ok_or_else(missing)?);
    for ((a, b), key) in ours.iter().zip(&theirs).zip(keys) {
        if a.data_type() != b.data_type() {
            return Err(format!("column {key} is {} here and {} there", a.data_type(), b.data_type()));
        }
    }
    let words = |error: ArrowError| error.to_string();
    let fields = ours.iter().map(|column| SortField::new(column.data_type().clone())).collect();
    let converter = RowConverter::new(fields).map_err(words)?;
    let theirs = converter.convert_columns(&theirs).map_err(words)?;
    let mut found: HashMap<OwnedRow, u32> = HashMap::with_capacity(theirs.num_rows());
    for (row, place) in theirs.iter().zip(0..) {
        match found.entry(row.owned()) {
            Entry::Vacant(free) => drop(free.insert(place)),
            Entry::Occupied(_) => return Err("it has several rows for an object".to_owned()),
        }
    }
    let ours = converter.convert_columns(&ours).map_err(words)?;
    Ok(ours.iter().map(|row| found.get(&row.owned()).copied()).collect())
}

/// Appends the non-key columns of another table, taken from these rows of it.
fn behind(
    table: &RecordBatch,
    other: &RecordBatch,
    keys: &[&str],
    rows: &UInt32Array,
    right: &str,
) -> Result<RecordBatch, ArrowError> {
    let schema = table.schema();
    let mut fields: Vec<Field> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    let mut columns = table.columns().to_vec();
    let theirs = other.schema();
    for (field, column) in theirs.fields().iter().zip(other.columns()) {
        if keys.contains(&field.name().as_str()) {
            continue;
        }
        let is_taken = schema.column_with_name(field.name()).is_some();
        let name = if is_taken { format!("{}_{right}", field.name()) } else { field.name().clone() };
        fields.push(Field::new(name, field.data_type().clone(), true));
        columns.push(take(column, rows, None)?);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}
