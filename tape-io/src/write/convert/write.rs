//! Writes one file of light curves in the new shape.

use std::cmp::Ordering;
use std::fs::File;
use std::ops::Range;
use std::path::Path;

use arrow::array::{Array, ArrayRef, RecordBatch, make_comparator};
use arrow::compute::{SortOptions, concat_batches};
use arrow::datatypes::{Schema, SchemaRef};
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowSchemaConverter, encode_arrow_schema};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::columns::Columns;
use super::light_curves::{LightCurves, NotConverted};
use super::{Convert, ConvertReport, Failed};
use crate::decode::schema_paths::Shape;
use crate::error::Error;
use crate::survey::Survey;
use crate::write::repartition::{Carried, Progress, Watch, each_batch};

/// The largest number of epochs in a row group, unless a single object has more.
const EPOCHS: usize = 122_880;
/// Longer text is truncated in statistics (bytes).
const LONGEST: usize = 256;
/// The metadata key for the origin of a file.
const PROVENANCE: &str = "tape.convert";

/// Converts and writes the files of a survey.
pub(super) struct Shaper<'a> {
    pub(super) run: &'a Convert<'a>,
    /// The survey to read, possibly regrouped.
    pub(super) survey: &'a Survey,
    pub(super) carried: &'a Carried,
    pub(super) columns: &'a Columns,
    /// The schema of the output, with the types that rows have in memory.
    pub(super) schema: SchemaRef,
    pub(super) properties: WriterProperties,
    /// True if the output declares that it is sorted by id. The order is then checked.
    pub(super) sorted: bool,
}

/// Returns the properties of the output files. `declared` is the schema that readers see.
pub(super) fn properties(
    run: &Convert<'_>,
    carried: &Carried,
    schema: &Schema,
    declared: &Schema,
    sorted: bool,
) -> Result<WriterProperties, Error> {
    let parquet = ArrowSchemaConverter::new().convert(schema).map_err(|error| Error::write(run.out, &error))?;
    let id = carried.schema().field(carried.id()).name();
    let leaves = || parquet.columns().iter();
    let place = leaves().position(|leaf| leaf.path().parts() == [id.clone()]).and_then(|leaf| i32::try_from(leaf).ok());
    let sorting = place
        .filter(|_| sorted)
        .map(|column_idx| vec![SortingColumn { column_idx, descending: false, nulls_first: false }]);
    let mut pairs: Vec<KeyValue> = declared
        .metadata
        .iter()
        .filter(|(key, _)| *key != PROVENANCE)
        .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
        .collect();
    pairs.sort_by(|a, b| a.key.cmp(&b.key));
    pairs.push(KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), encode_arrow_schema(declared)));
    let (version, files, rows) = (env!("CARGO_PKG_VERSION"), run.survey.paths().len(), run.survey.file_rows());
    let provenance =
        format!("tape {version}: {} of {rows} rows in {files} files, as {}", run.survey.shape(), run.shape);
    pairs.push(KeyValue::new(PROVENANCE.to_owned(), provenance));
    let plain = carried.plain_names();
    let without_dictionary = leaves().filter(|leaf| leaf.path().parts().iter().any(|part| plain.contains(part)));
    let builder = WriterProperties::builder()
        .set_compression(run.compression)
        .set_max_row_group_row_count(None)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_statistics_truncate_length(Some(LONGEST))
        .set_sorting_columns(sorting)
        .set_key_value_metadata(Some(pairs));
    let builder = without_dictionary
        .fold(builder, |builder, leaf| builder.set_column_dictionary_enabled(leaf.path().clone(), false));
    Ok(builder.build())
}

