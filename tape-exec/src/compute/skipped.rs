//! Light curves and row groups that a run skips instead of failing.

use std::fmt;

use serde::{Deserialize, Serialize};
use tape_core::{IdRange, ObjectId, Partition};

use crate::compute::Job;
use crate::error::{Error, Result};

/// The reaction of a run to errors that affect only a part of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnError {
    /// Stop with the error.
    #[default]
    Stop,
    /// Skip row groups that cannot be read, and light curves that do not fit in memory, with a warning for each.
    Skip,
}

/// A part of the input that a run skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// A row group that cannot be read. Light curves with rows in it are computed from their other rows.
    RowGroup {
        /// The row group's number in the source.
        row_group: usize,
        /// File of the row group, and its number in the file.
        place: String,
        /// The ids that its footer claims.
        ids: Option<IdRange>,
        /// Number of rows according to the footer.
        rows: u64,
        /// The reason for skipping it.
        reason: String,
    },
    /// An object that has more rows than fit in memory.
    LightCurve {
        /// The object.
        id: ObjectId,
        /// Number of rows, in all bands.
        rows: u64,
        /// Number of rows that would fit.
        most: u64,
    },
}

impl Skipped {
    pub(crate) const fn light_curve(id: ObjectId, rows: u64, most: u64) -> Self {
        Self::LightCurve { id, rows, most }
    }

    /// Returns the number of skipped rows.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        match self {
            Self::RowGroup { rows, .. } | Self::LightCurve { rows, .. } => *rows,
        }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RowGroup { place, ids, rows, reason, .. } => {
                write!(f, "skipped: {place}, {rows} rows")?;
                match ids {
                    Some(IdRange { min, max, .. }) => write!(f, " of objects {min} to {max}")?,
                    None => write!(f, " of unknown objects")?,
                }
                write!(f, "; light curves with rows in it are incomplete or missing ({reason})")
            }
            Self::LightCurve { id, rows, most } => {
                write!(f, "skipped: object {id}, only {most} of its {rows} rows fit in the memory limit")
            }
        }
    }
}

/// Calls `work` on a partition. If the partition cannot be read and errors should be skipped, finds and records the
/// unreadable row groups, and tries again without them.
pub(crate) fn or_skip<T>(
    job: &Job<'_>,
    partition: &Partition,
    mut work: impl FnMut(&Partition) -> Result<T>,
) -> Result<T> {
    let mut partition = partition.clone();
    loop {
        match work(&partition) {
            Err(Error::Source(error)) if job.on_error == OnError::Skip => {
                let before = partition.pieces.len();
                skip_unreadable(job, &mut partition)?;
                if partition.pieces.len() == before {
                    return Err(Error::Source(error));
                }
            }
            done => return done,
        }
    }
}

/// Removes the pieces that cannot be read from a partition.
fn skip_unreadable(job: &Job<'_>, partition: &mut Partition) -> Result<()> {
    let mut readable = Vec::with_capacity(partition.pieces.len());
    for piece in std::mem::take(&mut partition.pieces) {
        let alone = Partition { pieces: vec![piece.clone()] };
        match read_through(job, &alone) {
            Ok(()) => readable.push(piece),
            Err(Error::Source(error)) => {
                let group = &job.source.row_groups()[piece.row_group];
                job.skip(Skipped::RowGroup {
                    row_group: piece.row_group,
                    place: job.source.describe(piece.row_group),
                    ids: group.ids.clone(),
                    rows: piece.rows.end - piece.rows.start,
                    reason: error.to_string(),
                })?;
            }
            Err(error) => return Err(error),
        }
    }
    partition.pieces = readable;
    Ok(())
}

/// Reads a partition to check that it is readable.
fn read_through(job: &Job<'_>, partition: &Partition) -> Result<()> {
    let mut reader = job.source.read(partition, job.inputs().columns()).map_err(Error::Source)?;
    let mut rows = tape_core::Rows::new(job.source.id_type());
    while reader.read(&mut rows, crate::compute::BATCH).map_err(Error::Source)? > 0 {
        job.check_stop()?;
        rows.clear();
    }
    Ok(())
}
