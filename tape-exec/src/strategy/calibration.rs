//! A trial of the statistics, for who wants to know how long a step will take that begins only after all is read.
//!
//! What statistics take differs by a factor of hundreds, so no table could tell. Some rows of the survey are taken for light
//! curves of a common length: what comes out means nothing and goes nowhere, but it takes as long as what is real.

use std::time::{Duration, Instant};

use tape_core::{Event, IdType, Ids, LeftOut, Part, Partition, Rows, Step};

use crate::compute::{BATCH, Job, Worker};
use crate::plan::layout::rows_of;

/// Epochs of a light curve, in one band.
const EPOCHS: usize = 32;
/// Rows of the first trials: one that finds everything cold, and one that does not. If the second tells that all take no
/// longer than [`LONGEST`], they are what is measured.
const FIRST: usize = 2048;
/// A large survey is tried with as many rows as a bucket of it has, up to this, because buckets that miss the caches take
/// half as long again; it is then a matter of seconds, and the trial of some hundredths.
const MOST: usize = 256 * 1024;
/// Rows read for each that is wanted, at most.
const MOST_READ: usize = 4;
const BUCKETS: usize = 512;
/// What takes so long beside other workers, with rows that come from memory, takes so long here, alone and from the caches.
const BESIDE: u32 = 5;
const ALONE: u32 = 4;
const LONGEST: Duration = Duration::from_millis(50);

/// Tells the observer, if it wants to know, what [`Step::Compute`] will take and, where rows are to be put away, what
/// [`Step::PutAway`] will. Whatever fails in a trial fails in the run as well, which says so.
pub(crate) fn tell(job: &Job<'_>, partitions: &[Partition], spills: bool) {
    if !job.observer.wants_trial() {
        return;
    }
    let Some(rows) = some_rows(job, partitions) else { return };
    let told = |step, (n, time): (usize, Duration)| {
        let workers = u32::try_from(job.workers).unwrap_or(1).max(1);
        // Two steps, so that nothing is rounded away or too large.
        let million_rows = time * BESIDE / ALONE / workers * 1000 / u32::try_from(n).unwrap_or(u32::MAX) * 1000;
        job.observer.event(Event::Expected { step, million_rows });
    };
    let mut back = Duration::ZERO;
    if spills {
        let Some((put, taken)) = put_away_and_back(job, &rows) else { return };
        told(Step::PutAway, (rows.len(), put));
        back = taken;
    }
    if let Some((n, time)) = computed(job, &rows) {
        told(Step::Compute, (n, time + back * u32::try_from(n).unwrap_or(0) / u32::try_from(rows.len()).unwrap_or(1)));
    }
}

/// The first rows of the survey, with ids that make light curves of them.
fn some_rows(job: &Job<'_>, partitions: &[Partition]) -> Option<Rows> {
    let mut rows = Rows::new(job.source.id_type());
    let mut reader = job.source.read(partitions.first()?, job.inputs().columns()).ok()?;
    let all = usize::try_from(rows_of(partitions)).unwrap_or(usize::MAX);
    let wanted = (all / BUCKETS).clamp(BATCH, MOST);
    let mut read = 0_usize;
    // Where a condition leaves few rows, few are enough.
    while rows.len() < wanted && read < MOST_READ * wanted {
        match reader.read(&mut rows, BATCH).ok()? {
            0 => break,
            n => read = read.saturating_add(n),
        }
    }
    let bands = job.source.bands().labels().len().max(1);
    rows.ids = made_up_ids(job.source.id_type(), rows.len(), EPOCHS * bands);
    (!rows.is_empty()).then_some(rows)
}

/// How long it takes to put all rows away, and to bring them back.
fn put_away_and_back(job: &Job<'_>, rows: &Rows) -> Option<(Duration, Duration)> {
    let spill = job.spill().ok()?;
    // The first of all makes the file, and finds everything cold.
    let warm = spill.put(&[Part::of(rows, 0..rows.len())]).ok()?;
    spill.take(&warm, &mut rows.new_like()).ok()?;
    let start = Instant::now();
    let piece = spill.put(&[Part::of(rows, 0..rows.len())]).ok()?;
    let put = start.elapsed();
    spill.take(&piece, &mut rows.new_like()).ok()?;
    Some((put, start.elapsed().saturating_sub(put)))
}

/// How long it takes to compute some rows, and how many.
fn computed(job: &Job<'_>, rows: &Rows) -> Option<(usize, Duration)> {
    let mut worker = job.worker();
    let few = rows.len().min(FIRST);
    timed(&mut worker, rows, few)?;
    let time = timed(&mut worker, rows, few)?;
    let all = rows.len();
    let takes_long = time.as_secs_f64() * rows.len() as f64 / few as f64 > LONGEST.as_secs_f64();
    if all == few || takes_long { Some((few, time)) } else { Some((all, timed(&mut worker, rows, all)?)) }
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
    // Neighbouring rows go to objects far apart.
    let objects = (0..rows).map(|row| row.wrapping_mul(7919) % objects);
    let mut ids = Ids::new(id_type);
    match &mut ids {
        Ids::Text(texts) => objects.for_each(|object| texts.push(&format!("object {object}"))),
        Ids::Int(keys) => keys.extend(objects.map(|object| i64::try_from(object).unwrap_or(0))),
    }
    ids
}
