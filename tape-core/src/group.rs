//! Rows to chunks: a counting sort by (object, band) that leaves out what no statistic may see.

use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::bands::{Bands, NO_BAND, order_of};
use crate::chunk::{Chunk, Segment};
use crate::id::{IdRef, Ids};
use crate::left_out::LeftOut;
use crate::rows::Rows;
use crate::statistic::Inputs;

/// The place of a band that was not asked for.
const SKIP: u8 = u8::MAX;
/// The cell of a row that was left out.
const LEFT_OUT: u32 = u32::MAX;

/// Rows that were taken for sorted by id are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rows are not sorted by id")]
pub struct NotSorted;

/// How rows become light curves in a run: the bands, in the order of the results, and what the statistics need.
#[derive(Clone, Debug)]
pub struct Grouping {
    labels: Vec<String>,
    /// Codes of the bands asked for, in the order of results.
    order: Vec<u8>,
    /// For each code its place in `order`, or [`SKIP`].
    place: [u8; 256],
    inputs: Inputs,
}

impl Grouping {
    /// For the bands met so far, of which only `asked` count if given, and the inputs of a run's statistics.
    #[must_use]
    pub fn new(bands: &Bands, asked: Option<&[String]>, inputs: Inputs) -> Self {
        let mut labels = bands.labels();
        if labels.is_empty() {
            // A survey without a band column has one band without a name, and that is always asked for.
            labels.push(String::new());
        }
        let is_asked = |label: &String| label.is_empty() || asked.is_none_or(|asked| asked.contains(label));
        let mut order = order_of(&labels);
        order.retain(|&code| is_asked(&labels[usize::from(code)]));
        let mut place = [SKIP; 256];
        for (at, &code) in (0u8..).zip(&order) {
            place[usize::from(code)] = at;
        }
        Self { labels, order, place, inputs }
    }

    /// The label of a band.
    #[must_use]
    pub fn label(&self, code: u8) -> &str {
        &self.labels[usize::from(code)]
    }

    /// The place of a band in the order of results; 255 if it was not asked for.
    #[must_use]
    pub fn place(&self, code: u8) -> u8 {
        self.place[usize::from(code)]
    }

    /// Whether it knows all of `bands`: readers meet new labels while a run goes on.
    #[must_use]
    pub fn knows(&self, bands: &Bands) -> bool {
        bands.len().max(1) == self.labels.len()
    }
}

/// Groups rows; keeps its memory from call to call.
#[derive(Debug, Default)]
pub struct Grouper {
    /// Whether each row's values may be used.
    valid: Vec<bool>,
    /// For each row its (object, band) cell.
    cell: Vec<u32>,
    /// For each cell its rows, later where the next row goes.
    count: Vec<u32>,
    /// Cells of which some rows were left out: they are light curves even if no epoch remains.
    touched: Vec<u32>,
}

impl Grouper {
    /// Groups `rows[range]`, which are sorted by id, over what `chunk` held.
    ///
    /// # Errors
    /// [`NotSorted`] if an id is smaller than the one before it; `chunk` then holds nothing of use and nothing was counted.
    pub fn by_runs(
        &mut self,
        rows: &Rows,
        range: Range<usize>,
        grouping: &Grouping,
        chunk: &mut Chunk,
        left_out: &mut LeftOut,
    ) -> Result<(), NotSorted> {
        let mut counted = LeftOut::default();
        self.begin(rows, range.clone(), grouping.inputs);
        chunk.ids.clear();
        let mut start = range.start;
        while start < range.end {
            let end = run_end(&rows.ids, start, range.end)?;
            let object = chunk.ids.len();
            chunk.ids.extend_from(&rows.ids, start..start + 1);
            self.count.resize(self.count.len() + grouping.order.len(), 0);
            for row in start..end {
                self.assign(rows, row, range.start, object, grouping, &mut counted);
            }
            start = end;
        }
        let objects: Vec<u32> = (0..index(chunk.ids.len())).collect();
        self.scatter(rows, range, &objects, grouping, chunk);
        *left_out += counted;
        Ok(())
    }

    /// Groups `rows[range]`, in any order, over what `chunk` held.
    pub fn by_hash(
        &mut self,
        rows: &Rows,
        range: Range<usize>,
        grouping: &Grouping,
        chunk: &mut Chunk,
        left_out: &mut LeftOut,
    ) {
        self.begin(rows, range.clone(), grouping.inputs);
        let mut met = rows.ids.new_like();
        let mut table: HashTable<u32> = HashTable::new();
        for row in range.clone() {
            let object = intern(&mut table, &mut met, rows.ids.get(row));
            if self.count.len() < met.len() * grouping.order.len() {
                self.count.resize(met.len() * grouping.order.len(), 0);
            }
            self.assign(rows, row, range.start, object, grouping, left_out);
        }
        let mut objects: Vec<u32> = (0..index(met.len())).collect();
        objects.sort_unstable_by(|&a, &b| met.get(a as usize).cmp(&met.get(b as usize)));
        chunk.ids.clear();
        for &object in &objects {
            chunk.ids.push(met.get(object as usize));
        }
        self.scatter(rows, range, &objects, grouping, chunk);
    }

