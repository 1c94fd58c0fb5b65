//! What a job is: its inputs as they were, what is computed of them, and its tasks.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tape_core::{ColumnMap, IdType, Partition, Piece, Quantity, Role, preset};
use tape_exec::task::Tasks;
use tape_exec::{OnError, Partitioning, PlanKind};
use tape_io::{Conversion, FileStamp};

use super::objects::PlannedObjects;
use super::receipt::Id;
use super::sealed::{Malformed, digest, seal, unseal};
use crate::query::{Choice, ConversionQuery, DerivedColumn, ObjectsQuery, Provenance, Query, Shape, Stamps};

/// More buckets than any plan has.
const MOST_BUCKETS: usize = 1 << 16;

/// What a job is. It is written once and never changes, and every receipt names it by a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the program that planned it.
    pub version: String,
    /// The inputs, in the order of the survey.
    pub files: Vec<InputFile>,
    /// The type of the ids, as in [`IdType`].
    pub id_type: String,
    /// The column of each role, in the order of [`Role::ALL`].
    pub columns: [Option<String>; 5],
    /// The preset of which these are, if there is one.
    pub preset: Option<String>,
    /// What the values were said to be.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::query::quantity")]
    pub quantity: Option<Quantity>,
    /// What is made of the values, if they are converted.
    pub conversion: Option<ConversionQuery>,
    /// Columns that are computed of others: names, and expressions.
    pub derived: Vec<(String, String)>,
    /// The condition on rows, if there is one.
    pub filter: Option<String>,
    /// The objects that are meant; all without.
    pub objects: Option<PlannedObjects>,
    /// The parts of all objects that are meant, one of the other; all without.
    pub samples: Vec<Sample>,
    /// What results call the columns.
    pub titles: [Option<String>; 5],
    /// The statistics, by name.
    pub statistics: Vec<String>,
    /// The bands asked for; all without.
    pub bands: Option<Vec<String>>,
    /// Whether the table has one row per object.
    pub wide: bool,
    /// Whether what cannot be read, and light curves that do not fit in memory, are left out.
    pub skips: bool,
    /// Bytes of memory that a task may take; as many as it needs without.
    pub memory: Option<u64>,
    /// The plan asked for, and how the survey was to be cut.
    pub asked: Asked,
    /// The name of the plan.
    pub plan: String,
    /// Why this plan.
    pub why: String,
    /// What was planned before, if that proved to be wrong.
    pub dropped: Option<String>,
    /// For each task of the first round the pieces that it reads: row group of the survey, first row in it, first after them.
    pub partitions: Vec<Vec<(usize, u64, u64)>>,
    /// The smallest id of each slice of a merge but the first.
    pub cuts: Vec<Id>,
    /// Into how many buckets the first round brings rows or partial states; 0 where there is no second round.
    pub buckets: usize,
    /// The tasks of the second round.
    pub reduces: usize,
    /// Rows, by the footers.
    pub rows: u64,
}

/// One of the inputs, as it was when the job was planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputFile {
    /// Where it lies, absolute.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// When it was last written, where the system knows: seconds and nanoseconds since 1970.
    pub modified: Option<(u64, u32)>,
    /// The rows of its row groups.
    pub row_groups: Vec<u64>,
}

impl InputFile {
    pub(super) fn stamp(&self) -> FileStamp {
        FileStamp { bytes: self.bytes, modified: self.modified }
    }
}

/// A part of all objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// From 0 to 1, as a decimal number.
    pub fraction: String,
    /// What decides which.
    pub seed: u64,
}

/// What the user asked for that decides how a survey is cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The plan.
    pub plan: String,
    /// Into how many partitions, if the user said so.
    pub partitions: Option<u64>,
    /// Into partitions of how many bytes, if the user said so.
    pub partition_bytes: Option<u64>,
}

