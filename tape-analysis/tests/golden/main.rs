//! Compares values with those of TAPE 0.4.1 (Stetson J, structure functions) and of the `light-curve` package
//! (indices). The golden files are not part of the repository. A test whose files are missing is reported as ignored,
//! with the missing path.

use std::error::Error;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use tape_analysis::Level;
use tape_analysis::statistics::stetson_j::stetson_j_many_at;

use self::files::{Key, Survey, read_csv};

mod files;
mod indices;
mod structure_functions;

const TAPE: Survey = Survey { path: "golden/tape/sources.parquet", columns: ["id", "mjd", "flux", "fluxerr", "band"] };
const S82: Survey =
    Survey { path: "data/s82_rrlyrae/shapes/flat_sorted.parquet", columns: ["id", "mjd", "mag", "magerr", "band"] };
const PS1: Survey = Survey {
    path: "data/ps1_sample.parquet",
    columns: ["ps1_objid", "midPointTai", "psFlux", "psFluxErr", "filterName"],
};

/// The value of a light curve whose iteration starts at an unstable mean, computed with 40 digits. TAPE's own value
/// changes by 5e-12 of itself if the epochs are reversed.
const UNSTABLE: (i64, &str, f64) = (4_133_965, "r", 25.136_254_892_825_103);

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
    for (name, test) in indices::TRIALS {
        trials.push(trial(format!("indices::{name}"), &[TAPE.path, indices::PATH], test));
    }
    for (name, test) in structure_functions::TRIALS {
        let paths = [TAPE.path, structure_functions::PATH];
        trials.push(trial(format!("structure_functions::{name}"), &paths, test));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Creates a test, which is ignored if one of its files is missing.
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

/// Checks that every level of this machine returns TAPE's value for each of the `rows` light curves, with epochs in
/// either order.
fn check_stetson_j(survey: &Survey, golden: &str, rows: usize) -> Result<(), Box<dyn Error>> {
    let epochs = survey.read()?;
    let mut golden = read_csv(golden)?;
    if let Some(value) = golden.get_mut(&(UNSTABLE.0, UNSTABLE.1.to_owned())) {
        if (*value - UNSTABLE.2).abs() > 1e-11 * UNSTABLE.2 {
            return Err(format!("the golden value for {UNSTABLE:?} is {value:e}").into());
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

/// Checks values (key, got, want, unit) with a tolerance of 1e-12 times the larger of want and unit. NaN must be NaN.
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