impl Shaper<'_> {
    /// Converts one file.
    pub(super) fn write(&self, file: usize, path: &Path, watch: &Watch<'_>) -> Result<ConvertReport, Failed> {
        let failed = |error: &(dyn std::error::Error + 'static)| Error::write(self.run.out, error);
        let to = File::create(path).map_err(|error| failed(&error))?;
        // Readers see the declared schema in the metadata, whose columns have the types of the input.
        let options = ArrowWriterOptions::new().with_properties(self.properties.clone()).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(to, self.schema.clone(), options);
        let writer = writer.map_err(|error| failed(&error))?;
        let mut part = Part { shaper: self, writer, in_group: 0, last: None, told: ConvertReport::default() };
        let groups = self.survey.row_groups().iter().enumerate().filter(|(_, group)| group.file == file);
        for (row_group, _) in groups {
            part.row_group(row_group, watch)?;
        }
        // Flushed first, because a finished writer no longer knows its row groups.
        part.writer.flush().map_err(|error| failed(&error))?;
        let row_groups = part.writer.flushed_row_groups().len();
        part.writer.finish().map_err(|error| failed(&error))?;
        let bytes = part.writer.bytes_written() as u64;
        Ok(ConvertReport { bytes, row_groups, files: 1, ..part.told })
    }
}

/// An output file that is being written.
struct Part<'a> {
    shaper: &'a Shaper<'a>,
    writer: ArrowWriter<File>,
    /// Number of epochs in the current row group.
    in_group: usize,
    /// The last id that was written, as an array of length one.
    last: Option<ArrayRef>,
    told: ConvertReport,
}

