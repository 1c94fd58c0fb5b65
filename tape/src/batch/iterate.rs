//! Iterators over result batches and light curves, for surveys that do not fit in memory.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use tape_core::{
    Cancellation, Event, Info, Inputs, LightCurve, ManyRows, ObjectId, Observer, Output, Results, Role, Rows, Silent,
    Sink, SourceError, Statistic, Value,
};
use tape_io::Survey;

use super::Batch;
use super::sinks::Table;
use crate::ensemble::{Ensemble, TimeSeries};
use crate::error::Error;

/// Capacity of the queue to the consumer. The run blocks while it is full.
const AHEAD: usize = 16;

impl Batch {
    /// Runs the batch on another thread and iterates over its results in the order of the table, some thousand rows at
    /// a time. Only a few batches are held in memory. A wide table comes as one batch, because its columns are known
    /// only at the end. Dropping the iterator stops the run.
    ///
    /// ```
    /// # use tape::prelude::*;
    /// let ensemble = Ensemble::from_columns(&[1, 1, 2], &[1.0, 2.0, 1.0], &[5.0, 7.0, 1.0], &[0.1; 3], &["g"; 3])?;
    /// let mut rows = 0;
    /// for batch in ensemble.batch_named(&["mean"])?.batches()? {
    ///     rows += batch?.num_rows();
    /// }
    /// assert_eq!(rows, 2);
    /// # Ok::<(), tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Batch::explain`]. Items can be the errors of [`Batch::compute`], and [`Error::Restarted`] if rows turn out
    /// not to have the order that footers claim after batches were already returned.
    pub fn batches(&self) -> Result<ResultBatches, Error> {
        self.batches_with(Arc::new(Silent))
    }

    /// Iterates as [`Batch::batches`] does, with an observer of the run.
    ///
    /// # Errors
    /// As [`Batch::batches`].
    pub fn batches_with(&self, observer: Arc<dyn Observer + Send>) -> Result<ResultBatches, Error> {
        let plan = self.plan_with(&*observer)?;
        let schema = self.long_schema()?;
        let arrow = Table::new(&schema, self.source(), self.joined()?.as_ref()).arrow();
        let batch = self.clone();
        let run = move |handover: &Handover<RecordBatch>| {
            let watched = Watched { observer: &*observer, stop: &handover.stop };
            if batch.wide {
                return handover.send(batch.run(&plan, &watched)?.0);
            }
            let joined = batch.joined()?;
            let table = Table::new(&schema, batch.source(), joined.as_ref());
            let mut sink = Batches { table, handover };
            batch.run_into(&plan, &mut sink, &watched).map(drop)
        };
        Ok(ResultBatches { schema: (!self.wide).then_some(arrow), items: Items::start(run) })
    }
}

impl Ensemble {
    /// Iterates over all light curves in order of id. Each item is the id of an object and its epochs in all bands.
    /// Epochs that statistics would skip are not included, and neither are objects without any other epochs. Dropping
    /// the iterator stops the run.
    ///
    /// ```
    /// # use tape::prelude::*;
    /// let ensemble = Ensemble::from_columns(&[1, 2, 1], &[1.0, 1.0, 2.0], &[5.0, 1.0, 7.0], &[0.1; 3], &["g"; 3])?;
    /// for light_curve in ensemble.light_curves()? {
    ///     let (id, series) = light_curve?;
    ///     println!("{id}: {} epochs", series.len());
    /// }
    /// # Ok::<(), tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Batch::batches`].
    pub fn light_curves(&self) -> Result<LightCurves, Error> {
        self.light_curves_with(|batch| batch)
    }

