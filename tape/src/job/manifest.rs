//! The manifest of a job: the query, the stamps of its inputs, and its tasks.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tape_core::{IdType, Partition, Piece, Role};
use tape_exec::PlanKind;
use tape_exec::task::Tasks;

use super::receipt::Id;
use super::sealed::{Malformed, digest, seal, unseal};
use super::stored::Stored;
use crate::query::{MEMORY, Provenance, Query};

/// Upper limit on buckets, above that of any plan.
const MOST_BUCKETS: usize = 1 << 16;

/// The manifest of a job. It is written once and never changes, and every receipt contains its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The query, and the stamps of its inputs.
    pub provenance: Provenance,
    /// Numbers of rows of the row groups of each input.
    pub row_groups: Vec<Vec<u64>>,
    /// Inputs that are stored in the folder of the job.
    pub stored: Stored,
    /// The type of the ids of objects, as in [`IdType`].
    pub id_type: String,
    /// The columns of roles, in the order of [`Role::ALL`], without the band if light curves are not grouped by band.
    pub columns: [Option<String>; 5],
    /// Names of the roles in results.
    pub titles: [Option<String>; 5],
    /// Columns of the object table that replace the id in results, if any.
    pub keys: Option<Vec<String>>,
    /// Memory limit of a task in bytes, or `None` for no limit.
    pub memory: Option<u64>,
    /// The plan.
    pub plan: PlanKind,
    /// The reason for this plan.
    pub why: String,
    /// An earlier plan that proved unsuitable.
    pub dropped: Option<PlanKind>,
    /// Warnings about the inputs, to report with the results.
    pub warnings: Vec<String>,
    /// Pieces read by each task of the first round: row group of the survey, first row, and end row (exclusive).
    pub partitions: Vec<Vec<(usize, u64, u64)>>,
    /// The smallest id of each slice of a merge, except the first.
    pub cuts: Vec<Id>,
    /// Number of buckets of the first round; 0 without a second round.
    pub buckets: usize,
    /// Number of tasks of the second round.
    pub reduces: usize,
    /// Number of rows, from the footers.
    pub rows: u64,
}

const ID_TYPES: [IdType; 9] = [
    IdType::Int8,
    IdType::Int16,
    IdType::Int32,
    IdType::Int64,
    IdType::UInt8,
    IdType::UInt16,
    IdType::UInt32,
    IdType::UInt64,
    IdType::Utf8,
];

