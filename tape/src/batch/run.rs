//! Plans and runs batches.

use std::path::Path;

use arrow::array::RecordBatch;
use tape_core::{Event, Observer, Role, Schema, Silent, Sink};
use tape_exec::{Config, Plan, Summary};
use tape_io::internal::Joined;
use tape_io::{Chosen, Exposures, KeyedTable};

use super::Batch;
use super::absent::with_absent;
use super::doubts::doubts;
use super::sinks::{Collector, Output, Table, beside};
use super::wide::Pivot;
use crate::error::Error;
use crate::options::WriteOptions;

impl Batch {
    /// Returns the plan, which depends only on footers. Print it to read it.
    ///
    /// # Errors
    /// If a statistic needs a column that the survey lacks, or if a forced plan would give wrong answers.
    pub fn explain(&self) -> Result<Plan, Error> {
        self.plan_with(&Silent)
    }

    /// Computes the results as one table in memory.
    ///
    /// # Errors
    /// If the survey cannot be read, or a statistic panics.
    pub fn compute(&self) -> Result<RecordBatch, Error> {
        let plan = self.explain()?;
        Ok(self.run(&plan, &Silent)?.0)
    }

    /// Computes the results into a file: Parquet, CSV, ECSV or Arrow, by its extension. The file appears only when it
    /// is complete.
    ///
    /// # Errors
    /// As [`Batch::compute`], and if the file cannot be written, or exists and `options` do not replace it.
    pub fn write(&self, path: impl AsRef<Path>, options: WriteOptions) -> Result<Summary, Error> {
        let plan = self.explain()?;
        self.run_to(&plan, path, options, &Silent)
    }

    /// Returns the plan and reports progress to an observer: checking a forced plan may require reading all ids.
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
        self.ensemble.survey().require(plan.columns)?;
        Ok(plan)
    }

    /// Runs a plan of this batch into one table in memory and reports progress to an observer.
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

    /// Runs a plan of this batch into a file and reports progress to an observer.
    ///
    /// # Errors
    /// As [`Batch::write`].
    pub fn run_to(
        &self,
        plan: &Plan,
        path: impl AsRef<Path>,
        options: WriteOptions,
        observer: &dyn Observer,
    ) -> Result<Summary, Error> {
        let joined = self.joined()?;
        let metadata = self.provenance().metadata(&self.rows_of_inputs());
        let output = Output { metadata: &metadata, ..self.output(joined.as_ref()) };
        output.write(path.as_ref(), options, |sink| self.run_into(plan, sink, observer))
    }

    pub(crate) fn output<'b>(&'b self, joined: Option<&'b Joined<'b>>) -> Output<'b> {
        let (statistics, bands) = (&self.statistics, self.config.bands.as_deref());
        let (wide, all_objects) = (self.wide, self.all_objects);
        Output { source: self.source(), statistics, bands, wide, joined, all_objects, metadata: &[] }
    }

    /// Returns the object table. The error names the request that needs it.
    pub(crate) fn objects_for(&self, what: &str) -> Result<&KeyedTable, Error> {
        let missing =
            || Error::Io(tape_io::Error::NoTable { kind: tape_core::TableKind::Objects, what: what.to_owned() });
        self.ensemble.survey().objects().ok_or_else(missing)
    }

    /// Describes the columns that are appended to results.
    pub(crate) fn columns_joined(&self) -> String {
        format!("columns {}", self.joined.join(", "))
    }

    /// Returns the settings of the run. The memory of the object table is subtracted from its limit.
    pub(crate) fn config(&self) -> Result<Config, Error> {
        let mut config = self.config.clone();
        let held = match self.ensemble.survey().objects() {
            Some(table) => table.memory_of(&[&self.joined, table.expressed()].concat())?,
            None if self.joined.is_empty() => 0,
            None => return self.objects_for(&self.columns_joined()).map(|_| config),
        };
        let exposures = self.ensemble.survey().exposures().map(Exposures::table);
        let of_exposures = exposures.map_or(Ok(0), |table| table.memory_of(table.expressed()))?;
        let held = held.saturating_add(of_exposures);
        let of_groups = self.groups.as_ref().map_or(Ok(0), |groups| groups.memory())?;
        let held = held.saturating_add(self.ensemble.survey().selected_bytes()).saturating_add(of_groups);
        config.memory = config.memory.map(|memory| memory.saturating_sub(held));
        Ok(config)
    }

    fn pivot(&self, plan: &Plan, schema: &Schema, observer: &dyn Observer) -> Result<(Pivot, Summary), Error> {
        let mut pivot = Pivot::new(schema, self.source());
        let summary = self.run_into(plan, &mut pivot, observer)?;
        Ok((pivot, summary))
    }

    pub(crate) fn run_into(&self, plan: &Plan, sink: &mut dyn Sink, observer: &dyn Observer) -> Result<Summary, Error> {
        let mut config = self.config()?;
        // All steps of a run share one pool.
        config.threads = config.threads.started(config.worker_count())?;
        self.prepare(&config)?;
        let run = |sink: &mut dyn Sink| {
            let run = tape_exec::run(self.source(), &self.statistics, &config, plan, sink, observer);
            let mut summary = run.map_err(Error::from_run)?;
            let survey = self.ensemble.survey();
            let id = survey.title(Role::Id).filter(|_| self.groups.is_none());
            let by_id = survey.chosen().any(|chosen| matches!(chosen, Chosen::Ids(_)));
            let doubts = doubts(&summary, id, &survey.bands().labels(), by_id);
            let quality = self.quality_warning(&config)?;
            for warning in survey
                .warnings(plan.columns)
                .into_iter()
                .chain(quality)
                .chain(doubts)
                .chain(survey.take_sentinel_warnings())
            {
                observer.event(Event::Warning(warning.clone()));
                summary.warnings.push(warning);
            }
            Ok(summary)
        };
        let survey = self.ensemble.survey();
        let listed = self.all_objects.then(|| survey.listed()).transpose();
        let ids = listed.map_err(|source| Error::from_task(tape_exec::Error::Source(source)))?;
        with_absent(sink, ids, &self.output(None), run)
    }

    /// Resolves the selection of objects once, before readers need it.
    pub(crate) fn prepare(&self, config: &Config) -> Result<(), Error> {
        let found = config.threads.install(config.worker_count(), || self.ensemble.survey().prepare())?;
        found.map_err(|source| Error::from_task(tape_exec::Error::Source(source)))
    }

    /// Counts epochs that fail the usual quality cut, unless the user chose a cut.
    pub(crate) fn quality_warning(&self, config: &Config) -> Result<Option<String>, Error> {
        let survey = self.ensemble.survey();
        let counted = config.threads.install(config.worker_count(), || survey.quality_warning())?;
        counted.map_err(|source| Error::from_task(tape_exec::Error::Source(source)))
    }

    pub(crate) fn long_schema(&self) -> Result<Schema, Error> {
        self.output(None).schema()
    }

    /// Checks that each statistic is defined for the quantity of the values, if it is known.
    pub(crate) fn check_quantity(&self) -> Result<(), Error> {
        let Some(actual) = self.ensemble.survey().quantity() else { return Ok(()) };
        let refused = self.statistics.iter().find(|s| s.info().quantity.is_some_and(|needed| needed != actual));
        match refused {
            Some(statistic) => Err(Error::Quantity { statistic: statistic.info().name.to_string(), actual }),
            None => Ok(()),
        }
    }
}