    /// Iterates as [`Ensemble::light_curves`] does. `with` configures the run, for example its memory limit.
    ///
    /// # Errors
    /// As [`Batch::batches`].
    pub fn light_curves_with(&self, with: impl FnOnce(Batch) -> Batch) -> Result<LightCurves, Error> {
        let survey = self.shared();
        let [_, time, _, error, band] = Role::ALL.map(|role| survey.column(role).is_some());
        let columns = Inputs { time, error, order: time, ..Inputs::ALL };
        let batch = with(self.batch(&[Statistic::rows(Epochs::new(columns))]));
        let plan = batch.explain()?;
        let run = move |handover: &Handover<(ObjectId, Rows)>| {
            let mut sink = Objects { batch: &batch, band, pending: None, handover };
            let watched = Watched { observer: &Silent, stop: &handover.stop };
            batch.run_into(&plan, &mut sink, &watched)?;
            sink.flush()
        };
        Ok(LightCurves { survey: Arc::clone(survey), columns, items: Items::start(run) })
    }
}

/// An iterator over the results of a batch.
#[derive(Debug)]
pub struct ResultBatches {
    schema: Option<SchemaRef>,
    items: Items<RecordBatch>,
}

impl ResultBatches {
    /// Returns the schema of the batches. The schema of a wide table is known only from its one batch.
    #[must_use]
    pub const fn schema(&self) -> Option<&SchemaRef> {
        self.schema.as_ref()
    }
}

impl Iterator for ResultBatches {
    type Item = Result<RecordBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.items.next()
    }
}

/// An iterator over the light curves of an ensemble, object by object.
#[derive(Debug)]
pub struct LightCurves {
    survey: Arc<Survey>,
    columns: Inputs,
    items: Items<(ObjectId, Rows)>,
}

impl Iterator for LightCurves {
    type Item = Result<(ObjectId, TimeSeries), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.items.next()?;
        Some(item.map(|(id, rows)| (id, TimeSeries::new_of(&rows, self.survey.bands(), self.columns))))
    }
}

/// An iterator over items from another thread. Dropping it ends the thread.
#[derive(Debug)]
struct Items<T> {
    receiver: Option<Receiver<Result<T, Error>>>,
    stop: Cancellation,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Items<T> {
    /// Starts a thread that sends the items of `run`, and then its error if it fails.
    fn start(run: impl FnOnce(&Handover<T>) -> Result<(), Error> + Send + 'static) -> Self {
        let (sender, receiver) = sync_channel(AHEAD);
        let stop = Cancellation::new();
        let handover = Handover { sender, stop: stop.clone(), has_sent: AtomicBool::new(false) };
        let thread = std::thread::spawn(move || {
            if let Err(error) = run(&handover) {
                // A failure means that the receiver is gone.
                drop(handover.sender.send(Err(error)));
            }
        });
        Self { receiver: Some(receiver), stop, thread: Some(thread) }
    }

    fn next(&mut self) -> Option<Result<T, Error>> {
        let item = self.receiver.as_ref().and_then(|receiver| receiver.recv().ok());
        if item.is_none()
            && let Err(panic) = self.end()
        {
            std::panic::resume_unwind(panic);
        }
        item
    }
}

impl<T> Items<T> {
    /// Stops the thread and waits for it.
    fn end(&mut self) -> Result<(), Box<dyn Any + Send>> {
        self.stop.cancel();
        self.receiver = None;
        self.thread.take().map_or(Ok(()), JoinHandle::join)
    }
}

impl<T> Drop for Items<T> {
    fn drop(&mut self) {
        // The thread has already reported its panic, so it is not propagated here.
        drop(self.end());
    }
}

/// The sender of [`Items`].
struct Handover<T> {
    sender: SyncSender<Result<T, Error>>,
    stop: Cancellation,
    has_sent: AtomicBool,
}

impl<T> Handover<T> {
    fn send(&self, item: T) -> Result<(), Error> {
        self.has_sent.store(true, Ordering::Relaxed);
        self.sender.send(Ok(item)).map_err(|_| Error::Exec(tape_exec::Error::Cancelled))
    }

    /// Returns an error if a run restarts after results were already sent.
    fn check_restart(&self) -> Result<(), SourceError> {
        if self.has_sent.load(Ordering::Relaxed) { Err(Box::new(Error::Restarted)) } else { Ok(()) }
    }
}

/// An observer that stops a run when the iterator is dropped.
struct Watched<'a> {
    observer: &'a dyn Observer,
    stop: &'a Cancellation,
}

