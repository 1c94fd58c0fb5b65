//! A survey, and what is computed from it.

use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use tape_core::{ColumnMap, Event, Observer, Results, Schema, Silent, Sink, Statistic};
use tape_exec::{Config, OnError, Partitioning, Plan, PlanChoice, Summary, Threads};
use tape_io::{Grouped, Joined, ObjectTable, SpillFolder, Survey};

use crate::absent::Absent;
use crate::error::Error;
use crate::provenance::Provenance;
use crate::sinks::{Collector, Output, Table, beside};
use crate::statistics::asked_for;
use crate::wide::Pivot;

/// The light curves of a survey.
#[derive(Debug)]
pub struct Ensemble {
    pub(crate) survey: Survey,
}

impl Ensemble {
    /// Opens a Parquet file, a folder of them, or a pattern such as `survey/*.parquet`. Only footers are read.
    ///
    /// # Errors
    /// If there is no such file, one is not Parquet, or no column can be the id or the flux.
    pub fn open(input: &str) -> Result<Self, Error> {
        Self::open_with(&[input], &ColumnMap::new())
    }

    /// The same with several inputs, and with the column of some or all roles named.
    ///
    /// # Errors
    /// As [`Ensemble::open`], and if a column named does not exist.
    pub fn open_with<S: AsRef<str>>(inputs: &[S], columns: &ColumnMap) -> Result<Self, Error> {
        Ok(Self { survey: Survey::open(inputs, columns)? })
    }

    /// The files, their columns and row groups.
    #[must_use]
    pub const fn survey(&self) -> &Survey {
        &self.survey
    }

    /// Statistics of every light curve. Nothing is read yet.
    #[must_use]
    pub fn batch(&self, statistics: &[Statistic]) -> Batch<'_> {
        let asked = statistics.iter().map(|statistic| statistic.info().name.to_string()).collect();
        Batch::new(self, asked, statistics.to_vec(), false)
    }

    /// The same by name, with parameters and groups as [`crate::statistics_named`] has them. A job that is made of it can be gone
    /// on with by a process that knows the names alone.
    ///
    /// # Errors
    /// As [`crate::statistics_named`].
    pub fn batch_named<S: AsRef<str>>(&self, names: &[S]) -> Result<Batch<'_>, Error> {
        let (asked, statistics) = asked_for(names)?.into_iter().unzip();
        Ok(Batch::new(self, asked, statistics, true))
    }
}

/// Statistics of every light curve, not computed yet.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    pub(crate) ensemble: &'a Ensemble,
    pub(crate) statistics: Vec<Statistic>,
    /// What each statistic is asked for by.
    pub(crate) asked: Vec<String>,
    /// Whether that is all there is to know of them.
    pub(crate) by_name: bool,
    pub(crate) config: Config,
    pub(crate) wide: bool,
    /// Columns of the table of objects.
    pub(crate) joined: Vec<String>,
    /// What rows of a light curve have in common, if it is not the object and the band.
    pub(crate) groups: Option<Arc<Grouped<'a>>>,
    /// Whether objects without a light curve have a row, too.
    pub(crate) all_objects: bool,
}

impl<'a> Batch<'a> {
    fn new(ensemble: &'a Ensemble, asked: Vec<String>, statistics: Vec<Statistic>, by_name: bool) -> Self {
        Self {
            ensemble,
            statistics,
            asked,
            by_name,
            config: Config::default(),
            wide: false,
            joined: vec![],
            groups: None,
            all_objects: false,
        }
    }

    /// Computes these bands only.
    #[must_use]
    pub fn bands<S: Into<String>>(mut self, bands: impl IntoIterator<Item = S>) -> Self {
        self.config.bands = Some(bands.into_iter().map(Into::into).collect());
        self
    }

    /// Forces a plan, instead of the one that the footers suggest.
    #[must_use]
    pub const fn plan(mut self, plan: PlanChoice) -> Self {
        self.config.plan = plan;
        self
    }

    /// Cuts the survey in another way than by row group.
    #[must_use]
    pub const fn partitioning(mut self, partitioning: Partitioning) -> Self {
        self.config.partitioning = partitioning;
        self
    }