impl Part<'_> {
    fn row_group(&mut self, row_group: usize, watch: &Watch<'_>) -> Result<(), Failed> {
        let Shaper { survey, carried, columns, .. } = *self.shaper;
        // Rows of the last object, which may continue in the next batch.
        let mut held: Vec<RecordBatch> = vec![];
        let (mut stopped, mut before) = (None, 0);
        let read = each_batch(survey, carried, row_group, |batch| {
            watch.tell(Progress::Written(batch.num_rows() as u64))?;
            let rows = batch.num_rows();
            let taken = if columns.shape == Shape::Flat {
                self.whole_objects(batch, &mut held, row_group)
            } else {
                self.take(&batch, row_group, before)
            };
            before += rows;
            // The error is only a signal to stop. The reason is in `stopped`.
            taken.map_err(|failed| {
                stopped = Some(failed);
                Error::Cancelled { path: self.shaper.run.out.to_owned() }
            })
        });
        if let Some(failed) = stopped {
            return Err(failed);
        }
        read?;
        if held.is_empty() { Ok(()) } else { self.take_all(&held, row_group) }
    }

    /// Converts all rows except those of the last object, which are held back.
    fn whole_objects(
        &mut self,
        batch: RecordBatch,
        held: &mut Vec<RecordBatch>,
        row_group: usize,
    ) -> Result<(), Failed> {
        let id = self.shaper.carried.id();
        let same = |a: &RecordBatch, b: &RecordBatch, row: usize| {
            let same = make_comparator(a.column(id), b.column(id), SortOptions::default());
            same.map(|same| same(a.num_rows() - 1, row).is_eq()).map_err(|error| self.failed(&error))
        };
        let last = batch.num_rows().saturating_sub(1);
        let own = make_comparator(batch.column(id), batch.column(id), SortOptions::default());
        let own = own.map_err(|error| self.failed(&error))?;
        let begins = (1..=last).rev().find(|&row| own(row, row - 1).is_ne()).unwrap_or(0);
        if begins == 0 {
            let goes_on = held.last().map_or(Ok(true), |before| same(before, &batch, 0))?;
            let before = if goes_on { vec![] } else { std::mem::take(held) };
            held.push(batch);
            return if before.is_empty() { Ok(()) } else { self.take_all(&before, row_group) };
        }
        held.push(batch.slice(0, begins));
        let whole = std::mem::replace(held, vec![batch.slice(begins, batch.num_rows() - begins)]);
        self.take_all(&whole, row_group)
    }

    fn take_all(&mut self, batches: &[RecordBatch], row_group: usize) -> Result<(), Failed> {
        let whole = concat_batches(self.shaper.carried.schema(), batches).map_err(|error| self.failed(&error))?;
        self.take(&whole, row_group, 0)
    }

    /// Converts rows with complete light curves. `before` is the number of earlier rows in the row group.
    fn take(&mut self, batch: &RecordBatch, row_group: usize, before: usize) -> Result<(), Failed> {
        let Shaper { carried, columns, .. } = *self.shaper;
        let curves = LightCurves::of(batch, columns, carried.id());
        let curves = curves.map_err(|error| self.not_converted(error, batch, (row_group, before)))?;
        if self.shaper.sorted {
            self.check_order(batch.column(carried.id()))?;
        }
        self.append(&curves)
    }

    /// Checks that ids are ascending, as the output files declare.
    fn check_order(&mut self, ids: &ArrayRef) -> Result<(), Failed> {
        let order = SortOptions { descending: false, nulls_first: false };
        let Some(end) = ids.len().checked_sub(1) else { return Ok(()) };
        let within = make_comparator(ids, ids, order).map_err(|error| self.failed(&error))?;
        let mut in_order = (0..end).all(|row| within(row, row + 1) != Ordering::Greater);
        if let Some(last) = &self.last {
            let across = make_comparator(last, ids, order).map_err(|error| self.failed(&error))?;
            in_order &= across(0, 0) != Ordering::Greater;
        }
        self.last = Some(ids.slice(end, 1));
        if in_order { Ok(()) } else { Err(Failed::NotSorted) }
    }

    /// Writes light curves. A row group never cuts one.
    fn append(&mut self, curves: &LightCurves) -> Result<(), Failed> {
        let rows = curves.rows(self.shaper.run.shape, &self.shaper.schema).map_err(|error| self.failed(&error))?;
        let objects = curves.objects();
        let mut from = 0;
        for object in 0..objects {
            let epochs = curves.epochs_of(object..object + 1).len().max(1);
            if self.in_group > 0 && self.in_group + epochs > EPOCHS {
                self.write(curves, &rows, from..object)?;
                self.writer.flush().map_err(|error| self.failed(&error))?;
                (from, self.in_group) = (object, 0);
            }
            self.in_group += epochs;
        }
        self.write(curves, &rows, from..objects)?;
        self.told.objects += objects as u64;
        self.told.epochs += curves.epochs() as u64;
        self.told.without_epochs += curves.without_epochs() as u64;
        Ok(())
    }

    fn write(&mut self, curves: &LightCurves, rows: &RecordBatch, objects: Range<usize>) -> Result<(), Failed> {
        let range = if self.shaper.run.shape == Shape::Flat { curves.epochs_of(objects) } else { objects };
        if range.is_empty() {
            return Ok(());
        }
        let rows = rows.slice(range.start, range.len());
        Ok(self.writer.write(&rows).map_err(|error| self.failed(&error))?)
    }

    fn not_converted(&self, error: NotConverted, batch: &RecordBatch, (row_group, before): (usize, usize)) -> Error {
        let Shaper { run, survey, carried, columns, .. } = *self.shaper;
        let (footer, index) = survey.footer(row_group);
        let name = |place: &usize| carried.schema().field(*place).name().clone();
        match error {
            NotConverted::Arrow(error) => self.failed(&error),
            NotConverted::Unequal(first, second, row) => Error::UnequalLists {
                path: footer.path.clone(),
                row_group: index,
                row: Some((before + row) as u64),
                first: self.list_called(first).unwrap_or_else(|| name(&columns.epochs[0])),
                second: self.list_called(second).unwrap_or_else(|| name(&columns.epochs[0])),
            },
            NotConverted::Varies(column, row) => {
                let id = arrow::util::display::array_value_to_string(batch.column(carried.id()), row);
                let (path, column) = (run.first().to_owned(), name(&columns.base[column]));
                Error::BaseVaries { path, column, id: id.unwrap_or_default() }
            }
        }
    }

    /// Returns the name that a list column has in the input.
    fn list_called(&self, place: usize) -> Option<String> {
        let Shaper { carried, columns, .. } = self.shaper;
        let field = |i: usize| carried.schema().field(i);
        match (columns.shape, field(columns.epochs[0]).data_type()) {
            (Shape::StructOfLists, arrow::datatypes::DataType::Struct(lists)) => {
                Some(format!("{}.{}", field(columns.epochs[0]).name(), lists.get(place)?.name()))
            }
            _ => Some(field(*columns.epochs.get(place)?).name().clone()),
        }
    }

    fn failed(&self, error: &(dyn std::error::Error + 'static)) -> Error {
        Error::write(self.shaper.run.out, error)
    }
}
