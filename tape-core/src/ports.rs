//! Traits through which plans access the world: reading rows, writing results, and reporting progress. Other crates
//! implement them.

use std::error::Error;
use std::fmt;

use crate::bands::Bands;
use crate::cancellation::Cancellation;
use crate::group::Part;
use crate::id::IdType;
use crate::layout::{Partition, RowGroup};
use crate::results::Results;
use crate::role::Role;
use crate::rows::{Columns, Rows};

/// An error of reading or writing. Its message names the file and says what to do.
pub type SourceError = Box<dyn Error + Send + Sync>;

/// The tables next to the epochs of a survey. Displays what one row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// Objects, by the id of the epochs.
    Objects,
    /// Exposures, by a column of the epochs such as Rubin's `visit`.
    Exposures,
}

impl TableKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Objects, Self::Exposures];

    /// Returns the prefix of the table's columns in expressions over epochs.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Objects => "objects.",
            Self::Exposures => "exposures.",
        }
    }
}

impl fmt::Display for TableKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Objects => "object",
            Self::Exposures => "exposure",
        })
    }
}

/// The meaning of a row in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowUnit {
    /// An epoch.
    #[default]
    Epoch,
    /// An object, with its light curve in lists.
    LightCurve,
}

/// A survey whose footers have been read.
pub trait Source: Send + Sync {
    /// Returns the type of the id column.
    fn id_type(&self) -> IdType;

    /// Returns the column of a role, if it has one.
    fn column(&self, role: Role) -> Option<&str>;

    /// Returns the name of a role's column in results. For a nested column, this is the name of the field.
    fn title(&self, role: Role) -> Option<&str> {
        self.column(role)
    }

    /// Returns the band labels met so far. They are complete once all rows are read.
    fn bands(&self) -> &Bands;

    /// Returns all row groups, by file and position.
    fn row_groups(&self) -> &[RowGroup];

    /// Describes the location of a row group for messages: its file, and its number there.
    fn describe(&self, row_group: usize) -> String;

    /// Returns the bytes to read for these columns of a row group.
    fn bytes(&self, row_group: usize, columns: Columns) -> u64;

    /// Returns the bytes that a row takes in memory, with all roles, in the types of the survey.
    fn row_bytes(&self) -> u64;

    /// Returns what one row of the files stands for. Row numbers in this trait always count epochs.
    fn row_unit(&self) -> RowUnit {
        RowUnit::Epoch
    }

    /// Opens a reader for the rows of a partition.
    ///
    /// # Errors
    /// If a file can no longer be opened.
    fn read<'a>(&'a self, partition: &Partition, columns: Columns) -> Result<Box<dyn RowReader + 'a>, SourceError>;
}

/// Reads the rows of one partition in batches.
pub trait RowReader {
    /// Appends about `max_rows` rows (it may append fewer, or a few more if that is cheaper). Returns the number of
    /// rows consumed from the file, including dropped rows. Returns 0 only at the end.
    ///
    /// # Errors
    /// If the file cannot be read or is corrupt.
    fn read(&mut self, rows: &mut Rows, max_rows: usize) -> Result<usize, SourceError>;
}

/// Receives results in order.
pub trait Sink: Send {
    /// Writes the next results.
    ///
    /// # Errors
    /// If they cannot be written.
    fn write(&mut self, results: Results) -> Result<(), SourceError>;

    /// Discards everything written so far, because a claim of the input proved false and the run starts again.
    ///
    /// # Errors
    /// If the written results cannot be discarded.
    fn restart(&mut self) -> Result<(), SourceError>;
}

/// Storage for rows that do not fit in memory. Its contents are deleted with it.
pub trait Spill: std::fmt::Debug + Send + Sync {
    /// Spills the rows of `parts`, which have the same columns, as one piece. Called from worker threads.
    ///
    /// # Errors
    /// If the rows cannot be written, for example because the disk is full.
    fn put(&self, parts: &[Part<'_>]) -> Result<Spilled, SourceError>;

    /// Appends the rows of a piece to `rows`, in the order in which they were spilled.
    ///
    /// # Errors
    /// If the rows cannot be read or are corrupt.
    fn take(&self, piece: &Spilled, rows: &mut Rows) -> Result<(), SourceError>;

    /// Spills results as one piece.
    ///
    /// # Errors
    /// If the results cannot be written.
    fn put_results(&self, results: &Results) -> Result<Spilled, SourceError>;

    /// Appends the results of a piece to `results`, in the order in which they were spilled.
    ///
    /// # Errors
    /// If the results cannot be read or are corrupt.
    fn take_results(&self, piece: &Spilled, results: &mut Results) -> Result<(), SourceError>;
}

/// A piece of spilled rows or results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spilled {
    /// Position in the spill.
    pub at: u64,
    /// Length in the spill, bytes.
    pub bytes: u64,
    /// Number of rows.
    pub rows: u64,
    /// Checksum of the bytes.
    pub checksum: u32,
}

/// A step of a run that processes rows. A plan has some of the steps, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Scans ids, if footers do not say enough to plan.
    Scan,
    /// Reads rows, and either partitions them by object or computes their light curves directly, depending on the plan.
    Read,
    /// Spills rows to disk because the memory limit is reached.
    PutAway,
    /// Groups partitioned rows into light curves and computes statistics.
    Compute,
    /// Sorts and writes results, if that has to wait for the last of them.
    Write,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Self; 5] = [Self::Scan, Self::Read, Self::PutAway, Self::Compute, Self::Write];

    /// Returns the name of the step.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Read => "read",
            Self::PutAway => "put_away",
            Self::Compute => "compute",
            Self::Write => "write",
        }
    }
}

/// An event of a run. Progress is reported for thousands of rows at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The total number of rows of a step, as far as known. Emitted for all steps of a plan when it starts, except for
    /// [`Step::Write`], whose number of rows is only known after the last light curve.
    Ahead {
        /// The step.
        step: Step,
        /// Total number of rows, including those already processed.
        rows: u64,
    },
    /// More rows were processed by a step.
    Done {
        /// The step.
        step: Step,
        /// Number of rows processed since the last event.
        rows: u64,
    },
    /// Rows that must be read again, because they were not in the expected order.
    Again(u64),
    /// More light curves were computed.
    LightCurves(u64),
    /// More bytes were spilled because the memory limit was reached.
    Spilled(u64),
    /// A problem that the user should know about, but that does not affect the results.
    Warning(String),
    /// The run starts again with another plan. Counts restart from zero, and [`Event::Ahead`] is emitted again.
    Restart,
}

/// Observes a run, and may stop it.
pub trait Observer: Sync {
    /// Receives an event. Called from worker threads.
    fn event(&self, event: Event);

    /// Returns the request to stop the run. It must return the same request every time. The run checks it between
    /// batches of rows and between light curves, and long-running kernels check it in their loops. By default a run
    /// cannot be stopped.
    fn cancellation(&self) -> Cancellation {
        Cancellation::never()
    }
}

impl dyn Observer + '_ {
    /// Returns true if the run should stop.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.cancellation().is_cancelled()
    }
}

/// An observer that ignores all events.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _: Event) {}
}
