//! Checks and combines the outputs of the last round.

use tape_core::{IdRef, ObjectId, Results, Rows, Sink};

use super::labels::InputLabels;
use super::{StoredOutputs, TaskReport, Tasks, Work};
use crate::compute::Job;
use crate::compute::counts::Counts;
use crate::compute::skipped::Skipped;
use crate::error::{Error, Result};
use crate::order::edge_stitcher::{EdgeStitcher, Edges, PartitionEdges, Totals};
use crate::order::merge::merge_by_id;
use crate::plan::budget::SizeEstimate;
use crate::plan::config::PlanKind;
use crate::strategy::run::warnings_of;

/// Number of blocks before the results of a partition: the rows held back at its two edges.
const EDGE_BLOCKS: usize = 2;

/// The combined outcome of all tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Numbers of rows and results, and of epochs that were left out of the statistics.
    pub totals: Totals,
    /// Light curves and row groups that were skipped.
    pub skipped: Vec<Skipped>,
    /// Warnings for the user.
    pub warnings: Vec<String>,
}

/// Writes the results of all tasks to a sink. The source must know all bands that any task met.
///
/// # Errors
/// [`Error::OutOfOrder`] if the ids in the partitions are not in the order that the footers claim.
/// [`Error::WrongOutput`] if an output contradicts itself or another. Also if outputs cannot be read, results cannot be
/// written, a statistic panics, or the observer requests a stop.
pub fn gather(work: Work<'_>, tasks: &Tasks, outputs: &dyn StoredOutputs, sink: &mut dyn Sink) -> Result<Gathered> {
    let job = work.job();
    let first = tasks.partitions.len();
    let mut totals =
        if tasks.reduces == 0 { link(&job, tasks, outputs, sink)? } else { merge(&job, tasks, outputs, sink)? };
    let mut skipped = vec![];
    for task in 0..first + tasks.reduces {
        let report = outputs.report(task);
        totals.rows += if task < first { report.rows } else { 0 };
        totals.left_out += report.left_out;
        if report.without_rows > 0 {
            totals.counts += Counts::without_rows(report.without_rows);
        }
        for one in report.skipped {
            if !skipped.contains(&one) {
                skipped.push(one);
            }
        }
    }
    let mut warnings = warnings_of(&job, &totals);
    warnings.extend(skipped.iter().map(ToString::to_string));
    Ok(Gathered { totals, skipped, warnings })
}

/// Joins partitions or slices in order.
fn link(job: &Job<'_>, tasks: &Tasks, outputs: &dyn StoredOutputs, sink: &mut dyn Sink) -> Result<Totals> {
    let sizes = SizeEstimate::of(&tasks.partitions, job.inputs().columns(), job);
    let most = sizes.share(job).light_curve;
    let mut stitcher = EdgeStitcher::new(job, &tasks.partitions, Edges::of(tasks.kind), most, sink);
    for task in 0..tasks.partitions.len() {
        job.check_stop()?;
        let output = StoredPartition::open(job, outputs, task)?;
        let edges = output.edges()?;
        output.check_edges(tasks.kind, &edges)?;
        let (ids, left_out) = (output.report.ids.clone(), tape_core::LeftOut::default());
        let partition = PartitionEdges { edges, ids, left_out, rows: 0, spilled: 0 };
        stitcher.take(partition, |write| output.results(tasks.kind, write))?;
    }
    stitcher.finish()
}

/// Merges the results of the second round.
fn merge(job: &Job<'_>, tasks: &Tasks, outputs: &dyn StoredOutputs, sink: &mut dyn Sink) -> Result<Totals> {
    let mut totals = Totals::default();
    let mut runs = Vec::with_capacity(tasks.reduces);
    for task in tasks.partitions.len()..tasks.partitions.len() + tasks.reduces {
        let output = StoredPartition::open(job, outputs, task)?;
        output.check_rows_out(0)?;
        runs.push((task, output.into_blocks(0)));
    }
    merge_by_id(job, runs, |results| {
        totals.counts += Counts::of(job.statistics, &results);
        sink.write(results).map_err(Error::Sink)
    })?;
    Ok(totals)
}

/// The output of a task, which is read block by block.
struct StoredPartition<'a> {
    job: &'a Job<'a>,
    outputs: &'a dyn StoredOutputs,
    task: usize,
    report: TaskReport,
    labels: InputLabels,
    rows_by_block: Vec<u64>,
}

