//! Writes tables of results as Parquet, CSV, ECSV or Arrow files. A file is written under a temporary name, and renamed
//! when it is complete.

mod header;

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::csv;
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use tempfile::NamedTempFile;

use crate::error::Error;
use crate::fault::{self, Call};
use crate::file::atomic_file::{beside, share};

/// The format of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Parquet, zstd.
    Parquet,
    /// CSV with a header line.
    Csv,
    /// CSV with a header that declares the types: Enhanced Character-Separated Values, as used by astropy.
    Ecsv,
    /// An Arrow file, also known as Feather version 2.
    Arrow,
}

impl Format {
    /// Returns the format for the extension of a file name.
    ///
    /// # Errors
    /// [`Error::UnknownFormat`].
    pub fn of(path: &Path) -> Result<Self, Error> {
        match path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("parquet" | "parq") => Ok(Self::Parquet),
            Some("csv") => Ok(Self::Csv),
            Some("ecsv") => Ok(Self::Ecsv),
            Some("arrow" | "feather" | "ipc") => Ok(Self::Arrow),
            _ => Err(Error::UnknownFormat { path: path.to_owned() }),
        }
    }
}

/// Options for writing a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// True to replace an existing file. Otherwise an existing file is an error.
    pub overwrite: bool,
    /// Key-value metadata (Parquet only).
    pub metadata: Vec<(String, String)>,
    /// True if rows are in no order. Otherwise the file declares that they are sorted by the first column (Parquet
    /// only).
    pub unsorted: bool,
}

/// Writes one table. The file appears at its path with [`TableWriter::finish`]. If the writer is dropped before that,
/// the temporary file is deleted.
pub struct TableWriter {
    path: PathBuf,
    format: Format,
    schema: SchemaRef,
    options: TableOptions,
    /// The encoder, until the table is finished.
    encoder: Option<Encoder>,
}

/// Uncompressed bytes per row group. A row group is held in memory until it is complete.
const GROUP_BYTES: usize = 64 << 20;

/// Limits row groups so that they fit in memory with any number of columns. The limit is a number of rows rather than
/// of bytes, so that the same table always gives the same file.
fn of_groups(schema: &Schema) -> WriterPropertiesBuilder {
    let bytes_of_row = 8 * schema.fields().len().max(1);
    let rows = (GROUP_BYTES / bytes_of_row).clamp(1 << 13, 1 << 20);
    WriterProperties::builder().set_max_row_group_row_count(Some(rows))
}

enum Encoder {
    Parquet(Box<ArrowWriter<Beside>>),
    Csv(Box<csv::Writer<BufWriter<Beside>>>),
    Arrow(Box<FileWriter<BufWriter<Beside>>>),
}