impl Manifest {
    /// Parses the bytes of a manifest file. For any bytes, the result is an error or a consistent manifest, in which
    /// each row of the inputs is in exactly one task.
    ///
    /// # Errors
    /// [`Malformed`], with the problem.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let manifest: Self = unseal(bytes)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Returns the bytes of the file, with a checksum.
    ///
    /// # Errors
    /// [`Malformed`], if the manifest cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Malformed> {
        seal(self)
    }

    /// Returns a digest that identifies the manifest.
    pub(super) fn digest(&self) -> Result<u32, Malformed> {
        digest(self)
    }

    /// Returns the query.
    #[must_use]
    pub const fn query(&self) -> &Query {
        &self.provenance.query
    }

    /// Returns the type of the ids of objects.
    pub(super) fn object_id_type(&self) -> IdType {
        id_type_named(&self.id_type).unwrap_or(IdType::Int64)
    }

    /// Returns the type of the id in tasks, which is a group number if results have other keys.
    pub(super) fn task_id_type(&self) -> IdType {
        if self.keys.is_some() { IdType::Int64 } else { self.object_id_type() }
    }

    /// Returns the division into tasks.
    pub(super) fn tasks(&self) -> Tasks {
        let piece = |&(row_group, start, end): &(usize, u64, u64)| Piece { row_group, rows: start..end };
        let partition = |pieces: &Vec<_>| Partition { pieces: pieces.iter().map(piece).collect() };
        let partitions = self.partitions.iter().map(partition).collect();
        let cuts = self.cuts.iter().cloned().map(Into::into).collect();
        Tasks { kind: self.plan, partitions, cuts, buckets: self.buckets, reduces: self.reduces }
    }

    /// Returns the number of the input that a row group of the survey is in, and the number of the row group there.
    pub(super) fn place(&self, row_group: usize) -> Option<(usize, usize)> {
        let mut first = 0;
        for (number, row_groups) in self.row_groups.iter().enumerate() {
            if row_group < first + row_groups.len() {
                return Some((number, row_group - first));
            }
            first += row_groups.len();
        }
        None
    }

    /// Returns the position of an input among the inputs in memory, or `None` if it is a file.
    pub(super) fn in_memory(&self, input: usize) -> Option<usize> {
        let is_in_memory = |input: &&String| input.starts_with(MEMORY);
        let inputs = &self.query().inputs;
        is_in_memory(&&inputs[input]).then(|| inputs[..input].iter().filter(is_in_memory).count())
    }

    /// Describes the location of a row group, for messages.
    pub(super) fn describe(&self, row_group: usize) -> String {
        let place = self.place(row_group).map(|(input, index)| (PathBuf::from(&self.query().inputs[input]), index));
        place.map_or_else(String::new, |(path, index)| format!("{}, row group {index}", path.display()))
    }

    fn check(&self) -> Result<(), Malformed> {
        let wrong = |reason: &str| Err(Malformed::new(reason));
        if id_type_named(&self.id_type).is_none() {
            return wrong(&format!("there is no type of ids called '{}'", self.id_type));
        }
        self.query().check().map_err(Malformed::new)?;
        let inputs = &self.query().inputs;
        if self.query().statistics.is_empty() {
            return wrong("it names no statistic");
        }
        if self.row_groups.len() != inputs.len() || self.provenance.stamps.inputs.len() != inputs.len() {
            return wrong("it does not tell what each of its inputs was");
        }
        let objects = self.query().objects.as_ref().map_or(0, |objects| objects.inputs.len());
        if self.provenance.stamps.objects.len() != objects {
            return wrong("it does not tell what each file of its table of objects was");
        }
        if inputs.iter().filter(|input| input.starts_with(MEMORY)).count() != self.stored.in_memory.len() {
            return wrong("it does not tell where the rows are that were in memory");
        }
        if self.columns[Role::Id as usize].is_none() || self.columns[Role::Flux as usize].is_none() {
            return wrong("it names no column for the id, or none for the flux");
        }
        let two_rounds = matches!(self.plan, PlanKind::Shuffle | PlanKind::Fold);
        let powers = self.buckets.is_power_of_two() && self.reduces.is_power_of_two();
        let buckets_fit = powers && self.buckets <= MOST_BUCKETS && self.reduces <= self.buckets;
        if !(if two_rounds { buckets_fit } else { self.buckets == 0 && self.reduces == 0 }) {
            return wrong("its buckets do not fit its plan");
        }
        let slices = if self.plan == PlanKind::Merge { self.partitions.len() } else { 1 };
        if slices.saturating_sub(1) != self.cuts.len() {
            return wrong("its slices do not fit its plan");
        }
        self.check_pieces()
    }

    /// Checks that each row is in exactly one task.
    fn check_pieces(&self) -> Result<(), Malformed> {
        let wrong = |reason: String| Err(Malformed { reason });
        let row_groups = self.row_groups.iter().flatten();
        // Adjacent slices of a merge can read the same pieces.
        let merges = self.plan == PlanKind::Merge;
        let before = |task: usize| merges.then(|| self.partitions.get(task.checked_sub(1)?)).flatten();
        let own = |(task, pieces): (usize, &Vec<_>)| {
            let before: BTreeSet<_> = before(task).into_iter().flatten().copied().collect();
            pieces.iter().copied().filter(|piece| !before.contains(piece)).collect::<Vec<_>>()
        };
        let mut all: Vec<_> = self.partitions.iter().enumerate().flat_map(own).collect();
        all.sort_unstable();
        let mut next = all.into_iter().peekable();
        let mut sum = 0_u64;
        for (number, &rows) in row_groups.enumerate() {
            let mut end = 0;
            while let Some((_, from, to)) = next.next_if(|&(row_group, ..)| row_group == number) {
                if from != end || to <= from {
                    return wrong(format!("its tasks do not take each row of row group {number} once"));
                }
                end = to;
            }
            if end != rows {
                return wrong(format!("its tasks take {end} of the {rows} rows of row group {number}"));
            }
            let Some(more) = sum.checked_add(rows) else { return wrong("it has too many rows".to_owned()) };
            sum = more;
        }
        if let Some((row_group, ..)) = next.next() {
            return wrong(format!("it has no row group {row_group}"));
        }
        if sum == self.rows { Ok(()) } else { wrong(format!("its row groups have {sum} rows, not {}", self.rows)) }
    }
}

fn id_type_named(name: &str) -> Option<IdType> {
    ID_TYPES.into_iter().find(|id_type| id_type_name(*id_type) == name)
}

/// Returns the name of a type of ids.
pub(super) fn id_type_name(id_type: IdType) -> String {
    format!("{id_type:?}").to_lowercase()
}

/// Converts a partition to the pieces of a manifest.
pub(super) fn pieces_of(partition: &Partition) -> Vec<(usize, u64, u64)> {
    partition.pieces.iter().map(|piece| (piece.row_group, piece.rows.start, piece.rows.end)).collect()
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
pub(super) mod tests;
