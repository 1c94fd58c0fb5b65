//! Results of all tasks put together, once every receipt was checked.

use std::path::Path;

use tape_core::{Observer, Results, Rows, Sink, Source, SourceError, Statistic};
use tape_exec::task::{self, Gathered, Labels, PartitionOutput, Work};
use tape_exec::{Config, Counts, Summary, Totals};
use tape_io::BlockFile;

use super::receipt::Receipt;
use super::source::Planned;
use super::{Job, Malformed};
use crate::batch::Output;
use crate::batch::Provenance;
use crate::error::{Error, JobError};
use crate::options::WriteOptions;

/// Blocks of a partition's output: its results, and the rows held back at its edges.
const PARTITION_BLOCKS: u64 = 3;

impl Job {
    /// Writes the table, as [`crate::Batch::write`] would have.
    pub(super) fn gather_into(
        &self,
        path: &Path,
        options: WriteOptions,
        observer: &dyn Observer,
    ) -> Result<Summary, Error> {
        self.folder.check_strays()?;
        let (first, all) = self.folder.counts();
        let receipts = self.receipts(0..all, "task")?;
        self.check_receipts(&receipts)?;
        let met = receipts.iter().flat_map(|receipt| receipt.met.iter().chain(&receipt.labels));
        let source = Planned::new(&self.manifest, met).map_err(|error| self.malformed(error))?;
        let bands = self.manifest.bands.as_deref();
        let objects = self.manifest.objects.as_ref().filter(|objects| !objects.joined.is_empty());
        let table = objects.map(|objects| objects.table(source.id_type())).transpose()?;
        let joined = table.iter().zip(objects).next().map(|(table, objects)| table.joined(&objects.joined));
        let joined = joined.transpose()?;
        let (statistics, wide) = (&self.statistics, self.manifest.wide);
        let made_of = Provenance::of_job(&self.manifest);
        let (joined, made_of) = (joined.as_ref(), Some(&made_of));
        let output = Output { source: &source, statistics, bands, wide, joined, all_objects: false, made_of };
        let config = Config { workers: 1, bands: self.manifest.bands.clone(), ..Config::default() };
        let work = Work { source: &source, statistics: &self.statistics, config: &config, observer };
        let summary = output.write(path, options, |sink| {
            let gathered = if self.manifest.reduces == 0 {
                self.link(work, &receipts, sink)
            } else {
                self.merge(work, &receipts[first..], sink)
            };
            self.summary(work, &receipts, gathered.map_err(|error| self.located(error))?)
        })?;
        self.folder.clean(None);
        Ok(summary)
    }

