//! Why a plan cannot be made or run.

use tape_core::{ObjectId, SourceError};

/// Why a plan cannot be made or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing to compute.
    #[error("no statistic was asked for: name at least one")]
    NoStatistic,
    /// A map plan was forced where it would give wrong answers.
    #[error(
        "the map plan would cut the light curve of object {id} (between {before} and {after}): use --plan stitch or leave \
         the choice to --plan auto; --plan map-unchecked gives one result per piece"
    )]
    CutLightCurve {
        /// The first object that is cut.
        id: ObjectId,
        /// Where its first piece lies.
        before: String,
        /// Where its next piece lies.
        after: String,
    },
    /// A plan was forced that the layout does not allow.
    #[error("the {plan} plan is not possible here: {why}. Use {instead}")]
    IllegalPlan {
        /// The plan that was asked for.
        plan: &'static str,
        /// What forbids it.
        why: String,
        /// What to use instead.
        instead: &'static str,
    },
    /// A statistic with many rows for each light curve is not alone.
    #[error(
        "the statistic '{statistic}' has many rows for each light curve: ask for it alone, and join the tables by id"
    )]
    NotAlone {
        /// The statistic.
        statistic: String,
    },
    /// A statistic compares bands, and the survey has none.
    #[error("the statistic '{statistic}' compares bands, but the survey has no band column: name it with --band")]
    NoBands {
        /// The statistic.
        statistic: String,
    },
    /// A statistic compares a band that is not among those to be computed.
    #[error(
        "the statistic '{statistic}' compares bands {}, but '{band}' is not among the bands asked for: add it to \
         --band-to-calc, or leave that out", .bands.join(" and ")
    )]
    BandNotAsked {
        /// The statistic.
        statistic: String,
        /// The bands that it compares.
        bands: Vec<String>,
        /// The one that is missing.
        band: String,
    },
    /// A budget in which nothing can be done.
    #[error(
        "{} MiB of memory are too little: at least {} MiB are needed. Allow more with --memory, or use fewer workers",
        .memory >> 20, (.needed >> 20) + 1
    )]
    TooLittleMemory {
        /// The budget, bytes.
        memory: u64,
        /// The least budget, bytes.
        needed: u64,
    },
    /// Rows that must be in memory at once, and are too many for the budget.
    #[error(
        "{what} has {rows} rows, of which only {most} fit in the memory allowed: allow more with --memory, use fewer workers, \
         or leave such objects out with --on-error skip"
    )]
    DoesNotFit {
        /// The object, or the partition.
        what: String,
        /// Its rows, as far as they were counted.
        rows: u64,
        /// How many fit.
        most: u64,
    },
    /// A footer is wrong about the ids of its rows.
    #[error("{place} holds object {id}, but its footer says that its ids lie between {min} and {max}")]
    FalseClaim {
        /// The object.
        id: ObjectId,
        /// Where it was found.
        place: String,
        /// The smallest id, by the footer.
        min: ObjectId,
        /// The largest id, by the footer.
        max: ObjectId,
    },
    /// Partitions that do not follow each other by id, as their footers claim.
    #[error(
        "partitions {before} and {after} do not follow each other by id, which their footers deny: object {id} lies in or \
         before the first and again in the second. Plan again with --plan shuffle"
    )]
    OutOfOrder {
        /// The object.
        id: ObjectId,
        /// Whether its light curve lies in both, rather than it being merely out of place.
        cut: bool,
        /// The partition that comes first.
        before: usize,
        /// The partition that should only have larger ids.
        after: usize,
    },
    /// The output of a task is not what that task would leave.
    #[error("the output of task {task} of its round is wrong: {reason}")]
    WrongOutput {
        /// The number of the task in its round.
        task: usize,
        /// What contradicts what.
        reason: String,
    },
    /// More rows than the budget holds, and nowhere to put them.
    #[error(
        "the rows do not fit in the memory allowed: name a folder to put them away in with --spill-dir, or allow more"
    )]
    NoSpill,
    /// Rows cannot be put away, or read back.
    #[error(transparent)]
    Spill(SourceError),
    /// The survey cannot be read.
    #[error(transparent)]
    Source(SourceError),
    /// The results cannot be written.
    #[error(transparent)]
    Sink(SourceError),
    /// A statistic gave up.
    #[error("the statistic '{statistic}' panicked on object {id}{band}: {message}", band = of_band(.band))]
    Panicked {
        /// The statistic.
        statistic: String,
        /// The object.
        id: ObjectId,
        /// Its band; empty without one.
        band: String,
        /// What it said.
        message: String,
    },
    /// The engine itself gave up on a task: a bug.
    #[error("internal error: {message}; please report it")]
    Internal {
        /// What it said.
        message: String,
    },
    /// The observer asked to stop.
    #[error("stopped; nothing was written")]
    Cancelled,
    /// Threads cannot be had.
    #[error("cannot start {workers} workers: {reason}")]
    Workers {
        /// How many were asked for.
        workers: usize,
        /// What the system said.
        reason: String,
    },
}

fn of_band(band: &str) -> String {
    if band.is_empty() { String::new() } else { format!(" in band {band}") }
}

/// The result of planning and running.
pub type Result<T> = std::result::Result<T, Error>;
