//! Surveys sorted by id, in one pass. Row groups are drawn and encoded independently.

use std::ops::Range;

use super::SimulateError;
use super::layout::Group;
use super::object::{Rows, Sky, Truth};
use super::run::Run;

/// Writes the survey's row groups in order.
pub(super) fn write<'a>(
    mut run: Run<'a>,
    sky: &Sky,
    starts: &[usize],
    groups: &[Group],
) -> Result<Run<'a>, SimulateError> {
    for some in groups.chunks(run.window()) {
        let (encoder, out) = (&run.encoder, run.out);
        let encoded = run.map(some.iter().collect(), |group: &Group| {
            let (rows, truths) = rows_between(sky, starts, &group.rows);
            (encoder.encode(rows).map_err(SimulateError::parquet(out)), truths)
        });
        for (group, (chunks, truths)) in some.iter().zip(encoded) {
            run.survey.append(group, chunks?)?;
            run.truth.append(&truths)?;
            run.advance(group.rows.len())?;
        }
    }
    Ok(run)
}

/// Draws rows of the sorted survey, and returns the truth of the objects that begin in them.
fn rows_between(sky: &Sky, starts: &[usize], range: &Range<usize>) -> (Rows, Vec<Truth>) {
    let first = starts.partition_point(|&start| start <= range.start) - 1;
    let end = starts.partition_point(|&start| start < range.end);
    // Whole light curves are drawn, and rows outside the range are removed.
    let offset = starts[first];
    let mut rows = Rows::with_capacity(starts[end.min(starts.len() - 1)] - offset);
    let mut truths = Vec::with_capacity(end - first);
    for object in first..end {
        let truth = sky.draw(object, starts[object + 1] - starts[object], &mut rows);
        if starts[object] >= range.start {
            truths.push(truth);
        }
    }
    rows.keep(range.start - offset..range.end - offset);
    (rows, truths)
}
