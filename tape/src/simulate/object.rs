//! Draws the rows of one object. They depend only on the seed and the object's number, not on the thread, file or
//! layout.

use std::ops::Range;

use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;

use super::kinds::{Kind, Variation};
use super::passband::{Passband, flux, passbands};

/// Spread of the natural logarithm of the light-curve lengths.
const LENGTH_SPREAD: f64 = 0.5;
/// The first id, and the range of each object's id. Ids ascend and have 19 digits as in catalogues, so that code that
/// converts them to f64 fails tests.
const FIRST_ID: i64 = 1 << 60;
const ID_ROOM: i64 = 1 << 32;
/// The first night of the survey, which has ten years with one season of visits each.
const FIRST_NIGHT: f64 = 60_000.0;
const YEARS: u32 = 10;
const YEAR_DAYS: f64 = 365.25;
const SEASON_DAYS: f64 = 210.0;
/// Number of nights in the survey. The last is incomplete.
pub(super) const NIGHTS: usize = 3653;

/// The purpose of a random stream. Each has its own, so that lengths can be drawn without drawing the rows.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Length,
    Rows,
    Scatter,
    Shuffle,
}

/// Returns the random stream for a purpose and an index.
pub(super) fn stream(seed: u64, purpose: Purpose, index: usize) -> Pcg64 {
    let salted = scramble(seed ^ scramble(purpose as u64 + 1));
    Pcg64::seed_from_u64(scramble(salted ^ index as u64))
}

/// Mixes the bits of a number. The mapping is one to one, and adjacent numbers give unrelated results.
/// The constants are those of the splitmix64 generator.
fn scramble(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A row of the survey.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    id: i64,
    mjd: f64,
    flux: f64,
    error: f64,
    band: u8,
}

/// Rows as columns. Bands are positions among the survey's bands.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) id: Vec<i64>,
    pub(super) mjd: Vec<f64>,
    pub(super) flux: Vec<f64>,
    pub(super) error: Vec<f64>,
    pub(super) band: Vec<u8>,
}

impl Rows {
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self {
            id: Vec::with_capacity(rows),
            mjd: Vec::with_capacity(rows),
            flux: Vec::with_capacity(rows),
            error: Vec::with_capacity(rows),
            band: Vec::with_capacity(rows),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.id.len()
    }

    pub(super) fn row(&self, row: usize) -> Row {
        Row { id: self.id[row], mjd: self.mjd[row], flux: self.flux[row], error: self.error[row], band: self.band[row] }
    }

    pub(super) fn push(&mut self, row: &Row) {
        self.id.push(row.id);
        self.mjd.push(row.mjd);
        self.flux.push(row.flux);
        self.error.push(row.error);
        self.band.push(row.band);
    }

    /// Appends a range of other rows.
    pub(super) fn extend(&mut self, others: &Self, range: Range<usize>) {
        self.id.extend_from_slice(&others.id[range.clone()]);
        self.mjd.extend_from_slice(&others.mjd[range.clone()]);
        self.flux.extend_from_slice(&others.flux[range.clone()]);
        self.error.extend_from_slice(&others.error[range.clone()]);
        self.band.extend_from_slice(&others.band[range]);
    }

    /// Keeps only the rows of a range.
    pub(super) fn keep(&mut self, range: Range<usize>) {
        fn cut<T>(column: &mut Vec<T>, range: &Range<usize>) {
            column.truncate(range.end);
            column.drain(..range.start);
        }
        cut(&mut self.id, &range);
        cut(&mut self.mjd, &range);
        cut(&mut self.flux, &range);
        cut(&mut self.error, &range);
        cut(&mut self.band, &range);
    }
}

/// The true properties of an object: a row of the truth table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Truth {
    pub(super) id: i64,
    pub(super) kind: Kind,
    pub(super) period_days: Option<f64>,
    pub(super) amplitude_mag: f64,
    pub(super) mean_flux: f64,
    pub(super) n_epochs: usize,
}

/// The simulated sky and the settings of the survey.
#[derive(Debug)]
pub(super) struct Sky {
    pub(super) seed: u64,
    pub(super) epochs: f64,
    pub(super) variable_fraction: f64,
    pub(super) bands: Vec<Passband>,
}

impl Sky {
    pub(super) fn new(seed: u64, epochs: f64, variable_fraction: f64, labels: &[String]) -> Self {
        Self { seed, epochs, variable_fraction, bands: passbands(labels) }
    }

