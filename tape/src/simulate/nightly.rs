//! Surveys of a file per stretch of nights: objects are drawn in order of id, and each hands its rows to the files that
//! their nights belong to. A row group of every file fills up at once; where that would be too many, the sky is drawn
//! again for the next lot of files, as it is for shuffled surveys.

use std::ops::Range;

use super::object::{NIGHTS, Rows, Sky, Truth, night};
use super::run::Run;
use super::shuffled::blocks;
use super::{SimulateError, Simulation};

/// Files that are open at once: fewer than any system allows, and a row group of each, of the usual 4 MB, fits in
/// memory.
pub(super) const FILES_AT_ONCE: usize = 128;

/// Writes the survey, a lot of files at a time.
pub(super) fn write<'a>(
    mut run: Run<'a>,
    simulation: &Simulation,
    sky: &Sky,
    starts: &[usize],
    files_at_once: usize,
) -> Result<Run<'a>, SimulateError> {
    let &Simulation { files, row_group_rows, .. } = simulation;
    for first in (0..files).step_by(files_at_once) {
        let lot = first..files.min(first + files_at_once);
        // A stretch without a visit is a file without rows.
        for file in lot.clone() {
            run.survey.open(file)?;
        }
        let mut filling: Vec<Rows> = lot.clone().map(|_| Rows::default()).collect();
        for some in blocks(starts).chunks(run.window()) {
            // Threads draw, and this one puts the rows away in a fixed order.
            let drawn = run.map(some.iter().collect(), |block| draw(sky, starts, block, &lot, files));
            for (block, (parts, truths)) in some.iter().zip(drawn) {
                for (rows, part) in filling.iter_mut().zip(&parts) {
                    rows.extend(part, 0..part.len());
                }
                if first == 0 {
                    run.truth.append(&truths)?;
                }
                run.advance(starts[block.end] - starts[block.start])?;
            }
            append(&mut run, first, &mut filling, row_group_rows, false)?;
        }
        append(&mut run, first, &mut filling, row_group_rows, true)?;
        run.survey.close()?;
    }
    Ok(run)
}

/// The rows of some objects, by the files of the lot that they belong to.
fn draw(
    sky: &Sky,
    starts: &[usize],
    objects: &Range<usize>,
    lot: &Range<usize>,
    files: usize,
) -> (Vec<Rows>, Vec<Truth>) {
    let mut parts: Vec<Rows> = lot.clone().map(|_| Rows::default()).collect();
    let mut truths = Vec::with_capacity(objects.len());
    let mut rows = Rows::default();
    for object in objects.clone() {
        rows.keep(0..0);
        truths.push(sky.draw(object, starts[object + 1] - starts[object], &mut rows));
        // In order of time, so that a file's rows lie beside each other.
        let mut start = 0;
        while start < rows.len() {
            let file = file_of(rows.mjd[start], files);
            let end = rows.mjd.partition_point(|&time| file_of(time, files) <= file);
            if lot.contains(&file) {
                parts[file - lot.start].extend(&rows, start..end);
            }
            start = end;
        }
    }
    (parts, truths)
}

/// The file of a time: stretches are of whole nights, as equal as these can be shared.
fn file_of(time: f64, files: usize) -> usize {
    night(time).min(NIGHTS - 1) * files / NIGHTS
}

/// Appends the row groups that are full, or all that is left.
fn append(
    run: &mut Run<'_>,
    first: usize,
    filling: &mut [Rows],
    row_group_rows: usize,
    all: bool,
) -> Result<(), SimulateError> {
    let mut groups = vec![];
    for (file, rows) in filling.iter_mut().enumerate() {
        let full = if all { rows.len() } else { rows.len() / row_group_rows * row_group_rows };
        let mut start = 0;
        while start < full {
            let end = full.min(start.saturating_add(row_group_rows));
            let mut group = Rows::with_capacity(end - start);
            group.extend(rows, start..end);
            groups.push((first + file, group));
            start = end;
        }
        rows.keep(full..rows.len());
    }
    let (encoder, out) = (&run.encoder, run.out);
    let encoded = run.map(groups, |(file, rows)| (file, encoder.encode(rows).map_err(SimulateError::parquet(out))));
    for (file, chunks) in encoded {
        run.survey.append_to(file, chunks?)?;
    }
    Ok(())
}
