//! Adds rows for objects of a table that have no light curve.

use tape_core::{IdRef, NO_BAND, OtherKind, Results, Sink, SourceError, Value};

use super::Batch;
use super::sinks::Output;
use crate::error::Error;

/// Number of rows passed to the sink at a time.
const ROWS: usize = 1 << 16;

impl Batch {
    /// Adds a row with null values for each object of the table that has no light curve after filters: see
    /// [`crate::Ensemble::with_objects`]. By default, results contain only objects with light curves.
    #[must_use]
    pub const fn all_objects(mut self) -> Self {
        self.all_objects = true;
        self
    }
}

/// Calls `run` with a sink that adds a row for each of these objects that has no results.
pub(crate) fn with_absent<T>(
    sink: &mut dyn Sink,
    ids: Option<Vec<IdRef<'_>>>,
    output: &Output<'_>,
    run: impl FnOnce(&mut dyn Sink) -> Result<T, Error>,
) -> Result<T, Error> {
    let Some(ids) = ids else { return run(sink) };
    let outputs = output.statistics.iter().map(|statistic| statistic.info().outputs.len()).sum();
    let empty = Results::new(output.source.id_type(), outputs);
    let mut absent = Absent { sink, ids, next: 0, empty };
    let done = run(&mut absent)?;
    absent.finish().map_err(|source| Error::from_run(tape_exec::Error::Sink(source)))?;
    Ok(done)
}

/// A sink that takes results in order of id, and adds a row for each object of a list that has no results.
struct Absent<'a> {
    sink: &'a mut dyn Sink,
    /// Sorted ids.
    ids: Vec<IdRef<'a>>,
    next: usize,
    /// Results with the columns but without rows.
    empty: Results,
}

impl Absent<'_> {
    /// Writes the rows of objects after the last results.
    fn finish(mut self) -> Result<(), SourceError> {
        while self.next < self.ids.len() {
            let mut rest = self.empty.new_like();
            while self.next < self.ids.len() && rest.len() < ROWS {
                self.push_next(&mut rest)?;
            }
            self.sink.write(rest)?;
        }
        Ok(())
    }

    fn push_next(&mut self, to: &mut Results) -> Result<(), OtherKind> {
        to.ids.push(self.ids[self.next])?;
        to.band.push(NO_BAND);
        to.n_obs.push(0);
        to.values.iter_mut().for_each(|column| column.push(Value::Null));
        self.next += 1;
        Ok(())
    }
}

impl Sink for Absent<'_> {
    fn write(&mut self, results: Results) -> Result<(), SourceError> {
        let mut all = results.new_like();
        all.without_rows = results.without_rows;
        let mut from = 0;
        for row in 0..results.len() {
            let id = results.ids.get(row);
            if self.ids.get(self.next).is_none_or(|next| *next > id) {
                continue;
            }
            all.extend_from(&results, from..row);
            from = row;
            while self.ids.get(self.next).is_some_and(|next| *next < id) {
                self.push_next(&mut all)?;
            }
            if self.ids.get(self.next) == Some(&id) {
                self.next += 1;
            }
        }
        all.extend_from(&results, from..results.len());
        self.sink.write(all)
    }

    fn restart(&mut self) -> Result<(), SourceError> {
        self.next = 0;
        self.sink.restart()
    }
}
