//! Surveys with one file per range of nights. Objects are drawn in order of id, and their rows are distributed to the
//! files of their nights, with one open row group per file. If there are too many files, the sky is drawn again for the
//! next group of files, as for shuffled surveys.

use std::ops::Range;

use super::object::{NIGHTS, Rows, Sky, Truth, night};
use super::run::Run;
use super::shuffled::blocks;
use super::{SimulateError, Simulation};

/// Number of files open at once: below the limit of any system, and a row group of each (usually 4 MB) fits in memory.
pub(super) const FILES_AT_ONCE: usize = 128;

/// Writes the survey, one group of files at a time.
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
        // A range of nights without visits gives a file without rows.
        for file in lot.clone() {
            run.survey.open(file)?;
        }
        let mut filling: Vec<Rows> = lot.clone().map(|_| Rows::default()).collect();
        for some in blocks(starts).chunks(run.window()) {
            // Threads draw objects, and this thread collects their rows in a fixed order.
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

/// Draws the rows of some objects, grouped by file.
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
        // Rows are sorted by time, so the rows of a file are contiguous.
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

/// Returns the file of a time. Files have whole nights, in numbers that are as equal as possible.
fn file_of(time: f64, files: usize) -> usize {
    night(time).min(NIGHTS - 1) * files / NIGHTS
}

/// Appends full row groups, or all remaining rows.
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
