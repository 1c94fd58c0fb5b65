//! Groups rows into a chunk with a counting sort by (object, band), and skips invalid rows.

use std::ops::Range;

use crate::bands::NO_BAND;
use crate::chunk::{Chunk, Segment};
use crate::grouping::{Grouping, SKIP};
use crate::kept::Kept;
use crate::left_out::LeftOut;
use crate::rows::Rows;
use crate::runs::{NotSorted, Objects, index, run_end};
use crate::statistic::Inputs;

/// The cell of a skipped row.
const LEFT_OUT: u32 = u32::MAX;

/// A range of rows.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The rows that the range is in.
    pub rows: &'a Rows,
    /// The first row.
    pub start: usize,
    /// Index after the last row.
    pub end: usize,
}

impl<'a> Part<'a> {
    /// `rows[range]`.
    #[must_use]
    pub const fn of(rows: &'a Rows, range: Range<usize>) -> Self {
        Self { rows, start: range.start, end: range.end }
    }

    const fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// Splits the range into pieces of up to [`PIECE`] rows. An empty range gives one empty piece.
    fn pieces(self) -> impl Iterator<Item = Self> {
        let starts = (self.start..self.end.max(self.start + 1)).step_by(PIECE);
        starts.map(move |start| Self { start, end: self.end.min(start + PIECE), ..self })
    }
}

/// Rows that are grouped between two checks of the request to stop.
const PIECE: usize = 1 << 16;

/// Groups rows into chunks. Reuses its buffers from call to call.
#[derive(Debug)]
pub struct Grouper {
    /// For each row, the position of its band in the order of results, or [`SKIP`] for a skipped row.
    place: Vec<u8>,
    /// For each row when grouping by hash: first its object, later its (object, band) cell, or [`LEFT_OUT`].
    cell: Vec<u32>,
    /// For each cell, first its number of rows, later the target of its next row.
    count: Vec<u32>,
    /// Like `count`, for the cells of one object, by position of the band.
    count_of_one: Box<[u32; 256]>,
    /// Cells in which rows were skipped. They are light curves even if no epoch remains.
    touched: Vec<(u32, u8)>,
}

impl Default for Grouper {
    fn default() -> Self {
        Self { place: vec![], cell: vec![], count: vec![], count_of_one: Box::new([0; 256]), touched: vec![] }
    }
}

impl Grouper {
    /// Groups `rows[range]`, which are sorted by id, and replaces the contents of `chunk`.
    ///
    /// # Errors
    /// [`NotSorted`] if an id is smaller than the one before it. The contents of `chunk` are then unspecified, and
    /// `left_out` is unchanged.
    pub fn by_runs(
        &mut self,
        rows: &Rows,
        range: Range<usize>,
        grouping: &Grouping,
        chunk: &mut Chunk,
        left_out: &mut LeftOut,
    ) -> Result<(), NotSorted> {
        let mut counted = LeftOut::default();
        self.begin();
        self.judge(Part::of(rows, range.clone()), grouping);
        chunk.ids.clear();
        chunk.segments.clear();
        chunk.kept = Kept::default();
        // Room for all rows. The excess is truncated at the end.
        resize_columns(chunk, [&rows.flux, &rows.error, &rows.time], range.len());
        let (mut start, mut total) = (range.start, 0);
        while start < range.end {
            let end = run_end(&rows.ids, start, range.end)?;
            chunk.ids.extend_from(&rows.ids, start..start + 1);
            let places = start - range.start..end - range.start;
            total = self.one_object(rows, start..end, places, grouping, chunk, total, &mut counted);
            start = end;
        }
        resize_columns(chunk, [&rows.flux, &rows.error, &rows.time], total as usize);
        if grouping.inputs.order {
            sort_by_time(chunk);
        }
        *left_out += counted;
        Ok(())
    }

