//! Sorts a partition and writes it as a Parquet file, with a footer that has all that a plan needs.

use std::fs::File;
use std::ops::Range;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::compute::{concat_batches, interleave_record_batch};
use arrow::error::ArrowError;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowSchemaConverter, encode_arrow_schema};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{DEFAULT_STATISTICS_TRUNCATE_LENGTH, EnabledStatistics, WriterProperties};
use parquet::schema::types::SchemaDescriptor;
use tape_core::Role;

use super::carried::Carried;
use super::held::Bucket;
use super::keys::{Key, keys};
use super::{Progress, Repartition, Watch};
use crate::error::Error;

/// The largest number of rows in a row group, unless a single object has more.
const ROWS: usize = 122_880;
/// The largest size of a row group in memory in bytes, so that rows with long lists do not fill it.
const BYTES: u64 = 256 << 20;
/// The metadata key for the origin of a file.
const PROVENANCE: &str = "tape.repartition";

/// Writes partitions to files.
pub(super) struct PartWriter<'a> {
    carried: &'a Carried,
    watch: &'a Watch<'a>,
    properties: WriterProperties,
    /// The largest number of rows in a row group.
    rows: usize,
}

/// The size of a written file.
pub(super) struct Written {
    pub(super) rows: u64,
    pub(super) row_groups: usize,
    pub(super) bytes: u64,
}

impl<'a> PartWriter<'a> {
    pub(super) fn new(
        run: &Repartition<'a>,
        carried: &'a Carried,
        longest_id: usize,
        watch: &'a Watch<'a>,
    ) -> Result<Self, Error> {
        let schema = ArrowSchemaConverter::new().convert(carried.schema());
        let schema = schema.map_err(|error| Error::write(run.out, &error))?;
        // A truncated id is still a bound, but cannot tell whether two row groups share an id.
        let uncut = DEFAULT_STATISTICS_TRUNCATE_LENGTH.map(|bytes| bytes.max(longest_id));
        let mut properties = WriterProperties::builder()
            .set_compression(run.compression)
            .set_max_row_group_row_count(None)
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_statistics_truncate_length(uncut)
            .set_sorting_columns(Some(sorting(carried, &schema)))
            .set_key_value_metadata(Some(key_values(run, carried)));
        for &leaf in carried.plain().iter().filter(|&&leaf| leaf < schema.num_columns()) {
            properties = properties.set_column_dictionary_enabled(schema.column(leaf).path().clone(), false);
        }
        let properties = properties.build();
        Ok(Self { carried, watch, properties, rows: carried.rows_in(BYTES, ROWS) })
    }

    /// Writes a partition to a file.
    pub(super) fn write(&self, path: &Path, bucket: Bucket) -> Result<Written, Error> {
        let failed = |error: &(dyn std::error::Error + 'static)| Error::write(self.watch.out, error);
        let batches = bucket.load(self.carried.schema()).map_err(|error| failed(&error))?;
        let rows = Sorted::new(&batches, self.carried).map_err(|error| failed(&error))?;
        let file = File::create(path).map_err(|error| failed(&error))?;
        // Readers see the declared schema in the metadata, whose columns have the types of the input.
        let options = ArrowWriterOptions::new().with_properties(self.properties.clone()).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(file, self.carried.schema().clone(), options);
        let mut writer = writer.map_err(|error| failed(&error))?;
        let groups = row_groups(&rows.keys, self.rows);
        for range in &groups {
            // One batch per row group: page boundaries depend on the batches, and must not depend on the memory limit.
            let batch = rows.gather(range.clone()).map_err(|error| failed(&error))?;
            writer.write(&batch).and_then(|()| writer.flush()).map_err(|error| failed(&error))?;
            self.watch.tell(Progress::Written(range.len() as u64))?;
        }
        writer.finish().map_err(|error| failed(&error))?;
        let bytes = writer.bytes_written() as u64;
        Ok(Written { rows: rows.keys.len() as u64, row_groups: groups.len(), bytes })
    }
}

/// Returns the columns by which files are declared to be sorted.
fn sorting(carried: &Carried, schema: &SchemaDescriptor) -> Vec<SortingColumn> {
    let sorting = [Some(carried.id()), carried.time()].into_iter().flatten().filter_map(|column| {
        // Sorting columns are numbered by leaf.
        let leaf = (0..schema.num_columns()).find(|&leaf| schema.get_column_root_idx(leaf) == column)?;
        Some(SortingColumn { column_idx: i32::try_from(leaf).ok()?, descending: false, nulls_first: false })
    });
    sorting.collect()
}

/// Returns the metadata of every file: metadata that all input files agree on, the schema, and the origin of the rows.
fn key_values(run: &Repartition<'_>, carried: &Carried) -> Vec<KeyValue> {
    let declared = carried.declared();
    let kept = declared.metadata.iter().filter(|(key, _)| *key != PROVENANCE);
    let mut pairs: Vec<KeyValue> = kept.map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect();
    pairs.sort_by(|a, b| a.key.cmp(&b.key));
    pairs.push(KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), encode_arrow_schema(declared)));
    let rows = run.survey.file_rows();
    let time = carried.time().map(|_| Role::Time);
    let by: Vec<&str> =
        [Some(Role::Id), time].into_iter().flatten().filter_map(|role| run.survey.column(role)).collect();
    let provenance = format!(
        "tape {}: one part of a survey of {rows} rows in {} files, sorted by {}",
        env!("CARGO_PKG_VERSION"),
        run.survey.paths().len(),
        by.join(", ")
    );
    pairs.push(KeyValue::new(PROVENANCE.to_owned(), provenance));
    pairs
}

/// The rows of a partition in sorted order.
struct Sorted<'a> {
    batches: Vec<&'a RecordBatch>,
    keys: Vec<Key>,
    /// True if the rows were in this order in the input.
    as_they_came: bool,
}

impl<'a> Sorted<'a> {
    fn new(batches: &'a [RecordBatch], carried: &Carried) -> Result<Self, ArrowError> {
        let mut keys = keys(batches, carried)?;
        let as_they_came = keys.is_sorted();
        if !as_they_came {
            // Keys end with the position of the row, so no two are equal.
            keys.sort_unstable();
        }
        Ok(Self { batches: batches.iter().collect(), keys, as_they_came })
    }

    /// Copies a range of rows into one batch.
    fn gather(&self, range: Range<usize>) -> Result<RecordBatch, ArrowError> {
        let keys = &self.keys[range];
        if !self.as_they_came {
            let places: Vec<(usize, usize)> = keys.iter().map(|key| (key.batch as usize, key.row as usize)).collect();
            return interleave_record_batch(&self.batches, &places);
        }
        let slices = keys.chunk_by(|a, b| a.batch == b.batch);
        let slices = slices.map(|rows| self.batches[rows[0].batch as usize].slice(rows[0].row as usize, rows.len()));
        concat_batches(self.batches[0].schema_ref(), &slices.collect::<Vec<_>>())
    }
}

/// Cuts rows into row groups of at most `most` rows that end between objects. A larger object gets its own row group.
fn row_groups(keys: &[Key], most: usize) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let (mut start, mut end) = (0, 0);
    for object in keys.chunk_by(|a, b| a.id == b.id) {
        if end > start && end - start + object.len() > most {
            groups.push(start..end);
            start = end;
        }
        end += object.len();
    }
    if end > start {
        groups.push(start..end);
    }
    groups
}
