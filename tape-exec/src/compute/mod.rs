//! The computations of a run, and the state of a worker.

pub(crate) mod counts;
mod evaluate;
pub(crate) mod skipped;

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use tape_core::{
    Chunk, Event, Grouper, Grouping, Ids, Inputs, LeftOut, LightCurveStep, NotSorted, Observer, Part, Results,
    RowReader, Rows, Source, Spill, Statistic, Step, Value,
};

use crate::compute::skipped::{OnError, Skipped};
use crate::error::{Error, Result};
use crate::pool::Executor;

/// Default number of rows to read at a time. Their columns, raw and grouped, fit the second-level cache of most cores.
pub(crate) const BATCH: usize = 16 * 1024;

/// The computations of a run, with its limits.
pub(crate) struct Job<'a> {
    pub(crate) source: &'a dyn Source,
    pub(crate) statistics: &'a [Statistic],
    /// Steps that light curves pass through before statistics, in order.
    pub(crate) steps: &'a [Arc<dyn LightCurveStep>],
    /// The bands to compute. `None` means all.
    pub(crate) bands: Option<&'a [String]>,
    pub(crate) executor: Executor,
    /// Bytes of memory that the run may take. `None` means no limit.
    pub(crate) memory: Option<u64>,
    pub(crate) spill: Option<&'a dyn Spill>,
    /// Rows to hold at once if they are regrouped. 0 means the best number for the budget.
    pub(crate) rows_at_once: u64,
    /// Number of rows to read at a time.
    pub(crate) batch: usize,
    pub(crate) on_error: OnError,
    /// Light curves and row groups skipped so far.
    pub(crate) skipped: Mutex<Vec<Skipped>>,
    pub(crate) observer: &'a dyn Observer,
    /// The step that reading rows is reported as.
    pub(crate) reads_for: Step,
}

impl<'a> Job<'a> {
    /// Returns the union of the inputs of all statistics and steps.
    pub(crate) fn inputs(&self) -> Inputs {
        let of_statistics = self.statistics.iter().fold(Inputs::FLUX, |inputs, s| inputs.and(s.info().inputs));
        self.steps.iter().fold(of_statistics, |inputs, step| inputs.and(step.inputs()))
    }

    /// Returns the number of tasks that run at once.
    pub(crate) const fn workers(&self) -> u64 {
        self.executor.workers as u64
    }

    /// Returns the storage for rows that do not fit in memory.
    pub(crate) fn spill(&self) -> Result<&'a dyn Spill> {
        self.spill.ok_or(Error::NoSpill)
    }

    /// Records a skipped light curve or row group.
    ///
    /// # Errors
    /// If errors should stop the run, and a light curve does not fit in memory.
    pub(crate) fn skip(&self, skipped: Skipped) -> Result<()> {
        if let (OnError::Stop, Skipped::LightCurve { id, rows, most }) = (self.on_error, &skipped) {
            return Err(Error::DoesNotFit { what: format!("object {id}"), rows: *rows, most: *most });
        }
        let mut all = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains(&skipped) {
            all.push(skipped);
        }
        Ok(())
    }

    /// Takes the list of skipped light curves and row groups.
    pub(crate) fn take_skipped(&self) -> Vec<Skipped> {
        std::mem::take(&mut *self.skipped.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns an error if the observer requests a stop.
    pub(crate) fn check_stop(&self) -> Result<()> {
        if self.observer.cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Reports the number of rows of a step.
    pub(crate) fn ahead(&self, step: Step, rows: u64) {
        self.observer.event(Event::Ahead { step, rows });
    }

    /// Reports that rows have passed through a step.
    pub(crate) fn done(&self, step: Step, rows: u64) {
        self.observer.event(Event::Done { step, rows });
    }

    /// Returns the number of output columns.
    pub(crate) fn outputs(&self) -> usize {
        self.statistics.iter().map(|s| s.info().outputs.len()).sum()
    }

    pub(crate) fn no_results(&self) -> Results {
        Results::new(self.source.id_type(), self.outputs())
    }

    pub(crate) fn worker(&'a self) -> Worker<'a> {
        let mut chunk = Chunk::new(self.source.id_type());
        chunk.cancellation = self.observer.cancellation();
        // Reserves space for light curves of 16 epochs, a common length.
        chunk.segments.reserve(self.batch / 16);
        Worker {
            job: self,
            rows: Rows::new(self.source.id_type()),
            grouper: Grouper::default(),
            grouping: Grouping::new(self.source.bands(), self.bands, self.inputs()),
            chunk,
            values: vec![],
        }
    }

    /// Reads some rows, and reports them. Rows that the reader dropped are counted in `left_out`.
    pub(crate) fn read(
        &self,
        reader: &mut (dyn RowReader + '_),
        rows: &mut Rows,
        left_out: &mut LeftOut,
    ) -> Result<usize> {
        self.check_stop()?;
        let n = reader.read(rows, self.batch).map_err(Error::Source)?;
        // Later code relies on the id type of the source.
        Ids::new(self.source.id_type()).check_kind(&rows.ids).map_err(|error| Error::Source(error.into()))?;
        self.done(self.reads_for, n as u64);
        left_out.no_epoch += std::mem::take(&mut rows.no_epoch);
        left_out.null_id += std::mem::take(&mut rows.null_ids);
        left_out.excluded += std::mem::take(&mut rows.excluded);
        Ok(n)
    }
}

/// The state of a worker. Buffers are reused from chunk to chunk.
pub(crate) struct Worker<'a> {
    pub(crate) job: &'a Job<'a>,
    rows: Rows,
    grouper: Grouper,
    pub(crate) grouping: Grouping,
    pub(crate) chunk: Chunk,
    /// A buffer for the values of one light curve, or of a chunk.
    pub(crate) values: Vec<Value>,
}

impl Worker<'_> {
    /// Returns an empty buffer for rows. Its memory is reused after [`Worker::give_back`].
    pub(crate) fn take_rows(&mut self) -> Rows {
        let mut rows = std::mem::replace(&mut self.rows, Rows::new(self.job.source.id_type()));
        if rows.capacity() == 0 {
            // Rows left over from a batch stay in the buffer, and the next batch is appended. Without space for both,
            // all columns would be reallocated.
            rows.reserve(2 * self.job.batch, self.job.inputs().columns());
        }
        rows
    }

    /// Takes back the buffer from [`Worker::take_rows`].
    pub(crate) fn give_back(&mut self, mut rows: Rows) {
        rows.clear();
        self.rows = rows;
    }

    /// Groups rows that are sorted by id.
    pub(crate) fn group_runs(
        &mut self,
        rows: &Rows,
        range: Range<usize>,
        left_out: &mut LeftOut,
    ) -> std::result::Result<(), NotSorted> {
        self.learn_bands();
        self.grouper.by_runs(rows, range, &self.grouping, &mut self.chunk, left_out)
    }

    /// Groups rows in any order.
    pub(crate) fn group_any(&mut self, parts: &[Part<'_>], left_out: &mut LeftOut) {
        self.learn_bands();
        self.grouper.by_hash(parts, &self.grouping, &mut self.chunk, left_out);
    }

    /// Returns the grouping, which defines the order of bands in results.
    pub(crate) fn grouping(&self) -> &Grouping {
        &self.grouping
    }

    /// Updates the grouping, because readers find new bands during a run.
    fn learn_bands(&mut self) {
        if !self.grouping.knows(self.job.source.bands()) {
            self.grouping = Grouping::new(self.job.source.bands(), self.job.bands, self.job.inputs());
        }
    }
}