impl<'a> StoredPartition<'a> {
    fn open(job: &'a Job<'a>, outputs: &'a dyn StoredOutputs, task: usize) -> Result<Self> {
        let report = outputs.report(task);
        let labels = InputLabels::new(job.source.bands(), &report.labels)?;
        let rows_by_block = outputs.rows_by_block(task).map_err(Error::Source)?;
        Ok(Self { job, outputs, task, report, labels, rows_by_block })
    }

    fn wrong<T>(&self, reason: impl Into<String>) -> Result<T> {
        Err(Error::WrongOutput { task: self.task, reason: reason.into() })
    }

    /// Checks the number of results after the first `from` blocks.
    fn check_rows_out(&self, from: usize) -> Result<()> {
        let Some(blocks) = self.rows_by_block.get(from..) else {
            return self.wrong(format!("it has {} blocks", self.rows_by_block.len()));
        };
        let (rows, told) = (blocks.iter().fold(0, |sum: u64, rows| sum.saturating_add(*rows)), self.report.rows_out);
        if rows == told { Ok(()) } else { self.wrong(format!("it has {rows} results, but its receipt says {told}")) }
    }

    /// Reads the rows that are held back at the edges.
    fn edges(&self) -> Result<[Option<Rows>; 2]> {
        self.check_rows_out(EDGE_BLOCKS)?;
        let mut edges = [None, None];
        for (block, edge) in edges.iter_mut().enumerate() {
            let mut rows = Rows::new(self.job.source.id_type());
            self.outputs.rows(self.task, block, &mut rows).map_err(Error::Source)?;
            self.labels.decode_rows(&mut rows, 0);
            *edge = (!rows.is_empty()).then_some(rows);
        }
        Ok(edges)
    }

    /// Checks that an output holds back the rows that its plan and its ids require.
    fn check_edges(&self, kind: PlanKind, [head, tail]: &[Option<Rows>; 2]) -> Result<()> {
        let Some((min, max)) = &self.report.ids else {
            let empty = self.report.rows_out == 0 && head.is_none() && tail.is_none();
            return if empty { Ok(()) } else { self.wrong("it has results, but no ids") };
        };
        let stitched = kind == PlanKind::Stitch;
        if stitched != head.is_some() || (stitched && min != max) != tail.is_some() {
            return self.wrong("it does not hold back the rows at its edges");
        }
        for (edge, id) in [(head, min), (tail, max)] {
            let other = |rows: &Rows| (0..rows.len()).any(|row| self.owned(rows.ids.get(row)) != *id);
            if edge.as_ref().is_some_and(other) {
                return self.wrong(format!("the rows at its edge are not those of object {id}"));
            }
        }
        Ok(())
    }

    /// Passes the results to `write`, and checks that they are in order and within the range of ids of the output.
    fn results(self, kind: PlanKind, write: &mut dyn FnMut(Results) -> Result<()>) -> Result<Counts> {
        let (job, task, ids) = (self.job, self.task, self.report.ids.clone());
        let id_type = job.source.id_type();
        let mut counts = Counts::default();
        merge_by_id(job, vec![(task, self.into_blocks(EDGE_BLOCKS))], |results| {
            let last = results.len() - 1;
            let (first, last) = (results.ids.get(0).to_owned(id_type), results.ids.get(last).to_owned(id_type));
            let outside = ids.as_ref().is_none_or(|(min, max)| match kind {
                PlanKind::Stitch => first <= *min || last >= *max,
                _ => first < *min || last > *max,
            });
            if outside {
                let reason = format!("it has results of objects {first} to {last}, outside its range of ids");
                return Err(Error::WrongOutput { task, reason });
            }
            counts += Counts::of(job.statistics, &results);
            write(results)
        })?;
        Ok(counts)
    }

    /// Returns the results after the first `from` blocks, block by block.
    fn into_blocks(self, from: usize) -> impl Iterator<Item = Result<Results>> {
        (from..self.rows_by_block.len()).map(move |block| {
            let mut results = self.job.no_results();
            self.outputs.results(self.task, block, &mut results).map_err(Error::Source)?;
            self.labels.decode_results(&mut results);
            Ok(results)
        })
    }

    fn owned(&self, id: IdRef<'_>) -> ObjectId {
        id.to_owned(self.job.source.id_type())
    }
}