    /// Uses so many worker threads of its own instead of one for each core. The result does not depend on it. Threads that
    /// several runs share are [`crate::Workers`].
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        (self.config.workers, self.config.threads) = (workers, Threads::Own);
        self
    }

    /// Takes no more than so many bytes of memory beside the program itself. Rows that must be brought together, and results
    /// that wait for their place, are put away in `spill_dir` where they do not fit: compressed, in a file that has no name
    /// and is gone when the run ends, however it ends.
    ///
    /// A light curve that does not fit is combined from partial states if all statistics are folds; if not, it is an error
    /// that names the object, or is left out with [`Batch::on_error`].
    #[must_use]
    pub fn memory(mut self, bytes: u64, spill_dir: impl AsRef<Path>) -> Self {
        self.config.memory = Some(bytes);
        self.config.spill = Some(Arc::new(SpillFolder::new(spill_dir.as_ref())));
        self
    }

    /// Leaves out what cannot be read, and light curves that do not fit in memory, instead of stopping there. What that was is
    /// in [`Summary::skipped`].
    #[must_use]
    pub const fn on_error(mut self, on_error: OnError) -> Self {
        self.config.on_error = on_error;
        self
    }

    /// Computes on a device what it has kernels for, with the same answers within the statistics' tolerances.
    #[cfg(feature = "gpu")]
    #[must_use]
    pub fn device(mut self, device: &crate::Device) -> Self {
        // A call of a device costs as much as some ten thousand epochs.
        self.config.chunk_rows = crate::cost::CHUNK_ROWS;
        self.statistics = self.statistics.iter().map(|statistic| device.accelerate(statistic)).collect();
        self
    }

    /// What its statistics take on a device that was measured, and on the CPU; none if none of them has a kernel. The numbers
    /// of rows are those of the footers.
    #[cfg(feature = "gpu")]
    #[must_use]
    pub fn estimate(&self, calibration: &crate::cost::Calibration) -> Option<crate::cost::Estimate> {
        let rows = self.source().row_groups().iter().fold(0_u64, |rows, group| rows.saturating_add(group.rows));
        calibration.estimate(&self.statistics, rows, self.config.worker_count())
    }

    /// One row per object, with a column for each output and band, instead of one row per object and band.
    #[must_use]
    pub const fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// Puts these columns of the table of objects behind those of the results: see [`Ensemble::with_objects`].
    #[must_use]
    pub fn join<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.joined.extend(columns.into_iter().map(Into::into));
        self
    }

    /// The plan, from footers alone; print it to read it.
    ///
    /// # Errors
    /// If a statistic needs a column that the survey lacks, or if a forced plan would give wrong answers.
    pub fn explain(&self) -> Result<Plan, Error> {
        self.plan_with(&Silent)
    }

    /// Computes everything into one table in memory.
    ///
    /// # Errors
    /// If the survey cannot be read, or a statistic panics.
    pub fn compute(&self) -> Result<RecordBatch, Error> {
        let plan = self.explain()?;
        Ok(self.run(&plan, &Silent)?.0)
    }

    /// Computes everything into a file: Parquet, CSV, ECSV or Arrow, by the ending of its name. It appears whole or not at all.
    ///
    /// # Errors
    /// As [`Batch::compute`]; if the file exists and `overwrite` is off; or if it cannot be written.
    pub fn write(&self, path: impl AsRef<Path>, overwrite: bool) -> Result<Summary, Error> {
        let plan = self.explain()?;
        self.run_to(&plan, path.as_ref(), overwrite, &Silent)
    }

    /// The plan, with someone watching what it reads: a plan that is forced may need all ids.
    ///
    /// # Errors
    /// As [`Batch::explain`].
    pub fn plan_with(&self, observer: &dyn Observer) -> Result<Plan, Error> {
        self.check_groups()?;
        self.check_quantity()?;
        if self.wide && !self.long_schema()?.has_band() {
            return Err(Error::WideWithoutBand);
        }
        if let Some(many) = self.statistics.iter().find(|statistic| self.wide && statistic.has_many_rows()) {
            return Err(Error::WideOfManyRows { statistic: many.info().name.to_string() });
        }
        let plan = tape_exec::plan(self.source(), &self.statistics, &self.config()?, observer)?;
        self.ensemble.survey.require(plan.columns)?;
        Ok(plan)
    }

    /// Runs a plan of this batch into one table in memory, with someone watching.
    ///
    /// # Errors
    /// As [`Batch::compute`].
    pub fn run(&self, plan: &Plan, observer: &dyn Observer) -> Result<(RecordBatch, Summary), Error> {
        let schema = self.long_schema()?;
        let joined = self.joined()?;
        if self.wide {
            let (pivot, summary) = self.pivot(plan, &schema, observer)?;
            let table = pivot.table(&schema, self.source(), self.config.bands.as_deref())?;
            return Ok((beside(joined.as_ref(), table)?, summary));
        }
        let mut collector = Collector::new(Table::new(&schema, self.source(), joined.as_ref()));
        let summary = self.run_into(plan, &mut collector, observer)?;
        Ok((collector.finish()?, summary))
    }

    /// Runs a plan of this batch into a file, with someone watching.
    ///
    /// # Errors
    /// As [`Batch::write`].
    pub fn run_to(&self, plan: &Plan, path: &Path, overwrite: bool, observer: &dyn Observer) -> Result<Summary, Error> {
        let joined = self.joined()?;
        let made_of = Provenance::of(self)?;
        let output = Output { made_of: Some(&made_of), ..self.output(joined.as_ref()) };
        output.write(path, overwrite, |sink| self.run_into(plan, sink, observer))
    }

    pub(crate) fn output<'b>(&'b self, joined: Option<&'b Joined<'b>>) -> Output<'b> {
        let (statistics, bands) = (&self.statistics, self.config.bands.as_deref());
        let (wide, all_objects) = (self.wide, self.all_objects);
        Output { source: self.source(), statistics, bands, wide, joined, all_objects, made_of: None }
    }

    /// The table of objects, for what is asked of it.
    pub(crate) fn objects_for(&self, what: &str) -> Result<&'a ObjectTable, Error> {
        let missing = || Error::Io(tape_io::Error::NoObjects { what: what.to_owned() });
        self.ensemble.survey.objects().ok_or_else(missing)
    }

    /// The columns that stand beside results, in words.
    pub(crate) fn columns_joined(&self) -> String {
        format!("columns {}", self.joined.join(", "))
    }

    /// How it runs, with what remains of the memory beside the table of objects.
    pub(crate) fn config(&self) -> Result<Config, Error> {
        let mut config = self.config.clone();
        let held = match self.ensemble.survey.objects() {
            Some(table) => table.memory_of(&[&self.joined, table.expressed()].concat())?,
            None if self.joined.is_empty() => 0,
            None => return self.objects_for(&self.columns_joined()).map(|_| config),
        };
        let of_groups = self.groups.as_ref().map_or(Ok(0), |groups| groups.memory())?;
        let held = held.saturating_add(self.ensemble.survey.selected_bytes()).saturating_add(of_groups);
        config.memory = config.memory.map(|memory| memory.saturating_sub(held));
        Ok(config)
    }

    fn pivot(&self, plan: &Plan, schema: &Schema, observer: &dyn Observer) -> Result<(Pivot, Summary), Error> {
        let mut pivot = Pivot::new(schema, self.source());
        let summary = self.run_into(plan, &mut pivot, observer)?;
        Ok((pivot, summary))
    }

    pub(crate) fn run_into(&self, plan: &Plan, sink: &mut dyn Sink, observer: &dyn Observer) -> Result<Summary, Error> {
        self.prepare()?;
        let config = self.config()?;
        let run = |sink: &mut dyn Sink| {
            let run = tape_exec::run(self.source(), &self.statistics, &config, plan, sink, observer);
            let mut summary = run.map_err(Error::from_run)?;
            for warning in self.ensemble.survey.warnings(plan.columns) {
                observer.event(Event::Warning(warning.clone()));
                summary.warnings.push(warning);
            }
            Ok(summary)
        };
        if !self.all_objects {
            return run(sink);
        }
        let ids = self.ensemble.survey.listed().map_err(|source| Error::from_task(tape_exec::Error::Source(source)))?;
        let outputs = self.statistics.iter().map(|statistic| statistic.info().outputs.len()).sum();
        let mut absent = Absent::new(sink, ids, Results::new(self.source().id_type(), outputs));
        let summary = run(&mut absent)?;
        absent.finish().map_err(|source| Error::from_run(tape_exec::Error::Sink(source)))?;
        Ok(summary)
    }

    /// Finds out which objects are meant, before readers ask for it one by one.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        let found = tape_exec::with_threads(self.config.worker_count(), || self.ensemble.survey.prepare())?;
        found.map_err(|source| Error::from_task(tape_exec::Error::Source(source)))
    }

    pub(crate) fn long_schema(&self) -> Result<Schema, Error> {
        self.output(None).schema()
    }
}
