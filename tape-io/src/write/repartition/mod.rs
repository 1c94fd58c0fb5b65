//! A survey written again: sorted by id, no light curve cut by a file or a row group, and footers that say so.
//!
//! Rows take one way through this module. [`counts`] reads the ids alone and finds where one partition ends and the next
//! begins; [`read`] decodes every column of every row group; [`route`] sends each row to its partition; [`held`] keeps the
//! rows of partitions in memory or spills them; [`write`] sorts each partition and makes a file of it; [`place`] puts the
//! folder where it was asked for once it is whole. [`carried`] says which columns travel and how, [`keys`] how rows compare.

mod carried;
mod counts;
mod held;
mod keys;
mod read;
mod route;
mod write;

use std::path::Path;

use parquet::basic::{Compression, ZstdLevel};

use crate::error::Error;
use crate::survey::Survey;
use crate::write::output_dir::OutputDir;
pub(crate) use carried::Carried;
use counts::Counts;
use held::{Bucket, Held};
pub(crate) use read::each_batch;
use write::{PartWriter, Written};

/// The number of output files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartitionTarget {
    /// Enough files for about this many bytes each in memory, once decoded, with all columns. Files on disk
    /// are smaller, depending on their compression.
    Bytes(u64),
    /// This number of files with about equal rows, or fewer if there are fewer objects, or if one object fills several.
    Count(usize),
}

/// Rows that one of the three passes has dealt with since it last told. Each pass deals with all rows of the survey (the
/// last without those that have no id).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// More ids were counted.
    Counted(u64),
    /// More rows were read, with all columns.
    Read(u64),
    /// More rows were written.
    Written(u64),
}

/// Counts of the input and the output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepartitionReport {
    /// Files read.
    pub files_in: usize,
    /// Rows read.
    pub rows_in: u64,
    /// Rows left out because their id is null: they belong to no object.
    pub null_ids: u64,
    /// Rows written.
    pub rows: u64,
    /// Objects written.
    pub objects: u64,
    /// Files written.
    pub files: usize,
    /// Row groups written.
    pub row_groups: usize,
    /// Size of the files written.
    pub bytes: u64,
    /// Bytes of rows, as they are in memory, that went through temporary files because memory was short.
    pub spilled: u64,
}

/// A survey to be written again as `part-00000.parquet`, `part-00001.parquet`, … in a folder.
///
/// All columns of all files travel along, nested ones too; rows are sorted by id, then by time where the survey has a time
/// column with one value a row (numbers, then NaN, then null), and rows that tie keep the order of the input. Where light
/// curves are lists, a row is an object, and its lists stay as they are. No file and no row group cuts a
/// light curve: row groups have at most 122,880 rows, unless a single object has more, which then has one of its own.
/// Footers declare the order and have the range of ids of each row group, so that a plan needs nothing else. The same input
/// gives the same bytes, whatever the number of threads and the memory.
///
/// Beside `memory`, a run needs some row groups as they are decoded, about 16 bytes for each object, and, for each thread,
/// one partition as it is sorted.
#[derive(Clone, Copy, Debug)]
pub struct Repartition<'a> {
    /// The survey to read.
    pub survey: &'a Survey,
    /// The inputs that `survey` was opened from; the output may not lie in a folder among them, where the next run would
    /// read every row twice.
    pub inputs: &'a [String],
    /// The folder to be made.
    pub out: &'a Path,
    /// The number of files.
    pub target: PartitionTarget,
    /// True to replace a folder of Parquet files at `out`.
    pub overwrite: bool,
    /// Bytes of rows held in memory before some are spilled to a temporary file beside `out`.
    pub memory: u64,
    /// Compression of the files.
    pub compression: Compression,
}

/// Receives the progress, and may stop the work.
pub(crate) struct Watch<'a> {
    pub(crate) progress: &'a (dyn Fn(Progress) + Sync),
    pub(crate) cancelled: &'a (dyn Fn() -> bool + Sync),
    pub(crate) out: &'a Path,
}

