//! Compares the variability indices with those of the `light-curve` package.
//!
//! Each column of the golden file must be the output of the registered statistic with this name, or be called
//! `STATISTIC.OUTPUT` if the statistic has several outputs.

use std::error::Error;

use tape_core::{Info, Inputs, LightCurve, Statistic, Value};

use super::TAPE;
use super::files::{Epochs, Key, columns_of, floats, integers, read_parquet, strings};

/// The golden file.
pub(crate) const PATH: &str = "golden/indices.parquet";

/// The columns that identify the light curve of a row.
const KEYS: [&str; 3] = ["id", "band", "n"];

type Test = fn() -> Result<(), Box<dyn Error>>;

/// The tests and their names.
pub(crate) const TRIALS: [(&str, Test); 3] = [
    ("every_column_is_covered_and_agrees", every_column),
    ("a_missing_statistic_is_caught", a_missing_statistic),
    ("a_wrong_statistic_is_caught", wrong_statistics),
];

/// The light curves of the golden file, and its columns of values.
struct Golden {
    light_curves: Vec<(Key, [Vec<f64>; 3])>,
    columns: Vec<(String, Vec<f64>)>,
}

fn every_column() -> Result<(), Box<dyn Error>> {
    let golden = Golden::read()?;
    if (golden.columns.len(), golden.light_curves.len()) != (43, 157) {
        return Err(format!("{} columns with {} rows", golden.columns.len(), golden.light_curves.len()).into());
    }
    golden.check(tape_analysis::registry())
}

/// Checks that the absence of any statistic of the file is detected.
fn a_missing_statistic() -> Result<(), Box<dyn Error>> {
    let golden = Golden::read()?;
    for (column, _) in &golden.columns {
        let (gone, _) = names(column);
        let rest: Vec<Statistic> =
            tape_analysis::registry().iter().filter(|s| s.info().name != gone).cloned().collect();
        if golden.check(&rest).is_ok() {
            return Err(format!("the absence of {gone} is not detected").into());
        }
    }
    Ok(())
}

