//! A naive loop that shares no code with the engine, and helpers to compare with it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use tape_core::{
    Bands, Fold, IdRef, IdType, Info, Inputs, LightCurve, MemorySource, Moments, Part, Results, Rows, Silent, Source,
    SourceError, Spill, Spilled, Statistic, Value,
};
use tape_exec::{Config, Error, Partitioning, PlanChoice, Summary, plan, run};

pub(crate) use crate::engines::{Collected, run_both};

/// A row of the input: id, band, time, flux, error.
pub(crate) type Row = (i64, Option<u8>, f64, f64, f64);

pub(crate) const LABELS: [&str; 3] = ["z", "g", "r"];

/// A fold of the mean, by moments.
pub(crate) struct MeanFold {
    info: Info,
    /// A fold that ignores the state to combine with. The harness must detect it.
    forgets: bool,
}

impl Fold for MeanFold {
    fn info(&self) -> &Info {
        &self.info
    }

    fn state_len(&self) -> usize {
        3
    }

    fn lift(&self, epochs: &LightCurve<'_>, state: &mut [f64]) {
        let Moments { n, mean, m2 } = *epochs.moments();
        state.copy_from_slice(&[n, mean, m2]);
    }

    fn combine(&self, state: &mut [f64], other: &[f64]) {
        if self.forgets {
            return;
        }
        let moments = |s: &[f64]| Moments { n: s[0], mean: s[1], m2: s[2] };
        let Moments { n, mean, m2 } = moments(state).combine(moments(other));
        state.copy_from_slice(&[n, mean, m2]);
    }

    fn finish(&self, state: &[f64], out: &mut [Value]) {
        out[0] = Value::Float(state[1]);
    }
}

pub(crate) fn mean_fold(forgets: bool) -> Statistic {
    Statistic::fold(MeanFold { info: Info::new("mean", Inputs::FLUX_ERROR), forgets })
}

/// A statistic of whole light curves that depends on the order of epochs, and differs if a light curve is cut.
pub(crate) fn slope_sum(broken: bool) -> Statistic {
    Statistic::from_fn("slope_sum", Inputs::ALL, move |light_curve| {
        let (time, flux) = (light_curve.time(), light_curve.flux());
        let from = usize::from(broken);
        (1..flux.len()).skip(from).map(|i| (flux[i] - flux[i - 1]) * (1.0 + time[i] - time[i - 1])).sum::<f64>()
    })
}

/// Time, flux and error of an epoch.
pub(crate) type Epoch = (f64, f64, f64);

/// Number of epochs, mean and `slope_sum`, by id and label.
pub(crate) type Expected = BTreeMap<(i64, &'static str), (u64, f64, f64)>;

/// Id, label, number of epochs, and values.
pub(crate) type Table = Vec<(i64, String, u64, Vec<f64>)>;

/// Computes `rows` naively, and counts the epochs that are left out.
pub(crate) fn naive(rows: &[Row]) -> (Expected, u64) {
    let mut left_out = 0;
    let mut curves: BTreeMap<(i64, &str), Vec<Epoch>> = BTreeMap::new();
    for &(id, band, time, flux, error) in rows {
        let Some(band) = band else {
            left_out += 1;
            continue;
        };
        let curve = curves.entry((id, LABELS[usize::from(band)])).or_default();
        if time.is_nan() || !flux.is_finite() || !(error > 0.0 && error.is_finite()) {
            left_out += 1;
        } else {
            curve.push((time, flux, error));
        }
    }
    let of = |curve: &mut Vec<Epoch>| {
        curve.sort_by(|a, b| a.partial_cmp(b).expect("finite"));
        let n = curve.len() as u64;
        let mut sum = 0.0;
        let mut slopes = 0.0;
        for (i, epoch) in curve.iter().enumerate() {
            sum += epoch.1;
            if i > 0 {
                slopes += (epoch.1 - curve[i - 1].1) * (1.0 + epoch.0 - curve[i - 1].0);
            }
        }
        (n, sum / n as f64, slopes)
    };
    (curves.into_iter().map(|(key, mut curve)| (key, of(&mut curve))).collect(), left_out)
}

pub(crate) fn source(rows: &[Row], cuts: &[usize]) -> MemorySource {
    let bands = Bands::default();
    let codes: Vec<u8> = LABELS.iter().map(|label| bands.code(label).expect("three fit")).collect();
    let mut columns = Rows::new(IdType::Int64);
    for &(id, band, time, flux, error) in rows {
        columns.ids.push(IdRef::Int(id)).expect("an integer");
        columns.band.push(band.map_or(tape_core::NO_BAND, |band| codes[usize::from(band)]));
        columns.time.push(time);
        columns.flux.push(flux);
        columns.error.push(error);
    }
    MemorySource::new(IdType::Int64, columns, bands, cuts)
}

pub(crate) fn compute(
    source: &MemorySource,
    statistics: &[Statistic],
    config: &Config,
) -> Result<(Table, Summary), Error> {
    let plan = plan(source, statistics, config, &Silent)?;
    let mut sink = Collected(vec![]);
    let summary = run_both(source, statistics, config, &plan, &mut sink)?;
    Ok((table(source, &sink), summary))
}

/// Like [`compute`], but only in memory. A job differs in some ways: it holds the states of one bucket at a time, and
/// stores its outputs.
pub(crate) fn compute_in_memory(
    source: &MemorySource,
    statistics: &[Statistic],
    config: &Config,
) -> Result<(Table, Summary), Error> {
    let plan = plan(source, statistics, config, &Silent)?;
    let mut sink = Collected(vec![]);
    let summary = run(source, statistics, config, &plan, &mut sink, &Silent)?;
    Ok((table(source, &sink), summary))
}

/// Returns the rows that a sink received.
pub(crate) fn table(source: &dyn Source, sink: &Collected) -> Table {
    let labels = source.bands().labels();
    let mut table = Vec::new();
    for results in &sink.0 {
        for row in 0..results.len() {
            let IdRef::Int(id) = results.ids.get(row) else { panic!("ids are integers") };
            let value = |column: &Vec<Value>| match column[row] {
                Value::Float(value) => value,
                // Too few epochs.
                Value::Null => f64::NAN,
                other => panic!("{other:?} is not a float"),
            };
            let values = results.values.iter().map(value).collect();
            table.push((id, labels[usize::from(results.band[row])].clone(), results.n_obs[row], values));
        }
    }
    table
}

/// Checks that a table agrees with the naive loop, to 1e-12 of the scale of the summed values.
pub(crate) fn agrees(table: &[(i64, String, u64, Vec<f64>)], rows: &[Row]) -> Result<(), String> {
    let (expected, _) = naive(rows);
    if table.len() != expected.len() {
        return Err(format!("{} light curves, not {}", table.len(), expected.len()));
    }
    for ((id, band, n, values), (key, wanted)) in table.iter().zip(&expected) {
        if (*id, band.as_str()) != *key || *n != wanted.0 {
            return Err(format!("({id}, {band}): {n} epochs, where {key:?} has {}", wanted.0));
        }
        if *n == 0 {
            if values.iter().any(|value| !value.is_nan()) {
                return Err(format!("({id}, {band}) has no epoch, but {values:?}"));
            }
            continue;
        }
        let wanted = [wanted.1, wanted.2];
        for (value, wanted) in values.iter().zip(wanted) {
            // Fluxes are below 1000 and times below 100, so terms are below 2e5.
            if (value - wanted).abs() > 1e-12 * 2e5 * (*n as f64) {
                return Err(format!("({id}, {band}): {value}, not {wanted}"));
            }
        }
    }
    Ok(())
}

pub(crate) fn both() -> Vec<Statistic> {
    vec![mean_fold(false), slope_sum(false)]
}

pub(crate) fn sorted(rows: &[Row]) -> Vec<Row> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| row.0);
    rows
}