impl Observer for Watched<'_> {
    fn event(&self, event: Event) {
        self.observer.event(event);
    }

    fn cancellation(&self) -> Cancellation {
        self.stop.clone().or(self.observer.cancellation())
    }
}

/// A sink that sends results as Arrow batches.
struct Batches<'a> {
    table: Table<'a>,
    handover: &'a Handover<RecordBatch>,
}

impl Sink for Batches<'_> {
    fn write(&mut self, results: Results) -> Result<(), SourceError> {
        if results.is_empty() {
            return Ok(());
        }
        let batch = self.table.batch(&results).map_err(Box::new)?;
        Ok(self.handover.send(batch).map_err(Box::new)?)
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        self.handover.check_restart()
    }
}

/// A statistic that returns each epoch of a light curve as a row: time, flux and error.
struct Epochs {
    info: Info,
}

impl Epochs {
    fn new(columns: Inputs) -> Self {
        let outputs = ["time", "flux", "error"].map(Output::float).to_vec();
        Self { info: Info { outputs, ..Info::new("epochs", columns) } }
    }
}

impl ManyRows for Epochs {
    fn info(&self) -> &Info {
        &self.info
    }

    fn rows(&self, light_curve: &LightCurve<'_>, out: &mut Vec<Value>) {
        let Inputs { time, error, .. } = self.info.inputs;
        for (epoch, &flux) in light_curve.flux().iter().enumerate() {
            out.push(if time { light_curve.time()[epoch].into() } else { Value::Null });
            out.push(flux.into());
            out.push(if error { light_curve.error()[epoch].into() } else { Value::Null });
        }
    }
}

/// A sink that joins the epochs of each object and sends them.
struct Objects<'a> {
    batch: &'a Batch,
    /// True if the survey has bands.
    band: bool,
    pending: Option<(ObjectId, Rows)>,
    handover: &'a Handover<(ObjectId, Rows)>,
}

impl Objects<'_> {
    fn flush(&mut self) -> Result<(), Error> {
        self.pending.take().map_or(Ok(()), |object| self.handover.send(object))
    }
}

impl Sink for Objects<'_> {
    fn write(&mut self, results: Results) -> Result<(), SourceError> {
        let id_type = self.batch.source().id_type();
        for row in 0..results.len() {
            let id = results.ids.get(row);
            // Rows of an object are contiguous.
            let is_new = row == 0 || results.ids.get(row - 1) != id;
            if is_new && self.pending.as_ref().is_none_or(|(pending, _)| *pending != id.to_owned(id_type)) {
                self.flush().map_err(Box::new)?;
                self.pending = Some((id.to_owned(id_type), Rows::new(id_type)));
            }
            let Some((_, rows)) = &mut self.pending else { continue };
            rows.ids.push(id)?;
            if self.band {
                rows.band.push(results.band[row]);
            }
            let columns = [&mut rows.time, &mut rows.flux, &mut rows.error];
            for (column, values) in columns.into_iter().zip(&results.values) {
                if let Value::Float(value) = values[row] {
                    column.push(value);
                }
            }
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        self.pending = None;
        self.handover.check_restart()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_starts_again_after_items_were_handed_out_ends_with_an_error() {
        for sent in [0, 1] {
            let mut items = Items::start(move |handover: &Handover<usize>| {
                (0..sent).try_for_each(|item| handover.send(item))?;
                handover.check_restart().map_err(|error| *error.downcast::<Error>().expect("ours"))?;
                handover.send(7)
            });
            let all: Vec<_> = std::iter::from_fn(|| items.next()).collect();
            match &all[..] {
                [Ok(7)] => assert_eq!(sent, 0),
                [Ok(0), Err(Error::Restarted)] => assert_eq!(sent, 1),
                other => panic!("{other:?}"),
            }
        }
    }
}
