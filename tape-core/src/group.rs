//! Rows to chunks: a counting sort by (object, band) that leaves out what no statistic may see.

use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::bands::{Bands, NO_BAND, order_of};
use crate::chunk::{Chunk, Segment};
use crate::id::Ids;
use crate::left_out::LeftOut;
use crate::rows::Rows;
use crate::statistic::Inputs;

/// The place of a band that was not asked for.
const SKIP: u8 = u8::MAX;
/// Where a row goes that is left out.
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
#[derive(Debug)]
pub struct Grouper {
    /// For each row the place of its band in the order of results, or [`SKIP`] if it is left out.
    place: Vec<u8>,
    /// For each row where it goes in the chunk, or [`LEFT_OUT`].
    to: Vec<u32>,
    /// For each (object, place) its rows, later where the next row goes.
    count: Vec<u32>,
    /// For each place the rows of one object, later where the next row goes.
    count_of_one: Box<[u32; 256]>,
    /// (object, place) cells of which some rows were left out: they are light curves even if no epoch remains.
    touched: Vec<(u32, u8)>,
}

impl Default for Grouper {
    fn default() -> Self {
        Self { place: vec![], to: vec![], count: vec![], count_of_one: Box::new([0; 256]), touched: vec![] }
    }
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
        self.judge(rows, range.clone(), grouping);
        chunk.ids.clear();
        chunk.segments.clear();
        let (mut start, mut total) = (range.start, 0);
        while start < range.end {
            let end = run_end(&rows.ids, start, range.end)?;
            chunk.ids.extend_from(&rows.ids, start..start + 1);
            self.one_object(rows, start..end, range.start, grouping, chunk, &mut total, &mut counted);
            start = end;
        }
        self.scatter(rows, range, total as usize, grouping, chunk);
        *left_out += counted;
        Ok(())
    }

    /// Segments and places of the rows of one object, after `total` rows of others.
    #[expect(clippy::too_many_arguments, reason = "the state of one loop, split off for its length")]
    fn one_object(
        &mut self,
        rows: &Rows,
        run: Range<usize>,
        first: usize,
        grouping: &Grouping,
        chunk: &mut Chunk,
        total: &mut u32,
        left_out: &mut LeftOut,
    ) {
        let places = &self.place[run.start - first..run.end - first];
        let count = &mut self.count_of_one;
        count[..grouping.order.len()].fill(0);
        count[usize::from(SKIP)] = 0;
        for &place in places {
            count[usize::from(place)] += 1;
        }
        let whole = count[usize::from(SKIP)] == 0;
        self.touched.clear();
        if !whole {
            for (row, _) in run.clone().zip(places).filter(|(_, place)| **place == SKIP) {
                self.touched.extend(leave_out(rows, row, grouping, left_out).map(|place| (0, place)));
            }
        }
        let object = chunk.ids.len() - 1;
        for (place, &band) in (0u8..).zip(&grouping.order) {
            let n = std::mem::replace(&mut count[usize::from(place)], *total);
            if n > 0 || self.touched.contains(&(0, place)) {
                chunk.segments.push(Segment { object, band, rows: *total as usize..(*total + n) as usize });
            }
            *total += n;
        }
        if whole {
            self.to.extend(places.iter().map(|&place| next(&mut count[usize::from(place)])));
        } else {
            let to = |&place: &u8| if place == SKIP { LEFT_OUT } else { next(&mut count[usize::from(place)]) };
            self.to.extend(places.iter().map(to));
        }
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
        self.judge(rows, range.clone(), grouping);
        self.count.clear();
        self.touched.clear();
        let bands = grouping.order.len();
        let met = intern(&rows.ids, range.clone(), &mut self.to);
        self.count.resize(met.len() * bands, 0);
        for ((row, &place), to) in range.clone().zip(&self.place).zip(&mut self.to) {
            if place == SKIP {
                let place = leave_out(rows, row, grouping, left_out);
                self.touched.extend(place.map(|place| (*to, place)));
                *to = LEFT_OUT;
            } else {
                *to = *to * index(bands) + u32::from(place);
                self.count[*to as usize] += 1;
            }
        }
        let mut objects: Vec<u32> = (0..index(met.len())).collect();
        objects.sort_unstable_by(|&a, &b| met.get(a as usize).cmp(&met.get(b as usize)));
        chunk.ids = met.gather(&objects);
        let total = self.cells_to_segments(&objects, grouping, chunk);
        for to in self.to.iter_mut().filter(|to| **to != LEFT_OUT) {
            *to = next(&mut self.count[*to as usize]);
        }
        self.scatter(rows, range, total, grouping, chunk);
    }

    /// Segments of all cells, of the objects in the order given; counts become places. Returns the number of rows.
    fn cells_to_segments(&mut self, objects: &[u32], grouping: &Grouping, chunk: &mut Chunk) -> usize {
        self.touched.sort_unstable();
        chunk.segments.clear();
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

    /// Finds the place of each row, or that it is left out.
    fn judge(&mut self, rows: &Rows, range: Range<usize>, grouping: &Grouping) {
        self.to.clear();
        self.place.clear();
        if rows.band.is_empty() {
            self.place.resize(range.len(), grouping.place[0]);
        } else {
            self.place.extend(rows.band[range.clone()].iter().map(|&band| grouping.place[usize::from(band)]));
        }
        skip_unless(f64::is_finite, &rows.flux[range.clone()], &mut self.place);
        if grouping.inputs.error {
            skip_unless(|error| error > 0.0 && error < f64::INFINITY, &rows.error[range.clone()], &mut self.place);
        }
        if grouping.inputs.columns().time {
            skip_unless(f64::is_finite, &rows.time[range], &mut self.place);
        }
    }

    /// Brings the values of all rows to their places.
    fn scatter(&mut self, rows: &Rows, range: Range<usize>, total: usize, grouping: &Grouping, chunk: &mut Chunk) {
        let whole = total == range.len();
        let columns = [(&mut chunk.flux, &rows.flux), (&mut chunk.error, &rows.error), (&mut chunk.time, &rows.time)];
        for (to, from) in columns {
            if from.is_empty() {
                to.clear();
                continue;
            }
            to.resize(total, 0.0);
            for (&place, &value) in self.to.iter().zip(&from[range.clone()]) {
                if whole || place != LEFT_OUT {
                    to[place as usize] = value;
                }
            }
        }
        if grouping.inputs.order {
            sort_by_time(chunk);
        }
    }
}

