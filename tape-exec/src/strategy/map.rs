//! Map and stitch: partitions computed where they lie, with what their edges cut put together.

use tape_core::{LeftOut, ObjectId, Part, Partition, Rows, Sink};

use crate::compute::counts::Counts;
use crate::compute::partition::{Outcome, compute};
use crate::compute::skipped::or_skip;
use crate::compute::{Job, Worker};
use crate::error::{Error, Result};
use crate::order::pending_results::Waiting;
use crate::plan::budget::Share;
use crate::pool::in_order;

/// What the edges of partitions may do to light curves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edges {
    /// Nothing: ids of one partition end before those of the next begin. Checked as it is read.
    Cohesive,
    /// Cut the light curve at the edge: its pieces are held back and put together. The order is checked as it is read.
    Stitched,
    /// Anything: every piece is taken for a light curve.
    Unchecked,
}

/// What a run over partitions amounts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows read.
    pub rows: u64,
    /// The results.
    pub counts: Counts,
    /// Epochs that no statistic saw.
    pub left_out: LeftOut,
    /// Bytes put away for want of memory.
    pub spilled: u64,
    /// Edges at which an unchecked map cut a light curve.
    pub cut_edges: u64,
}

/// How a run over partitions ended.
pub(crate) enum Ended {
    Whole(Totals),
    /// The partitions are not in the order that the footers claim: what was written is of no use.
    OutOfOrder {
        id: ObjectId,
        /// Whether a light curve lies in two partitions, rather than being merely out of place.
        cut: bool,
        partition: usize,
    },
}

pub(crate) fn run(
    job: &Job<'_>,
    share: Share,
    partitions: &[Partition],
    edges: Edges,
    sink: &mut dyn Sink,
) -> Result<Ended> {
    let mut chain = Chain {
        worker: job.worker(),
        share,
        edges,
        sink,
        last: None,
        pending: None,
        totals: Totals::default(),
        broken: None,
        at: 0,
    };
    let ran = in_order(
        job.crew(),
        partitions.len(),
        || job.worker(),
        |worker, i| {
            or_skip(job, &partitions[i], |partition| compute(worker, partition, share, edges == Edges::Stitched))
        },
        |outcome| chain.take(outcome),
    );
    if let Some((id, cut)) = chain.broken {
        return Ok(Ended::OutOfOrder { id, cut, partition: chain.at });
    }
    ran?;
    chain.flush()?;
    Ok(Ended::Whole(chain.totals))
}

/// Takes the outcomes of partitions in order and links them at their edges.
struct Chain<'a> {
    worker: Worker<'a>,
    share: Share,
    edges: Edges,
    sink: &'a mut dyn Sink,
    /// The largest id so far.
    last: Option<ObjectId>,
    /// The rows of that id, held back: the next partition may go on with it.
    pending: Option<Rows>,
    totals: Totals,
    broken: Option<(ObjectId, bool)>,
    at: usize,
}

impl Chain<'_> {
    fn take(&mut self, outcome: Outcome) -> Result<()> {
        self.totals.rows += outcome.rows;
        self.totals.left_out += outcome.left_out;
        self.totals.spilled += outcome.spilled;
        self.at += 1;
        let Some((min, max)) = outcome.ids else { return Ok(()) };
        let goes_on = self.last.as_ref() == Some(&min);
        let out_of_order = self.last.as_ref().is_some_and(|last| *last > min);
        match self.edges {
            Edges::Unchecked => self.totals.cut_edges += u64::from(goes_on || out_of_order),
            Edges::Cohesive | Edges::Stitched if out_of_order => return self.give_up(min, false),
            Edges::Cohesive if goes_on => return self.give_up(min, true),
            Edges::Cohesive | Edges::Stitched => {}
        }
        self.last = Some(max);
        let [head, tail] = outcome.edges;
        match (&mut self.pending, head) {
            (Some(pending), Some(head)) if goes_on => {
                let (rows, most) = ((pending.len() + head.len()) as u64, self.share.light_curve);
                if rows > most {
                    return Err(Error::DoesNotFit { what: format!("object {min}"), rows, most });
                }
                pending.extend_from(&head, 0..head.len());
            }
            (_, head) => {
                self.flush()?;
                self.pending = head;
            }
        }
        if tail.is_some() || !outcome.results.is_empty() {
            self.flush()?;
        }
        self.write(outcome.results)?;
        if tail.is_some() {
            self.pending = tail;
        }
        Ok(())
    }

    /// Ends the run: any error does, this one is replaced by what is in `broken`.
    fn give_up(&mut self, id: ObjectId, cut: bool) -> Result<()> {
        self.broken = Some((id, cut));
        Err(Error::Cancelled)
    }

    /// Computes the light curve that was held back.
    fn flush(&mut self) -> Result<()> {
        let Some(rows) = self.pending.take() else { return Ok(()) };
        let mut results = self.worker.job.no_results();
        self.worker.group_any(&[Part::of(&rows, 0..rows.len())], &mut self.totals.left_out);
        self.worker.evaluate(&mut results)?;
        self.write(Waiting::new(results))
    }

    fn write(&mut self, results: Waiting) -> Result<()> {
        self.totals.counts += results.counts(self.worker.job.statistics);
        results.write(self.worker.job, self.sink)
    }
}
