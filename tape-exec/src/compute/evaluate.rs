//! Computes the results of a chunk: a row for each light curve, and for each object if a statistic compares its bands.

use std::cell::Cell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tape_core::{
    Chunk, Event, Grouping, Info, LeftOut, LightCurve, LightCurveStep, ManyRows, NO_BAND, Object, ObjectId, Results,
    Segment, Statistic, StatisticError, Value,
};

use crate::compute::Worker;
use crate::error::{Error, Result};
use crate::pool::panic_message;

/// The kinds of rows in the results.
#[derive(Clone, Copy)]
struct Rows {
    /// True if each light curve has a row.
    light_curves: bool,
    /// True if each object has a row, after the rows of its light curves.
    objects: bool,
}

/// A statistic with its number and the columns of its outputs.
struct Asked<'a> {
    number: usize,
    statistic: &'a Statistic,
    columns: Range<usize>,
}

/// The statistic that is running, and its segment if it runs on a single one. Named in the message if it panics.
type At = Cell<(usize, Option<usize>)>;

/// The reason why an evaluation stopped early.
enum Halt {
    /// The run was cancelled.
    Cancelled,
    /// A statistic failed.
    Failed(StatisticError),
    /// A statistic with many rows gave this many values, which do not form whole rows.
    Ragged(usize),
}

impl From<StatisticError> for Halt {
    fn from(error: StatisticError) -> Self {
        Self::Failed(error)
    }
}

/// Returns an error if the run was cancelled.
fn go_on(chunk: &Chunk) -> std::result::Result<(), Halt> {
    if chunk.cancelled() { Err(Halt::Cancelled) } else { Ok(()) }
}

impl Worker<'_> {
    /// Appends the results of all light curves and objects of the chunk, and reports them to the observer. Epochs that
    /// a step drops are counted.
    pub(crate) fn evaluate(&mut self, results: &mut Results, left_out: &mut LeftOut) -> Result<()> {
        for step in self.job.steps {
            self.job.check_stop()?;
            left_out.by_step += self.apply(&**step)?;
        }
        self.evaluate_chunk(results)?;
        self.job.observer.event(Event::LightCurves(self.chunk.segments.len() as u64));
        Ok(())
    }

    /// Applies a step to all light curves of the chunk. Returns the number of dropped epochs.
    fn apply(&mut self, step: &dyn LightCurveStep) -> Result<u64> {
        let (chunk, mut at) = (&mut self.chunk, 0);
        let applied = catch_unwind(AssertUnwindSafe(|| chunk.apply(step, &mut at)));
        applied.map_err(|panic| {
            let segment = &self.chunk.segments[at];
            let id = self.chunk.ids.get(segment.object).to_owned(self.job.source.id_type());
            let (step, band) = (step.name().to_owned(), self.grouping.label(segment.band).to_owned());
            Error::StepPanicked { step, id, band, message: panic_message(&*panic) }
        })
    }

    /// Appends the results of all light curves and objects of the chunk. If the run is cancelled, values are
    /// meaningless and rows may be missing, so the error is then always [`Error::Cancelled`].
    fn evaluate_chunk(&mut self, results: &mut Results) -> Result<()> {
        let statistics = self.job.statistics;
        let at = Cell::new((0, None));
        if let [Statistic::Rows(many)] = statistics {
            let rows = AssertUnwindSafe(|| many_rows(&**many, &self.chunk, &self.grouping, results, &at));
            let evaluated = catch_unwind(rows);
            return self.outcome(at.get(), evaluated);
        }
        let objects = statistics.iter().any(Statistic::is_of_objects);
        let rows = Rows { light_curves: !statistics.iter().all(Statistic::is_of_objects), objects };
        push_rows(&self.chunk, rows, results);
        let mut evaluation =
            Evaluation { chunk: &self.chunk, grouping: &self.grouping, rows, at: &at, values: &mut self.values };
        let evaluated = catch_unwind(AssertUnwindSafe(|| evaluation.all(statistics, results)));
        self.outcome(at.get(), evaluated)
    }

    /// Converts the outcome of an evaluation to a result. `at` is the statistic that ran last.
    fn outcome(
        &self,
        at: (usize, Option<usize>),
        evaluated: std::thread::Result<std::result::Result<(), Halt>>,
    ) -> Result<()> {
        if self.chunk.cancelled() {
            return Err(Error::Cancelled);
        }
        let halt = match evaluated {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(halt)) => halt,
            Err(panic) => return Err(self.panicked(at, &panic_message(&*panic))),
        };
        let Info { name, outputs, .. } = self.job.statistics[at.0].info();
        let (statistic, (id, band)) = (name.to_string(), self.light_curve_at(at));
        Err(match halt {
            Halt::Cancelled => Error::Cancelled,
            Halt::Failed(source) => Error::Failed { statistic, id, band, source },
            Halt::Ragged(values) => Error::Ragged { statistic, id, band, values, outputs: outputs.len() },
        })
    }

    /// Returns the object and the band of the light curve that was being processed, or of the first if the whole chunk
    /// was.
    fn light_curve_at(&self, (statistic, segment): (usize, Option<usize>)) -> (ObjectId, String) {
        let segment = &self.chunk.segments[segment.unwrap_or(0)];
        let of_objects = self.job.statistics[statistic].is_of_objects();
        let band = if of_objects { "" } else { self.grouping.label(segment.band) };
        (self.chunk.ids.get(segment.object).to_owned(self.job.source.id_type()), band.to_owned())
    }

    pub(crate) fn panicked(&self, at: (usize, Option<usize>), message: &str) -> Error {
        let (statistic, message) = (self.job.statistics[at.0].info().name.to_string(), message.to_owned());
        if at.1.is_none() {
            return Error::Internal { message: format!("the statistic '{statistic}' panicked: {message}") };
        }
        let (id, band) = self.light_curve_at(at);
        Error::Panicked { statistic, id, band, message }
    }
}

