//! Sends each row to the partition of its object.

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::error::ArrowError;
use tape_core::Source;

use super::carried::Carried;
use super::counts::Cuts;
use super::held::Held;
use super::keys::BatchIds;
use super::read::each_batch;
use super::{Progress, Repartition, Watch};
use crate::error::Error;

/// Rows of one partition, in the order of the input.
struct Routed {
    partition: usize,
    rows: RecordBatch,
}

/// Reads all row groups and routes their rows. Returns the number of rows with a null id, which are skipped.
pub(super) fn all(
    run: &Repartition<'_>,
    carried: &Carried,
    cuts: &Cuts,
    held: &mut Held<'_>,
    watch: &Watch<'_>,
) -> Result<u64, Error> {
    let groups = run.survey.row_groups();
    let one = |row_group: usize, take: &mut dyn FnMut(Routed) -> Result<(), Error>| {
        let mut null_ids = 0;
        each_batch(run.survey, carried, row_group, |batch| {
            let rows = batch.num_rows() as u64;
            let (routed, nulls) = route(batch, carried, cuts).map_err(|error| lost(run, row_group, &error))?;
            null_ids += nulls;
            routed.into_iter().try_for_each(&mut *take)?;
            watch.tell(Progress::Read(rows))
        })?;
        Ok::<u64, Error>(null_ids)
    };
    let mut null_ids = 0;
    let mut next = 0;
    // Row groups are decoded in parallel, but their rows are appended in the order of the input.
    while next < groups.len() {
        let wave = wave(run, carried, next);
        if wave == 1 {
            null_ids += one(next, &mut |routed| held.push(routed.partition, routed.rows))?;
        } else {
            let decoded = tape_pool::try_map((next..next + wave).collect(), |row_group| {
                let mut rows = Vec::new();
                let null_ids = one(row_group, &mut |routed| {
                    rows.push(routed);
                    Ok(())
                })?;
                Ok::<_, Error>((rows, null_ids))
            });
            for (rows, nulls) in decoded? {
                null_ids += nulls;
                rows.into_iter().try_for_each(|routed| held.push(routed.partition, routed.rows))?;
            }
        }
        next += wave;
    }
    Ok(null_ids)
}

/// Returns the number of row groups from `first` on to decode together. It keeps all threads busy, but decoded rows may
/// take at most half of the memory.
fn wave(run: &Repartition<'_>, carried: &Carried, first: usize) -> usize {
    let threads = tape_pool::current_threads();
    let most = if threads == 1 { 1 } else { 2 * threads };
    let mut bytes = 0;
    let fits = (first..run.survey.row_groups().len()).take(most).take_while(|&row_group| {
        bytes += carried.memory_of(run.survey.rows_of_group(row_group));
        bytes <= run.memory / 2
    });
    fits.count().max(1)
}

fn lost(run: &Repartition<'_>, row_group: usize, error: &ArrowError) -> Error {
    Error::Write { path: run.out.to_owned(), reason: format!("{}: {error}", run.survey.describe(row_group)) }
}

/// Splits a batch by partition. Also returns the number of rows with a null id, which are skipped.
fn route(batch: RecordBatch, carried: &Carried, cuts: &Cuts) -> Result<(Vec<Routed>, u64), ArrowError> {
    let nowhere = cuts.partitions();
    let places = places(&carried.ids(&batch)?, cuts)?;
    let Some(&first) = places.first() else { return Ok((vec![], 0)) };
    if first != nowhere && places.iter().all(|&place| place == first) {
        // The usual case for sorted input. Nothing is copied.
        return Ok((vec![Routed { partition: first, rows: batch }], 0));
    }
    let mut ends = vec![0; nowhere + 2];
    for &place in &places {
        ends[place + 1] += 1;
    }
    for place in 0..=nowhere {
        ends[place + 1] += ends[place];
    }
    // `ends[p]` is now the start of the rows of partition `p`. The loop moves it to their end.
    let mut order = vec![0_u32; places.len()];
    for (&place, row) in places.iter().zip(0..) {
        order[ends[place]] = row;
        ends[place] += 1;
    }
    let mut routed = Vec::new();
    let mut start = 0;
    for (partition, &end) in ends[..nowhere].iter().enumerate().filter(|&(_, &end)| end > 0) {
        if end > start {
            let rows = take_record_batch(&batch, &UInt32Array::from_iter_values(order[start..end].iter().copied()))?;
            routed.push(Routed { partition, rows });
        }
        start = end;
    }
    Ok((routed, (places.len() - start) as u64))
}

/// Returns the partition of each row. Rows with a null id get the number of partitions.
fn places(ids: &ArrayRef, cuts: &Cuts) -> Result<Vec<usize>, ArrowError> {
    let mut places = match (BatchIds::of(ids)?, cuts) {
        (BatchIds::Int(keys), Cuts::Int(firsts)) => by_run(&keys, |key| firsts.partition_point(|first| first <= key)),
        (BatchIds::Text(texts), Cuts::Text(firsts)) => {
            by_run(&texts, |text| firsts.partition_point(|first| first.as_bytes() <= *text))
        }
        _ => return Err(ArrowError::CastError(format!("the type of the ids changed to {}", ids.data_type()))),
    };
    if let Some(nulls) = ids.nulls().filter(|nulls| nulls.null_count() > 0) {
        for (place, valid) in places.iter_mut().zip(nulls) {
            if !valid {
                *place = cuts.partitions();
            }
        }
    }
    Ok(places)
}

/// Calls `place` once for each run of equal ids.
fn by_run<K: PartialEq>(ids: &[K], place: impl Fn(&K) -> usize) -> Vec<usize> {
    let runs = ids.chunk_by(|a, b| a == b);
    runs.flat_map(|run| std::iter::repeat_n(place(&run[0]), run.len())).collect()
}
