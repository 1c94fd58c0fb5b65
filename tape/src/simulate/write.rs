//! Writes rows to Parquet files. Row groups are encoded in parallel and appended in order.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use tape_core::Role;

use tape_core::SIMULATED;

use super::layout::Group;
use super::object::{Rows, Truth};
use super::preset_columns::PresetColumns;
use super::{Codec, SimulateError, Simulation, SurveyLayout, TRUTH};

/// An encoder of rows to the column chunks of a row group, which threads can share.
pub(super) struct Encoder {
    schema: SchemaRef,
    factory: ArrowRowGroupWriterFactory,
    columns: PresetColumns,
}

impl Encoder {
    pub(super) fn encode(&self, rows: Rows) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
        let columns = self.columns.arrays(rows);
        // The number of the row group matters only for encrypted files.
        let writers = self.factory.create_column_writers(0)?;
        let fields = self.schema.fields();
        let mut chunks = Vec::with_capacity(columns.len());
        for ((field, array), mut writer) in fields.iter().zip(&columns).zip(writers) {
            for leaf in compute_leaves(field, array)? {
                writer.write(&leaf)?;
            }
            chunks.push(writer.close()?);
        }
        Ok(chunks)
    }
}

/// A writer of the survey's files, one after the other or several at once.
pub(super) struct SurveyWriter<'a> {
    folder: &'a Path,
    out: &'a Path,
    digits: usize,
    columns: PresetColumns,
    schema: SchemaRef,
    properties: Arc<WriterProperties>,
    open: BTreeMap<usize, SerializedFileWriter<File>>,
    bytes: u64,
}

impl<'a> SurveyWriter<'a> {
    /// Creates a writer into `folder`, which is later renamed to `out`. Messages name `out`.
    pub(super) fn new(simulation: &Simulation, folder: &'a Path, out: &'a Path) -> Result<Self, SimulateError> {
        let columns = PresetColumns::new(simulation.preset, &simulation.bands)?;
        Ok(Self {
            folder,
            out,
            digits: (simulation.files - 1).to_string().len().max(3),
            schema: columns.schema(),
            columns,
            properties: Arc::new(survey_properties(simulation)),
            open: BTreeMap::new(),
            bytes: 0,
        })
    }

    /// Creates an encoder for this survey's row groups.
    pub(super) fn encoder(&self) -> Result<Encoder, SimulateError> {
        let properties = WriterProperties::clone(&self.properties);
        let (_, factory) = ArrowWriter::try_new(Vec::new(), Arc::clone(&self.schema), Some(properties))
            .and_then(ArrowWriter::into_serialized_writer)
            .map_err(SimulateError::parquet(self.out))?;
        Ok(Encoder { schema: Arc::clone(&self.schema), factory, columns: self.columns.clone() })
    }

    /// Appends a row group to its file. Earlier files are then complete.
    pub(super) fn append(&mut self, group: &Group, chunks: Vec<ArrowColumnChunk>) -> Result<(), SimulateError> {
        while self.open.first_key_value().is_some_and(|(&file, _)| file < group.file) {
            self.close_first()?;
        }
        self.append_to(group.file, chunks)
    }

    /// Appends a row group to a file, while other files can be open.
    pub(super) fn append_to(&mut self, file: usize, chunks: Vec<ArrowColumnChunk>) -> Result<(), SimulateError> {
        let place = self.out.join(self.name(file));
        append(self.open(file)?, chunks).map_err(SimulateError::parquet(&place))
    }

    /// Completes all open files.
    pub(super) fn close(&mut self) -> Result<(), SimulateError> {
        while !self.open.is_empty() {
            self.close_first()?;
        }
        Ok(())
    }

    /// Completes all files and returns their size.
    pub(super) fn finish(mut self) -> Result<u64, SimulateError> {
        self.close()?;
        Ok(self.bytes)
    }

    fn name(&self, file: usize) -> String {
        format!("part-{file:0digits$}.parquet", digits = self.digits)
    }

    /// Returns the writer of a file, and creates the file if it is not open.
    pub(super) fn open(&mut self, file: usize) -> Result<&mut SerializedFileWriter<File>, SimulateError> {
        let writer = match self.open.remove(&file) {
            Some(writer) => writer,
            None => self.create(file)?,
        };
        Ok(self.open.entry(file).or_insert(writer))
    }