/// The temporary file that a table is written to.
struct Beside(NamedTempFile);

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let most = fault::length(Call::Write, bytes.len())?;
        self.0.write(&bytes[..most])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl TableWriter {
    /// Starts a table at `path`, in the format of its extension.
    ///
    /// # Errors
    /// If a file exists at `path` and may not be replaced, if the folder cannot be written to, or if the extension is
    /// unknown.
    pub fn create(path: &Path, schema: SchemaRef, options: TableOptions) -> Result<Self, Error> {
        let format = Format::of(path)?;
        check_free(path, options.overwrite)?;
        let mut writer = Self { path: path.to_owned(), format, schema, options, encoder: None };
        writer.restart()?;
        Ok(writer)
    }

    /// Discards all rows, and starts the table again.
    ///
    /// # Errors
    /// If the temporary file cannot be created.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.encoder = None;
        fault::before(Call::Create).map_err(|error| {
            Error::io(crate::file::atomic_file::folder_of(&self.path), "write into the folder", error)
        })?;
        let file = Beside(beside(&self.path)?);
        self.encoder = Some(match self.format {
            Format::Csv => Encoder::Csv(Box::new(csv::Writer::new(BufWriter::new(file)))),
            Format::Ecsv => {
                let mut file = BufWriter::new(file);
                let header = header::ecsv(&self.schema);
                file.write_all(header.as_bytes()).map_err(|error| Error::write(&self.path, &error))?;
                Encoder::Csv(Box::new(csv::Writer::new(file)))
            }
            Format::Arrow => {
                let told = self.schema.metadata().iter().map(|(key, value)| (key.clone(), value.clone()));
                let told = told.chain(self.options.metadata.iter().cloned()).collect();
                let schema = Schema::new_with_metadata(self.schema.fields().clone(), told);
                let writer = FileWriter::try_new(BufWriter::new(file), &schema);
                Encoder::Arrow(Box::new(writer.map_err(|error| Error::write(&self.path, &error))?))
            }
            Format::Parquet => {
                let writer = ArrowWriter::try_new(file, self.schema.clone(), Some(self.properties()))
                    .map_err(|error| Error::write(&self.path, &error))?;
                Encoder::Parquet(Box::new(writer))
            }
        });
        Ok(())
    }

    fn properties(&self) -> WriterProperties {
        let told = self.options.metadata.iter().cloned().chain(header::voparquet(&self.schema));
        let metadata = told.map(|(key, value)| KeyValue::new(key, value));
        // Statistics locate an id if rows are in order. Otherwise a Bloom filter is needed.
        let first = self.schema.fields().first().map(|field| ColumnPath::from(field.name().as_str()));
        let sorted = SortingColumn { column_idx: 0, descending: false, nulls_first: false };
        // Ids and values rarely repeat, so a dictionary would be built in vain. Labels do repeat.
        let repeats = |field: &&FieldRef| *field.data_type() == DataType::Utf8;
        let builder = self
            .schema
            .fields()
            .iter()
            .skip(1)
            .filter(repeats)
            .fold(of_groups(&self.schema).set_dictionary_enabled(false), |builder, field| {
                builder.set_column_dictionary_enabled(ColumnPath::from(field.name().as_str()), true)
            });
        // The last bits of a float are noise. Compression would cost time and save no space.
        let noise = |field: &&FieldRef| *field.data_type() == DataType::Float64;
        let builder = self.schema.fields().iter().filter(noise).fold(builder, |builder, field| {
            builder.set_column_compression(ColumnPath::from(field.name().as_str()), Compression::UNCOMPRESSED)
        });
        // Counts are small. Packed, they take few bits, and a tenth of the time of a dictionary.
        let counts = |field: &&FieldRef| *field.data_type() == DataType::UInt64;
        let builder = self.schema.fields().iter().skip(1).filter(counts).fold(builder, |builder, field| {
            let column = ColumnPath::from(field.name().as_str());
            builder
                .set_column_encoding(column.clone(), Encoding::DELTA_BINARY_PACKED)
                .set_column_compression(column, Compression::UNCOMPRESSED)
        });
        let builder = match first.filter(|_| self.options.unsorted) {
            Some(id) => builder.set_column_bloom_filter_enabled(id, true),
            None => builder,
        };
        builder
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_key_value_metadata(Some(metadata.collect()))
            .set_sorting_columns((!self.options.unsorted).then(|| vec![sorted]))
            .build()
    }

    /// Appends rows.
    ///
    /// # Errors
    /// If the disk is full, for example.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let failed = |error: &(dyn std::error::Error + 'static)| Error::write(&self.path, error);
        match &mut self.encoder {
            Some(Encoder::Parquet(writer)) => writer.write(batch).map_err(|error| failed(&error)),
            Some(Encoder::Csv(writer)) if self.format == Format::Ecsv => {
                let batch = in_utc(batch).and_then(|batch| with_words(&batch)).map_err(|error| failed(&error))?;
                writer.write(&batch).map_err(|error| failed(&error))
            }
            Some(Encoder::Csv(writer)) => {
                let batch = in_utc(batch).map_err(|error| failed(&error))?;
                writer.write(&batch).map_err(|error| failed(&error))
            }
            Some(Encoder::Arrow(writer)) => writer.write(batch).map_err(|error| failed(&error)),
            None => Ok(()),
        }
    }

    /// Completes the table and moves it to its path. Returns its size in bytes.
    ///
    /// # Errors
    /// If the disk is full, for example. Nothing is left behind then.
    pub fn finish(mut self) -> Result<u64, Error> {
        let failed = |error: &(dyn std::error::Error + 'static)| Error::write(&self.path, error);
        let Beside(file) = match self.encoder.take() {
            Some(Encoder::Parquet(writer)) => writer.into_inner().map_err(|error| failed(&error))?,
            Some(Encoder::Csv(writer)) => {
                let mut buffer = writer.into_inner();
                buffer.flush().map_err(|error| failed(&error))?;
                buffer.into_inner().map_err(|error| failed(&error.into_error()))?
            }
            Some(Encoder::Arrow(mut writer)) => {
                writer.finish().map_err(|error| failed(&error))?;
                let buffer = writer.into_inner().map_err(|error| failed(&error))?;
                buffer.into_inner().map_err(|error| failed(&error.into_error()))?
            }
            None => return Ok(0),
        };
        let bytes = file.as_file().metadata().map_or(0, |metadata| metadata.len());
        share(file.as_file());
        // Checked again, because it may have been created during the run.
        check_free(&self.path, self.options.overwrite)?;
        fault::before(Call::Place).map_err(|error| failed(&error))?;
        file.persist(&self.path).map_err(|error| failed(&error.error))?;
        Ok(bytes)
    }
}

