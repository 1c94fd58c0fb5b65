//! Map and stitch: partitions computed where they lie, with what their edges cut put together.

use tape_core::{LeftOut, NO_BAND, ObjectId, Part, Partition, Results, Rows, Sink, Statistic, Value};

use crate::error::{Error, Result};
use crate::job::{Job, Worker};
use crate::partition::{Outcome, compute};
use crate::workers::in_order;

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
pub(crate) struct Totals {
    pub(crate) rows: u64,
    pub(crate) light_curves: u64,
    /// Objects of which bands were compared.
    pub(crate) objects: u64,
    /// For each statistic, the light curves or objects of which it has no result.
    pub(crate) too_few: Vec<u64>,
    pub(crate) left_out: LeftOut,
    /// Bytes put away for want of memory.
    pub(crate) spilled: u64,
    /// Edges at which an unchecked map cut a light curve.
    pub(crate) cut_edges: u64,
}

impl Totals {
    /// Counts results, and those that are missing.
    pub(crate) fn count(&mut self, statistics: &[Statistic], results: &Results) {
        if let [statistic] = statistics
            && statistic.has_many_rows()
        {
            return self.count_many(results);
        }
        let objects = results.band.iter().filter(|band| **band == NO_BAND).count() as u64;
        self.objects += objects;
        self.light_curves += results.len() as u64 - objects;
        self.too_few.resize(statistics.len(), 0);
        let mut rest = &results.values[..];
        for (statistic, too_few) in statistics.iter().zip(&mut self.too_few) {
            let (columns, others) = rest.split_at(statistic.info().outputs.len());
            rest = others;
            let own = |row: &usize| (results.band[*row] == NO_BAND) == statistic.is_of_objects();
            let none = |row: &usize| columns.iter().all(|column| column[*row] == Value::Null);
            *too_few += (0..results.len()).filter(own).filter(none).count() as u64;
        }
    }
}

impl Totals {
    /// Counts light curves of which each may have many rows, side by side, or none.
    fn count_many(&mut self, results: &Results) {
        let same =
            |row: usize| results.band[row] == results.band[row - 1] && results.ids.get(row) == results.ids.get(row - 1);
        let with = (0..results.len()).filter(|&row| row == 0 || !same(row)).count() as u64;
        self.light_curves += with + results.without_rows;
        self.too_few.resize(1, 0);
        self.too_few[0] += results.without_rows;
    }
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

pub(crate) fn run(job: &Job<'_>, partitions: &[Partition], edges: Edges, sink: &mut dyn Sink) -> Result<Ended> {
    let mut chain = Chain {
        worker: job.worker(),
        edges,
        sink,
        last: None,
        pending: None,
        totals: Totals::default(),
        broken: None,
        at: 0,
    };
    let ran = in_order(
        job.workers,
        partitions.len(),
        || job.worker(),
        |worker, i| compute(worker, &partitions[i], edges == Edges::Stitched),
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
            (Some(pending), Some(head)) if goes_on => pending.extend_from(&head, 0..head.len()),
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
        self.write(results)
    }

    fn write(&mut self, results: Results) -> Result<()> {
        self.totals.count(self.worker.job.statistics, &results);
        if results.is_empty() {
            return Ok(());
        }
        self.sink.write(results).map_err(Error::Sink)
    }
}
