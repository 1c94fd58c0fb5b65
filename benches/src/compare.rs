//! Compares two results: they must have the same rows in the same order, and floats within a tolerance.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Float64Type};
use arrow::util::display::array_value_to_string;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::Error;

/// Reads a Parquet file into one table.
///
/// # Errors
/// If the file cannot be read.
pub fn read(path: &Path) -> Result<RecordBatch, Error> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(|error| named(&error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| named(&error))?;
    let schema = builder.schema().clone();
    let batches = builder.build()?.collect::<Result<Vec<_>, _>>().map_err(|error| named(&error))?;
    Ok(concat_batches(&schema, &batches)?)
}

/// Selects columns of a table, in the order of `names`.
///
/// # Errors
/// If a column does not exist.
pub fn select(table: &RecordBatch, names: &[String]) -> Result<RecordBatch, Error> {
    let schema = table.schema();
    let indices = names.iter().map(|name| schema.index_of(name)).collect::<Result<Vec<_>, _>>()?;
    Ok(table.project(&indices)?)
}

/// Describes the first difference between two tables, if any. Floats agree if both are NaN, or within `tolerance`
/// (relative, or absolute below 1). Everything else must be equal.
#[must_use]
pub fn difference(a: &RecordBatch, b: &RecordBatch, tolerance: f64) -> Option<String> {
    let names = |batch: &RecordBatch| {
        let fields = batch.schema();
        fields.fields().iter().map(|field| format!("{}: {}", field.name(), field.data_type())).collect::<Vec<_>>()
    };
    let (columns, other) = (names(a), names(b));
    if columns != other {
        return Some(format!("columns {columns:?} and {other:?}"));
    }
    if a.num_rows() != b.num_rows() {
        return Some(format!("{} and {} rows", a.num_rows(), b.num_rows()));
    }
    let schema = a.schema();
    let pairs = schema.fields().iter().zip(a.columns().iter().zip(b.columns()));
    pairs.into_iter().find_map(|(field, (x, y))| {
        let row = first_difference(x, y, tolerance)?;
        let value = |array| array_value_to_string(array, row).unwrap_or_default();
        Some(format!("column {}, row {row}: {} and {}", field.name(), value(x), value(y)))
    })
}

/// Returns the first row in which two arrays of the same type and length differ.
fn first_difference(a: &dyn Array, b: &dyn Array, tolerance: f64) -> Option<usize> {
    if a.data_type() == &DataType::Float64 {
        let (a, b) = (a.as_primitive::<Float64Type>(), b.as_primitive::<Float64Type>());
        return (0..a.len()).find(|&row| match (a.is_valid(row), b.is_valid(row)) {
            (true, true) => !agree(a.value(row), b.value(row), tolerance),
            (x, y) => x != y,
        });
    }
    if a.to_data() == b.to_data() {
        return None;
    }
    (0..a.len()).find(|&row| a.slice(row, 1).to_data() != b.slice(row, 1).to_data())
}

/// Returns true if two floats agree within `tolerance`, relative, or absolute below 1.
#[must_use]
pub fn agree(a: f64, b: f64, tolerance: f64) -> bool {
    // Without the check for a finite value, an infinite difference would be within an infinite tolerance.
    let is_near = (a - b).is_finite() && (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1.0);
    a == b || (a.is_nan() && b.is_nan()) || is_near
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};

    use super::*;

    fn table(ids: &[i64], bands: &[&str], values: &[Option<f64>]) -> RecordBatch {
        let columns: [(&str, ArrayRef, bool); 3] = [
            ("id", Arc::new(Int64Array::from(ids.to_vec())), true),
            ("band", Arc::new(StringArray::from(bands.to_vec())), true),
            ("stetson_j", Arc::new(Float64Array::from(values.to_vec())), true),
        ];
        RecordBatch::try_from_iter_with_nullable(columns).expect("equal lengths")
    }

    #[test]
    fn equal_within_the_tolerance_is_equal() {
        let a = table(&[1, 1, 2, 2], &["g", "r", "g", "r"], &[Some(1e6), Some(0.0), Some(f64::NAN), None]);
        let b = table(&[1, 1, 2, 2], &["g", "r", "g", "r"], &[Some(1e6 + 5e-7), Some(9e-13), Some(f64::NAN), None]);
        assert_eq!(difference(&a, &b, 1e-12), None);
    }

    #[test]
    fn every_kind_of_difference_is_found() {
        let a = table(&[1, 2], &["g", "r"], &[Some(1.0), None]);
        let differs = |b: &RecordBatch, what: &str| {
            let found = difference(&a, b, 1e-12).unwrap_or_default();
            assert!(found.starts_with(what), "{found}");
        };
        differs(&table(&[1, 3], &["g", "r"], &[Some(1.0), None]), "column id, row 1: 2 and 3");
        differs(&table(&[1, 2], &["u", "r"], &[Some(1.0), None]), "column band, row 0: ");
        differs(&table(&[1, 2], &["g", "r"], &[Some(1.0 + 2e-12), None]), "column stetson_j, row 0: ");
        differs(&table(&[1, 2], &["g", "r"], &[Some(f64::NAN), None]), "column stetson_j, row 0: ");
        differs(&table(&[1, 2], &["g", "r"], &[Some(1.0), Some(0.0)]), "column stetson_j, row 1: ");
        differs(&table(&[1], &["g"], &[Some(1.0)]), "2 and 1 rows");
        differs(&a.project(&[0, 1]).expect("both are there"), "columns ");
    }

    #[test]
    fn an_unselected_column_may_differ_and_a_missing_one_is_an_error() {
        let (a, b) = (table(&[1], &["g"], &[Some(1.0)]), table(&[1], &["g"], &[Some(2.0)]));
        let of = |table, names: &[&str]| select(table, &names.iter().map(|&name| name.into()).collect::<Vec<_>>());
        let (x, y) = (of(&a, &["band", "id"]).expect("both"), of(&b, &["band", "id"]).expect("both"));
        assert_eq!((x.num_columns(), difference(&x, &y, 0.0)), (2, None));
        assert!(of(&a, &["id", "mean"]).is_err());
    }

    #[test]
    fn an_infinity_agrees_only_with_itself() {
        assert!(agree(f64::INFINITY, f64::INFINITY, 1e-12));
        assert!(!agree(f64::INFINITY, f64::NEG_INFINITY, 1e-12));
        assert!(!agree(f64::INFINITY, 1.0, 1e-12));
        assert!(!agree(f64::NAN, 1.0, 1e-12));
    }
}
