//! Values against those of TAPE 0.4.1 (Stetson J) and of the `light-curve` package (indices), which lie beside the project
//! and not in it: a trial whose files are missing is reported as ignored, and says which path it missed.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use libtest_mimic::{Arguments, Failed, Trial};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tape_analysis::Level;
use tape_analysis::statistics::stetson_j::stetson_j_many_at;
use tape_core::{LightCurve, Value};

/// Object and band.
type Key = (i64, String);

/// (time, flux, error) of each epoch, in the order of the file.
type Epochs = Vec<[f64; 3]>;

/// A file of epochs: its path, and the names of id, time, flux, error and band.
struct Survey {
    path: &'static str,
    columns: [&'static str; 5],
}

const TAPE: Survey = Survey { path: "golden/tape/sources.parquet", columns: ["id", "mjd", "flux", "fluxerr", "band"] };
const S82: Survey =
    Survey { path: "data/s82_rrlyrae/shapes/flat_sorted.parquet", columns: ["id", "mjd", "mag", "magerr", "band"] };
const PS1: Survey = Survey {
    path: "data/ps1_sample.parquet",
    columns: ["ps1_objid", "midPointTai", "psFlux", "psFluxErr", "filterName"],
};

/// A light curve whose iteration runs away from an unstable mean, where TAPE's own value moves by 5e-12 of itself if its
/// epochs are reversed: what the definition gives in arithmetic of 40 digits.
const UNSTABLE: (i64, &str, f64) = (4_133_965, "r", 25.136_254_892_825_103);

const INDICES: &str = "golden/indices.parquet";

fn main() {
    let arguments = Arguments::from_args();
    let stetson_j = [
        ("tape", TAPE, "golden/tape/stetson_j.csv", 275),
        ("s82", S82, "golden/s82/stetson_j.csv", 2415),
        ("ps1_sample", PS1, "golden/ps1_sample/stetson_j.csv", 24),
    ];
    let mut trials = vec![];
    for (name, survey, golden, rows) in stetson_j {
        let paths = [survey.path, golden];
        trials.push(trial(format!("stetson_j::{name}"), &paths, move || check_stetson_j(&survey, golden, rows)));
    }
    for index in ["mean", "standard_deviation", "weighted_mean", "reduced_chi2", "eta"] {
        trials.push(trial(format!("indices::{index}"), &[TAPE.path, INDICES], move || check_index(index)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// A test, ignored if one of the files it needs is missing.
fn trial(name: String, paths: &[&str], test: impl FnOnce() -> Result<(), Box<dyn Error>> + Send + 'static) -> Trial {
    let missing = paths.iter().map(|path| shared(path)).find(|path| !path.exists());
    if let Some(path) = &missing {
        say_missing(&name, path);
    }
    Trial::test(name, || test().map_err(|error| Failed::from(error.to_string()))).with_ignored_flag(missing.is_some())
}

#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn say_missing(name: &str, path: &Path) {
    eprintln!("{name} is ignored: {} is missing", path.display());
}

fn shared(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(path)
}

/// Every level of the machine gives TAPE's value for each of the `rows` light curves, in either order of its epochs.
fn check_stetson_j(survey: &Survey, golden: &str, rows: usize) -> Result<(), Box<dyn Error>> {
    let epochs = survey.read()?;
    let mut golden = read_csv(golden)?;
    if let Some(value) = golden.get_mut(&(UNSTABLE.0, UNSTABLE.1.to_owned())) {
        if (*value - UNSTABLE.2).abs() > 1e-11 * UNSTABLE.2 {
            return Err(format!("TAPE gives {value:e} for {UNSTABLE:?}").into());
        }
        *value = UNSTABLE.2;
    }
    if golden.len() != rows || !golden.keys().eq(epochs.keys()) {
        return Err(format!("{} golden values, {} light curves, {rows} expected", golden.len(), epochs.len()).into());
    }
    let ranges = epochs.values().scan(0, |end, light_curve| {
        let start = *end;
        *end += light_curve.len();
        Some(start..*end)
    });
    let ranges: Vec<_> = ranges.collect();
    let forward = |i: usize| epochs.values().flatten().map(|epoch| epoch[i]).collect::<Vec<f64>>();
    let backward = |i: usize| epochs.values().flat_map(|epochs| epochs.iter().rev().map(|epoch| epoch[i])).collect();
    for (level, order) in Level::available().into_iter().flat_map(|level| [(level, "forward"), (level, "backward")]) {
        let (flux, error) = if order == "forward" { (forward(1), forward(2)) } else { (backward(1), backward(2)) };
        let mut out = vec![f64::MAX; rows];
        stetson_j_many_at(level, &flux, &error, &ranges, &mut out);
        let pairs = golden.iter().zip(out).map(|((key, &want), got)| (key, got, want, 1.0));
        all_close(pairs).map_err(|wrong| format!("{level}, {order}: {wrong}"))?;
    }
    Ok(())
}

/// A statistic of the registry gives the value that `light-curve` gives.
fn check_index(name: &str) -> Result<(), Box<dyn Error>> {
    let columns = read_parquet(INDICES, &["id", "band", "n", name])?;
    let (ids, bands, n) = (integers(&columns[0])?, strings(&columns[1])?, integers(&columns[2])?);
    // A null stands for an undefined value there.
    let wanted = floats(&columns[3])?;
    let epochs = TAPE.read()?;
    let statistic = tape_analysis::find(name).ok_or("not in the registry")?;
    let mut pairs = vec![];
    for (i, want) in wanted.into_iter().enumerate() {
        let key = (ids[i], bands[i].clone());
        let mut light_curve = epochs.get(&key).ok_or_else(|| format!("no epochs of {key:?}"))?.clone();
        light_curve.sort_by(|a, b| a[0].total_cmp(&b[0]));
        light_curve.dedup_by_key(|epoch| epoch[0]);
        if i64::try_from(light_curve.len())? != n[i] {
            return Err(format!("{} epochs of {key:?}, not {}", light_curve.len(), n[i]).into());
        }
        let [time, flux, error] = [0, 1, 2].map(|c| light_curve.iter().map(|epoch| epoch[c]).collect::<Vec<f64>>());
        let mut out = [Value::Null];
        statistic.evaluate(&LightCurve::new(&flux).with_error(&error).with_time(&time), &mut out);
        let Value::Float(got) = out[0] else { return Err(format!("{:?} for {key:?}", out[0]).into()) };
        let has_unit = !matches!(name, "reduced_chi2" | "eta");
        let unit = if has_unit { flux.iter().fold(0.0_f64, |a, b| a.max(b.abs())) } else { 1.0 };
        pairs.push((key, got, want, unit));
    }
    if pairs.len() != 157 {
        return Err(format!("{} light curves, not 157", pairs.len()).into());
    }
    all_close(pairs.iter().map(|(key, got, want, unit)| (key, *got, *want, *unit)))
}

/// Every value got is the one wanted to 1e-12 of it, or near zero to 1e-12 of the unit beside; NaN where NaN is wanted.
fn all_close<'a>(pairs: impl Iterator<Item = (&'a Key, f64, f64, f64)>) -> Result<(), Box<dyn Error>> {
    let wrong: Vec<String> = pairs
        .filter(|&(_, got, want, unit)| {
            let close = if want.is_nan() { got.is_nan() } else { (got - want).abs() <= 1e-12 * want.abs().max(unit) };
            !close
        })
        .map(|(key, got, want, _)| format!("{key:?}: {got:e}, not {want:e} ({:e})", (got - want).abs()))
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("{} wrong: {}", wrong.len(), wrong.join("; ")).into()) }
}