/// Marks the rows of which the value is not valid. Mostly all are: that is found out first, in vector lanes.
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

/// Takes the next place.
fn next(place: &mut u32) -> u32 {
    *place += 1;
    *place - 1
}

/// Counts a row that is left out. Its place, if it has a band that was asked for.
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

/// Numbers the ids of some rows in the order in which they are met: `objects` gets the number of each row's, the answer is
/// the ids by number.
fn intern(ids: &Ids, range: Range<usize>, objects: &mut Vec<u32>) -> Ids {
    match ids {
        Ids::Int(keys) => {
            // A key is a hash of itself once its bits are spread.
            let hash = |key: i64| key.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
            let mut met: Vec<i64> = Vec::new();
            let mut table: HashTable<u32> = HashTable::new();
            for &key in &keys[range] {
                let object = table.find(hash(key), |&i| met[i as usize] == key).copied().unwrap_or_else(|| {
                    let object = index(met.len());
                    met.push(key);
                    table.insert_unique(hash(key), object, |&i| hash(met[i as usize]));
                    object
                });
                objects.push(object);
            }
            Ids::Int(met)
        }
        Ids::Text(_) => intern_text(ids, range, objects),
    }
}

fn intern_text(ids: &Ids, range: Range<usize>, objects: &mut Vec<u32>) -> Ids {
    let hasher = FixedState::default();
    let mut met = ids.new_like();
    let mut table: HashTable<u32> = HashTable::new();
    for row in range {
        let id = ids.get(row);
        let hash = hasher.hash_one(id);
        if let Some(&object) = table.find(hash, |&object| met.get(object as usize) == id) {
            objects.push(object);
            continue;
        }
        let object = index(met.len());
        met.push(id);
        objects.push(object);
        table.insert_unique(hash, object, |&other| hasher.hash_one(met.get(other as usize)));
    }
    met
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
    use crate::id::{IdRef, IdType};

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