impl Sample {
    /// The part and the seed, if it is one.
    pub(super) fn drawn(&self) -> Option<(f64, u64)> {
        let fraction = self.fraction.parse().ok().filter(|fraction| (0.0..=1.0).contains(fraction))?;
        Some((fraction, self.seed))
    }
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
    /// A manifest out of the bytes of its file. Whatever the bytes, it gives an error or a manifest that holds together:
    /// each row of the inputs is in exactly one task.
    ///
    /// # Errors
    /// [`Malformed`], with what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let manifest: Self = unseal(bytes)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The bytes of its file, with their checksum.
    ///
    /// # Errors
    /// [`Malformed`], if JSON cannot hold it.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Malformed> {
        seal(self)
    }

    /// What identifies it.
    pub(super) fn digest(&self) -> Result<u32, Malformed> {
        digest(self)
    }

    /// What is made of the values, if they are converted.
    pub(crate) fn conversion(&self) -> Option<Conversion> {
        self.conversion.as_ref().and_then(ConversionQuery::conversion)
    }

    /// Returns what is computed, as a query, with the files as they were.
    pub(super) fn provenance(&self) -> Provenance {
        let derived = self.derived.iter().cloned();
        let derived = derived.map(|(name, expression)| DerivedColumn { name, expression: Some(expression) });
        let objects = self.objects.as_ref().map(|objects| ObjectsQuery {
            inputs: objects.files.iter().map(|file| file.path.clone()).collect(),
            id: objects.id.clone(),
            condition: objects.filter.clone(),
        });
        let sample = |sample: &Sample| Choice::Sample(sample.fraction.clone(), sample.seed);
        let query = Query {
            inputs: self.files.iter().map(|file| file.path.clone()).collect(),
            columns: self.columns.clone(),
            preset: self.preset.clone(),
            quantity: self.quantity,
            derived: derived.collect(),
            condition: self.filter.clone(),
            objects,
            choices: self.samples.iter().map(sample).collect(),
            conversion: self.conversion.clone(),
            statistics: self.statistics.clone(),
            bands: self.bands.clone(),
            joined: self.objects.iter().flat_map(|objects| objects.joined.clone()).collect(),
            shape: if self.wide { Shape::Wide } else { Shape::Long },
            plan: self.asked.plan.parse().unwrap_or_default(),
            partitioning: match (self.asked.partitions, self.asked.partition_bytes) {
                (Some(n), _) => Partitioning::Count(n),
                (_, Some(bytes)) => Partitioning::Bytes(bytes),
                _ => Partitioning::RowGroups,
            },
            on_error: if self.skips { OnError::Skip } else { OnError::Stop },
            ..Query::default()
        };
        let of_objects = self.objects.iter().flat_map(|objects| &objects.files);
        let objects = of_objects.map(|file| FileStamp { bytes: file.bytes, modified: file.modified }).collect();
        Provenance::new(query, Stamps { inputs: self.files.iter().map(InputFile::stamp).collect(), objects })
    }

    /// The type of the ids.
    pub(super) fn id_type(&self) -> Result<IdType, Malformed> {
        let found = ID_TYPES.into_iter().find(|id_type| self.id_type == id_type_name(*id_type));
        found.ok_or_else(|| Malformed::new(format!("there is no type of ids called '{}'", self.id_type)))
    }

    /// The plan.
    pub(super) fn kind(&self) -> Result<PlanKind, Malformed> {
        self.plan.parse().map_err(Malformed::new)
    }

    /// The column of each role.
    pub(super) fn column_map(&self) -> ColumnMap {
        self.provenance().query.column_map()
    }

    /// How it is cut into tasks.
    pub(super) fn tasks(&self) -> Tasks {
        let kind = self.kind().unwrap_or(PlanKind::Shuffle);
        let piece = |&(row_group, start, end): &(usize, u64, u64)| Piece { row_group, rows: start..end };
        let partition = |pieces: &Vec<_>| Partition { pieces: pieces.iter().map(piece).collect() };
        let partitions = self.partitions.iter().map(partition).collect();
        let cuts = self.cuts.iter().cloned().map(Into::into).collect();
        Tasks { kind, partitions, cuts, buckets: self.buckets, reduces: self.reduces }
    }

    /// The rows of all row groups, by file and position.
    fn row_groups(&self) -> Vec<u64> {
        self.files.iter().flat_map(|file| file.row_groups.iter().copied()).collect()
    }

    /// The file of a row group of the survey, and its number there.
    pub(super) fn place(&self, row_group: usize) -> Option<(usize, usize)> {
        let mut first = 0;
        for (number, file) in self.files.iter().enumerate() {
            if row_group < first + file.row_groups.len() {
                return Some((number, row_group - first));
            }
            first += file.row_groups.len();
        }
        None
    }

    /// Where a row group lies, for messages.
    pub(super) fn describe(&self, row_group: usize) -> String {
        let place = self.place(row_group).map(|(file, index)| (PathBuf::from(&self.files[file].path), index));
        place.map_or_else(String::new, |(path, index)| format!("{}, row group {index}", path.display()))
    }

    fn check(&self) -> Result<(), Malformed> {
        let wrong = |reason: &str| Err(Malformed::new(reason));
        self.id_type()?;
        let kind = self.kind()?;
        if self.files.is_empty() || self.statistics.is_empty() {
            return wrong("it names no file, or no statistic");
        }
        if self.columns[Role::Id as usize].is_none() || self.columns[Role::Flux as usize].is_none() {
            return wrong("it names no column for the id, or none for the flux");
        }
        let two_rounds = matches!(kind, PlanKind::Shuffle | PlanKind::Fold);
        let powers = self.buckets.is_power_of_two() && self.reduces.is_power_of_two();
        let buckets_fit = powers && self.buckets <= MOST_BUCKETS && self.reduces <= self.buckets;
        if !(if two_rounds { buckets_fit } else { self.buckets == 0 && self.reduces == 0 }) {
            return wrong("its buckets do not fit its plan");
        }
        let slices = if kind == PlanKind::Merge { self.partitions.len() } else { 1 };
        if slices.saturating_sub(1) != self.cuts.len() {
            return wrong("its slices do not fit its plan");
        }
        if self.preset.as_ref().is_some_and(|name| preset(name).is_none()) {
            return wrong("it is of a preset that is not known");
        }
        if self.conversion.as_ref().is_some_and(|planned| planned.conversion().is_none()) {
            return wrong("its zero point is no number");
        }
        if self.samples.iter().any(|sample| sample.drawn().is_none()) {
            return wrong("a sample of it is no part from 0 to 1");
        }
        self.check_pieces()
    }

    /// That each row is in one task.
    fn check_pieces(&self) -> Result<(), Malformed> {
        let wrong = |reason: String| Err(Malformed { reason });
        let row_groups = self.row_groups();
        // Slices of a merge that follow each other may read the same pieces.
        let merges = self.kind()? == PlanKind::Merge;
        let before = |task: usize| merges.then(|| self.partitions.get(task.checked_sub(1)?)).flatten();
        let own = |(task, pieces): (usize, &Vec<_>)| {
            let before: BTreeSet<_> = before(task).into_iter().flatten().copied().collect();
            pieces.iter().copied().filter(|piece| !before.contains(piece)).collect::<Vec<_>>()
        };
        let mut all: Vec<_> = self.partitions.iter().enumerate().flat_map(own).collect();
        all.sort_unstable();
        let mut next = all.into_iter().peekable();
        let mut sum = 0_u64;
        for (number, &rows) in row_groups.iter().enumerate() {
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

/// The name of a type of ids.
pub(super) fn id_type_name(id_type: IdType) -> String {
    format!("{id_type:?}").to_lowercase()
}

/// The pieces of a partition, as a manifest has them.
pub(super) fn pieces_of(partition: &Partition) -> Vec<(usize, u64, u64)> {
    partition.pieces.iter().map(|piece| (piece.row_group, piece.rows.start, piece.rows.end)).collect()
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
pub(super) mod tests;