    fn create(&self, file: usize) -> Result<SerializedFileWriter<File>, SimulateError> {
        let name = self.name(file);
        let created = File::create(self.folder.join(&name)).map_err(SimulateError::io(&self.out.join(&name)))?;
        let properties = WriterProperties::clone(&self.properties);
        // The Arrow writer adds the Arrow schema to the footer, as every Arrow library does.
        ArrowWriter::try_new(created, Arc::clone(&self.schema), Some(properties))
            .and_then(ArrowWriter::into_serialized_writer)
            .map(|(writer, _)| writer)
            .map_err(SimulateError::parquet(&self.out.join(&name)))
    }

    fn close_first(&mut self) -> Result<(), SimulateError> {
        let Some((file, mut writer)) = self.open.pop_first() else { return Ok(()) };
        writer.finish().map_err(SimulateError::parquet(&self.out.join(self.name(file))))?;
        self.bytes += writer.bytes_written() as u64;
        Ok(())
    }
}

fn append(writer: &mut SerializedFileWriter<File>, chunks: Vec<ArrowColumnChunk>) -> Result<(), ParquetError> {
    let mut row_group = writer.next_row_group()?;
    for chunk in chunks {
        chunk.append_to_row_group(&mut row_group)?;
    }
    row_group.close()?;
    Ok(())
}

fn survey_properties(simulation: &Simulation) -> WriterProperties {
    let mark = KeyValue::new(SIMULATED.to_owned(), "1".to_owned());
    let mut properties = WriterProperties::builder()
        .set_compression(simulation.compression.compression())
        .set_key_value_metadata(Some(vec![mark]));
    // Measurements rarely repeat, so a dictionary would only add an index.
    for column in [Role::Time, Role::Flux, Role::Error].into_iter().filter_map(|role| simulation.preset.column(role)) {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(column), false);
    }
    if matches!(simulation.layout, SurveyLayout::Sorted | SurveyLayout::Nightly) {
        let by_id = SortingColumn { column_idx: 0, descending: false, nulls_first: false };
        properties = properties.set_sorting_columns(Some(vec![by_id]));
    }
    properties.build()
}

/// A writer of the truth table, object by object.
pub(super) struct TruthWriter {
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<File>,
    pub(super) variables: u64,
}

impl TruthWriter {
    pub(super) fn create(folder: &Path, out: &Path, codec: Codec) -> Result<Self, SimulateError> {
        let path = out.join(TRUTH);
        let file = File::create(folder.join(TRUTH)).map_err(SimulateError::io(&path))?;
        let schema = Arc::new(Schema::new(vec![
            Field::new("id", DataType::Int64, true),
            Field::new("kind", DataType::Utf8, true),
            Field::new("period_days", DataType::Float64, true),
            Field::new("amplitude_mag", DataType::Float64, true),
            Field::new("mean_flux", DataType::Float64, true),
            Field::new("n_epochs", DataType::Int64, true),
        ]));
        let properties = WriterProperties::builder().set_compression(codec.compression()).build();
        let writer =
            ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties)).map_err(SimulateError::parquet(&path))?;
        Ok(Self { path, schema, writer, variables: 0 })
    }

    pub(super) fn append(&mut self, truths: &[Truth]) -> Result<(), SimulateError> {
        if truths.is_empty() {
            return Ok(());
        }
        self.variables += truths.iter().filter(|truth| truth.kind != super::Kind::Constant).count() as u64;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(truths.iter().map(|truth| truth.id))),
            Arc::new(StringArray::from_iter_values(truths.iter().map(|truth| truth.kind.name()))),
            Arc::new(truths.iter().map(|truth| truth.period_days).collect::<Float64Array>()),
            Arc::new(Float64Array::from_iter_values(truths.iter().map(|truth| truth.amplitude_mag))),
            Arc::new(Float64Array::from_iter_values(truths.iter().map(|truth| truth.mean_flux))),
            Arc::new(Int64Array::from_iter_values(truths.iter().map(|truth| truth.n_epochs as i64))),
        ];
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
            .map_err(ParquetError::from)
            .and_then(|batch| self.writer.write(&batch))
            .map_err(SimulateError::parquet(&self.path))
    }

    pub(super) fn finish(self) -> Result<u64, SimulateError> {
        self.writer.close().map(|_| self.variables).map_err(SimulateError::parquet(&self.path))
    }
}
