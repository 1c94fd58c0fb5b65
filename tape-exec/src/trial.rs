//! A trial of the statistics, for who wants to know how long a step will take that begins only after all is read.
//!
//! What statistics take differs by a factor of hundreds, so no table could tell. Some rows of the survey are taken for light
//! curves of a common length: what comes out means nothing and goes nowhere, but it takes as long as what is real.

use std::time::{Duration, Instant};

use tape_core::{Event, IdRef, IdType, Ids, LeftOut, Part, Partition, Rows, Step};

use crate::job::{BATCH, Job, Worker};

/// Epochs of a light curve, in one band.
const EPOCHS: usize = 32;
/// Rows of a first trial, which also warms caches up; the second has [`BATCH`], unless the first says that it takes long.
const FIRST: usize = 2048;
/// A trial of rows takes no longer than about this.
const LONGEST: Duration = Duration::from_millis(20);

/// Tells the observer, if it wants to know, what [`Step::Compute`] will take.
pub(crate) fn of_compute(job: &Job<'_>, partitions: &[Partition]) {
    if !job.observer.wants_trial() {
        return;
    }
    if let Some(million_rows) = million_rows(job, partitions) {
        job.observer.event(Event::Expected { step: Step::Compute, million_rows });
    }
}

/// How long a million rows would take all workers. Whatever fails in a trial fails in the run as well, which says so.
fn million_rows(job: &Job<'_>, partitions: &[Partition]) -> Option<Duration> {
    let first = partitions.first()?;
    let mut rows = Rows::new(job.source.id_type());
    let mut reader = job.source.read(first, job.inputs().columns()).ok()?;
    while rows.len() < BATCH && reader.read(&mut rows, BATCH).ok()? > 0 {}
    let bands = job.source.bands().labels().len().max(1);
    rows.ids = made_up_ids(job.source.id_type(), rows.len(), EPOCHS * bands);
    let mut worker = job.worker();
    let few = rows.len().min(FIRST);
    let mut taken = (few, timed(&mut worker, &rows, few)?);
    if rows.len() > few && taken.1 < LONGEST / 8 {
        taken = (rows.len(), timed(&mut worker, &rows, rows.len())?);
    }
    let (rows, time) = taken;
    let workers = u32::try_from(job.workers).unwrap_or(1).max(1);
    // Two steps, so that nothing is rounded away or too large.
    (rows > 0).then(|| time / workers * 1000 / u32::try_from(rows).unwrap_or(u32::MAX) * 1000)
}

/// Groups and computes the first `n` rows.
fn timed(worker: &mut Worker<'_>, rows: &Rows, n: usize) -> Option<Duration> {
    let start = Instant::now();
    worker.group_any(&[Part::of(rows, 0..n)], &mut LeftOut::default());
    let mut results = worker.job.no_results();
    worker.evaluate_untold(&mut results).ok()?;
    Some(start.elapsed())
}

/// Ids of objects with about `each` rows, in no order.
fn made_up_ids(id_type: IdType, rows: usize, each: usize) -> Ids {
    let objects = rows.div_ceil(each).max(1);
    let mut ids = Ids::new(id_type);
    for row in 0..rows {
        // Neighbouring rows go to objects far apart.
        let object = row.wrapping_mul(7919) % objects;
        match id_type {
            IdType::Utf8 => ids.push(IdRef::Text(&format!("object {object}"))),
            _ => ids.push(IdRef::Int(i64::try_from(object).unwrap_or(0))),
        }
    }
    ids
}
