//! Computes buckets with more rows than a worker may group at once: some objects at a time.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use foldhash::fast::FixedState;
use tape_core::{IdType, LeftOut, ObjectId, Part, Results, Rows};

use crate::compute::skipped::Skipped;
use crate::compute::{Job, Worker};
use crate::error::Result;
use crate::strategy::buckets::BucketRows;

/// Computes all light curves of a bucket, with at most `most` rows grouped at once. Reads the rows once to count the
/// rows of each object, and once more for each group of objects.
///
/// # Errors
/// If a single object has more rows, unless such objects are skipped.
pub(crate) fn compute(
    worker: &mut Worker<'_>,
    rows: &dyn BucketRows,
    bucket: usize,
    most: u64,
    left_out: &mut LeftOut,
) -> Result<Results> {
    let job = worker.job;
    let id_type = job.source.id_type();
    let mut results = job.no_results();
    for group in groups(job, count(rows, bucket, id_type)?, most)? {
        let mut own = Rows::new(id_type);
        rows.each(bucket, id_type, &mut |rows, range| {
            let inside = |row: &usize| group.contains(&rows.ids.get(*row).to_owned(id_type));
            let chosen: Vec<u32> = range.filter(inside).filter_map(|row| u32::try_from(row).ok()).collect();
            let chosen = rows.gather(&chosen);
            own.extend_from(&chosen, 0..chosen.len());
            Ok(())
        })?;
        worker.chunk.clear();
        worker.group_any(&[Part::of(&own, 0..own.len())], left_out);
        drop(own);
        worker.evaluate(&mut results, left_out)?;
    }
    Ok(results)
}

/// Returns the number of rows of each object, in order of id.
fn count(rows: &dyn BucketRows, bucket: usize, id_type: IdType) -> Result<Vec<(ObjectId, u64)>> {
    let mut counts: HashMap<ObjectId, u64, FixedState> = HashMap::default();
    rows.each(bucket, id_type, &mut |rows, range| {
        let mut start = range.start;
        while start < range.end {
            let id = rows.ids.get(start);
            let end = (start + 1..range.end).find(|&row| rows.ids.get(row) != id).unwrap_or(range.end);
            *counts.entry(id.to_owned(id_type)).or_default() += (end - start) as u64;
            start = end;
        }
        Ok(())
    })?;
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_unstable();
    Ok(counts)
}

/// Divides the objects into ascending ranges of ids with at most `most` rows each.
fn groups(job: &Job<'_>, counts: Vec<(ObjectId, u64)>, most: u64) -> Result<Vec<RangeInclusive<ObjectId>>> {
    let mut groups: Vec<RangeInclusive<ObjectId>> = vec![];
    // Makes the first object start a new group.
    let mut rows = u64::MAX;
    for (id, n) in counts {
        if n > most {
            job.skip(Skipped::light_curve(id, n, most))?;
            rows = u64::MAX;
        } else if let Some(group) = groups.last_mut().filter(|_| n <= most.saturating_sub(rows)) {
            *group = group.start().clone()..=id;
            rows += n;
        } else {
            groups.push(id.clone()..=id);
            rows = n;
        }
    }
    Ok(groups)
}