    /// Adds the segments and values of one object, after the `total` rows of earlier objects. Returns the new total.
    #[expect(clippy::too_many_arguments, reason = "the body of a loop, moved out to keep the caller short")]
    fn one_object(
        &mut self,
        rows: &Rows,
        run: Range<usize>,
        places: Range<usize>,
        grouping: &Grouping,
        chunk: &mut Chunk,
        mut total: u32,
        left_out: &mut LeftOut,
    ) -> u32 {
        let places = &self.place[places];
        let count = &mut self.count_of_one;
        count_places(places, grouping.order.len(), count);
        self.touched.clear();
        if count[usize::from(SKIP)] > 0 {
            for (row, _) in run.clone().zip(places).filter(|(_, place)| **place == SKIP) {
                self.touched.extend(leave_out(rows, row, grouping, left_out).map(|place| (0, place)));
            }
        }
        let object = chunk.ids.len() - 1;
        for (place, &band) in (0u8..).zip(&grouping.order) {
            let n = std::mem::replace(&mut count[usize::from(place)], total);
            if n > 0 || self.touched.contains(&(0, place)) {
                chunk.segments.push(Segment { object, band, rows: total as usize..(total + n) as usize });
            }
            total += n;
        }
        spread_columns(places, SKIP, usize::from, count.as_mut_slice(), rows, run, chunk);
        total
    }

