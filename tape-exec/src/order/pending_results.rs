//! Results that are held until they can be written: in memory, or spilled if they do not fit.

use tape_core::{Event, Results, Spilled, Statistic};

use crate::compute::Job;
use crate::compute::counts::Counts;
use crate::error::{Error, Result};

/// Results in order: first the spilled results, then those in memory.
pub(crate) struct PendingResults {
    spilled: Vec<Spilled>,
    /// Counts of the spilled results.
    spilled_counts: Counts,
    pub(crate) held: Results,
}

impl PendingResults {
    pub(crate) fn new(held: Results) -> Self {
        Self { spilled: vec![], spilled_counts: Counts::default(), held }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.spilled.is_empty() && self.held.is_empty()
    }

    /// Counts all results.
    pub(crate) fn counts(&self, statistics: &[Statistic]) -> Counts {
        let mut counts = Counts::of(statistics, &self.held);
        counts += self.spilled_counts.clone();
        counts
    }

    /// Spills the results in memory in pieces of `piece_rows` rows, if they take more than `most` bytes. They stay in
    /// memory if there is no storage to spill to. Returns the number of bytes written.
    pub(crate) fn spill_beyond(&mut self, job: &Job<'_>, most: u64, piece_rows: usize) -> Result<u64> {
        let Some(spill) = job.spill.filter(|_| self.held.bytes() as u64 > most) else { return Ok(0) };
        self.spilled_counts += Counts::of(job.statistics, &self.held);
        let none = self.held.new_like();
        let all = std::mem::replace(&mut self.held, none);
        let mut bytes = 0;
        for start in (0..all.len()).step_by(piece_rows.max(1)) {
            let mut piece = all.new_like();
            piece.extend_from(&all, start..all.len().min(start.saturating_add(piece_rows)));
            let piece = spill.put_results(&piece).map_err(Error::Spill)?;
            bytes += piece.bytes;
            self.spilled.push(piece);
        }
        job.observer.event(Event::Spilled(bytes));
        Ok(bytes)
    }

    /// Returns all results, block by block.
    pub(crate) fn into_blocks<'a>(self, job: &'a Job<'_>) -> impl Iterator<Item = Result<Results>> + 'a {
        let Self { spilled, held, .. } = self;
        let none = held.new_like();
        let spilled = spilled.into_iter().map(move |piece| {
            let mut results = none.new_like();
            job.spill()?.take_results(&piece, &mut results).map_err(Error::Spill)?;
            Ok(results)
        });
        spilled.chain((!held.is_empty()).then_some(Ok(held)))
    }

    /// Passes all results to `take`. Returns their counts.
    pub(crate) fn write(self, job: &Job<'_>, take: &mut dyn FnMut(Results) -> Result<()>) -> Result<Counts> {
        let counts = self.counts(job.statistics);
        self.into_blocks(job).try_for_each(|block| take(block?))?;
        Ok(counts)
    }
}
