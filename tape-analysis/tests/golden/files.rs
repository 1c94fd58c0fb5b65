//! Reads epochs and values from files.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::shared;

/// Object and band.
pub(crate) type Key = (i64, String);

/// (time, flux, error) of each epoch, in the order of the file.
pub(crate) type Epochs = Vec<[f64; 3]>;

/// A file of epochs: its path, and the names of id, time, flux, error and band.
pub(crate) struct Survey {
    pub(crate) path: &'static str,
    pub(crate) columns: [&'static str; 5],
}

impl Survey {
    pub(crate) fn read(&self) -> Result<BTreeMap<Key, Epochs>, Box<dyn Error>> {
        let columns = read_parquet(self.path, &self.columns)?;
        let (ids, bands) = (integers(&columns[0])?, strings(&columns[4])?);
        let [time, flux, error] = [floats(&columns[1])?, floats(&columns[2])?, floats(&columns[3])?];
        let mut light_curves: BTreeMap<Key, Epochs> = BTreeMap::new();
        for (i, key) in ids.into_iter().zip(bands).enumerate() {
            light_curves.entry(key).or_default().push([time[i], flux[i], error[i]]);
        }
        Ok(light_curves)
    }
}

/// Reads a CSV file with rows of id, band, n, value.
pub(crate) fn read_csv(path: &str) -> Result<BTreeMap<Key, f64>, Box<dyn Error>> {
    let text = fs::read_to_string(shared(path))?;
    let rows = text.lines().skip(1).map(|line| {
        let [id, band, _, value] = line.split(',').collect::<Vec<_>>()[..] else { return Err(line.into()) };
        Ok(((id.parse()?, band.to_owned()), value.parse()?))
    });
    rows.collect()
}

/// Returns the column names of a Parquet file.
pub(crate) fn columns_of(path: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(shared(path))?)?;
    Ok(reader.schema().fields().iter().map(|field| field.name().clone()).collect())
}

/// Reads whole columns of a Parquet file.
pub(crate) fn read_parquet(path: &str, names: &[&str]) -> Result<Vec<ArrayRef>, Box<dyn Error>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(shared(path))?)?.build()?;
    let batches = reader.collect::<Result<Vec<_>, _>>()?;
    let column = |name: &&str| {
        let parts: Option<Vec<&dyn Array>> = batches.iter().map(|batch| Some(&**batch.column_by_name(name)?)).collect();
        Ok(concat(&parts.ok_or_else(|| format!("{path} has no column {name}"))?)?)
    };
    names.iter().map(column).collect()
}

pub(crate) fn integers(column: &ArrayRef) -> Result<Vec<i64>, Box<dyn Error>> {
    Ok(cast(column, &DataType::Int64)?.as_primitive::<Int64Type>().values().to_vec())
}

/// Converts a column to floats, with NaN for null.
pub(crate) fn floats(column: &ArrayRef) -> Result<Vec<f64>, Box<dyn Error>> {
    let column = cast(column, &DataType::Float64)?;
    Ok(column.as_primitive::<Float64Type>().iter().map(|value| value.unwrap_or(f64::NAN)).collect())
}

pub(crate) fn strings(column: &ArrayRef) -> Result<Vec<String>, Box<dyn Error>> {
    let column = cast(column, &DataType::Utf8)?;
    Ok(column.as_string::<i32>().iter().map(|value| value.unwrap_or_default().to_owned()).collect())
}