    /// Groups all rows of `parts`, in any order and with the same columns, and replaces the contents of `chunk`. Leaves
    /// the chunk empty if its request to stop is made meanwhile.
    ///
    /// # Panics
    /// If `parts` is empty, or has both integer and text ids.
    pub fn by_hash(&mut self, parts: &[Part<'_>], grouping: &Grouping, chunk: &mut Chunk, left_out: &mut LeftOut) {
        let pieces: Vec<Part<'_>> = parts.iter().flat_map(|part| part.pieces()).collect();
        if self.by_hash_unless_cancelled(&pieces, grouping, chunk, left_out).is_none() {
            chunk.clear();
        }
    }

    /// Groups `parts`. Returns `None` if the request to stop is made.
    fn by_hash_unless_cancelled(
        &mut self,
        parts: &[Part<'_>],
        grouping: &Grouping,
        chunk: &mut Chunk,
        left_out: &mut LeftOut,
    ) -> Option<()> {
        self.begin();
        let mut objects = Objects::new(&parts[0].rows.ids);
        for part in parts {
            chunk.cancellation.proceed()?;
            self.judge(*part, grouping);
            objects.number(&part.rows.ids, part.range(), &mut self.cell);
        }
        let met = objects.into_ids();
        self.count.clear();
        self.count.resize(met.len() * grouping.order.len(), 0);
        self.touched.clear();
        let mut first = 0;
        for part in parts {
            chunk.cancellation.proceed()?;
            self.count_cells(*part, first, grouping, left_out);
            first += part.range().len();
        }
        let mut objects: Vec<u32> = (0..index(met.len())).collect();
        objects.sort_unstable_by(|&a, &b| met.get(a as usize).cmp(&met.get(b as usize)));
        chunk.ids = met.gather(&objects);
        let total = self.cells_to_segments(&objects, grouping, chunk);
        if let Some(Part { rows, .. }) = parts.iter().find(|part| !part.rows.is_empty()) {
            resize_columns(chunk, [&rows.flux, &rows.error, &rows.time], total);
        }
        let mut cells = self.cell.as_slice();
        for part in parts {
            chunk.cancellation.proceed()?;
            let (own, rest) = cells.split_at(part.range().len());
            spread_columns(own, LEFT_OUT, |cell| cell as usize, &mut self.count, part.rows, part.range(), chunk);
            cells = rest;
        }
        if grouping.inputs.order {
            sort_by_time(chunk);
        }
        chunk.cancellation.proceed()
    }

    /// Turns the object numbers of a part, which start at row `first`, into cells, and counts the rows of each cell.
    fn count_cells(&mut self, part: Part<'_>, first: usize, grouping: &Grouping, left_out: &mut LeftOut) {
        let bands = index(grouping.order.len());
        let (places, cells) =
            (&self.place[first..][..part.range().len()], &mut self.cell[first..][..part.range().len()]);
        for (i, (&place, cell)) in places.iter().zip(cells).enumerate() {
            if place == SKIP {
                let place = leave_out(part.rows, part.start + i, grouping, left_out);
                self.touched.extend(place.map(|place| (*cell, place)));
                *cell = LEFT_OUT;
            } else {
                *cell = *cell * bands + u32::from(place);
                self.count[*cell as usize] += 1;
            }
        }
    }

    /// Creates the segments of all cells, for the objects in the given order, and turns counts into start offsets.
    /// Returns the number of rows.
    fn cells_to_segments(&mut self, objects: &[u32], grouping: &Grouping, chunk: &mut Chunk) -> usize {
        self.touched.sort_unstable();
        chunk.segments.clear();
        chunk.kept = Kept::default();
        let mut total = 0;
        for (object, &met) in objects.iter().enumerate() {
            for (place, &band) in (0u8..).zip(&grouping.order) {
                let cell = met as usize * grouping.order.len() + usize::from(place);
                let n = self.count[cell] as usize;
                if n > 0 || self.touched.binary_search(&(met, place)).is_ok() {
                    chunk.segments.push(Segment { object, band, rows: total..total + n });
                }
                self.count[cell] = index(total);
                total += n;
            }
        }
        total
    }

    fn begin(&mut self) {
        self.cell.clear();
        self.place.clear();
    }

    /// Finds the position of each row's band, or marks the row as skipped.
    fn judge(&mut self, part: Part<'_>, grouping: &Grouping) {
        let Part { rows, .. } = part;
        let first = self.place.len();
        if rows.band.is_empty() {
            self.place.resize(first + part.range().len(), grouping.place[0]);
        } else {
            self.place.extend(rows.band[part.range()].iter().map(|&band| grouping.place[usize::from(band)]));
        }
        let places = &mut self.place[first..];
        skip_unless(f64::is_finite, &rows.flux[part.range()], places);
        if grouping.inputs.error {
            // One bound at a time: LLVM turns the combined comparison into a bit test that does not vectorize.
            skip_unless(|error| error > 0.0, &rows.error[part.range()], places);
            skip_unless(|error| error < f64::INFINITY, &rows.error[part.range()], places);
        }
        if grouping.inputs.columns().time {
            skip_unless(f64::is_finite, &rows.time[part.range()], places);
        }
    }
}

/// Marks rows with an invalid value. Usually all are valid, which a vectorized pass finds out first.
fn skip_unless(valid: impl Fn(f64) -> bool, values: &[f64], places: &mut [u8]) {
    if values.iter().fold(true, |all, &value| all & valid(value)) {
        return;
    }
    for (place, &value) in places.iter_mut().zip(values) {
        if !valid(value) {
            *place = SKIP;
        }
    }
}

/// Counts how often each position below `bands`, and [`SKIP`], occurs.
fn count_places(places: &[u8], bands: usize, count: &mut [u32; 256]) {
    count[..bands].fill(0);
    count[usize::from(SKIP)] = 0;
    // For up to eight bands, one vectorized pass per band is faster than incrementing counters row by row.
    if bands > 8 {
        places.iter().for_each(|&place| count[usize::from(place)] += 1);
        return;
    }
    let mut rest = index(places.len());
    for (place, count) in (0u8..).zip(&mut count[..bands]) {
        // In chunks of 255, so that a byte can hold the count.
        let equal = |part: &[u8]| u32::from(part.iter().map(|&other| u8::from(other == place)).sum::<u8>());
        *count = places.chunks(usize::from(u8::MAX)).map(equal).sum();
        rest -= *count;
    }
    count[usize::from(SKIP)] = rest;
}

/// Copies the values of `rows[range]` to their targets in `chunk`. `next` maps the cell of a row to the target of the
/// next row in that cell. Rows in the cell `skip` are not copied.
fn spread_columns<C: Copy + PartialEq>(
    cells: &[C],
    skip: C,
    number: impl Fn(C) -> usize,
    next: &mut [u32],
    rows: &Rows,
    range: Range<usize>,
    chunk: &mut Chunk,
) {
    let [flux, error, time] = [&rows.flux, &rows.error, &rows.time].map(|c| c.get(range.clone()).unwrap_or_default());
    let Chunk { flux: to_flux, error: to_error, time: to_time, .. } = chunk;
    let next = |cell| (cell != skip).then(|| take_next(&mut next[number(cell)]) as usize);
    match (error.is_empty(), time.is_empty()) {
        (true, true) => spread(cells, next, [flux], [to_flux]),
        (false, true) => spread(cells, next, [flux, error], [to_flux, to_error]),
        (true, false) => spread(cells, next, [flux, time], [to_flux, to_time]),
        (false, false) => spread(cells, next, [flux, error, time], [to_flux, to_error, to_time]),
    }
}

/// Copies all columns in one pass, so that a row's target is computed once and not stored.
#[inline(always)]
fn spread<C: Copy, const N: usize>(
    cells: &[C],
    mut next: impl FnMut(C) -> Option<usize>,
    from: [&[f64]; N],
    to: [&mut [f64]; N],
) {
    // Equal lengths, so that the compiler can drop bounds checks.
    let from = from.map(|column| &column[..cells.len()]);
    for (row, &cell) in cells.iter().enumerate() {
        let Some(at) = next(cell) else { continue };
        for column in 0..N {
            to[column][at] = from[column][row];
        }
    }
}

/// Resizes the columns that were read to `n` rows. The contents are unspecified.
fn resize_columns(chunk: &mut Chunk, read: [&[f64]; 3], n: usize) {
    for (to, from) in [&mut chunk.flux, &mut chunk.error, &mut chunk.time].into_iter().zip(read) {
        to.resize(if from.is_empty() { 0 } else { n }, 0.0);
    }
}

/// Returns the next target and increments it.
fn take_next(place: &mut u32) -> u32 {
    *place += 1;
    *place - 1
}

/// Counts a skipped row. Returns the position of its band if the band is selected.
fn leave_out(rows: &Rows, row: usize, grouping: &Grouping, left_out: &mut LeftOut) -> Option<u8> {
    let band = rows.band_of(row);
    let place = grouping.place[usize::from(band)];
    let reason = match place {
        SKIP if band == NO_BAND => &mut left_out.null_band,
        SKIP => &mut left_out.other_band,
        _ => reason(rows, row, grouping.inputs, left_out),
    };
    *reason += 1;
    (place != SKIP).then_some(place)
}

/// Returns the counter for the reason why a row is invalid.
fn reason<'a>(rows: &Rows, row: usize, inputs: Inputs, left_out: &'a mut LeftOut) -> &'a mut u64 {
    if inputs.columns().time && !rows.time[row].is_finite() {
        &mut left_out.bad_time
    } else if !rows.flux[row].is_finite() {
        &mut left_out.bad_flux
    } else if !rows.error[row].is_finite() {
        &mut left_out.bad_error
    } else {
        &mut left_out.nonpositive_error
    }
}

/// Sorts the epochs of each segment by time, and ties by flux and then by error.
fn sort_by_time(chunk: &mut Chunk) {
    let mut epochs: Vec<[f64; 3]> = Vec::new();
    for segment in &chunk.segments {
        if chunk.cancellation.is_cancelled() {
            return;
        }
        let rows = segment.rows.clone();
        if chunk.time[rows.clone()].is_sorted_by(|a, b| a < b) {
            continue;
        }
        let error = |row: usize| chunk.error.get(row).copied().unwrap_or(0.0);
        epochs.clear();
        epochs.extend(rows.clone().map(|row| [chunk.time[row], chunk.flux[row], error(row)]));
        epochs.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])).then(a[2].total_cmp(&b[2])));
        for (row, epoch) in rows.zip(&epochs) {
            chunk.time[row] = epoch[0];
            chunk.flux[row] = epoch[1];
            if let Some(error) = chunk.error.get_mut(row) {
                *error = epoch[2];
            }
        }
    }
}

#[cfg(test)]
mod tests;
