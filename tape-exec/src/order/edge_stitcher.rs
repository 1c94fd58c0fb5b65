//! Joins light curves that partition edges cut.

use tape_core::{LeftOut, ObjectId, Part, Partition, Results, Rows, Sink};

use crate::compute::counts::Counts;
use crate::compute::{Job, Worker};
use crate::error::{Error, Result};
use crate::plan::config::PlanKind;

/// The effect of partition edges on light curves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edges {
    /// They split no light curve: the ids of a partition are smaller than those of the next. Checked while reading.
    Cohesive,
    /// Each may split one light curve, whose pieces are held back and joined. The order is checked while reading.
    Stitched,
    /// Unknown. Every piece counts as a light curve.
    Unchecked,
}

impl Edges {
    /// Returns the effect of the edges between the partitions of a plan, or between the slices of a merge.
    pub(crate) const fn of(kind: PlanKind) -> Self {
        match kind {
            PlanKind::Stitch => Self::Stitched,
            PlanKind::MapUnchecked => Self::Unchecked,
            _ => Self::Cohesive,
        }
    }
}

/// Totals of a run over partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows read.
    pub rows: u64,
    /// The results.
    pub counts: Counts,
    /// Epochs that were left out of the statistics.
    pub left_out: LeftOut,
    /// Bytes spilled to disk.
    pub spilled: u64,
    /// Number of edges at which an unchecked map cut a light curve.
    pub cut_edges: u64,
}

/// The edges of a computed partition, without its results.
pub(crate) struct PartitionEdges {
    /// The rows of the smallest and of the largest id, which are held back. Only the first is set if both are the same
    /// id.
    pub(crate) edges: [Option<Rows>; 2],
    /// The smallest and largest id that were read.
    pub(crate) ids: Option<(ObjectId, ObjectId)>,
    pub(crate) left_out: LeftOut,
    pub(crate) rows: u64,
    /// Bytes of results that were spilled.
    pub(crate) spilled: u64,
}

/// Receives partitions in order, joins the light curves at their edges, and passes all results to a sink.
pub(crate) struct EdgeStitcher<'a> {
    worker: Worker<'a>,
    partitions: &'a [Partition],
    edges: Edges,
    /// The largest number of rows of a light curve to hold back.
    most: u64,
    sink: &'a mut dyn Sink,
    /// The largest id so far, and the number of its partition.
    last: Option<(ObjectId, usize)>,
    /// The rows of that id, which are held back, because the next partition may continue it.
    pending: Option<Rows>,
    totals: Totals,
    next: usize,
}

impl<'a> EdgeStitcher<'a> {
    pub(crate) fn new(
        job: &'a Job<'a>,
        partitions: &'a [Partition],
        edges: Edges,
        most: u64,
        sink: &'a mut dyn Sink,
    ) -> Self {
        let (worker, totals) = (job.worker(), Totals::default());
        Self { worker, partitions, edges, most, sink, last: None, pending: None, totals, next: 0 }
    }

    /// Adds the next partition. `results` passes on its results, without the light curves that are held back, and
    /// counts them.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] if its ids do not come after those of earlier partitions. [`Error::DoesNotFit`] if a light
    /// curve is too large.
    pub(crate) fn take(
        &mut self,
        partition: PartitionEdges,
        results: impl FnOnce(&mut dyn FnMut(Results) -> Result<()>) -> Result<Counts>,
    ) -> Result<()> {
        let number = self.next;
        self.next += 1;
        self.totals.rows += partition.rows;
        self.totals.left_out += partition.left_out;
        self.totals.spilled += partition.spilled;
        let Some((min, max)) = partition.ids else { return Ok(()) };
        let goes_on = self.check_order(&min, number)?;
        self.last = Some((max, number));
        let [head, tail] = partition.edges;
        match (&mut self.pending, head) {
            (Some(pending), Some(head)) if goes_on => {
                let rows = (pending.len() + head.len()) as u64;
                if rows > self.most {
                    return Err(Error::DoesNotFit { what: format!("object {min}"), rows, most: self.most });
                }
                pending.extend_from(&head, 0..head.len());
            }
            (_, head) => {
                self.flush()?;
                self.pending = head;
            }
        }
        let counts = results(&mut |results| {
            self.flush()?;
            self.write(results)
        })?;
        self.totals.counts += counts;
        if tail.is_some() {
            self.flush()?;
            self.pending = tail;
        }
        Ok(())
    }

    /// Computes the last light curve, and returns the totals.
    pub(crate) fn finish(mut self) -> Result<Totals> {
        self.flush()?;
        Ok(self.totals)
    }

    /// Checks the order of ids. Returns true if the next partition continues the last light curve.
    fn check_order(&mut self, min: &ObjectId, number: usize) -> Result<bool> {
        let Some((last, before)) = &self.last else { return Ok(false) };
        let (goes_on, behind) = (last == min, last > min);
        match self.edges {
            Edges::Unchecked => self.totals.cut_edges += u64::from(goes_on || behind),
            Edges::Stitched if !behind => {}
            Edges::Cohesive | Edges::Stitched if goes_on || behind => {
                let (before, after) = (self.place(*before), self.place(number));
                return Err(Error::OutOfOrder { id: min.clone(), cut: goes_on, before, after });
            }
            Edges::Cohesive | Edges::Stitched => {}
        }
        Ok(goes_on)
    }

    /// Describes a partition for messages.
    fn place(&self, number: usize) -> String {
        let piece = self.partitions.get(number).and_then(|partition| partition.pieces.first());
        let place = piece.map(|piece| self.worker.job.source.describe(piece.row_group)).unwrap_or_default();
        format!("partition {number} in {place}")
    }

    /// Computes the light curve that was held back.
    fn flush(&mut self) -> Result<()> {
        let Some(rows) = self.pending.take() else { return Ok(()) };
        let mut results = self.worker.job.no_results();
        self.worker.group_any(&[Part::of(&rows, 0..rows.len())], &mut self.totals.left_out);
        self.worker.evaluate(&mut results, &mut self.totals.left_out)?;
        self.totals.counts += Counts::of(self.worker.job.statistics, &results);
        self.write(results)
    }

    fn write(&mut self, results: Results) -> Result<()> {
        if results.is_empty() { Ok(()) } else { self.sink.write(results).map_err(Error::Sink) }
    }
}