/// Checks that statistics are rejected that are wrong by one part in 10⁹, in one light curve only, or in the
/// definition.
fn wrong_statistics() -> Result<(), Box<dyn Error>> {
    let golden = Golden::read()?;
    let wrong = [
        (
            "skew",
            Inputs::FLUX,
            (|lc, right| if lc.len() == 733 { right * (1.0 + 1e-9) } else { right }) as fn(&LightCurve<'_>, f64) -> f64,
        ),
        ("median_absolute_deviation", Inputs::FLUX, |_, right| right * (1.0 + 1e-9)),
        ("standard_deviation", Inputs::FLUX, |lc, _| (lc.moments().m2 / lc.moments().n).sqrt()),
        ("stetson_k", Inputs::FLUX_ERROR, |_, right| if right.is_nan() { 0.0 } else { right }),
        ("minimum_time_interval", Inputs::TIME, |_, right| if right < 1e-3 { f64::NAN } else { right }),
    ];
    for (name, inputs, spoil) in wrong {
        let right = tape_analysis::find(name).ok_or(name)?;
        let spoilt = Statistic::from_fn_outputs(Info::new(name, inputs), move |light_curve, out| {
            right.evaluate(light_curve, out);
            let Value::Float(value) = out[0] else { return };
            out[0] = spoil(light_curve, value).into();
        });
        let (_, values) = golden.columns.iter().find(|(column, _)| column == name).ok_or(name)?;
        if golden.check_column(name, values, &spoilt, 0).is_ok() {
            return Err(format!("a wrong {name} passes").into());
        }
    }
    Ok(())
}

/// Returns the names of the statistic and the output of a column of the file.
fn names(column: &str) -> (&str, &str) {
    column.split_once('.').unwrap_or((column, column))
}

impl Golden {
    fn read() -> Result<Self, Box<dyn Error>> {
        let all = columns_of(PATH)?;
        let (ids, bands, n) = {
            let columns = read_parquet(PATH, &KEYS)?;
            (integers(&columns[0])?, strings(&columns[1])?, integers(&columns[2])?)
        };
        let epochs = TAPE.read()?;
        let mut light_curves = vec![];
        for (key, n) in ids.into_iter().zip(bands).zip(n) {
            let columns = prepared(epochs.get(&key).ok_or_else(|| format!("no epochs of {key:?}"))?);
            if i64::try_from(columns[0].len())? != n {
                return Err(format!("{} epochs of {key:?}, not {n}", columns[0].len()).into());
            }
            light_curves.push((key, columns));
        }
        let names: Vec<&str> = all.iter().map(String::as_str).filter(|name| !KEYS.contains(name)).collect();
        let values = read_parquet(PATH, &names)?;
        let columns = names.iter().zip(&values).map(|(name, column)| Ok(((*name).to_owned(), floats(column)?)));
        Ok(Self { light_curves, columns: columns.collect::<Result<_, Box<dyn Error>>>()? })
    }

    /// Checks that each column agrees with a statistic.
    fn check(&self, statistics: &[Statistic]) -> Result<(), Box<dyn Error>> {
        for (column, values) in &self.columns {
            let (name, output) = names(column);
            let found = statistics.iter().find(|s| s.info().name == name);
            let statistic = found.ok_or_else(|| format!("no statistic for column {column}"))?;
            let place = statistic.info().outputs.iter().position(|o| o.name == output);
            self.check_column(column, values, statistic, place.ok_or_else(|| format!("{name} has no {output}"))?)?;
        }
        Ok(())
    }

    /// Checks every value with a tolerance of 1e-10, relative to the value, or 1e-12, relative to the terms that cancel
    /// in it. NaN must be NaN.
    fn check_column(
        &self,
        column: &str,
        values: &[f64],
        statistic: &Statistic,
        place: usize,
    ) -> Result<(), Box<dyn Error>> {
        let mut out = vec![Value::Null; statistic.info().outputs.len()];
        for ((key, [time, flux, error]), &want) in self.light_curves.iter().zip(values) {
            statistic.evaluate(&LightCurve::new(flux).with_error(error).with_time(time), &mut out);
            let got = match out[place] {
                Value::Float(value) => value,
                Value::Int(value) => f64::from(u32::try_from(value)?),
                other => return Err(format!("{column} of {key:?} is {other:?}").into()),
            };
            let near =
                |got: f64, want: f64, cancels: f64| (got - want).abs() <= (1e-10 * want.abs()).max(1e-12 * cancels);
            let close = match rounding(column, time, flux, error) {
                _ if want.is_nan() => got.is_nan(),
                Rounding::None => near(got, want, 0.0),
                Rounding::Of(cancels) => near(got, want, cancels),
                Rounding::OfRoot(cancels) => near(got, want, 0.0) || near(got.sqrt(), want.sqrt(), cancels),
            };
            if !close {
                return Err(format!("{column} of {key:?} is {got:e}, not {want:e}").into());
            }
        }
        Ok(())
    }
}

/// Terms that cancel in a value. Differences below their rounding error are not errors of either result.
enum Rounding {
    /// No terms.
    None,
    /// Terms of this size.
    Of(f64),
    /// Terms of this size in the square root of the value.
    OfRoot(f64),
}

/// Returns the terms that cancel in a column. Deviations from a straight line are differences of fluxes, so for a
/// constant source, the slope, scatter and chi² of the package are pure rounding errors.
fn rounding(column: &str, time: &[f64], flux: &[f64], error: &[f64]) -> Rounding {
    let greatest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
    let level = greatest(&mut flux.iter().map(|x| x.abs()));
    match column {
        "linear_trend.linear_trend_noise" => Rounding::Of(level),
        "linear_fit.linear_fit_slope" | "linear_trend.linear_trend" | "linear_trend.linear_trend_sigma" => {
            Rounding::Of(level / (time[time.len() - 1] - time[0]))
        }
        "linear_fit.linear_fit_reduced_chi2" | "reduced_chi2" => {
            Rounding::OfRoot(greatest(&mut flux.iter().zip(error).map(|(x, e)| x.abs() / e)))
        }
        _ => Rounding::None,
    }
}

/// Returns times, fluxes and errors in time order. If a time repeats, only its first epoch is kept.
fn prepared(epochs: &Epochs) -> [Vec<f64>; 3] {
    let mut epochs = epochs.clone();
    epochs.sort_by(|a, b| a[0].total_cmp(&b[0]));
    epochs.dedup_by_key(|epoch| epoch[0]);
    [0, 1, 2].map(|column| epochs.iter().map(|epoch| epoch[column]).collect())
}