    /// That the rows of all tasks add up.
    fn check_receipts(&self, receipts: &[Receipt]) -> Result<(), Error> {
        let tasks = self.manifest.tasks();
        for (receipt, partition) in receipts.iter().zip(&tasks.partitions) {
            self.check_rows(receipt.task, receipt.rows_in, partition.rows(), true)?;
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

    fn link(&self, work: Work<'_>, receipts: &[Receipt], sink: &mut dyn Sink) -> Result<Gathered, Error> {
        let outputs = receipts.iter().map(|receipt| {
            let output = self.partition_output(work.source, receipt);
            output.map_err(|error| tape_exec::Error::Source(Box::new(error)))?.known_to(work.source)
        });
        task::link(work, self.kind, outputs, sink).map_err(Error::from_task)
    }

    fn partition_output(&self, source: &dyn Source, receipt: &Receipt) -> Result<PartitionOutput, Error> {
        let outputs = self.statistics.iter().map(|s| s.info().outputs.len()).sum();
        let mut results = Results::new(source.id_type(), outputs);
        let mut edges = [(); 2].map(|()| Rows::new(source.id_type()));
        let file = self.open_whole(receipt)?;
        if receipt.blocks != PARTITION_BLOCKS {
            return Err(self.wrong(receipt.task, format!("it has {} blocks", receipt.blocks)));
        }
        let read = file.results(0, &mut results).and_then(|_| {
            let [head, tail] = &mut edges;
            file.rows(1, head).and_then(|_| file.rows(2, tail))
        });
        read.map_err(|error| self.folder.unreadable(receipt.task, &error))?;
        self.check_rows_out(receipt, results.len() as u64)?;
        results.without_rows = receipt.without_rows;
        Ok(PartitionOutput {
            labels: receipt.labels.clone(),
            results,
            edges: edges.map(|rows| (!rows.is_empty()).then_some(rows)),
            ids: receipt.ids.clone().map(|(min, max)| (min.into(), max.into())),
            rows: receipt.rows_in,
            left_out: receipt.left_out(),
        })
    }

    fn merge(&self, work: Work<'_>, receipts: &[Receipt], sink: &mut dyn Sink) -> Result<Gathered, Error> {
        let mut streams = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            let rows = self.open_whole(receipt)?.rows_by_block();
            let rows = rows.map_err(|error| self.folder.unreadable(receipt.task, &error))?;
            self.check_rows_out(receipt, rows.iter().fold(0, |sum: u64, n| sum.saturating_add(*n)))?;
            let labels = Labels::known_to(work.source.bands(), &receipt.labels);
            let labels = labels.map_err(|error| self.malformed(Malformed::new(error)))?;
            streams
                .push((0..receipt.blocks).map(move |block| self.reduced_block(work.source, receipt, &labels, block)));
        }
        let mut gathered = task::merge(work, streams, sink).map_err(Error::from_task)?;
        let without = receipts.iter().map(|receipt| receipt.without_rows).fold(0, u64::saturating_add);
        if without > 0 {
            gathered.counts += Counts::without_rows(without);
        }
        Ok(gathered)
    }

    /// Some results of a task of the second round. The file is opened for each, as there may be more than may be open.
    fn reduced_block(
        &self,
        source: &dyn Source,
        receipt: &Receipt,
        labels: &Labels,
        block: u64,
    ) -> Result<Results, SourceError> {
        let outputs = self.statistics.iter().map(|s| s.info().outputs.len()).sum();
        let mut results = Results::new(source.id_type(), outputs);
        let read = self.folder.open(receipt).and_then(|file| file.results(block, &mut results));
        read.map_err(|error| Box::new(Error::from(self.folder.unreadable(receipt.task, &error))))?;
        labels.of_results(&mut results);
        Ok(results)
    }

    /// The output of a task, whose index is what its receipt says.
    fn open_whole(&self, receipt: &Receipt) -> Result<BlockFile, Error> {
        let opened = self.folder.open(receipt).and_then(|file| file.rows_by_block().map(|_| file));
        Ok(opened.map_err(|error| self.folder.unreadable(receipt.task, &error))?)
    }

    fn check_rows_out(&self, receipt: &Receipt, actual: u64) -> Result<(), Error> {
        if actual == receipt.rows_out {
            return Ok(());
        }
        let reason = format!("it has {actual} results, and its receipt says {}", receipt.rows_out);
        Err(self.wrong(receipt.task, reason))
    }

    /// What it amounts to, if no epoch is missing.
    fn summary(&self, work: Work<'_>, receipts: &[Receipt], gathered: Gathered) -> Result<Summary, Error> {
        let mut left_out = gathered.left_out;
        receipts.iter().for_each(|receipt| left_out += receipt.left_out());
        let (rows, epochs) = (self.manifest.rows, gathered.counts.epochs);
        // Light curves of many rows may have none, so their rows do not tell the epochs.
        let told = !self.statistics.iter().any(Statistic::has_many_rows);
        if told && epochs.checked_add(left_out.total()) != Some(rows) {
            let (folder, left_out) = (self.folder.path().to_owned(), left_out.total());
            return Err(JobError::Epochs { folder, rows, epochs, left_out }.into());
        }
        let mut warnings: Vec<String> = self.manifest.dropped.iter().map(|_| self.manifest.why.clone()).collect();
        warnings.extend(task::warnings(work, &gathered));
        let totals = Totals { rows, counts: gathered.counts, left_out, ..Totals::default() };
        Ok(Summary::of(self.kind, &self.statistics, totals, vec![], warnings))
    }

    /// An error of the engine, with the files that it is about.
    fn located(&self, error: Error) -> Error {
        let (first, _) = self.folder.counts();
        match error {
            Error::Exec(tape_exec::Error::WrongOutput { task, reason }) => {
                self.wrong(if self.manifest.reduces == 0 { task } else { first + task }, reason)
            }
            Error::Exec(tape_exec::Error::Cancelled) => self.stopped(),
            other => other,
        }
    }

    fn wrong(&self, task: usize, reason: String) -> Error {
        self.folder.damaged(&self.folder.output(task), task, reason).into()
    }
}
