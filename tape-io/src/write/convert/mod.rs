//! A survey written again with its light curves in another shape.
//!
//! [`columns`] says which columns are of objects and which of epochs, and what they are called in the other shape;
//! [`light_curves`] is what all shapes have in common, and the way from and to each; [`write`] takes a file through that, some
//! rows at a time. Rows of a flat survey that do not lie together are [regrouped](crate::Repartition) first.

mod columns;
mod light_curves;
mod write;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::Schema;
use parquet::basic::{Compression, ZstdLevel};
use tape_core::Role;

use crate::decode::schema_paths::Shape;
use crate::error::Error;
use crate::survey::Survey;
use crate::write::output_dir::OutputDir;
use crate::write::repartition::{Carried, PartitionTarget, Progress, Repartition, Watch};
use columns::{Columns, compose, roles};
use write::{Shaper, properties};

/// The folder, in that of the output, of rows that had to be regrouped; gone before the output is there.
const REGROUPED: &str = "regrouped.tmp";

/// A survey to be written again, with its light curves in another shape, as `part-00000.parquet`, … in a folder.
///
/// All columns travel. Where rows are epochs and become lists, all columns but the id are of epochs, unless they are among
/// `base`: those must have one value for each object. A null light curve stays null, and an empty one empty; in flat rows
/// neither has any, and they are counted. Values that are null in a column stay so.
///
/// Light curves keep the order of the survey, and epochs theirs. Flat rows that are not known to be sorted by id are regrouped
/// first, as [`Repartition`] does, and are then in the order of ids and times. There is a file for each that is read; row groups
/// have at most 122,880 epochs, unless a single object has more, and cut no light curve.
#[derive(Clone, Copy, Debug)]
pub struct Convert<'a> {
    /// The survey to read.
    pub survey: &'a Survey,
    /// The inputs that `survey` was opened from.
    pub inputs: &'a [String],
    /// The folder to be made.
    pub out: &'a Path,
    /// The shape: flat rows, list columns, a struct of lists or a list of structs.
    pub shape: Shape,
    /// Columns of objects, where the survey does not say which they are.
    pub base: &'a [String],
    /// Name of the column with the light curves, if the shape has one.
    pub nested: &'a str,
    /// True to replace a folder of Parquet files at `out`.
    pub overwrite: bool,
    /// Bytes of rows held in memory while they are regrouped.
    pub memory: u64,
    /// Compression of the files.
    pub compression: Compression,
}

/// Counts of the input and the output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConvertReport {
    /// Files read.
    pub files_in: usize,
    /// Rows read.
    pub rows_in: u64,
    /// Rows left out because their id is null; only where rows are regrouped.
    pub null_ids: u64,
    /// Objects; rows of objects, if some have several.
    pub objects: u64,
    /// Epochs.
    pub epochs: u64,
    /// Objects without any epoch: in flat rows they are lost.
    pub without_epochs: u64,
    /// Files written.
    pub files: usize,
    /// Row groups written.
    pub row_groups: usize,
    /// Size of the files written.
    pub bytes: u64,
    /// True if rows were regrouped first.
    pub regrouped: bool,
}