pub(crate) fn config(plan: PlanChoice, partitioning: Partitioning, workers: usize) -> Config {
    Config { plan, partitioning, workers, ..Config::default() }
}

/// A spill that keeps rows in memory.
#[derive(Debug, Default)]
pub(crate) struct Put {
    pieces: Mutex<Vec<Rows>>,
    results: Mutex<Vec<Results>>,
    /// Loses the last row of each piece. The harness must detect it.
    loses: bool,
}

impl Put {
    /// Creates a spill that loses the last row of each piece.
    pub(crate) fn losing() -> Self {
        Self { loses: true, ..Self::default() }
    }
}

impl Spill for Put {
    fn put(&self, parts: &[Part<'_>]) -> Result<Spilled, SourceError> {
        let mut piece = parts.first().map_or(Rows::new(IdType::Int64), |part| part.rows.new_like());
        parts.iter().for_each(|part| piece.extend_from(part.rows, part.start..part.end));
        let mut pieces = self.pieces.lock().expect("no panic");
        let (at, rows) = (pieces.len() as u64, piece.len() as u64);
        pieces.push(piece);
        Ok(Spilled { at, bytes: rows + 1, rows, checksum: 0 })
    }

    fn take(&self, piece: &Spilled, rows: &mut Rows) -> Result<(), SourceError> {
        let pieces = self.pieces.lock().expect("no panic");
        let piece = &pieces[usize::try_from(piece.at)?];
        rows.extend_from(piece, 0..piece.len().saturating_sub(usize::from(self.loses)));
        Ok(())
    }

    fn put_results(&self, results: &Results) -> Result<Spilled, SourceError> {
        let mut pieces = self.results.lock().expect("no panic");
        let (at, rows) = (pieces.len() as u64, results.len() as u64);
        pieces.push(results.clone());
        Ok(Spilled { at, bytes: rows + 1, rows, checksum: 0 })
    }

    fn take_results(&self, piece: &Spilled, results: &mut Results) -> Result<(), SourceError> {
        let pieces = self.results.lock().expect("no panic");
        let piece = &pieces[usize::try_from(piece.at)?];
        results.extend_from(piece, 0..piece.len().saturating_sub(usize::from(self.loses)));
        Ok(())
    }
}

/// Returns the rows with valid times, all zero.
pub(crate) fn timeless(rows: &[Row]) -> Vec<Row> {
    rows.iter().map(|&(id, band, _, flux, error)| (id, band, 0.0, flux, error)).collect()
}

/// Ids 0, 1, …, each with `epochs` epochs in two bands.
pub(crate) fn regular(objects: i64, epochs: usize) -> Vec<Row> {
    let row = |id: i64, i: usize| (id, Some(u8::from(i % 2 == 1)), i as f64, (id * 7 + i as i64) as f64, 1.0);
    (0..objects).flat_map(|id| (0..epochs).map(move |i| row(id, i))).collect()
}