    /// Returns the number of epochs of an object: one, plus a log-normal number, so that the mean is exactly as
    /// requested although each object has at least one. The fractional part is rounded at random.
    pub(super) fn length(&self, index: usize) -> usize {
        let mut rng = stream(self.seed, Purpose::Length, index);
        let deviate: f64 = StandardNormal.sample(&mut rng);
        let others = (self.epochs - 1.0) * (LENGTH_SPREAD * (deviate - 0.5 * LENGTH_SPREAD)).exp();
        #[expect(clippy::cast_possible_truncation, reason = "rounds down on purpose; at most a few ten millions")]
        let others = (others + rng.random::<f64>()) as u32;
        others as usize + 1
    }

    fn id(&self, index: usize) -> i64 {
        let room = scramble(scramble(self.seed) ^ index as u64) >> 32;
        FIRST_ID + index as i64 * ID_ROOM + room as i64
    }

    /// Appends an object's rows, sorted by time.
    pub(super) fn draw(&self, index: usize, length: usize, rows: &mut Rows) -> Truth {
        let mut rng = stream(self.seed, Purpose::Rows, index);
        let id = self.id(index);
        let kind = self.kind(&mut rng);
        // Most objects are faint.
        let magnitude = 16.0 + 5.5 * rng.random::<f64>().sqrt();
        let (bluest, reddest) = kind.colour();
        // The spectrum is a straight line in magnitudes over frequency, determined by g - r.
        let slope = rng.random_range(bluest..reddest) / (620.0 / 480.0 - 1.0);

        let first = rows.len();
        visits(length, &mut rows.mjd, &mut rng);
        let mut variation = Variation::draw(kind, &rows.mjd[first..], &mut rng);
        let means: Vec<f64> = self.bands.iter().map(|band| flux(magnitude + slope * (band.blueness - 1.0))).collect();
        let mut total = 0.0;
        for row in first..rows.mjd.len() {
            let chosen = rng.random::<f64>();
            let code = self.bands.partition_point(|band| band.cumulative <= chosen).min(self.bands.len() - 1);
            let band = &self.bands[code];
            let truth = means[code] * variation.factor(rows.mjd[row], band, &mut rng);
            let error = noise(truth, band, &mut rng);
            let deviate: f64 = StandardNormal.sample(&mut rng);
            total += truth;
            rows.id.push(id);
            rows.flux.push(truth + error * deviate);
            rows.error.push(error);
            #[expect(clippy::cast_possible_truncation, reason = "there are at most 255 bands")]
            rows.band.push(code as u8);
        }
        let (period_days, amplitude_mag) = (variation.period, variation.amplitude);
        Truth { id, kind, period_days, amplitude_mag, mean_flux: total / length as f64, n_epochs: length }
    }

    fn kind(&self, rng: &mut impl Rng) -> Kind {
        let variable = rng.random::<f64>() < self.variable_fraction;
        let which = rng.random_range(0..Kind::VARIABLE.len());
        if variable { Kind::VARIABLE[which] } else { Kind::Constant }
    }
}

/// Appends the sorted times of an object's visits: in the same season every year, at night in Chile.
fn visits(length: usize, times: &mut Vec<f64>, rng: &mut impl Rng) {
    let first = times.len();
    let season = rng.random_range(0.0..YEAR_DAYS - SEASON_DAYS);
    for _ in 0..length {
        let year = f64::from(rng.random_range(0..YEARS));
        let night = (YEAR_DAYS * year + season).floor() + (SEASON_DAYS * rng.random::<f64>()).floor();
        times.push(FIRST_NIGHT + night + 0.02 + 0.36 * rng.random::<f64>());
    }
    times[first..].sort_unstable_by(f64::total_cmp);
}

/// Returns the number of the night of a time, from 0.
pub(super) fn night(time: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounds down on purpose, from 0 on")]
    let night = (time - FIRST_NIGHT) as usize;
    night
}

/// Returns the error of one measurement, from the sky, which changes from visit to visit, photon noise, and
/// calibration.
fn noise(flux: f64, band: &Passband, rng: &mut impl Rng) -> f64 {
    const PHOTONS: f64 = 0.7;
    const CALIBRATION: f64 = 0.004;
    let weather: f64 = StandardNormal.sample(rng);
    let sky = band.sky * (0.2 * weather).exp();
    (sky * sky + PHOTONS * flux + (CALIBRATION * flux).powi(2)).sqrt()
}
