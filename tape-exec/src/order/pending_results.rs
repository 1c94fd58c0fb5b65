//! Results that wait for their place in the output: in memory as long as there is room, put away where there is none.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tape_core::{ObjectId, Results, Sink, Spilled, Statistic, Step};

use crate::compute::Job;
use crate::compute::counts::Counts;
use crate::error::{Error, Result};

/// Results handed to the sink at a time.
const RESULT_ROWS: usize = 64 * 1024;

/// Results in their order: first what was put away, then what is held.
pub(crate) struct Waiting {
    away: Vec<Spilled>,
    /// What was put away.
    counted: Counts,
    pub(crate) held: Results,
}

impl Waiting {
    pub(crate) fn new(held: Results) -> Self {
        Self { away: vec![], counted: Counts::default(), held }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.away.is_empty() && self.held.is_empty()
    }

    /// How many results these are.
    pub(crate) fn counts(&self, statistics: &[Statistic]) -> Counts {
        let mut counts = Counts::of(statistics, &self.held);
        counts += self.counted.clone();
        counts
    }

    /// Puts what is held away, some rows to a piece, if it takes more than `most` bytes. Without a place to put it, it is
    /// held all the same. Returns the bytes written.
    pub(crate) fn keep_to(&mut self, job: &Job<'_>, most: u64, piece_rows: usize) -> Result<u64> {
        let Some(spill) = job.spill.filter(|_| self.held.bytes() as u64 > most) else { return Ok(0) };
        self.counted += Counts::of(job.statistics, &self.held);
        let none = self.held.new_like();
        let all = std::mem::replace(&mut self.held, none);
        let mut bytes = 0;
        for start in (0..all.len()).step_by(piece_rows.max(1)) {
            let mut piece = all.new_like();
            piece.extend_from(&all, start..all.len().min(start + piece_rows.max(1)));
            let piece = spill.put_results(&piece).map_err(Error::Spill)?;
            bytes += piece.bytes;
            self.away.push(piece);
        }
        job.observer.event(tape_core::Event::Spilled(bytes));
        Ok(bytes)
    }

    /// Hands all to the sink.
    pub(crate) fn write(self, job: &Job<'_>, sink: &mut dyn Sink) -> Result<()> {
        for piece in &self.away {
            let mut results = self.held.new_like();
            job.spill()?.take_results(piece, &mut results).map_err(Error::Spill)?;
            sink.write(results).map_err(Error::Sink)?;
        }
        if self.held.is_empty() { Ok(()) } else { sink.write(self.held).map_err(Error::Sink) }
    }
}

/// Merges the results of all buckets by id. Within a bucket they are by id already, and no id is in two.
pub(crate) fn write_by_id(job: &Job<'_>, buckets: Vec<Waiting>, sink: &mut dyn Sink) -> Result<()> {
    let mut write = |results: Results| {
        let rows = results.len() as u64;
        sink.write(results).map_err(Error::Sink)?;
        job.done(Step::Write, rows);
        Ok(())
    };
    let mut out = job.no_results();
    let mut runs = Vec::with_capacity(buckets.len());
    let mut next: BinaryHeap<Reverse<(ObjectId, usize)>> = BinaryHeap::with_capacity(buckets.len());
    for bucket in buckets {
        let mut run = Run::of(bucket);
        next.extend(run.id(job)?.map(|id| Reverse((id, runs.len()))));
        runs.push(run);
    }
    while let Some(Reverse((_, bucket))) = next.pop() {
        let run = &mut runs[bucket];
        run.take_object(&mut out);
        next.extend(run.id(job)?.map(|id| Reverse((id, bucket))));
        if out.len() >= RESULT_ROWS {
            write(std::mem::replace(&mut out, job.no_results()))?;
        }
    }
    if out.is_empty() { Ok(()) } else { write(out) }
}

/// One bucket's results, of which a piece is in memory.
struct Run {
    now: Results,
    at: usize,
    away: std::vec::IntoIter<Spilled>,
    /// What comes after the pieces.
    held: Option<Results>,
}

impl Run {
    fn of(Waiting { away, held, .. }: Waiting) -> Self {
        Self { now: held.new_like(), at: 0, away: away.into_iter(), held: Some(held) }
    }

    /// The id of the next row, if there is one.
    fn id(&mut self, job: &Job<'_>) -> Result<Option<ObjectId>> {
        while self.at == self.now.len() {
            self.at = 0;
            if let Some(piece) = self.away.next() {
                self.now = self.now.new_like();
                job.spill()?.take_results(&piece, &mut self.now).map_err(Error::Spill)?;
            } else if let Some(held) = self.held.take() {
                self.now = held;
            } else {
                self.now = self.now.new_like();
                return Ok(None);
            }
        }
        Ok(Some(self.now.ids.get(self.at).to_owned(job.source.id_type())))
    }

    /// Appends the rows of the next object, as far as they are in memory, to `out`. There must be one.
    fn take_object(&mut self, out: &mut Results) {
        let id = self.now.ids.get(self.at);
        let end = (self.at + 1..self.now.len()).find(|&row| self.now.ids.get(row) != id).unwrap_or(self.now.len());
        out.extend_from(&self.now, self.at..end);
        self.at = end;
    }
}
