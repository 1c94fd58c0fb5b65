//! Puts the results of partitions together, with the light curves that their edges cut.

use tape_core::{IdRef, LeftOut, ObjectId, Part, Results, Rows, Sink};

use super::merge::{doubled, many_rows};
use super::{PartitionOutput, Work};
use crate::compute::counts::Counts;
use crate::compute::{Job, Worker};
use crate::error::{Error, Result};
use crate::plan::config::PlanKind;

/// What came of all tasks together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// The results.
    pub counts: Counts,
    /// Epochs that no statistic saw, of the rows that were held back.
    pub left_out: LeftOut,
    /// Edges at which an unchecked map cut a light curve.
    pub cut_edges: u64,
}

/// Writes the outputs of partitions, which come in the order of the plan and with the band codes of the source, into a sink.
///
/// # Errors
/// [`Error::OutOfOrder`] if the partitions do not follow each other by the ids found in them, as their footers claim;
/// [`Error::WrongOutput`] if one contradicts itself; if they cannot be read or written, a statistic panics, or the observer
/// asks to stop.
pub fn link(
    work: Work<'_>,
    kind: PlanKind,
    outputs: impl Iterator<Item = Result<PartitionOutput>>,
    sink: &mut dyn Sink,
) -> Result<Gathered> {
    let job = work.job();
    let worker = job.worker();
    let mut chain = Chain { job: &job, worker, kind, sink, last: None, pending: None, linked: Gathered::default() };
    for (task, output) in outputs.enumerate() {
        if job.observer.cancelled() {
            return Err(Error::Cancelled);
        }
        chain.take(task, output?)?;
    }
    chain.flush()?;
    Ok(chain.linked)
}

struct Chain<'a> {
    job: &'a Job<'a>,
    worker: Worker<'a>,
    kind: PlanKind,
    sink: &'a mut dyn Sink,
    /// The largest id so far, and the partition that it is in.
    last: Option<(ObjectId, usize)>,
    /// The rows of that id, held back: the next partition may go on with it.
    pending: Option<Rows>,
    linked: Gathered,
}

impl Chain<'_> {
    fn take(&mut self, task: usize, output: PartitionOutput) -> Result<()> {
        self.check(task, &output)?;
        let Some((min, max)) = output.ids else { return Ok(()) };
        let goes_on = self.last.as_ref().is_some_and(|(last, _)| *last == min);
        let behind = self.last.as_ref().is_some_and(|(last, _)| *last > min);
        if self.kind == PlanKind::MapUnchecked {
            self.linked.cut_edges += u64::from(goes_on || behind);
        } else if let Some((_, before)) = self.last.take().filter(|_| behind || (goes_on && self.kind == PlanKind::Map))
        {
            return Err(Error::OutOfOrder { id: min, cut: !behind, before, after: task });
        }
        self.last = Some((max, task));
        let [head, tail] = output.edges;
        match (&mut self.pending, head) {
            (Some(pending), Some(head)) if goes_on => pending.extend_from(&head, 0..head.len()),
            (_, head) => {
                self.flush()?;
                self.pending = head;
            }
        }
        if tail.is_some() || !output.results.is_empty() {
            self.flush()?;
        }
        self.write(output.results)?;
        if tail.is_some() {
            self.pending = tail;
        }
        Ok(())
    }

    /// That an output is what its own ids say.
    fn check(&self, task: usize, output: &PartitionOutput) -> Result<()> {
        let wrong = |reason: String| Err(Error::WrongOutput { task, reason });
        let id_type = self.job.source.id_type();
        let owned = |id: IdRef<'_>| id.to_owned(id_type);
        let (results, [head, tail]) = (&output.results, &output.edges);
        let rows = |edge: &Option<Rows>| edge.as_ref().map_or(0, Rows::len);
        let Some((min, max)) = &output.ids else {
            let empty = results.is_empty() && rows(head) + rows(tail) == 0;
            return if empty { Ok(()) } else { wrong("it has results, but no ids".to_owned()) };
        };
        let stitched = self.kind == PlanKind::Stitch;
        if stitched != head.is_some() || (stitched && (min != max) != tail.is_some()) {
            return wrong("it does not hold back the rows at its edges".to_owned());
        }
        for (edge, id) in [(head, min), (tail, max)] {
            let Some(edge) = edge else { continue };
            if edge.is_empty() || (0..edge.len()).any(|row| owned(edge.ids.get(row)) != *id) {
                return wrong(format!("the rows at its edge are not those of object {id}"));
            }
        }
        if let Some(id) = out_of_order(results, many_rows(self.job)) {
            return wrong(format!("object {} is out of order, or has two results in one band", owned(id)));
        }
        if let Some(last) = results.len().checked_sub(1) {
            let (first, last) = (owned(results.ids.get(0)), owned(results.ids.get(last)));
            let outside = if stitched { first <= *min || last >= *max } else { first < *min || last > *max };
            if outside {
                return wrong(format!("it has results of objects {first} to {last}, where its ids are {min} to {max}"));
            }
        }
        Ok(())
    }

    /// Computes the light curve that was held back.
    fn flush(&mut self) -> Result<()> {
        let Some(rows) = self.pending.take() else { return Ok(()) };
        let mut results = self.job.no_results();
        self.worker.group_any(&[Part::of(&rows, 0..rows.len())], &mut self.linked.left_out);
        self.worker.evaluate(&mut results)?;
        self.write(results)
    }

    fn write(&mut self, results: Results) -> Result<()> {
        self.linked.counts += Counts::of(self.job.statistics, &results);
        if results.is_empty() {
            return Ok(());
        }
        self.sink.write(results).map_err(Error::Sink)
    }
}

/// The first object that does not follow those before it, or has two results in one band.
fn out_of_order(results: &Results, many_rows: bool) -> Option<IdRef<'_>> {
    let mut start = 0;
    while start < results.len() {
        let id = results.ids.get(start);
        let end = (start..results.len()).find(|&row| results.ids.get(row) != id).unwrap_or(results.len());
        let behind = start > 0 && results.ids.get(start - 1) > id;
        if behind || doubled(&results.band[start..end], many_rows).is_some() {
            return Some(id);
        }
        start = end;
    }
    None
}
