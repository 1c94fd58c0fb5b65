//! What plans ask of the world: rows to read, a place for results, and someone to tell. Other crates implement these; plans
//! see only them.

use std::error::Error;

use crate::bands::Bands;
use crate::cancellation::Cancellation;
use crate::group::Part;
use crate::id::IdType;
use crate::layout::{Partition, RowGroup};
use crate::results::Results;
use crate::role::Role;
use crate::rows::{Columns, Rows};

/// Whatever went wrong while reading or writing, in words that name the file and what to do.
pub type SourceError = Box<dyn Error + Send + Sync>;

/// A survey whose footers were read.
pub trait Source: Send + Sync {
    /// The type of the id column.
    fn id_type(&self) -> IdType;

    /// The name of the column that plays a role, if one does.
    fn column(&self, role: Role) -> Option<&str>;

    /// What results call the column that plays a role: its name in the column that it lies in, if it lies in one.
    fn title(&self, role: Role) -> Option<&str> {
        self.column(role)
    }

    /// The band labels met so far. They are complete once all rows were read.
    fn bands(&self) -> &Bands;

    /// All row groups, by file and position.
    fn row_groups(&self) -> &[RowGroup];

    /// Where a row group lies, for messages: its file, and its number there.
    fn describe(&self, row_group: usize) -> String;

    /// Bytes to be read for these columns of a row group.
    fn bytes(&self, row_group: usize, columns: Columns) -> u64;

    /// Bytes that a row takes in memory, with all its roles, in the types that the survey has.
    fn row_bytes(&self) -> u64;

    /// A reader over the rows of a partition.
    ///
    /// # Errors
    /// If a file can no longer be opened.
    fn read<'a>(&'a self, partition: &Partition, columns: Columns) -> Result<Box<dyn RowReader + 'a>, SourceError>;
}

/// Reads the rows of one partition, some at a time.
pub trait RowReader {
    /// Appends about `max_rows` rows (fewer, or a few more where that is cheaper) and returns how many rows of the file
    /// that took, those that it drops included; 0 at the end only.
    ///
    /// # Errors
    /// If the file cannot be read or is corrupt.
    fn read(&mut self, rows: &mut Rows, max_rows: usize) -> Result<usize, SourceError>;
}

/// Takes results, in order.
pub trait Sink: Send {
    /// Takes the next results.
    ///
    /// # Errors
    /// If they cannot be written.
    fn write(&mut self, results: Results) -> Result<(), SourceError>;

    /// Forgets everything written so far: a claim of the input was found false, and the run starts again.
    ///
    /// # Errors
    /// If what was written cannot be discarded.
    fn restart(&mut self) -> Result<(), SourceError>;
}

/// Where rows go that do not fit in memory, until they are needed again. What is in it ends with it.
pub trait Spill: std::fmt::Debug + Send + Sync {
    /// Puts the rows of `parts`, which have the same columns, away as one piece. Called from worker threads.
    ///
    /// # Errors
    /// If they cannot be written: the disk is full, say.
    fn put(&self, parts: &[Part<'_>]) -> Result<Spilled, SourceError>;

    /// Appends the rows of a piece to `rows`, in the order in which they were put away.
    ///
    /// # Errors
    /// If they cannot be read, or are not what was written.
    fn take(&self, piece: &Spilled, rows: &mut Rows) -> Result<(), SourceError>;

    /// Puts results away, as [`Spill::put`] does rows.
    ///
    /// # Errors
    /// If they cannot be written.
    fn put_results(&self, results: &Results) -> Result<Spilled, SourceError>;

    /// Appends the results of a piece to `results`, in the order in which they were put away.
    ///
    /// # Errors
    /// If they cannot be read, or are not what was written.
    fn take_results(&self, piece: &Spilled, results: &mut Results) -> Result<(), SourceError>;
}

/// A piece that was put away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spilled {
    /// Where it lies.
    pub at: u64,
    /// Its length there, bytes.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// The checksum of its bytes.
    pub checksum: u32,
}

/// A step that rows of a run go through. A plan has some of them, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ids are looked at, where footers do not tell enough to plan.
    Scan,
    /// Rows are read, and scattered by object where that is the plan; where it is not, their light curves are computed too.
    Read,
    /// Rows are put away for want of memory.
    PutAway,
    /// Rows that were brought together become light curves, and those are computed.
    Compute,
    /// Results, a row each, are put in order and written, where that waits for the last of them.
    Write,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Scan, Self::Read, Self::PutAway, Self::Compute, Self::Write];

    /// Its name.
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

/// What happens during a run. Rows are told of some thousands at a time, never one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// So many rows go through a step in all, as far as is known now. All steps of a plan are told of as it begins, but for
    /// [`Step::Write`], whose rows are known once the last light curve is.
    Ahead {
        /// The step.
        step: Step,
        /// Its rows, those done included.
        rows: u64,
    },
    /// So many more rows have gone through a step.
    Done {
        /// The step.
        step: Step,
        /// The rows.
        rows: u64,
    },
    /// So many rows that were read must be read again: they were not in the order that was expected.
    Again(u64),
    /// So many more light curves were computed.
    LightCurves(u64),
    /// So many more bytes were put away for want of memory.
    Spilled(u64),
    /// Something that the user should know, and that the answer does not suffer from.
    Warning(String),
    /// The run starts again with another plan: counts start from zero, and what lies ahead is told anew.
    Restart,
}

/// Watches a run, and may stop it.
pub trait Observer: Sync {
    /// Something happened. Called from worker threads.
    fn event(&self, event: Event);

    /// Returns the request to stop the run, always the same one. The run asks it between batches of rows and between light
    /// curves, and kernels that take long ask it in their loops. No run can be stopped by default.
    fn cancellation(&self) -> Cancellation {
        Cancellation::never()
    }
}

impl dyn Observer + '_ {
    /// Returns whether the run should stop.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.cancellation().is_cancelled()
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _: Event) {}
}