impl Watch<'_> {
    pub(crate) fn tell(&self, progress: Progress) -> Result<(), Error> {
        (self.progress)(progress);
        if (self.cancelled)() { Err(Error::Cancelled { path: self.out.to_owned() }) } else { Ok(()) }
    }
}

impl<'a> Repartition<'a> {
    /// `survey` written to `out`, with zstd and at most 1 GiB of rows in memory.
    #[must_use]
    pub fn new(survey: &'a Survey, out: &'a Path, target: PartitionTarget) -> Self {
        let compression = Compression::ZSTD(ZstdLevel::default());
        Self { survey, inputs: &[], out, target, overwrite: false, memory: 1 << 30, compression }
    }

    /// Writes the folder, on the threads of the pool that the caller is on, or of one that is started for it. `progress` is
    /// called from them, and `cancelled` asked every time.
    ///
    /// # Errors
    /// If a condition keeps some rows of the survey only, `out` exists and may not be replaced or lies in the input, the files have not the same columns, one is corrupt,
    /// the disk is full, or the run was cancelled. Whatever the error, nothing is left and what stood at `out` still does.
    pub fn run(
        &self,
        progress: &(dyn Fn(Progress) + Sync),
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<RepartitionReport, Error> {
        tape_pool::in_pool(|| self.run_here(progress, cancelled))
    }

    fn run_here(
        &self,
        progress: &(dyn Fn(Progress) + Sync),
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<RepartitionReport, Error> {
        if let Some(condition) = self.survey.filter() {
            return Err(Error::PartOfSurvey { path: self.out.to_owned(), condition: condition.to_owned() });
        }
        let place = OutputDir::reserve(self)?;
        let carried = Carried::of(self.survey)?;
        let watch = Watch { progress, cancelled, out: self.out };
        let counts = Counts::of(self.survey, &watch)?;
        let rows_in = self.survey.file_rows();
        let mut report = RepartitionReport {
            files_in: self.survey.paths().len(),
            rows_in,
            objects: counts.objects(),
            ..RepartitionReport::default()
        };
        let partitions = match self.target {
            PartitionTarget::Count(n) => n as u64,
            PartitionTarget::Bytes(bytes) => carried.memory_of(rows_in).div_ceil(bytes.max(1)),
        };
        let cuts = counts.cut(partitions);
        let longest_id = counts.longest_text();
        drop(counts);
        let mut held = Held::new(cuts.partitions(), carried.schema().clone(), self.memory, place.folder(), self.out);
        report.null_ids = route::all(self, &carried, &cuts, &mut held, &watch)?;
        report.spilled = held.spilled();
        let writer = PartWriter::new(self, &carried, longest_id, &watch)?;
        for written in self.write(held.into_buckets(), &writer, place.folder())? {
            report.rows += written.rows;
            report.row_groups += written.row_groups;
            report.bytes += written.bytes;
            report.files += 1;
        }
        place.put(self.overwrite)?;
        Ok(report)
    }

    /// Writes one file for each bucket, several at a time if their spilled rows fit into memory together.
    fn write(&self, buckets: Vec<Bucket>, writer: &PartWriter<'_>, folder: &Path) -> Result<Vec<Written>, Error> {
        let mut written = Vec::with_capacity(buckets.len());
        let mut left = buckets.into_iter().enumerate().peekable();
        while left.peek().is_some() {
            let mut wave = Vec::new();
            let mut loaded = 0;
            while let Some(next) =
                left.next_if(|(_, next)| wave.is_empty() || loaded + next.spilled() <= self.memory / 2)
            {
                loaded += next.1.spilled();
                wave.push(next);
            }
            written.extend(tape_pool::try_map(wave, |(i, bucket)| {
                writer.write(&folder.join(format!("part-{i:05}.parquet")), bucket)
            })?);
        }
        Ok(written)
    }
}
