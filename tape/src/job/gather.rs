//! Gathers the results of all tasks after checking every receipt.

use std::path::Path;

use tape_core::{Observer, Role, Sink, Source, Statistic};
use tape_exec::task::{self, Gathered, Work};
use tape_exec::{Config, PlanKind, Skipped, Summary};
use tape_io::KeyedTable;
use tape_io::internal::Joined;

use super::Job;
use super::inputs::object_table;
use super::outputs::Outputs;
use super::receipt::Receipt;
use super::run::skips_row_groups;
use super::source::Planned;
use crate::batch::doubts::doubts;
use crate::batch::{Output, with_absent};
use crate::error::{Error, JobError};
use crate::options::WriteOptions;
use crate::query::{Choice, Shape};

impl Job {
    /// Writes the same table as [`crate::Batch::write`].
    pub(super) fn gather_into(
        &self,
        path: &Path,
        options: WriteOptions,
        observer: &dyn Observer,
    ) -> Result<Summary, Error> {
        self.folder.check_strays()?;
        let (_, all) = self.folder.counts();
        let receipts = self.receipts(0..all, "task")?;
        self.check_receipts(&receipts)?;
        let met = receipts.iter().flat_map(|receipt| receipt.met.iter().chain(&receipt.labels));
        let source = Planned::new(&self.manifest, met).map_err(|error| self.malformed(error))?;
        let query = self.manifest.query();
        let table = self.table_beside()?;
        let joined = self.joined(table.as_ref())?;
        let listed = self.manifest.stored.listed(self.folder.path(), source.id_type())?;
        let listed = listed.as_ref().map(|ids| ids.iter().filter_map(|id| id.key(source.id_type())).collect());
        let rows: Vec<u64> = self.manifest.row_groups.iter().map(|row_groups| row_groups.iter().sum()).collect();
        let output = Output {
            source: &source,
            statistics: &self.statistics,
            bands: query.bands.as_deref(),
            wide: query.shape == Shape::Wide,
            joined: joined.as_ref(),
            all_objects: query.all_objects,
            metadata: &self.manifest.provenance.metadata(&rows),
        };
        let config = self.task_config(&Config { workers: 1, ..Config::default() }, 1);
        let work = Work { source: &source, statistics: &self.statistics, config: &config, observer };
        let outputs = Outputs { job: self, receipts };
        let run = |sink: &mut dyn Sink| {
            let gathered = task::gather(work, &self.manifest.tasks(), &outputs, sink);
            self.summary(gathered.map_err(|error| self.located(Error::from_task(error)))?, &source.bands().labels())
        };
        let summary = output.write(path, options, |sink| with_absent(sink, listed, &output, run))?;
        self.folder.clean(None);
        Ok(summary)
    }

    /// Opens the object table, if results contain columns of it.
    fn table_beside(&self) -> Result<Option<KeyedTable>, Error> {
        let keys = self.manifest.keys.iter().flatten();
        if keys.chain(&self.manifest.query().joined).next().is_none() {
            return Ok(None);
        }
        object_table(&self.manifest)
    }

    /// Returns the columns that are appended to results, or that replace their ids.
    fn joined<'t>(&self, table: Option<&'t KeyedTable>) -> Result<Option<Joined<'t>>, Error> {
        Ok(match (&self.manifest.keys, table) {
            (Some(keys), table) => Some(Joined::of_groups(table, keys)?),
            (None, Some(table)) => Some(table.joined(&self.manifest.query().joined)?),
            (None, None) => None,
        })
    }

    /// Checks that the numbers of rows of all tasks add up.
    fn check_receipts(&self, receipts: &[Receipt]) -> Result<(), Error> {
        let tasks = self.manifest.tasks();
        let skips = |receipt: &Receipt| skips_row_groups(&receipt.report().skipped);
        if tasks.kind == PlanKind::Merge && !receipts.iter().any(skips) {
            // Slices share row groups, so only their total can be compared with the footers.
            let rows = receipts.iter().map(|receipt| receipt.rows_in).fold(0, u64::saturating_add);
            return self.check_rows(0, rows, self.manifest.rows, false);
        }
        for (receipt, partition) in receipts.iter().zip(&tasks.partitions).filter(|(receipt, _)| !skips(receipt)) {
            if tasks.kind != PlanKind::Merge {
                self.check_rows(receipt.task, receipt.rows_in, partition.rows(), true)?;
            }
        }
        let (first, second) = receipts.split_at(tasks.partitions.len());
        if second.is_empty() {
            return Ok(());
        }
        let mut buckets = vec![0_u64; tasks.buckets];
        for receipt in first {
            let rows = self.folder.open(receipt).and_then(|file| file.rows_by_block());
            let rows = rows.map_err(|error| self.folder.unreadable(receipt.task, &error))?;
            if rows.len() != buckets.len() {
                let reason = format!("it has {} buckets, not {}", rows.len(), buckets.len());
                return Err(self.wrong(receipt.task, reason));
            }
            buckets.iter_mut().zip(rows).for_each(|(sum, rows)| *sum = sum.saturating_add(rows));
        }
        for (reduce, receipt) in second.iter().enumerate() {
            let expected = buckets[tasks.buckets_of(reduce)].iter().fold(0, |sum: u64, n| sum.saturating_add(*n));
            self.check_rows(receipt.task, receipt.rows_in, expected, true)?;
        }
        Ok(())
    }

    /// Returns the summary, or an error if epochs are missing.
    fn summary(&self, gathered: Gathered, bands: &[String]) -> Result<Summary, Error> {
        let Gathered { totals, skipped, warnings: told } = gathered;
        let (rows, epochs, left_out) = (totals.rows, totals.counts.epochs, totals.left_out.total());
        // Skipped row groups were not read.
        let too_large = skipped.iter().filter(|skipped| matches!(skipped, Skipped::LightCurve { .. }));
        let left_out = too_large.map(Skipped::rows).fold(left_out, u64::saturating_add);
        // Light curves can have no rows if a statistic has many rows, so the results do not include all epochs.
        let known = !self.statistics.iter().any(Statistic::has_many_rows);
        if known && epochs.checked_add(left_out) != Some(rows) {
            let folder = self.folder.path().to_owned();
            return Err(JobError::Epochs { folder, rows, epochs, left_out }.into());
        }
        let mut warnings: Vec<String> = self.manifest.dropped.iter().map(|_| self.manifest.why.clone()).collect();
        warnings.extend(told);
        warnings.extend(self.manifest.warnings.iter().cloned());
        let mut summary = Summary::of(self.kind(), &self.statistics, totals, skipped, warnings);
        let id = self.manifest.titles[Role::Id as usize].as_deref().filter(|_| self.manifest.query().groups.is_none());
        let by_id = self.manifest.query().choices.iter().any(|choice| matches!(choice, Choice::Ids(_)));
        summary.warnings.extend(doubts(&summary, id, bands, by_id));
        Ok(summary)
    }

    /// Adds the files to an error of the engine.
    pub(super) fn located(&self, error: Error) -> Error {
        match error {
            Error::Exec(tape_exec::Error::WrongOutput { task, reason }) => self.wrong(task, reason),
            Error::Exec(tape_exec::Error::Cancelled) => self.stopped(),
            other => other,
        }
    }

    fn wrong(&self, task: usize, reason: String) -> Error {
        self.folder.damaged(&self.folder.output(task), task, reason).into()
    }
}
