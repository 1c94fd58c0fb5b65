//! Puts the light curves together that the edges of partitions cut.

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
    /// They may split one light curve each, whose pieces are kept and stitched. The order is checked while reading.
    Stitched,
    /// Unknown: every piece counts as a light curve.
    Unchecked,
}

impl Edges {
    /// The edges of the partitions of a plan, or of the slices of a merge.
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
    /// Epochs that no statistic saw.
    pub left_out: LeftOut,
    /// Bytes spilled to disk.
    pub spilled: u64,
    /// Edges at which an unchecked map cut a light curve.
    pub cut_edges: u64,
}

/// A partition that was computed, beside its results.
pub(crate) struct PartitionEdges {
    /// Held back: the rows of its smallest id, and of its largest where that is another.
    pub(crate) edges: [Option<Rows>; 2],
    /// Smallest and largest id, as read.
    pub(crate) ids: Option<(ObjectId, ObjectId)>,
    pub(crate) left_out: LeftOut,
    pub(crate) rows: u64,
    /// Bytes of results that were spilled.
    pub(crate) spilled: u64,
}

/// Takes partitions in order, puts the light curves at their edges together, and hands all results to a sink.
pub(crate) struct EdgeStitcher<'a> {
    worker: Worker<'a>,
    partitions: &'a [Partition],
    edges: Edges,
    /// Rows of a light curve that may wait.
    most: u64,
    sink: &'a mut dyn Sink,
    /// The largest id so far, and the partition that holds it.
    last: Option<(ObjectId, usize)>,
    /// The rows of that id, held back: the next partition may go on with it.
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

    /// Takes the next partition; `results` hands over its results without the light curves that are held back, and counts
    /// them.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] if it does not follow those before it; [`Error::DoesNotFit`] if a light curve is too large.
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

    /// Hands over what is still held back.
    pub(crate) fn finish(mut self) -> Result<Totals> {
        self.flush()?;
        Ok(self.totals)
    }

    /// Returns whether the largest id so far is that with which the next partition begins.
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

    /// Names a partition.
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
