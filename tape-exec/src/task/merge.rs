//! Puts the results of the second round's tasks together, by id, without holding them all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tape_core::{IdType, LeftOut, ObjectId, Results, Sink, SourceError, Statistic};

use super::Work;
use crate::compute::Job;
use crate::compute::counts::Counts;
use crate::error::{Error, Result};

/// Results handed to the sink at a time.
const RESULT_ROWS: usize = 64 * 1024;

/// Merges the results of tasks, each by id and some at a time, into a sink; band codes are those of the source.
///
/// # Errors
/// [`Error::WrongOutput`] if one is not in order, or an object is in two; if they cannot be read or written, or the observer
/// asks to stop.
pub fn merge<S>(work: Work<'_>, streams: Vec<S>, sink: &mut dyn Sink) -> Result<super::Gathered>
where
    S: Iterator<Item = std::result::Result<Results, SourceError>>,
{
    let job = work.job();
    let mut counts = Counts::default();
    merge_sorted(&job, streams, |results| {
        counts += Counts::of(job.statistics, &results);
        sink.write(results).map_err(Error::Sink)
    })?;
    Ok(super::Gathered { counts, left_out: LeftOut::default(), cut_edges: 0 })
}

/// Merges results by id, and checks that each (id, band) is there once.
pub(super) fn merge_sorted<S>(job: &Job<'_>, streams: Vec<S>, mut take: impl FnMut(Results) -> Result<()>) -> Result<()>
where
    S: Iterator<Item = std::result::Result<Results, SourceError>>,
{
    let id_type = job.source.id_type();
    let stream = |(number, rest)| Stream { number, rest, block: job.no_results(), at: 0, id_type };
    let mut streams: Vec<_> = streams.into_iter().enumerate().map(stream).collect();
    let mut next = BinaryHeap::with_capacity(streams.len());
    for stream in &mut streams {
        next.extend(stream.id()?.map(|id| Reverse((id, stream.number))));
    }
    let mut out = job.no_results();
    let mut last: Option<(ObjectId, usize)> = None;
    while let Some(Reverse((id, number))) = next.pop() {
        if let Some((_, other)) = last.as_ref().filter(|(last, _)| *last == id) {
            let reason = format!("object {id} has results here and in the output of task {other} of its round");
            return Err(Error::WrongOutput { task: number, reason });
        }
        streams[number].take_object(&id, many_rows(job), &mut out)?;
        if let Some(following) = streams[number].id()? {
            if following <= id {
                return Err(Error::WrongOutput { task: number, reason: format!("object {following} is out of order") });
            }
            next.push(Reverse((following, number)));
        }
        last = Some((id, number));
        if out.len() >= RESULT_ROWS {
            if job.observer.cancelled() {
                return Err(Error::Cancelled);
            }
            take(std::mem::replace(&mut out, job.no_results()))?;
        }
    }
    if out.is_empty() { Ok(()) } else { take(out) }
}

/// The results of one task, some at a time.
struct Stream<S> {
    number: usize,
    rest: S,
    block: Results,
    /// The first of the block that was not taken.
    at: usize,
    id_type: IdType,
}

impl<S: Iterator<Item = std::result::Result<Results, SourceError>>> Stream<S> {
    /// The id of what comes next.
    fn id(&mut self) -> Result<Option<ObjectId>> {
        while self.at == self.block.len() {
            let Some(block) = self.rest.next() else { return Ok(None) };
            self.block = block.map_err(Error::Source)?;
            self.at = 0;
        }
        Ok(Some(self.block.ids.get(self.at).to_owned(self.id_type)))
    }

    /// Appends the results of the object that comes next.
    fn take_object(&mut self, id: &ObjectId, many_rows: bool, out: &mut Results) -> Result<()> {
        let first = out.len();
        loop {
            let same = self.block.ids.get(self.at);
            let end = (self.at..self.block.len()).find(|&row| self.block.ids.get(row) != same);
            let end = end.unwrap_or(self.block.len());
            out.extend_from(&self.block, self.at..end);
            self.at = end;
            if self.id()?.as_ref() != Some(id) {
                break;
            }
        }
        match doubled(&out.band[first..], many_rows) {
            None => Ok(()),
            Some(_) => {
                let reason = format!("object {id} has two results in one band");
                Err(Error::WrongOutput { task: self.number, reason })
            }
        }
    }
}

/// Whether a light curve may have many rows.
pub(super) fn many_rows(job: &Job<'_>) -> bool {
    job.statistics.iter().any(Statistic::has_many_rows)
}

/// The first band code of an object that occurs again; with many rows for each light curve, after that of another.
pub(super) fn doubled(bands: &[u8], many_rows: bool) -> Option<u8> {
    let mut met = [false; 256];
    let mut again = |band: u8| std::mem::replace(&mut met[usize::from(band)], true);
    if many_rows {
        bands.chunk_by(|a, b| a == b).map(|rows| rows[0]).find(|&band| again(band))
    } else {
        bands.iter().copied().find(|&band| again(band))
    }
}

#[cfg(test)]
mod tests {
    use super::doubled;

    #[test]
    fn a_band_is_doubled_if_it_comes_again() {
        assert_eq!(doubled(&[1, 0, 2, 255], false), None);
        assert_eq!(doubled(&[1, 1], false), Some(1));
        assert_eq!(doubled(&[1, 1, 0, 0, 0, 2], true), None);
        assert_eq!(doubled(&[1, 1, 0, 0, 1], true), Some(1));
    }
}
