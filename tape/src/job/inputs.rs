//! Opens the inputs of a job and checks that they have not changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tape_core::{Partition, Piece, Source};
use tape_exec::Skipped;
use tape_io::{FileStamp, KeyedTable, Survey};

use super::manifest::Manifest;
use crate::error::{Error, JobError};
use crate::query::Choice;

/// Open inputs of a job.
pub(super) struct Inputs<'a> {
    manifest: &'a Manifest,
    open: Open<'a>,
}

enum Open<'a> {
    /// All inputs, from the batch of this program.
    All(&'a dyn Source),
    /// Some inputs, and the number of each of their row groups in the survey, with its number among the open ones.
    Some(Box<dyn Source>, BTreeMap<usize, usize>),
}

impl<'a> Inputs<'a> {
    /// Opens the files of some partitions, and at least one file.
    pub(super) fn open<'p>(
        manifest: &'a Manifest,
        folder: &Path,
        partitions: impl Iterator<Item = &'p Partition>,
    ) -> Result<Self, Error> {
        let pieces = partitions.flat_map(|partition| &partition.pieces);
        let inputs: BTreeSet<usize> =
            pieces.filter_map(|piece| manifest.place(piece.row_group)).map(|(input, _)| input).collect();
        let path = |input: usize| match manifest.in_memory(input) {
            Some(number) => manifest.stored.in_memory(folder, number),
            None => Ok(PathBuf::from(&manifest.query().inputs[input])),
        };
        let paths = inputs.iter().map(|&input| path(input)).collect::<Result<Vec<_>, Error>>()?;
        let survey = choose(manifest.query().open_rows(paths)?, manifest, folder)?;
        check_files(&survey, manifest, &inputs)?;
        let numbers = row_group_numbers(manifest, &inputs);
        let source: Box<dyn Source> = match &manifest.query().groups {
            Some(by) => Box::new(Arc::new(survey).grouped(by)?),
            None => Box::new(survey),
        };
        Ok(Self { manifest, open: Open::Some(source, numbers) })
    }

    /// Uses all inputs of a batch, which must be the planned one.
    pub(super) const fn all(manifest: &'a Manifest, source: &'a dyn Source) -> Self {
        Self { manifest, open: Open::All(source) }
    }

    pub(super) fn source(&self) -> &dyn Source {
        match &self.open {
            Open::All(source) => *source,
            Open::Some(source, _) => &**source,
        }
    }

    /// Converts a partition of the job to the row groups that are open.
    pub(super) fn partition(&self, partition: &Partition) -> Partition {
        let Open::Some(_, numbers) = &self.open else { return partition.clone() };
        let piece = |piece: &Piece| {
            let row_group = *numbers.get(&piece.row_group)?;
            Some(Piece { row_group, rows: piece.rows.clone() })
        };
        Partition { pieces: partition.pieces.iter().filter_map(piece).collect() }
    }

    /// Converts the number of a skipped row group to its number in the job.
    pub(super) fn renumber(&self, skipped: &mut Skipped) {
        if let (Open::Some(_, numbers), Skipped::RowGroup { row_group, .. }) = (&self.open, skipped)
            && let Some((planned, _)) = numbers.iter().find(|(_, opened)| **opened == *row_group)
        {
            *row_group = *planned;
        }
    }

    /// Checks that the files of a partition have not changed while they were read. Stored inputs were checked when the
    /// job was opened.
    pub(super) fn check_unchanged(&self, partition: &Partition) -> Result<(), Error> {
        let places = partition.pieces.iter().filter_map(|piece| self.manifest.place(piece.row_group));
        let inputs: BTreeSet<usize> = places.map(|(input, _)| input).collect();
        for input in inputs.into_iter().filter(|&input| self.manifest.in_memory(input).is_none()) {
            let path = PathBuf::from(&self.manifest.query().inputs[input]);
            if FileStamp::read(&path)? != self.manifest.provenance.stamps.inputs[input] {
                return Err(JobError::Changed { path }.into());
            }
        }
        Ok(())
    }
}

/// Opens only the object table of a job, if any.
pub(super) fn object_table(manifest: &Manifest) -> Result<Option<KeyedTable>, Error> {
    let Some(objects) = &manifest.query().objects else { return Ok(None) };
    let mut table = KeyedTable::open_objects(&objects.inputs, Some(&objects.id), None, manifest.object_id_type())?;
    if let Some(condition) = &objects.condition {
        table = table.filtered(condition)?;
    }
    check_table(&table, &manifest.provenance.stamps.objects)?;
    Ok(Some(table))
}

/// Applies the selections of objects. A selection by number of epochs was stored as a list of objects.
fn choose(survey: Survey, manifest: &Manifest, folder: &Path) -> Result<Survey, Error> {
    let choices = &manifest.query().choices;
    let counted = choices.iter().rposition(|choice| matches!(choice, Choice::Epochs(_)));
    let survey = match manifest.stored.counted(folder, survey.id_type())? {
        Some(ids) => survey.of_ids(&ids),
        None => survey,
    };
    let rest = &choices[counted.map_or(0, |last| last + 1)..];
    crate::query::choose(survey, rest)
}

/// Checks that the files and the object table have not changed.
fn check_files(survey: &Survey, manifest: &Manifest, inputs: &BTreeSet<usize>) -> Result<(), Error> {
    for ((number, &input), stamp) in inputs.iter().enumerate().zip(survey.stamps()) {
        let rows = survey.row_groups().iter().filter(|group| group.file == number).map(|group| group.rows);
        let is_stored = manifest.in_memory(input).is_some();
        let same_rows = rows.eq(manifest.row_groups[input].iter().copied());
        let same_ids = survey.id_type() == manifest.object_id_type();
        if !(same_rows && same_ids && (is_stored || stamp == manifest.provenance.stamps.inputs[input])) {
            return Err(JobError::Changed { path: PathBuf::from(&manifest.query().inputs[input]) }.into());
        }
    }
    let stamps = &manifest.provenance.stamps;
    survey.objects().map_or(Ok(()), |table| check_table(table, &stamps.objects))?;
    survey.exposures().map_or(Ok(()), |exposures| check_table(exposures.table(), &stamps.exposures))
}

fn check_table(table: &KeyedTable, stamps: &[FileStamp]) -> Result<(), Error> {
    let mut files = table.paths().zip(table.stamps().zip(stamps));
    match files.find(|(_, (now, then))| now != *then) {
        Some((path, _)) => Err(JobError::Changed { path: path.to_owned() }.into()),
        None => Ok(()),
    }
}

/// Numbers the row groups of some inputs, by their numbers in the whole survey.
fn row_group_numbers(manifest: &Manifest, inputs: &BTreeSet<usize>) -> BTreeMap<usize, usize> {
    let mut first = 0;
    let mut numbers = BTreeMap::new();
    for (input, row_groups) in manifest.row_groups.iter().enumerate() {
        if inputs.contains(&input) {
            for row_group in first..first + row_groups.len() {
                numbers.insert(row_group, numbers.len());
            }
        }
        first += row_groups.len();
    }
    numbers
}
