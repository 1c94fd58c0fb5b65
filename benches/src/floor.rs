//! The floor: the time that the `parquet` crate needs to decode the columns of a statistic of flux and error.
//!
//! A run over a survey cannot be faster, unless it reads less or has a faster decoder.

use std::fs::{self, File};
use std::hint::black_box;
use std::path::{Path, PathBuf};

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use rayon::prelude::*;

use crate::Error;

/// Columns of a simulated survey, without the time, which Stetson J does not need.
pub const COLUMNS: [&str; 4] = ["id", "flux", "error", "band"];
/// Number of rows decoded at once.
pub const BATCH_ROWS: usize = 65_536;

/// Decodes `columns` of all row groups of the files in `paths`, with one row group at a time on each of `workers`
/// threads. Returns the number of rows.
///
/// # Errors
/// If a file cannot be read or lacks a column, or if there are no files.
pub fn floor(paths: &[PathBuf], columns: &[&str], workers: usize) -> Result<usize, Error> {
    let mut tasks = vec![];
    for path in files(paths)? {
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let file = File::open(&path).map_err(|error| named(&error))?;
        let footer = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default()).map_err(|error| named(&error))?;
        for column in columns {
            footer.schema().index_of(column).map_err(|error| named(&error))?;
        }
        let groups = footer.metadata().num_row_groups();
        tasks.extend((0..groups).map(|group| (path.clone(), footer.clone(), group)));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(workers).build()?;
    pool.install(|| tasks.into_par_iter().map(|(path, footer, group)| decode(&path, footer, group, columns)).sum())
}

fn decode(path: &Path, footer: ArrowReaderMetadata, group: usize, columns: &[&str]) -> Result<usize, Error> {
    let mask = ProjectionMask::columns(footer.parquet_schema(), columns.iter().copied());
    // Opened again, because clones of a handle share its position.
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(path)?, footer)
        .with_projection(mask)
        .with_row_groups(vec![group])
        .with_batch_size(BATCH_ROWS)
        .build()?;
    let mut rows = 0;
    for batch in reader {
        rows += black_box(batch.map_err(|error| format!("{}: {error}", path.display()))?).num_rows();
    }
    Ok(rows)
}

/// Lists the Parquet files in folders and the given files. Skips files that are marked as not data.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let is_data = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".parquet") && !name.starts_with(['_', '.'])
    };
    let mut files = vec![];
    for path in paths {
        if path.is_dir() {
            let entries: Vec<PathBuf> =
                fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
            files.extend(entries.into_iter().filter(is_data));
        } else {
            files.push(path.clone());
        }
    }
    files.sort();
    if files.is_empty() { Err("no Parquet files found".into()) } else { Ok(files) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    use super::*;

    fn write(path: &Path, rows: i64) {
        let flux: ArrayRef = Arc::new(Float64Array::from_iter_values((0..rows).map(|_| 1.0)));
        let columns: [(&str, ArrayRef); 4] = [
            ("id", Arc::new(Int64Array::from_iter_values(0..rows))),
            ("flux", Arc::clone(&flux)),
            ("error", flux),
            ("band", Arc::new(StringArray::from_iter_values((0..rows).map(|_| "r")))),
        ];
        let batch = RecordBatch::try_from_iter(columns).expect("equal lengths");
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(10)).build();
        let file = File::create(path).expect("can be made");
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("can be written");
        writer.write(&batch).expect("can be written");
        writer.close().expect("can be written");
    }

    #[test]
    fn all_rows_are_decoded_except_the_truth() {
        let folder = tempfile::tempdir().expect("a folder");
        write(&folder.path().join("part-0.parquet"), 25);
        write(&folder.path().join("part-1.parquet"), 7);
        fs::write(folder.path().join("_truth.parquet"), "no Parquet").expect("can be written");
        let paths = [folder.path().to_owned()];
        assert_eq!(floor(&paths, &COLUMNS, 2).expect("a valid survey"), 32);
        let error = floor(&paths, &["id", "mjd"], 2).expect_err("no time was written");
        assert!(error.to_string().contains("mjd"), "{error}");
    }

    #[test]
    fn a_truncated_file_and_an_empty_folder_are_errors() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("part-0.parquet");
        assert!(floor(&[folder.path().to_owned()], &COLUMNS, 1).is_err());
        write(&path, 25);
        let bytes = fs::read(&path).expect("it was written");
        fs::write(&path, &bytes[..bytes.len() / 2]).expect("can be written");
        assert!(floor(&[path], &COLUMNS, 1).is_err());
    }
}
