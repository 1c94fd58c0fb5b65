//! Compares structure functions with those of TAPE, row by row.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use tape_analysis::structure_function::{Bin, Binning, Method, StructureFunction};
use tape_core::LightCurve;

use super::TAPE;
use super::files::{Epochs, Key, floats, integers, read_parquet, strings};

/// The golden file.
pub(crate) const PATH: &str = "golden/tape/sf2.parquet";

type Test = fn() -> Result<(), Box<dyn Error>>;

/// The tests and their names.
pub(crate) const TRIALS: [(&str, Test); 3] = [
    ("every_row_agrees", every_row),
    ("light_curves_that_tape_rejects_have_no_rows", refused),
    ("a_wrong_structure_function_is_caught", wrong),
];

/// Method, binning, pairs per bin.
type Case = (String, String, i64);

/// (Δt, SF²) of the rows of an object, or of the ensemble, in one band, with NaN for null.
type Rows = BTreeMap<(Case, Key), Vec<[f64; 2]>>;

/// Number of objects in the ensemble of TAPE: those with the lowest ids.
const TOGETHER: usize = 40;

/// The given edges. The last edge is beyond every interval.
const GIVEN: [f64; 6] = [0.0, 1.0, 10.0, 100.0, 500.0, 5000.0];

struct Golden {
    epochs: BTreeMap<Key, Epochs>,
    rows: Rows,
    refused: BTreeSet<(Case, i64)>,
}

impl Golden {
    fn read() -> Result<Self, Box<dyn Error>> {
        let columns =
            read_parquet(PATH, &["method", "bin_method", "bin_count_target", "id", "band", "row", "dt", "sf2"])?;
        let (method, binning, band) = (strings(&columns[0])?, strings(&columns[1])?, strings(&columns[4])?);
        let (target, id, row) = (integers(&columns[2])?, integers(&columns[3])?, integers(&columns[5])?);
        let (dt, sf2) = (floats(&columns[6])?, floats(&columns[7])?);
        let (mut rows, mut refused) = (Rows::new(), BTreeSet::new());
        for i in 0..row.len() {
            let case = (method[i].clone(), binning[i].clone(), target[i]);
            if row[i] < 0 {
                refused.insert((case, id[i]));
            } else {
                rows.entry((case, (id[i], band[i].clone()))).or_default().push([dt[i], sf2[i]]);
            }
        }
        if (rows.values().map(Vec::len).sum::<usize>(), refused.len()) != (82_840, 30) {
            return Err(format!("{} light curves, {} refused", rows.len(), refused.len()).into());
        }
        Ok(Self { epochs: TAPE.read()?, rows, refused })
    }

