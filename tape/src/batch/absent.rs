//! Objects of a table that have no light curve, among results.

use tape_core::{IdRef, NO_BAND, OtherKind, Results, Sink, SourceError, Value};

use super::Batch;
use super::sinks::Output;
use crate::error::Error;

/// Rows handed on at a time.
const ROWS: usize = 1 << 16;

impl Batch {
    /// Gives a row without values to each object of the table that has no light curve, or none that is meant, too: see
    /// [`crate::Ensemble::with_objects`]. Without this, results have objects with light curves alone.
    #[must_use]
    pub const fn all_objects(mut self) -> Self {
        self.all_objects = true;
        self
    }
}

/// Lets `run` write into a sink, with a row for each of these objects that it passes over.
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

/// Hands results on, which are in the order of ids, with a row for each object of a list that they pass over.
struct Absent<'a> {
    sink: &'a mut dyn Sink,
    /// In order.
    ids: Vec<IdRef<'a>>,
    next: usize,
    /// Without rows, but with the columns.
    empty: Results,
}

impl Absent<'_> {
    /// Hands on the rows of objects behind the last results.
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
