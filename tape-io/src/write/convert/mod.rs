//! Rewrites a survey with its light curves in another shape.
//!
//! [`columns`] decides which columns belong to objects and which to epochs, and names them in the new shape.
//! [`light_curves`] converts between each shape and a common form. [`write`] converts a file, a batch of rows at a
//! time. If the rows of an object in a flat survey are not contiguous, they are [regrouped](crate::Repartition) first.

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

/// Name of the folder for regrouped rows, inside the output folder. It is removed before the output is complete.
const REGROUPED: &str = "regrouped.tmp";

/// Rewrites a survey with its light curves in another shape, as `part-00000.parquet`, … in a folder.
///
/// All columns are kept. Where rows are epochs and become lists, all columns except the id become columns of epochs,
/// unless they are listed in `base`. Columns in `base` must have one value for each object. Null light curves stay
/// null, and empty ones stay empty. In flat rows both are lost, and counted in the report. Null values stay null.
///
/// Light curves keep the order of the survey, and epochs keep their order. Flat rows that are not known to be sorted by
/// id are first regrouped, as by [`Repartition`], and are then in order of id and time. Each input file gives one
/// output file. Row groups have at most 122,880 epochs, unless a single object has more, and cut no light curve.
#[derive(Clone, Copy, Debug)]
pub struct Convert<'a> {
    /// The survey to read.
    pub survey: &'a Survey,
    /// The inputs that `survey` was opened from.
    pub inputs: &'a [String],
    /// The output folder.
    pub out: &'a Path,
    /// The shape: flat rows, list columns, a struct of lists or a list of structs.
    pub shape: Shape,
    /// Columns of objects in addition to the id, where flat rows become lists.
    pub base: &'a [String],
    /// Name of the column with the light curves, if the shape has such a column.
    pub nested: &'a str,
    /// True if a folder of Parquet files at `out` may be replaced.
    pub overwrite: bool,
    /// Bytes of rows to hold in memory while rows are regrouped.
    pub memory: u64,
    /// Compression of the output files.
    pub compression: Compression,
}

/// Counts of the input and the output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConvertReport {
    /// Number of files read.
    pub files_in: usize,
    /// Number of rows read.
    pub rows_in: u64,
    /// Number of rows skipped because their id is null. Only counted if rows are regrouped.
    pub null_ids: u64,
    /// Number of objects. An object with several rows of lists is counted once per row.
    pub objects: u64,
    /// Number of epochs.
    pub epochs: u64,
    /// Number of objects without epochs. They are lost in flat rows.
    pub without_epochs: u64,
    /// Number of files written.
    pub files: usize,
    /// Number of row groups written.
    pub row_groups: usize,
    /// Size of the files written, in bytes.
    pub bytes: u64,
    /// True if rows were regrouped first.
    pub regrouped: bool,
}

/// The reason why a file was not written.
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
    /// Creates a conversion with default settings: light curves in a column called `lightcurve`, if the shape has one,
    /// zstd compression, and 1 GiB of memory.
    #[must_use]
    pub fn new(survey: &'a Survey, out: &'a Path, shape: Shape) -> Self {
        let compression = Compression::ZSTD(ZstdLevel::default());
        let (inputs, base, nested) = (&[], &[], "lightcurve");
        Self { survey, inputs, out, shape, base, nested, overwrite: false, memory: 1 << 30, compression }
    }

    /// Writes the folder, on the thread pool of the caller or on a new one. Worker threads call `progress` and then
    /// `cancelled`.
    ///
    /// # Errors
    /// See [`Repartition::run`]. Also if the survey's light curves cannot be converted, if a column of objects has
    /// several values for one object, or if two columns would have the same name. After an error, the output is
    /// removed, and an existing folder at `out` is unchanged.
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

    /// Regroups the rows, and converts the result.
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

    /// Writes one file for each file of `survey`.
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
        // Fail now if a later run could not find the columns by their new names.
        Survey::open(&[place.folder().join("*.parquet")], &roles(self, &columns, &epochs))?;
        Ok(report)
    }

    /// Returns the first file of the survey, for messages about all files.
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

/// Returns true if no object is in two row groups, according to the footers.
fn follow_each_other(survey: &Survey) -> bool {
    survey.column(Role::Id).is_some()
        && survey.row_groups().windows(2).all(|pair| match (&pair[0].ids, &pair[1].ids) {
            (Some(before), Some(after)) => before.max < after.min,
            _ => pair.iter().any(|group| group.rows == 0),
        })
}