/// Why a file is not written.
enum Failed {
    Error(Error),
    /// The ids are not in the order that the footer declares.
    NotSorted,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl<'a> Convert<'a> {
    /// `survey` written to `out` with light curves of this shape, in a column called `lightcurve` if they are in one.
    #[must_use]
    pub fn new(survey: &'a Survey, out: &'a Path, shape: Shape) -> Self {
        let compression = Compression::ZSTD(ZstdLevel::default());
        let (inputs, base, nested) = (&[], &[], "lightcurve");
        Self { survey, inputs, out, shape, base, nested, overwrite: false, memory: 1 << 30, compression }
    }

    /// Writes the folder, on the threads of the pool that the caller is on, or of one that is started for it. `progress` is
    /// called from them, and `cancelled` asked every time.
    ///
    /// # Errors
    /// As [`Repartition::run`]; if the survey's light curves have no other shape, if a column of objects has several values
    /// for one, or if two columns would have one name. Whatever the error, nothing is left and what stood at `out` still
    /// does.
    pub fn run(
        &self,
        progress: &(dyn Fn(Progress) + Sync),
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<ConvertReport, Error> {
        tape_pool::in_pool(|| self.run_here(progress, cancelled))
    }

    fn run_here(
        &self,
        progress: &(dyn Fn(Progress) + Sync),
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<ConvertReport, Error> {
        let survey = self.survey;
        if let Some(condition) = survey.filter() {
            return Err(Error::PartOfSurvey { path: self.out.to_owned(), condition: condition.to_owned() });
        }
        let place = OutputDir::reserve(&self.regroups(self.out))?;
        let watch = Watch { progress, cancelled, out: self.out };
        let rows_together = survey.shape() != Shape::Flat || self.shape == Shape::Flat;
        let sorted = survey.row_groups().iter().all(|group| group.sorted);
        let follow = follow_each_other(survey);
        let done = if rows_together || (sorted && follow) {
            match self.files(survey, sorted, &place, &watch) {
                Err(Failed::NotSorted) if rows_together => self.files(survey, false, &place, &watch),
                done => done,
            }
        } else {
            Err(Failed::NotSorted)
        };
        let mut report = match done {
            Ok(report) => report,
            Err(Failed::Error(error)) => return Err(error),
            Err(Failed::NotSorted) => self.regrouped(&place, &watch)?,
        };
        (report.files_in, report.rows_in) = (survey.paths().len(), survey.file_rows());
        place.put(self.overwrite)?;
        Ok(report)
    }

    /// Converts after regrouping the rows.
    fn regrouped(&self, place: &OutputDir, watch: &Watch<'_>) -> Result<ConvertReport, Error> {
        let folder = place.folder().join(REGROUPED);
        let regrouped = self.regroups(&folder).run(watch.progress, watch.cancelled)?;
        let survey = Survey::open(&[&folder], self.survey.columns())?;
        let done = match self.files(&survey, true, place, watch) {
            Ok(report) => ConvertReport { regrouped: true, null_ids: regrouped.null_ids, ..report },
            Err(Failed::Error(error)) => return Err(error),
            Err(Failed::NotSorted) => return Err(Error::Changed { path: folder }),
        };
        fs::remove_dir_all(&folder).map_err(|error| Error::write(self.out, &error))?;
        Ok(done)
    }

    fn regroups<'b>(&'b self, out: &'b Path) -> Repartition<'b> {
        let Self { survey, inputs, overwrite, memory, compression, .. } = *self;
        let target = PartitionTarget::Bytes(256 << 20);
        Repartition { survey, inputs, out, target, overwrite, memory, compression }
    }

    /// A file for each file of `survey`.
    fn files(
        &self,
        survey: &Survey,
        sorted: bool,
        place: &OutputDir,
        watch: &Watch<'_>,
    ) -> Result<ConvertReport, Failed> {
        let carried = Carried::of(survey)?;
        let columns = Columns::of(self, carried.schema())?;
        let written = |schema: &Schema| -> Result<(Schema, _), Error> {
            let (base, epochs) = columns.fields(self, schema)?;
            let fields = compose(self, &base, &epochs)?;
            Ok((Schema::new_with_metadata(fields, schema.metadata.clone()), epochs))
        };
        let ((schema, epochs), (declared, _)) = (written(carried.schema())?, written(carried.declared())?);
        let properties = properties(self, &carried, &schema, &declared, sorted)?;
        let shaper = Shaper {
            run: self,
            survey,
            carried: &carried,
            columns: &columns,
            schema: Arc::new(schema),
            properties,
            sorted,
        };
        let path = |file: usize| place.folder().join(format!("part-{file:05}.parquet"));
        let write = |file| shaper.write(file, &path(file), watch);
        let files = survey.paths().len();
        let report = tape_pool::try_map_reduce(files, write, ConvertReport::default, ConvertReport::plus)?;
        // Not found again under the names that they have now, they would be lost to the next run.
        Survey::open(&[place.folder().join("*.parquet")], &roles(self, &columns, &epochs))?;
        Ok(report)
    }

    /// The first file of the survey, which stands for all in messages.
    fn first(&self) -> &Path {
        self.survey.paths().next().unwrap_or(self.out)
    }
}

impl ConvertReport {
    fn plus(self, other: Self) -> Self {
        Self {
            files_in: 0,
            rows_in: 0,
            null_ids: self.null_ids + other.null_ids,
            objects: self.objects + other.objects,
            epochs: self.epochs + other.epochs,
            without_epochs: self.without_epochs + other.without_epochs,
            files: self.files + other.files,
            row_groups: self.row_groups + other.row_groups,
            bytes: self.bytes + other.bytes,
            regrouped: self.regrouped || other.regrouped,
        }
    }
}

/// Returns true if no object lies in two row groups, according to the footers.
fn follow_each_other(survey: &Survey) -> bool {
    survey.column(Role::Id).is_some()
        && survey.row_groups().windows(2).all(|pair| match (&pair[0].ids, &pair[1].ids) {
            (Some(before), Some(after)) => before.max < after.min,
            _ => pair.iter().any(|group| group.rows == 0),
        })
}
