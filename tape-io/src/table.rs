//! Tables of results to Parquet or CSV: written beside, renamed when whole.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::csv;
use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use tempfile::NamedTempFile;

use crate::error::Error;
use crate::fault::{self, Call};
use crate::whole::{beside, share};

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Parquet, zstd.
    Parquet,
    /// CSV with a header line.
    Csv,
}

impl Format {
    /// The format that the ending of a file's name stands for.
    ///
    /// # Errors
    /// [`Error::UnknownFormat`].
    pub fn of(path: &Path) -> Result<Self, Error> {
        match path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("parquet" | "parq") => Ok(Self::Parquet),
            Some("csv") => Ok(Self::Csv),
            _ => Err(Error::UnknownFormat { path: path.to_owned() }),
        }
    }
}

/// Writes one table. Until [`TableWriter::finish`] nothing stands at its path; dropped before, it leaves nothing behind.
pub struct TableWriter {
    path: PathBuf,
    format: Format,
    overwrite: bool,
    schema: SchemaRef,
    metadata: Vec<(String, String)>,
    sorted_by_first: bool,
    /// Gone once finished.
    encoder: Option<Encoder>,
}

enum Encoder {
    Parquet(Box<ArrowWriter<Beside>>),
    Csv(Box<csv::Writer<BufWriter<Beside>>>),
}

/// The file that a table is written to, until it is whole.
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
    /// A table at `path`, in the format of its ending, with the key-value metadata given (Parquet only).
    ///
    /// # Errors
    /// If something stands at `path` and `overwrite` is off, if the folder cannot be written to, or if the ending is
    /// unknown.
    pub fn create(
        path: &Path,
        schema: SchemaRef,
        overwrite: bool,
        metadata: Vec<(String, String)>,
    ) -> Result<Self, Error> {
        let format = Format::of(path)?;
        check_free(path, overwrite)?;
        let mut writer =
            Self { path: path.to_owned(), format, overwrite, schema, metadata, sorted_by_first: true, encoder: None };
        writer.restart()?;
        Ok(writer)
    }

    /// Declares that rows are not ordered by the first column (Parquet only).
    ///
    /// # Errors
    /// If the file cannot be written anew.
    pub fn unsorted(mut self) -> Result<Self, Error> {
        self.sorted_by_first = false;
        self.restart()?;
        Ok(self)
    }

    /// Forgets what was written.
    ///
    /// # Errors
    /// If the file cannot be created anew.
    pub fn restart(&mut self) -> Result<(), Error> {
        self.encoder = None;
        fault::before(Call::Create)
            .map_err(|error| Error::io(crate::whole::folder_of(&self.path), "write into the folder", error))?;
        let file = Beside(beside(&self.path)?);
        self.encoder = Some(match self.format {
            Format::Csv => Encoder::Csv(Box::new(csv::Writer::new(BufWriter::new(file)))),
            Format::Parquet => {
                let writer = ArrowWriter::try_new(file, self.schema.clone(), Some(self.properties()))
                    .map_err(|error| Error::write(&self.path, &error))?;
                Encoder::Parquet(Box::new(writer))
            }
        });
        Ok(())
    }

    fn properties(&self) -> WriterProperties {
        let metadata = self.metadata.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
        let sorted = SortingColumn { column_idx: 0, descending: false, nulls_first: false };
        // Ids and values rarely repeat: a dictionary would be built only to be thrown away. Labels do repeat.
        let repeats = |field: &&FieldRef| *field.data_type() == DataType::Utf8;
        let builder = self
            .schema
            .fields()
            .iter()
            .skip(1)
            .filter(repeats)
            .fold(WriterProperties::builder().set_dictionary_enabled(false), |builder, field| {
                builder.set_column_dictionary_enabled(ColumnPath::from(field.name().as_str()), true)
            });
        // The last bits of a float are noise, which costs time to compress and stays as long.
        let noise = |field: &&FieldRef| *field.data_type() == DataType::Float64;
        let builder = self.schema.fields().iter().filter(noise).fold(builder, |builder, field| {
            builder.set_column_compression(ColumnPath::from(field.name().as_str()), Compression::UNCOMPRESSED)
        });
        // Counts are small: packed, they take few bits, and a tenth of the time that a dictionary would.
        let counts = |field: &&FieldRef| *field.data_type() == DataType::UInt64;
        let builder = self.schema.fields().iter().skip(1).filter(counts).fold(builder, |builder, field| {
            let column = ColumnPath::from(field.name().as_str());
            builder
                .set_column_encoding(column.clone(), Encoding::DELTA_BINARY_PACKED)
                .set_column_compression(column, Compression::UNCOMPRESSED)
        });
        builder
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_key_value_metadata(Some(metadata.collect()))
            .set_sorting_columns(self.sorted_by_first.then(|| vec![sorted]))
            .build()
    }

    /// Appends rows.
    ///
    /// # Errors
    /// If the disk is full, say.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let failed = |error: &(dyn std::error::Error + 'static)| Error::write(&self.path, error);
        match &mut self.encoder {
            Some(Encoder::Parquet(writer)) => writer.write(batch).map_err(|error| failed(&error)),
            Some(Encoder::Csv(writer)) => writer.write(batch).map_err(|error| failed(&error)),
            None => Ok(()),
        }
    }

    /// Makes the table whole and puts it in its place. Returns its size.
    ///
    /// # Errors
    /// If the disk is full, say; then nothing is left.
    pub fn finish(mut self) -> Result<u64, Error> {
        let failed = |error: &(dyn std::error::Error + 'static)| Error::write(&self.path, error);
        let Beside(file) = match self.encoder.take() {
            Some(Encoder::Parquet(writer)) => writer.into_inner().map_err(|error| failed(&error))?,
            Some(Encoder::Csv(writer)) => {
                let mut buffer = writer.into_inner();
                buffer.flush().map_err(|error| failed(&error))?;
                buffer.into_inner().map_err(|error| failed(&error.into_error()))?
            }
            None => return Ok(0),
        };
        let bytes = file.as_file().metadata().map_or(0, |metadata| metadata.len());
        share(file.as_file());
        // Asked again: it may have been made while the run went on.
        check_free(&self.path, self.overwrite)?;
        fault::before(Call::Place).map_err(|error| failed(&error))?;
        file.persist(&self.path).map_err(|error| failed(&error.error))?;
        Ok(bytes)
    }
}

/// That nothing stands at `path`, or that it may be replaced.
fn check_free(path: &Path, overwrite: bool) -> Result<(), Error> {
    if path.is_dir() || (!overwrite && fs::symlink_metadata(path).is_ok()) {
        return Err(Error::Exists { path: path.to_owned() });
    }
    Ok(())
}