    /// Checks every row with a tolerance of 1e-9, relative to the value, or 1e-12, relative to the terms that cancel in
    /// it. NaN must be NaN.
    fn check(
        &self,
        chosen: impl Fn(&Case) -> bool,
        spoil: impl Fn(&Case, &mut Vec<Bin>),
    ) -> Result<(), Box<dyn Error>> {
        for ((case, key), want) in self.rows.iter().filter(|((case, _), _)| chosen(case)) {
            let (mut got, cancels) = self.bins(case, key)?;
            spoil(case, &mut got);
            if got.len() != want.len() {
                return Err(format!("{case:?} of {key:?} has {} bins, not {}", got.len(), want.len()).into());
            }
            for (Bin { dt, sf2, .. }, want) in got.iter().zip(want) {
                for (got, want, cancels) in [(*dt, want[0], 0.0), (*sf2, want[1], cancels)] {
                    let near = (got - want).abs() <= (1e-9 * want.abs()).max(1e-12 * cancels);
                    let close = if want.is_nan() { got.is_nan() } else { near };
                    if !close {
                        return Err(format!("{case:?} of {key:?} is {got:e}, not {want:e}").into());
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns the bins of an object in a band, or of the ensemble if the id is −1, and the size of the terms that
    /// cancel in them, the largest squared flux.
    fn bins(&self, (method, binning, target): &Case, (id, band): &Key) -> Result<(Vec<Bin>, f64), Box<dyn Error>> {
        let method = Method::ALL.into_iter().find(|other| other.name() == method).ok_or("an unknown method")?;
        let (target, together) = (usize::try_from(*target)?, binning.ends_with("+combine"));
        let binning = match binning.trim_end_matches("+combine") {
            "size" => Binning::Size { target },
            "length" => Binning::Length { target },
            "loglength" => Binning::LogLength { target },
            "given" => Binning::Edges(GIVEN.to_vec()),
            other => return Err(format!("an unknown binning {other}").into()),
        };
        let first: BTreeSet<i64> = self.epochs.keys().map(|key| key.0).collect();
        let first: BTreeSet<i64> = first.into_iter().take(TOGETHER).collect();
        let chosen = self
            .epochs
            .iter()
            .filter(|((other, label), _)| label == band && if together { first.contains(other) } else { other == id });
        let columns: Vec<[Vec<f64>; 3]> = chosen
            .map(|(_, epochs)| [0, 1, 2].map(|column| epochs.iter().map(|epoch| epoch[column]).collect()))
            .collect();
        let mut light_curves = Vec::new();
        for [time, flux, error] in &columns {
            light_curves.push(LightCurve::new(flux).with_error(error).with_time(time));
        }
        let greatest = columns.iter().flat_map(|[_, flux, _]| flux).fold(0.0_f64, |most, x| most.max(x * x));
        let function = StructureFunction::new(method).binned(binning)?;
        let bins = match (&light_curves[..], together) {
            (all, true) => function.of_ensemble(all),
            ([one], false) => function.of(one),
            (other, false) => return Err(format!("{} light curves of {id} in {band}", other.len()).into()),
        };
        Ok((bins, greatest))
    }
}

fn every_row() -> Result<(), Box<dyn Error>> {
    Golden::read()?.check(|_| true, |_, _| {})
}

/// Checks that neither the object that TAPE rejects nor the light curves that it skips have rows.
fn refused() -> Result<(), Box<dyn Error>> {
    let golden = Golden::read()?;
    let of_objects: BTreeSet<(Case, i64)> =
        golden.rows.keys().map(|(case, key)| (case.clone(), key.0)).filter(|(_, id)| *id > 0).collect();
    let mut without = 0;
    for (case, id) in of_objects.iter().chain(&golden.refused) {
        let bands = golden.epochs.keys().filter(|key| key.0 == *id);
        for key in bands.filter(|key| !golden.rows.contains_key(&(case.clone(), (*key).clone()))) {
            let (bins, _) = golden.bins(case, key)?;
            if !bins.is_empty() {
                return Err(format!("{case:?} of {key:?} has {} bins, and none in TAPE", bins.len()).into());
            }
            without += 1;
        }
    }
    if without > golden.refused.len() { Ok(()) } else { Err(format!("{without} light curves without rows").into()) }
}

/// Checks that a value that is wrong by 2e-9, a missing row, and the function instead of its square are rejected.
fn wrong() -> Result<(), Box<dyn Error>> {
    let golden = Golden::read()?;
    let spoilt: [fn(&Case, &mut Vec<Bin>); 4] = [
        |_, bins| bins.iter_mut().for_each(|bin| bin.dt *= 1.0 + 2e-9),
        |case, bins| bins.truncate(if case.1 == "length" { bins.len() - 1 } else { bins.len() }),
        |case, bins| {
            bins.iter_mut().for_each(|bin| bin.sf2 = if case.0 == "schmidt_2010" { bin.sf2.sqrt() } else { bin.sf2 })
        },
        |case, bins| bins.iter_mut().for_each(|bin| bin.sf2 *= if case.0 == "macleod_2012" { 1.0 + 2e-9 } else { 1.0 }),
    ];
    // Only single light curves are used, which are fast. All of them pass if nothing is wrong.
    let alone = |case: &Case| !case.1.ends_with("+combine");
    golden.check(alone, |_, _| {})?;
    for (i, spoil) in spoilt.into_iter().enumerate() {
        if golden.check(alone, spoil).is_ok() {
            return Err(format!("wrong structure function {i} passes").into());
        }
    }
    Ok(())
}