    /// Judges the values of each row.
    fn begin(&mut self, rows: &Rows, range: Range<usize>, inputs: Inputs) {
        self.count.clear();
        self.touched.clear();
        self.valid.clear();
        self.cell.clear();
        self.cell.resize(range.len(), LEFT_OUT);
        let flux = &rows.flux[range.clone()];
        self.valid.extend(flux.iter().map(|flux| flux.is_finite()));
        if inputs.error {
            for (valid, &error) in self.valid.iter_mut().zip(&rows.error[range.clone()]) {
                *valid &= error > 0.0 && error < f64::INFINITY;
            }
        }
        if inputs.columns().time {
            for (valid, time) in self.valid.iter_mut().zip(&rows.time[range.clone()]) {
                *valid &= time.is_finite();
            }
        }
    }

    /// Gives a row its cell, unless it is left out.
    #[inline]
    fn assign(
        &mut self,
        rows: &Rows,
        row: usize,
        first: usize,
        object: usize,
        grouping: &Grouping,
        left_out: &mut LeftOut,
    ) {
        let band = rows.band_of(row);
        let place = grouping.place[usize::from(band)];
        if place == SKIP {
            let reason = if band == NO_BAND { &mut left_out.null_band } else { &mut left_out.other_band };
            *reason += 1;
            return;
        }
        let cell = object * grouping.order.len() + usize::from(place);
        if self.valid[row - first] {
            self.count[cell] += 1;
            self.cell[row - first] = index(cell);
        } else {
            self.touched.push(index(cell));
            *reason(rows, row, grouping.inputs, left_out) += 1;
        }
    }

    /// Counts become segments, and the rows go to their places.
    fn scatter(&mut self, rows: &Rows, range: Range<usize>, objects: &[u32], grouping: &Grouping, chunk: &mut Chunk) {
        self.touched.sort_unstable();
        chunk.segments.clear();
        let mut total = 0;
        for (object, &met) in objects.iter().enumerate() {
            for (place, &band) in grouping.order.iter().enumerate() {
                let cell = met as usize * grouping.order.len() + place;
                let n = self.count[cell] as usize;
                if n > 0 || self.touched.binary_search(&index(cell)).is_ok() {
                    chunk.segments.push(Segment { object, band, rows: total..total + n });
                }
                self.count[cell] = index(total);
                total += n;
            }
        }
        let at = |row: usize| range.start + row;
        let places = self.places(total);
        for (to, from) in
            [(&mut chunk.flux, &rows.flux), (&mut chunk.error, &rows.error), (&mut chunk.time, &rows.time)]
        {
            if from.is_empty() {
                to.clear();
                continue;
            }
            to.resize(total, 0.0);
            for (row, &place) in places.iter().enumerate() {
                if place != LEFT_OUT {
                    to[place as usize] = from[at(row)];
                }
            }
        }
        if grouping.inputs.order {
            sort_by_time(chunk);
        }
    }

    /// For each row its place in the chunk, written over its cell.
    fn places(&mut self, total: usize) -> &[u32] {
        debug_assert!(total <= self.cell.len());
        for cell in self.cell.iter_mut().filter(|cell| **cell != LEFT_OUT) {
            let next = &mut self.count[*cell as usize];
            *cell = *next;
            *next += 1;
        }
        &self.cell
    }
}

/// The end of the run of equal ids that starts at `start`.
fn run_end(ids: &Ids, start: usize, end: usize) -> Result<usize, NotSorted> {
    let (stop, ascends) = match ids {
        Ids::Int(keys) => {
            let key = keys[start];
            let same = keys[start..end].iter().take_while(|&&other| other == key).count();
            let stop = start + same;
            (stop, stop == end || keys[stop] > key)
        }
        Ids::Text(text) => {
            let id = text.get(start);
            let stop = (start + 1..end).find(|&i| text.get(i) != id).unwrap_or(end);
            (stop, stop == end || text.get(stop) > id)
        }
    };
    if ascends { Ok(stop) } else { Err(NotSorted) }
}

/// The index of `id` among those met, new if it is.
fn intern(table: &mut HashTable<u32>, met: &mut Ids, id: IdRef<'_>) -> usize {
    use std::hash::BuildHasher;
    let hasher = FixedState::default();
    let hash = hasher.hash_one(id);
    if let Some(&object) = table.find(hash, |&object| met.get(object as usize) == id) {
        return object as usize;
    }
    let object = met.len();
    met.push(id);
    table.insert_unique(hash, index(object), |&other| hasher.hash_one(met.get(other as usize)));
    object
}

