//! Why a plan cannot be made or run.

use tape_core::{ObjectId, SourceError, StatisticError};

/// Why a plan cannot be made or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing to compute.
    #[error("no statistic was asked for: name at least one")]
    NoStatistic,
    /// A map plan was forced where it would give wrong answers.
    #[error(
        "the map plan would cut the light curve of object {id} (between {before} and {after}): use the stitch plan, or \
         the auto plan; the map-unchecked plan gives one result per piece"
    )]
    CutLightCurve {
        /// The first object that is cut.
        id: ObjectId,
        /// Location of the first piece.
        before: String,
        /// Location of the next piece.
        after: String,
    },
    /// A plan was forced that the layout does not allow.
    #[error("the {plan} plan is not possible here: {why}. Use {instead}")]
    IllegalPlan {
        /// The plan that was asked for.
        plan: &'static str,
        /// The reason.
        why: String,
        /// The plan or setting to use instead.
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
    #[error("the statistic '{statistic}' compares bands, but the survey has no band column: name it")]
    NoBands {
        /// The statistic.
        statistic: String,
    },
    /// A statistic compares a band that is not among those to be computed.
    #[error(
        "the statistic '{statistic}' compares bands {}, but '{band}' is not among the bands asked for: ask \
         for it too, or for all bands", .bands.join(" and ")
    )]
    BandNotAsked {
        /// The statistic.
        statistic: String,
        /// The bands that it compares.
        bands: Vec<String>,
        /// The one that is missing.
        band: String,
    },
    /// A step on light curves panicked.
    #[error("the step '{step}' panicked on object {id}{band}: {message}", band = of_band(.band))]
    StepPanicked {
        /// The step.
        step: String,
        /// The object.
        id: ObjectId,
        /// The band; empty if the survey has none.
        band: String,
        /// Message of the panic.
        message: String,
    },
    /// A budget in which nothing can be done.
    #[error(
        "{} MiB of memory are too little: at least {} MiB are needed. Allow more memory, or use fewer workers",
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
        "{what} has {rows} rows, but only {most} fit in the memory allowed: allow more memory, use fewer workers, \
         or skip such objects"
    )]
    DoesNotFit {
        /// The object, or the partition.
        what: String,
        /// Number of rows, as far as they were counted.
        rows: u64,
        /// Number of rows that fit.
        most: u64,
    },
    /// A footer is wrong about the ids of its rows.
    #[error("{place} holds object {id}, but its footer says that its ids lie between {min} and {max}")]
    FalseClaim {
        /// The object.
        id: ObjectId,
        /// Location of the object.
        place: String,
        /// The smallest id, by the footer.
        min: ObjectId,
        /// The largest id, by the footer.
        max: ObjectId,
    },
    /// Partitions that are not in order of id, although their footers claim that they are.
    #[error("{before} and {after} {}. Use the shuffle plan", not_in_order(id, *cut))]
    OutOfOrder {
        /// The object.
        id: ObjectId,
        /// True if the light curve lies in both partitions, and false if it is merely out of order.
        cut: bool,
        /// The partition that comes first.
        before: String,
        /// The partition that should only have larger ids.
        after: String,
    },
    /// The output of a task is not what that task would leave.
    #[error("the output of task {task} is wrong: {reason}")]
    WrongOutput {
        /// The number of the task.
        task: usize,
        /// The contradiction.
        reason: String,
    },
    /// More rows than the budget holds, and nowhere to put them.
    #[error("the rows do not fit in the memory allowed: name a folder to spill them to, or allow more memory")]
    NoSpill,
    /// Rows could not be spilled, or read back.
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
        /// The band; empty without one.
        band: String,
        /// Message of the panic.
        message: String,
    },
    /// A statistic failed with an error of its own, which is the [source](std::error::Error::source) of this one.
    #[error("the statistic '{statistic}' failed on object {id}{band}: {source}", band = of_band(.band))]
    Failed {
        /// The statistic.
        statistic: String,
        /// The object.
        id: ObjectId,
        /// The band; empty without one.
        band: String,
        /// The error of the statistic.
        source: StatisticError,
    },
    /// A statistic with many rows for each light curve gave values that make no whole rows.
    #[error(
        "the statistic '{statistic}' gave {values} values for object {id}{band}, which are no rows of {outputs} values each",
        band = of_band(.band)
    )]
    Ragged {
        /// The statistic.
        statistic: String,
        /// The object.
        id: ObjectId,
        /// The band; empty without one.
        band: String,
        /// The number of values that it gave.
        values: usize,
        /// The number of values in a row.
        outputs: usize,
    },
    /// The engine itself gave up on a task: a bug.
    #[error("internal error: {message}; please report it")]
    Internal {
        /// Message of the panic.
        message: String,
    },
    /// The observer asked to stop.
    #[error("stopped; nothing was written")]
    Cancelled,
    /// Threads cannot be had.
    #[error("cannot start {workers} workers: {reason}")]
    Workers {
        /// Number of requested workers.
        workers: usize,
        /// Message of the system.
        reason: String,
    },
}

/// Says of two places how they break the order of ids: by an object in both, or by one in the second that belongs before.
#[must_use]
pub(crate) fn not_in_order(id: &ObjectId, cut: bool) -> String {
    let how = if cut { "is in both" } else { "is in the second, but not after the ids of the first" };
    format!("are not in order of id, although their footers claim that they are: object {id} {how}")
}

/// Advice for surveys whose footers claim an order of ids that the rows do not have.
pub const WRITE_SORTED: &str = "write the survey again, sorted by id, to have the fast plan";

fn of_band(band: &str) -> String {
    if band.is_empty() { String::new() } else { format!(" in band {band}") }
}

/// The result of planning and running.
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_out_of_order_are_not_said_to_be_in_order() {
        let text = |cut| {
            Error::OutOfOrder {
                id: ObjectId::Int(7),
                cut,
                before: "partition 3".to_owned(),
                after: "partition 4".to_owned(),
            }
            .to_string()
        };
        let claim =
            "partition 3 and partition 4 are not in order of id, although their footers claim that they are: object 7";
        assert_eq!(text(true), format!("{claim} is in both. Use the shuffle plan"));
        let place = "is in the second, but not after the ids of the first";
        assert_eq!(text(false), format!("{claim} {place}. Use the shuffle plan"));
    }
}