/// Evaluates a statistic with many rows for each light curve.
fn many_rows(
    statistic: &dyn ManyRows,
    chunk: &Chunk,
    grouping: &Grouping,
    results: &mut Results,
    at: &At,
) -> std::result::Result<(), Halt> {
    let Info { outputs, min_epochs, .. } = statistic.info();
    at.set((0, None));
    let mut ready = statistic.rows_of_chunk(chunk).map(Vec::into_iter);
    let mut values = vec![];
    for (i, segment) in chunk.segments.iter().enumerate() {
        at.set((0, Some(i)));
        go_on(chunk)?;
        values.clear();
        if let Some(ready) = &mut ready {
            values.extend(ready.next().unwrap_or_default());
        } else if segment.rows.len() >= *min_epochs {
            statistic.try_rows(&chunk.light_curve(segment, grouping.label(segment.band)), &mut values)?;
        }
        if !values.len().is_multiple_of(outputs.len()) {
            return Err(Halt::Ragged(values.len()));
        }
        for row in values.chunks_exact(outputs.len().max(1)) {
            results.ids.extend_from(&chunk.ids, segment.object..segment.object + 1);
            results.band.push(segment.band);
            results.n_obs.push(segment.rows.len() as u64);
            results.values.iter_mut().zip(row).for_each(|(column, value)| column.push(*value));
        }
        results.without_rows += u64::from(values.is_empty());
    }
    Ok(())
}

fn push_rows(chunk: &Chunk, rows: Rows, results: &mut Results) {
    let mut push = |object: usize, band, n_obs: usize| {
        results.ids.extend_from(&chunk.ids, object..object + 1);
        results.band.push(band);
        results.n_obs.push(n_obs as u64);
    };
    if !rows.objects {
        return chunk.segments.iter().for_each(|segment| push(segment.object, segment.band, segment.rows.len()));
    }
    for segments in chunk.objects() {
        if rows.light_curves {
            segments.iter().for_each(|segment| push(segment.object, segment.band, segment.rows.len()));
        }
        push(segments[0].object, NO_BAND, segments.iter().map(|segment| segment.rows.len()).sum());
    }
}

/// Evaluates statistics on a chunk, and writes their values to the columns of the results.
struct Evaluation<'a> {
    chunk: &'a Chunk,
    grouping: &'a Grouping,
    rows: Rows,
    at: &'a At,
    values: &'a mut Vec<Value>,
}