/// The count under which an invalid row goes.
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

/// Sorts the epochs of each segment by time, where times repeat by flux and then by error.
fn sort_by_time(chunk: &mut Chunk) {
    let mut epochs: Vec<[f64; 3]> = Vec::new();
    for segment in &chunk.segments {
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

/// Cells and rows of one chunk are counted in 32 bits.
///
/// # Panics
/// If a chunk has more than 4 thousand million rows: they would take over 100 GB.
fn index(i: usize) -> u32 {
    u32::try_from(i).expect("a chunk has fewer than 2^32 rows and light curves")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::IdType;

    fn rows(data: &[(i64, u8, f64, f64)]) -> Rows {
        let mut rows = Rows::new(IdType::Int64);
        for &(id, band, flux, error) in data {
            rows.ids.push(IdRef::Int(id));
            rows.band.push(band);
            rows.flux.push(flux);
            rows.error.push(error);
            rows.time.push(-flux);
        }
        rows
    }

    fn bands() -> Bands {
        let bands = Bands::default();
        for label in ["r", "g"] {
            bands.code(label).expect("two bands fit");
        }
        bands
    }

    fn groups(chunk: &Chunk) -> Vec<(IdRef<'_>, u8, &[f64])> {
        let group = |s: &Segment| (chunk.ids.get(s.object), s.band, &chunk.flux[s.rows.clone()]);
        chunk.segments.iter().map(group).collect()
    }

    #[test]
    fn segments_follow_id_then_band_and_bad_epochs_are_counted() {
        let rows = rows(&[
            (7, 0, 1.0, 0.1),
            (7, 1, 2.0, 0.1),
            (7, 0, 3.0, 0.0),
            (7, NO_BAND, 3.5, 0.1),
            (9, 1, f64::NAN, 0.1),
            (9, 0, 4.0, f64::INFINITY),
            (9, 0, 5.0, 0.1),
        ]);
        let grouping = Grouping::new(&bands(), None, Inputs::FLUX_ERROR);
        let (mut chunk, mut left_out) = (Chunk::new(IdType::Int64), LeftOut::default());
        let mut grouper = Grouper::default();
        grouper.by_runs(&rows, 0..rows.len(), &grouping, &mut chunk, &mut left_out).expect("sorted");
        let seven = IdRef::Int(7);
        let nine = IdRef::Int(9);
        let expected: Vec<(IdRef<'_>, u8, &[f64])> =
            vec![(seven, 1, &[2.0]), (seven, 0, &[1.0]), (nine, 1, &[]), (nine, 0, &[5.0])];
        assert_eq!(groups(&chunk), expected);
        let counts = LeftOut { null_band: 1, bad_flux: 1, bad_error: 1, nonpositive_error: 1, ..LeftOut::default() };
        assert_eq!(left_out, counts);
    }

    #[test]
    fn hashing_shuffled_rows_equals_runs_of_sorted_rows() {
        let sorted = rows(&[(1, 0, 1.0, 1.0), (1, 1, 2.0, 1.0), (2, 0, 3.0, 1.0), (5, 1, 4.0, 1.0)]);
        let shuffled = rows(&[(5, 1, 4.0, 1.0), (2, 0, 3.0, 1.0), (1, 1, 2.0, 1.0), (1, 0, 1.0, 1.0)]);
        let grouping = Grouping::new(&bands(), None, Inputs::ALL);
        let mut grouper = Grouper::default();
        let mut left_out = LeftOut::default();
        let (mut a, mut b) = (Chunk::new(IdType::Int64), Chunk::new(IdType::Int64));
        grouper.by_runs(&sorted, 0..4, &grouping, &mut a, &mut left_out).expect("sorted");
        grouper.by_hash(&shuffled, 0..4, &grouping, &mut b, &mut left_out);
        assert_eq!(a, b);
        assert_eq!(grouper.by_runs(&shuffled, 0..4, &grouping, &mut a, &mut left_out), Err(NotSorted));
    }

    #[test]
    fn repeated_times_are_ordered_by_flux_then_error() {
        let mut rows = rows(&[(1, 0, 3.0, 0.2), (1, 0, 1.0, 0.3), (1, 0, 1.0, 0.1)]);
        rows.time = vec![5.0, 5.0, 5.0];
        let grouping = Grouping::new(&bands(), Some(&["r".to_owned()]), Inputs::ALL);
        let (mut chunk, mut left_out) = (Chunk::new(IdType::Int64), LeftOut::default());
        Grouper::default().by_hash(&rows, 0..3, &grouping, &mut chunk, &mut left_out);
        assert_eq!(chunk.flux, [1.0, 1.0, 3.0]);
        assert_eq!(chunk.error, [0.1, 0.3, 0.2]);
    }
}
