//! Rewrites a survey sorted by id. No light curve is cut by a file or a row group, and footers declare it.
//!
//! [`counts`] reads only the ids, and finds where partitions begin. [`read`] decodes all columns of each row group.
//! [`route`] sends each row to its partition. [`held`] keeps the rows of partitions in memory or spills them. [`write`]
//! sorts each partition and writes it to a file. `output_dir` moves the complete folder to its path. [`carried`]
//! describes the columns, [`keys`] the order of rows.

mod carried;
mod counts;
mod held;
mod keys;
mod read;
mod route;
mod unify;
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

/// The number of output files, or their size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartitionTarget {
    /// Files of about this many bytes of decoded rows each. Files on disk are smaller, depending
    /// on their compression.
    Bytes(u64),
    /// This number of files, with about equal numbers of rows. Fewer if there are fewer objects, or if one object fills
    /// several files.
    Count(usize),
}

/// The number of rows processed since the last report. Each of the three passes processes all rows of the survey; the
/// last one without rows whose id is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// Ids that were counted.
    Counted(u64),
    /// Rows that were read, with all columns.
    Read(u64),
    /// Rows that were written.
    Written(u64),
}

/// Counts of the input and the output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepartitionReport {
    /// Number of files read.
    pub files_in: usize,
    /// Number of rows read.
    pub rows_in: u64,
    /// Number of rows skipped because their id is null. They belong to no object.
    pub null_ids: u64,
    /// Number of rows written.
    pub rows: u64,
    /// Number of objects written.
    pub objects: u64,
    /// Number of files written.
    pub files: usize,
    /// Number of row groups written.
    pub row_groups: usize,
    /// Size of the files written, in bytes.
    pub bytes: u64,
    /// Bytes of rows that were spilled to temporary files, by their size in memory.
    pub spilled: u64,
}

/// Rewrites a survey as `part-00000.parquet`, `part-00001.parquet`, … in a folder, sorted by id.
///
/// All columns of all files are kept, including nested ones. Rows are sorted by id, then by time if the survey has a
/// time column with one value per row (numbers, then NaN, then null). Rows with equal id and time keep the order of the
/// input. Where light curves are lists, a row is an object, and its lists are unchanged. No file or row group cuts a
/// light curve: row groups have at most 122,880 rows, unless a single object has more, which then has its own row
/// group. Footers declare the order and have the range of ids of each row group, which is all that a plan needs. The
/// same input gives the same bytes, for any number of threads and any memory limit.
///
/// In addition to `memory`, a run needs memory for a few decoded row groups, for about 16 bytes per object, and for one
/// partition per thread while it is sorted.
#[derive(Clone, Copy, Debug)]
pub struct Repartition<'a> {
    /// The survey to read.
    pub survey: &'a Survey,
    /// The inputs that `survey` was opened from. The output must not be in one of these folders, because the next run
    /// would read every row twice.
    pub inputs: &'a [String],
    /// The output folder.
    pub out: &'a Path,
    /// The number of files.
    pub target: PartitionTarget,
    /// True if a folder of Parquet files at `out` may be replaced.
    pub overwrite: bool,
    /// Bytes of rows to hold in memory. Further rows are spilled to temporary files next to `out`.
    pub memory: u64,
    /// Compression of the output files.
    pub compression: Compression,
}

/// Reports progress, and checks whether the run was cancelled.
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
    /// Creates a repartition with default settings: zstd compression, and 1 GiB of rows in memory.
    #[must_use]
    pub fn new(survey: &'a Survey, out: &'a Path, target: PartitionTarget) -> Self {
        let compression = Compression::ZSTD(ZstdLevel::default());
        Self { survey, inputs: &[], out, target, overwrite: false, memory: 1 << 30, compression }
    }

    /// Writes the folder, on the thread pool of the caller or on a new one. Worker threads call `progress` and then
    /// `cancelled`.
    ///
    /// # Errors
    /// If the survey has a condition on rows, if `out` exists and may not be replaced or is inside the input, if the
    /// columns of the files differ, if a file is corrupt, if the disk is full, or if the run was cancelled. After an
    /// error, the output is removed, and an existing folder at `out` is unchanged.
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

    /// Writes one file for each bucket. Several are written in parallel if their spilled rows fit into memory together.
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