impl Evaluation<'_> {
    /// Evaluates all statistics. Those that process a whole chunk come first. The others process each light curve
    /// together, so that they share intermediate results.
    fn all(&mut self, statistics: &[Statistic], results: &mut Results) -> std::result::Result<(), Halt> {
        let (mut of_light_curves, mut of_objects) = (Vec::new(), Vec::new());
        let mut first = 0;
        for (number, statistic) in statistics.iter().enumerate() {
            let columns = first..first + statistic.info().outputs.len();
            first = columns.end;
            go_on(self.chunk)?;
            if self.whole_chunk(number, statistic, &mut results.values[columns.clone()]) {
                continue;
            }
            let asked = if statistic.is_of_objects() { &mut of_objects } else { &mut of_light_curves };
            asked.push(Asked { number, statistic, columns });
        }
        self.values.resize(results.values.len(), Value::Null);
        if self.rows.objects {
            self.objects(&of_light_curves, &of_objects, results)?;
        } else if !of_light_curves.is_empty() {
            for (i, segment) in self.chunk.segments.iter().enumerate() {
                let light_curve = self.chunk.light_curve(segment, self.grouping.label(segment.band));
                self.each(&of_light_curves, i, results, |statistic, out| statistic.try_evaluate(&light_curve, out))?;
            }
        }
        Ok(())
    }

    /// Evaluates a statistic on the whole chunk. Returns false if the statistic does not support it.
    fn whole_chunk(&mut self, number: usize, statistic: &Statistic, columns: &mut [Vec<Value>]) -> bool {
        let of_objects = statistic.is_of_objects();
        let all = if of_objects { self.chunk.objects().count() } else { self.chunk.segments.len() };
        self.at.set((number, None));
        self.values.resize(all * columns.len(), Value::Null);
        if !statistic.evaluate_chunk(self.chunk, self.values) {
            return false;
        }
        let outputs = columns.len();
        for (offset, column) in columns.iter_mut().enumerate() {
            let mut values = self.values.iter().skip(offset).step_by(outputs).copied();
            if !self.rows.objects {
                column.extend(values);
                continue;
            }
            for segments in self.chunk.objects() {
                if of_objects {
                    let light_curves = if self.rows.light_curves { segments.len() } else { 0 };
                    column.extend(std::iter::repeat_n(Value::Null, light_curves));
                    column.extend(values.next());
                } else {
                    column.extend(values.by_ref().take(segments.len()));
                    column.push(Value::Null);
                }
            }
        }
        true
    }

    /// Evaluates the light curves of each object, and then the object.
    fn objects(
        &mut self,
        of_light_curves: &[Asked<'_>],
        of_objects: &[Asked<'_>],
        results: &mut Results,
    ) -> std::result::Result<(), Halt> {
        let undefined = |statistic: &Statistic, out: &mut [Value]| {
            statistic.undefined(out);
            Ok(())
        };
        let mut first = 0;
        for segments in self.chunk.objects() {
            let label = |segment: &Segment| self.grouping.label(segment.band);
            let light_curves: Vec<LightCurve<'_>> =
                segments.iter().map(|segment| self.chunk.light_curve(segment, label(segment))).collect();
            if self.rows.light_curves {
                for (i, light_curve) in (first..).zip(&light_curves) {
                    let evaluate = |statistic: &Statistic, out: &mut [Value]| statistic.try_evaluate(light_curve, out);
                    self.each(of_light_curves, i, results, evaluate)?;
                    self.each(of_objects, i, results, undefined)?;
                }
            }
            let object = Object::new(&light_curves);
            self.each(of_light_curves, first, results, undefined)?;
            self.each(of_objects, first, results, |statistic, out| statistic.try_evaluate_object(&object, out))?;
            first += segments.len();
        }
        Ok(())
    }

    /// Evaluates some statistics, and appends a row to their columns.
    fn each(
        &mut self,
        asked: &[Asked<'_>],
        segment: usize,
        results: &mut Results,
        evaluate: impl Fn(&Statistic, &mut [Value]) -> std::result::Result<(), StatisticError>,
    ) -> std::result::Result<(), Halt> {
        for Asked { number, statistic, columns } in asked {
            self.at.set((*number, Some(segment)));
            go_on(self.chunk)?;
            let values = &mut self.values[..columns.len()];
            evaluate(statistic, values)?;
            for (column, &value) in results.values[columns.clone()].iter_mut().zip(values.iter()) {
                column.push(value);
            }
        }
        Ok(())
    }
}
