//! Merges sorted runs of results by id.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tape_core::{IdType, ObjectId, Results, Statistic, Step};

use crate::compute::Job;
use crate::error::{Error, Result};
use crate::order::pending_results::PendingResults;

/// Number of results to pass on at a time.
const RESULT_ROWS: usize = 64 * 1024;

/// Merges the results of buckets by id, passes them to `take`, and reports them to the observer.
pub(crate) fn merge_buckets(
    job: &Job<'_>,
    buckets: Vec<PendingResults>,
    mut take: impl FnMut(Results) -> Result<()>,
) -> Result<()> {
    let runs = buckets.into_iter().map(|bucket| bucket.into_blocks(job)).enumerate().collect();
    merge_by_id(job, runs, |results| {
        let rows = results.len() as u64;
        take(results)?;
        job.done(Step::Write, rows);
        Ok(())
    })
}

/// Merges runs of results by id, and passes them to `take`. Each run has a number and is read block by block. The
/// results of an object must be in one run, with one result per band, or consecutive ones if a statistic has many rows.
///
/// # Errors
/// [`Error::WrongOutput`] with the number of a run that breaks these rules. Also the errors of the runs and of `take`.
pub(crate) fn merge_by_id<R>(
    job: &Job<'_>,
    runs: Vec<(usize, R)>,
    mut take: impl FnMut(Results) -> Result<()>,
) -> Result<()>
where
    R: Iterator<Item = Result<Results>>,
{
    let id_type = job.source.id_type();
    let many_rows = job.statistics.iter().any(Statistic::has_many_rows);
    let run = |(number, blocks)| Run { number, blocks, block: job.no_results(), at: 0, id_type };
    let mut runs: Vec<_> = runs.into_iter().map(run).collect();
    let mut next = BinaryHeap::with_capacity(runs.len());
    for (at, run) in runs.iter_mut().enumerate() {
        next.extend(run.id()?.map(|id| Reverse((id, at))));
    }
    let mut out = job.no_results();
    let mut last: Option<(ObjectId, usize)> = None;
    while let Some(Reverse((id, at))) = next.pop() {
        let wrong = |number, reason| Err(Error::WrongOutput { task: number, reason });
        if let Some((_, other)) = last.as_ref().filter(|(last, _)| *last == id) {
            let reason = format!("object {id} has results here and in the output of task {other}");
            return wrong(runs[at].number, reason);
        }
        let first = out.len();
        let run = &mut runs[at];
        let following = run.take_object(&id, &mut out)?;
        if repeated(&out.band[first..], many_rows) {
            return wrong(run.number, format!("object {id} has two results in one band"));
        }
        if let Some(following) = following {
            if following < id {
                return wrong(run.number, format!("object {following} is out of order"));
            }
            next.push(Reverse((following, at)));
        }
        last = Some((id, run.number));
        if out.len() >= RESULT_ROWS {
            job.check_stop()?;
            take(std::mem::replace(&mut out, job.no_results()))?;
        }
    }
    if out.is_empty() { Ok(()) } else { take(out) }
}

/// A sorted run, with one block in memory.
struct Run<R> {
    number: usize,
    blocks: R,
    block: Results,
    /// The first row of the block that was not taken yet.
    at: usize,
    id_type: IdType,
}

impl<R: Iterator<Item = Result<Results>>> Run<R> {
    /// Returns the id of the next row, if there is one.
    fn id(&mut self) -> Result<Option<ObjectId>> {
        while self.at == self.block.len() {
            self.at = 0;
            self.block = self.block.new_like();
            let Some(block) = self.blocks.next() else { return Ok(None) };
            self.block = block?;
        }
        Ok(Some(self.block.ids.get(self.at).to_owned(self.id_type)))
    }

    /// Appends all results of the next object, whose id is `id`, to `out`. Returns the id after it.
    fn take_object(&mut self, id: &ObjectId, out: &mut Results) -> Result<Option<ObjectId>> {
        loop {
            let same = self.block.ids.get(self.at);
            let end = (self.at + 1..self.block.len()).find(|&row| self.block.ids.get(row) != same);
            let end = end.unwrap_or(self.block.len());
            out.extend_from(&self.block, self.at..end);
            self.at = end;
            let following = self.id()?;
            if following.as_ref() != Some(id) {
                return Ok(following);
            }
        }
    }
}

/// Returns true if a band occurs twice for an object. With many rows for each light curve, consecutive rows of a band
/// count once.
fn repeated(bands: &[u8], many_rows: bool) -> bool {
    if bands.len() < 2 {
        return false;
    }
    let mut met = [false; 256];
    let mut again = |band: u8| std::mem::replace(&mut met[usize::from(band)], true);
    if many_rows {
        bands.chunk_by(|a, b| a == b).any(|rows| again(rows[0]))
    } else {
        bands.iter().any(|&band| again(band))
    }
}

#[cfg(test)]
mod tests {
    use super::repeated;

    #[test]
    fn repeated_bands_are_found() {
        assert!(!repeated(&[1, 0, 2, 255], false));
        assert!(repeated(&[1, 1], false));
        assert!(!repeated(&[1, 1, 0, 0, 0, 2], true));
        assert!(repeated(&[1, 1, 0, 0, 1], true));
    }
}
