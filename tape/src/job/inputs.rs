//! The inputs of a job, opened again and found to be what they were.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use tape_core::{Partition, Piece};
use tape_exec::Skipped;
use tape_io::{FileStamp, Survey};

use super::manifest::{Manifest, Sample, id_type_name};
use crate::error::{Error, JobError};

/// Some of the inputs of a job, open.
pub(super) struct Inputs<'a> {
    manifest: &'a Manifest,
    survey: Open<'a>,
}

enum Open<'a> {
    /// All of them, by someone else.
    All(&'a Survey),
    /// Some; for each row group of theirs in the survey its number among those that are open.
    Some(Box<Survey>, BTreeMap<usize, usize>),
}

impl<'a> Inputs<'a> {
    /// Opens the files that some partitions lie in, at least one.
    pub(super) fn open<'p>(
        manifest: &'a Manifest,
        partitions: impl Iterator<Item = &'p Partition>,
    ) -> Result<Self, Error> {
        let mut starts = vec![0];
        starts.extend(manifest.files.iter().scan(0, |first, file| {
            *first += file.row_groups.len();
            Some(*first)
        }));
        let file_of = |piece: &Piece| starts.partition_point(|&start| start <= piece.row_group) - 1;
        let files: BTreeSet<usize> = partitions.flat_map(|partition| &partition.pieces).map(file_of).collect();
        let paths = files.iter().map(|&file| PathBuf::from(&manifest.files[file].path)).collect();
        let mut survey = tape_exec::in_pool(|| Survey::open_files(paths, manifest.column_map()))??;
        if let Some(objects) = &manifest.objects {
            survey = objects.of_survey(survey)?;
        }
        if let Some(filter) = &manifest.filter {
            survey = survey.filtered(filter)?;
        }
        if let Some(conversion) = manifest.conversion() {
            survey = survey.converted(conversion)?;
        }
        for (fraction, seed) in manifest.samples.iter().filter_map(Sample::drawn) {
            survey = survey.sampled(fraction, seed);
        }
        let mut numbers = BTreeMap::new();
        for ((number, &file), stamp) in files.iter().enumerate().zip(survey.stamps()) {
            let planned = &manifest.files[file];
            let rows = survey.row_groups().iter().filter(|group| group.file == number).map(|group| group.rows);
            let same = stamp == planned.stamp()
                && rows.eq(planned.row_groups.iter().copied())
                && id_type_name(survey.id_type()) == manifest.id_type;
            if !same {
                return Err(JobError::Changed { path: PathBuf::from(&planned.path) }.into());
            }
            let first = numbers.len();
            numbers.extend((0..planned.row_groups.len()).map(|i| (starts[file] + i, first + i)));
        }
        Ok(Self { manifest, survey: Open::Some(Box::new(survey), numbers) })
    }

    /// All inputs, as a survey that was found to be the one that was planned.
    pub(super) const fn all(manifest: &'a Manifest, survey: &'a Survey) -> Self {
        Self { manifest, survey: Open::All(survey) }
    }

    pub(super) fn survey(&self) -> &Survey {
        match &self.survey {
            Open::All(survey) => survey,
            Open::Some(survey, _) => survey,
        }
    }

    /// A partition of the job as one of the survey that is open.
    pub(super) fn partition(&self, partition: &Partition) -> Partition {
        let Open::Some(_, numbers) = &self.survey else { return partition.clone() };
        let piece = |piece: &Piece| {
            let row_group = *numbers.get(&piece.row_group)?;
            Some(Piece { row_group, rows: piece.rows.clone() })
        };
        Partition { pieces: partition.pieces.iter().filter_map(piece).collect() }
    }

    /// Gives a row group that was left out its number in the job.
    pub(super) fn renumber(&self, skipped: &mut Skipped) {
        if let (Open::Some(_, numbers), Skipped::RowGroup { row_group, .. }) = (&self.survey, skipped)
            && let Some((planned, _)) = numbers.iter().find(|(_, opened)| **opened == *row_group)
        {
            *row_group = *planned;
        }
    }

    /// That the files of a partition, which was read, are still what they were.
    pub(super) fn check_unchanged(&self, partition: &Partition) -> Result<(), Error> {
        let files: BTreeSet<usize> = partition
            .pieces
            .iter()
            .filter_map(|piece| self.manifest.place(piece.row_group))
            .map(|(file, _)| file)
            .collect();
        for file in files {
            let planned = &self.manifest.files[file];
            let path = PathBuf::from(&planned.path);
            if FileStamp::read(&path)? != planned.stamp() {
                return Err(JobError::Changed { path }.into());
            }
        }
        Ok(())
    }
}