impl Survey {
    fn read(&self) -> Result<BTreeMap<Key, Epochs>, Box<dyn Error>> {
        let columns = read_parquet(self.path, &self.columns)?;
        let (ids, bands) = (integers(&columns[0])?, strings(&columns[4])?);
        let [time, flux, error] = [floats(&columns[1])?, floats(&columns[2])?, floats(&columns[3])?];
        let mut light_curves: BTreeMap<Key, Epochs> = BTreeMap::new();
        for (i, key) in ids.into_iter().zip(bands).enumerate() {
            light_curves.entry(key).or_default().push([time[i], flux[i], error[i]]);
        }
        Ok(light_curves)
    }
}

/// Rows of id, band, n, value.
fn read_csv(path: &str) -> Result<BTreeMap<Key, f64>, Box<dyn Error>> {
    let text = fs::read_to_string(shared(path))?;
    let rows = text.lines().skip(1).map(|line| {
        let [id, band, _, value] = line.split(',').collect::<Vec<_>>()[..] else { return Err(line.into()) };
        Ok(((id.parse()?, band.to_owned()), value.parse()?))
    });
    rows.collect()
}

/// Whole columns of a file.
fn read_parquet(path: &str, names: &[&str]) -> Result<Vec<ArrayRef>, Box<dyn Error>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(shared(path))?)?.build()?;
    let batches = reader.collect::<Result<Vec<_>, _>>()?;
    let column = |name: &&str| {
        let parts: Option<Vec<&dyn Array>> = batches.iter().map(|batch| Some(&**batch.column_by_name(name)?)).collect();
        Ok(concat(&parts.ok_or_else(|| format!("{path} has no column {name}"))?)?)
    };
    names.iter().map(column).collect()
}

fn integers(column: &ArrayRef) -> Result<Vec<i64>, Box<dyn Error>> {
    Ok(cast(column, &DataType::Int64)?.as_primitive::<Int64Type>().values().to_vec())
}

/// NaN for null.
fn floats(column: &ArrayRef) -> Result<Vec<f64>, Box<dyn Error>> {
    let column = cast(column, &DataType::Float64)?;
    Ok(column.as_primitive::<Float64Type>().iter().map(|value| value.unwrap_or(f64::NAN)).collect())
}

fn strings(column: &ArrayRef) -> Result<Vec<String>, Box<dyn Error>> {
    let column = cast(column, &DataType::Utf8)?;
    Ok(column.as_string::<i32>().iter().map(|value| value.unwrap_or_default().to_owned()).collect())
}
