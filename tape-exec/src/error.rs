//! Errors of planning and running.

use tape_core::{ObjectId, SourceError, StatisticError};

/// An error of planning or running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No statistic is selected.
    #[error("no statistic is selected: name at least one")]
    NoStatistic,
    /// The map plan was forced, but would give wrong results.
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
        /// The requested plan.
        plan: &'static str,
        /// The reason.
        why: String,
        /// The plan or setting to use instead.
        instead: &'static str,
    },
    /// A statistic with many rows for each light curve is not the only one.
    #[error(
        "the statistic '{statistic}' has many rows for each light curve: compute it in a run of \
         its own, and join the tables by id"
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
    /// A statistic compares a band that is not selected.
    #[error(
        "the statistic '{statistic}' compares bands {}, but '{band}' is not among the selected bands: select \
         it too, or all bands", .bands.join(" and ")
    )]
    BandNotAsked {
        /// The statistic.
        statistic: String,
        /// The bands that it compares.
        bands: Vec<String>,
        /// The missing band.
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
    /// The memory budget is too small.
    #[error(
        "{} MiB of memory is too little: at least {} MiB is needed. Allow more memory, or use fewer workers",
        .memory >> 20, (.needed >> 20) + 1
    )]
    TooLittleMemory {
        /// The budget, in bytes.
        memory: u64,
        /// The smallest budget that is enough, in bytes.
        needed: u64,
    },
    /// Rows that must be in memory at once do not fit in the budget.
    #[error(
        "{what} has {rows} rows, but only {most} fit in the memory limit: raise the limit, use fewer workers, \
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
    /// The claims of a footer about ids are false.
    #[error("{place} holds object {id}, but its footer claims ids from {min} to {max}: write the file again")]
    FalseClaim {
        /// The object.
        id: ObjectId,
        /// Location of the object.
        place: String,
        /// The smallest id according to the footer.
        min: ObjectId,
        /// The largest id according to the footer.
        max: ObjectId,
    },
    /// Partitions that are not in order of id, although their footers claim that they are.
    #[error("{before} and {after} {}. Use the shuffle plan", not_in_order(id, *cut))]
    OutOfOrder {
        /// The object.
        id: ObjectId,
        /// True if the light curve is in both partitions, and false if the object is merely out of order.
        cut: bool,
        /// The partition that comes first.
        before: String,
        /// The partition that should only have larger ids.
        after: String,
    },
    /// The output of a task contradicts itself or the outputs of other tasks.
    #[error("the output of task {task} is wrong: {reason}")]
    WrongOutput {
        /// The number of the task.
        task: usize,
        /// The contradiction.
        reason: String,
    },
    /// The rows do not fit in the budget, and there is no storage to spill them to.
    #[error("the rows do not fit in the memory limit: name a folder to spill them to, or raise the limit")]
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
    /// A statistic panicked.
    #[error("the statistic '{statistic}' panicked on object {id}{band}: {message}", band = of_band(.band))]
    Panicked {
        /// The statistic.
        statistic: String,
        /// The object.
        id: ObjectId,
        /// The band; empty if the survey has none.
        band: String,
        /// Message of the panic.
        message: String,
    },
    /// A statistic returned an error, which is the [source](std::error::Error::source) of this one.
    #[error("the statistic '{statistic}' failed on object {id}{band}: {source}", band = of_band(.band))]
    Failed {
        /// The statistic.
        statistic: String,
        /// The object.
        id: ObjectId,
        /// The band; empty if the survey has none.
        band: String,
        /// The error of the statistic.
        source: StatisticError,
    },
    /// A statistic with many rows for each light curve gave a number of values that is not a multiple of its outputs.
    #[error(
        "the statistic '{statistic}' gave {values} values for object {id}{band}, which do not form rows of \
         {outputs} values",
        band = of_band(.band)
    )]
    Ragged {
        /// The statistic.
        statistic: String,
        /// The object.
        id: ObjectId,
        /// The band; empty if the survey has none.
        band: String,
        /// The number of values that it gave.
        values: usize,
        /// The number of values in a row.
        outputs: usize,
    },
    /// The engine itself panicked: a bug.
    #[error("internal error: {message}; please report it")]
    Internal {
        /// Message of the panic.
        message: String,
    },
    /// The observer requested a stop.
    #[error("stopped; nothing was written")]
    Cancelled,
    /// Threads cannot be started.
    #[error("cannot start {workers} workers: {reason}: use fewer workers")]
    Workers {
        /// Number of requested workers.
        workers: usize,
        /// Message of the system.
        reason: String,
    },
}

/// Describes how two partitions break the order of ids: an object is in both, or the second has an object that belongs
/// before it.
#[must_use]
pub(crate) fn not_in_order(id: &ObjectId, cut: bool) -> String {
    let how = if cut { "is in both" } else { "is in the second, but not after the ids of the first" };
    format!("are not in order of id, although their footers claim that they are: object {id} {how}")
}

/// Advice for surveys whose footers claim an order of ids that the rows do not have.
pub const WRITE_SORTED: &str = "write the survey again, sorted by id, to use the fast plan";

fn of_band(band: &str) -> String {
    if band.is_empty() { String::new() } else { format!(" in band {band}") }
}

/// The result of planning and running.
pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_the_object_that_breaks_the_order() {
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