/// Replaces booleans by the words that ECSV uses.
fn with_words(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let word = |value: Option<bool>| value.map(|value| if value { "True" } else { "False" });
    let columns = batch.columns().iter().map(|column| match column.as_boolean_opt() {
        Some(values) => Arc::new(values.iter().map(word).collect::<StringArray>()) as ArrayRef,
        None => Arc::clone(column),
    });
    let names = batch.schema();
    let named = names.fields().iter().map(|field| field.name().as_str()).zip(columns);
    RecordBatch::try_from_iter_with_nullable(named.map(|(name, column)| (name, column, true)))
}

/// Returns times with a zone as times in UTC, because names of zones cannot be resolved here.
fn in_utc(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let is_zoned = |data_type: &DataType| matches!(data_type, DataType::Timestamp(_, Some(_)));
    if !batch.schema().fields().iter().any(|field| is_zoned(field.data_type())) {
        return Ok(batch.clone());
    }
    let columns = batch.columns().iter().map(|column| match column.data_type() {
        DataType::Timestamp(unit, Some(_)) => {
            let instants = cast(column, &DataType::Int64)?;
            cast(
                &cast(&instants, &DataType::Timestamp(*unit, None))?,
                &DataType::Timestamp(*unit, Some("+00:00".into())),
            )
        }
        _ => Ok(Arc::clone(column)),
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let names = batch.schema();
    let named = names.fields().iter().map(|field| field.name().as_str()).zip(columns);
    RecordBatch::try_from_iter_with_nullable(named.map(|(name, column)| (name, column, true)))
}

/// Checks that `path` does not exist, or may be replaced.
fn check_free(path: &Path, overwrite: bool) -> Result<(), Error> {
    if path.is_dir() || (!overwrite && fs::symlink_metadata(path).is_ok()) {
        return Err(Error::Exists { path: path.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int8Array, TimestampMillisecondArray};
    use parquet::file::reader::FileReader;
    use parquet::file::serialized_reader::SerializedFileReader;

    use super::*;

    #[test]
    fn row_groups_of_many_columns_have_fewer_rows() {
        let folder = tempfile::tempdir().expect("a folder");
        let rows_of_groups = |columns: usize, rows: usize| {
            let values: ArrayRef = Arc::new(Int8Array::from(vec![1; rows]));
            let batch = RecordBatch::try_from_iter((0..columns).map(|i| (format!("c{i}"), Arc::clone(&values))));
            let (batch, path) = (batch.expect("columns of one length"), folder.path().join("table.parquet"));
            let mut writer =
                TableWriter::create(&path, batch.schema(), TableOptions { overwrite: true, ..TableOptions::default() })
                    .expect("a file");
            writer.write(&batch).expect("there is room");
            writer.finish().expect("there is room");
            let reader = SerializedFileReader::new(std::fs::File::open(path).expect("a file")).expect("Parquet");
            reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect::<Vec<_>>()
        };
        assert_eq!(rows_of_groups(1100, 9000), [8192, 808]);
        assert_eq!(rows_of_groups(3, 9000), [9000]);
    }

    #[test]
    fn times_of_any_zone_are_written_in_utc() {
        let folder = tempfile::tempdir().expect("a folder");
        for zone in ["UTC", "America/New_York", "+05:30", "Etc/GMT-3"] {
            let times = TimestampMillisecondArray::from(vec![Some(1_500), None]).with_timezone(zone);
            let batch = RecordBatch::try_from_iter([("at", Arc::new(times) as ArrayRef)]).expect("a column");
            for name in ["table.csv", "table.ecsv"] {
                let path = folder.path().join(name);
                let options = TableOptions { overwrite: true, ..TableOptions::default() };
                let mut writer = TableWriter::create(&path, batch.schema(), options).expect("a file");
                writer.write(&batch).expect("there is room");
                writer.finish().expect("there is room");
                let text = std::fs::read_to_string(&path).expect("text");
                let time = text.lines().rev().find(|line| line.starts_with("1970"));
                assert_eq!(time, Some("1970-01-01T00:00:01.500Z"), "{zone}: {text}");
            }
        }
    }
}
