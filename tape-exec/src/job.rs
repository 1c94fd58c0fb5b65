//! What a run computes, and one worker's tools for it.

use std::cell::Cell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tape_core::{
    Chunk, Event, Grouper, Grouping, Inputs, LeftOut, NotSorted, Observer, Part, Results, RowReader, Rows, Source,
    Spill, Statistic, Value,
};

use crate::error::{Error, Result};
use crate::workers::words;

/// Rows read at a time: the columns of so many rows, raw and grouped, fit the second-level cache of most cores.
pub(crate) const BATCH: usize = 16 * 1024;

/// What a run computes.
pub(crate) struct Job<'a> {
    pub(crate) source: &'a dyn Source,
    pub(crate) statistics: &'a [Statistic],
    /// The bands asked for; all without.
    pub(crate) bands: Option<&'a [String]>,
    pub(crate) workers: usize,
    /// Bytes of memory that the run may take; any number without.
    pub(crate) memory: Option<u64>,
    pub(crate) spill: Option<&'a dyn Spill>,
    /// Rows held at once where they are regrouped; as many as are best if 0.
    pub(crate) rows_at_once: u64,
    pub(crate) observer: &'a dyn Observer,
}

impl<'a> Job<'a> {
    /// What all statistics need together.
    pub(crate) fn inputs(&self) -> Inputs {
        self.statistics.iter().fold(Inputs::FLUX, |inputs, s| inputs.and(s.info().inputs))
    }

    /// Where rows go for which there is no memory.
    pub(crate) fn spill(&self) -> Result<&'a dyn Spill> {
        self.spill.ok_or(Error::NoSpill)
    }

    /// The number of output columns.
    pub(crate) fn outputs(&self) -> usize {
        self.statistics.iter().map(|s| s.info().outputs.len()).sum()
    }

    pub(crate) fn no_results(&self) -> Results {
        Results::new(self.source.id_type(), self.outputs())
    }

    pub(crate) fn worker(&'a self) -> Worker<'a> {
        let mut chunk = Chunk::new(self.source.id_type());
        // As many as a batch of light curves of common length has.
        chunk.segments.reserve(BATCH / 16);
        Worker {
            job: self,
            rows: Rows::new(self.source.id_type()),
            grouper: Grouper::default(),
            grouping: Grouping::new(self.source.bands(), self.bands, self.inputs()),
            chunk,
            values: vec![],
        }
    }

    /// Reads some rows, and tells of it. Rows with a null id are counted as left out.
    pub(crate) fn read(
        &self,
        reader: &mut (dyn RowReader + '_),
        rows: &mut Rows,
        left_out: &mut LeftOut,
    ) -> Result<usize> {
        if self.observer.cancelled() {
            return Err(Error::Cancelled);
        }
        let n = reader.read(rows, BATCH).map_err(Error::Source)?;
        self.observer.event(Event::RowsRead(n as u64));
        left_out.null_id += std::mem::take(&mut rows.null_ids);
        Ok(n)
    }
}

/// One worker's tools; they keep their memory from chunk to chunk.
pub(crate) struct Worker<'a> {
    pub(crate) job: &'a Job<'a>,
    rows: Rows,
    grouper: Grouper,
    grouping: Grouping,
    pub(crate) chunk: Chunk,
    values: Vec<Value>,
}

impl Worker<'_> {
    /// Room for rows, none of them in it, that keeps its memory if it is given back.
    pub(crate) fn take_rows(&mut self) -> Rows {
        let mut rows = std::mem::replace(&mut self.rows, Rows::new(self.job.source.id_type()));
        if rows.capacity() == 0 {
            // What a batch leaves behind is read on top of: without room for it, all columns would soon move.
            rows.reserve(2 * BATCH, self.job.inputs().columns());
        }
        rows
    }

    /// Takes back what [`Worker::take_rows`] gave.
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

    /// The place of a band in the order of results.
    pub(crate) fn grouping(&self) -> &Grouping {
        &self.grouping
    }

    /// Readers meet new bands while a run goes on.
    fn learn_bands(&mut self) {
        if !self.grouping.knows(self.job.source.bands()) {
            self.grouping = Grouping::new(self.job.source.bands(), self.job.bands, self.job.inputs());
        }
    }

    /// Appends the results of all light curves of the chunk.
    pub(crate) fn evaluate(&mut self, results: &mut Results) -> Result<()> {
        for segment in &self.chunk.segments {
            results.ids.extend_from(&self.chunk.ids, segment.object..segment.object + 1);
            results.band.push(segment.band);
            results.n_obs.push(segment.rows.len() as u64);
        }
        // Who is at work, should one panic.
        let at = Cell::new((0, None));
        let evaluated = catch_unwind(AssertUnwindSafe(|| self.evaluate_statistics(results, &at)));
        evaluated.map_err(|panic| self.panicked(at.get(), &words(&*panic)))?;
        self.job.observer.event(Event::LightCurves(self.chunk.segments.len() as u64));
        Ok(())
    }

    /// Statistics that take whole chunks first, then the others side by side, so that they share what a light curve keeps.
    fn evaluate_statistics(&mut self, results: &mut Results, at: &Cell<(usize, Option<usize>)>) {
        let (chunk, grouping, statistics) = (&self.chunk, &self.grouping, self.job.statistics);
        let mut others = Vec::new();
        let mut first = 0;
        for (s, statistic) in statistics.iter().enumerate() {
            let outputs = statistic.info().outputs.len();
            at.set((s, None));
            self.values.resize(chunk.segments.len() * outputs, Value::Null);
            if statistic.evaluate_chunk(chunk, &mut self.values) {
                for (column, offset) in results.values[first..first + outputs].iter_mut().zip(0..) {
                    column.extend(self.values.iter().skip(offset).step_by(outputs));
                }
            } else {
                others.push((s, first..first + outputs));
            }
            first += outputs;
        }
        if others.is_empty() {
            return;
        }
        self.values.resize(results.values.len(), Value::Null);
        for (i, segment) in chunk.segments.iter().enumerate() {
            let light_curve = chunk.light_curve(segment, grouping.label(segment.band));
            for (s, columns) in &others {
                at.set((*s, Some(i)));
                let values = &mut self.values[..columns.len()];
                statistics[*s].evaluate(&light_curve, values);
                for (column, &value) in results.values[columns.clone()].iter_mut().zip(values.iter()) {
                    column.push(value);
                }
            }
        }
    }

    pub(crate) fn panicked(&self, (statistic, segment): (usize, Option<usize>), message: &str) -> Error {
        let statistic = self.job.statistics[statistic].info().name.to_string();
        let message = message.to_owned();
        let Some(segment) = segment.map(|i| &self.chunk.segments[i]) else {
            return Error::Internal { message: format!("the statistic '{statistic}' panicked: {message}") };
        };
        Error::Panicked {
            statistic,
            id: self.chunk.ids.get(segment.object).to_owned(self.job.source.id_type()),
            band: self.grouping.label(segment.band).to_owned(),
            message,
        }
    }
}
