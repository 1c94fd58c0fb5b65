//! Holds the rows of all partitions in memory, and spills rows that do not fit.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::CompressionType;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};

use crate::error::Error;

/// Smaller pieces are concatenated when they reach this number of rows together, because each array costs some hundred
/// bytes in addition to its values.
const SMALL: usize = 1 << 13;

/// The rows of all partitions.
pub(super) struct Held<'a> {
    buckets: Vec<Bucket>,
    schema: SchemaRef,
    /// Bytes in memory. At most `memory`.
    bytes: u64,
    memory: u64,
    folder: &'a Path,
    out: &'a Path,
}

/// The rows of one partition, in the order of the input: spilled rows, then `held`, then `small` pieces.
#[derive(Default)]
pub(super) struct Bucket {
    spill: Option<Spill>,
    held: Vec<RecordBatch>,
    small: Vec<RecordBatch>,
    small_rows: usize,
    bytes: u64,
}

/// A temporary file of Arrow streams, one for each time that rows were spilled.
struct Spill {
    path: PathBuf,
    streams: usize,
    /// Size of the rows in memory, in bytes.
    bytes: u64,
}

impl<'a> Held<'a> {
    /// Creates `partitions` empty buckets. At most `memory` bytes are held. Further rows are spilled to files in
    /// `folder`. Errors name `out`.
    pub(super) fn new(partitions: usize, schema: SchemaRef, memory: u64, folder: &'a Path, out: &'a Path) -> Self {
        let buckets = (0..partitions).map(|_| Bucket::default()).collect();
        Self { buckets, schema, bytes: 0, memory, folder, out }
    }

    /// Appends rows to a partition.
    pub(super) fn push(&mut self, partition: usize, rows: RecordBatch) -> Result<(), Error> {
        let bucket = &mut self.buckets[partition];
        let before = bucket.bytes;
        bucket.push(rows, &self.schema).map_err(|error| Error::write(self.out, &error))?;
        self.bytes = self.bytes - before + bucket.bytes;
        while self.bytes > self.memory {
            let Some((i, bucket)) = self.buckets.iter_mut().enumerate().max_by_key(|(_, bucket)| bucket.bytes) else {
                break;
            };
            self.bytes -= bucket.bytes;
            let path = self.folder.join(format!("rows-{i:05}.tmp"));
            bucket.spill(path, &self.schema).map_err(|error| Error::write(self.out, &error))?;
        }
        Ok(())
    }

    /// Returns the number of spilled bytes, by their size in memory.
    pub(super) fn spilled(&self) -> u64 {
        self.buckets.iter().map(Bucket::spilled).sum()
    }

    /// Returns the rows of the partitions, in order.
    pub(super) fn into_buckets(self) -> Vec<Bucket> {
        self.buckets
    }
}

impl Bucket {
    /// Returns the number of spilled bytes, by their size in memory.
    pub(super) fn spilled(&self) -> u64 {
        self.spill.as_ref().map_or(0, |spill| spill.bytes)
    }

    /// Returns all rows, in the order of the input.
    pub(super) fn load(mut self, schema: &SchemaRef) -> Result<Vec<RecordBatch>, ArrowError> {
        self.settle(schema)?;
        let Some(spill) = self.spill else { return Ok(self.held) };
        let mut rows = spill.read()?;
        std::fs::remove_file(&spill.path)?;
        rows.append(&mut self.held);
        Ok(rows)
    }

    fn push(&mut self, rows: RecordBatch, schema: &SchemaRef) -> Result<(), ArrowError> {
        self.bytes += rows.get_array_memory_size() as u64;
        if rows.num_rows() < SMALL {
            self.small_rows += rows.num_rows();
            self.small.push(rows);
            return if self.small_rows < SMALL { Ok(()) } else { self.settle(schema) };
        }
        self.settle(schema)?;
        self.held.push(rows);
        Ok(())
    }

    /// Concatenates the small pieces.
    fn settle(&mut self, schema: &SchemaRef) -> Result<(), ArrowError> {
        if self.small.is_empty() {
            return Ok(());
        }
        let size = |rows: &RecordBatch| rows.get_array_memory_size() as u64;
        let whole = concat_batches(schema, &self.small)?;
        self.bytes = self.bytes + size(&whole) - self.small.iter().map(size).sum::<u64>();
        self.held.push(whole);
        self.small.clear();
        self.small_rows = 0;
        Ok(())
    }

    fn spill(&mut self, path: PathBuf, schema: &SchemaRef) -> Result<(), ArrowError> {
        self.settle(schema)?;
        let bytes = std::mem::take(&mut self.bytes);
        let spill = self.spill.get_or_insert(Spill { path, streams: 0, bytes: 0 });
        spill.append(schema, &self.held)?;
        spill.bytes += bytes;
        self.held.clear();
        Ok(())
    }
}

impl Spill {
    fn append(&mut self, schema: &SchemaRef, rows: &[RecordBatch]) -> Result<(), ArrowError> {
        let file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
        let mut writer = StreamWriter::try_new_with_options(BufWriter::new(file), schema, options)?;
        rows.iter().try_for_each(|rows| writer.write(rows))?;
        writer.into_inner()?.flush()?;
        self.streams += 1;
        Ok(())
    }

    fn read(&self) -> Result<Vec<RecordBatch>, ArrowError> {
        let mut file = BufReader::new(File::open(&self.path)?);
        let mut rows = Vec::new();
        for _ in 0..self.streams {
            for batch in StreamReader::try_new(&mut file, None)? {
                rows.push(batch?);
            }
        }
        Ok(rows)
    }
}
